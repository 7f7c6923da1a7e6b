#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Strict without a supervisor: the kernel alone enforces what the policy says, and what it cannot
# is an error. A policy that is a program runs its program.
. "$(dirname "$0")/lib.sh"
must_be_built "$VICTIMS/denied" "$VICTIMS/inherit" "$VICTIMS/escape-abi" \
	"$VICTIMS/escape-tasks" "$LIVE/start"
cd "$T" || exit 99
V=$VICTIMS/denied
limited "$RUN" -q --learn -p p.policy -- "$V" usual >/dev/null
limited "$RUN" -q --learn -p sh.policy -- sh -c 'read -r x </proc/self/stat; echo $x' >/dev/null

shot h "$RUN" --handoff -p p.policy -- "$V" usual
is "a program does under a filter what its policy allows" "$(cat h.rc) $(cat h.out h.err)" "0 usual"
"$RUN" --handoff -p sh.policy -- sh -c 'echo $$ $PPID; while read -r k v; do
	case $k in TracerPid:|Seccomp:) echo "$k $v" ;; esac; done </proc/self/status' >h.out &
pid=$!
wait $pid
is "no supervisor remains" "$(tail -n +2 h.out | tr '\n' ' ')" "TracerPid: 0 Seccomp: 2 "
is "chestnut-run has become the program" "$(head -n 1 h.out)" "$pid $$"

shot n "$VICTIMS/inherit"
sed '/^\[syscalls\]$/q' p.policy >open.policy
for ((nr = 0; nr < 460; nr++)); do echo "nr:$nr = allow"; done >>open.policy
shot h "$RUN" --handoff -p open.policy -- "$VICTIMS/inherit"
if differs n h >diff; then
	not_ok "what a program inherits is what it would be" "$(cat diff)"
else
	ok "what a program inherits is what it would be"
fi
shot n "$LIVE/start" -B -i 2 -c 0 -c 1 "$VICTIMS/inherit" n.inherit
shot h "$LIVE/start" -B -i 2 -c 0 -c 1 "$RUN" --handoff -p open.policy -- \
	"$VICTIMS/inherit" h.inherit
sed -i 's/^argv.*//' n.inherit h.inherit
is "also a mask, an ignored signal and closed descriptors" \
	"$(diff n.inherit h.inherit && echo same)" same

shot h "$RUN" --handoff -p p.policy -- "$V" extra
is "a denied call ends the program by SIGSYS" "$(cat h.rc) $(cat h.out)" "159 before"
shot h "$RUN" --handoff --on-violation errno:EDOM -p p.policy -- "$V" extra
has "errno: it fails with that" h.out '^after: EDOM$'
sed 's/^violation = .*/violation = errno EXDEV/; s/^mode = .*/mode = strict/' p.policy >v.policy
shot h "$RUN" --handoff -p v.policy -- "$V" extra
has "the policy's violation holds" h.out '^after: EXDEV$'
sed 's/^\[syscalls\]$/&\ngetsid = errno EBUSY/' p.policy >e.policy
shot h "$RUN" --handoff -p e.policy -- "$V" extra
has "a call's own errno holds" h.out '^after: EBUSY$'
sed 's/^\[syscalls\]$/&\ngetsid = log/' p.policy >l.policy
shot h "$RUN" --handoff -p l.policy -- "$V" extra
has "a logged call is made" h.out '^after: 0$'
for nr in 900 1500 100000 4294967295; do
	shot h "$RUN" --handoff -p p.policy -- "$V" number $nr
	is "a call above the horizon fails with ENOSYS ($nr)" "$(cat h.rc) $(cat h.out)" \
		"0 $nr: ENOSYS"
done
sed 's/^\[syscalls\]$/&\ngetpgid = errno EDOM if arg0 == -1/' p.policy >c.policy
shot h "$RUN" --handoff -p c.policy -- "$V" number 121
is "a condition on an argument holds" "$(cat h.out)" "121: EDOM"
sed 's/^\[syscalls\]$/&\ngetpgid = errno EDOM if arg0 == 1/' p.policy >c.policy
shot h "$RUN" --handoff -p c.policy -- "$V" number 121
is "and denies other arguments" "$(cat h.rc)" 159

sed 's/^nr:56 = allow$/clone = allow if not arg0 \& CLONE_NEWUSER/' open.policy >clone.policy
mkdir b
(cd b && shot ../h "$RUN" --handoff -p ../clone.policy -- "$VICTIMS/escape-tasks" clone3-namespace)
is "what clone is held to clone3 is not a way around" "$(cat h.rc) $(cat h.out)" "0 trying"
(cd b && shot ../h "$RUN" --handoff -p ../clone.policy -- "$VICTIMS/escape-tasks" thread)
has "and threads are made all the same" h.out ESCAPED

# A policy that allows nothing at all: chestnut-run's own last calls are made all the same.
printf '[policy]\nformat = 1\n' >none.policy
shot h "$RUN" --handoff -p none.policy -- "$V" usual
is "a program that may not call anything is started, and ends by SIGSYS" "$(cat h.rc)" 159
printf '#!%s/no/such/interpreter\n' "$T" >script
chmod 755 script
shot h "$RUN" --handoff -p none.policy -- ./script
is "what cannot be executed is told: 127" "$(cat h.rc)" 127
has "in words, although write and exit are denied" h.err 'cannot run ./script: No such file'
printf 'echo a shell reads this\n' >script
sed 's/^\[syscalls\]$/&\nexecve = never/' open.policy | grep -v '^nr:59 ' >noexec.policy
shot h "$RUN" --handoff -p noexec.policy -- ./script
is "a file without a format is a shell script; execve is denied and yet the start succeeds" \
	"$(cat h.rc) $(cat h.out)" "0 a shell reads this"
