/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * diff - what two policies say differently
 *
 * In:    two policies
 * Out:   the differences: header first, then rules by ABI and name, then those of each window
 * Never: compares comments, order or spelling; prints
 *
 * Windows are compared with those of the same function, whatever their numbers.
 *
 * There is no difference exactly when both policies mean the same, as far as @what asks.
 */
#ifndef CR_DIFF_H
#define CR_DIFF_H

#include "cr/err.h"
#include "cr/policy.h"

enum cr_diff_what {
	CR_DIFF_EFFECTIVE = 1,	/* what holds for each call, instead of own rules and includes */
	CR_DIFF_EVIDENCE = 2,	/* executions and evidence, too */
};

struct cr_difference {
	/* WINDOW: that there is one, and its scope */
	enum { CR_DIFF_HEADER, CR_DIFF_WINDOW, CR_DIFF_RULE, CR_DIFF_WITNESS } kind;
	const char *key;	/* static; name of a header; NULL for a rule or its evidence */
	enum cr_abi abi;	/* of a rule or its evidence */
	uint32_t nr;
	char *a;		/* owned; what the first says; NULL: nothing */
	char *b;		/* owned; what the second says; NULL: nothing */
	/* borrowed: from the policies; the window that it is about or inside of; NULL: outside */
	const struct cr_policy_window *window;
	const struct cr_rule *ra;	/* borrowed: from the policies; NULL: no rule */
	const struct cr_rule *rb;
};

struct cr_diff {
	struct cr_difference *v;	/* owned */
	size_t n;
};

/* @what: enum cr_diff_what, or-ed. -ENOMEM; @out is empty then. */
int cr_diff_policies(const struct cr_policy *a, const struct cr_policy *b, unsigned int what,
		     struct cr_diff *out) CR_MUST_CHECK;
void cr_diff_fini(struct cr_diff *d);

#endif
