/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * No format knows function windows. What is exported is one policy for the whole program: a call
 * passes that passes anywhere, outside or in a window. With "outside = any" only the windows count:
 * what the program does elsewhere was none of learning's business, and is none of the export's.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "export-int.h"

#define ORIGIN_MAX 200

static char *copied(const char *s, bool *failed)
{
	char *copy = s ? strdup(s) : NULL;

	*failed |= s && !copy;
	return copy;
}

static struct cr_policy *head_of(const struct cr_policy *p)
{
	struct cr_policy *flat = cr_policy_new();
	bool failed = false;

	if (!flat)
		return NULL;
	flat->path = copied(p->path, &failed);
	flat->program = copied(p->program, &failed);
	flat->build_id = copied(p->build_id, &failed);
	flat->horizon_kernel = copied(p->horizon_kernel, &failed);
	flat->horizon_nr = p->horizon_nr;
	flat->violation = p->violation;
	flat->mode = p->mode;
	if (!failed)
		return flat;
	cr_policy_free(flat);
	return NULL;
}

/* May the call of @r be made, with some arguments at least? What is not named may be a reason. */
static bool lets(const struct cr_policy *p, const struct cr_rule *r)
{
	bool open = p->violation.what == CR_ACT_LOG;

	return cr_rule_passes(r) || (r && open && (cr_rule_says(r, CR_ACT_NEVER) ||
						   (r->cond && r->other == CR_ACT_NONE)));
}

/* Does @r take the place of @best? What passes does; of two that pass the one that tells. */
static bool beats(const struct cr_policy *p, const struct cr_rule *r, const struct cr_rule *best)
{
	if (!r)
		return false;
	if (lets(p, r) != lets(p, best))
		return lets(p, r) || !best;
	return !best || (r->act == CR_ACT_LOG && best->act == CR_ACT_ALLOW);
}

const struct cr_rule *cr_export_widest(const struct cr_policy *p, enum cr_abi abi, uint32_t nr,
				       const struct cr_policy_window **window)
{
	const struct cr_rule *best = p->outside_any ? NULL : cr_policy_find(p, abi, nr), *r;
	size_t i;

	*window = NULL;
	for (i = 0; i < p->n_windows; i++) {
		r = cr_policy_find_in(p, p->windows[i]->number, abi, nr);
		if (!beats(p, r, best))
			continue;
		best = r;
		*window = p->windows[i];
	}
	return best;
}

/* @r passes what it does somewhere else; @to shall do so, too. */
static int widen(struct cr_rule *to, const struct cr_rule *r, struct cr_buf *losses)
{
	char name[CR_NAME_MAX];

	if (!cr_rule_passes(r) || !to->cond || cr_rule_same(to, r))
		return 0;
	if (!r->cond) {
		cr_conds_free(to->cond);
		to->cond = NULL;
		to->other = CR_ACT_NONE;
		if (to->act != CR_ACT_LOG)
			to->act = CR_ACT_ALLOW;
		if (r->act == CR_ACT_LOG)
			to->act = CR_ACT_LOG;
		return 0;
	}
	if (to->other == CR_ACT_NONE && r->other == CR_ACT_NONE)
		return cr_conds_join(&to->cond, r->cond);
	cr_buf_addf(losses, "%s has different conditions in different places, which cannot be one: "
		    "some of what the policy allows is denied\n",
		    cr_nr_to_name(r->abi, r->nr, name));
	return 0;
}

/* Where a call passes on a condition, it does so on that of any place. */
static int widen_all(const struct cr_policy *p, struct cr_rule *to, struct cr_buf *losses)
{
	const struct cr_rule *r = p->outside_any ? NULL : cr_policy_find(p, to->abi, to->nr);
	size_t i;
	int rc = widen(to, r, losses);

	for (i = 0; i < p->n_windows && rc == 0; i++) {
		r = cr_policy_find_in(p, p->windows[i]->number, to->abi, to->nr);
		rc = widen(to, r, losses);
	}
	if (rc == 0 && to->cond && cr_conds_always(to->cond)) {
		cr_conds_free(to->cond);
		to->cond = NULL;
	}
	return rc;
}

/* Is there a place that does not name the call, and so lets it pass, and tells? */
static bool passes_unnamed(const struct cr_policy *p, enum cr_abi abi, uint32_t nr)
{
	bool any = !p->outside_any && !cr_policy_find(p, abi, nr);
	size_t i;

	if (p->violation.what != CR_ACT_LOG || nr > cr_filter_horizon(p))
		return false;
	for (i = 0; i < p->n_windows; i++)
		any |= !cr_policy_find_in(p, p->windows[i]->number, abi, nr);
	return any;
}

