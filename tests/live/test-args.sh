#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Arguments are learned, by name; what was learned passes in the kernel, everything else stops.
. "$(dirname "$0")/lib.sh"
must_be_built "$VICTIMS/args"
cd "$T" || exit 99
high=0xdeadbeef00000000

# learn POLICY ABI NR ARG…
learn() {
	local policy=$1

	shift
	limited "$RUN" -q --learn -p "$policy" -- "$VICTIMS/args" "$@" >out 2>err
}

# rule POLICY CALL [SECTION]
rule() {
	awk -v s="[${3:-syscalls}]" -v n="$2" '
		/^\[/ { on = $0 == s } on && $1 == n { sub(/^[^=]*= /, ""); print }' "$1"
}

# Domain, type and protocol; the kernel takes an int for each, whatever the register holds.
learn a.policy x86-64 41 1 1 0 $((high | 2)) $((high | 2 | 02000000)) $((high | 17)) 16 3 0
is 'a socket is made with whatever in the upper half of an argument' \
	"$(echo $(cat out))" 'a value a value a value'
is 'what socket was called with is learned, by domain' "$(rule a.policy socket)" \
	"allow if arg0 == AF_UNIX and arg1 & SOCK_TYPE_MASK == SOCK_STREAM and arg2 == 0 or \
arg0 == AF_INET and arg1 & SOCK_TYPE_MASK == SOCK_DGRAM and arg2 == IPPROTO_UDP or \
arg0 == AF_NETLINK and arg1 & SOCK_TYPE_MASK == SOCK_RAW and arg2 == NETLINK_ROUTE"
has 'start-up is learned with its arguments' a.policy \
	'^mprotect = allow if not arg2 & PROT_WRITE\|PROT_EXEC$'
limited "$RUN" -q --strict -p a.policy -- "$VICTIMS/args" x86-64 41 2 $((high | 2)) 17 >out 2>err
is 'strict: what was learned is allowed' "$? $(cat out)" '0 a value'
for other in '2 1 17' '1 2 0' '16 3 9' '17 3 0'; do
	# shellcheck disable=SC2086
	limited "$RUN" -q --strict -p a.policy -- "$VICTIMS/args" x86-64 41 $other >out 2>err
	is "strict: socket $other was not, and is not" "$? $(cat out)" '159 '
done

# By ABI
learn abi.policy i386 54 -1 0x5401 0 -1 0x5413 0
is 'i386: its own rule' "$(rule abi.policy ioctl 'syscalls i386')" \
	'allow if arg1 in TCGETS TIOCGWINSZ'
learn abi.policy x32 514 -1 $((high | 0x5401)) 0
is 'x32: its own rule' "$(rule abi.policy ioctl 'syscalls x32')" 'allow if arg1 == TCGETS'
is 'x86-64: none' "$(rule abi.policy ioctl)" ''

# More and more values
many=()
for i in 1 2 3 4 5 6 7 8; do
	many+=(-1 $((3 * i)) 0)
done
learn many.policy x86-64 72 "${many[@]}"
has 'a rule grows with the values that are seen' many.policy '^fcntl = allow if arg1 in F_GETFL '
for i in 1 2 3 4 5 6 7 8 9; do
	many+=(-1 $((100 + 3 * i)) 0)
done
learn many.policy x86-64 72 "${many[@]}"
is 'with more than sixteen it is for any' "$(rule many.policy fcntl)" 'allow'

# A confirmed rule: nothing of it stops, however often it is made; one new value stops once.
for i in 1 2 3; do
	learn warm.policy x86-64 72 -1 1 0 -1 3 0
done
few=(-1 1 0 -1 3 0)
often=()
for i in $(seq 200); do
	often+=("${few[@]}")
done
stops() {
	limited "$RUN" -v --learn -p warm.policy -- "$VICTIMS/args" x86-64 72 "$@" 2>&1 >out |
		grep -c ': seccomp'
}
one=$(stops "${few[@]}")
is 'warm: 400 calls stop as often as two' "$(stops "${often[@]}")" "$one"
is 'warm: a new value stops, and is learned' "$(stops "${often[@]}" -1 4 0)" $((one + 1))
is 'warm: it is in the policy' "$(rule warm.policy fcntl)" \
	'allow if arg1 in F_GETFD F_GETFL F_SETFL'
is 'warm: and passes from the next run on' "$(stops "${often[@]}" -1 4 0)" "$one"

# What a person has written
sed -i 's/^fcntl = allow if .*/fcntl = allow if arg1 != F_SETFL/' warm.policy
limited "$RUN" --learn -p warm.policy -- "$VICTIMS/args" x86-64 72 -1 4 0 >out 2>err
has 'a condition that a person wrote is told of' err \
	'arg1 is F_SETFL, allowed is arg1 != F_SETFL'
is 'and not widened' "$(rule warm.policy fcntl)" 'allow if arg1 != F_SETFL'

# Denied, and written down for later, each with its arguments
learn soak.policy x86-64 41 1 1 0
sockets=(1 1 0 2 1 6 1 2 0)
limited "$RUN" -q --soak -p soak.policy -- "$VICTIMS/args" x86-64 41 "${sockets[@]}" >out 2>err
is 'soak: other arguments fail' "$(echo $(cat out))" 'a value EPERM EPERM'
is 'soak: they are candidates' "$(rule soak.policy.candidates socket)" \
	"allow if arg0 == AF_UNIX and arg1 & SOCK_TYPE_MASK == SOCK_DGRAM and arg2 == 0 or \
arg0 == AF_INET and arg1 & SOCK_TYPE_MASK == SOCK_STREAM and arg2 == IPPROTO_TCP"
ioctls=(x86-64 16 -1 0x5401 0 -1 0x5413 0)
limited "$RUN" -q --soak -p soak.policy -- "$VICTIMS/args" "${ioctls[@]}" >out 2>err
is 'soak: so are those of a call that has no rule' "$(rule soak.policy.candidates ioctl)" \
	'allow if arg1 in TCGETS TIOCGWINSZ'
limited "$TOOL" merge -o soak.policy soak.policy soak.policy.candidates >/dev/null
is 'soak: once accepted they pass' \
	"$(limited "$RUN" -q --strict -p soak.policy -- "$VICTIMS/args" x86-64 41 \
		"${sockets[@]}" 2>&1 | sort | uniq -c | tr -s ' ')" ' 3 a value'
limited "$RUN" -q --strict -p soak.policy -- "$VICTIMS/args" x86-64 41 17 3 0 >out 2>err
is 'soak: and no others' "$?" 159

# clone3 is held to what the rule for clone says, and that is learned, whichever is made first.
for first in clone3-first clone3-last; do
	for mode in --learn --strict; do
		limited "$RUN" -q $mode -p "$first.policy" -- "$VICTIMS/spaces" $first >out 2>err
		is "$first: clone3 makes a user namespace ($mode)" "$? $(cat err)" '0 '
	done
	has "$first: the rule for clone tells of it" "$first.policy" '^clone = .*CLONE_NEWUSER'
done

# Not at all
limited "$RUN" -q --learn --no-args -p none.policy -- "$VICTIMS/args" x86-64 72 -1 1 0 >out
has_not '--no-args: no condition is learned' none.policy ' if '
has '--no-args: the policy says so' none.policy '^arguments = any$'
learn none.policy x86-64 16 -1 1 0
is 'and holds to it' "$(rule none.policy ioctl)" 'allow'
limited "$RUN" -q --learn --no-args -p abi.policy -- "$VICTIMS/args" i386 54 -1 1 0 >out
is '--no-args: a condition that does not fit goes' \
	"$(rule abi.policy ioctl 'syscalls i386')" 'allow'
limited "$RUN" --strict --no-args -p abi.policy -- true >out 2>err
is '--no-args is about learning' "$?" 125
finish
