#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Who starts chestnut-run sees one process that behaves as the program would.
. "$(dirname "$0")/lib.sh"
must_be_built "$VICTIMS/heard"
cd "$T" || exit 99

# The pids of the processes that have the word $1 among their arguments, but for this shell.
with_word() {
	local f

	for f in /proc/[0-9]*/cmdline; do
		cat "$f" 2>/dev/null | tr '\0' '\n' | grep -qx -- "$1" && basename "$(dirname "$f")"
	done | grep -vx $$
}
none_with_word() {
	[ -z "$(with_word "$1")" ]
}
has_line() {
	grep -q -- "$1" "$2" 2>/dev/null
}

# What is sent to the front reaches the program once, and looks as if sent to it.
"$RUN" -q -l -p heard.policy -- "$VICTIMS/heard" $$ >heard.out &
front=$!
until_true 10 has_line ready heard.out
kill -USR1 $front
until_true 10 has_line 'signal 10' heard.out
/bin/kill -q 7 -$((34 + 3)) $front 2>/dev/null || kill -$((34 + 3)) $front
until_true 10 has_line 'signal 37' heard.out
kill -TERM $front
wait $front
is "the front dies by the signal that the program died by" $? 143
is "each signal reaches the program once" "$(grep -c '^signal' heard.out)" 3
has "a signal comes from who sent it" heard.out '^signal 10, kill, from the sender'

# One that is sent to the whole process group is not doubled.
set -m
"$RUN" -q -l -p heard.policy -- "$VICTIMS/heard" $$ >group.out &
front=$!
set +m
until_true 10 has_line ready group.out
kill -USR2 -- -$front
until_true 10 has_line 'signal 12' group.out
kill -TERM -- -$front
wait $front
is "a group's signal ends both" $? 143
is "a group's signal is not passed on a second time" "$(grep -c 'signal 12' group.out)" 1

# Stopped and continued with its program.
state() {
	sed 's/.*) //; s/ .*//' "/proc/$1/stat" 2>/dev/null
}
front_is() {
	[ "$(state $front)" = "$1" ]
}
"$RUN" -q -l -p sleep.policy -- sleep 30 &
front=$!
until_true 10 pgrep -P $front -x sleep >pid
kill -STOP "$(cat pid)"
check "the front stops when the program is stopped" until_true 10 front_is T
kill -CONT "$(cat pid)"
check "the front goes on when the program does" until_true 10 front_is S
kill -KILL "$(cat pid)"
wait $front 2>/dev/null
is "a killed program's front is killed" $? 137

# Killing the front ends everything.
word=chestnut-word-$$
"$RUN" -q -l -p tree.policy -- \
	bash -c "sleep 60 & (exec -a $word sleep 60) & exec -a $word sleep 60" &
front=$!
two() {
	[ "$(with_word $word | wc -l)" = 2 ]
}
check "a tree is running" until_true 10 two
kill -KILL $front
wait $front 2>/dev/null
check "no process of the tree survives its front" until_true 10 none_with_word $word

# So does killing the supervisor.
"$RUN" -q -l -p tree.policy -- \
	bash -c "(exec -a $word sleep 60) & exec -a $word sleep 60" 2>killed.err &
front=$!
until_true 10 two
supervisor=$(pgrep -P $front -x chestnut-run)
kill -KILL "$supervisor"
wait $front 2>/dev/null
is "without its supervisor a program is killed" $? 137
has "and a person is told" killed.err 'the supervisor was killed'
check "no process of the tree survives its supervisor" until_true 10 none_with_word $word

# A program that leaves a daemon behind keeps nobody waiting; the daemon is still supervised.
start=$SECONDS
"$RUN" -q -l -p daemon.policy -- bash -c '(sleep 3; hostname >late) & exit 5'
is "the front has its program's status" $? 5
[ $((SECONDS - start)) -lt 3 ]
is "and does not wait for a daemon" $? 0
check "the daemon goes on" until_true 20 test -s late
check "what it calls is learned" until_true 10 has_line '^uname = allow' daemon.policy

finish
