/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <linux/sched.h>
#include <string.h>

#include "cr/names.h"
#include "guard.h"

static bool is_restart(enum cr_abi abi, uint32_t nr)
{
	return nr == cr_abi_facts[abi].restart_syscall;
}

/* The most that may pass of a call, whatever the policy says; header: why. */
static enum cr_pass limit(enum cr_abi abi, uint32_t nr)
{
	const struct cr_abi_facts *f = &cr_abi_facts[abi];

	if (nr == f->clone || nr == f->seccomp || nr == f->prlimit)
		return CR_PASS_UNLESS_MASK;
	if (nr == f->clone3 || nr == f->setaffinity || nr == f->getaffinity || nr == f->ptrace ||
	    nr == f->vm_readv || nr == f->vm_writev)
		return CR_PASS_STOP;
	return CR_PASS_ALLOW;
}

void cr_filter_mask(enum cr_abi abi, uint32_t nr, unsigned int *arg, uint64_t *mask)
{
	const struct cr_abi_facts *f = &cr_abi_facts[abi];

	*arg = nr == f->seccomp ? 1 : 0;
	*mask = 0;
	if (nr == f->clone)
		*mask = CLONE_UNTRACED;
	else if (nr == f->seccomp)
		*mask = SECCOMP_FILTER_FLAG_NEW_LISTENER;
	else if (nr == f->prlimit)
		*mask = UINT32_MAX;
}

/* How many windows allow each call, at least with some arguments. */
struct windows {
	uint32_t allow[CR_ABI_COUNT][CR_NR_MAX];
};

static void ask_windows(const struct cr_policy *p, struct windows *w)
{
	struct cr_rule *const *rules;
	size_t i, k, n;

	memset(w, 0, sizeof(*w));
	for (i = 0; i < p->n_windows; i++) {
		rules = cr_policy_rules_in(p, p->windows[i]->number, &n);
		for (k = 0; k < n; k++)
			w->allow[rules[k]->abi][rules[k]->nr] +=
				cr_rule_confirmed(rules[k], false, 0);
	}
}

/* On which condition @r, which is confirmed, lets a call pass: without one, always. */
static struct cr_filter_guard guard_of(const struct cr_rule *r)
{
	struct cr_filter_guard g = { NULL, false };

	if (!r->cond || (r->act == CR_ACT_ALLOW && r->other == CR_ACT_ALLOW))
		return g;
	g.cond = r->cond;
	g.unless = r->act != CR_ACT_ALLOW;
	return g;
}

/* False when there is no room for it. What is asked twice is asked once. */
static bool add_guard(struct cr_filter_guarded *to, struct cr_filter_guard g)
{
	size_t i;

	if (!g.cond)
		return true;
	for (i = 0; i < to->n; i++)
		if (to->guard[i].unless == g.unless && cr_conds_equal(to->guard[i].cond, g.cond))
			return true;
	if (to->n == CR_FILTER_GUARDS_EACH)
		return false;
	to->guard[to->n++] = g;
	return true;
}

/* What all places together ask of the arguments of a call that each of them allows. */
static bool ask_all(const struct cr_policy *p, const struct cr_filter_use *use,
		    const struct cr_rule *outside, enum cr_abi abi, uint32_t nr,
		    struct cr_filter_guarded *to)
{
	const struct cr_rule *r;
	size_t i;

	*to = (struct cr_filter_guarded){ .yes = SECCOMP_RET_ALLOW };
	if (outside && !add_guard(to, guard_of(outside)))
		return false;
	for (i = 0; i < p->n_windows && !use->learning; i++) {
		r = cr_policy_find_in(p, p->windows[i]->number, abi, nr);
		if (r && !add_guard(to, guard_of(r)))
			return false;
	}
	return !to->n || cr_guard_fits(to->guard, to->n) > 0;
}

/* Without room, or memory, for its conditions a call stops: slower, never wrong. */
static bool put_guarded(struct cr_filter_plan *plan, enum cr_abi abi, uint32_t nr,
			const struct cr_filter_guarded *g)
{
	if (!g->n)
		return true;
	if (plan->n_guarded == CR_FILTER_GUARDS)
		return false;
	plan->guarded[plan->n_guarded++] = *g;
	plan->abi[abi].guarded[nr] = (uint16_t)plan->n_guarded;
	return true;
}

