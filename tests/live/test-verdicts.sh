#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Every action with every condition in every ABI, as tests/golden/verdicts.txt has it: made by a
# real program, with rubbish in the halves of registers that the kernel does not look at.
. "$(dirname "$0")/lib.sh"
must_be_built "$VICTIMS/args"
cd "$T" || exit 99

# What the victim does but for its calls.
limited "$RUN" -q --learn --no-args -p base.policy -- "$VICTIMS/args" x86-64 39 0 0 0 >/dev/null
sed -i 's/^violation = .*/violation = VIOLATION/; s/^mode = .*/mode = strict/' base.policy
has 'a policy for the victim' base.policy '^violation = VIOLATION$'

# The rules: one line each, with the words that follow when it holds and when it fails. Each action
# is tried with each condition; what an "else" and the default do does not depend on the condition,
# so of these every fifth is tried (tests/unit/test-verdicts.c has them all).
awk -F '\t' -v dir="$T" '
	/^default / { violation = substr($0, 9); defaults++ }
	/^action / { rule = substr($0, 8); n++ }
	/^\t/ && !conditions {
		split($2, w, " ")
		word[n, w[1]] = w[3]
		text[n] = rule
		by[n] = violation
		whole[n] = defaults == 1 && rule !~ / else /
	}
	/^condition / {
		conditions++
		abi = $0; sub(/^condition /, "", abi); sub(/ .*/, "", abi)
		cond = $0; sub(/^condition [^ ]* /, "", cond)
		for (i = 1; i <= n; i++) {
			if (!whole[i] && (conditions + i) % 5)
				continue
			r = text[i]
			at = index(r, "IF")
			r = substr(r, 1, at - 1) "if " cond substr(r, at + 2)
			print abi "\t" by[i] "\t" r "\t" conditions "\t" word[i, "holds"] "\t" \
				word[i, "fails"]
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

# write_policy ABI VIOLATION RULE
write_policy() {
	sed "s/VIOLATION/$2/" base.policy >p.policy
	if [ "$1" = x86-64 ]; then
		sed -i "s/^\[syscalls\]\$/&\nioctl = ${3//&/\\&}/" p.policy
	else
		printf '[syscalls %s]\nioctl = %s\n' "$1" "$3" >>p.policy
	fi
}

# order N HOLDS FAILS: the vectors into args, what is to come of each into want. One that ends the
# program can only be the last: of these, the one that number $turn falls on.
order() {
	local what a b c word ends=()

	args=() want=() last=
	while read -r what a b c; do
		[ "$what" = holds ] && word=$2 || word=$3
		case $word in
		kill|stopped) ends+=("$word $a $b $c") ;;
		*)
			args+=("$a" "$b" "$c")
			want+=("$word") ;;
		esac
	done <"vectors.$1"
	[ ${#ends[@]} -gt 0 ] || return 0
	read -r last a b c <<<"${ends[turn % ${#ends[@]}]}"
	args+=("$a" "$b" "$c")
}

# Runs p.policy with args, and ends what was stopped. Its output in got and err, its status in rc.
confined() {
	local pid

	if [ "$last" != stopped ]; then
		limited "$RUN" -p p.policy -- "$VICTIMS/args" "$@" >got 2>err
		rc=$?
		return
	fi
	rm -f err
	limited "$RUN" -p p.policy -- "$VICTIMS/args" "$@" >got 2>err &
	pid=$!
	if until_true 60 grep -qs 'end it: kill -KILL' err; then
		kill -KILL "$(sed -n 's/.*end it: kill -KILL //p' err)"
	fi
	wait "$pid" 2>/dev/null
	rc=$?
}

# told WORD LINE: how often the calls that WORD is said of were made, of which LINE tells.
told() {
	local sum

	sum=$(sed -n "s/.*: ioctl (.*) was $1 .* and made \([0-9]*\) times/\1/p" err)
	echo "${sum:-$(grep -cE "($2) ioctl\(" err)}"
}

status_of() {
	case $1 in
	kill) echo 159 ;;
	stopped) echo 137 ;;
	*) echo 0 ;;
	esac
}

declare -A done_in wrong_in
turn=0
while IFS=$'\t' read -r abi violation rule n holds fails; do
	turn=$((turn + 1))
	order "$n" "$holds" "$fails"
	if [ ! -f "native.$n.$holds.$fails" ]; then
		"$VICTIMS/args" "$abi" "$(number_of "$abi")" "${args[@]}" \
			>"native.$n.$holds.$fails" || exit 99
	fi
	write_policy "$abi" "$violation" "$rule"
	confined "$abi" "$(number_of "$abi")" "${args[@]}"
	# "made" and "noted" are what the program gets without us.
	i=0 noted=0
	while read -r native; do
		[ $i -lt ${#want[@]} ] || break
		case ${want[i]} in
		made|noted) echo "$native" ;;
		*) echo "${want[i]}" ;;
		esac
		i=$((i + 1))
	done <"native.$n.$holds.$fails" >want
	for w in "${want[@]}"; do
		[ "$w" != noted ] || noted=$((noted + 1))
	done
	done_in[$abi]=$((${done_in[$abi]:-0} + 1))
	passed=$(told noted noted)
	# What passes as a violation is counted with what is denied, since nobody says yes or so.
	if [ "$violation" = log ]; then
		passed=$((passed + $(told reported 'not in the policy:|denied')))
		noted=$((noted + $(printf '%s\n' "${want[@]}" $last | grep -cE '^(EPERM|kill)$')))
	fi
	if [ $rc -ne "$(status_of "$last")" ] || ! cmp -s got want ||
		[ "$passed" -ne "$noted" ]; then
		wrong_in[$abi]+="$violation, $rule: status $rc, $passed of $noted told
$(diff want got | head -4)
"
	fi
done <rules

for abi in x86-64 i386 x32; do
	if [ -z "${wrong_in[$abi]:-}" ] && [ "${done_in[$abi]:-0}" -ge 250 ]; then
		ok "$abi: ${done_in[$abi]} rules do what the table says"
	else
		not_ok "$abi: ${done_in[$abi]:-0} rules do what the table says" \
			"$(echo "${wrong_in[$abi]:-}" | head -40)"
	fi
done

# With a violation that kills
write_policy x86-64 'errno EPERM' 'allow if arg1 != 7'
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
