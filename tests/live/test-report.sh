#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What a denial can lead to, and what is written of it for machines.
. "$(dirname "$0")/lib.sh"
must_be_built "$VICTIMS/denied" "$VICTIMS/args" "$LIVE/pty"
cd "$T" || exit 99
V=$VICTIMS/denied
limited "$RUN" -q --learn -p p.policy -- "$V" usual >/dev/null

# field FILE LINE KEY: a value of the JSON object on that line.
field() {
	sed -n "$2p" "$1" | perl -MJSON::PP -e \
		'my $o = decode_json(<STDIN>); my $v = $o->{$ARGV[0]};
		 print ref $v ? scalar @$v : $v // "null"' "$3"
}

shot s "$RUN" -q --strict --on-violation log --report r -p p.policy -- "$V" extra
is "log: the call is made" "$(cat s.rc) $(tail -1 s.out)" "0 after: 0"
has "and reported" s.err 'not in the policy: getsid\(0\) by .*: allowed'
is "as one line of JSON" "$(wc -l <r)" 1
is "which says what happened" "$(field r 1 event) $(field r 1 action)" "let-through log"
shot s "$RUN" -q --strict --report r -p p.policy -- "$V" extra
is "kill is recorded before the end" "$(cat s.rc) $(field r 2 event) $(field r 2 action)" \
	"159 denied kill"
is "with the call" "$(field r 2 syscall) $(field r 2 nr) $(field r 2 abi) $(field r 2 call)" \
	"getsid 124 x86-64 getsid(0)"
is "its six arguments" "$(field r 2 args)" 6
is "the executable" "$(field r 2 exe)" "$V"
is "the rule, and the command that adds it" "$(field r 2 rule): $(field r 2 command)" \
	"getsid: chestnut allow p.policy getsid"
field r 2 stack >stack
has "and the stack" stack 'unusual \(denied\.c:[0-9]+\)'
shot s "$RUN" -q --audit --report a -p p.policy -- "$V" extra
is "audit says what strict would do" "$(field a 1 event) $(field a 1 window)" "would-deny null"
limited "$RUN" -q --learn -p q.policy -- sh -c "'$V' usual; '$V' usual; :" >/dev/null
shot s "$RUN" -q --strict --on-violation errno --report e -p q.policy -- \
	sh -c "'$V' extra; '$V' extra; '$V' extra"
is "what is repeated is told once" "$(grep -c '"event":"denied"' e)" 1
is "and counted" "$(field e 2 event) $(field e 2 syscall) $(field e 2 times)" "repeated getsid 3"
cp r before
shot s "$RUN" -q --strict --report r -p p.policy -- "$V" usual
is "nothing denied, nothing written" "$(cmp r before && echo same)" same
shot s "$RUN" --strict --report /nowhere/r -p p.policy -- "$V" usual
is "a report that cannot be written starts nothing" "$(cat s.rc) $(cat s.out)" "125 "

shot s "$RUN" --strict --on-violation ask -p p.policy -- "$V" extra
has "ask without a terminal denies" s.out '^after: EPERM$'
has "and says so" s.err 'no terminal to ask on'
shot s "$RUN" --strict --on-violation ask --terminal /dev/null -p p.policy -- "$V" extra
is "what is no terminal is not asked on" "$(cat s.rc) $(cat s.out)" "125 "

