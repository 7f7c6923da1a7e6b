#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Function windows: what is called inside of them is learned there, as often as it was made, and
# nothing else; and a confined program calls inside what it may call there, and outside not. The
# programs are tests/victims/win-*; what each must show is written in its head (see win.h).
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-windows.sh"
must_be_built

runs=3

# What is made outside is learned there, and what is not made there is not.
compare_outside() {	# source, policy
	local after call where

	after=" $(head_of "$1" AFTER | tr '\n' ' ') "
	where=$(learned "$2" | sed -n 's/^-\t\([^\t]*\)\t.*/\1/p' | tr '\n' ' ')
	for call in $markers; do
		case "$after:$where" in
		*" $call "*:*"$call "*) ;;
		*" $call "*:*) echo "$call is not learned outside" ;;
		*:*" $call "*|*:"$call "*)
			# A runtime may make it as well.
			wanted "$1" | grep -q "$tab$call$tab" &&
				echo "$call is learned outside"
			;;
		esac
	done
}

compile() {	# source, output, options…
	local compiler=${CC:-cc}

	case $1 in
	*.cc) compiler=${CXX:-c++} ;;
	esac
	# shellcheck disable=SC2086
	$compiler -g -w "${@:3}" -o "$2" "$1" >"$T/build" 2>&1
}

# The output of a program is that which it has natively.
same_output() {	# what, how many times, command…
	local what=$1 n=$2 i

	shift 2
	for ((i = 1; i <= n; i++)); do
		shot "$dir/run" "$@"
		differs "$dir/native" "$dir/run" >"$dir/diff" || continue
		not_ok "$what" "run $i of: $*" "$(head -30 "$dir/diff")"
		return 1
	done
}

# With this argument the program makes a call that it was not seen to make there.
refused() {	# sentence, argument, its word for that, the call
	grep -qE "^[^#]*$5\\(" "$source" || return
	shot "$dir/native.$2" "$exe" "$2"
	if ! grep -q "^$3 made" "$dir/native.$2.out"; then
		not_ok "$1" "natively it is not made" "$(cat "$dir/native.$2".*)"
		return
	fi
	shot "$dir/$2" "$RUN" --strict -p "$dir/policy" "${options[@]}" -- "$exe" "$2"
	if grep -q "^$3 made" "$dir/$2.out" || [ "$(cat "$dir/$2.rc")" != 159 ] ||
	   ! grep -qE "denied $4" "$dir/$2.err"; then
		not_ok "$1" "status $(cat "$dir/$2.rc")" "$(cat "$dir/$2.out" "$dir/$2.err")"
	else
		ok "$1"
	fi
}

# Everything about one victim, compiled in one way. @full: all runs, not only one of each kind.
play() {	# label, full
	local label=$1 n=1 i wrong=''

	[ -z "$2" ] || n=$runs
	shot "$dir/native" "$exe"
	if [ "$(cat "$dir/native.rc")" != 0 ]; then
		not_ok "$label: natively it works" "$(cat "$dir/native."*)"
		return
	fi
	rm -f "$dir/policy"
	for ((i = 1; i <= n; i++)); do
		same_output "$label: as natively while learning" 1 "$RUN" -q --learn \
			-p "$dir/policy" "${options[@]}" "${windows[@]}" -- "$exe" || return
		wrong+=$(compare "$source" "$dir/policy" "$i")
	done
	if [ -n "$wrong" ]; then
		not_ok "$label: in its windows is what was called inside, and how often" "$wrong"
		return
	fi
	ok "$label: in its windows is what was called inside, and how often"
	is "$label: outside is what was called outside" \
		"$(compare_outside "$source" "$dir/policy")" ''
	same_output "$label: as natively when confined" "$n" \
		"$RUN" -q --strict -p "$dir/policy" "${options[@]}" -- "$exe" &&
		ok "$label: as natively when confined"
	[ -n "$2" ] || return
	refused "$label: a call that was never made in a window is refused there" \
		evil EVIL 'sched_getparam\(.* inside ' evil
	refused "$label: a call of a window is refused outside" \
		out OUT 'get[a-z]*\(' outside
}

# A victim in each way that its head names.
victim() {	# source
	local source=$1 name build full=yes dir exe library
	local -a windows options flags

	name=$(basename "${source%.*}")
	windows_of "$source"
	library=$(head_of "$source" LIBRARY)
	while read -r build <&3; do
		dir=$T/$name
		rm -rf "$dir"
		mkdir -p "$dir"
		exe=$dir/$name
		options=()
		case $build in
		*'|'*) read -ra options <<<"${build#*|}" ;;
		esac
		read -ra flags <<<"${build%|*}"
		if [ -n "$library" ]; then
			# shellcheck disable=SC2086
			compile "$source" "$dir/lib$name.so" $library
		fi
		if ! compile "$source" "$exe" "${flags[@]}"; then
			skip "$name (${build%|*})" "it cannot be compiled: $(head -1 "$T/build")"
			continue
		fi
		play "$name (${build% |*})" "$full"
		full=
		rm -rf "$dir"
	done 3< <(head_of "$source" BUILD)
}

if [ $# -gt 0 ]; then
	for one in "$@"; do
		victim "$one"
	done
	finish
fi
for one in "$top_srcdir"/tests/victims/win-*.c "$top_srcdir"/tests/victims/win-*.cc; do
	victim "$one"
done
finish
