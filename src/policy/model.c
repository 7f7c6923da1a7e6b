/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "cr/policy.h"
#include "text.h"

struct cr_policy *cr_policy_new(void)
{
	return calloc(1, sizeof(struct cr_policy));	/* all defaults are zero */
}

static void free_evidence(struct cr_evidence *ev)
{
	if (!ev)
		return;
	free(ev->exe);
	free(ev->stack);
	free(ev);
}

static void free_rule(struct cr_rule *r)
{
	free_evidence(r->ev);
	free(r);
}

void cr_policy_free(struct cr_policy *p)
{
	size_t i;

	if (!p)
		return;
	for (i = 0; i < p->n_rules; i++)
		free_rule(p->rules[i]);
	for (i = 0; i < p->n_include; i++)
		free(p->include[i]);
	for (i = 0; i < p->n_bases; i++)
		free(p->bases[i]);
	if (p->source)
		cr_buf_fini(&p->source->text);
	free(p->source);
	free(p->rules);
	free(p->include);
	free(p->bases);
	free(p->path);
	free(p->program);
	free(p->build_id);
	free(p->horizon_kernel);
	free(p);
}

static uint32_t rank(enum cr_abi abi, uint32_t nr)
{
	return (uint32_t)abi * CR_NR_MAX + nr;
}

/* Where in rules[from..to) the rule of a call is, or would have to be put. */
static size_t place(const struct cr_policy *p, size_t from, size_t to, enum cr_abi abi, uint32_t nr)
{
	uint32_t want = rank(abi, nr);

	while (from < to) {
		size_t mid = from + (to - from) / 2;

		if (rank(p->rules[mid]->abi, p->rules[mid]->nr) < want)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

static struct cr_rule *find_in(const struct cr_policy *p, size_t from, size_t to, enum cr_abi abi,
			       uint32_t nr)
{
	size_t i = place(p, from, to, abi, nr);

	if (i < to && p->rules[i]->abi == abi && p->rules[i]->nr == nr)
		return p->rules[i];
	return NULL;
}

const struct cr_rule *cr_policy_find(const struct cr_policy *p, enum cr_abi abi, uint32_t nr)
{
	struct cr_rule *r = cr_policy_own(p, abi, nr);

	return r ? r : find_in(p, p->n_own, p->n_rules, abi, nr);
}

struct cr_rule *cr_policy_own(const struct cr_policy *p, enum cr_abi abi, uint32_t nr)
{
	return find_in(p, 0, p->n_own, abi, nr);
}

/* Every cr_rule.base of one set points at one copy of its name, so that comparing is cheap. */
static const char *intern(struct cr_policy *p, const char *base)
{
	char **grown;
	char *copy;
	size_t i;

	for (i = 0; i < p->n_bases; i++)
		if (strcmp(p->bases[i], base) == 0)
			return p->bases[i];
	grown = realloc(p->bases, (p->n_bases + 1) * sizeof(*grown));
	if (!grown)
		return NULL;
	p->bases = grown;
	copy = strdup(base);
	if (copy)
		p->bases[p->n_bases++] = copy;
	return copy;
}

static int insert(struct cr_policy *p, size_t at, struct cr_rule *r)
{
	struct cr_rule **grown;

	/* Doubling at powers of two needs no capacity member. */
	if ((p->n_rules & (p->n_rules - 1)) == 0) {
		grown = realloc(p->rules,
				(p->n_rules ? 2 * p->n_rules : 1) * sizeof(struct cr_rule *));
		if (!grown)
			return -ENOMEM;
		p->rules = grown;
	}
	memmove(&p->rules[at + 1], &p->rules[at], (p->n_rules - at) * sizeof(struct cr_rule *));
	p->rules[at] = r;
	p->n_rules++;
	p->n_own += r->base == NULL;
	return 0;
}

static int add(struct cr_policy *p, const struct cr_rule *rule)
{
	size_t from = rule->base ? p->n_own : 0;
	size_t to = rule->base ? p->n_rules : p->n_own;
	struct cr_rule *r = malloc(sizeof(*r));

	if (!r)
		return -ENOMEM;
	*r = *rule;
	if (insert(p, place(p, from, to, r->abi, r->nr), r) < 0) {
		free(r);
		return -ENOMEM;
	}
	return 0;
}

int cr_policy_set(struct cr_policy *p, const char *base, enum cr_abi abi, uint32_t nr,
		  enum cr_action act, int err)
{
	struct cr_rule rule = { .abi = abi, .nr = nr, .act = act, .err = err };
	struct cr_rule *r;

	if (base) {
		rule.base = intern(p, base);
		if (!rule.base)
			return -ENOMEM;
	}
	r = find_in(p, base ? p->n_own : 0, base ? p->n_rules : p->n_own, abi, nr);
	if (!r)
		return add(p, &rule);
	free_evidence(r->ev);
	*r = rule;
	return 0;
}

void cr_policy_base_line(struct cr_policy *p, enum cr_abi abi, uint32_t nr, unsigned int line)
{
	struct cr_rule *r = find_in(p, p->n_own, p->n_rules, abi, nr);

	if (r)
		r->line = line;
}

void cr_policy_unset(struct cr_policy *p, enum cr_abi abi, uint32_t nr)
{
	size_t i = place(p, 0, p->n_own, abi, nr);
	struct cr_rule *r = i < p->n_own ? p->rules[i] : NULL;

	if (!r || r->abi != abi || r->nr != nr)
		return;
	free_rule(r);
	memmove(&p->rules[i], &p->rules[i + 1], (p->n_rules - i - 1) * sizeof(struct cr_rule *));
	p->n_rules--;
	p->n_own--;
}

int cr_rule_witness(struct cr_rule *r, const struct cr_evidence *ev)
{
	struct cr_evidence *copy = calloc(1, sizeof(*copy));

	if (!copy)
		return -ENOMEM;
	*copy = *ev;
	copy->exe = ev->exe ? strdup(ev->exe) : NULL;
	copy->stack = ev->stack ? strdup(ev->stack) : NULL;
	if ((ev->exe && !copy->exe) || (ev->stack && !copy->stack)) {
		free_evidence(copy);
		return -ENOMEM;
	}
	free_evidence(r->ev);
	r->ev = copy;
	return 0;
}

bool cr_rule_learned(const struct cr_rule *r)
{
	return r && !r->base && r->ev && r->act == CR_ACT_ALLOW;
}

bool cr_rule_unused(const struct cr_rule *r)
{
	return cr_rule_learned(r) && r->ev->all_runs > 0 && r->ev->all_seen == 0;
}

bool cr_rule_confirmed(const struct cr_rule *r, bool learning, uint32_t confirm)
{
	if (!r || r->act != CR_ACT_ALLOW)
		return false;
	if (!learning)
		return true;
	if (r->base)
		return false;
	return !r->ev || r->ev->seen >= confirm;
}

const char *cr_mode_name(enum cr_mode mode)
{
	switch (mode) {
	case CR_MODE_UNSET:
		return "";
	case CR_MODE_LEARN:
		return "learn";
	case CR_MODE_AUDIT:
		return "audit";
	case CR_MODE_STRICT:
		return "strict";
	}
	return "";
}
