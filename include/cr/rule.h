/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rule - one rule of a policy, for a person and for a program
 *
 * In:    a policy and a rule of it
 * Out:   words, JSON
 * Never: prints
 */
#ifndef CR_RULE_H
#define CR_RULE_H

#include "cr/buf.h"
#include "cr/json.h"
#include "cr/policy.h"

/* "learned", "hand-written", "base set" */
const char *cr_rule_origin(const struct cr_rule *r);

/* "4 of 7", "3+ of 7; 2 of 2 --all": of the executions that learned it, those that made it. Empty
 * for a rule that was not learned. */
void cr_rule_seen(const struct cr_policy *p, const struct cr_rule *r, struct cr_buf *out);

/* What the file of @r says about it: the comment behind it, else the one above it; for a base set's
 * rule the one above its group. Empty when there is none or the file cannot be read. */
void cr_rule_comment(const struct cr_policy *p, const struct cr_rule *r, struct cr_buf *out);

/* The rules that hold for calls of @abi in window @window, or (0) outside, by name, into @list of
 * CR_NR_MAX. How many there are. */
size_t cr_rule_list(const struct cr_policy *p, unsigned int window, enum cr_abi abi,
		    const struct cr_rule **list);

/* "inside inflate (libz.so.1)"; "outside of windows" for NULL. */
void cr_window_words(const struct cr_policy_window *w, struct cr_buf *out);

/* What becomes of calls that no rule names: "end the program", "fail with EPERM". */
#define CR_FATE_MAX (CR_NAME_MAX + 64)
const char *cr_fate_words(const struct cr_violation *v, bool one, char out[CR_FATE_MAX]);

/* The rule as an object of the array @in. */
void cr_rule_json(const struct cr_rule *r, struct cr_json *j, struct json_object *in);

#endif
