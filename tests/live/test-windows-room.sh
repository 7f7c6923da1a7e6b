#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Instructions that must run elsewhere, more of them than there is room for behind the code of a
# static program, which has no other file mapped: they run behind the vdso.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-windows.sh"
must_be_built
cd "$T" || exit 99
functions=40

# Each begins with an instruction of a register that a supervisor does not work with.
{
	echo '#include <stdio.h>'
	echo '#include <sys/wait.h>'
	echo '#include <unistd.h>'
	echo 'asm(".text; .skip PAD, 0x90");'
	for ((i = 1; i <= functions; i++)); do
		echo "asm(\".globl slot_$i; .type slot_$i, @function; slot_$i: movd %edi, %xmm1;\""
		echo '"movl $102, %eax; syscall; movd %xmm1, %eax; ret;"'
		echo "\".size slot_$i, . - slot_$i\"); extern int slot_$i(int);"
	done
	echo 'static int all(void) { return 0'
	for ((i = 1; i <= functions; i++)); do
		echo "+ slot_$i($i)"
	done
	echo '; }'
	echo 'int main(void) { int status; pid_t pid = fork();'
	echo 'if (pid == 0) _exit(all() & 0xff);'
	echo 'if (pid < 0 || waitpid(pid, &status, 0) != pid) return 1;'
	echo 'printf("%d %d\n", all(), WEXITSTATUS(status)); return 0; }'
} >many.c

compile() {	# bytes of padding
	${CC:-cc} -static -O1 -w "-Wa,--defsym,PAD=$1" -o many many.c
}

# What is left of the last page of code.
slack() {
	readelf -lW many | awk '$1 == "LOAD" && / R E / { print $3, $6 }' | {
		read -r at size
		echo $((4096 - (at + size) % 4096))
	}
}

if ! compile 0; then
	echo "Bail out! a static program cannot be linked"
	exit 99
fi
room=$(slack)
compile $(((room + 4096 - 160) / 16 * 16 % 4096))
check "the last page of code has little room" [ "$(slack)" -lt 200 ]
shot native ./many
for i in 1 2; do
	shot l "$RUN" -q --learn -p p.policy -f 'slot_*' -- ./many
	is "each instruction runs, in the child of fork, too ($i)" "$(cat l.rc l.out l.err)" \
		"$(cat native.rc native.out)"
done
is "each window was seen, each time" \
	"$(learned p.policy | grep -c '^slot_[0-9]*.getuid.4$')" "$functions"
# Nothing of it is the program's call, so that no policy has to allow it.
shot s "$RUN" -q --strict -p p.policy -- ./many
is "the same when confined" "$(cat s.rc s.out s.err)" "$(cat native.rc native.out)"

# Its library has some more such instructions. A third of a page takes them all.
compile $(((room + 4096 - 1536) / 16 * 16 % 4096))
shot l "$RUN" -q --learn -p all.policy -f '*' -- ./many
is "all functions of a static program can be windows" "$(cat l.rc l.out)" \
	"$(cat native.rc native.out)"
has_not "and none is refused" l.err 'no room'
finish
