#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# merge, diff and check as their users see them: output, files and exit statuses.
. "$(dirname "$0")/../live/lib.sh"
must_be_built
cd "$T" || exit 99

# policy FILE HEADER RULES EVIDENCE: each a list of lines.
policy() {
	printf '[policy]\n%b\n[syscalls]\n%b\n[evidence]\n%b\n' "$2" "$3" "$4" >"$1"
}

# status SENTENCE WANT COMMAND…: what was printed is in "out" and "err".
status() {
	local sentence=$1 want=$2 rc

	shift 2
	"$@" >out 2>err
	rc=$?
	if [ $rc -eq "$want" ]; then
		ok "$sentence"
	else
		not_ok "$sentence" "status $rc, not $want: $*" "$(head -20 out err)"
	fi
}

# valid_json FILE: is there a program that can tell?
valid_json() {
	if need_program perl && perl -MJSON::PP -e 1 2>/dev/null; then
		perl -MJSON::PP -0777 -ne 'decode_json($_)' "$1"
	else
		grep -q '^{$' "$1" && grep -q '^}$' "$1"
	fi
}

mkdir jobs
policy jobs/a.policy 'mode = learn\nruns = 2\nprogram = /bin/x' 'read = allow\nopen = allow' \
	'read = "2, 9 calls, /bin/x: f (f.c:1) < main (m.c:2)"\nopen = "1, 1 call, /bin/x"'
policy jobs/b.policy 'mode = learn\nruns = 3\nprogram = /bin/x' \
	'# ours\nread = allow\nmkdir = allow' \
	'read = "3+, 5 calls, /bin/x: g < main"\nmkdir = "1, 2 calls, /bin/y: h < main"'
echo 'not a policy' >jobs/notes.txt

# merge
status 'a directory is merged' 0 "$TOOL" merge -o all.policy jobs
has 'what was merged is told' out \
	'^all\.policy: 3 rules of its own, from 2 policies and 5 executions$'
has 'executions add up' all.policy '^runs = 5$'
has 'evidence adds up' all.policy '^read = "5\+, 14 calls, /bin/x: f \(f\.c:1\) < main \(m\.c:2\)"$'
has 'a call that one job saw is there' all.policy '^mkdir = "1, 2 calls, /bin/y: h < main"$'
status 'without -o the policy goes to standard output' 0 "$TOOL" merge jobs/a.policy jobs/b.policy
check 'and is the same' cmp out all.policy
status 'merging the result with nothing changes nothing' 0 "$TOOL" merge all.policy
check 'byte for byte' cmp out all.policy

status 'a result in the directory is not merged the next time' 0 \
	"$TOOL" merge -o jobs/all.policy jobs
"$TOOL" merge -o jobs/all.policy jobs >out
has 'nothing is counted twice' out 'from 2 policies and 5 executions$'
rm jobs/all.policy

policy ours.policy '# reviewed\nmode = learn' 'open = errno ENOENT\nmkdir = never' ''
status 'the stricter rule holds' 0 "$TOOL" merge -o m.policy ours.policy jobs
has 'both places of a conflict are shown' err \
	'mkdir: ours\.policy:6 says "never", jobs/b\.policy:8 says "allow": "never" holds$'
has 'and that of the other' err 'open: ours\.policy:5 says "errno ENOENT", jobs/a\.policy:7 says'
has 'comments of the first are kept' m.policy '^# reviewed$'
has 'a denial survives' m.policy '^mkdir = never$'
has_not 'what is denied has no evidence' m.policy '^mkdir = "'

policy other.policy 'mode = strict\nruns = 1' 'open = errno EACCES' ''
rm -f m.policy
status 'a conflict that nobody can settle is a failure' 1 \
	"$TOOL" merge -o m.policy ours.policy other.policy
has 'its places are told' err \
	'conflict: open: ours\.policy:5 says "errno ENOENT", other\.policy:5 says "errno EACCES"$'
has 'also those of a mode' err \
	'^chestnut: conflict: ours\.policy has mode learn, other\.policy has mode strict$'
