/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A restartable sequence begins again when its thread is interrupted: with a trap in it, for ever.
 * One beside the entry and the exits does no harm.
 *
 * BUILD: -O2
 * BUILD: -O2 -static -no-pie -fno-pie
 * WINDOW: counts
 * IN: counts: getuid=1000 getgid=1000
 * AFTER: getegid
 */
#include "win.h"

#include <sys/rseq.h>

static volatile int zero;
volatile long counter, restarts;

/* The sequence is in the middle of the function, and the ret right behind its last instruction. */
__asm__(
	".pushsection __rseq_cs, \"aw\"\n"
	".balign 32\n"
	"sequence:\t.long 0, 0\n\t.quad 1f, 2f - 1f, 4f\n"
	".popsection\n"
	".text\n"
	".globl restartable\n.type restartable, @function\n"
	"restartable:\n\t.cfi_startproc\n"
	"\tlea sequence(%rip), %rax\n"
	"3:\tmov %rax, 8(%rdi)\n"	/* rseq_cs */
	"1:\tmov counter(%rip), %rcx\n"
	"\tinc %rcx\n"
	"\tmov %rcx, counter(%rip)\n"
	"2:\tret\n"
	/* The signature, and where the kernel sends a thread that was interrupted. */
	"\t.byte 0x0f, 0xb9, 0x3d\n\t.long 0x53053053\n"
	"4:\tincq restarts(%rip)\n"
	"\tcmpq $100000, restarts(%rip)\n"
	"\tjb 3b\n"
	"\tret\n\t.cfi_endproc\n\t.size restartable, . - restartable\n");

void restartable(void *area);

/* Marks on both sides: the sequence itself may make no call. */
NOINLINE int counts(void *area)
{
	mark(SYS_getuid);
	evil();
	restartable(area);
	mark(SYS_getgid);
	return zero + 1;
}

int main(int argc, char **argv)
{
	void *area = (char *)__builtin_thread_pointer() + __rseq_offset;
	int i, sum = 0;

	win_start(argc, argv);
	if (!__rseq_size) {
		printf("there are no restartable sequences here\n");
		return 0;
	}
	for (i = 0; i < 1000; i++) {
		sum += counts(area);
		mark(SYS_getegid);
	}
	printf("%d turns, counted %ld, restarted %s\n", sum, counter,
	       restarts < 1000 ? "seldom" : "for ever");
	outside(SYS_getuid);
	return 0;
}