static enum cr_pass pass_of(const struct cr_policy *p, const struct cr_filter_use *use,
			    const struct windows *w, struct cr_filter_plan *plan, uint32_t at)
{
	enum cr_abi abi = (enum cr_abi)(at / CR_NR_MAX);
	uint32_t nr = at % CR_NR_MAX;
	const struct cr_rule *rule = NULL;
	struct cr_filter_guarded g;
	enum cr_pass most;

	/* The kernel makes it, to go on with a call that was judged already. */
	if (is_restart(abi, nr))
		return CR_PASS_ALLOW;
	if (use->all)
		return CR_PASS_STOP;
	if (use->learning || !p->outside_any) {
		rule = cr_policy_find(p, abi, nr);
		if (!rule || !cr_rule_confirmed(rule, use->learning, use->confirm))
			return CR_PASS_STOP;
	}
	most = limit(abi, nr);
	if (most == CR_PASS_STOP || (!use->learning && w->allow[abi][nr] < p->n_windows) ||
	    !ask_all(p, use, rule, abi, nr, &g) || !put_guarded(plan, abi, nr, &g))
		return CR_PASS_STOP;
	return most;
}

void cr_filter_plan(const struct cr_policy *p, const struct cr_filter_use *use,
		    struct cr_filter_plan *plan)
{
	struct windows w;
	uint32_t at;

	memset(plan, 0, sizeof(*plan));
	ask_windows(p, &w);
	for (at = 0; at < CR_ABI_COUNT * CR_NR_MAX; at++)
		plan->abi[at / CR_NR_MAX].pass[at % CR_NR_MAX] =
			(uint8_t)pass_of(p, use, &w, plan, at);
}

const struct cr_filter_guarded *cr_filter_guards(const struct cr_filter_plan *plan,
						 enum cr_abi abi, uint32_t nr)
{
	unsigned int at = plan->abi[abi].guarded[nr];

	/* Whatever a call's arguments are, one that stops does. */
	if (plan->abi[abi].pass[nr] == CR_PASS_STOP)
		return NULL;
	return at ? &plan->guarded[at - 1] : NULL;
}

uint32_t cr_filter_horizon(const struct cr_policy *p)
{
	uint32_t nr = p->horizon_nr ? p->horizon_nr : cr_nr_highest(CR_ABI_NATIVE);

	return nr < CR_NR_MAX ? nr : CR_NR_MAX - 1;
}

static uint32_t fails(int err)
{
	return SECCOMP_RET_ERRNO | ((uint32_t)err & SECCOMP_RET_DATA);
}

struct alone {
	const struct cr_policy *p;
	uint32_t violation;
	uint32_t horizon;
};

/* Of what only a supervisor can do: nobody says yes, so the call fails, and what cannot be left
 * stopped ends. */
uint32_t cr_filter_answer(enum cr_action act, int err)
{
	switch (act) {
	case CR_ACT_ALLOW:
		return SECCOMP_RET_ALLOW;
	case CR_ACT_LOG:
		return SECCOMP_RET_LOG;
	case CR_ACT_ASK:
		return fails(EPERM);
	case CR_ACT_ERRNO:
		return fails(err);
	case CR_ACT_STOP:
	case CR_ACT_KILL:
	case CR_ACT_NEVER:
	case CR_ACT_NONE:
		break;
	}
	return SECCOMP_RET_KILL_PROCESS;
}

static uint32_t answer(const struct alone *a, enum cr_action act, int err, uint32_t nr)
{
	if (act == CR_ACT_NONE && nr > a->horizon)
		return fails(ENOSYS);
	return act == CR_ACT_NONE || act == CR_ACT_NEVER ? a->violation :
							   cr_filter_answer(act, err);
}

static void answer_call(const struct alone *a, struct cr_filter_plan *plan, enum cr_abi abi,
			uint32_t nr)
{
	const struct cr_rule *r = cr_policy_find(a->p, abi, nr);
	uint32_t *ret = &plan->abi[abi].ret[nr];
	struct cr_filter_guarded g = { .n = 0 };

	plan->abi[abi].pass[nr] = CR_PASS_ANSWER;
	if (is_restart(abi, nr)) {
		*ret = SECCOMP_RET_ALLOW;
		return;
	}
	*ret = answer(a, r ? r->act : CR_ACT_NONE, r ? r->err : 0, nr);
	if (!r || !r->cond)
		return;
	g.guard[g.n++].cond = r->cond;
	g.yes = *ret;
	/* A call that has a rule is none that its author did not know of. */
	*ret = r->other == CR_ACT_NONE ? a->violation : answer(a, r->other, r->other_err, nr);
	if (put_guarded(plan, abi, nr, &g))
		return;
	/* No policy has so many conditions; this one shall not pass for one that has few. */
	*ret = SECCOMP_RET_KILL_PROCESS;
}

