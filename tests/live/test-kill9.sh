#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A supervisor that is killed at any moment of a learning run loses nothing that was seen,
# leaves a policy that can be read, and takes its tree with it.
. "$(dirname "$0")/lib.sh"
must_be_built "$VICTIMS/calls"
cd "$T" || exit 99

ROUNDS=${CHESTNUT_KILLS:-200}
"$VICTIMS/calls" names >names
token=kill9-$$-$RANDOM
unreadable=0 lost= survivors=0 early=0 late=0 nothing=0

# complete FILE: everything has been called.
complete() {
	[ "$(od -An -tu1 -j1000 -N1 "$1" 2>/dev/null | tr -d ' ')" = 1 ]
}

# How long a whole run takes here: the moments are spread over that.
start=$(date +%s%N)
CR_TOKEN=$token "$RUN" -q --learn -p full.policy -- "$VICTIMS/calls" storm "$T/full.seen" 1 &
pid=$!
until_true 30 complete full.seen
span=$((($(date +%s%N) - start) / 1000))
kill -9 $pid
wait $pid 2>/dev/null
until_true 10 no_survivors "$token" || survivors=1

# seen FILE: the names whose byte is set.
seen() {
	od -An -v -tu1 -w1 -N 60 "$1" | paste - names | awk '$1 == 1 { print $2 }'
}

for round in $(seq "$ROUNDS"); do
	us=$(((RANDOM * 32768 + RANDOM) % (span + span / 5)))
	rm -f one.policy one.seen
	CR_TOKEN=$token "$RUN" -q --learn -p one.policy -- \
		"$VICTIMS/calls" storm "$T/one.seen" "$round" &
	pid=$!
	sleep "$(printf '%d.%06d' $((us / 1000000)) $((us % 1000000)))"
	kill -9 $pid
	{ wait $pid; } 2>/dev/null
	if ! until_true 10 no_survivors "$token"; then
		survivors=$((survivors + 1))
		for p in $(survivors "$token"); do kill -9 "$p"; done
	fi
	if [ ! -e one.policy ]; then
		nothing=$((nothing + 1))
		[ ! -e one.seen ] || [ -z "$(seen one.seen)" ] || lost="$lost $round:everything"
		continue
	fi
	"$TOOL" show one.policy >show.out 2>&1 || {
		unreadable=$((unreadable + 1))
		cp one.policy unreadable.policy
	}
	[ -e one.seen ] || { early=$((early + 1)); continue; }
	sed -n 's/^\([a-z0-9_]*\) = allow\( if .*\)\{0,1\}$/\1/p' one.policy >have
	gone=$(seen one.seen | grep -vxFf have)
	[ -z "$gone" ] || lost="$lost $round:"$gone
	complete one.seen && late=$((late + 1))
done
printf '# %d kills in %d us: %d before the policy, %d before the first call, %d after the last\n' \
	"$ROUNDS" "$span" "$nothing" "$early" "$late"
is "the policy can be read each time" $unreadable 0
is "no call that returned is missing" "$lost" ""
is "no process of the tree survives" $survivors 0
is "the moments were spread: some before the last call" \
	"$([ $((nothing + early + late)) -lt "$ROUNDS" ] && echo some)" some
finish
