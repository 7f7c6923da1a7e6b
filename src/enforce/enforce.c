/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CR_LOG_DOMAIN "enforce"
#include "cr/buf.h"
#include "cr/log.h"
#include "cr/names.h"
#include "enforce-int.h"

/* With more, somebody plays with us. */
#define TOLD_MAX 64

static void violates(const struct cr_enforce *e, struct cr_opinion *o)
{
	o->strict = CR_VIOLATES;
	o->verdict = (struct cr_verdict){ CR_VERDICT_KILL, 0 };
	switch (e->plan.violation.what) {
	case CR_VIOLATION_KILL:
		break;
	case CR_VIOLATION_ERRNO:
		o->verdict = (struct cr_verdict){ CR_VERDICT_ERRNO, e->plan.violation.err };
		break;
	case CR_VIOLATION_STOP:
		/* The call fails, and so would the next ones: nobody judges them any more. */
		o->verdict = (struct cr_verdict){ CR_VERDICT_STOP, EPERM };
		break;
	case CR_VIOLATION_LOG:
		o->verdict = (struct cr_verdict){ CR_VERDICT_ALLOW, 0 };
		break;
	case CR_VIOLATION_ASK:
		o->ask = true;
		break;
	}
}

/* What is made inside of any window, since nobody there decides about it: a handler returns to
 * where it has interrupted, and Go's runtime does its work on whatever goroutine is at hand. */
static bool is_runtime(const struct cr_rule *outside, const struct cr_call *call)
{
	return call->nr == cr_abi_facts[call->abi].sigreturn ||
	       (outside->base && strncmp(outside->base, "base-go", 7) == 0);
}

static const struct cr_rule *rule_for(const struct cr_policy *p, unsigned int window,
				      const struct cr_call *call)
{
	const struct cr_rule *rule = cr_policy_find_in(p, window, call->abi, call->nr), *outside;

	if (rule || !window)
		return rule;
	outside = cr_policy_find(p, call->abi, call->nr);
	return outside && is_runtime(outside, call) ? outside : NULL;
}

/* What the policy makes of a call, before audit turns it into a yes. */
struct cr_opinion cr_enforce_look_up(const struct cr_enforce *e, const struct cr_call *call,
				     unsigned int window)
{
	const struct cr_policy *p = e->plan.policy;
	struct cr_opinion o = { .window = window, .report = true };
	int err = 0;

	o.rule = rule_for(p, window, call);
	o.by_args = o.rule && o.rule->cond && !cr_conds_hold(o.rule->cond, call->args);
	switch (cr_rule_action(o.rule, call->args, &err)) {
	case CR_ACT_ALLOW:
		o.report = false;
		break;
	case CR_ACT_LOG:
		o.strict = CR_PASSES_NOTED;
		break;
	case CR_ACT_ERRNO:
		/* Its author has decided that; only an audit has to tell. */
		o.report = e->plan.audit;
		o.strict = CR_FAILS;
		o.verdict = (struct cr_verdict){ CR_VERDICT_ERRNO, err };
		break;
	case CR_ACT_NONE:
		violates(e, &o);
		/* Its author cannot have known this call: libc falls back (openat2, clone3 …). */
		if (!o.rule && call->nr > e->horizon) {
			o.report = false;
			o.strict = CR_FAILS;
			o.verdict = (struct cr_verdict){ CR_VERDICT_ERRNO, ENOSYS };
		}
		break;
	case CR_ACT_NEVER:
		violates(e, &o);
		break;
	}
	return o;
}

/* Every open window must allow the call; of those that do not the innermost of the strictest is
 * told. Inside of windows [syscalls] does not matter. */
static struct cr_opinion decide(const struct cr_enforce *e, const struct cr_call *call,
			     const struct cr_site *site)
{
	struct cr_opinion o = { .report = false }, other;
	size_t k;

	if (!site->n_windows)
		return e->plan.policy->outside_any ? o : cr_enforce_look_up(e, call, 0);
	for (k = 0; k < site->n_windows; k++) {
		other = cr_enforce_look_up(e, call, site->windows[k]);
		other.depth = k;
		if (k == 0 || other.strict > o.strict)
			o = other;
	}
	return o;
}

/* Was a person told of this call with such arguments? If not, he is now. */
static bool told_before(struct cr_enforce *e, const struct cr_call *call,
			const struct cr_opinion *o)
{
	cr_auto_buf struct cr_buf why = CR_BUF_INIT, rule = CR_BUF_INIT;
	struct cr_told *grown;
	size_t i;

	if (e->n_told == TOLD_MAX ||
	    cr_conds_explain(call->abi, call->nr, o->rule->cond, call->args, &why, &rule) < 0)
		return true;
	for (i = 0; i < e->n_told; i++)
		if (e->told[i].window == o->window && e->told[i].abi == call->abi &&
		    e->told[i].nr == call->nr &&
		    strcmp(e->told[i].rule, cr_buf_str(&rule)) == 0)
			return true;
	grown = realloc(e->told, (e->n_told + 1) * sizeof(*grown));
	if (!grown)
		return true;
	e->told = grown;
	grown[e->n_told] = (struct cr_told){ o->window, call->abi, call->nr, cr_buf_take(&rule) };
	if (!grown[e->n_told].rule)
		return true;
	e->n_told++;
	return false;
}

