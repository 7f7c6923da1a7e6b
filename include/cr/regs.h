/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * regs - where the host keeps what in a tracee's registers
 *
 * In:    an ABI
 * Out:   offsets for PTRACE_PEEKUSER and PTRACE_POKEUSER (ptrace(2))
 * Never: asks the kernel
 */
#ifndef CR_REGS_H
#define CR_REGS_H

#include "cr/arch.h"

struct cr_regs {
	size_t nr;	/* the number of the call being made; -1 there skips the call */
	size_t ret;	/* what the call returns */
	size_t arg[6];	/* its arguments */
};

extern const struct cr_regs cr_regs[CR_ABI_COUNT];

#endif
