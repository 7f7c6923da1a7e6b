#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What a rule, and what a policy's own violation, make of a call: killed, failed, logged, asked
# about, stopped; alone, in windows, for a tree, attached, soaked, handed off.
. "$(dirname "$0")/lib.sh"
must_be_built "$VICTIMS/denied" "$VICTIMS/attached" "$LIVE/start"
cd "$T" || exit 99
V=$VICTIMS/denied
limited "$RUN" -q --learn -p p.policy -- "$V" usual >/dev/null
sed -i 's/^mode = .*/mode = strict/' p.policy

# policy VIOLATION [RULE]: into r.policy, with what it says of getsid.
policy() {
	sed "s/^violation = .*/violation = $1/" p.policy >r.policy
	[ $# -lt 2 ] || sed -i "s/^\[syscalls\]\$/&\ngetsid = $2/" r.policy
}

# tried [OPTION…]: the call that was never seen; its outcome and our status.
tried() {
	shot s "$RUN" "$@" -p r.policy -- "$V" extra
	echo "$(sed -n 's/^after: //p' s.out) $(cat s.rc)"
}

policy 'errno EACCES' kill
is "kill: the program ends, although a violation would only fail" "$(tried)" " 159"
has "and that is told" s.err 'denied getsid\(0\) by .*: killed$'
has "with the line that says so" s.err 'hint: line [0-9]+ of r\.policy says so'
is "kill: --on-violation does not change what a rule says" "$(tried --on-violation log)" " 159"
policy kill 'errno EXDEV'
is "errno: the call fails with that" "$(tried)" "EXDEV 0"
has_not "which its author has decided, and nobody is told" s.err getsid
policy kill log
is "log: the call is made" "$(tried)" "0 0"
has "and noted" s.err 'noted getsid\(0\) by .*: allowed$'
policy kill ask
is "ask: without a terminal it fails" "$(tried)" "EPERM 0"
has "and is told" s.err 'denied getsid\(0\) by .*: failed with EPERM$'
has "and so is that there is nobody to ask" s.err 'no terminal to ask on'
policy kill 'errno EXDEV if arg0 == 1 else log'
is "a condition decides between two" "$(tried)" "0 0"

# What is not named: the policy's own word, which the option overrides.
policy 'errno EXDEV'
is "violation = errno: what is not named fails" "$(tried)" "EXDEV 0"
policy log
is "violation = log: what is not named is made" "$(tried)" "0 0"
has "and told" s.err 'not in the policy: getsid\(0\) by .*: allowed$'
has "with the command that would allow it" s.err 'chestnut allow r\.policy getsid$'
is "violation = log: --on-violation kill overrides it" "$(tried --on-violation kill)" " 159"
policy ask
is "violation = ask: without a terminal it fails" "$(tried)" "EPERM 0"
policy log 'errno EXDEV'
is "violation = log: a rule denies all the same" "$(tried)" "EXDEV 0"
policy log never
is "violation = log: never is a violation, and so it is made" "$(tried)" "0 0"
policy allow
shot s "$RUN" -p r.policy -- "$V" extra
is "violation = allow is no policy" "$(cat s.rc) $(cat s.out)" "125 "
has "and the hint says what there is" s.err 'there are: kill, log, ask, stop, and errno NAME'
policy stop ask
shot s "$RUN" --audit --report a -p r.policy -- "$V" extra
is "audit lets what would be asked about pass" "$(cat s.rc) $(tail -1 s.out)" "0 after: 0"
has "and records that" a '"event":"would-deny","policy":"r.policy","action":"ask"'
policy log
rm a
shot s "$RUN" --audit --report a -p r.policy -- "$V" extra
has "what strict lets through is no denial in an audit" a '"event":"let-through"'

# stopped [OPTION…]: the same, where a process is left stopped. Its words are in err.
stopped() {
	rm -f err
	"$RUN" "$@" -p r.policy -- "$V" extra >out 2>err &
	run=$!
	until_true 20 grep -qs 'kill -KILL' err || return
	pid=$(sed -n 's/.*end it: kill -KILL //p' err)
	until_true 20 left_alone
}

left_alone() {
	grep -q '^State:.*stopped' "/proc/$pid/status" &&
		grep -q '^TracerPid:.*[^0-9]0$' "/proc/$pid/status"
}

end_stopped() {
	kill -KILL "$pid"
	wait "$run" 2>/dev/null
	is "$1" "$? $(cat out)" "137 before"
}

policy kill stop
check "stop: the process is stopped, and nobody traces it" stopped
end_stopped "and chestnut-run ends when it does"
policy stop
check "violation = stop: the same for what is not named" stopped
end_stopped "and it ends as well"

# Who may not stop a process ends it: closed, not open.
if [ "$(id -u)" = 0 ] && need_program setpriv; then
	mkdir -m 755 bin
	cp "$V" bin/denied
	policy stop
	shot s setpriv --bounding-set=-kill --inh-caps=-kill "$RUN" -u nobody -p r.policy -- \
		"$T/bin/denied" extra
	has "a supervisor that may not stop a process says so" s.err 'cannot stop process [0-9]+: '
	has_not "and the program does not go on" s.out after
	check "and nothing of it is left" until_true 20 no_survivors "$T/bin/denied"
else
	skip "a supervisor that may not stop a process ends it" "needs root, and setpriv"
fi

# A rule of a window, or of outside.
need_cc=${CC:-cc}
cat >win.c <<'EOC'
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
__attribute__((noinline)) static long inside(int call)
{
	long rc = call ? syscall(SYS_getsid, 0) : 0;
	__asm__ volatile("" ::: "memory");
	return rc < 0 ? -errno : 0;
}
int main(int argc, char **argv)
{
	long rc = inside(argc > 1 && strcmp(argv[1], "in") == 0);

	if (argc > 1 && strcmp(argv[1], "out") == 0)
		rc = syscall(SYS_getsid, 0) < 0 ? -errno : 0;
	printf("%ld\n", rc);
	return 0;
}
EOC
check "a program with a window can be made" "$need_cc" -O1 -w -o win win.c
limited "$RUN" -q --learn -f inside -p w.policy -- ./win no >/dev/null
sed -i 's/^mode = .*/mode = strict/; s/^violation = .*/violation = errno EDOM/' w.policy
for rule in 'errno EXDEV:-18 0' 'log:0 0' 'ask:-1 0' 'kill: 159' ':-33 0'; do
	sed "/^\[window 1\]/,/^\[/s/^function = .*/&\ngetsid = ${rule%%:*}/" w.policy >r.policy
	[ -n "${rule%%:*}" ] || cp w.policy r.policy
	shot s "$RUN" -p r.policy -- ./win in
	is "inside of a window: ${rule%%:*}" "$(cat s.out) $(cat s.rc)" "${rule#*:}"
	shot s "$RUN" -p r.policy -- ./win out
	is "and outside it is what it was" "$(cat s.out) $(cat s.rc)" "-33 0"
done

# Each executable of a tree has rules and a violation of its own.
cat >script <<EOS
"$V" extra
cat /dev/null
EOS
limited "$RUN" -q --learn -p d/ -- sh script >/dev/null
sed -i '/^getsid = /d; s/^violation = .*/violation = errno EXDEV/' d/denied.policy
shot s "$RUN" --strict -p d -- sh script
is "a tree: the violation is that of the executable's policy" \
	"$(sed -n 's/^after: //p' s.out) $(cat s.rc)" "EXDEV 0"
sed -i 's/^\[syscalls\]$/&\ngetsid = ask/' d/denied.policy
shot s "$RUN" --strict -p d -- sh script
is "a tree: and so are its rules" "$(sed -n 's/^after: //p' s.out) $(cat s.rc)" "EPERM 0"
has "a tree: one that wants a person asked is known at the start" s.err 'no terminal to ask on'
sed -i 's/^getsid = ask$/getsid = kill/' d/denied.policy
shot s "$RUN" --strict -p d -- sh script
is "a tree: kill ends all of it" "$(cat s.rc)" 159

# Soaking is about what is not named.
policy ask
is "soak: what is not named fails, whatever the policy says of it" "$(tried --soak)" "EPERM 0"
has "and is a candidate" r.policy.candidates '^getsid = allow$'
has_not "nobody is asked" s.err terminal
rm r.policy.candidates
policy kill 'errno EXDEV'
is "soak: a rule keeps its word" "$(tried --soak)" "EXDEV 0"
has_not "and its call is no candidate" r.policy.candidates getsid
policy log kill
is "soak: also one that kills" "$(tried --soak)" " 159"

# The kernel alone.
policy log
is "handoff: the kernel logs what is not named" "$(tried --handoff)" "0 0"
policy kill log
is "handoff: and what a rule says log of" "$(tried --handoff)" "0 0"
policy 'errno EACCES' kill
is "handoff: a rule kills where a violation would not" "$(tried --handoff)" " 159"
for word in ask stop; do
	policy kill $word
	is "handoff: a rule that says $word is an error" "$(tried --handoff)" " 125"
	has "which says why" s.err "r.policy says \"$word\", and with --handoff nobody is left"
	policy $word
	is "handoff: so is a violation that does" "$(tried --handoff)" " 125"
	has "which says what would do" s.err 'hint: use --on-violation kill, errno or log'
	is "handoff: unless the command line has another" \
		"$(tried --handoff --on-violation errno:EXDEV)" "EXDEV 0"
	is "handoff: nor may the command line" "$(tried --handoff --on-violation $word)" " 125"
	has "which says so" s.err "^chestnut-run: --on-violation $word with --handoff: nobody"
done

# A process that runs already.
A=$VICTIMS/attached
attached() {	# POLICY REGEX
	rm -f aout
	mkfifo in
	"$A" <in >aout 2>&1 &
	victim=$!
	exec 7>in
	until_true 20 grep -qs ready aout
	rm -f err
	"$RUN" --attach "$victim" --strict -p "$1" 2>err &
	run=$!
	until_true 20 grep -qsE "$2" err
	rc=$?
}
end_attached() {
	kill -KILL "$victim" 2>/dev/null
	exec 7>&-
	wait "$run" 2>/dev/null
	status=$?
	wait "$victim" 2>/dev/null
	rm -f in
}
printf '[policy]\nviolation = log\n[syscalls]\ngetppid = log\n' >at.policy
attached at.policy 'noted getppid\(\)'
is "attached: a logged call is made, and noted" "$rc" 0
end_attached
printf '[policy]\nviolation = log\n[syscalls]\ngetppid = stop\n' >at.policy
attached at.policy 'end it: kill -KILL'
pid=$victim
check "attached: the process is left stopped" until_true 20 left_alone
wait "$run"
is "and chestnut-run ends" $? 0
end_attached

# A hundred thousand of them.
cat >many.c <<'EOC'
#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	long failed = 0, i;

	for (i = 0; argc > 1 && i < 100000; i++)
		failed += syscall(SYS_getsid, 0) < 0;
	printf("%ld failed\n", failed);
	return 0;
}
EOC
check "a program that makes a call 100000 times can be made" "$need_cc" -O1 -w -o many many.c
limited "$RUN" -q --learn -p m.policy -- ./many >/dev/null
sed -i 's/^mode = .*/mode = strict/' m.policy
for how in 'errno EPERM::100000:reported' 'log::0:reported' 'kill:log:0:noted' \
	'ask::100000:reported'; do
	IFS=: read -r violation rule failed word <<<"$how"
	sed "s/^violation = .*/violation = $violation/" m.policy >r.policy
	[ -z "$rule" ] || sed -i "s/^\[syscalls\]\$/&\ngetsid = $rule/" r.policy
	rm -f rep
	shot s "$RUN" --report rep -p r.policy -- ./many x
	what="$violation${rule:+, $rule}"
	is "100000 calls, $what: the program gets what it should" \
		"$(cat s.rc) $(cat s.out)" "0 $failed failed"
	has "100000 calls, $what: are counted exactly" s.err \
		"getsid \(x86-64\) was $word once and made 100000 times$"
	check "100000 calls, $what: take a few lines" test "$(wc -l <s.err)" -le 8
	is "100000 calls, $what: are two records" "$(wc -l <rep) $(grep -c '"times":100000' rep)" \
		"2 1"
done
finish
