/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * value - what stands behind the = of a policy file, read and written
 *
 * In:    one value as text; or members of the model
 * Out:   members of the model; or the one spelling that the writer uses
 * Never: knows lines, sections or files
 *
 * Private to the policy room. Two values mean the same when their written spellings are equal, so
 * the writer compares those.
 */
#ifndef CR_POLICY_VALUE_H
#define CR_POLICY_VALUE_H

#include "cr/buf.h"
#include "cr/policy.h"
#include "scan.h"

/* The longest value of a head; leaves room in the line for the name and a comment. */
#define CR_VALUE_MAX 900

/* Reads header @head into @p. -EINVAL with a sentence at @at; -ENOMEM. */
int cr_value_header(struct cr_policy *p, enum cr_header head, const char *value,
		    const struct cr_where *at) CR_MUST_CHECK;

/* The text of header @head of @p; empty when it need not be written. */
void cr_value_header_text(const struct cr_policy *p, enum cr_header head, struct cr_buf *out);

/* Reads @key of a window's head into @w, whose members the caller owns. -EINVAL with a sentence at
 * @at; -ENOMEM. */
int cr_value_window(struct cr_policy_window *w, enum cr_window_key key, const char *value,
		    const struct cr_where *at) CR_MUST_CHECK;

/* The text of @key, quotes included; empty when it need not be written. */
void cr_value_window_text(const struct cr_policy_window *w, enum cr_window_key key,
			  struct cr_buf *out);

/* Can a policy hold a window of that name? -EINVAL or -ENAMETOOLONG with a sentence. */
int cr_value_window_check(const struct cr_window_name *name, struct cr_err *err) CR_MUST_CHECK;

/* Reads what the rule of (@r->abi, @r->nr) says: the caller frees its condition. */
int cr_value_rule(const char *value, struct cr_rule *r, const struct cr_where *at) CR_MUST_CHECK;

/* Reads into @ev, which owns its members then (the caller frees them). */
int cr_value_evidence(const char *value, struct cr_evidence *ev, const struct cr_where *at)
	CR_MUST_CHECK;

/* Quotes included; at most @max bytes: a stack that is too long is cut at the end of a frame. */
void cr_value_evidence_text(const struct cr_evidence *ev, size_t max, struct cr_buf *out);

/* A decimal number up to @max at the start of @s; *@end behind it. False when there is none. */
bool cr_value_number(const char *s, uint64_t max, uint64_t *n, const char **end);

/* Writes @n bytes so that they survive inside double quotes, as %XX where they would not; bytes of
 * @also are coded, too. */
void cr_value_escape(struct cr_buf *b, const char *s, size_t n, const char *also);

/* The way back: %XX is a byte, any other % itself. The caller owns it; NULL when out of memory. */
char *cr_value_unescape(const char *s, size_t n);

#endif
