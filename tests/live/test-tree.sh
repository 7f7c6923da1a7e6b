#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A directory holds a policy for each executable of a tree; -x is about some executables only.
. "$(dirname "$0")/lib.sh"
must_be_built
cd "$T" || exit 99

cat >script <<'EOF'
#!/bin/sh
ls / >/dev/null && sleep 0.01 && cat /etc/passwd | wc -l >/dev/null
(cat /etc/passwd | sort | tail -n 1) >/dev/null
echo "$?"
EOF
chmod +x script
shot native ./script
for i in 1 2 3; do
	shot l "$RUN" --learn -p d/ -- ./script
	check "learning into a directory changes nothing for the program ($i)" cmp native.out l.out
done
is "each executable has a policy" "$(cd d && echo *)" \
	"cat.policy dash.policy ls.policy sleep.policy sort.policy tail.policy wc.policy"
is "each policy says whose it is" "$(sed -n 's/^program = .*\///p' d/*.policy | tr '\n' ' ')" \
	"cat dash ls sleep sort tail wc "
is "and what only one of them does is in no other" \
	"$(grep -l '^getdents64 = allow' d/*.policy | tr '\n' ' ')" "d/ls.policy "
has "an executable that ran twice in an execution was seen in one" d/cat.policy '^runs = 3$'
for i in 1 2 3; do
	shot s "$RUN" --strict -p d -- ./script
	is "confined, each by its own policy, the program works ($i)" \
		"$(cat s.rc s.out s.err)" "$(cat native.rc native.out)"
done

# What one may do another may not, although its child has inherited the filter.
cp -r d e
sed -i '/^getdents64 = /d' e/ls.policy
sed -i 's/^\[syscalls\]$/&\ngetdents64 = allow/' e/dash.policy
shot s "$RUN" --strict -p e -- ./script
is "a call that its parent may make is denied to a child" "$(cat s.rc)" 159
has "the report names the executable" s.err 'denied getdents64.* by /.*/ls, process'
has "and the command names its policy" s.err 'chestnut allow e/ls.policy getdents64'
shot s "$RUN" --audit -p e -- ./script
is "audit only tells" "$(cat s.rc) $(cat s.out)" "0 $(cat native.out)"
has "of the same" s.err 'denied getdents64.* by /.*/ls,.*let through'

rm e/*
cp d/* e
rm e/tail.policy
shot s "$RUN" --strict -p e -- ./script
is "an executable without a policy may not run" "$(cat s.rc)" 159
has "which is said" s.err 'denied execution of /.*/tail by process [0-9]+: there is no policy'
shot s "$RUN" --audit -p e -- ./script
is "under audit it may" "$(cat s.rc) $(cat s.out)" "0 $(cat native.out)"
has "and that is said, too" s.err 'no policy for /.*/tail'
shot s "$RUN" --learn -p e -- ./script
check "learning makes it" test -s e/tail.policy

sed -i 's/^mode = .*/mode = strict/' d/*.policy
shot s "$RUN" -p d -- sh -c 'tail -n 1 /etc/passwd >/dev/null; mkdir made'
is "policies that are all strict are enforced without being asked" "$(cat s.rc)" 159
sed -i '/^program = /d' e/tail.policy
shot s "$RUN" --strict -p e -- ./script
is "a policy that is for no program is an error" "$(cat s.rc) $(cat s.out)" "125 "
has "which names it" s.err 'e/tail.policy does not say which program'
shot s "$RUN" --attach $$ --learn -p d
has "a process that runs already has one policy" s.err 'd is a directory, and --attach'
echo '[policy' >e/tail.policy
shot s "$RUN" --learn -p e -- ./script
is "a broken policy in the directory starts nothing" "$(cat s.rc) $(cat s.out)" "125 "

# -x
shot l "$RUN" --learn -x sort -p x.policy -- ./script
is "-x changes nothing for the program" "$(cat l.rc) $(cat l.out)" "0 $(cat native.out)"
has "the policy is that of the executable" x.policy '^program = .*/sort$'
has_not "what others do is not learned" x.policy '^(getdents64|clone|vfork|wait4) = allow'
shot s "$RUN" --strict -x sort -p x.policy -- ./script
is "and it is enforced" "$(cat s.rc) $(cat s.out) $(cat s.err)" "0 $(cat native.out) "
sed '/^read = /d; s/^include = .*/include = base-static/' x.policy >y.policy
shot s "$RUN" --strict -x sort -p y.policy -- ./script
is "against that executable" "$(cat s.rc)" 159
has "only" s.err 'denied [a-z0-9]+\(.* by /.*/sort, process'
shot s "$RUN" --strict -x so -p y.policy -- ./script
is "a pattern that matches nothing confines nothing" "$(cat s.rc) $(cat s.out)" \
	"0 $(cat native.out)"
has "and that is told" s.err 'no process has run an executable that -x so means'
shot s "$RUN" --strict -x '*/s[o]rt' -p y.policy -- ./script
shot s2 "$RUN" --strict -x '/usr/bin/s*t' -p y.policy -- ./script
is "a pattern with a slash is about the path" "$(cat s.rc) $(cat s2.rc)" "0 159"
shot s "$RUN" --learn -x none -p z.policy -- ./script
is "nothing is learned from nothing" "$(ls z.policy 2>/dev/null)" ""
status='grep -E "^(Seccomp|TracerPid):" /proc/self/status'
shot s "$RUN" --strict -x sort -p x.policy -- sh -c "$status"
shot s2 "$RUN" --learn -x grep -p g.policy -- sh -c "$status"
shot s2 "$RUN" --strict -x grep -p g.policy -- sh -c "$status"
has "who is meant has one" s2.out '^Seccomp:.2$'
has "who is not meant has no filter" s.out '^Seccomp:.0$'
finish