static int flatten_call(const struct cr_policy *p, struct cr_policy *flat, enum cr_abi abi,
			uint32_t nr, struct cr_buf *losses)
{
	const struct cr_policy_window *window;
	const struct cr_rule *r = cr_export_widest(p, abi, nr, &window);
	struct cr_rule to;
	char origin[ORIGIN_MAX];
	int rc = 0;

	if (!r)
		return 0;
	if (passes_unnamed(p, abi, nr))
		return cr_policy_set(flat, NULL, abi, nr, CR_ACT_LOG, 0);
	if (window)
		snprintf(origin, sizeof(origin), CR_EXPORT_WINDOW "%u: %s", window->number,
			 window->function);
	to = *r;
	to.cond = r->cond ? cr_conds_copy(r->cond) : NULL;
	if (r->cond)
		rc = to.cond ? widen_all(p, &to, losses) : -ENOMEM;
	if (rc == 0)
		rc = cr_policy_put(flat, window ? origin : r->base, &to);
	cr_conds_free(to.cond);
	return rc;
}

/* A call that may be made with some arguments is to be made with others, too. */
static int widen_for(struct cr_policy *flat, const struct cr_rule *has, const struct cr_rule *r,
		     const char *base, struct cr_buf *losses)
{
	struct cr_rule to = *has;
	char name[CR_NAME_MAX];
	int rc;

	if (cr_rule_covers(has, r))
		return 0;
	to.cond = cr_conds_copy(has->cond);
	rc = to.cond ? widen(&to, r, losses) : -ENOMEM;
	if (rc == 0 && to.cond && cr_conds_always(to.cond)) {
		cr_conds_free(to.cond);
		to.cond = NULL;
		to.other = CR_ACT_NONE;
	}
	if (rc == 0)
		rc = cr_policy_put(flat, has->base, &to);
	cr_conds_free(to.cond);
	if (rc == 0)
		cr_buf_addf(losses, "%s wants %s%s%s with other arguments than the policy: these "
			    "are allowed, too\n", base,
			    r->abi == CR_ABI_NATIVE ? "" : cr_abi_facts[r->abi].name,
			    r->abi == CR_ABI_NATIVE ? "" : ":",
			    cr_nr_to_name(r->abi, r->nr, name));
	return rc;
}

/* What the policy denies stays denied. */
static int add_base(struct cr_policy *flat, const struct cr_export_base *base,
		    struct cr_buf *losses)
{
	char name[CR_NAME_MAX];
	size_t i;
	int rc = 0;

	for (i = 0; i < base->p->n_rules && rc == 0; i++) {
		const struct cr_rule *r = base->p->rules[i];
		const struct cr_rule *has = cr_policy_find(flat, r->abi, r->nr);

		if (!has)
			rc = cr_policy_put(flat, base->name, r);
		else if (has->cond && cr_rule_passes(has) && cr_rule_passes(r))
			rc = widen_for(flat, has, r, base->name, losses);
		else if (!cr_rule_passes(has) && cr_rule_passes(r))
			cr_buf_addf(losses, "%s wants %s%s%s, which the policy denies: it stays "
				    "denied\n", base->name,
				    r->abi == CR_ABI_NATIVE ? "" : cr_abi_facts[r->abi].name,
				    r->abi == CR_ABI_NATIVE ? "" : ":",
				    cr_nr_to_name(r->abi, r->nr, name));
	}
	return rc;
}

static int fill(const struct cr_export_what *what, struct cr_policy *flat, struct cr_buf *losses)
{
	enum cr_abi abi;
	uint32_t nr;
	size_t i;
	int rc = 0;

	for (abi = 0; abi < CR_ABI_COUNT; abi++) {
		for (nr = 0; nr < CR_NR_MAX && rc == 0; nr++)
			rc = flatten_call(what->p, flat, abi, nr, losses);
	}
	for (i = 0; i < what->n_bases && rc == 0; i++)
		rc = add_base(flat, &what->bases[i], losses);
	return rc;
}

int cr_export_flatten(const struct cr_export_what *what, struct cr_policy **flat,
		      struct cr_buf *losses, struct cr_err *err)
{
	const struct cr_policy *p = what->p;
	struct cr_policy *made;
	int rc;

	if (p->outside_any && !p->n_windows) {
		rc = cr_err_set(err, -ENODATA, "%s says nothing to export: everything may be "
				"called outside of its windows, and it has none", p->path);
		cr_err_hint(err, "learn with --function, or take \"outside = any\" out");
		return rc;
	}
	made = head_of(p);
	rc = made ? fill(what, made, losses) : -ENOMEM;
	if (rc < 0) {
		cr_policy_free(made);
		return cr_err_sys(err, rc, "cannot export");
	}
	*flat = made;
	return 0;
}