/* In each place that would have to allow it. */
static void missing(const struct cr_enforce *e, const struct cr_call *call,
		    const struct cr_site *site)
{
	struct cr_opinion o;
	size_t k = 0;

	do {
		o = cr_enforce_look_up(e, call, site->n_windows ? site->windows[k] : 0);
		if (o.strict == CR_VIOLATES && o.report && cr_enforce_lacks(e, call, &o))
			e->plan.missing(e->plan.ctx, call, site, o.window, o.by_args);
	} while (++k < site->n_windows);
}

static struct cr_verdict judge(struct cr_judge *j, const struct cr_call *call,
			       const struct cr_site *site)
{
	struct cr_enforce *e = (struct cr_enforce *)j;	/* its first member */
	struct cr_opinion o = decide(e, call, site), meant;
	uint64_t before = 0;

	/* What a rule on arguments says of clone holds for clone3 as well. */
	if (site->meant && o.strict <= CR_PASSES_NOTED) {
		meant = decide(e, site->meant, site);
		if (meant.by_args && meant.strict > CR_PASSES_NOTED) {
			o = meant;
			call = site->meant;
		}
	}

	/* A rule that says log means each time, and denies nothing. */
	if (o.report && o.strict != CR_PASSES_NOTED && call->nr < CR_NR_MAX)
		before = cr_tally_add(&e->denied, o.window, call->abi, call->nr);
	/* Other arguments are another denial. */
	if (o.report && o.by_args && o.strict != CR_PASSES_NOTED && call->nr < CR_NR_MAX)
		before = told_before(e, call, &o);
	if (o.strict == CR_VIOLATES && e->plan.missing)
		missing(e, call, site);
	if (o.ask && !e->plan.audit)
		o.verdict = cr_enforce_ask(e, call, site, &o);
	else if (o.report && before == 0)
		cr_enforce_tell(e, call, site, &o);
	if (e->plan.audit)
		return (struct cr_verdict){ CR_VERDICT_ALLOW, 0 };
	return o.verdict;
}

struct cr_enforce *cr_enforce_new(const struct cr_enforce_plan *plan)
{
	struct cr_enforce *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->judge.judge = judge;
	e->plan = *plan;
	e->horizon = plan->policy->horizon_nr;
	if (!e->horizon)
		e->horizon = cr_nr_highest(CR_ABI_NATIVE);
	return e;
}

struct cr_judge *cr_enforce_judge(struct cr_enforce *e)
{
	return &e->judge;
}

/* A sum on its way through the counts. */
struct adding {
	const struct cr_enforce *e;
	uint64_t all;
};

static void add_up(void *ctx, unsigned int window, enum cr_abi abi, uint32_t nr, uint64_t n)
{
	struct adding *a = ctx;
	const struct cr_policy_window *w = cr_policy_window(a->e->plan.policy, window);
	char name[CR_NAME_MAX], times[32] = "once";
	size_t i, told = 0;

	a->all += n;
	for (i = 0; i < a->e->n_told; i++)
		told += a->e->told[i].window == window && a->e->told[i].abi == abi &&
			a->e->told[i].nr == nr;
	if (told > 1)
		snprintf(times, sizeof(times), "%zu times", told);
	if (n > 1 && n > told && a->e->plan.repeated)
		a->e->plan.repeated(a->e->plan.ctx, window, abi, nr, n);
	if (n > 1 && n > told)
		cr_info("%s (%s)%s%s was reported %s and made %llu times",
			cr_nr_to_name(abi, nr, name), cr_abi_facts[abi].name,
			w ? " inside " : "", w ? w->function : "", times, (unsigned long long)n);
}

uint64_t cr_enforce_finish(struct cr_enforce *e)
{
	struct adding a = { e, 0 };

	cr_tally_each(&e->denied, add_up, &a);
	return a.all;
}

void cr_enforce_free(struct cr_enforce *e)
{
	size_t i;

	if (!e)
		return;
	for (i = 0; i < e->n_told; i++)
		free(e->told[i].rule);
	free(e->told);
	for (i = 0; i < e->n_answer; i++)
		free(e->answer[i].args);
	free(e->answer);
	cr_tally_fini(&e->denied);
	free(e);
}
