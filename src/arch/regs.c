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

#else
#error "this host's registers are not described yet: see src/HACKING"
#endif
