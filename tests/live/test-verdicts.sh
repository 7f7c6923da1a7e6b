#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Every action with every condition in every ABI, as tests/golden/verdicts.txt has it: made by a
# real program, with rubbish in the halves of registers that the kernel does not look at.
. "$(dirname "$0")/lib.sh"
must_be_built "$VICTIMS/args"
cd "$T" || exit 99

# What the victim does but for its calls.
limited "$RUN" -q --learn --no-args -p base.policy -- "$VICTIMS/args" x86-64 39 0 0 0 >/dev/null
sed -i 's/^violation = .*/violation = errno EPERM/; s/^mode = .*/mode = strict/' base.policy
has 'a policy for the victim' base.policy '^violation = errno EPERM$'

# The rules: one file each, with the words that follow when it holds and when it fails.
awk -F '\t' -v dir="$T" '
	/^action / { rule = substr($0, 8); n++ }
	/^\t/ && !conditions { split($2, w, " "); word[n, w[1]] = w[3]; text[n] = rule }
	/^condition / {
		conditions++
		abi = $0; sub(/^condition /, "", abi); sub(/ .*/, "", abi)
		cond = $0; sub(/^condition [^ ]* /, "", cond)
		for (i = 1; i <= n; i++) {
			r = text[i]
			at = index(r, "IF")
			r = substr(r, 1, at - 1) "if " cond substr(r, at + 2)
			print abi "\t" r "\t" conditions "\t" word[i, "holds"] "\t" word[i, "fails"]
		}
	}
	/^\t/ && conditions { print $2 >(dir "/vectors." conditions) }
' "$top_srcdir/tests/golden/verdicts.txt" >rules || exit 99

number_of() {
	case $1 in
	x86-64) echo 16 ;;
	i386) echo 54 ;;
	x32) echo 514 ;;
	esac
}

# write_policy ABI RULE
write_policy() {
	if [ "$1" = x86-64 ]; then
		awk -v rule="$2" '{ print } /^\[syscalls\]$/ { print "ioctl = " rule }' \
			base.policy >p.policy
	else
		{ cat base.policy; printf '[syscalls %s]\nioctl = %s\n' "$1" "$2"; } >p.policy
	fi
}

declare -A done_in wrong_in
while IFS=$'\t' read -r abi rule n holds fails; do
	args=()
	want=()
	while read -r what a b c; do
		args+=("$a" "$b" "$c")
		[ "$what" = holds ] && want+=("$holds") || want+=("$fails")
	done <"vectors.$n"
	if [ ! -f "native.$n" ]; then
		"$VICTIMS/args" "$abi" "$(number_of "$abi")" "${args[@]}" >"native.$n" || exit 99
	fi
	write_policy "$abi" "$rule"
	limited "$RUN" -q -p p.policy -- "$VICTIMS/args" "$abi" "$(number_of "$abi")" \
		"${args[@]}" >got 2>err
	rc=$?
	# "made" and "noted" are what the program gets without us.
	i=0
	while read -r native; do
		case ${want[i]} in
		made|noted) echo "$native" ;;
		*) echo "${want[i]}" ;;
		esac
		i=$((i + 1))
	done <"native.$n" >want
	done_in[$abi]=$((${done_in[$abi]:-0} + 1))
	noted=0
	for w in "${want[@]}"; do
		[ "$w" != noted ] || noted=$((noted + 1))
	done
	if [ $rc -ne 0 ] || ! cmp -s got want ||
		[ "$(grep -c 'noted ioctl(' err)" -ne "$noted" ]; then
		wrong_in[$abi]+="$rule: status $rc
$(diff want got | head -4)
"
	fi
done <rules

for abi in x86-64 i386 x32; do
	if [ -z "${wrong_in[$abi]:-}" ] && [ "${done_in[$abi]:-0}" -ge 200 ]; then
		ok "$abi: ${done_in[$abi]} rules do what the table says"
	else
		not_ok "$abi: ${done_in[$abi]:-0} rules do what the table says" \
			"$(echo "${wrong_in[$abi]:-}" | head -40)"
	fi
done

# With a violation that kills
write_policy x86-64 'allow if arg1 != 7'
limited "$RUN" -q --on-violation kill -p p.policy -- "$VICTIMS/args" x86-64 16 \
	-16 6 0 -16 0xdeadbeef00000007 0 -16 5 0 >got 2>err
is 'a call whose arguments are not allowed ends the program' "$? $(cat got)" '159 EBADF'
has 'the report says which argument, and what is allowed' err \
	'hint: arg1 is 0x7, allowed is arg1 != 0x7: line [0-9]+ of p\.policy$'
has 'and the command that would allow it' err \
	"hint: to allow it: chestnut allow p\\.policy 'ioctl if arg1 == 0x7'\$"
command=$(sed -n 's/.*to allow it: chestnut //p' err)
check 'which does' eval "'$TOOL' $command"
limited "$RUN" -q --on-violation kill -p p.policy -- "$VICTIMS/args" x86-64 16 \
	-16 6 0 -16 0xdeadbeef00000007 0 -16 5 0 >got 2>err
is 'and then it is allowed' "$? $(echo $(cat got))" '0 EBADF EBADF EBADF'
finish
