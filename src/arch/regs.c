/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/user.h>

#include "cr/regs.h"

#if defined(__x86_64__)

#define AT(r) offsetof(struct user_regs_struct, r)

const struct cr_regs cr_regs[CR_ABI_COUNT] = {
	[CR_ABI_X86_64] = { AT(orig_rax), AT(rax), AT(rdi) },
	[CR_ABI_I386] = { AT(orig_rax), AT(rax), AT(rbx) },
	[CR_ABI_X32] = { AT(orig_rax), AT(rax), AT(rdi) },
};

#else
#error "this host's registers are not described yet: see src/HACKING"
#endif
