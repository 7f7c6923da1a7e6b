#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Job control on a terminal: a shell sees a supervised job do what the job alone does.
. "$(dirname "$0")/lib.sh"
must_be_built "$LIVE/pty"
cd "$T" || exit 99
export CR_TOKEN=pty-$$-$RANDOM
P=$LIVE/pty

limited "$P" "$P" >native 2>&1
has "natively the shell gets to its end" native '^shell done$'
for how in learn learn strict strict strict; do
	limited "$P" "$RUN" -q --$how -p p.policy -- "$P" >out 2>&1
	if cmp -s native out; then
		ok "job control is the same: $how"
	else
		not_ok "job control is the same: $how" "$(diff -u native out)"
	fi
done
# The token is in our own environment, too: only jobs count.
no_jobs() {
	local p

	for p in $(survivors "$CR_TOKEN"); do
		tr '\0' ' ' <"/proc/$p/cmdline" | grep -q ' job wait' && return 1
	done
	return 0
}
check "when the terminal goes away, supervisor and job go with it" until_true 10 no_jobs

# Ctrl-C of a learning run: the target dies, and what was learned stays.
limited "$P" "$RUN" -q --learn -p c.policy -- "$P" >/dev/null 2>&1
has "what was learned before Ctrl-C is in the policy" c.policy '^(pause|rt_sigaction) = allow'
finish
