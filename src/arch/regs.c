/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/user.h>

#include "cr/regs.h"

#if defined(__x86_64__)

#define AT(r) offsetof(struct user_regs_struct, r)

#define ARGS_64 { AT(rdi), AT(rsi), AT(rdx), AT(r10), AT(r8), AT(r9) }
#define ARGS_32 { AT(rbx), AT(rcx), AT(rdx), AT(rsi), AT(rdi), AT(rbp) }

const struct cr_regs cr_regs[CR_ABI_COUNT] = {
	[CR_ABI_X86_64] = { AT(orig_rax), AT(rax), ARGS_64 },
	[CR_ABI_I386] = { AT(orig_rax), AT(rax), ARGS_32 },
	[CR_ABI_X32] = { AT(orig_rax), AT(rax), ARGS_64 },
};

#define WORD(r) (AT(r) / sizeof(uint64_t))

const struct cr_machine_layout cr_machine_layout = {
	.gpr = { WORD(rax), WORD(rcx), WORD(rdx), WORD(rbx), WORD(rsp), WORD(rbp), WORD(rsi),
		 WORD(rdi), WORD(r8), WORD(r9), WORD(r10), WORD(r11), WORD(r12), WORD(r13),
		 WORD(r14), WORD(r15) },
	.ip = WORD(rip), .sp = WORD(rsp),
	.flags = WORD(eflags), .thread = WORD(fs_base), .code = WORD(cs),
};

_Static_assert(sizeof(struct cr_machine) == sizeof(struct user_regs_struct), "PTRACE_GETREGS");

#define USER32_CS 0x23	/* the kernel's 32-bit user code segment (asm/segment.h) */

bool cr_machine_is32(const struct cr_machine *m)
{
	return m->word[cr_machine_layout.code] == USER32_CS;
}

#else
#error "this host's registers are not described yet: see src/HACKING"
#endif
