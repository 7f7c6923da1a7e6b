/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a person was told of is not told again: it is counted. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CR_LOG_DOMAIN "enforce"
#include "cr/buf.h"
#include "cr/decode.h"
#include "cr/log.h"
#include "enforce-int.h"

/* With more arguments somebody plays with us: from then on they are only counted. Notes are what
 * somebody has asked for, and there may be one for each file that is opened. */
#define BY_ARGS_MAX 64
#define NOTED_MAX 1000

/* FNV-1a */
static uint32_t sum_of(const char *s)
{
	uint32_t sum = 2166136261u;

	while (*s)
		sum = (sum ^ (unsigned char)*s++) * 16777619u;
	return sum;
}

/* What tells one from others of the same call. */
static int words_of(const struct cr_call *call, const struct cr_site *site,
		    const struct cr_opinion *o, struct cr_buf *words)
{
	cr_auto_buf struct cr_buf why = CR_BUF_INIT;

	if (cr_opinion_noted(o))
		cr_decode_call(call, site, words);
	else if (o->by_args)
		return cr_conds_explain(call->abi, call->nr, o->rule->cond, call->args, &why,
					words);
	return cr_buf_ok(words) ? 0 : -1;
}

static struct cr_told *find(const struct cr_enforce *e, const struct cr_told *it,
			    const char *words)
{
	struct cr_told *t;
	size_t i;

	for (i = 0; i < e->n_told; i++) {
		t = &e->told[i];
		if (t->sum == it->sum && t->nr == it->nr && t->abi == it->abi &&
		    t->window == it->window && t->noted == it->noted &&
		    strcmp(t->words, words) == 0)
			return t;
	}
	return NULL;
}

static bool is_full(const struct cr_enforce *e, const struct cr_told *it)
{
	return (it->noted && e->n_noted >= NOTED_MAX) ||
	       (!it->noted && it->by_args && e->n_by_args >= BY_ARGS_MAX);
}

/* Eats @words. */
static struct cr_told *add(struct cr_enforce *e, struct cr_told *it, struct cr_buf *words)
{
	struct cr_told *grown = realloc(e->told, (e->n_told + 1) * sizeof(*grown));

	if (!grown)
		return NULL;
	e->told = grown;
	it->words = words->len ? cr_buf_take(words) : strdup("");
	if (!it->words)
		return NULL;
	grown[e->n_told] = *it;
	e->n_noted += it->noted;
	e->n_by_args += it->by_args && !it->noted;
	if (it->noted && is_full(e, it))
		cr_warn("%d calls were noted: all others are only counted", NOTED_MAX);
	return &grown[e->n_told++];
}

/* Who is not told of it may still be told of others. */
static bool told(struct cr_enforce *e, const struct cr_call *call, const struct cr_site *site,
		 const struct cr_opinion *o, bool always)
{
	struct cr_told it = {
		.window = o->window, .abi = call->abi, .nr = call->nr,
		.noted = cr_opinion_noted(o), .by_args = o->by_args,
	}, *t;
	cr_auto_buf struct cr_buf words = CR_BUF_INIT;
	bool known;

	if (is_full(e, &it) || words_of(call, site, o, &words) < 0)
		return !always;
	it.sum = sum_of(cr_buf_str(&words));
	t = find(e, &it, cr_buf_str(&words));
	known = t != NULL;
	if (!t)
		t = add(e, &it, &words);
	if (!t)
		return !always;
	t->times += always || !known;
	return known && !always;
}

bool cr_enforce_again(struct cr_enforce *e, const struct cr_call *call, const struct cr_site *site,
		      const struct cr_opinion *o, bool always)
{
	if (call->nr >= CR_NR_MAX)
		return false;
	cr_tally_add(cr_opinion_noted(o) ? &e->noted : &e->denied, o->window, call->abi, call->nr);
	return told(e, call, site, o, always);
}

/* A sum on its way through the counts. */
struct adding {
	const struct cr_enforce *e;
	bool noted;
	uint64_t all;
};

static unsigned int times_told(const struct adding *a, unsigned int window, enum cr_abi abi,
			       uint32_t nr)
{
	const struct cr_told *t;
	unsigned int n = 0;
	size_t i;

	for (i = 0; i < a->e->n_told; i++) {
		t = &a->e->told[i];
		if (t->nr == nr && t->abi == abi && t->window == window && t->noted == a->noted)
			n += t->times;
	}
	return n;
}

static void add_up(void *ctx, unsigned int window, enum cr_abi abi, uint32_t nr, uint64_t n)
{
	struct adding *a = ctx;
	const struct cr_policy_window *w = cr_policy_window(a->e->plan.policy, window);
	unsigned int said = times_told(a, window, abi, nr);
	char name[CR_NAME_MAX], times[32] = "once";

	a->all += n;
	if (n <= said)
		return;
	if (said != 1)
		snprintf(times, sizeof(times), "%u times", said);
	if (a->e->plan.repeated)
		a->e->plan.repeated(a->e->plan.ctx, window, abi, nr, n);
	cr_info("%s (%s)%s%s was %s %s and made %llu times", cr_nr_to_name(abi, nr, name),
		cr_abi_facts[abi].name, w ? " inside " : "", w ? w->function : "",
		a->noted ? "noted" : "reported", times, (unsigned long long)n);
}

uint64_t cr_enforce_sum_up(const struct cr_enforce *e)
{
	struct adding denied = { e, false, 0 }, noted = { e, true, 0 };

	cr_tally_each(&e->denied, add_up, &denied);
	cr_tally_each(&e->noted, add_up, &noted);
	return denied.all;
}

void cr_enforce_forget(struct cr_enforce *e)
{
	size_t i;

	for (i = 0; i < e->n_told; i++)
		free(e->told[i].words);
	free(e->told);
	cr_tally_fini(&e->denied);
	cr_tally_fini(&e->noted);
}
