/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the kernel has to answer to every call, so that it does what the policy says.
 */
#include <errno.h>
#include <string.h>

#include "export-int.h"

static const char from_policy[] = "rules of the policy itself";
static const char from_kernel[] = "made by the kernel, to go on with an interrupted call";
static const char from_future[] = "newer than the policy";

/* x32 is a second door into every 64-bit program, and hardly anybody uses it: without a rule of
 * its own it is shut, whatever a violation does elsewhere. */
static bool shut(const struct cr_policy *p, enum cr_abi abi)
{
	size_t i;

	for (i = 0; i < p->n_rules; i++) {
		if (p->rules[i]->abi == abi)
			return false;
	}
	return true;
}

static uint32_t widest(const struct cr_filter_plan *plan, enum cr_abi abi, uint32_t nr)
{
	const struct cr_filter_guarded *g = cr_filter_guards(plan, abi, nr);
	uint32_t no = cr_filter_otherwise(plan, abi, nr);

	return g && !cr_export_passes(no) ? g->yes : no;
}

void cr_export_answers(const struct cr_policy *p, unsigned int holds, struct cr_export *x)
{
	struct cr_violation v = p->violation;
	bool none = shut(p, CR_ABI_X32);
	enum cr_abi abi;
	uint32_t nr;

	x->p = p;
	x->holds = holds;
	/* Who cannot let pass and tell of it what is not listed denies that. */
	if (v.what == CR_ACT_LOG && !(holds & CR_HOLDS_OPEN))
		v = (struct cr_violation){ CR_ACT_ERRNO, EPERM };
	cr_filter_plan_alone(p, &v, &x->plan);
	for (nr = 0; nr < CR_NR_MAX && none; nr++)
		x->plan.abi[CR_ABI_X32].ret[nr] = SECCOMP_RET_KILL_PROCESS;
	if (none)
		x->plan.abi[CR_ABI_X32].beyond = SECCOMP_RET_KILL_PROCESS;
	x->horizon = cr_filter_horizon(p);
	x->violation = cr_filter_answer(v.what, v.err);
	for (abi = 0; abi < CR_ABI_COUNT; abi++) {
		for (nr = 0; nr < CR_NR_MAX; nr++)
			x->ret[abi][nr] = widest(&x->plan, abi, nr);
		x->beyond[abi] = cr_filter_otherwise(&x->plan, abi, CR_NR_MAX);
	}
}

static const char *origin(const struct cr_export *x, uint32_t nr)
{
	const struct cr_rule *rule = cr_policy_find(x->p, CR_ABI_NATIVE, nr);

	if (rule && rule->base)
		return rule->base;
	if (rule)
		return from_policy;
	return nr > x->horizon ? from_future : from_kernel;
}

bool cr_export_in(const struct cr_export *x, const struct cr_group *g, const struct cr_named *c)
{
	if (g->call != (x->cases[c->nr] ? (int)c->nr : -1))
		return false;
	return x->ret[CR_ABI_NATIVE][c->nr] == g->ret &&
	       (!g->origin || strcmp(origin(x, c->nr), g->origin) == 0);
}

/* Allowed, logged, then errnos; the policy's own rules before others, and plain ones before those
 * under conditions. */
static int by_answer(const void *a, const void *b)
{
	const struct cr_group *x = a, *y = b;
	int own;

	if (x->ret != y->ret)
		return x->ret < y->ret ? 1 : -1;
	own = (y->origin == from_policy) - (x->origin == from_policy);
	if (!own && x->origin)
		own = strcmp(x->origin, y->origin);
	return own ? own : (x->call > y->call) - (x->call < y->call);
}

int cr_export_groups(const struct cr_export *x, bool by_origin, struct cr_group **groups, size_t *n)
{
	struct cr_group *all = calloc(x->n_named + 1, sizeof(*all));
	size_t i, k;

	if (!all)
		return -ENOMEM;
	*n = 0;
	for (i = 0; i < x->n_named; i++) {
		const struct cr_named *c = &x->named[i];

		for (k = 0; k < *n && !cr_export_in(x, &all[k], c); k++)
			;
		if (k < *n || x->ret[CR_ABI_NATIVE][c->nr] == x->violation)
			continue;
		all[k].ret = x->ret[CR_ABI_NATIVE][c->nr];
		all[k].origin = by_origin ? origin(x, c->nr) : NULL;
		all[k].call = x->cases[c->nr] ? (int)c->nr : -1;
		*n = k + 1;
	}
	qsort(all, *n, sizeof(*all), by_answer);
	*groups = all;
	return 0;
}

const char *cr_export_action(uint32_t ret)
{
	switch (ret & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ALLOW:
		return "SCMP_ACT_ALLOW";
	case SECCOMP_RET_LOG:
		return "SCMP_ACT_LOG";
	case SECCOMP_RET_ERRNO:
		return "SCMP_ACT_ERRNO";
	}
	return "SCMP_ACT_KILL_PROCESS";
}

int cr_export_errno(uint32_t ret)
{
	if ((ret & SECCOMP_RET_ACTION_FULL) != SECCOMP_RET_ERRNO)
		return 0;
	return (int)(ret & SECCOMP_RET_DATA);
}

bool cr_export_passes(uint32_t ret)
{
	return ret == SECCOMP_RET_ALLOW || ret == SECCOMP_RET_LOG;
}
