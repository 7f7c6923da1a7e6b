# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# lib - what the live tests share: where things are, TAP, and "the same with and without"
#
# A test sources this, calls ok/not_ok/skip/same any number of times, and "finish" at its end.
# Every program is run under a time limit that guards against hangs and measures nothing.

set -u
# The leak checker traces its own process, which a supervisor that guards itself does not let it;
# and what the program inherits shall not be changed by the sanitizer.
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0:disable_coredump=0}
export LC_ALL=C
unset CDPATH

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top_srcdir=$(cd "$here/../.." && pwd)
top_builddir=$(cd "${top_builddir:-.}" && pwd)
RUN=${CHESTNUT_RUN:-$top_builddir/chestnut-run}
TOOL=${CHESTNUT:-$top_builddir/chestnut}
VICTIMS=${CHESTNUT_VICTIMS:-$top_builddir/tests/victims}
LIVE=${CHESTNUT_LIVE:-$top_builddir/tests/live}
LIMIT=${CHESTNUT_LIMIT:-120}

tap_no=0
tap_failed=0

T=$(mktemp -d "${TMPDIR:-/tmp}/chestnut-live.XXXXXX") || exit 99
chmod 755 "$T"
# Programs that take a command as blank-separated words cannot take one with a blank in its path.
case $RUN in
*[[:space:]]*)
	ln -s "$(dirname "$RUN")" "$T/build"
	RUN=$T/build/chestnut-run
	;;
esac
cleanup() {
	cd /
	rm -rf "$T"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

comment() {
	sed 's/^/# /'
}

ok() {
	tap_no=$((tap_no + 1))
	echo "ok $tap_no - $1"
}

# not_ok SENTENCE [WHY…]: each WHY is a line of comment.
not_ok() {
	tap_no=$((tap_no + 1))
	tap_failed=$((tap_failed + 1))
	echo "not ok $tap_no - $1"
	shift
	[ $# -eq 0 ] || printf '%s\n' "$@" | comment
}

skip() {
	if [ "${CR_MUST_RUN:-}" = 1 ]; then
		not_ok "$1" "skipped, but CR_MUST_RUN is set: $2"
	else
		tap_no=$((tap_no + 1))
		echo "ok $tap_no - $1 # SKIP $2"
	fi
}

finish() {
	echo "1..$tap_no"
	exit $((tap_failed != 0))
}

# check SENTENCE COMMAND…: the command's success.
check() {
	local sentence=$1

	shift
	if "$@" >"$T/check.out" 2>&1; then
		ok "$sentence"
	else
		not_ok "$sentence" "failed ($?): $*" "$(head -20 "$T/check.out")"
	fi
}

# is SENTENCE GOT WANT
is() {
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1" "got:  $2" "want: $3"
	fi
}

# has SENTENCE FILE EXTENDED-REGEX
has() {
	if grep -qE -e "$3" "$2"; then
		ok "$1"
	else
		not_ok "$1" "no line matches: $3" "$(head -40 "$2")"
	fi
}

# has_not SENTENCE FILE EXTENDED-REGEX
has_not() {
	if grep -qE -e "$3" "$2"; then
		not_ok "$1" "a line matches: $3" "$(head -40 "$2")"
	else
		ok "$1"
	fi
}

# limited COMMAND…: with the time limit, its own status (124, 137: it hung).
limited() {
	timeout --kill-after=10 "$LIMIT" "$@"
}

# until_true SECONDS COMMAND…: waits for a condition, for a bounded time.
until_true() {
	local tries=$(($1 * 20))

	shift
	while [ $tries -gt 0 ]; do
		"$@" && return 0
		sleep 0.05
		tries=$((tries - 1))
	done
	return 1
}

# shot WHERE COMMAND…: runs it; WHERE.out, WHERE.err, WHERE.rc say what came. The shell's own
# words about a signal ("Segmentation fault") do not belong to the command's stderr.
shot() {
	local where=$1 rc

	shift
	{
		timeout --kill-after=10 "$LIMIT" "$@" >"$where.out" 2>"$where.err" </dev/null
		rc=$?
	} 2>/dev/null
	echo $rc >"$where.rc"
}

# differs NATIVE OTHER: prints what is different; false when nothing is.
differs() {
	local part differ=1

	for part in rc err out; do
		diff -u --label "native.$part" --label "supervised.$part" \
			"$1.$part" "$2.$part" || differ=0
	done
	return $differ
}

# same NAME COMMAND…: output, error output and status natively, twice learning, thrice strict.
same() {
	local name=$1 dir i

	shift
	dir=$T/same.$name
	mkdir -p "$dir"
	shot "$dir/native" "$@"
	case $(cat "$dir/native.rc") in
	9[6-9]|124|126|127)	# a victim's word for "in vain" (victim.h), a hang, not there
		not_ok "$name: natively it works" "$(cat "$dir/native."*)"
		return 1 ;;
	esac
	for i in 1 2; do
		shot "$dir/learn$i" "$RUN" -q --learn -p "$dir/policy" -- "$@"
		if differs "$dir/native" "$dir/learn$i" >"$dir/diff"; then
			not_ok "$name: as natively while learning" "run $i" \
				"$(head -40 "$dir/diff")"
			return 1
		fi
	done
	for i in 1 2 3; do
		shot "$dir/strict$i" "$RUN" -q --strict -p "$dir/policy" -- "$@"
		if differs "$dir/native" "$dir/strict$i" >"$dir/diff"; then
			not_ok "$name: as natively when confined" "run $i" \
				"$(head -40 "$dir/diff")"
			return 1
		fi
	done
	ok "$name: the same natively, learning and confined"
	rm -rf "$dir"
}

# survivors TOKEN: the processes whose environment or arguments hold TOKEN (ours excepted).
survivors() {
	local f p

	grep -lasF -e "$1" /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null |
	while read -r f; do
		p=${f#/proc/}
		p=${p%/*}
		[ "$p" = $$ ] || [ "$p" = "$BASHPID" ] && continue
		case $(sed 's/.*) //' "/proc/$p/stat" 2>/dev/null) in
		Z*|X*|'') ;;
		*) echo "$p" ;;
		esac
	done
}

no_survivors() {
	[ -z "$(survivors "$1")" ]
}

need_program() {
	command -v "$1" >/dev/null 2>&1
}

# must_be_built: the whole test is in vain without these.
must_be_built() {
	local p

	for p in "$RUN" "$TOOL" "$@"; do
		[ -x "$p" ] && continue
		echo "Bail out! $p is not built"
		exit 99
	done
}
