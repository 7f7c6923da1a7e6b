/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cond-int - the parts that conditions are made of
 *
 * In:    tests, alternatives
 * Out:   conditions in their one form
 * Never: reads text
 *
 * Private to the policy room.
 */
#ifndef CR_POLICY_COND_INT_H
#define CR_POLICY_COND_INT_H

#include "cr/args.h"
#include "cr/cond.h"
#include "ranges.h"

enum cr_tidied { CR_TEST_NEVER, CR_TEST_SOMETIMES, CR_TEST_ALWAYS };

/* Takes the numbers out of @t that its mask cannot give. What is left? -ENOMEM: unchanged. */
int cr_test_tidy(struct cr_test *t) CR_MUST_CHECK;

/* Adds @t, and eats its set. A second test of the same bits leaves what both allow; that may be
 * nothing. -ENOMEM. */
int cr_alternative_add(struct cr_alternative *a, struct cr_test *t) CR_MUST_CHECK;
const struct cr_test *cr_alternative_find(const struct cr_alternative *a, unsigned int arg,
					  uint64_t mask);
bool cr_alternative_holds(const struct cr_alternative *a, const uint64_t args[6]);
void cr_alternative_fini(struct cr_alternative *a);

/* Adds @a and eats it. -ENOMEM: @a is eaten all the same. */
int cr_conds_add(struct cr_conds *c, struct cr_alternative *a) CR_MUST_CHECK;
/* Brings @c into its one form. On failure it is valid, not tidy. */
int cr_conds_tidy(struct cr_conds *c) CR_MUST_CHECK;

/* What argument @arg of a call is, in @a, whose other tests may decide that. Without a signature
 * every argument is a word. CR_ARG_END: there is no such argument. */
enum cr_arg cr_alternative_kind(const struct cr_signature *sig, const struct cr_alternative *a,
				unsigned int arg);

/* The text of test @i, and of all. */
void cr_alternative_print_test(const struct cr_signature *sig, const struct cr_alternative *a,
			       size_t i, struct cr_buf *out);
void cr_alternative_print(const struct cr_signature *sig, const struct cr_alternative *a,
			  struct cr_buf *out);

#endif
