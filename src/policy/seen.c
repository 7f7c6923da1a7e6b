/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "seen.h"

bool cr_seen_pending(const struct cr_seen_call *c)
{
	return c->seen != c->seen_saved || c->more != c->more_saved ||
	       c->calls != c->calls_saved || c->args_new;
}

static uint32_t key_of(unsigned int window, enum cr_abi abi, uint32_t nr)
{
	return ((uint32_t)window * CR_ABI_COUNT + (uint32_t)abi) * CR_NR_MAX + nr + 1;
}

static struct cr_seen_call *known(const struct cr_seen *seen, unsigned int window, enum cr_abi abi,
				  uint32_t nr)
{
	return cr_map_get(&seen->of, key_of(window, abi, nr));
}

struct cr_seen_call *cr_seen_call(struct cr_seen *seen, unsigned int window, enum cr_abi abi,
				  uint32_t nr)
{
	struct cr_seen_call *c = known(seen, window, abi, nr);

	if (c)
		return c;
	c = calloc(1, sizeof(*c));
	if (!c || cr_map_put(&seen->of, key_of(window, abi, nr), c) < 0) {
		free(c);
		return NULL;
	}
	c->window = window;
	c->abi = abi;
	c->nr = nr;
	c->next = seen->calls;
	seen->calls = c;
	return c;
}

static void any_args(struct cr_seen_call *c)
{
	cr_conds_free(c->args);
	c->args = NULL;
	c->any = true;
}

int cr_seen_args(struct cr_seen_call *c, const uint64_t args[6], bool any)
{
	struct cr_conds *seen = NULL;
	int rc;

	if (any || c->any) {
		c->args_new = true;
		any_args(c);
		return 0;
	}
	rc = cr_conds_seen(c->abi, c->nr, args, &seen);
	if (rc < 0)
		return rc;
	if (!c->args) {
		c->args = seen;
	} else {
		rc = cr_conds_learn(c->abi, c->nr, &c->args, seen);
		cr_conds_free(seen);
	}
	if (rc < 0)
		return rc;
	c->any = rc > 0;
	c->args_new = true;
	return 0;
}

struct cr_seen_window *cr_seen_window(const struct cr_seen *seen, unsigned int number)
{
	size_t i;

	for (i = 0; number && i < seen->n_windows; i++)
		if (seen->windows[i].number == number)
			return &seen->windows[i];
	return NULL;
}

static bool same_object(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : !a && !b;
}

/* @number as the run's number of a window; when another has that already, the next free one. */
static unsigned int unique(const struct cr_seen *seen, unsigned int number)
{
	while (cr_seen_window(seen, number))
		number = number % CR_WINDOW_NR_MAX + 1;
	return number;
}

static void locate(struct cr_seen *seen, struct cr_seen_window *w, const struct cr_policy *p)
{
	w->now = cr_policy_window_find(p, w->object, w->function);
	if (w->now && !w->number)
		w->number = unique(seen, w->now);
}

struct cr_seen_window *cr_seen_name(struct cr_seen *seen, const struct cr_window_name *name,
				    const struct cr_policy *p)
{
	struct cr_seen_window *grown, *w;
	size_t i;

	for (i = 0; i < seen->n_windows; i++) {
		w = &seen->windows[i];
		if (strcmp(w->function, name->function) == 0 &&
		    same_object(w->object, name->object))
			return w;
	}
	if (seen->n_windows == CR_WINDOW_NR_MAX)
		return NULL;
	grown = realloc(seen->windows, (seen->n_windows + 1) * sizeof(*grown));
	if (!grown)
		return NULL;
	seen->windows = grown;
	w = &grown[seen->n_windows];
	*w = (struct cr_seen_window){ .scope = name->scope };
	w->function = strdup(name->function);
	w->object = name->object ? strdup(name->object) : NULL;
	if (!w->function || (name->object && !w->object)) {
		free(w->function);
		free(w->object);
		return NULL;
	}
	locate(seen, w, p);
	seen->n_windows++;
	return w;
}

