/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * merge - several policies of one program, made one
 *
 * In:    policies, as loaded
 * Out:   one policy, and what they disagreed about with the rules of both sides
 * Never: loses a denial, makes a hand-written rule a learned one, prints
 *
 * For each call the strictest of what holds in any input holds: no rule < allow < log < ask < errno
 * < stop < kill, and "never" right behind what the merged policy makes of a violation. So to merge
 * a policy with itself changes no rule, the order of the inputs does not matter, and another input
 * never takes a rule away. Executions and evidence add up. A rule that one input has written by
 * hand stays hand-written: nobody's count may get it dropped.
 *
 * Windows are one when they are about the same function, whatever their numbers. What holds outside
 * is any only when all inputs say so.
 *
 * The horizon is the lowest given, raised to the highest native call that was learned: a call that
 * was new to one of the inputs still fails with ENOSYS, so that libc falls back as it did there.
 */
#ifndef CR_MERGE_H
#define CR_MERGE_H

#include "cr/buf.h"
#include "cr/err.h"
#include "cr/policy.h"

/* Who is right where no side is the stricter one: different errnos, modes, violations. */
enum cr_prefer { CR_PREFER_NONE, CR_PREFER_FIRST, CR_PREFER_LAST };

struct cr_conflict {
	enum { CR_CONFLICT_RULE, CR_CONFLICT_MODE, CR_CONFLICT_VIOLATION, CR_CONFLICT_PROGRAM,
	       CR_CONFLICT_BUILD_ID, CR_CONFLICT_SCOPE } kind;
	bool open;			/* only a person can tell which is right */
	const struct cr_policy *p[2];	/* borrowed: inputs, in their order */
	const struct cr_rule *r[2];	/* borrowed: from these; NULL unless kind is RULE */
	/* borrowed: from these; of a RULE inside of one, and of a SCOPE; else NULL */
	const struct cr_policy_window *w[2];
	int won;			/* 0 or 1; -1: neither */
};

struct cr_merge {
	struct cr_policy *policy;	/* owned */
	struct cr_conflict *conflicts;	/* owned */
	size_t n;
	size_t n_open;		/* of these, open ones: @policy is not to be used then */
};

/* @in: @n > 0 policies, borrowed as long as @out is used. -ENOMEM, or -E2BIG: more windows than a
 * policy holds; @out is empty then. */
int cr_merge_policies(const struct cr_policy *const *in, size_t n, enum cr_prefer prefer,
		      struct cr_merge *out) CR_MUST_CHECK;
void cr_merge_fini(struct cr_merge *m);

/* The file of @p, with the comments and window numbers of @like, which cr_ini_load() has made
 * (so @p's windows are renumbered). With @path: replaces
 * that file as a whole, under its directory's lock; else only @text is made. -EAGAIN: @path is
 * @like's file, and somebody has written into it since it was loaded. */
int cr_merge_write(struct cr_policy *p, const struct cr_policy *like, const char *path,
		   struct cr_buf *text, struct cr_err *err) CR_MUST_CHECK;

#endif
