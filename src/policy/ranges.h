/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ranges - sets of numbers
 *
 * In:    numbers from 0 to a largest one
 * Out:   sets, as few ranges as possible
 * Never: knows what the numbers mean
 *
 * Private to the policy room. -ENOMEM leaves a set unchanged.
 */
#ifndef CR_POLICY_RANGES_H
#define CR_POLICY_RANGES_H

#include "cr/cond.h"

int cr_ranges_add(struct cr_ranges *r, uint64_t lo, uint64_t hi) CR_MUST_CHECK;
int cr_ranges_join(struct cr_ranges *r, const struct cr_ranges *more) CR_MUST_CHECK;
/* Those from 0 to @max that it lacks. */
int cr_ranges_invert(struct cr_ranges *r, uint64_t max) CR_MUST_CHECK;
/* Those that @with has, too. */
int cr_ranges_cut(struct cr_ranges *r, const struct cr_ranges *with) CR_MUST_CHECK;
int cr_ranges_copy(struct cr_ranges *to, const struct cr_ranges *from) CR_MUST_CHECK;
void cr_ranges_fini(struct cr_ranges *r);

bool cr_ranges_has(const struct cr_ranges *r, uint64_t value);
/* Has @r all that @part has? */
bool cr_ranges_cover(const struct cr_ranges *r, const struct cr_ranges *part);
int cr_ranges_order(const struct cr_ranges *a, const struct cr_ranges *b);	/* 0: equal */
/* How many numbers; UINT64_MAX for that many and more. */
uint64_t cr_ranges_count(const struct cr_ranges *r);

#endif
