#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Several supervisors learn into one file at once, and nothing is lost.
. "$(dirname "$0")/lib.sh"
must_be_built "$VICTIMS/calls"
cd "$T" || exit 99

N=8
pids=
for i in $(seq 0 $((N - 1))); do
	limited "$RUN" -q --learn -p all.policy -- "$VICTIMS/calls" some "$i" $N >o.$i 2>&1 &
	pids="$pids $!"
done
bad=
for p in $pids; do
	wait "$p" || bad="$bad $?"
done
is "all of them end well" "$bad" ""
check "the policy is readable" "$TOOL" show all.policy
missing=
for name in $("$VICTIMS/calls" names); do
	grep -q "^$name = allow" all.policy || missing="$missing $name"
done
is "what any of them saw is in the file" "$missing" ""
has "each execution was counted" all.policy "^runs = $N\$"
is "no temporary file is left" "$(find . -name '*.policy*' ! -name all.policy ! -name '*.lock')" ""
finish
