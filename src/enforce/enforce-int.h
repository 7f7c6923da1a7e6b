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

/* A kind of call that a person was told of. */
struct cr_told {
	unsigned int window;
	enum cr_abi abi;
	uint32_t nr;
	bool noted;
	bool by_args;
	uint32_t sum;		/* of words, to tell most apart by */
	/* owned; of a noted one the call with its arguments; where they decide, the condition that
	 * it would need; else "" */
	char *words;
	unsigned int times;	/* how often he was told */
};

struct cr_enforce {
	struct cr_judge judge;
	struct cr_enforce_plan plan;
	uint32_t horizon;
	struct cr_tally denied;
	struct cr_tally noted;	/* passed, and a rule says log */
	struct cr_told *told;	/* owned */
	size_t n_told, n_noted, n_by_args;
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
	enum cr_action act;	/* from CR_ACT_ALLOW to CR_ACT_KILL */
	bool violates;		/* no rule says so */
	struct cr_verdict verdict;
	bool report;		/* a person is told */
	bool by_args;		/* other arguments would have passed */
};

/* Its rule says that it passes, and is told of. */
static inline bool cr_opinion_noted(const struct cr_opinion *o)
{
	return o->act == CR_ACT_LOG && !o->violates;
}

/* What the policy makes of a call in one place, before audit turns it into a yes. */
struct cr_opinion cr_enforce_look_up(const struct cr_enforce *e, const struct cr_call *call,
				     unsigned int window);

/* report.c: to a person, and to whoever keeps records */
void cr_enforce_tell(const struct cr_enforce *e, const struct cr_call *call,
		     const struct cr_site *site, const struct cr_opinion *o);

/* ask.c: what a person says, now or once and for all; tells of a denial. */
struct cr_verdict cr_enforce_ask(struct cr_enforce *e, const struct cr_call *call,
				 const struct cr_site *site, const struct cr_opinion *o);

/* told.c: counts the call. Was a person told of one like it? If not, or with @always, he is now. */
bool cr_enforce_again(struct cr_enforce *e, const struct cr_call *call, const struct cr_site *site,
		      const struct cr_opinion *o, bool always);
/* At the end: tells of what was made more often than it was told. How many denials there were. */
uint64_t cr_enforce_sum_up(const struct cr_enforce *e);
void cr_enforce_forget(struct cr_enforce *e);

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
