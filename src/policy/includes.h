/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * includes - what several policies include, in one order
 *
 * In:    policies
 * Out:   the names of all their includes, in an order that agrees with each of theirs
 * Never: reads what is included
 *
 * Private to the policy room. Of two included rules for a call the later holds. So in an order that
 * agrees with every input, the rule that holds in the end is the one that holds in some input.
 */
#ifndef CR_POLICY_INCLUDES_H
#define CR_POLICY_INCLUDES_H

#include "cr/policy.h"

/* Fills the include members of @to, which are empty. 0; 1 when the inputs' orders contradict each
 * other, and the one taken says nothing about which rule holds; -ENOMEM. */
int cr_includes_join(const struct cr_policy *const *in, size_t n, struct cr_policy *to)
	CR_MUST_CHECK;

#endif