shot h "$RUN" --handoff -p noexec.policy -- sh -c '/bin/true; echo $?'
is "the program itself may not execute anything: its child ends by SIGSYS" "$(cat h.out)" 159

shot h "$RUN" --handoff -p open.policy -E "CR_NEW=a b" -E HOME -- env
has "-E sets a variable" h.out '^CR_NEW=a b$'
has_not "and removes one" h.out '^HOME='
if [ "$(id -u)" = 0 ]; then
	chmod 755 .
	shot h "$RUN" --handoff -p open.policy -u nobody -- id
	shot n setpriv --reuid nobody --regid "$(id -gn nobody)" --init-groups id
	is "-u: the user with all its groups" "$(cat h.out)" "$(cat n.out)"
	sed 's/^\[syscalls\]$/&\nsetuid = never\nsetgid = never\nsetgroups = never/' open.policy |
		grep -vE '^nr:(105|106|116) ' >nouid.policy
	shot h "$RUN" --handoff -p nouid.policy -u nobody -- id -un
	is "-u works where the program may not do that" "$(cat h.out)" nobody
fi

# The doors of test-escape.sh, with no supervisor behind.
{
	printf '[policy]\nformat = 1\nmode = strict\nhorizon = 6.18.0 470\n'
	for abi in syscalls:83:258:201 'syscalls i386:39:296:13' 'syscalls x32:83:258:201'; do
		printf '[%s]\n' "${abi%%:*}"
		for ((nr = 0; nr <= 470; nr++)); do
			[[ $abi: == *:$nr:* ]] || echo "nr:$nr = allow"
		done
	done
} >wide.policy
mkdir a
while read -r name how <&3; do
	(cd a && shot ../h "$RUN" --handoff -p ../wide.policy -- "$VICTIMS/escape-abi" "$name")
	if grep -q trying h.out && ! grep -q ESCAPED h.out && [ ! -e a/evil ]; then
		ok "$name: no door for a lone filter either"
	else
		not_ok "$name: no door for a lone filter either" "$(cat h.rc h.out h.err)"
	fi
done 3<<<"$("$VICTIMS/escape-abi")"

# refused WORDS WHY [OPTION…]: nothing is started, and the reason is told.
refused() {
	local words=$1 why=$2

	shift 2
	shot h "$RUN" "$@"
	is "refused: $words" "$(cat h.rc)$(cat h.out)" 125
	has "... in words: $why" h.err "$why"
}
refused "learning without a supervisor" "exclude each other" --learn --handoff -p p.policy -- \
	"$V" usual
refused "auditing" "exclude each other" --handoff -a -p p.policy -- "$V" usual
refused "a new window" "a window needs a supervisor" --handoff -p p.policy -f main -- "$V" usual
refused "-x" "exe needs a supervisor" --handoff -p p.policy -x '*' -- "$V" usual
mkdir tree
refused "a directory" "a directory of policies needs" --handoff -p tree -- "$V" usual
cp p.policy w.policy
printf '[window 1]\nfunction = "main"\nread = allow\n' >>w.policy
refused "a policy with windows" "w.policy has windows" --handoff -p w.policy -- "$V" usual
refused "a policy that is not there" "cannot read" --handoff -p no.policy -- "$V" usual

# --- Policies that are programs
PATH=$(dirname "$RUN"):$PATH
export PATH
program() {	# FILE OPTIONS…: makes FILE a program that shows its arguments
	local file=$1

	shift
	{
		echo "#!/usr/bin/env -S chestnut-run $*"
		sed "s|^program = .*|program = $T/show|; s/^mode = .*/mode = $mode/" open.policy
	} >"$file"
	chmod 755 "$file"
}
cp "$(type -P printf)" show
mode=strict
program run.policy --policy
shot h ./run.policy '<%s>' -v --help -- 'a b' --policy x
is "the arguments of a policy are its program's, options included" "$(cat h.rc) $(cat h.out)" \
	"0 <-v><--help><--><a b><--policy><x>"
shot h "$T/run.policy" '%s' deep
is "from anywhere" "$(cd / && "$T/run.policy" '%s' deep)" deep
program hand.policy --handoff --policy
shot h ./hand.policy '<%s>' -q
is "its line may have more options" "$(cat h.rc) $(cat h.out)" "0 <-q>"
sed -i '/^nr:1 = /d' run.policy
shot h ./run.policy x
is "it confines its program" "$(cat h.rc)" 159
mode=learn
program learn.policy --policy
sed -i '/^nr:/d' learn.policy
shot h ./learn.policy 'said %s\n' it
is "one that learns runs, too" "$(cat h.rc) $(cat h.out)" "0 said it"
has "... and learns" learn.policy '^write = allow'
is "... and stays a program" "$(head -c 15 learn.policy),$([ -x learn.policy ] && echo x)" \
	"#!/usr/bin/env ,x"
shot h "$RUN" -q -s -p learn.policy -- "$T/show" -p
is "-p FILE: a command follows, whatever FILE is" "$(cat h.out)" "-p"
chmod 644 hand.policy
shot h "$RUN" --strict --policy hand.policy -- "$T/show" plain
is "a file that is not executable is no program" "$(cat h.out)" plain
sed -i '/^program/d' learn.policy
shot h ./learn.policy x
is "one without a program is an error" "$(cat h.rc)$(cat h.out)" 125
has "... that says so" h.err 'learn.policy is executable, but names no program'
finish
