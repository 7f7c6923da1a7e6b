/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a person was told of is not told again: it is counted. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#define CR_LOG_DOMAIN "enforce"
#include "cr/buf.h"
#include "cr/decode.h"
#include "cr/log.h"
#include "enforce-int.h"

/* With more, somebody plays with us: from then on they are only counted. Notes are what somebody
 * has asked for, and there may be one for each file that is opened. */
#define TOLD_MAX 64
#define NOTED_MAX 1000

/* FNV-1a */
static uint32_t sum_of(const char *s)
{
	uint32_t sum = 2166136261u;

	while (*s)
		sum = (sum ^ (unsigned char)*s++) * 16777619u;
	return sum;
}

static bool same_call(const struct cr_told *t, const struct cr_told *x)
{
	return t->nr == x->nr && t->abi == x->abi && t->window == x->window &&
	       t->noted == x->noted;
}

size_t cr_enforce_times_told(const struct cr_enforce *e, bool noted, unsigned int window,
			     enum cr_abi abi, uint32_t nr)
{
	const struct cr_told like = { window, abi, nr, 0, noted, NULL };
	size_t i, n = 0;

	for (i = 0; i < e->n_told; i++)
		n += same_call(&e->told[i], &like);
	return n;
}

/* What tells one from others of the same call. */
static int words_of(const struct cr_call *call, const struct cr_site *site,
		    const struct cr_opinion *o, struct cr_buf *words)
{
	cr_auto_buf struct cr_buf why = CR_BUF_INIT;

	if (!cr_opinion_noted(o))
		return cr_conds_explain(call->abi, call->nr, o->rule->cond, call->args, &why,
					words);
	cr_decode_call(call, site, words);
	return cr_buf_ok(words) ? 0 : -1;
}

static bool is_known(const struct cr_enforce *e, const struct cr_told *it, const char *words)
{
	const struct cr_told *t;
	size_t i;

	for (i = 0; i < e->n_told; i++) {
		t = &e->told[i];
		if (t->sum == it->sum && same_call(t, it) && strcmp(t->words, words) == 0)
			return true;
	}
	return false;
}

static bool is_full(const struct cr_enforce *e, bool noted)
{
	return noted ? e->n_noted >= NOTED_MAX : e->n_told - e->n_noted >= TOLD_MAX;
}

/* Eats @words. */
static bool remember(struct cr_enforce *e, struct cr_told *it, struct cr_buf *words)
{
	struct cr_told *grown = realloc(e->told, (e->n_told + 1) * sizeof(*grown));

	if (!grown)
		return false;
	e->told = grown;
	it->words = cr_buf_take(words);
	if (!it->words)
		return false;
	grown[e->n_told++] = *it;
	e->n_noted += it->noted;
	if (it->noted && is_full(e, true))
		cr_warn("%d calls were noted: all others are only counted", NOTED_MAX);
	return true;
}

bool cr_enforce_told(struct cr_enforce *e, const struct cr_call *call, const struct cr_site *site,
		     const struct cr_opinion *o)
{
	struct cr_told it = {
		.window = o->window, .abi = call->abi, .nr = call->nr, .noted = cr_opinion_noted(o),
	};
	cr_auto_buf struct cr_buf words = CR_BUF_INIT;

	if (is_full(e, it.noted) || words_of(call, site, o, &words) < 0)
		return true;
	it.sum = sum_of(cr_buf_str(&words));
	return is_known(e, &it, cr_buf_str(&words)) || !remember(e, &it, &words);
}
