/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cr/policy.h"

enum cr_action cr_rule_action(const struct cr_rule *r, const uint64_t args[6], int *err)
{
	if (!r)
		return CR_ACT_NONE;
	if (!r->cond || cr_conds_hold(r->cond, args)) {
		*err = r->err;
		return r->act;
	}
	*err = r->other_err;
	return r->other;
}

bool cr_rule_same(const struct cr_rule *a, const struct cr_rule *b)
{
	return a->act == b->act && a->err == b->err && a->other == b->other &&
	       a->other_err == b->other_err && cr_conds_equal(a->cond, b->cond);
}

static bool passes(enum cr_action act)
{
	return act == CR_ACT_ALLOW || act == CR_ACT_LOG;
}

bool cr_rule_passes(const struct cr_rule *r)
{
	return r && (passes(r->act) || (r->cond && passes(r->other)));
}

bool cr_rule_says(const struct cr_rule *r, enum cr_action act)
{
	return r && (r->act == act || (r->cond && r->other == act));
}

bool cr_policy_says(const struct cr_policy *p, const struct cr_violation *v, enum cr_action act)
{
	bool says = v->what == act;
	size_t i, k;

	for (i = 0; i < p->n_rules && !says; i++)
		says = cr_rule_says(p->rules[i], act) &&
		       (i < p->n_own || !cr_policy_own(p, p->rules[i]->abi, p->rules[i]->nr));
	for (i = 0; i < p->n_windows; i++)
		for (k = 0; k < p->windows[i]->n_rules && !says; k++)
			says = cr_rule_says(p->windows[i]->rules[k], act);
	return says;
}

static bool passes_always(const struct cr_rule *r)
{
	return passes(r->act) && (!r->cond || passes(r->other));
}

bool cr_rule_covers(const struct cr_rule *have, const struct cr_rule *want)
{
	if (!cr_rule_passes(want))
		return true;
	if (!cr_rule_passes(have))
		return false;
	if (passes_always(have))
		return true;
	if (passes(have->act) && passes(want->act) && want->cond && !passes(want->other))
		return cr_conds_cover(have->cond, want->cond);
	return cr_rule_same(have, want);
}

void cr_rule_print(const struct cr_rule *r, struct cr_buf *out)
{
	cr_action_print(r->act, r->err, out);
	if (!r->cond)
		return;
	cr_buf_add(out, " if ");
	cr_conds_print(r->abi, r->nr, r->cond, out);
	if (r->other == CR_ACT_NONE)
		return;
	cr_buf_add(out, " else ");
	cr_action_print(r->other, r->other_err, out);
}