check 'and nothing is written' test ! -e m.policy
status '--prefer last settles it' 0 "$TOOL" merge --prefer last -o m.policy ours.policy other.policy
has 'for the last' m.policy '^open = errno EACCES$'
has 'in the head as well' m.policy '^mode = strict$'
status '--prefer first settles it' 0 "$TOOL" merge --prefer first ours.policy other.policy
has 'for the first' out '^open = errno ENOENT$'
status '--json tells the conflicts' 0 "$TOOL" merge --json --prefer first -o m.policy ours.policy \
	other.policy
check 'as valid JSON' valid_json out
has 'with both sides' out '"says":"errno EACCES"'
check 'and nothing on standard error' test ! -s err
status '--json of an open conflict is printed, too' 1 "$TOOL" merge --json -o m.policy ours.policy \
	other.policy
has 'it says that nothing was written' out '"written":false'
status '--json without -o is refused' 2 "$TOOL" merge --json ours.policy
status 'a side that is none is refused' 2 "$TOOL" merge --prefer best ours.policy

mkdir empty
status 'a directory without a policy is a failure' 1 "$TOOL" merge empty
has 'which says what is looked for' err '^chestnut: hint: files that end in \.policy'
mkdir sub
echo '[syscalls]
close = allow' >sub/more.ini
policy sub/a.policy 'include = ./more.ini' 'read = allow' ''
status 'a merge into another directory' 0 "$TOOL" merge -o moved.policy sub/a.policy
status 'still finds what is included' 0 "$TOOL" show moved.policy
has 'and shows it' out 'close'

# directories with a policy for each program
mkdir -p tree job1 job2
policy tree/x.policy 'program = /bin/x\nruns = 1' '# kept\nread = allow' 'read = "1, 1 call"'
policy job1/x.policy 'program = /bin/x\nruns = 1' 'read = allow\nopen = allow' \
	'read = "1, 1 call"\nopen = "1, 1 call"'
policy job2/y.policy 'program = /usr/bin/y\nruns = 1' 'close = allow' 'close = "1, 1 call"'
status 'a directory is checked program by program' 1 "$TOOL" check --update tree job1 job2
has 'a call that one lacks is found' out '^\+ open  job1/x\.policy:6'
has 'and a program that has none' out '^\+ a policy for /usr/bin/y  job2/y\.policy$'
status 'which counts alone, too' 1 "$TOOL" check --update tree job2
status 'in JSON, too' 1 "$TOOL" check --json --update tree job1 job2
check 'which is valid' valid_json out
status 'a directory is merged into program by program' 0 "$TOOL" merge -o tree tree job1 job2
has 'what was there is merged' tree/x.policy '^runs = 2$'
has 'with its comments' tree/x.policy '^# kept$'
has 'what was not is made' tree/y.policy '^close = allow$'
has_not 'each for itself' tree/x.policy close
status 'then it is up to date' 0 "$TOOL" check --update tree job1 job2
status 'what is in the way is not replaced' 1 "$TOOL" merge -o tree job2
has 'which is told' err 'tree/y\.policy is there, and not among what is merged$'
status 'a directory is shown' 0 "$TOOL" show tree
is 'all of it' "$(grep -c '^policy ' out)" 2
status 'it is finalized' 0 "$TOOL" finalize tree
is 'all of it, too' "$(cat tree/*.policy | grep -c '^mode = strict$')" 2
status 'its completeness is told' 1 "$TOOL" completeness --below 0.1 tree
is 'of each policy' "$(grep -c '^policy ' out)" 2
policy tree/none.policy '' 'read = allow' ''
status 'a policy for no program has no place there' 2 "$TOOL" check --update tree job1
has 'which is told with it' err 'tree/none\.policy does not say which program it is for$'
# diff
status 'a policy does not differ from itself' 0 "$TOOL" diff all.policy all.policy
check 'and says so by silence' test ! -s out
sed 's/^/\n# a comment\n/; s/ = /=/' all.policy >spaced.policy
status 'comments, blanks and order are no difference' 0 "$TOOL" diff all.policy spaced.policy
status 'a rule more is' 1 "$TOOL" diff jobs/a.policy all.policy
has 'which is named' out '^\+ mkdir: allow$'
has_not 'executions are not compared' out 'runs'
status 'unless asked' 1 "$TOOL" diff --evidence jobs/a.policy all.policy
has 'then they are' out '^~ \[policy\] runs: 2 -> 5$'
has 'and so is evidence' out '^\+ mkdir evidence: "1, 2 calls, /bin/y: h < main"$'
status 'a rule less is told with a minus' 1 "$TOOL" diff all.policy jobs/a.policy
has 'as here' out '^- mkdir: allow$'
status 'a change is told with both sides' 1 "$TOOL" diff ours.policy other.policy
has 'as here' out '^~ open: errno ENOENT -> errno EACCES$'
status '-q says it by the status alone' 1 "$TOOL" diff -q ours.policy other.policy
check 'and prints nothing' test ! -s out
status '--json' 1 "$TOOL" diff --json ours.policy other.policy
check 'is valid JSON' valid_json out
policy inc.policy 'include = ./sub/more.ini' 'read = allow' ''
policy own.policy '' 'read = allow\nclose = allow' ''
status 'what is included differs from what is written' 1 "$TOOL" diff inc.policy own.policy
status '--effective: what holds is the same' 0 "$TOOL" diff --effective inc.policy own.policy
status 'trouble is neither 0 nor 1' 2 "$TOOL" diff all.policy none.policy

