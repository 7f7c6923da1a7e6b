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

/* A call that a person is told of, for records. Everything is borrowed, during the call. */
struct cr_denial {
	const struct cr_call *call;
	const struct cr_site *site;
	unsigned int window;		/* that says no; 0: outside */
	struct cr_verdict verdict;
	bool noted;			/* its rule says log: no denial */
	bool audit;			/* it was let through */
	bool ask;			/* a person has denied it, or would be asked */
	const char *text;		/* the call with its arguments */
	const char *rule;		/* that is missing; NULL: one would not help */
	const char *command;		/* that adds it; NULL likewise */
};

/* What a person is asked. Borrowed, during the call. */
struct cr_question {
	const char *sentence;
	const char *stack;		/* or "" */
	const char *rule;		/* as above */
	unsigned int window;
};

enum cr_reply {
	CR_DENY_ONCE,
	CR_DENY_ALWAYS,
	CR_ALLOW_ONCE,
	CR_ALLOW_ALWAYS,
};

struct cr_enforce_plan {
	const struct cr_policy *policy;	/* borrowed: for the judge's life */
	struct cr_violation violation;	/* the policy's own, or what overrides it */
	bool audit;			/* report, deny nothing */
	/* All may be NULL. Each kind of denial comes once; how often it was made, at the end. */
	void (*record)(void *ctx, const struct cr_denial *d);
	void (*repeated)(void *ctx, unsigned int window, enum cr_abi abi, uint32_t nr, uint64_t n);
	/* Each call that needs a rule in @window, as often as it is made. @by_args: there is one,
	 * and it lacks these arguments. */
	void (*missing)(void *ctx, const struct cr_call *call, const struct cr_site *site,
			unsigned int window, bool by_args);
	/* For CR_ACT_ASK; NULL: there is nobody to ask, so it is denied. */
	enum cr_reply (*ask)(void *ctx, const struct cr_question *q);
	void *ctx;			/* borrowed: for these */
};

struct cr_enforce;

/* NULL when out of memory. */
struct cr_enforce *cr_enforce_new(const struct cr_enforce_plan *plan) CR_MUST_CHECK;
struct cr_judge *cr_enforce_judge(struct cr_enforce *e);	/* borrowed: from @e */

/* At the end: tells of denials that were repeated. How many were made in all. */
uint64_t cr_enforce_finish(struct cr_enforce *e);
void cr_enforce_free(struct cr_enforce *e);

#endif