# The person is a script on a terminal of its own.
violation=ask
asked() {	# ANSWERS [POLICY COMMAND…]
	local answers=$1 policy=${2:-q.policy}

	shift $(($# > 1 ? 2 : 1))
	[ $# -gt 0 ] || set -- sh -c "'$V' extra; '$V' extra"
	python3 - "$answers" "$RUN" -q --strict --on-violation "$violation" -p "$policy" -- "$@" \
		<<'EOF' >said 2>&1
import os, pty, subprocess, sys, threading
master, slave = pty.openpty()
cmd = sys.argv[2:]
i = cmd.index("-p")
cmd[i:i] = ["--terminal", os.ttyname(slave)]
out = open("ask.out", "wb")
child = subprocess.Popen(cmd, stdin=subprocess.DEVNULL, stdout=out, stderr=open("ask.err", "wb"))
text, answers = b"", list(sys.argv[1])
def talk():
    global text
    while True:
        try:
            more = os.read(master, 4096)
        except OSError:
            return
        text += more
        sys.stdout.buffer.write(more)
        if answers and text.rstrip().endswith(b"waits):"):
            os.write(master, answers.pop(0).encode() + b"\n")
            text = b""
t = threading.Thread(target=talk, daemon=True)
t.start()
sys.exit(child.wait(60))
EOF
}
cp q.policy q0
asked yn
is "yes is for once, no for once" "$(grep after ask.out | tr '\n' ' ')" "after: 0 after: EPERM "
has "the question has the call and its stack" said 'not in the policy: getsid\(0\) by'
has "the question has the stack" said 'at .*unusual'
is "the policy stays as it was" "$(cmp q.policy q0 && echo same)" same
asked v
is "never is for the whole run" "$(grep after ask.out | tr '\n' ' ')" \
	"after: EPERM after: EPERM "
asked a
is "always is for the whole run, too" "$(grep after ask.out | tr '\n' ' ')" "after: 0 after: 0 "
has "and becomes a rule of the policy" q.policy '^getsid = allow$'

# A rule that says ask, although a violation would kill.
sed 's/^violation = .*/violation = kill/; s/^\[syscalls\]$/&\ngetsid = ask/' q0 >k.policy
cp k.policy k0
violation=kill
asked ny k.policy sh -c "'$V' extra; '$V' extra"
is "a rule asks, whatever a violation does" "$(grep after ask.out | tr '\n' ' ')" \
	"after: EPERM after: 0 "
is "and stays" "$(cmp k.policy k0 && echo same)" same
asked a k.policy sh -c "'$V' extra; '$V' extra"
is "always is one answer for it" "$(grep after ask.out | tr '\n' ' ')" "after: 0 after: 0 "
has "after which the rule allows" k.policy '^getsid = allow$'
violation=ask

# An answer about arguments is about those.
limited "$RUN" -q --learn -p args.policy -- "$VICTIMS/args" x86-64 72 -1 1 0 >/dev/null
fcntls=(args.policy "$VICTIMS/args" x86-64 72 -1 3 0 -1 3 0 -1 4 0 -1 4 0)
asked vnn "${fcntls[@]}"
is "one never and one no: both are denied" "$(uniq -c ask.out | tr -s '[:space:]' ' ')" " 4 EPERM "
is "never holds for the same argument only" "$(grep -o 'not in the policy: .*F_[A-Z]*' said)" \
	"$(printf 'not in the policy: fcntl(-1, %s\n' F_GETFL F_SETFL F_SETFL)"
asked avv "${fcntls[@]}"
is "always holds for the same argument only" "$(echo $(cat ask.out))" "EBADF EBADF EPERM EPERM"
has "and the rule has that argument" args.policy '^fcntl = allow if arg1 in F_GETFD F_GETFL$'

# Denied, and written down for later. What the policy makes of others is no conflict.
limited "$TOOL" violation p.policy 'errno EACCES' >/dev/null
shot s "$RUN" --soak -p p.policy -- "$V" extra
is "soak: the call fails, and the program goes on" "$(cat s.rc) $(tail -1 s.out)" "0 after: EPERM"
has "what was denied is a candidate" p.policy.candidates '^getsid = allow$'
has "with its stack" p.policy.candidates '^getsid = "1, .*unusual'
has_not "the policy is as it was" p.policy 'getsid'
has "the command that accepts it is told" s.err \
	'chestnut merge -o p.policy p.policy p.policy.candidates'
limited "$TOOL" merge -o p.policy p.policy p.policy.candidates >/dev/null 2>merge.err
has "and does" p.policy '^getsid = allow$'
shot s "$RUN" -q --soak -p p.policy -- "$V" extra
is "then it is allowed" "$(tail -1 s.out)" "after: 0"
sed -i '/^getsid = /d' p.policy

# Stopped, for a debugger.
"$RUN" --strict --on-violation stop --report st -p p.policy -- "$V" extra >out 2>err &
run=$!
until_true 20 grep -q 'kill -KILL' err
pid=$(sed -n 's/.*gdb -p \([0-9]*\) .*/\1/p' err)
stopped() {
	grep -q '^State:.*stopped' "/proc/$pid/status" &&
		grep -q '^TracerPid:.*[^0-9]0$' "/proc/$pid/status"
}
check "stop: the process is stopped, and nobody traces it" until_true 20 stopped
is "which is recorded" "$(field st 1 action)" stop
if need_program gdb; then
	gdb -q -p "$pid" -batch -ex bt >bt 2>/dev/null </dev/null
	has "a debugger can be attached, and finds the place" bt 'unusual'
fi
kill -KILL "$pid"
wait "$run" 2>/dev/null
is "chestnut-run ends when it does" $? 137
finish
