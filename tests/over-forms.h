/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * over-forms - instructions that stand at entries and exits of functions, and how each is got over
 *
 * In the bytes of a rip-relative operand or a relative branch the distance is four bytes 0.
 */
#ifndef OVER_FORMS_H
#define OVER_FORMS_H

#include "cr/over.h"

#define E CR_OVER_EMULATE
#define D CR_OVER_DISPLACE
#define S CR_OVER_STEP

struct over_form {
	const char *text;
	const char *hex;
	unsigned int flags;
	unsigned int can;	/* without CR_OVER_STEP, which all can */
	enum cr_over_how how;
};

static const struct over_form over_forms[] = {
	{ "endbr64", "f30f1efa", 0, E | D, E },
	{ "endbr32", "f30f1efb", 0, E | D, E },
	{ "nop", "90", 0, E | D, E },
	{ "nop, 2 bytes", "6690", 0, E | D, E },
	{ "nopl (%rax)", "0f1f00", 0, E | D, E },
	{ "nopw cs:0(%rax,%rax)", "66662e0f1f840000000000", 0, E | D, E },
	{ "pause", "f390", 0, E | D, E },
	{ "xchg %r8,%rax behind a rep", "f34d90", 0, D, D },
	{ "prefetchw of a register", "0f0dc0", 0, D, D },
	{ "push %rbp", "55", 0, E | D, D },
	{ "push %rsp", "54", 0, E | D, D },
	{ "push %r15", "4157", 0, E | D, D },
	{ "push imm8", "6afb", 0, E | D, D },
	{ "push imm32", "6878563492", 0, E | D, D },
	{ "push 8(%rbx)", "ff7308", 0, E | D, D },
	{ "push %ax", "6650", 0, D, D },
	{ "push %fs", "0fa0", 0, D, D },
	{ "pop %rbp", "5d", 0, E | D, D },
	{ "pop %rsp", "5c", 0, E | D, D },
	{ "pop %r12", "415c", 0, E | D, D },
	{ "pop 8(%rbx)", "8f4308", 0, D, D },
	{ "pop %ax", "6658", 0, D, D },
	{ "leave", "c9", 0, E | D, D },
	{ "enter", "c8100000", 0, D, D },
	{ "mov %rsp,%rbp", "4889e5", 0, E | D, E },
	{ "mov %edi,%eax", "89f8", 0, E | D, E },
	{ "mov %si,%ax", "6689f0", 0, E | D, E },
	{ "mov %sil,%al", "4088f0", 0, E | D, E },
	{ "mov %dh,%al", "88f0", 0, E | D, E },
	{ "mov %cl,%ah", "88cc", 0, E | D, E },
	{ "mov $1,%eax", "b801000000", 0, E | D, E },
	{ "mov $imm64,%r10", "49ba8877665544332211", 0, E | D, E },
	{ "mov $-1,%rax", "48c7c0ffffffff", 0, E | D, E },
	{ "mov 16(%rdi),%rax", "488b4710", 0, E | D, D },
	{ "mov %rax,-8(%rbp)", "488945f8", 0, E | D, D },
	{ "mov $5,(%rsi,%rcx,4)", "c7048e05000000", 0, E | D, D },
	{ "mov x(%rip),%rax", "488b0500000000", 0, E | D, D },
	{ "movl $7,x(%rip)", "c7050000000007000000", 0, E | D, D },
	{ "mov %fs:0x28,%rax", "64488b042528000000", 0, D, D },
	{ "mov %dh,cs:0x7c(%esi), i386", "642e88767c", CR_OVER_IS32, D, D },
	{ "jknzd, of few CPUs", "c5ec85e353547b", 0, 0, S },
	{ "mov %ds,%eax", "8cd8", 0, D, D },
	{ "movzbl %al,%eax", "0fb6c0", 0, E | D, E },
	{ "movzbl %ah,%ecx", "0fb6cc", 0, E | D, E },
	{ "movswl (%rdi),%eax", "0fbf07", 0, E | D, D },
	{ "movslq %esi,%rsi", "4863f6", 0, E | D, E },
	{ "movsbq %dil,%rax", "480fbec7", 0, E | D, E },
	{ "lea -16(%rsp),%rsp", "488d6424f0", 0, E | D, E },
	{ "lea x(%rip),%rdi", "488d3d00000000", 0, E | D, E },
	{ "lea x(%eip),%edi", "678d3d00000000", 0, E | D, E },
	{ "lea (%rdi,%rsi,8),%eax", "8d04f7", 0, E | D, E },
	{ "lea (%edi,%esi,2),%eax", "678d0477", 0, E | D, E },
	{ "sub $8,%rsp", "4883ec08", 0, E | D, E },
	{ "sub $0x1000,%rsp", "4881ec00100000", 0, E | D, E },
	{ "add $8,%rsp", "4883c408", 0, E | D, E },
	{ "and $-16,%rsp", "4883e4f0", 0, E | D, E },
	{ "xor %eax,%eax", "31c0", 0, E | D, E },
	{ "xor %r8b,%r9b", "4530c1", 0, E | D, E },
	{ "or %rsi,%rdi", "4809f7", 0, E | D, E },
	{ "orq $0,(%rsp)", "48830c2400", 0, D, D },
	{ "test %edi,%edi", "85ff", 0, E | D, E },
	{ "test $1,%dil", "40f6c701", 0, E | D, E },
	{ "testb $2,(%rdi)", "f60702", 0, E | D, D },
	{ "cmp %rsi,%rdi", "4839f7", 0, E | D, E },
	{ "cmp $7,%edi", "83ff07", 0, E | D, E },
	{ "cmp $-1,%ax", "6683f8ff", 0, E | D, E },
	{ "cmpl $0,x(%rip)", "833d0000000000", 0, E | D, D },
	{ "cmp (%rsi),%al", "3a06", 0, E | D, D },
	{ "inc %eax", "ffc0", 0, E | D, E },
	{ "dec %rdi", "48ffcf", 0, E | D, E },
	{ "lock incl (%rdi)", "f0ff07", 0, D, D },
	{ "adc %rax,%rdx", "4811c2", 0, D, D },
	{ "imul %rsi,%rdi", "480faffe", 0, D, D },
	{ "shl $3,%rdi", "48c1e703", 0, D, D },
	{ "xchg %rax,(%rdi)", "488707", 0, D, D },
	{ "cmove %rax,%rdx", "480f44d0", 0, D, D },
	{ "sete %al", "0f94c0", 0, D, D },
	{ "bswap %eax", "0fc8", 0, D, D },
	{ "cltq", "4898", 0, D, D },
	{ "cqto", "4899", 0, D, D },
	{ "pushf", "9c", 0, D, D },
	{ "div %rcx", "48f7f1", 0, D, D },
	{ "ud2", "0f0b", 0, D, D },
	{ "movups %xmm0,(%rdi)", "0f1107", 0, D, D },
	{ "movdqa x(%rip),%xmm1", "660f6f0d00000000", 0, D, D },
	{ "pxor %xmm0,%xmm0", "660fefc0", 0, D, D },
	{ "vmovdqu x(%rip),%ymm2", "c5fe6f1500000000", 0, D, D },
	{ "fldt 8(%rsp)", "db6c2408", 0, D, D },
	{ "rep stos", "f348ab", 0, D, D },
	{ "rep movsb", "f3a4", 0, D, D },
	{ "repne scasb", "f2ae", 0, D, D },
	{ "ret", "c3", 0, E | D, D },
	{ "rep ret", "f3c3", 0, E | D, D },
	{ "bnd ret", "f2c3", 0, E | D, D },
	{ "ret $16", "c21000", 0, E | D, D },
	{ "ret, shadow stack", "c3", CR_OVER_SHSTK, D, D },
	{ "jmp rel8", "eb10", 0, E | D, E },
	{ "jmp rel32", "e900000000", 0, E | D, E },
	{ "bnd jmp rel32", "f2e900000000", 0, E | D, E },
	{ "jmp *%rax", "ffe0", 0, E | D, E },
	{ "notrack jmp *%r11", "3e41ffe3", 0, E | D, E },
	{ "jmp *(%rdi)", "ff27", 0, E | D, D },
	{ "jmp *x(%rip)", "ff2500000000", 0, E | D, D },
	{ "bnd jmp *x(%rip)", "f2ff2500000000", 0, E | D, D },
	{ "jmp *%fs:8", "64ff242508000000", 0, D, D },
	{ "je rel8", "7410", 0, E | D, E },
	{ "jg rel32", "0f8f00000000", 0, E | D, E },
	{ "jbe rel32, hinted", "2e0f8600000000", 0, E | D, E },
	{ "jp rel8", "7ae0", 0, E | D, E },
	{ "js rel8", "7810", 0, E | D, E },
	{ "jno rel8", "7110", 0, E | D, E },
	{ "jl rel8", "7c10", 0, E | D, E },
	{ "loop rel8", "e2fa", 0, D, D },
	{ "loopne rel8", "e010", 0, D, D },
	{ "repne loope rel8", "f2e110", 0, D, D },
	{ "rep loopne rel8, ecx", "67f348e010", 0, D, D },
	{ "jrcxz rel8", "e310", 0, D, D },
	{ "jecxz rel8", "67e310", 0, D, D },
	{ "call rel32", "e800000000", 0, E, E },
	{ "data16 rex.W call rel32", "666648e800000000", 0, E, E },
	{ "call *%rax", "ffd0", 0, E, E },
	{ "call *%rsp", "ffd4", 0, E, E },
	{ "call *8(%rsp)", "ff542408", 0, E, E },
	{ "call *x(%rip)", "ff1500000000", 0, E, E },
	{ "call *%fs:8", "64ff142508000000", 0, 0, S },
	{ "call, shadow stack", "e800000000", CR_OVER_SHSTK, 0, S },
	{ "syscall", "0f05", 0, 0, S },
	{ "int $0x80", "cd80", 0, 0, S },
	{ "xbegin", "c7f800000000", 0, 0, S },
	{ "iretq", "48cf", 0, 0, S },
	{ "lret", "cb", 0, 0, S },
	{ "ret, 16 bits", "66c3", 0, 0, S },
	{ "i386 push %ebp", "55", CR_OVER_IS32, E | D, D },
	{ "i386 mov %esp,%ebp", "89e5", CR_OVER_IS32, E | D, E },
	{ "i386 mov %edi,%edi", "8bff", CR_OVER_IS32, E | D, E },
	{ "i386 sub $12,%esp", "83ec0c", CR_OVER_IS32, E | D, E },
	{ "i386 inc %ecx", "41", CR_OVER_IS32, E | D, E },
	{ "i386 dec %esp", "4c", CR_OVER_IS32, E | D, E },
	{ "i386 mov 4(%esp),%eax", "8b442404", CR_OVER_IS32, E | D, D },
	{ "i386 mov moffs,%eax", "a100000021", CR_OVER_IS32, E | D, D },
	{ "i386 lea -8(%ebp),%esp", "8d65f8", CR_OVER_IS32, E | D, E },
	{ "i386 leave", "c9", CR_OVER_IS32, E | D, D },
	{ "i386 pop %esp", "5c", CR_OVER_IS32, E | D, D },
	{ "i386 pusha", "60", CR_OVER_IS32, D, D },
	{ "i386 push %ds", "1e", CR_OVER_IS32, D, D },
	{ "i386 ret", "c3", CR_OVER_IS32, E | D, D },
	{ "i386 ret $4", "c20400", CR_OVER_IS32, E | D, D },
	{ "i386 jmp rel32", "e900000000", CR_OVER_IS32, E | D, E },
	{ "i386 jne rel8", "7510", CR_OVER_IS32, E | D, E },
	{ "i386 jmp *%eax", "ffe0", CR_OVER_IS32, E | D, E },
	{ "i386 jecxz", "e310", CR_OVER_IS32, D, D },
	{ "i386 jcxz", "67e310", CR_OVER_IS32, D, D },
	{ "i386 call rel32", "e800000000", CR_OVER_IS32, E, E },
	{ "i386 call *%eax", "ffd0", CR_OVER_IS32, E, E },
	{ "i386 call *%gs:0x10", "65ff1510000000", CR_OVER_IS32, 0, S },
	{ "i386 mov (%bx),%ax, 16-bit address", "67668b07", CR_OVER_IS32, D, D },
};

#undef E
#undef D
#undef S

/* The bytes of a form; how many. */
static inline size_t over_form_bytes(const struct over_form *f, uint8_t bytes[CR_OVER_INSN])
{
	size_t n = 0;
	const char *s;

	for (s = f->hex; s[0] && s[1] && n < CR_OVER_INSN; s += 2) {
		char two[3] = { s[0], s[1], '\0' };

		bytes[n++] = (uint8_t)strtoul(two, NULL, 16);
	}
	return n;
}

#endif
