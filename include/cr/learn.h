/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * learn - a judge that says yes and writes down
 *
 * In:    calls that stopped
 * Out:   "allow", always; each new call is on disk before that is said
 * Never: changes what a person wrote: a forbidden call is reported, not learned
 */
#ifndef CR_LEARN_H
#define CR_LEARN_H

#include "cr/judge.h"
#include "cr/store.h"

struct cr_learn;

struct cr_learned {
	/* Of these, what was made in two windows is two calls. */
	unsigned int fresh;	/* calls that this run has added */
	unsigned int widened;	/* known calls that were made with arguments that were not known */
	unsigned int forbidden;	/* different calls made that the policy denies */
	unsigned int unsaved;	/* calls that are not on disk, since saving failed */
	unsigned int unused;	/* --all: own rules that allow a call which this run has not made */
	const char *unused_names;	/* borrowed: from the learner; "a b i386:c"; "" for none */
};

/* Learns into @store (borrowed: for the learner's life). A call made in windows is recorded in each
 * of them, one made outside in [syscalls]; with @windows_only the latter are not recorded. The
 * windows of a site (cr/judge.h) are numbers that cr_store_window() gave. NULL when out of memory.
 */
struct cr_learn *cr_learn_new(struct cr_store *store, bool windows_only) CR_MUST_CHECK;
struct cr_judge *cr_learn_judge(struct cr_learn *l);	/* borrowed: from @l */

/* Nothing shall be learned of arguments; a learned condition that a call does not fill goes. So it
 * is, too, where the policy says "arguments = any". */
void cr_learn_any_args(struct cr_learn *l);

/* Now and then: writes the counts that have changed. */
void cr_learn_tick(struct cr_learn *l);

/* At the end: writes everything. On failure *@sum says how much is missing. */
int cr_learn_finish(struct cr_learn *l, struct cr_learned *sum, struct cr_err *err) CR_MUST_CHECK;
void cr_learn_free(struct cr_learn *l);

#endif
