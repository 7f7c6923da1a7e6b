/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "cr/policy.h"
#include "text.h"

struct cr_policy *cr_policy_new(void)
{
	struct cr_policy *p = calloc(1, sizeof(*p));

	if (p)
		p->violation.what = CR_ACT_KILL;	/* all other defaults are zero */
	return p;
}

static void free_evidence(struct cr_evidence *ev)
{
	if (!ev)
		return;
	free(ev->exe);
	free(ev->stack);
	free(ev);
}

/* All that it owns. */
static void clear_rule(struct cr_rule *r)
{
	free_evidence(r->ev);
	cr_conds_free(r->cond);
}

static void free_rule(struct cr_rule *r)
{
	clear_rule(r);
	free(r);
}

static void free_window(struct cr_policy_window *w)
{
	size_t i;

	for (i = 0; i < w->n_rules; i++)
		free_rule(w->rules[i]);
	free(w->rules);
	free(w->function);
	free(w->object);
	free(w);
}

void cr_policy_free(struct cr_policy *p)
{
	size_t i;

	if (!p)
		return;
	for (i = 0; i < p->n_rules; i++)
		free_rule(p->rules[i]);
	for (i = 0; i < p->n_windows; i++)
		free_window(p->windows[i]);
	for (i = 0; i < p->n_include; i++)
		free(p->include[i]);
	for (i = 0; i < p->n_bases; i++)
		free(p->bases[i]);
	if (p->source)
		cr_buf_fini(&p->source->text);
	free(p->source);
	free(p->rules);
	free(p->windows);
	free(p->include);
	free(p->bases);
	free(p->path);
	free(p->program);
	free(p->build_id);
	free(p->horizon_kernel);
	free(p->digest);
	free(p);
}

static uint32_t rank(enum cr_abi abi, uint32_t nr)
{
	return (uint32_t)abi * CR_NR_MAX + nr;
}

