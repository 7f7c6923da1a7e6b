/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * guard - conditions on arguments, as BPF, and the arguments that show whether it is right
 *
 * In:    the guards of a call
 * Out:   instructions; arguments on every border of what the guards compare
 * Never: knows which call it is about
 *
 * Private to the filter room. Jumps lead forward, so code is made from its end: where they lead is
 * known then. A place in it is the index of an instruction.
 */
#ifndef CR_FILTER_GUARD_H
#define CR_FILTER_GUARD_H

#include "cr/filter.h"

struct cr_code {
	struct sock_filter *insn;	/* owned; filled from the end */
	size_t at;			/* the first one so far */
	bool full;
	bool far;		/* a conditional jump would have had to reach more than 255 */
};

void cr_code_put(struct cr_code *c, struct sock_filter insn);
void cr_code_ret(struct cr_code *c, uint32_t ret);
void cr_code_load(struct cr_code *c, size_t offset);
/* "if it is so, go to @yes, else to @no". */
void cr_code_if(struct cr_code *c, uint16_t op, uint32_t k, size_t yes, size_t no);

/* "when all @n guards are satisfied go to @yes, else to @no". */
void cr_guard_code(struct cr_code *c, const struct cr_filter_guard *g, size_t n, size_t yes,
		   size_t no);

bool cr_guard_opens(const struct cr_filter_guard *g, size_t n, const uint64_t args[6]);

/* Is the code short enough, and what there is to be proved little enough? -ENOMEM. */
int cr_guard_fits(const struct cr_filter_guard *g, size_t n) CR_MUST_CHECK;

/* Calls @each with arguments on all borders of what @g compares, in all combinations, and with bits
 * that do not matter turned on. What @each answers ends it when it is not 0. -ENOMEM. */
int cr_guard_borders(const struct cr_filter_guard *g, size_t n,
		     int (*each)(void *ctx, const uint64_t args[6]), void *ctx) CR_MUST_CHECK;

/* Values that stand for all. */
struct cr_constants {
	uint32_t *k;	/* owned; sorted, each once */
	size_t n;
};

/* The constants of @f's comparisons, their neighbours, and borders: those of numbers and
 * architectures, and those of arguments. -ENOMEM: the caller frees what is there. */
int cr_constants_collect(const struct cr_filter *f, struct cr_constants *numbers,
			 struct cr_constants *args) CR_MUST_CHECK;

/* A word of seccomp_data (its index) is compared with k. */
struct cr_compared {
	uint8_t word;
	uint32_t k;
};

/* All comparisons of arguments that calls of @d's number and architecture may meet in @f, which
 * only loads, masks, compares and answers. The caller owns *@out. -EBADMSG, -ENOMEM. */
int cr_bpf_compared(const struct cr_filter *f, const struct seccomp_data *d,
		    struct cr_compared **out, size_t *n) CR_MUST_CHECK;

#endif
