/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Exits as compilers seldom and assembly programmers like to write them. Each form_* makes getuid
 * and leaves; what it leaves to makes getgid, outside.
 *
 * BUILD: -O2
 * BUILD: -O2 -no-pie -fno-pie
 * BUILD: -O2 -static
 * WINDOW: form_*
 * IN: form_rep: getuid=10
 * IN: form_bnd: getuid=10
 * IN: form_imm: getuid=10
 * IN: form_jmp: getuid=10
 * IN: form_reg: getuid=10
 * IN: form_mem: getuid=10
 * IN: form_cond: getuid=10 geteuid=5
 * IN: form_pop: getuid=10
 * IN: form_push: getuid=10
 * IN: form_thunk: getuid=10
 * IN: form_table: getuid=10 geteuid=1 getegid=1
 * IN: form_here: getuid=10
 * IN: form_loop: getuid=30
 * IN: form_part: getuid=10 getegid=5
 * IN: form_data: getuid=10
 * IN: form_nop: getuid=10
 * IN: form_int3: getuid=10
 * IN: form_first: getuid=10
 * AFTER: getgid
 */
#include "win.h"

#include <signal.h>

#define CALL(nr) "mov $" #nr ", %eax\n\txor %edi, %edi\n\txor %esi, %esi\n\t" \
	"xor %edx, %edx\n\tpush %rcx\n\tpush %r11\n\tsyscall\n\tpop %r11\n\tpop %rcx\n\t"
#define UID CALL(102)
#define GID CALL(104)
#define EUID CALL(107)
#define EGID CALL(108)

#define FORM(name, body) \
	"\t.globl form_" #name "\n\t.type form_" #name ", @function\n" \
	"form_" #name ":\n\t.cfi_startproc\n\t" body "\n\t.cfi_endproc\n" \
	"\t.size form_" #name ", . - form_" #name "\n"

/* In rdi: a number. */
__asm__(
	".text\n"
	"\t.type leave_to, @function\n"
	"leave_to:\n\t" GID "mov $1, %eax\n\tret\n\t.size leave_to, . - leave_to\n"
	"\t.type __x86_indirect_thunk_rcx, @function\n"
	"__x86_indirect_thunk_rcx:\n\tcall 1f\n2:\tpause\n\tlfence\n\tjmp 2b\n"
	"1:\tmov %rcx, (%rsp)\n\tret\n"
	"\t.size __x86_indirect_thunk_rcx, . - __x86_indirect_thunk_rcx\n"

	FORM(rep, UID "mov $1, %eax\n\trep; ret")
	FORM(bnd, "endbr64\n\t" UID "mov $1, %eax\n\tbnd ret")
	/* Its caller pushes two words, which it takes away. */
	FORM(imm, UID "mov $1, %eax\n\tret $16")
	FORM(jmp, UID "jmp leave_to")
	FORM(reg, UID "lea leave_to(%rip), %rcx\n\tjmp *%rcx")
	FORM(mem, UID "jmp *leave_ptr(%rip)")
	/* The jump is one out of the function every other time. */
	FORM(cond, "push %rdi\n\t" UID "pop %rdi\n\ttest $1, %dil\n\tjnz leave_to\n\t" EUID
	     "mov $1, %eax\n\tret")
	FORM(pop, UID "pop %rcx\n\tmov $1, %eax\n\tjmp *%rcx")
	/* A ret that is a jump. */
	FORM(push, UID "lea leave_to(%rip), %rcx\n\tpush %rcx\n\tret")
	FORM(thunk, UID "lea leave_to(%rip), %rcx\n\tjmp __x86_indirect_thunk_rcx")
	/* A jump table between the instructions. */
	FORM(table, "push %rdi\n\t" UID "pop %rdi\n\tcmp $2, %rdi\n\tja 9f\n\t"
	     "lea 1f(%rip), %rcx\n\tmovslq (%rcx,%rdi,4), %rdi\n\tadd %rdi, %rcx\n\tjmp *%rcx\n"
	     "1:\t.long 2f - 1b, 3f - 1b, 9f - 1b\n"
	     "2:\t" EUID "mov $1, %eax\n\tret\n3:\t" EGID "9:\tmov $1, %eax\n\tret")
	FORM(here, "call 1f\n1:\tpop %rcx\n\t" UID "mov $1, %eax\n\tret")
	/* The entry is also where a loop goes on. */
	FORM(loop, "inc %ebx\n\t" UID "test $3, %bl\n\tjnz form_loop\n\tmov $1, %eax\n\tret")
	/* A part in another section, which jumps back. */
	FORM(part, "push %rdi\n\t" UID "pop %rdi\n\ttest $1, %dil\n\tjnz form_part.cold\n"
	     "form_part.back:\tmov $1, %eax\n\tret")
	"\t.section .text.unlikely, \"ax\", @progbits\n\t.type form_part.cold, @function\n"
	"form_part.cold:\n\t.cfi_startproc\n\t" EGID "jmp form_part.back\n\t.cfi_endproc\n"
	"\t.size form_part.cold, . - form_part.cold\n\t.text\n"
	/* Bytes that would be rets, in constants and in data. */
	FORM(data, UID "jmp 1f\n\t.byte 0xc3, 0xcc, 0xc3\n1:\tmov $0xc3c3c3c3, %ecx\n\t"
	     "cmp $0xc3c3c3c3, %ecx\n\tjne 1b\n\tmov $1, %eax\n\tret\n\t.byte 0xc3, 0xc3")
	FORM(nop, "xchg %ax, %ax\n\tnopw 0(%rax,%rax)\n\t" UID "mov $1, %eax\n\tret")
	/* A breakpoint of the program's own in the middle. */
	FORM(int3, UID "int3\n\tmov $1, %eax\n\tret")
	/* The first instruction is relative to itself and long. */
	FORM(first, "movl $0xc3c3c3c3, form_word(%rip)\n\t" UID "mov $1, %eax\n\tret")
	"\t.data\nleave_ptr:\t.quad leave_to\nform_word:\t.long 0\n\t.text\n");

