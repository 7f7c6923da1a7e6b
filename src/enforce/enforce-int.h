/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * enforce-int - what the judge and its reports share
 *
 * In:    nothing from outside the room
 * Out:   the judge's state; what it makes of a call
 * Never: included by another room
 */
#ifndef CR_ENFORCE_INT_H
#define CR_ENFORCE_INT_H

#include "cr/enforce.h"
#include "cr/tally.h"

/* A call that was told of because of its arguments. */
struct cr_told {
	unsigned int window;
	enum cr_abi abi;
	uint32_t nr;
	char *rule;		/* owned; the condition that it would need */
};

struct cr_enforce {
	struct cr_judge judge;
	struct cr_enforce_plan plan;
	uint32_t horizon;
	struct cr_tally denied;
	struct cr_told *told;	/* owned */
	size_t n_told;
	/* What a person has said once and for all. */
	struct cr_answer {
		unsigned int window;
		enum cr_abi abi;
		uint32_t nr;
		char *args;	/* owned; which ones it is about, or "" */
		bool allow;
	} *answer;		/* owned */
	size_t n_answer;
};

/* What one place has to say about a call. */
struct cr_opinion {
	unsigned int window;	/* 0: outside */
	size_t depth;		/* how many windows are open inside of it */
	bool also;		/* another one has been told of before it */
	const struct cr_rule *rule;	/* NULL: none */
	/* A later one wins. */
	enum { CR_PASSES, CR_PASSES_NOTED, CR_FAILS, CR_VIOLATES } strict;
	struct cr_verdict verdict;
	bool report;		/* a person is told */
	bool ask;		/* a person decides */
	bool by_args;		/* other arguments would have passed */
};

/* What the policy makes of a call in one place, before audit turns it into a yes. */
struct cr_opinion cr_enforce_look_up(const struct cr_enforce *e, const struct cr_call *call,
				     unsigned int window);

/* report.c: to a person, and to whoever keeps records */
void cr_enforce_tell(const struct cr_enforce *e, const struct cr_call *call,
		     const struct cr_site *site, const struct cr_opinion *o);

/* ask.c: what a person says, now or once and for all */
struct cr_verdict cr_enforce_ask(struct cr_enforce *e, const struct cr_call *call,
				 const struct cr_site *site, struct cr_opinion *o);

/* The call with its arguments, where it is made, by whom. */
void cr_enforce_sentence(const struct cr_enforce *e, const struct cr_call *call,
			 const struct cr_site *site, const struct cr_opinion *o,
			 struct cr_buf *out);

/* Would a rule help? (Not where a person has denied.) */
bool cr_enforce_lacks(const struct cr_enforce *e, const struct cr_call *call,
		      const struct cr_opinion *o);

/* The missing rule: "openat", "i386:socket if arg0 in AF_UNIX". False: a rule would not help. */
bool cr_enforce_rule(const struct cr_enforce *e, const struct cr_call *call,
		     const struct cr_opinion *o, struct cr_buf *rule);

#endif
