#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Windows where one policy is not for one executable: in a directory each policy has its own, and
# with -x all executables that are meant have them.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-windows.sh"
must_be_built
cd "$T" || exit 99
if ! ${CC:-cc} -O2 -g -DWORK=SYS_getuid "-DNEXT=\"$T/second\"" -o first \
	"$top_srcdir/tests/victims/tree-win.c" ||
   ! ${CC:-cc} -O2 -g -DWORK=SYS_getgid -o second "$top_srcdir/tests/victims/tree-win.c"; then
	echo "Bail out! the victims cannot be compiled"
	exit 99
fi

# inside POLICY: what was learned in its windows, on one line.
inside() {
	learned "$1" | grep -v '^-' | sort | tr '\t\n' '  '
}

is "natively it works" "$(./first; echo $?)" "done
4"
for i in 1 2 3; do
	shot l "$RUN" --learn -p d/ -f work -f only -- ./first
	is "learning windows into a directory changes nothing ($i)" "$(cat l.rc l.out)" "4
done"
done
# Of both processes of the first: its own, and its child before its exec.
is "a policy has the windows of its executable, with what was called inside" \
	"$(inside d/first.policy)" "only getpgrp 3 work getuid 6 "
is "another has its own, though the function is called the same" \
	"$(inside d/second.policy)" "work getgid 3 "
is "what no -f of an executable means is no window of it" \
	"$(grep -c '^\[window [0-9]*\]' d/second.policy)" 1
is "what is called inside only is not allowed outside" \
	"$(learned d/second.policy | grep -c '^-.getgid')" 0
for i in 1 2; do
	shot s "$RUN" --strict -p d -- ./first
	is "confined, each by its own windows, it works ($i)" "$(cat s.rc s.out s.err)" "4
done"
done
shot s "$RUN" --strict -p d -- ./first evil
is "a call that the window of the second does not allow ends the tree" "$(cat s.rc)" 159
has "the report names the window and where it is" s.err \
	'denied getsid\(0\) inside work \(second\+.*process'
has "and the command names the policy" s.err 'chestnut allow --window work d/second.policy getsid'
has_not "it was not made" s.out EVIL
shot s "$RUN" --strict -p d -- ./first out
is "a call that only a window allows ends it outside" "$(cat s.rc)" 159
has_not "and was not made" s.out OUT

# The window of one allows what the other's does not.
cp -r d e
sed -i 's/^getgid = allow$/getuid = allow/' e/second.policy
shot s "$RUN" --audit -p e -- ./first
has "each window is that of its own policy" s.err 'denied getgid\(\) inside work \(second\+'
is "of which audit only tells" "$(cat s.rc s.out)" "4
done"

shot l "$RUN" --learn -p n/ -f work -f nowhere -- ./first
is "a function that no executable has is an error" "$(cat l.rc)" 125
has "which names it" l.err 'no executable that was run has a function for -f nowhere'
is "what was learned is there" "$(inside n/second.policy)" "work getgid 1 "
shot s "$RUN" --strict -p d -f work -- ./first
is "windows are not chosen anew in other modes" "$(cat s.rc)" 125
has "which is said" s.err 'the windows of d are those that its policies have'

shot l "$RUN" --learn --windows-only -p o/ -f work -- ./first
is "--windows-only into a directory changes nothing" "$(cat l.rc l.out)" "4
done"
is "and learns what is inside" "$(inside o/first.policy) $(inside o/second.policy)" \
	"work getuid 2  work getgid 1 "
is "but nothing else" "$(learned o/first.policy | grep -c '^-')" 0
shot l "$RUN" --learn --windows-only -p empty/ -- ./first
is "without any window that is an error" "$(cat l.rc)" 125
shot l "$RUN" --learn --windows-only -p o/ -- ./first
is "in a directory whose policies have some it is not" "$(cat l.rc)" 4

# -x: one policy, for all that it means.
for i in 1 2; do
	shot l "$RUN" --learn -x '*s*' -p y.policy -f work -f only -- sh -c ./first
	is "-x with windows changes nothing ($i)" "$(cat l.rc l.out)" "4
done"
done
is "each executable that it means has those windows that it has" "$(inside y.policy)" \
	"only getpgrp 2 work getgid 2 work getuid 4 "
shot s "$RUN" --strict -x 'first' -p y.policy -- sh -c './first evil'
is "an executable that -x does not mean has none" "$(cat s.rc) $(head -1 s.out)" "4 EVIL made"
shot s "$RUN" --strict -x '*s*' -p y.policy -- sh -c './first evil'
is "one that it means is held to them" "$(cat s.rc)" 159
has "and the report names it" s.err 'denied getsid\(0\) inside work \(second\+'
shot l "$RUN" --learn -x '*s*' -p z.policy -f work -f nowhere -- sh -c ./first
has "a function that none of them has is an error" l.err 'no executable .* for -f nowhere'
is "of the run" "$(cat l.rc)" 125
finish
