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

static struct cr_verdict verdict_of(enum cr_action act, int err)
{
	switch (act) {
	case CR_ACT_ALLOW:
	case CR_ACT_LOG:
		return (struct cr_verdict){ CR_VERDICT_ALLOW, 0 };
	case CR_ACT_ASK:
		/* Until somebody says yes. */
		return (struct cr_verdict){ CR_VERDICT_ERRNO, EPERM };
	case CR_ACT_ERRNO:
		return (struct cr_verdict){ CR_VERDICT_ERRNO, err };
	case CR_ACT_STOP:
		/* The call fails, and so would the next ones: nobody judges them any more. */
		return (struct cr_verdict){ CR_VERDICT_STOP, EPERM };
	case CR_ACT_NONE:
	case CR_ACT_NEVER:
	case CR_ACT_KILL:
		break;
	}
	return (struct cr_verdict){ CR_VERDICT_KILL, 0 };
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

struct cr_opinion cr_enforce_look_up(const struct cr_enforce *e, const struct cr_call *call,
				     unsigned int window)
{
	const struct cr_violation *v = &e->plan.violation;
	struct cr_opinion o = { .window = window };
	enum cr_action said;
	int err = 0;

	o.rule = rule_for(e->plan.policy, window, call);
	o.by_args = o.rule && o.rule->cond && !cr_conds_hold(o.rule->cond, call->args);
	said = cr_rule_action(o.rule, call->args, &err);
	o.act = cr_violation_act(v, said);
	o.violates = said == CR_ACT_NONE || said == CR_ACT_NEVER;
	/* The author of "errno" has decided that; only an audit has to tell. */
	o.report = said != CR_ACT_ALLOW && (said != CR_ACT_ERRNO || e->plan.audit);
	if (o.violates)
		err = v->err;
	/* Its author cannot have known this call: libc falls back (openat2, clone3 …). */
	if (!o.rule && call->nr > e->horizon) {
		o.act = CR_ACT_ERRNO;
		o.violates = o.report = false;
		err = ENOSYS;
	}
	o.verdict = verdict_of(o.act, err);
	return o;
}

/* Of what is equally strict, what nobody has written down is told of. */
static bool stricter(const struct cr_opinion *a, const struct cr_opinion *b)
{
	return a->act != b->act ? a->act > b->act : a->violates && !b->violates;
}

/* Every open window must allow the call; of those that do not the innermost of the strictest is
 * told. Inside of windows [syscalls] does not matter. */
static struct cr_opinion decide(const struct cr_enforce *e, const struct cr_call *call,
			     const struct cr_site *site)
{
	struct cr_opinion o = { .act = CR_ACT_ALLOW }, other;
	size_t k;

	if (!site->n_windows)
		return e->plan.policy->outside_any ? o : cr_enforce_look_up(e, call, 0);
	for (k = 0; k < site->n_windows; k++) {
		other = cr_enforce_look_up(e, call, site->windows[k]);
		other.depth = k;
		if (k == 0 || stricter(&other, &o))
			o = other;
	}
	return o;
}

/* In each place that would have to allow it. */
static void missing(const struct cr_enforce *e, const struct cr_call *call,
		    const struct cr_site *site)
{
	struct cr_opinion o;
	size_t k = 0;

	do {
		o = cr_enforce_look_up(e, call, site->n_windows ? site->windows[k] : 0);
		if (o.violates && cr_enforce_lacks(e, call, &o))
			e->plan.missing(e->plan.ctx, call, site, o.window, o.by_args);
	} while (++k < site->n_windows);
}

static struct cr_verdict judge(struct cr_judge *j, const struct cr_call *call,
			       const struct cr_site *site)
{
	struct cr_enforce *e = (struct cr_enforce *)j;	/* its first member */
	struct cr_opinion o = decide(e, call, site), meant;

	/* What a rule on arguments says of clone holds for clone3 as well. */
	if (site->meant && o.act < CR_ACT_ERRNO) {
		meant = decide(e, site->meant, site);
		if (meant.by_args && meant.act > CR_ACT_LOG && stricter(&meant, &o)) {
			o = meant;
			call = site->meant;
		}
	}
	if (o.violates && e->plan.missing)
		missing(e, call, site);
	/* Of what is left stopped each is another process. */
	if (o.act == CR_ACT_ASK && e->plan.ask && !e->plan.audit)
		o.verdict = cr_enforce_ask(e, call, site, &o);
	else if (o.report && !cr_enforce_again(e, call, site, &o, o.act == CR_ACT_STOP &&
					       !e->plan.audit))
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

uint64_t cr_enforce_finish(struct cr_enforce *e)
{
	return cr_enforce_sum_up(e);
}

void cr_enforce_free(struct cr_enforce *e)
{
	size_t i;

	if (!e)
		return;
	cr_enforce_forget(e);
	for (i = 0; i < e->n_answer; i++)
		free(e->answer[i].args);
	free(e->answer);
	free(e);
}
