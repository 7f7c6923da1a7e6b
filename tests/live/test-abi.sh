#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The tables of i386, x32 and x86-64 are told apart: learned apart, and allowed apart.
. "$(dirname "$0")/lib.sh"
must_be_built "$VICTIMS/abi"
cd "$T" || exit 99

# section FILE NAME: the rules of one section.
section() {
	awk -v want="[$2]" '/^\[/ { on = $0 == want; next } on' "$1"
}

same int80 "$VICTIMS/abi" i386
limited "$RUN" -q -l -p i.policy -- "$VICTIMS/abi" i386 >/dev/null
section i.policy "syscalls i386" >i386
section i.policy "syscalls" >x86-64
has "int 0x80: getpid is learned as i386's" i386 '^getpid = allow'
has "int 0x80: getuid32, which x86-64 has not, too" i386 '^getuid32 = allow'
has "int 0x80: and write" i386 '^write = allow'
has_not "int 0x80: nothing is taken for x86-64's writev, which is number 20 there" x86-64 '^writev'
has_not "int 0x80: nor for semget, which is number 64 there" x86-64 '^semget'
has_not "numbers that no kernel has are not learned" i.policy '9999|4294967295'

# A policy for one ABI is none for the other.
awk '/^\[/ { skip = $2 == "i386]" } !skip' i.policy >only64.policy
shot s "$RUN" --strict -p only64.policy -- "$VICTIMS/abi" i386
is "an x86-64 policy allows no i386 call" "$(cat s.rc)" 159
has "and the report names the ABI" s.err 'i386'

same x32 "$VICTIMS/abi" x32
if [ -x "$VICTIMS/abi32" ]; then
	same i386-program "$VICTIMS/abi32"
	limited "$RUN" -q -l -p 32.policy -- "$VICTIMS/abi32" >/dev/null
	section 32.policy "syscalls i386" >i386
	has "a 32-bit program: its calls are i386's" i386 '^(clone|clone3) = allow'
	has "a 32-bit program: its 64-bit child's calls are not" 32.policy '^\[syscalls\]$'
else
	skip "a 32-bit program" "the compiler makes no static 32-bit programs here"
fi
finish
