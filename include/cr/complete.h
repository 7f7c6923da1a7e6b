/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * complete - how far to trust what was learned
 *
 * In:    in how many executions each learned call was seen
 * Out:   how many new calls to expect from the next one, and how many are still unseen at least
 * Never: speaks of executions that are unlike those that were watched
 *
 * The executions are taken as a random sample of one workload. A call that was seen in just one of
 * them could as well have been missed: of such calls there are as many to come, in each further
 * execution, as were seen for each one so far. This is Good and Turing's estimate; what it needs
 * are the calls seen once and twice, which learning counts exactly (chestnut-run --confirm).
 */
#ifndef CR_COMPLETE_H
#define CR_COMPLETE_H

#include "cr/policy.h"

/* Of the intervals and of the rule of three. */
#define CR_CONFIDENCE 0.95

struct cr_incidence {
	uint32_t runs;		/* executions */
	uint32_t calls;		/* learned calls */
	uint32_t once;		/* of these, seen in exactly one execution */
	uint32_t twice;		/* in exactly two */
	uint32_t stopped;	/* of both, those that may have been seen more often: "1+" */
	/* Calls that come with one another are no independent witnesses. So those seen once are
	 * taken in bursts, one for each execution that brought some; those of which nobody knows
	 * which execution it was are one burst. */
	uint64_t squares;	/* the sum of the bursts' squared sizes */
};

struct cr_completeness {
	bool known;		/* one execution says nothing about the next one */
	double next;		/* new calls to expect from the next execution (Good-Turing) */
	double low, high;	/* interval of that. When no call was seen just once: 0, and by the
				 * rule of three how likely it is that it brings anything new */
	double unseen;		/* calls still unseen, at least (Chao2, of bursts) */
};

/* Counts the learned rules of @rules. -ENOMEM: @out is empty. */
int cr_incidence_count(struct cr_rule *const *rules, size_t n, uint32_t runs,
		       struct cr_incidence *out) CR_MUST_CHECK;

void cr_completeness(const struct cr_incidence *in, struct cr_completeness *out);

/* Calls that will be known after @further executions more, on average. */
double cr_expected_calls(const struct cr_incidence *in, double further);

/* The value that a gamma distribution of shape @shape > 0 and scale 1 is below with probability
 * 0 < @p < 1. */
double cr_gamma_quantile(double shape, double p);

#endif
