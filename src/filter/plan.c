/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <linux/sched.h>
#include <string.h>

#include "cr/filter.h"
#include "cr/names.h"

static bool is_restart(enum cr_abi abi, uint32_t nr)
{
	return nr == cr_abi_facts[abi].restart_syscall;
}

/* The most that may pass of a call, whatever the policy says; header: why. */
static enum cr_pass limit(enum cr_abi abi, uint32_t nr)
{
	const struct cr_abi_facts *f = &cr_abi_facts[abi];

	if (nr == f->clone || nr == f->seccomp)
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
}

/* How many windows allow each call plainly. */
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

static enum cr_pass pass_of(const struct cr_policy *p, const struct cr_filter_use *use,
			    const struct windows *w, enum cr_abi abi, uint32_t nr)
{
	const struct cr_rule *rule;
	bool outside;

	/* The kernel makes it, to go on with a call that was judged already. */
	if (is_restart(abi, nr))
		return CR_PASS_ALLOW;
	if (use->all)
		return CR_PASS_STOP;
	rule = cr_policy_find(p, abi, nr);
	outside = rule && cr_rule_confirmed(rule, use->learning, use->confirm);
	if (!use->learning && p->outside_any)
		outside = true;
	if (!outside || (!use->learning && w->allow[abi][nr] < p->n_windows))
		return CR_PASS_STOP;
	return limit(abi, nr);
}

void cr_filter_plan(const struct cr_policy *p, const struct cr_filter_use *use,
		    struct cr_filter_plan *plan)
{
	struct windows w;
	enum cr_abi abi;
	uint32_t nr;

	*plan = (struct cr_filter_plan){ 0 };
	ask_windows(p, &w);
	for (abi = 0; abi < CR_ABI_COUNT; abi++) {
		for (nr = 0; nr < CR_NR_MAX; nr++)
			plan->abi[abi].pass[nr] = (uint8_t)pass_of(p, use, &w, abi, nr);
	}
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

static uint32_t answer(const struct alone *a, enum cr_abi abi, uint32_t nr)
{
	const struct cr_rule *rule = cr_policy_find(a->p, abi, nr);
	enum cr_action act = rule ? rule->act : CR_ACT_NONE;

	if (is_restart(abi, nr))
		return SECCOMP_RET_ALLOW;
	switch (act) {
	case CR_ACT_ALLOW:
		return SECCOMP_RET_ALLOW;
	case CR_ACT_LOG:
		return SECCOMP_RET_LOG;
	case CR_ACT_ERRNO:
		return fails(rule->err);
	case CR_ACT_NEVER:
		return a->violation;
	case CR_ACT_NONE:
		break;
	}
	return nr > a->horizon ? fails(ENOSYS) : a->violation;
}

void cr_filter_plan_alone(const struct cr_policy *p, const struct cr_violation *violation,
			  struct cr_filter_plan *plan)
{
	const struct alone a = {
		.p = p, .horizon = cr_filter_horizon(p),
		.violation = violation->what == CR_VIOLATION_KILL ? SECCOMP_RET_KILL_PROCESS :
								    fails(violation->err),
	};
	enum cr_abi abi;
	uint32_t nr;

	*plan = (struct cr_filter_plan){ .foreign = SECCOMP_RET_KILL_PROCESS };
	for (abi = 0; abi < CR_ABI_COUNT; abi++) {
		for (nr = 0; nr < CR_NR_MAX; nr++) {
			plan->abi[abi].pass[nr] = CR_PASS_ANSWER;
			plan->abi[abi].ret[nr] = answer(&a, abi, nr);
		}
		plan->abi[abi].beyond = fails(ENOSYS);
	}
}

#define STOP (SECCOMP_RET_TRACE | CR_FILTER_DATA)

uint32_t cr_filter_otherwise(const struct cr_filter_plan *plan, enum cr_abi abi, uint32_t nr)
{
	if (nr >= CR_NR_MAX)
		return plan->abi[abi].beyond ? plan->abi[abi].beyond : STOP;
	switch ((enum cr_pass)plan->abi[abi].pass[nr]) {
	case CR_PASS_ALLOW:
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

void cr_filter_plan_meet(struct cr_filter_plan *plan, const struct cr_filter_plan *other)
{
	enum cr_abi abi;
	uint32_t nr;

	for (abi = 0; abi < CR_ABI_COUNT; abi++) {
		for (nr = 0; nr < CR_NR_MAX; nr++)
			if (plan->abi[abi].pass[nr] != other->abi[abi].pass[nr] ||
			    plan->abi[abi].ret[nr] != other->abi[abi].ret[nr])
				plan->abi[abi].pass[nr] = CR_PASS_STOP;
	}
}
