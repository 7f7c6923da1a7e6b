#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Windows against the kernel's own probes: bpftrace counts the calls between a function's entry and
# its return, and so do we. Both must see the same calls as often. (Not so of functions that end in
# a tail call: a return probe knows nothing of that, and counts what they have jumped to.)
#
# usage: test-windows-truth.sh [--possible]
#
# --possible: prints why it cannot run here, and then exits 1. It takes root, uprobes and BPF, so
# it is not among the tests of "make check"; scripts/check runs it where it can.
. "$(dirname "$0")/lib.sh"

# Where tracefs is not mounted, it is for the command only.
probed() {	# command…
	# shellcheck disable=SC2016 # the inner shell expands it
	limited unshare -m sh -c 'at=/sys/kernel/tracing
		test -e $at/uprobe_events || mount -t tracefs none $at
		exec "$@"' sh "$@"
}

impossible() {
	local out

	[ "$(id -u)" = 0 ] || { echo 'only root may place probes'; return; }
	need_program bpftrace || { echo 'bpftrace is not installed'; return; }
	out=$(probed bpftrace -e 'uprobe:/bin/true:_init { } tracepoint:raw_syscalls:sys_enter { }
		BEGIN { printf("it works\n"); exit(); }' 2>&1)
	case $out in
	*'it works'*) ;;
	*) out=$(probed bpftrace -e 'tracepoint:raw_syscalls:sys_enter { exit(); }' 2>&1) &&
		case $out in *ERROR*) echo "the kernel lets nobody probe: $out" ;; esac ;;
	esac
}

if [ "${1-}" = --possible ]; then
	why=$(impossible)
	[ -z "$why" ] || { echo "$why"; exit 1; }
	exit 0
fi
must_be_built
why=$(impossible)
if [ -n "$why" ]; then
	skip 'the calls in windows are those that probes see' "$why"
	finish
fi
cd "$T" || exit 99
cc=${CC:-cc}

# "NUMBER NAME" of each call.
echo '#include <asm/unistd_64.h>' | $cc -E -dM - |
	sed -n 's/^#define __NR_\([a-z0-9_]*\) \([0-9]*\)$/\2 \1/p' >names

# What bpftrace sees in each function of a file: "FUNCTION CALL COUNT". The call that its own return
# probe makes (335) does not count. Others run the same libraries, so only the command counts.
truth() {	# file, functions as words, command
	local file=$1 f functions=$2

	for f in $functions; do
		cat <<-END
			uprobe:$file:$f /pid == cpid/ { @d["$f"]++; }
			uretprobe:$file:$f /pid == cpid && @d["$f"] > 0/ { @d["$f"]--; }
			tracepoint:raw_syscalls:sys_enter
			/pid == cpid && args->id != 335 && @d["$f"] > 0/
			{ @w["$f", args->id] = count(); }
		END
	done >script
	probed bpftrace -c "$3" script 2>probe.err |
		sed -n 's/^@w\[\([^,]*\), \([0-9]*\)\]: \([0-9]*\)$/\1 \2 \3/p' |
		awk 'NR == FNR { name[$1] = $2; next } { print $1, name[$2], $3 }' names - | sort
}

# What we see in them.
seen() {	# policy
	awk -f "$here/win-policy.awk" "$1" | grep -v '^-' | tr '\t' ' ' | sort
}

agree() {	# sentence, file, OBJECT: or nothing, functions as words, command
	local f windows=() want got

	for f in $4; do
		windows+=(-f "$3$f")
	done
	want=$(truth "$2" "$4" "$5")
	rm -f p
	# shellcheck disable=SC2086 # the command is a list of words
	shot run "$RUN" -q --learn -p p "${windows[@]}" -- $5
	got=$(seen p)
	if [ -z "$want" ]; then
		not_ok "$1" "the probes have seen nothing" "$(cat probe.err)"
	else
		is "$1" "$got" "$want"
	fi
}

cp "$top_srcdir"/tests/victims/win.h "$top_srcdir"/tests/victims/win-paths.c .
if ! $cc -g -w -O2 -o paths win-paths.c 2>build.err; then
	not_ok 'the program can be compiled' "$(cat build.err)"
	finish
fi
agree 'several exits, nesting, a cold part and a jump table' "$T/paths" '' \
	'rets inner outer cold table' "$T/paths"
libc=$(ldd paths | sed -n 's/.*=> \(.*libc\.so\.6\) .*/\1/p')
agree 'a directory is read by ls' "$libc" libc.so.6: readdir64 '/bin/ls -l /usr'
agree 'names of users are looked up by ls' "$libc" libc.so.6: 'getpwuid getgrgid' '/bin/ls -l /usr'
agree 'a file is opened, read and closed by sort' "$libc" libc.so.6: 'fopen fread fclose' \
	'/usr/bin/sort /etc/passwd'
agree 'an address is resolved by getent' "$libc" libc.so.6: getaddrinfo \
	'/usr/bin/getent ahosts 127.0.0.1'
finish