void cr_seen_unname(struct cr_seen *seen, struct cr_policy *p)
{
	struct cr_seen_window *w = &seen->windows[seen->n_windows - 1];

	cr_policy_window_remove(p, cr_policy_window_find(p, w->object, w->function));
	free(w->function);
	free(w->object);
	seen->n_windows--;
}

int cr_seen_now(const struct cr_seen *seen, unsigned int window)
{
	const struct cr_seen_window *w = cr_seen_window(seen, window);

	if (!window)
		return 0;
	return w && w->now ? (int)w->now : -ENOENT;
}

void cr_seen_adopt(struct cr_seen *seen, const struct cr_policy *p)
{
	size_t i;

	for (i = 0; i < seen->n_windows; i++)
		locate(seen, &seen->windows[i], p);
}

/* The window of the policy, made when it is not there, with the number that it had. */
static int make_window(struct cr_seen *seen, struct cr_seen_window *w, struct cr_policy *p)
{
	struct cr_window_name name = { w->function, w->object, w->scope };
	int rc;

	if (w->now)
		return (int)w->now;
	rc = cr_policy_window_add(p, w->number, &name);
	if (rc == -EEXIST)
		rc = cr_policy_window_add(p, 0, &name);
	if (rc < 0)
		return rc;
	w->now = (unsigned int)rc;
	if (!w->number)
		w->number = unique(seen, w->now);
	return rc;
}

/* The new rule of a call that has none of its own; a base set's denial stays. */
static int learn_rule(struct cr_seen *seen, struct cr_policy *p, const struct cr_seen_call *c)
{
	struct cr_evidence ev = {
		.seen = 1, .first = seen->run, .calls = c->calls, .exe = c->exe, .stack = c->stack,
	};
	const struct cr_rule like = {
		.abi = c->abi, .nr = c->nr, .act = CR_ACT_ALLOW, .cond = c->args,
	};
	struct cr_seen_window *w = cr_seen_window(seen, c->window);
	int window = w ? make_window(seen, w, p) : c->window ? -ENOENT : 0, rc;
	const struct cr_rule *r;

	if (window < 0)
		return window;
	r = cr_policy_find_in(p, (unsigned int)window, c->abi, c->nr);
	if (r && (r->act != CR_ACT_ALLOW || r->other != CR_ACT_NONE))
		return 0;
	rc = cr_policy_put_in(p, (unsigned int)window, &like);
	if (rc == 0)
		rc = cr_rule_witness(cr_policy_own_in(p, (unsigned int)window, c->abi, c->nr), &ev);
	if (rc < 0)
		cr_policy_unset_in(p, (unsigned int)window, c->abi, c->nr);
	else if (c->abi == CR_ABI_NATIVE && p->horizon_nr && c->nr > p->horizon_nr)
		p->horizon_nr = c->nr;
	return rc;
}

static struct cr_rule *own_rule(const struct cr_seen *seen, const struct cr_policy *p,
				const struct cr_seen_call *c)
{
	int window = cr_seen_now(seen, c->window);

	return window < 0 ? NULL : cr_policy_own_in(p, (unsigned int)window, c->abi, c->nr);
}

/* A rule without a condition allows more than was seen; one that a person has given a form of his
 * own stays. */
static int apply_args(struct cr_rule *r, const struct cr_seen_call *c)
{
	int rc = 0;

	if (!c->args_new || !r->cond)
		return 0;
	if (c->any) {
		cr_conds_free(r->cond);
		r->cond = NULL;
	} else {
		rc = cr_conds_learn(r->abi, r->nr, &r->cond, c->args);
	}
	return rc == -EPERM || rc > 0 ? 0 : rc;
}

/* Adds to @p what of @c it lacks. A person may have taken the rule away meanwhile, or made it his.
 */
static int apply(struct cr_seen *seen, struct cr_policy *p, const struct cr_seen_call *c)
{
	struct cr_rule *r = own_rule(seen, p, c);

	if (!r)
		return c->seen && !c->seen_saved ? learn_rule(seen, p, c) : 0;
	if (!cr_rule_learned(r))
		return 0;
	r->ev->seen += c->seen && !c->seen_saved;
	r->ev->calls += c->calls - c->calls_saved;
	r->ev->more |= c->more;
	return apply_args(r, c);
}

