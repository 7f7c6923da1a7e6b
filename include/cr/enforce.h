/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * enforce - a judge that looks up: strict, or audit, which only tells
 *
 * In:    calls that stopped, a policy
 * Out:   verdicts; one report for people for each kind of denial
 * Never: changes the policy; lets a string or a stack of the target influence a verdict
 */
#ifndef CR_ENFORCE_H
#define CR_ENFORCE_H

#include "cr/judge.h"
#include "cr/policy.h"

struct cr_enforce_plan {
	const struct cr_policy *policy;	/* borrowed: for the judge's life */
	struct cr_violation violation;	/* the policy's own, or what overrides it */
	bool audit;			/* report, deny nothing */
};

struct cr_enforce;

/* NULL when out of memory. */
struct cr_enforce *cr_enforce_new(const struct cr_enforce_plan *plan) CR_MUST_CHECK;
struct cr_judge *cr_enforce_judge(struct cr_enforce *e);	/* borrowed: from @e */

/* At the end: tells of denials that were repeated. How many were made in all. */
uint64_t cr_enforce_finish(struct cr_enforce *e);
void cr_enforce_free(struct cr_enforce *e);

#endif
