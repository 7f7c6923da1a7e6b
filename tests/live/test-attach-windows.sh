#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Windows of a process that runs already: what is called inside is seen from when we are there, and
# when we are gone its code is that of its files, and its children's is. The victim is in and out of
# them all the time, in many threads, and makes threads, children and programs all the time.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-attach.sh"
. "$(dirname "$0")/lib-windows.sh"
must_be_built "$VICTIMS/attached-win"
cd "$T" || exit 99
trap "" PIPE	# a victim may be gone that is asked
V=$VICTIMS/attached-win
told="births some, children some, programs some, 0 ended badly, text as its files"
windows=(-f alpha -f beta -f gamma_in_child)

# Asks the victim; $reply is its answer.
ask() {
	local had

	had=$(grep -c "^$1 " out)
	echo "$1" >&7
	until_true 20 eval "[ \$(grep -c '^$1 ' out) -gt $had ]"
	reply=$(grep "^$1 " out | tail -1)
	reply=${reply#* }
}

# attach OPTION…: returns when all is in place; $run is the supervisor.
attach() {
	rm -f err
	"$RUN" --attach "$victim" "$@" 2>err &
	run=$!
	until_true 60 grep -q 'attached to' err
}

# detach [SIGNAL]: as ^C does it.
detach() {
	kill -"${1:-INT}" "$run" 2>/dev/null
	wait "$run"
	echo $? >run.rc
}

calls_of() {	# policy, window, call
	learned "$1" | awk -F '\t' -v w="$2" -v c="$3" '$1 == w && $2 == c { n += $3 }
		END { print n + 0 }'
}

# Whatever was made while we were there and nothing else: $1 calls after, $2 before that.
is_between() {	# sentence, low, number, high
	if [ "$3" -ge "$2" ] && [ "$3" -le "$4" ]; then
		ok "$1"
	else
		not_ok "$1" "$3 is not between $2 and $4"
	fi
}

# Once and again: nothing of the first time may be in the way of the second.
for options in '' --windows-only; do
	what="learning${options:+ }$options"
	start
	for round in 1 2; do
		rm -f p.policy
		ask count
		first=$reply
		# shellcheck disable=SC2086
		attach -l $options -p p.policy "${windows[@]}"
		ask count
		lo=$reply
		sleep 0.5
		ask count
		hi=$reply
		detach
		ask count
		is "$what: it ends well ($round)" "$(cat run.rc)" 0
		has "$what: no event was lost ($round)" err ', 0 events lost'
		check "$what: all threads run, and nobody traces them ($round)" free_and_running
		# A thread may have been inside when we came, or when we counted: seven at most are.
		is_between "$what: each call inside is counted, and none outside ($round)" \
			$((hi - lo - 7)) "$(calls_of p.policy alpha getuid)" $((reply - first + 7))
		is "$what: no call that another window makes is its own ($round)" \
			"$(calls_of p.policy alpha getgid) $(calls_of p.policy beta getpgrp)" '0 0'
		is_between "$what: its children's are ($round)" 1 \
			"$(calls_of p.policy gamma_in_child getpgrp)" 10000000
		ask text
		is "$what: its code is that of its files ($round)" "$reply" "as its files"
	done
	end_victim
	is "$what: the process has noticed nothing" "$(cat rc) $(tail -1 out)" "3 $told"
done

# Shortly, and often: what is under way just then, births above all, must not matter.
start
wrong=
for ((i = 1; i <= 25; i++)); do
	rm -f p.policy
	attach -q -v -l -p p.policy "${windows[@]}"
	detach
	[ "$(cat run.rc)" = 0 ] && free_and_running || wrong+="round $i: $(tail -3 err)"
done
is "it may be attached to and let go at any moment" "$wrong" ''
end_victim
is "and neither it nor what it makes is harmed by that" "$(cat rc) $(tail -1 out)" "3 $told"

# All that it does, but for what "evil" and "out" ask for.
{ sleep 2; printf 'count\ntext\n'; sleep 1; echo end; } |
	limited "$RUN" -q -l -p full.policy "${windows[@]}" -- "$V" >/dev/null
start
attach -a -p full.policy
echo evil >&7
until_true 20 grep -q '^EVIL made' out
detach
is "audit lets it go, too" "$(cat run.rc)" 0
has "and tells what its windows do not allow" err 'denied getsid\(0\) inside alpha .*let through'
ask text
is "its code is that of its files" "$reply" "as its files"
end_victim
is "it has noticed nothing of audit" "$(cat rc) $(tail -1 out)" "3 $told"

all_filtered() {
	! cat /proc/"$victim"/task/*/status 2>/dev/null | grep -q '^Seccomp:.0'
}

# confined WORD SENTENCE REGEX: strict; the victim is asked for WORD, which is denied.
confined() {
	start
	attach -s -p full.policy
	check "all threads of a confined process have a filter ($1)" until_true 20 all_filtered
	ask count
	lo=$reply
	sleep 0.3
	ask count
	check "what its windows allow is made in them ($1)" [ "$reply" -gt "$lo" ]
	echo "$1" >&7
	wait "$run" 2>/dev/null
	is "$2" $? 159
	has "which is told ($1)" err "$3"
	has_not "and was not made ($1)" out "^${1^^} made"
	exec 7>&-
	wait "$victim" 2>/dev/null
}
confined evil "a call that its window does not allow ends it" 'denied getsid\(0\) inside alpha'
confined out "a call that only a window allows ends it outside" 'denied getgid\(\)'

# The code of a process, against its file.
code_as_file() {	# pid
	local range offset

	read -r range _ offset _ < <(grep ' r-xp .*/attached-win$' "/proc/$1/maps")
	range=$((0x${range#*-} / 4096 - 0x${range%-*} / 4096))\ $((0x${range%-*} / 4096))
	dd "if=/proc/$1/mem" bs=4096 "count=${range% *}" "skip=${range#* }" 2>/dev/null |
		cmp - <(dd "if=$V" bs=4096 "count=${range% *}" skip=$((0x$offset / 4096)) \
			2>/dev/null)
}

rm -f in
mkfifo in
"$RUN" -s --on-violation stop -p full.policy -- "$V" <in >out 2>err &
run=$!
exec 7>in
until_true 60 grep -q ready out
echo evil >&7
until_true 20 grep -q 'has stopped' err
victim=$(sed -n 's/.*denied .* process \([0-9]*\).*/\1/p' err | head -1)
stopped_and_free() {
	[ "$(sed -n 's/^State:.\(.\).*/\1/p;s/^TracerPid:.//p' "/proc/$victim/status" |
		tr '\n' ' ')" = 'T 0 ' ]
}
check "a process that is left to a debugger stands still" until_true 20 stopped_and_free
check "and has no breakpoint of ours" code_as_file "$victim"
kill -KILL "$victim"
wait "$run" 2>/dev/null
exec 7>&-

# What is made while traps are planted and a filter is put in is in no way different: in strict mode
# an entry without its trap ends everything.
for ((i = 1; i <= 10; i++)); do
	start storm
	attach -q -v -s -p full.policy
	ask count
	end_victim
	wait "$run"
	[ "$? $(cat rc)" = "3 3" ] || break
done
is "a confined process that keeps to its windows ends well, whenever it was attached to" \
	"$(cat rc) $(grep -c denied err)" "3 0"
finish
