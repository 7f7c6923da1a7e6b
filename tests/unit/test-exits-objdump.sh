#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What compilers make of switches, exceptions, tail calls, cold paths: every ret that objdump shows
# in a function is found, and nothing where objdump sees no instruction begin.
set -u
top=${top_srcdir:-.}
chestnut=${top_builddir:-.}/chestnut
dir=$(mktemp -d "${TMPDIR:-/tmp}/chestnut-exits.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
n=0
bad=0

result() # STATUS SENTENCE
{
	n=$((n + 1))
	echo "$1 $n - $2"
	test "$1" = ok || bad=1
}

skip() # SENTENCE WHY
{
	if test "${CR_MUST_RUN-}" = 1; then
		result "not ok" "$1"
		echo "# $2"
	else
		result ok "$1 # SKIP $2"
	fi
}

# Lines "ret ADDRESS" for each ret of our functions, then "is ADDRESS RET?" for all of objdump's.
compare='
function num(hex,	i, v)
{
	v = 0
	hex = tolower(hex)
	sub(/^0x/, "", hex)
	for (i = 1; i <= length(hex); i++)
		v = v * 16 + index("0123456789abcdef", substr(hex, i, 1)) - 1
	return v
}
FNR == 1 { file++ }
file == 1 {
	line = $0
	if (match(line, /^ +[0-9a-f]+:\t/)) {
		at = line
		sub(/:.*/, "", at)
		sub(/^ +/, "", at)
		begins[num(at)] = 1
		if (line ~ /:\t((rep|repz|bnd|data16|cs) +)*ret[lwq]?( |$)/)
			is_ret[num(at)] = 1
	}
	next
}
FNR == 1 { next }
/^    part / {
	split($2, r, "-")
	from[++k] = num(r[1])
	to[k] = num(r[2])
	to[first] -= to[k] - from[k]
	next
}
/^    0x/ {
	exits++
	if (!(num($1) in begins))
		print "# no instruction begins at " $1
	found[num($1)] = 1
	next
}
{
	first = ++k
	from[k] = num($1)
	to[k] = from[k] + $2
	functions++
}
END {
	for (a in is_ret)
		for (i = 1; i <= k; i++)
			if (a + 0 >= from[i] && a + 0 < to[i] && !(a in found)) {
				printf "# the ret at %x was not found\n", a
				break
			}
	if (functions < 8 || exits < 8)
		print "# only " functions " functions and " exits " exits"
}'

check() # COMPILER SOURCE FLAGS...
{
	local cc=$1 src=$2 what
	shift 2
	what="rets of $src by ${cc##*/} $* are those that objdump sees"
	if ! command -v "$cc" >/dev/null ||
	   ! "$cc" "$@" -o "$dir/it" "$top/tests/victims/$src" 2>"$dir/why"; then
		skip "$what" "$cc cannot build it"
		return
	fi
	if ! objdump -d -w --no-show-raw-insn "$dir/it" >"$dir/dis"; then
		skip "$what" "no objdump"
		return
	fi
	if ! "$chestnut" functions -e "$dir/it" >"$dir/list"; then
		result "not ok" "$what"
		return
	fi
	awk "$compare" "$dir/dis" "$dir/list" >"$dir/diff"
	if test -s "$dir/diff"; then
		result "not ok" "$what"
		cat "$dir/diff"
	else
		result ok "$what"
	fi
}

for flags in -O0 -O2 -O3 -Os "-O2 -m32" "-O0 -m32" "-O2 -fno-pie -no-pie" \
	     "-O2 -fcf-protection=full"; do
	# shellcheck disable=SC2086
	check gcc fn-switch.c $flags
	# shellcheck disable=SC2086
	check clang fn-switch.c $flags
done
check gcc fn-switch.c -O2 -mindirect-branch=thunk
for flags in -O0 -O2 "-O2 -s -rdynamic"; do
	# shellcheck disable=SC2086
	check g++ fn-throw.cc $flags
	# shellcheck disable=SC2086
	check clang++ fn-throw.cc $flags
done
echo "1..$n"
exit $bad
