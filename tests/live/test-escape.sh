#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Hostile programs that may make every call but one try to make that one all the same: by other
# doors, by tasks that are not seen, by turning on their supervisor, behind filters of their own.
# Each is shown to work without a supervisor first, where that can be shown.
#
# usage: tests/live/test-escape.sh [NAME]...	only these attempts
. "$(dirname "$0")/lib.sh"
FILES="escape-abi escape-tasks escape-super escape-filters"
# shellcheck disable=SC2086 # words
must_be_built $(for f in $FILES escape-tree; do echo "$VICTIMS/$f"; done) "$LIVE/start"
cd "$T" || exit 99
only=" $* "
GUARD=60	# an attempt that is not over by then hangs
JOBS=4		# attempts sleep more than they work

# Copies where every user can reach them; base sets are found beside a config.status.
mkdir -m 755 bin
for f in $FILES; do cp "$VICTIMS/$f" bin/; done
cp "$LIVE/start" bin/
# One program, two names: each has a policy of its own.
cp "$VICTIMS/escape-tree" bin/broad
cp "$VICTIMS/escape-tree" bin/narrow
cp "$(dirname "$RUN")/.libs/chestnut-run" bin/ 2>/dev/null || cp "$RUN" bin/chestnut-run
cp -r "$top_srcdir/policies" bin/
touch bin/config.status
export RUN=$T/bin/chestnut-run

# wide VIOLATION: every call of every ABI but mkdir, mkdirat, time and io_uring's; and no clone that
# makes a user namespace.
wide() {
	printf '[policy]\nformat = 1\nmode = strict\nviolation = %s\nhorizon = 6.18.0 470\n' "$1"
	all_but syscalls 56 83 258 201 425 426 427
	echo 'clone = allow if not arg0 & CLONE_NEWUSER'
	all_but 'syscalls i386' 39 296 13 425 426 427
	all_but 'syscalls x32' 83 258 201 425 426 427
}

all_but() {
	local nr

	printf '[%s]\n' "$1"
	shift
	for ((nr = 0; nr <= 470; nr++)); do
		[[ " $* " == *" $nr "* ]] || echo "nr:$nr = allow"
	done
}

wide kill >kill.policy
wide 'errno EPERM' >errno.policy
check "the policy is one" "$TOOL" show kill.policy
for v in kill errno; do
	mkdir "$v.d"
	sed "s|^mode = .*|&\nprogram = $T/bin/narrow|" "$v.policy" >"$v.d/narrow.policy"
	{
		sed "/^\[syscalls\]/,\$d; s|^mode = .*|&\nprogram = $T/bin/broad|" "$v.policy"
		all_but syscalls
		all_but 'syscalls i386'
	} >"$v.d/broad.policy"
done

# What io_uring does makes no calls: a person is told, unless he wrote that himself.
"$RUN" -q --learn -p ring.policy -- "$T/bin/escape-filters" io-uring >ring.out 2>&1
rm -rf evil
has "io_uring is learned when it is used" ring.policy '^io_uring_setup = allow'
shot ring "$RUN" --strict -p ring.policy -- "$T/bin/escape-filters"
has "a learned permission to use io_uring is warned of" ring.err 'ring.policy allows io_uring_setup'
sed '/^\[evidence\]/,$d' ring.policy >hand.policy
shot ring "$RUN" --strict -p hand.policy -- "$T/bin/escape-filters"
has_not "one that was written by hand is not" ring.err 'allows io_uring_setup'

# in_dir COMMAND…: in a fresh directory that everybody may write to. out, err, rc; $hung, $left.
in_dir() {
	local since=$SECONDS p

	rm -rf a
	mkdir -m 1777 a
	hung=
	{
		(
			cd a || exit 99
			exec env "CR_TOKEN=$token" timeout --kill-after=5 $GUARD "$@"
		) >out 2>"$errors" </dev/null
		echo $? >rc
	} 2>/dev/null
	[ $((SECONDS - since)) -lt $GUARD ] || hung=yes
	# Who is left behind may do it yet.
	left=
	until_true 5 no_survivors "$token" || left=$(survivors "$token")
	for p in $left; do kill -9 "$p" 2>/dev/null; done
}

