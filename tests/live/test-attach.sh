#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A process that runs already is learned, audited, confined, and let go as it was found.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-attach.sh"
must_be_built "$VICTIMS/attached"
cd "$T" || exit 99
V=$VICTIMS/attached
told="rounds some, births some, waits undisturbed, code as it was"

# attach FILE REGEX OPTION…: until a line of FILE matches, then as ^C does it.
attach() {
	local file=$1 regex=$2 pid

	shift 2
	rm -f err
	"$RUN" --attach "$victim" "$@" 2>err &
	pid=$!
	until_true 20 grep -q 'attached to' err
	until_true 20 grep -qsE "$regex" "$file"
	kill -INT "$pid" 2>/dev/null
	wait "$pid"
	echo $? >run.rc
}

# Windows or not, twice in a row: nothing of the first time may be in the way of the second.
for round in 1 2; do
	start
	attach p.policy '^clone3? = allow' -l -p p.policy
	is "learning a running process ends well ($round)" "$(cat run.rc)" 0
	check "all its threads run, and nobody traces them ($round)" free_and_running
	attach w.policy '^getppid = ".*inside' -l -p w.policy -f inside
	is "so does learning in a window of it ($round)" "$(cat run.rc)" 0
	check "all its threads run on after that ($round)" free_and_running
	end_victim
	is "the process has noticed nothing ($round)" "$(cat rc) $(tail -1 out)" "3 $told"
done
has "calls were learned" p.policy '^clone3? = allow'
has "no event was lost" err ', 0 events lost'
has "those of the window are its own" w.policy '^getppid = "[12], .*calls?, .*inside'


# Until it ends: chestnut-run ends as it does.
start
"$RUN" -q --attach "$victim" -l -p p.policy 2>err &
run=$!
sleep 0.3
end_victim
wait "$run"
is "chestnut-run ends as the process did" "$? $(cat rc)" "3 3"
is "which it has seen to its end" "$(tail -1 out)" "$told"

start evil
attach err 'attached to' -a -p p.policy
is "audit lets it go, too" "$(cat run.rc)" 0
end_victim
has "and what it does afterwards is nobody's business" out '^getsid: made'

# All that it does, but for what "evil" adds.
echo | limited "$RUN" -q -l -p full.policy -- "$V" >/dev/null
start evil
"$RUN" --attach "$victim" -s -p full.policy 2>err &
run=$!
until_true 20 grep -q 'attached to' err
kill -INT "$run"
until_true 20 grep -q 'stays confined' err
has "a confined process is not let go" err 'stays confined'
check "it lives" kill -0 "$victim"
all_filtered() {
	! cat /proc/"$victim"/task/*/status 2>/dev/null | grep -q '^Seccomp:.0'
}
check "all its threads have a filter" until_true 20 all_filtered
end_victim
wait "$run" 2>/dev/null
is "a denied call ends it" "$? $(cat rc)" "159 137"
has "and is reported" err 'denied getsid\(0\)'
has_not "it was not made" out 'getsid: made'

start
"$RUN" --attach "$victim" -s -p full.policy 2>err &
run=$!
until_true 20 grep -q 'attached to' err
kill -QUIT "$run"
wait "$victim" 2>/dev/null
is "SIGQUIT ends a confined process" $? 137
wait "$run" 2>/dev/null
is "and its supervisor" $? 137
exec 7>&-

start
"$RUN" --attach "$victim" -s -p full.policy 2>err &
run=$!
until_true 20 grep -q 'attached to' err
kill -KILL "$run"
wait "$run" 2>/dev/null
wait "$victim" 2>/dev/null
is "a confined process does not outlive its supervisor" $? 137
exec 7>&-

start
"$RUN" -q --attach "$victim" -l -p p.policy 2>err &
run=$!
until_true 20 grep -qs "^TracerPid:.$run" "/proc/$victim/status"
shot s "$RUN" --attach "$victim" -l -p new.policy
is "a process that is traced already is refused" "$(cat s.rc)" 125
has "with the tracer's id" s.err "process $run traces it already"
is "and no policy is made" "$(ls new.policy 2>/dev/null)" ""
kill -KILL "$run"
wait "$run" 2>/dev/null
check "a process that was only learned outlives its supervisor" free_and_running
end_victim
is "unharmed" "$(cat rc) $(tail -1 out)" "3 $told"

shot s "$RUN" --attach 4194305 -l -p new.policy
has "a process that is not there is an error" s.err 'No such process'
shot s "$RUN" --attach "$$" -l -p new.policy -- true
has "a command beside --attach is an error" s.err 'takes no command'
shot s "$RUN" --attach "$$" -u nobody -l -p new.policy
has "so is a user" s.err 'for programs that are started'
is "none of them made a policy" "$(ls new.policy 2>/dev/null)" ""
finish