# check
status 'a policy that holds all is up to date' 0 "$TOOL" check --update all.policy jobs
has 'and says so' out '^all\.policy is up to date$'
status 'one that lacks a call is not' 1 "$TOOL" check --update jobs/a.policy jobs
has 'the call, its place, evidence and origin are told' out \
	'^\+ mkdir  jobs/b\.policy:8  seen in 1 of 3  /bin/y  at h < main$'
has 'and how many' out '^jobs/a\.policy is not up to date: 1 call would be added'
policy deny.policy '' 'read = allow\nopen = allow\nmkdir = never' ''
status 'a call that is denied would not be learned' 0 \
	"$TOOL" check --update deny.policy jobs/b.policy
has 'but is told of' out \
	'^note: mkdir \(jobs/b\.policy:8\) is denied by deny\.policy:6 \("never"\), and would not'
status 'a base set that allows a call has it' 0 "$TOOL" check --update inc.policy own.policy
policy l.policy 'lost = 2' 'read = allow' ''
status 'events that were lost' 0 "$TOOL" check --update own.policy l.policy
has 'may have been calls' out '^note: l\.policy was learned with 2 events lost: it may lack calls$'
# finalize, as far as it refuses
policy refused.policy 'mode = learn\nruns = 3\nlost = 2' 'read = allow' ''
cp refused.policy before
status 'what lost events is not finalized' 1 "$TOOL" finalize refused.policy
has 'and why is told' err 'was learned with 2 events lost'
check 'the file is as it was' cmp refused.policy before
status 'unless a person insists' 0 "$TOOL" finalize --force refused.policy
has 'then it is strict' refused.policy '^mode = strict$'
policy refused.policy 'mode = audit\nruns = 3' 'read = allow' ''
status 'nor is one that somebody has set to audit' 1 "$TOOL" finalize refused.policy
has 'which is told, too' err 'audit mode, which only a hand can have set'
has 'and its mode stays' refused.policy '^mode = audit$'
policy refused.policy 'mode = learn' '' ''
status 'nor an empty one' 1 "$TOOL" finalize refused.policy
has 'with the command that fills it' err 'chestnut-run --learn COMMAND'
status '--json' 1 "$TOOL" check --json --update jobs/a.policy jobs
check 'is valid JSON' valid_json out
has 'and has the verdict' out '"up-to-date":false'
status 'without --update nothing is checked' 2 "$TOOL" check all.policy jobs
status 'trouble is neither 0 nor 1' 2 "$TOOL" check --update all.policy none.policy
finish