escaped() {
	grep -q ESCAPED out || [ -e a/evil ]
}

private() {
	unshare -m --propagation private sh -c \
		'mkdir marker && mount -t tmpfs none marker && exec "$@"' sh "$@"
}
export -f private

# confined SENTENCE FILE NAME COMMAND…: COMMAND starts the supervisor as somebody.
confined() {
	local sentence=$1 file=$2 name=$3 wrap=()

	shift 3
	token=escape-$$-$BASHPID-$RANDOM
	errors=err
	[ "$name" = false-proc ] && wrap=(bash -c 'private "$@"' private)
	case $name in
	full-stderr*)
		rm -f fifo
		mkfifo fifo
		exec 8<>fifo	# there is a reader, which does not read
		errors=fifo
		;;
	esac
	in_dir "${wrap[@]}" "$@" -- "$T/bin/$file" "$name"
	[ $errors = err ] || exec 8<&-
	if [ -n "$hung" ]; then
		not_ok "$sentence" "it hangs" "$(tail -n 5 out)"
	elif escaped; then
		not_ok "$sentence" "it ESCAPED" "$(tail -n 5 out err)"
	elif ! grep -q -e trying out && [[ $name != deed-only ]]; then
		not_ok "$sentence" "it was never tried" "$(cat rc)" "$(tail -n 5 out err)"
	elif [ -n "$left" ]; then
		not_ok "$sentence" "these are left behind:" "$left" "$(tail -n 5 out)"
	else
		ok "$sentence"
	fi
}

# as WHO VIOLATION [d]: sets $start, which starts the supervisor; d: with a directory of policies.
as() {
	rm -rf p/the.policy
	cp -r "$T/$2.${3:-policy}" p/the.policy
	chmod a+rwX p/the.policy
	export POLICY=$PWD/p/the.policy
	start=("$RUN" -q -p "$POLICY")
	case $1 in
	nobody) [ "$(id -u)" != 0 ] || start=("$T/bin/start" -U 65534 "${start[@]}") ;;
	served) start+=(-u nobody) ;;
	esac
}

natively() {
	token=escape-$$-$BASHPID-native
	errors=err
	in_dir "$T/bin/$1" "$2"
	if escaped; then
		ok "$2: without a supervisor it works"
	elif [[ $3 == *m* ]]; then
		ok "$2: without a supervisor it finds no door here"
	else
		not_ok "$2: without a supervisor it works" "$(cat rc out err)"
	fi
}

# try FILE NAME HOW: in a directory of its own; prints TAP without regard for numbers.
try() {
	local file=$1 name=$2 how=$3 who violation title kind=policy

	[ "$file" != broad ] || kind=d

	mkdir "$T/$file.$name"
	cd "$T/$file.$name" || exit 99
	mkdir -m 777 p
	[[ $how == *n* || $name == false-proc ]] || natively "$@"
	for who in root nobody served; do
		[[ $how == *u* && $who == root || $how == *r* && $who != root ]] && continue
		[ "$(id -u)" = 0 ] || [ $who = nobody ] || continue
		for violation in kill errno; do
			[ $who$violation != servederrno ] || continue
			as $who $violation $kind
			title="$name: not with one (${who/served/nobody under root}, $violation)"
			confined "$title" "$file" "$name" "${start[@]}"
		done
	done
	cd "$T" && rm -rf "${T:?}/$file.$name"
}

# All attempts, a few at a time; their results in the order of the names.
attempts=()
for f in $FILES broad; do
	while read -r name how <&3; do
		[ "$only" = "  " ] || [[ $only == *" $name "* ]] || continue
		attempts+=("$f.$name")
		while [ "$(jobs -pr | wc -l)" -ge $JOBS ]; do wait -n; done
		try "$f" "$name" "$how" >"$T/$f.$name.tap" &
	done 3<<<"$("bin/$f")"
done
wait
for a in "${attempts[@]}"; do
	while IFS= read -r line; do
		case $line in
		"ok "*) ok "${line#ok * - }" ;;
		"not ok "*) not_ok "${line#not ok * - }" ;;
		*) printf '%s\n' "$line" ;;
		esac
	done <"$a.tap"
done
finish
