#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# -f: whatever a person calls a function, and however its file was made, the window is found and
# works; and what is none is said to be none, before the program is started.
. "$(dirname "$0")/lib.sh"
must_be_built
cd "$T" || exit 99
source=$top_srcdir/tests/victims/win-paths.c
cp "$source" "$top_srcdir/tests/victims/win.h" .

# What the window of rets() must hold after one run.
want='getgid 8
getppid 4
getuid 10'

# The markers that were learned in all windows, and how often.
learned() {	# policy
	awk -f "$here/win-policy.awk" "$1" | sed -n 's/\t/ /g; s/^[^-][^ ]* //p' |
		grep -E '^(get(e?[ug]id|ppid|pgrp)) ' | sort
}

# sees SENTENCE WANT PROGRAM OPTIONS…: learned once, and confined once.
sees() {
	local sentence=$1 wanted=$2 exe=$3

	shift 3
	rm -f p
	shot learn "$RUN" -q --learn -p p "$@" -- "$exe"
	shot strict "$RUN" -q --strict -p p -- "$exe"
	if [ "$(learned p)" != "$wanted" ]; then
		not_ok "$sentence" "learned:" "$(learned p)" "$(cat learn.err)"
	elif differs native learn >diff || differs native strict >diff; then
		not_ok "$sentence" "$(cat diff)"
	else
		ok "$sentence"
	fi
}

build() {	# output, compiler and options…
	local out=$1

	shift
	"${@:1:1}" -g -w -O1 "${@:2}" -o "$out" win-paths.c 2>build.err
}

cc=${CC:-cc}
if ! build win-paths $cc; then
	not_ok "the program can be compiled" "$(cat build.err)"
	finish
fi
shot native ./win-paths
at=$(nm win-paths | sed -n 's/^0*\([0-9a-f]*\) T rets$/0x\1/p')
line=$(grep -n 'evil();' win-paths.c | head -1 | cut -d: -f1)
printf '# two of them\nrets\n\ninner\n' >list

# ---- names

sees 'a window is found by its name' "$want" ./win-paths -f rets
sees 'by a glob' "$want" ./win-paths -f 're[st]s'
sees 'by its address' "$want" ./win-paths -f "$at"
sees 'by a line of its source' "$want" ./win-paths -f "win-paths.c:$line"
sees 'by its object and its name' "$want" ./win-paths -f win-paths:rets
sees 'by the path of its object and its name' "$want" ./win-paths -f "$PWD/win-paths:rets"
sees 'by a list of names' "getegid 30
$want" ./win-paths -f @list
sees 'a function by two names is one window' "$want" ./win-paths -f rets -f "$at"
is 'it has one section' "$(grep -c '^\[window [0-9]*\]' p)" 1

# ---- ways to build

variant() {	# sentence, options of cc
	if build variant "${@:2}"; then
		sees "$1" "$want" ./variant -f rets
	else
		skip "$1" "it cannot be compiled: $(head -1 build.err)"
	fi
}
variant 'it is found in a program that is no PIE' $cc -no-pie -fno-pie
variant 'in a static one' $cc -static
variant 'in a static PIE' $cc -static-pie
variant 'in one without frame pointers that calls through the GOT' $cc -fomit-frame-pointer -fno-plt
variant 'in one with endbr64 at each entry' $cc -fcf-protection=full
variant 'in one with retpolines' $cc -mindirect-branch=thunk -mfunction-return=keep
variant 'in one with DWARF 4' $cc -gdwarf-4
variant 'in one with packed debug information' $cc -gz
variant 'in one that is linked while it is loaded' $cc -Wl,-z,now
variant 'in one that is linked when it calls' $cc -Wl,-z,lazy
variant 'in a static one with musl' musl-gcc -static
variant 'in a dynamic one with musl' musl-gcc
variant 'in one made by clang' clang

build two-parts $cc -O2
if nm two-parts | grep -q ' cold\.cold$'; then
	"$TOOL" functions two-parts cold >functions.out
	has 'a function in two parts is shown with its line' functions.out \
		' cold \(.*win-paths\.c:[0-9]+\)$'
else
	skip 'a function in two parts is shown with its line' 'the compiler makes one'
fi

# ---- what is left of the symbols

cp win-paths whole
strip -o stripped win-paths
sees 'stripped, it is found by its address' "$want" ./stripped -f "$at"
shot bare "$RUN" --learn -p q -f rets -- ./stripped
has 'but not by its name, and the hint is to name an address' bare.err \
	'0xADDR names a function by its address'
mkdir .debug
objcopy --only-keep-debug win-paths .debug/linked.debug
(cd .debug && objcopy --add-gnu-debuglink=linked.debug ../stripped ../linked)
sees 'stripped, it is found in the debug file that .gnu_debuglink names' "$want" ./linked -f rets
sees 'and by a line in that' "$want" ./linked -f "win-paths.c:$line"
echo changed >>.debug/linked.debug
shot bare "$RUN" --learn -p q -f rets -- ./linked
is 'a debug file that has changed is not believed, unless its build ID says so' "$(cat bare.rc)" \
	"$(readelf -n win-paths | grep -q 'Build ID' && echo 0 || echo 125)"
