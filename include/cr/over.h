/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * over - how a thread gets past a trap that stays where it is
 *
 * In:    the instruction that the trap hides, as it was before; the address it belongs to
 * Out:   a plan, made once for a site; an emulation; the bytes of a slot; the pc a slot stands for
 * Never: writes a target's text, takes a trap out, rewrites a return address
 *
 * To put the byte back, step and put the trap in again lets other threads run through the hole
 * (TRAPS 22). So the instruction is either worked out here, on a copy of the registers, or run
 * from a slot: executable scratch of the target that holds the instruction and a jump back.
 * cr_over.can says which ways are open, cr_over.how which is the best: registers alone are worked
 * out; what touches memory runs from a slot, where a fault is a real one; a call is worked out,
 * because in a slot it would push the slot's address.
 *
 * Signals (TRAPS 23). A thread may stop inside a slot. Before anybody sees its registers, a signal
 * frame or an unwinder, cr_over_fix_pc() gives the pc it would have without slots:
 * - a fault of the instruction itself (SIGSEGV, SIGBUS, SIGILL, SIGFPE): pc is cr_over.at again;
 *   for SIGILL and SIGFPE si_addr is that pc too. After the handler the trap is hit once more.
 * - another signal, and the pc is not cr_over.at: done already, deliver.
 * - another signal, and the pc is cr_over.at: not done yet. Emulate it now if that can be done and
 *   deliver; else hold the signal, step inside the slot (no trap is in the way there), deliver.
 *
 * Not exact: the x87 instruction pointer (FIP) that fnstenv stores names the slot after a displaced
 * x87 instruction; the pc of an emulated one is not entered in the branch records of the CPU.
 */
#ifndef CR_OVER_H
#define CR_OVER_H

#include "cr/base.h"

#define CR_OVER_INSN 15u	/* bytes of the longest instruction */
#define CR_OVER_SLOT 48u	/* bytes of a slot */

/* What cr_over_plan() must know about the target. */
#define CR_OVER_IS32 1u		/* the code is 32-bit code */
/* the thread has a shadow stack: call and ret must be real ones (TRAPS 24) */
#define CR_OVER_SHSTK 2u
#define CR_OVER_RSEQ 4u		/* the site is inside a restartable sequence (TRAPS 29) */

enum cr_over_how {
	CR_OVER_EMULATE = 1,
	CR_OVER_DISPLACE = 2,
	CR_OVER_STEP = 4,	/* last: all other threads must be held while the trap is out */
};

/* As the instruction set numbers them: ax cx dx bx sp bp si di r8 … r15. */
#define CR_GPR_SP 4u
#define CR_GPR_BP 5u
#define CR_GPR_DI 7u

struct cr_over_regs {
	uint64_t gpr[16];
	uint64_t rip;
	uint64_t eflags;
};

/* Memory of a target: all of @n bytes, or a negative errno and nothing. It must refuse what the
 * target itself could not do (process_vm_writev does, /proc/PID/mem writes read-only pages). */
struct cr_target_mem {
	int (*read)(void *arg, cr_addr at, void *to, size_t n);
	int (*write)(void *arg, cr_addr at, const void *from, size_t n);
	void *arg;	/* borrowed: from the caller, for the call */
};

/* One operand, worked out at plan time. */
struct cr_over_arg {
	uint8_t kind;		/* private to over */
	uint8_t size;		/* bytes */
	uint8_t reg;		/* a register, or the base; CR_OVER_NO_REG */
	uint8_t index;		/* CR_OVER_NO_REG */
	uint8_t scale;
	bool high;		/* ah ch dh bh */
	uint64_t value;		/* immediate, displacement, or an absolute address */
};

#define CR_OVER_NO_REG 0xffu

struct cr_over {
	cr_addr at;
	enum cr_over_how how;	/* the best way */
	unsigned int can;	/* all ways, or-ed; CR_OVER_STEP is always one */
	const char *why;	/* borrowed: for good. Why only CR_OVER_STEP is left, else NULL */
	uint8_t len;		/* of the instruction */
	uint8_t bytes[CR_OVER_INSN];
	bool is32;

	/* Private: the shape of the slot, and the emulation. */
	uint8_t shape;
	uint8_t fix_at;		/* where in the bytes a rip-relative disp32 is; 0: none */
	bool fix_wraps;		/* … of 32-bit addresses, which reach everything */
	uint8_t op;
	uint8_t cond;
	bool addr32;
	struct cr_over_arg dst, src;
};

/* Plans for the instruction at @at whose bytes are the first of @n at @insn. 0; -EINVAL when they
 * are no whole instruction; -EOPNOTSUPP inside a restartable sequence, where no trap may be: each
 * one aborts the sequence, which starts again and meets it again. @over is unchanged on failure. */
int cr_over_plan(const uint8_t *insn, size_t n, cr_addr at, unsigned int flags,
		 struct cr_over *over) CR_MUST_CHECK;

/* Does in @regs and @mem what the instruction does; @regs->rip may hold anything. 0; -EOPNOTSUPP
 * when the plan does not say CR_OVER_EMULATE or the thread steps itself (TF): go another way;
 * -EFAULT when memory refuses or the target address is not one: run it from the slot, it faults
 * there as it should (or grows the stack). @regs and memory are unchanged on failure. */
int cr_over_emulate(const struct cr_over *over, struct cr_over_regs *regs,
		    const struct cr_target_mem *mem) CR_MUST_CHECK;

/* Where the thread goes from here, without going: is a conditional jump an exit this time? As
 * cr_over_emulate(), but -EOPNOTSUPP only for branches that cannot be worked out. */
int cr_over_next(const struct cr_over *over, const struct cr_over_regs *regs,
		 const struct cr_target_mem *mem, cr_addr *next) CR_MUST_CHECK;

/* The bytes for a slot at @slot, and how many. 0; -ERANGE when a rip-relative operand is out of
 * reach: use a slot within 2 GiB of the object; -EOPNOTSUPP without CR_OVER_DISPLACE. */
int cr_over_slot(const struct cr_over *over, cr_addr slot, uint8_t bytes[CR_OVER_SLOT],
		 size_t *n) CR_MUST_CHECK;

/* The pc that @pc, in the slot at @slot, stands for. Any other @pc is given back as it is. */
cr_addr cr_over_fix_pc(const struct cr_over *over, cr_addr slot, cr_addr pc);

/* The other way: where a thread that is to go on at @pc may run without meeting the trap again. */
cr_addr cr_over_slot_pc(const struct cr_over *over, cr_addr slot, cr_addr pc);

#endif
