/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * regs - where the host keeps what in a tracee's registers
 *
 * In:    an ABI
 * Out:   offsets for PTRACE_PEEKUSER and PTRACE_POKEUSER (ptrace(2)); all of a thread's general
 *        registers, and which is which
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

#define CR_REGS_WORDS 27u

/* A thread's general registers as PTRACE_GETREGS gives them to a 64-bit tracer, whatever code the
 * thread runs. */
struct cr_machine {
	uint64_t word[CR_REGS_WORDS];
};

/* Indices into them. */
extern const struct cr_machine_layout {
	unsigned int gpr[16];	/* as the instruction set numbers them */
	unsigned int ip, sp, flags;
	unsigned int thread;	/* the base of thread-local storage */
	unsigned int code;	/* the code segment */
} cr_machine_layout;

/* Does the thread run 32-bit code just now? */
bool cr_machine_is32(const struct cr_machine *m);

#endif