nm win-paths --format=posix --defined-only | awk '$2 ~ /[Tt]/ { print $1 }' >functions
objcopy -S --keep-symbols=functions win-paths mini 2>/dev/null
xz -c mini >mini.xz
objcopy --add-section .gnu_debugdata=mini.xz stripped with-mini
sees 'stripped, it is found in .gnu_debugdata' "$want" ./with-mini -f rets

libc=$(ldd win-paths | sed -n 's/.*=> \(.*libc\.so\.6\) .*/\1/p')
id=$(readelf -n "$libc" | sed -n 's/.*Build ID: //p')
if [ -e "/usr/lib/debug/.build-id/${id:0:2}/${id:2}.debug" ]; then
	rm -f p
	shot dbg "$RUN" -q --learn -p p -f libc.so.6:new_do_write -- ./win-paths
	is 'a local function of libc is found in the debug file of its build ID' \
		"$(awk -f "$here/win-policy.awk" p | grep '^new_do_write' | tr '\t' ' ')" \
		"new_do_write write $(wc -l <native.out)"
else
	skip 'a local function of libc is found in the debug file of its build ID' \
		'the debug information of libc (libc6-dbg) is not installed'
fi

# ---- what is no function

# refused SENTENCE FUNC REGEX: nothing was started.
refused() {
	rm -f p
	shot no "$RUN" --learn -p p -f "$2" -- "${3:-./win-paths}"
	if [ "$(cat no.rc)" != 125 ] || [ -s no.out ] || ! grep -qE -e "$4" no.err; then
		not_ok "$1" "status $(cat no.rc)" "$(cat no.out no.err)"
	else
		ok "$1"
	fi
}
refused 'data is refused' zero '' 'zero is data in .*, not a function'
refused 'so is a function of a library, and the hint names it' printf '' 'name the library.*:printf'
refused 'an address outside of the code' 0x10 '' 'there is no code at 0x10'
refused 'an address inside of a function' "$(printf '0x%x' $((at + 1)))" '' 'it is inside of rets'
refused 'an address that is none' 0xyz '' '0xyz is not an address'
refused 'a name that is almost right, with the right one' retz '' 'did you mean rets\?'
refused 'a glob that matches nothing' 'q*z' '' 'no function of .* is called q\*z'
refused 'a line without code' win-paths.c:99999 '' 'from line 99999'
refused 'a list that is not there' @nowhere '' 'cannot read .*nowhere'
refused 'an empty name' '' '' 'wants a function'
cp win-paths damaged
printf '\377\377\377\377\377\377\377\177' | dd of=damaged bs=1 seek=40 conv=notrunc status=none
refused 'section headers beyond the end of the file' rets ./damaged \
	'no function|damaged|no symbols|not an ELF'
head -c 4096 win-paths >short
chmod +x short
refused 'a file that is cut off' rets ./short 'no function|damaged|no symbols|not an ELF|cannot'
shot other "$RUN" --learn -p p -f libnowhere.so:f -- ./win-paths
has 'a library that nobody has loaded is told of' other.err 'mapped a file called libnowhere\.so'
is 'and the program has run' "$(cat other.out)" "$(cat native.out)"
shot other "$RUN" --learn -p p -f 'libc.so.6:nothing_of_that_name' -- ./win-paths
is 'a function that its library does not have ends the run' "$(cat other.rc)" 125
has 'and is told' other.err 'no function of .*libc\.so\.6 is called nothing_of_that_name'
shot strict "$RUN" --strict -p none -f rets -- ./win-paths
is 'strict without a policy for the window is refused' "$(cat strict.rc)" 125

shot scope "$RUN" --learn -p scope.policy -f rets -- ./win-paths
shot scope "$RUN" --learn -p scope.policy -f rets --scope thread -- ./win-paths
has_not 'a scope that a window has already is nothing to tell' scope.err 'is there already'
shot scope "$RUN" --learn -p scope.policy -f rets --scope process -- ./win-paths
is 'a window keeps the scope that the policy gives it, whatever --scope says' \
	"$(cat scope.rc) $(grep -c '^scope = process' scope.policy)" '0 0'
has 'which is told' scope.err 'window rets is there already, of the thread: --scope process'
has 'with what would change it' scope.err 'hint: "scope = process" below \[window 1\]'
sed -i 's/^function = "rets"$/&\nscope = process/' scope.policy
shot scope "$RUN" --learn -p scope.policy -f rets --scope process -- ./win-paths
has_not 'and does' scope.err 'is there already'
shot scope "$RUN" --learn -p scope.policy -f rets -- ./win-paths
has_not 'without --scope nothing is contradicted' scope.err 'is there already'
finish