/* Where in rules[from..to) the rule of a call is, or would have to be put. */
static size_t place(struct cr_rule *const *rules, size_t from, size_t to, enum cr_abi abi,
		    uint32_t nr)
{
	uint32_t want = rank(abi, nr);

	while (from < to) {
		size_t mid = from + (to - from) / 2;

		if (rank(rules[mid]->abi, rules[mid]->nr) < want)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

static struct cr_rule *find_in(struct cr_rule *const *rules, size_t from, size_t to,
			       enum cr_abi abi, uint32_t nr)
{
	size_t i = place(rules, from, to, abi, nr);

	if (i < to && rules[i]->abi == abi && rules[i]->nr == nr)
		return rules[i];
	return NULL;
}

const struct cr_rule *cr_policy_find(const struct cr_policy *p, enum cr_abi abi, uint32_t nr)
{
	struct cr_rule *r = cr_policy_own(p, abi, nr);

	return r ? r : find_in(p->rules, p->n_own, p->n_rules, abi, nr);
}

struct cr_rule *cr_policy_own(const struct cr_policy *p, enum cr_abi abi, uint32_t nr)
{
	return find_in(p->rules, 0, p->n_own, abi, nr);
}

const struct cr_rule *cr_policy_base(const struct cr_policy *p, enum cr_abi abi, uint32_t nr)
{
	return find_in(p->rules, p->n_own, p->n_rules, abi, nr);
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

/* A copy of @rule, at its place in rules[from..to) of @n. */
static int add(struct cr_rule ***rules, size_t *n, size_t from, size_t to,
	       const struct cr_rule *rule)
{
	size_t at = place(*rules, from, to, rule->abi, rule->nr);
	struct cr_rule **grown;
	struct cr_rule *r;

	/* Doubling at powers of two needs no capacity member. */
	if ((*n & (*n - 1)) == 0) {
		grown = realloc(*rules, (*n ? 2 * *n : 1) * sizeof(struct cr_rule *));
		if (!grown)
			return -ENOMEM;
		*rules = grown;
	}
	r = malloc(sizeof(*r));
	if (!r)
		return -ENOMEM;
	*r = *rule;
	memmove(&(*rules)[at + 1], &(*rules)[at], (*n - at) * sizeof(struct cr_rule *));
	(*rules)[at] = r;
	++*n;
	return 0;
}

/* Takes the rule of a call out of rules[0..to) of @n. True when there was one. */
static bool take_out(struct cr_rule **rules, size_t *n, size_t to, enum cr_abi abi, uint32_t nr)
{
	size_t i = place(rules, 0, to, abi, nr);

	if (i >= to || rules[i]->abi != abi || rules[i]->nr != nr)
		return false;
	free_rule(rules[i]);
	memmove(&rules[i], &rules[i + 1], (*n - i - 1) * sizeof(struct cr_rule *));
	--*n;
	return true;
}

int cr_policy_set(struct cr_policy *p, const char *base, enum cr_abi abi, uint32_t nr,
		  enum cr_action act, int err)
{
	struct cr_rule rule = { .abi = abi, .nr = nr, .act = act, .err = err };
	size_t from = base ? p->n_own : 0, to = base ? p->n_rules : p->n_own;
	struct cr_rule *r;
	int rc;

	if (base) {
		rule.base = intern(p, base);
		if (!rule.base)
			return -ENOMEM;
	}
	r = find_in(p->rules, from, to, abi, nr);
	if (!r) {
		rc = add(&p->rules, &p->n_rules, from, to, &rule);
		p->n_own += rc == 0 && !base;
		return rc;
	}
	clear_rule(r);
	*r = rule;
	return 0;
}

/* Gives a rule that has none the condition of @like, of which @cond is a copy. */
static void limit_rule(struct cr_rule *r, const struct cr_rule *like, struct cr_conds *cond)
{
	r->cond = cond;
	r->other = like->other;
	r->other_err = like->other_err;
}

int cr_policy_put(struct cr_policy *p, const char *base, const struct cr_rule *like)
{
	struct cr_conds *cond = like->cond ? cr_conds_copy(like->cond) : NULL;
	int rc = like->cond && !cond ? -ENOMEM : 0;

	if (rc == 0)
		rc = cr_policy_set(p, base, like->abi, like->nr, like->act, like->err);
	if (rc < 0)
		cr_conds_free(cond);
	else
		limit_rule(find_in(p->rules, base ? p->n_own : 0, base ? p->n_rules : p->n_own,
				   like->abi, like->nr), like, cond);
	return rc;
}

void cr_policy_base_line(struct cr_policy *p, enum cr_abi abi, uint32_t nr, unsigned int line)
{
	struct cr_rule *r = find_in(p->rules, p->n_own, p->n_rules, abi, nr);

	if (r)
		r->line = line;
}

void cr_policy_unset(struct cr_policy *p, enum cr_abi abi, uint32_t nr)
{
	p->n_own -= take_out(p->rules, &p->n_rules, p->n_own, abi, nr);
}

/* Where window @number is, or would have to be put. */
static size_t window_place(const struct cr_policy *p, unsigned int number)
{
	size_t from = 0, to = p->n_windows;

	while (from < to) {
		size_t mid = from + (to - from) / 2;

		if (p->windows[mid]->number < number)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

static struct cr_policy_window *window_of(const struct cr_policy *p, unsigned int number)
{
	size_t i = window_place(p, number);

	return i < p->n_windows && p->windows[i]->number == number ? p->windows[i] : NULL;
}

const struct cr_policy_window *cr_policy_window(const struct cr_policy *p, unsigned int number)
{
	return window_of(p, number);
}

static bool same_object(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : !a && !b;
}

/* FNV-1a */
static uint32_t sum_of(const char *s)
{
	uint32_t sum = 2166136261u;

	while (*s)
		sum = (sum ^ (unsigned char)*s++) * 16777619u;
	return sum;
}

unsigned int cr_policy_window_find(const struct cr_policy *p, const char *object,
				   const char *function)
{
	uint32_t sum = sum_of(function);
	size_t i;

	for (i = 0; i < p->n_windows; i++)
		if (p->windows[i]->sum == sum &&
		    strcmp(p->windows[i]->function, function) == 0 &&
		    same_object(p->windows[i]->object, object))
			return p->windows[i]->number;
	return 0;
}

static bool means(const struct cr_policy_window *w, const char *text)
{
	size_t n = w->object ? strlen(w->object) : 0;

	if (strcmp(w->function, text) == 0)
		return true;
	return n && strncmp(text, w->object, n) == 0 && text[n] == ':' &&
	       strcmp(text + n + 1, w->function) == 0;
}

int cr_policy_window_named(const struct cr_policy *p, const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);
	int found = 0;
	size_t i;

	if (*text >= '0' && *text <= '9' && !*end)
		return n <= CR_WINDOW_NR_MAX && window_of(p, (unsigned int)n) ? (int)n : 0;
	for (i = 0; i < p->n_windows; i++) {
		if (!means(p->windows[i], text))
			continue;
		if (found)
			return -EEXIST;
		found = (int)p->windows[i]->number;
	}
	return found;
}

static struct cr_policy_window *new_window(unsigned int number, const struct cr_window_name *name)
{
	struct cr_policy_window *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->number = number;
	w->scope = name->scope;
	w->sum = sum_of(name->function);
	w->function = strdup(name->function);
	w->object = name->object ? strdup(name->object) : NULL;
	if (w->function && (w->object || !name->object))
		return w;
	free_window(w);
	return NULL;
}

/* Behind the last one; where a person has given the highest number of all, in the first gap. */
static unsigned int next_number(const struct cr_policy *p)
{
	size_t n = p->n_windows, i;

	if (!n || p->windows[n - 1]->number < CR_WINDOW_NR_MAX)
		return n ? p->windows[n - 1]->number + 1 : 1;
	for (i = 0; i < n && p->windows[i]->number == i + 1; i++)
		;
	return (unsigned int)i + 1;
}

int cr_policy_window_add(struct cr_policy *p, unsigned int number,
			 const struct cr_window_name *name)
{
	struct cr_policy_window **grown, *w;
	size_t at;

	if (!number)
		number = next_number(p);
	if (number > CR_WINDOW_NR_MAX)
		return -E2BIG;
	if (window_of(p, number) || cr_policy_window_find(p, name->object, name->function))
		return -EEXIST;
	grown = realloc(p->windows, (p->n_windows + 1) * sizeof(struct cr_policy_window *));
	if (!grown)
		return -ENOMEM;
	p->windows = grown;
	w = new_window(number, name);
	if (!w)
		return -ENOMEM;
	at = window_place(p, number);
	memmove(&grown[at + 1], &grown[at],
		(p->n_windows - at) * sizeof(struct cr_policy_window *));
	grown[at] = w;
	p->n_windows++;
	return (int)number;
}

void cr_policy_window_remove(struct cr_policy *p, unsigned int number)
{
	size_t at = window_place(p, number);

	if (at >= p->n_windows || p->windows[at]->number != number)
		return;
	free_window(p->windows[at]);
	memmove(&p->windows[at], &p->windows[at + 1],
		(p->n_windows - at - 1) * sizeof(struct cr_policy_window *));
	p->n_windows--;
}

const struct cr_rule *cr_policy_find_in(const struct cr_policy *p, unsigned int window,
					enum cr_abi abi, uint32_t nr)
{
	return window ? cr_policy_own_in(p, window, abi, nr) : cr_policy_find(p, abi, nr);
}

struct cr_rule *cr_policy_own_in(const struct cr_policy *p, unsigned int window, enum cr_abi abi,
				 uint32_t nr)
{
	size_t n;
	struct cr_rule *const *rules = cr_policy_rules_in(p, window, &n);

	return find_in(rules, 0, n, abi, nr);
}

int cr_policy_set_in(struct cr_policy *p, unsigned int window, enum cr_abi abi, uint32_t nr,
		     enum cr_action act, int err)
{
	struct cr_rule rule = { .abi = abi, .nr = nr, .act = act, .err = err };
	struct cr_policy_window *w;
	struct cr_rule *r;

	if (!window)
		return cr_policy_set(p, NULL, abi, nr, act, err);
	w = window_of(p, window);
	if (!w)
		return -ENOENT;
	r = find_in(w->rules, 0, w->n_rules, abi, nr);
	if (!r)
		return add(&w->rules, &w->n_rules, 0, w->n_rules, &rule);
	clear_rule(r);
	*r = rule;
	return 0;
}

void cr_policy_unset_in(struct cr_policy *p, unsigned int window, enum cr_abi abi, uint32_t nr)
{
	struct cr_policy_window *w;

	if (!window) {
		cr_policy_unset(p, abi, nr);
		return;
	}
	w = window_of(p, window);
	if (w)
		take_out(w->rules, &w->n_rules, w->n_rules, abi, nr);
}

struct cr_rule *const *cr_policy_rules_in(const struct cr_policy *p, unsigned int window,
					  size_t *n)
{
	const struct cr_policy_window *w = window ? window_of(p, window) : NULL;

	*n = w ? w->n_rules : window ? 0 : p->n_own;
	return w ? w->rules : window ? NULL : p->rules;
}

int cr_policy_put_in(struct cr_policy *p, unsigned int window, const struct cr_rule *like)
{
	struct cr_conds *cond = like->cond ? cr_conds_copy(like->cond) : NULL;
	int rc = like->cond && !cond ? -ENOMEM : 0;

	if (rc == 0)
		rc = cr_policy_set_in(p, window, like->abi, like->nr, like->act, like->err);
	if (rc < 0)
		cr_conds_free(cond);
	else
		limit_rule(cr_policy_own_in(p, window, like->abi, like->nr), like, cond);
	return rc;
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
	return r && !r->base && r->ev && r->act == CR_ACT_ALLOW && r->other == CR_ACT_NONE;
}

bool cr_rule_unused(const struct cr_rule *r)
{
	return cr_rule_learned(r) && r->ev->all_runs > 0 && r->ev->all_seen == 0;
}

bool cr_rule_confirmed(const struct cr_rule *r, bool learning, uint32_t confirm)
{
	if (!r || (r->act != CR_ACT_ALLOW && r->other != CR_ACT_ALLOW))
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

const char *cr_scope_name(enum cr_window_scope scope)
{
	switch (scope) {
	case CR_SCOPE_THREAD:
		return "thread";
	case CR_SCOPE_PROCESS:
		return "process";
	}
	return "";
}
