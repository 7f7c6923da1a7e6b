/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * trust - how complete a policy is, in plain words, as JSON, and as a picture
 *
 * In:    a policy
 * Out:   text
 * Never: says more than the sample can: each of these ends with what it does not speak of
 */
#ifndef CR_TRUST_H
#define CR_TRUST_H

#include "cr/buf.h"
#include "cr/complete.h"
#include "cr/json.h"
#include "cr/policy.h"

/* One place: outside of windows, or a window. */
struct cr_trust {
	const struct cr_policy_window *window;	/* borrowed: from the policy; NULL: outside */
	struct cr_incidence in;
	struct cr_completeness c;
	uint32_t *first;	/* owned; sorted: the executions that learned its calls */
	size_t n_first;		/* of all in.calls, those where that is known */
};

/* Outside first, then each window; @all is one more than @p has windows. On failure -ENOMEM, and
 * *@all is NULL. */
int cr_trust_count(const struct cr_policy *p, struct cr_trust **all) CR_MUST_CHECK;
void cr_trust_free(struct cr_trust *all, size_t n);

/* "expect about 1 new call in every 4 further executions" for 0.25. */
void cr_trust_rate(double rate, struct cr_buf *out);

/* Sentences, each a line, about all places with learned calls, with the caveat behind them. */
void cr_trust_words(const struct cr_policy *p, const struct cr_trust *all, struct cr_buf *out);

void cr_trust_json(const struct cr_trust *t, struct cr_json *j, struct json_object *in);

/* The discovery curve: calls known after each execution, and what to expect of as many as half of
 * them more. */
void cr_trust_plot(const struct cr_trust *t, const char *title, struct cr_buf *out);
void cr_trust_svg(const struct cr_trust *t, const char *title, struct cr_buf *out);

#endif
