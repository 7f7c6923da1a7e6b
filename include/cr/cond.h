/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cond - conditions on the scalar arguments of a call
 *
 * In:    text as in chestnut-policy(5): "arg0 in AF_UNIX AF_INET and arg1 == SOCK_STREAM"; calls
 * Out:   a condition that can be evaluated, joined, learned, and written as text again
 * Never: looks at memory: what a pointer points to may change between check and use
 *
 * A condition is true when one of its alternatives is; an alternative, when all its tests are. A
 * test takes the bits of one argument that the kernel will look at, or fewer, and asks whether that
 * number is in a set. So ==, !=, <, in and & are all the same thing, and a filter compares what the
 * kernel sees: no bit that it ignores can hide a value, and none can make one look strange.
 */
#ifndef CR_COND_H
#define CR_COND_H

#include "cr/arch.h"
#include "cr/buf.h"
#include "cr/err.h"

struct cr_interval {
	uint64_t lo;
	uint64_t hi;		/* included */
};

/* Numbers. Sorted, and a gap between neighbours. */
struct cr_ranges {
	struct cr_interval *v;	/* owned */
	size_t n;
};

/* args[arg] & mask is one of @in. */
struct cr_test {
	unsigned int arg;
	unsigned int bits;	/* that the kernel looks at: 16, 32 or 64 */
	uint64_t mask;		/* never more than these */
	struct cr_ranges in;	/* neither empty nor all there is */
};

struct cr_alternative {
	struct cr_test *test;	/* owned; by argument, then mask; none twice */
	size_t n;		/* 0: always true; then it is the only alternative */
};

struct cr_conds {
	struct cr_alternative *alt;	/* owned; sorted; none is part of another one */
	size_t n;
};

/* Reads a condition on arguments of (@abi, @nr) up to the end of @text or a word "else", which
 * *@rest (unless NULL) then points to. -EINVAL with a sentence and a hint, -ENOMEM. */
int cr_conds_parse(enum cr_abi abi, uint32_t nr, const char *text, struct cr_conds **c,
		   const char **rest, struct cr_err *err) CR_MUST_CHECK;

/* The one spelling of @c. Parsing it gives an equal condition. */
void cr_conds_print(enum cr_abi abi, uint32_t nr, const struct cr_conds *c, struct cr_buf *out);

bool cr_conds_hold(const struct cr_conds *c, const uint64_t args[6]);
bool cr_conds_equal(const struct cr_conds *a, const struct cr_conds *b);
bool cr_conds_always(const struct cr_conds *c);
/* Is each alternative of @part a part of one of @c? Then @c holds wherever @part does. */
bool cr_conds_cover(const struct cr_conds *c, const struct cr_conds *part);
struct cr_conds *cr_conds_copy(const struct cr_conds *c) CR_MUST_CHECK;	/* NULL: no memory */
void cr_conds_free(struct cr_conds *c);

/* *@to becomes true also where @more is. -ENOMEM: unchanged. */
int cr_conds_join(struct cr_conds **to, const struct cr_conds *more) CR_MUST_CHECK;

/* For a call that @c does not allow: into @why, "arg0 is AF_PACKET, not in AF_UNIX AF_INET", about
 * the alternative that comes nearest; into @rule, the condition that would have to be joined. */
int cr_conds_explain(enum cr_abi abi, uint32_t nr, const struct cr_conds *c,
		     const uint64_t args[6], struct cr_buf *why, struct cr_buf *rule) CR_MUST_CHECK;

/* Learning: of some calls, the arguments that choose what they do. */

/* The most values that are learned of an argument; with more, it may be anything. */
#define CR_LEARN_VALUES 16

/* Is (@abi, @nr) a call whose arguments are learned? */
bool cr_conds_learnable(enum cr_abi abi, uint32_t nr);

/* What is learned from one call: the caller owns *@c. -ENOENT: nothing; -ENOMEM. */
int cr_conds_seen(enum cr_abi abi, uint32_t nr, const uint64_t args[6],
		  struct cr_conds **c) CR_MUST_CHECK;

/* Adds @seen to what was learned before. 0, or 1 when there would be more than can be said: *@have
 * is NULL then. -EPERM: *@have has not the form that learning gives it, a person wrote it. -ENOMEM.
 * *@have is unchanged on failure. */
int cr_conds_learn(enum cr_abi abi, uint32_t nr, struct cr_conds **have,
		   const struct cr_conds *seen) CR_MUST_CHECK;

#endif
