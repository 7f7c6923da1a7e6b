/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <math.h>

#include "cr/rule.h"
#include "cr/trust.h"

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static int count_place(const struct cr_policy *p, const struct cr_policy_window *w,
		       struct cr_trust *t)
{
	size_t i, n;
	struct cr_rule *const *rules = cr_policy_rules_in(p, w ? w->number : 0, &n);
	int rc = cr_incidence_count(rules, n, p->runs, &t->in);

	t->window = w;
	t->first = calloc(n + 1, sizeof(*t->first));
	if (rc < 0 || !t->first)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		if (cr_rule_learned(rules[i]) && rules[i]->ev->first)
			t->first[t->n_first++] = rules[i]->ev->first;
	if (t->n_first)
		qsort(t->first, t->n_first, sizeof(*t->first), by_number);
	cr_completeness(&t->in, &t->c);
	return 0;
}

int cr_trust_count(const struct cr_policy *p, struct cr_trust **all)
{
	size_t i;
	int rc = 0;

	*all = calloc(p->n_windows + 1, sizeof(**all));
	if (!*all)
		return -ENOMEM;
	for (i = 0; i <= p->n_windows && rc == 0; i++)
		rc = count_place(p, i ? p->windows[i - 1] : NULL, &(*all)[i]);
	if (rc == 0)
		return 0;
	cr_trust_free(*all, p->n_windows + 1);
	*all = NULL;
	return rc;
}

void cr_trust_free(struct cr_trust *all, size_t n)
{
	size_t i;

	for (i = 0; all && i < n; i++)
		free(all[i].first);
	free(all);
}

static const char *plural(double n)
{
	return n > 0.99 && n < 1.01 ? "" : "s";
}

/* Small whole numbers say more than 0.23 does. */
void cr_trust_rate(double rate, struct cr_buf *out)
{
	double each = rate > 0 ? 1 / rate : 0;

	if (rate >= 0.95)
		cr_buf_addf(out, "expect about %.0f new call%s in each further execution", rate,
			    plural(round(rate)));
	else if (each >= 3 || fabs(each - round(each)) < 0.15 * each)
		cr_buf_addf(out, "expect about 1 new call in every %.0f further executions", each);
	else
		cr_buf_addf(out, "expect about %.0f new calls in every 10 further executions",
			    10 * rate);
}

static void say_once(const struct cr_trust *t, struct cr_buf *out)
{
	double unseen = floor(t->c.unseen + 0.05);

	cr_buf_addf(out, "%u executions, %u call%s seen in only one: ", t->in.runs, t->in.once,
		    plural(t->in.once));
	cr_trust_rate(t->c.next, out);
	cr_buf_addf(out, " (%.2g to %.2g in each, with %.0f %% confidence).\n", t->c.low,
		    t->c.high, 100 * CR_CONFIDENCE);
	if (unseen >= 1)
		cr_buf_addf(out, "At least %.0f call%s of that workload %s probably still unseen "
			    "(Chao's estimate).\n", unseen, plural(unseen),
			    unseen > 1 ? "are" : "is");
}

static void say_never_once(const struct cr_trust *t, struct cr_buf *out)
{
	cr_buf_addf(out, "%u executions, no call seen in only one: ", t->in.runs);
	if (t->c.high <= 0.5)
		cr_buf_addf(out, "with %.0f %% confidence, at most 1 in every %.0f further "
			    "executions brings anything new (rule of three).\n",
			    100 * CR_CONFIDENCE, floor(1 / t->c.high + 0.005));
	else if (t->c.high < 0.95)
		cr_buf_addf(out, "with %.0f %% confidence, at most %.0f in every 10 further "
			    "executions bring anything new (rule of three).\n",
			    100 * CR_CONFIDENCE, ceil(10 * t->c.high));
	else
		cr_buf_add(out, "these are too few to exclude that each further one brings "
			   "something new (rule of three).\n");
}

static void say_place(const struct cr_trust *t, struct cr_buf *out)
{
	if (t->window) {
		cr_window_words(t->window, out);
		cr_buf_add(out, ": ");
	}
	if (!t->c.known)
		cr_buf_add(out, "1 execution says nothing about the next one: learn from more.\n");
	else if (t->in.once)
		say_once(t, out);
	else
		say_never_once(t, out);
	if (t->in.stopped)
		cr_buf_addf(out, "%u of these calls passed uncounted after one or two executions "
			    "(--confirm), and may have been seen more often: this errs on the safe "
			    "side.\n", t->in.stopped);
}

void cr_trust_words(const struct cr_policy *p, const struct cr_trust *all, struct cr_buf *out)
{
	bool any = false;
	size_t i;

	for (i = 0; p->runs && i <= p->n_windows; i++) {
		if (!all[i].in.calls)
			continue;
		say_place(&all[i], out);
		any = true;
	}
	if (!any)
		cr_buf_add(out, "Nothing was learned by watching executions.\n");
	else
		cr_buf_add(out, "This speaks of executions like those only: what none of them did "
			   "(errors, reloads, a full disk) it knows nothing about.\n");
}

void cr_trust_json(const struct cr_trust *t, struct cr_json *j, struct json_object *in)
{
	cr_json_count(j, in, "executions", t->in.runs);
	cr_json_count(j, in, "learned", t->in.calls);
	cr_json_count(j, in, "seen-once", t->in.once);
	cr_json_count(j, in, "seen-twice", t->in.twice);
	cr_json_count(j, in, "counted-too-short", t->in.stopped);
	cr_json_bool(j, in, "known", t->c.known);
	if (!t->c.known)
		return;
	cr_json_text(j, in, "estimate", t->in.once ? "Good-Turing" : "rule of three");
	cr_json_real(j, in, "new-calls-next", t->c.next);
	cr_json_real(j, in, "low", t->c.low);
	cr_json_real(j, in, "high", t->c.high);
	cr_json_real(j, in, "confidence", CR_CONFIDENCE);
	cr_json_real(j, in, "unseen-at-least", t->c.unseen);
}
