/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tally - how often each call was made, in each window and outside
 *
 * In:    calls as they are judged
 * Out:   counts
 * Never: knows a policy or what a window is about
 */
#ifndef CR_TALLY_H
#define CR_TALLY_H

#include "cr/arch.h"
#include "cr/base.h"

struct cr_tally {
	uint64_t **counts;	/* owned; by window and ABI; NULL: nothing was made there */
	size_t n;
};

/* Counts a call in window @window (0: outside); @nr below CR_NR_MAX. How often it was there before;
 * 0, and it is not counted, when out of memory. */
uint64_t cr_tally_add(struct cr_tally *t, unsigned int window, enum cr_abi abi, uint32_t nr);
uint64_t cr_tally_get(const struct cr_tally *t, unsigned int window, enum cr_abi abi, uint32_t nr);

/* Tells each count that is not 0, by window, ABI and number. */
void cr_tally_each(const struct cr_tally *t,
		   void (*tell)(void *ctx, unsigned int window, enum cr_abi abi, uint32_t nr,
				uint64_t n),
		   void *ctx);
void cr_tally_fini(struct cr_tally *t);

#endif
