/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cr/policy.h"
#include "cr/sha256.h"
#include "value.h"

static void spell_condition(const struct cr_rule *r, struct cr_buf *out)
{
	size_t i, k, n;

	for (i = 0; i < r->cond->n; i++) {
		cr_buf_add(out, i ? " or" : " if");
		for (k = 0; k < r->cond->alt[i].n; k++) {
			const struct cr_test *t = &r->cond->alt[i].test[k];

			cr_buf_addf(out, " %u&%llx", t->arg, (unsigned long long)t->mask);
			for (n = 0; n < t->in.n; n++)
				cr_buf_addf(out, ",%llx-%llx", (unsigned long long)t->in.v[n].lo,
					    (unsigned long long)t->in.v[n].hi);
		}
	}
	cr_buf_add(out, " else ");
	cr_action_print(r->other, r->other_err, out);
}

/* Numbers, not names: another libseccomp may know more of these. */
static void spell_rule(const struct cr_rule *r, struct cr_buf *out)
{
	cr_buf_addf(out, "%s %u ", cr_abi_facts[r->abi].name, r->nr);
	cr_action_print(r->act, r->err, out);
	if (r->cond)
		spell_condition(r, out);
	cr_buf_add(out, "\n");
}

static int by_call(const struct cr_rule *a, const struct cr_rule *b)
{
	if (a->abi != b->abi)
		return a->abi < b->abi ? -1 : 1;
	return a->nr < b->nr ? -1 : a->nr > b->nr;
}

/* Own rules and base rules are each sorted by call; an own one hides a base one. */
static void spell_outside(const struct cr_policy *p, struct cr_buf *out)
{
	size_t own = 0, base = p->n_own;
	int order;

	while (own < p->n_own || base < p->n_rules) {
		order = own == p->n_own ? 1 : base == p->n_rules ? -1 :
			by_call(p->rules[own], p->rules[base]);
		spell_rule(p->rules[order <= 0 ? own : base], out);
		own += order <= 0;
		base += order >= 0;
	}
}

/* Their numbers are nobody's business, and so is their order. */
static int by_name(const void *a, const void *b)
{
	const struct cr_policy_window *x = *(const struct cr_policy_window *const *)a;
	const struct cr_policy_window *y = *(const struct cr_policy_window *const *)b;
	int rc = strcmp(x->object ? x->object : "", y->object ? y->object : "");

	return rc ? rc : strcmp(x->function, y->function);
}

static int spell_windows(const struct cr_policy *p, struct cr_buf *out)
{
	cr_auto_free const struct cr_policy_window **w = NULL;
	size_t i, k;

	if (!p->n_windows)
		return 0;
	w = malloc(p->n_windows * sizeof(*w));
	if (!w)
		return -ENOMEM;
	for (i = 0; i < p->n_windows; i++)
		w[i] = p->windows[i];
	qsort(w, p->n_windows, sizeof(*w), by_name);
	for (i = 0; i < p->n_windows; i++) {
		cr_buf_addf(out, "window %s \"", cr_scope_name(w[i]->scope));
		cr_value_escape(out, w[i]->object ? w[i]->object : "",
				w[i]->object ? strlen(w[i]->object) : 0, "");
		cr_buf_add(out, "\" \"");
		cr_value_escape(out, w[i]->function, strlen(w[i]->function), "");
		cr_buf_add(out, "\"\n");
		for (k = 0; k < w[i]->n_rules; k++)
			spell_rule(w[i]->rules[k], out);
	}
	return 0;
}

/* As violations were numbered when the first policies were sealed. */
static int violation_number(enum cr_action act)
{
	static const int numbers[] = {
		[CR_ACT_KILL] = 0, [CR_ACT_ERRNO] = 1, [CR_ACT_LOG] = 2, [CR_ACT_STOP] = 3,
		[CR_ACT_ASK] = 4,
	};

	return numbers[act];
}

int cr_policy_digest(const struct cr_policy *p, char digest[CR_DIGEST_MAX])
{
	cr_auto_buf struct cr_buf text = CR_BUF_INIT;
	unsigned char sum[CR_SHA256_SIZE];
	size_t i;
	int rc;

	cr_buf_addf(&text, "chestnut policy 1\nmode %s\nviolation %d %d\nhorizon %u\noutside %d\n",
		    cr_mode_name(p->mode), violation_number(p->violation.what), p->violation.err,
		    p->horizon_nr, p->outside_any);
	spell_outside(p, &text);
	rc = spell_windows(p, &text);
	if (rc < 0 || !cr_buf_ok(&text))
		return -ENOMEM;
	cr_sha256(text.s, text.len, sum);
	for (i = 0; i < CR_SHA256_SIZE; i++)
		snprintf(digest + 2 * i, 3, "%02x", sum[i]);
	return 0;
}

bool cr_policy_changed(const struct cr_policy *p)
{
	char digest[CR_DIGEST_MAX];

	return p->digest && cr_policy_digest(p, digest) == 0 && strcmp(p->digest, digest) != 0;
}

int cr_policy_seal(struct cr_policy *p)
{
	char digest[CR_DIGEST_MAX], *copy;
	int rc = cr_policy_digest(p, digest);

	if (rc < 0)
		return rc;
	copy = strdup(digest);
	if (!copy)
		return -ENOMEM;
	free(p->digest);
	p->digest = copy;
	return 0;
}