void cr_filter_plan_alone(const struct cr_policy *p, const struct cr_violation *violation,
			  struct cr_filter_plan *plan)
{
	const struct alone a = {
		.p = p, .horizon = cr_filter_horizon(p),
		.violation = cr_filter_answer(violation->what, violation->err),
	};
	enum cr_abi abi;
	uint32_t nr;

	memset(plan, 0, sizeof(*plan));
	plan->foreign = SECCOMP_RET_KILL_PROCESS;
	for (abi = 0; abi < CR_ABI_COUNT; abi++) {
		for (nr = 0; nr < CR_NR_MAX; nr++)
			answer_call(&a, plan, abi, nr);
		plan->abi[abi].beyond = fails(ENOSYS);
	}
}

void cr_filter_shut_clone3(struct cr_filter_plan *plan)
{
	const struct cr_abi_facts *f = cr_abi_facts;
	enum cr_abi abi;
	uint32_t ret;

	for (abi = 0; abi < CR_ABI_COUNT; abi++) {
		ret = plan->abi[abi].ret[f[abi].clone3];
		if (cr_filter_guards(plan, abi, f[abi].clone) &&
		    (ret == SECCOMP_RET_ALLOW || ret == SECCOMP_RET_LOG))
			plan->abi[abi].ret[f[abi].clone3] = fails(ENOSYS);
	}
}

void cr_filter_let(struct cr_filter_plan *plan, uint32_t nr)
{
	if (cr_filter_otherwise(plan, CR_ABI_NATIVE, nr) == SECCOMP_RET_ALLOW &&
	    !cr_filter_guards(plan, CR_ABI_NATIVE, nr))
		return;
	plan->abi[CR_ABI_NATIVE].pass[nr] = CR_PASS_WITH_KEY;
}

#define STOP (SECCOMP_RET_TRACE | CR_FILTER_DATA)

uint32_t cr_filter_otherwise(const struct cr_filter_plan *plan, enum cr_abi abi, uint32_t nr)
{
	if (nr >= CR_NR_MAX)
		return plan->abi[abi].beyond ? plan->abi[abi].beyond : STOP;
	switch ((enum cr_pass)plan->abi[abi].pass[nr]) {
	case CR_PASS_ALLOW:
		if (cr_filter_guards(plan, abi, nr))
			break;
		return SECCOMP_RET_ALLOW;
	case CR_PASS_STOP:
	case CR_PASS_UNLESS_MASK:
		break;
	case CR_PASS_ANSWER:
	case CR_PASS_WITH_KEY:
		return plan->abi[abi].ret[nr];
	}
	return STOP;
}

uint32_t cr_filter_foreign(const struct cr_filter_plan *plan)
{
	return plan->foreign ? plan->foreign : STOP;
}

/* What both ask of a call's arguments. False when that is more than a plan holds. */
static bool meet_guards(struct cr_filter_plan *plan, const struct cr_filter_guarded *mine,
			const struct cr_filter_guarded *other, enum cr_abi abi, uint32_t nr)
{
	struct cr_filter_guarded both = { .yes = SECCOMP_RET_ALLOW };
	size_t i;

	if (!other)
		return true;
	if (mine)
		both = *mine;
	if (both.yes != other->yes)
		return false;
	for (i = 0; i < other->n; i++)
		if (!add_guard(&both, other->guard[i]))
			return false;
	if (cr_guard_fits(both.guard, both.n) <= 0)
		return false;
	if (!mine)
		return put_guarded(plan, abi, nr, &both);
	plan->guarded[plan->abi[abi].guarded[nr] - 1] = both;
	return true;
}

void cr_filter_plan_meet(struct cr_filter_plan *plan, const struct cr_filter_plan *other)
{
	enum cr_abi abi;
	uint32_t nr;

	for (abi = 0; abi < CR_ABI_COUNT; abi++) {
		for (nr = 0; nr < CR_NR_MAX; nr++)
			if (plan->abi[abi].pass[nr] != other->abi[abi].pass[nr] ||
			    plan->abi[abi].ret[nr] != other->abi[abi].ret[nr] ||
			    !meet_guards(plan, cr_filter_guards(plan, abi, nr),
					 cr_filter_guards(other, abi, nr), abi, nr))
				plan->abi[abi].pass[nr] = CR_PASS_STOP;
	}
}