int cr_seen_apply(struct cr_seen *seen, struct cr_policy *p)
{
	const struct cr_seen_call *c;
	size_t i;
	int rc = 0;

	for (i = 0; i < seen->n_windows && rc >= 0; i++)
		if (seen->windows[i].wanted)
			rc = make_window(seen, &seen->windows[i], p);
	for (c = seen->calls; c && rc >= 0; c = c->next)
		rc = cr_seen_pending(c) ? apply(seen, p, c) : 0;
	return rc < 0 ? rc : 0;
}

int cr_seen_apply_new(struct cr_seen *seen, struct cr_policy *p)
{
	const struct cr_seen_call *c;
	struct cr_rule *r;
	int rc = 0;

	for (c = seen->calls; c && rc == 0; c = c->next) {
		r = own_rule(seen, p, c);
		if (r)
			rc = cr_rule_learned(r) ? apply_args(r, c) : 0;
		else if (c->seen && !c->seen_saved)
			rc = learn_rule(seen, p, c);
	}
	return rc;
}

void cr_seen_old(struct cr_seen *seen, unsigned int window, const struct cr_policy *p)
{
	int now = cr_seen_now(seen, window);
	struct cr_rule *const *rules;
	struct cr_seen_call *c;
	size_t i, n;

	if (now < 0)
		return;
	rules = cr_policy_rules_in(p, (unsigned int)now, &n);
	for (i = 0; i < n; i++) {
		c = cr_rule_learned(rules[i]) ?
		    cr_seen_call(seen, window, rules[i]->abi, rules[i]->nr) : NULL;
		if (c)
			c->old = true;
	}
}

static void watched_in(const struct cr_seen *seen, struct cr_policy *p, unsigned int window,
		       unsigned int now)
{
	const struct cr_seen_call *c;
	struct cr_rule *const *rules;
	bool made;
	size_t i, n;

	rules = cr_policy_rules_in(p, now, &n);
	for (i = 0; i < n; i++) {
		if (!cr_rule_learned(rules[i]))
			continue;
		c = known(seen, window, rules[i]->abi, rules[i]->nr);
		made = c && c->seen;
		if (!made && !(c && c->old))
			continue;
		rules[i]->ev->all_runs++;
		rules[i]->ev->all_seen += made;
	}
}

void cr_seen_watched(struct cr_seen *seen, struct cr_policy *p)
{
	size_t i;

	watched_in(seen, p, 0, 0);
	/* A window that was not entered says nothing about what is not needed in it. */
	for (i = 0; i < seen->n_windows; i++)
		if (seen->windows[i].now && seen->windows[i].entered)
			watched_in(seen, p, seen->windows[i].number, seen->windows[i].now);
}

void cr_seen_saved(struct cr_seen *seen)
{
	struct cr_seen_call *c;
	size_t i;

	for (c = seen->calls; c; c = c->next) {
		c->seen_saved = c->seen;
		c->more_saved = c->more;
		c->calls_saved = c->calls;
		c->args_new = false;
	}
	for (i = 0; i < seen->n_windows; i++)
		seen->windows[i].wanted = false;
}

void cr_seen_lost(struct cr_seen *seen)
{
	struct cr_seen_call *c;
	size_t i;

	for (c = seen->calls; c; c = c->next) {
		c->seen_saved = c->more_saved = false;
		c->calls_saved = 0;
		c->args_new = c->args || c->any;
	}
	for (i = 0; i < seen->n_windows; i++)
		seen->windows[i].wanted = true;
}

void cr_seen_fini(struct cr_seen *seen)
{
	struct cr_seen_call *c, *next;
	size_t i;

	for (c = seen->calls; c; c = next) {
		next = c->next;
		free(c->exe);
		free(c->stack);
		cr_conds_free(c->args);
		free(c);
	}
	for (i = 0; i < seen->n_windows; i++) {
		free(seen->windows[i].function);
		free(seen->windows[i].object);
	}
	free(seen->windows);
	cr_map_fini(&seen->of);
}
