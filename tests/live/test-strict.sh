#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What a policy does not allow is denied, and a person reads what, where and how to allow it.
. "$(dirname "$0")/lib.sh"
must_be_built "$VICTIMS/denied"
cd "$T" || exit 99
V=$VICTIMS/denied

limited "$RUN" -q --learn -p p.policy -- "$V" usual >/dev/null
limited "$RUN" -q --learn -p p.policy -- "$V" tree tree.out >/dev/null
cp p.policy before

shot s "$RUN" -q --strict -p p.policy -- "$V" extra
is "a denied call ends the program by SIGSYS" "$(cat s.rc)" 159
is "it got as far as the call" "$(cat s.out)" before
shot s "$RUN" --strict -p p.policy -- "$V" extra
has "the report names the call" s.err 'denied getsid\(0\)'
has "the report names the process" s.err 'process [0-9]+'
has "the report names the executable" s.err "$V"
has "the report has the stack, with file and line" s.err \
	'unusual \((.*/)?denied\.c:[0-9]+\).*through_here \((.*/)?denied\.c:[0-9]+\)'
has "the report says how to allow it" s.err 'chestnut allow .*p\.policy getsid'
is "strict leaves the policy alone" "$(cmp before p.policy && echo same)" same

shot s "$RUN" --strict -p p.policy -- "$V" child
is "a denied call of a child ends the whole tree" "$(cat s.out)" before
is "and the parent does not live to say so" "$(grep -c killed s.out)" 0
rm -f tree.out
shot s "$RUN" -q --strict -p p.policy -- env "CR_TOKEN=strict-tree-$$" "$V" tree tree.out x
check "after a violation nobody of the tree is left" until_true 10 no_survivors "strict-tree-$$"
size=$(stat -c %s tree.out 2>/dev/null || echo 0)
sleep 0.2
is "and nobody writes any more" "$(stat -c %s tree.out 2>/dev/null || echo 0)" "$size"

shot s "$RUN" --strict --on-violation errno -p p.policy -- "$V" extra
is "errno: the program goes on" "$(cat s.rc)" 0
has "errno: the call fails with EPERM" s.out '^after: EPERM$'
has "errno: and is reported" s.err 'denied getsid'
shot s "$RUN" --strict --on-violation errno:EDOM -p p.policy -- "$V" extra
has "errno:NAME: the call fails with that" s.out '^after: EDOM$'
shot s "$RUN" -q --strict --on-violation errno:ENOTHING -p p.policy -- "$V" extra
is "an errno that is none starts nothing" "$(cat s.rc) $(cat s.out)" "125 "

shot s "$RUN" --audit -p p.policy -- "$V" extra
has "audit: the call is made" s.out '^after: 0$'
is "audit: the status is the program's" "$(cat s.rc)" 0
has "audit: it is reported" s.err 'getsid'
is "audit: the policy is not touched" "$(cmp before p.policy && echo same)" same

for nr in 900 1500 100000; do
	shot s "$RUN" --strict -p p.policy -- "$V" number $nr
	is "a call above the horizon fails with ENOSYS ($nr)" "$(cat s.rc) $(cat s.out)" \
		"0 $nr: ENOSYS"
done

# The policy's own words: mode, violation, errno and never of one call.
sed 's/^mode = .*/mode = strict/' before >mode.policy
shot s "$RUN" -q -p mode.policy -- "$V" extra
is "without an option the policy's mode holds: strict" "$(cat s.rc)" 159
sed 's/^mode = .*/mode = audit/' before >mode.policy
shot s "$RUN" -q -p mode.policy -- "$V" extra
is "without an option the policy's mode holds: audit" "$(cat s.rc) $(tail -1 s.out)" "0 after: 0"
cp before mode.policy
shot s "$RUN" -q -p mode.policy -- "$V" extra
is "without an option the policy's mode holds: learn" "$(grep -c '^getsid = allow' mode.policy)" 1
sed 's/^violation = .*/violation = errno EXDEV/; s/^mode = .*/mode = strict/' before >v.policy
shot s "$RUN" -q -p v.policy -- "$V" extra
has "the policy's violation holds" s.out '^after: EXDEV$'
shot s "$RUN" -q --on-violation kill -p v.policy -- "$V" extra
is "and the option overrides it" "$(cat s.rc)" 159
sed 's/^\[syscalls\]$/&\ngetsid = errno EBUSY/' before >e.policy
shot s "$RUN" -q --strict -p e.policy -- "$V" extra
has "a call's own errno holds" s.out '^after: EBUSY$'

sed 's/^\[syscalls\]$/&\ngetsid = never/' before >n.policy
shot s "$RUN" --learn -p n.policy -- "$V" extra
is "never: it is not learned" \
	"$(grep -c '^getsid = never' n.policy),$(grep -c '^getsid = allow' n.policy)" 1,0
has "never: it is reported instead" s.err 'getsid'

# A policy learned, edited and finalized by the commands that the reports name.
limited "$TOOL" allow p.policy getsid >/dev/null 2>&1
shot s "$RUN" -q --strict -p p.policy -- "$V" extra
has "the command of the report allows the call" s.out '^after: 0$'
limited "$TOOL" finalize p.policy >/dev/null 2>&1
has "finalize makes it strict" p.policy '^mode = strict$'
shot s "$RUN" -q -p p.policy -- "$V" extra
is "the finalized policy lets the program do its work" "$(cat s.rc) $(tail -1 s.out)" "0 after: 0"
shot s "$RUN" -q -p p.policy -- "$V" number 124
shot s "$RUN" -q -p p.policy -- "$V" number 165
is "and nothing else" "$(cat s.rc)" 159

# What was changed after finalizing is told at the start.
cp before sealed.policy
"$TOOL" finalize sealed.policy >/dev/null
shot s "$RUN" -p sealed.policy -- "$V" usual
has_not "a finalized policy is followed without a word" s.err 'was changed'
"$TOOL" allow sealed.policy getsid >/dev/null
shot s "$RUN" -p sealed.policy -- "$V" usual
has "one that was changed afterwards is told of" s.err 'sealed\.policy.* was changed since it was'
shot s "$RUN" -q -p sealed.policy -- "$V" usual
is "not under -q" "$(cat s.err)" ""

# A target that reaches for its supervisor ends with it, never runs free.
shot s "$RUN" -q --learn -p k.policy -- sh -c 'kill -9 $PPID; sleep 0.2; echo free' \
	"kill-token-$$"
is "a target that kills its supervisor dies with it" "$(cat s.out)" ""
check "and nobody of it is left" until_true 10 no_survivors "kill-token-$$"
finish