static volatile sig_atomic_t traps;

static void on_trap(int sig)
{
	(void)sig;
	traps++;
}

#define PLAY(name, before) do { \
	long made = 0, i; \
\
	for (i = 0; i < 10; i++) { \
		long rc, n = i; \
\
		__asm__ volatile("sub $128, %%rsp\n\tmov %%rsp, %%r12\n\t" before \
				 "call form_" #name "\n\tcmp %%rsp, %%r12\n\tje 1f\n\tud2\n" \
				 "1:\tadd $128, %%rsp" \
				 : "=a"(rc), "+D"(n) \
				 : \
				 : "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "r12", \
				   "memory", "cc"); \
		made += rc; \
	} \
	printf(#name ": %ld\n", made); \
} while (0)

/* One round: the entry is passed four times, for one window. */
static void loops(void)
{
	long rc = 0, i;

	for (i = 0; i < 10; i++)
		__asm__ volatile("mov $1, %%ebx\n\tsub $128, %%rsp\n\t"
				 "call form_loop\n\tadd $128, %%rsp"
				 : "=a"(rc)
				 :
				 : "rbx", "rcx", "rdx", "rsi", "rdi", "r11", "memory", "cc");
	printf("loop: %ld\n", rc);
}

int main(int argc, char **argv)
{
	win_start(argc, argv);
	NEED(signal(SIGTRAP, on_trap) != SIG_ERR);
	PLAY(rep, "");
	PLAY(bnd, "");
	PLAY(imm, "push $0\n\tpush $0\n\t");
	PLAY(jmp, "");
	PLAY(reg, "");
	PLAY(mem, "");
	PLAY(cond, "");
	PLAY(pop, "");
	PLAY(push, "");
	PLAY(thunk, "");
	PLAY(table, "");
	PLAY(here, "");
	loops();
	PLAY(part, "");
	PLAY(data, "");
	PLAY(nop, "");
	PLAY(int3, "");
	PLAY(first, "");
	printf("traps of its own: %d\n", (int)traps);
	outside(SYS_getuid);
	return 0;
}
