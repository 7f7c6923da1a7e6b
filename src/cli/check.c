/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * check - a gate for test pipelines: do later runs know anything that the policy does not?
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "cr/cli.h"
#include "cr/ini.h"
#include "cr/json.h"
#include "cr/log.h"

#define EXIT_STALE 1
#define EXIT_TROUBLE 2

enum { OPT_UPDATE = CR_OPT_FIRST, OPT_JSON };

static const struct cr_option options[] = {
	{ 0, "update", NULL, "does POLICY have all that the LEARNED ones have?", OPT_UPDATE },
	{ 0, "json", NULL, "print one JSON object", OPT_JSON },
	CR_OPTIONS_COMMON
};

static const char *const usage[] = {
	"Usage: chestnut check --update [options] POLICY|DIR LEARNED|DIR...",
	"Exits with 0 when POLICY is up to date, with 1 when LEARNED would add something,",
	"which is listed, with 2 when there was trouble. A DIR in place of POLICY has one for",
	"each program.",
	"",
	NULL
};

/* A call is told once, with the first run that made it. */
struct finding {
	const struct cr_policy *from;	/* borrowed */
	const struct cr_policy_window *window;	/* borrowed: from it; NULL: outside */
	const struct cr_rule *rule;	/* borrowed: from it */
	const struct cr_rule *denied;	/* borrowed: the checked policy's; NULL: it has none */
};

/* @p's window of the same function as @w; for NULL, outside, there is none. */
static const struct cr_policy_window *same_window(const struct cr_policy *p,
						  const struct cr_policy_window *w)
{
	return w ? cr_policy_window(p, cr_policy_window_find(p, w->object, w->function)) : NULL;
}

/* The rule that @p has for a call in the window of the same function as @w, or outside; @own: not
 * one of a base set. */
static const struct cr_rule *rule_in(const struct cr_policy *p, const struct cr_policy_window *w,
				     uint32_t at, bool own)
{
	const struct cr_policy_window *here = same_window(p, w);
	enum cr_abi abi = (enum cr_abi)(at / CR_NR_MAX);
	unsigned int number = here ? here->number : 0;

	if (w && !here)
		return NULL;
	return own ? cr_policy_own_in(p, number, abi, at % CR_NR_MAX) :
		     cr_policy_find_in(p, number, abi, at % CR_NR_MAX);
}

static bool find(const struct cr_policy *p, const struct cr_policies *learned,
		 const struct cr_policy_window *w, uint32_t at, struct finding *f)
{
	const struct cr_rule *have = rule_in(p, w, at, false);
	size_t i;

	for (i = 0; i < learned->n; i++) {
		const struct cr_rule *r = rule_in(learned->p[i], w, at, true);

		if (!cr_rule_passes(r) || cr_rule_covers(have, r))
			continue;
		*f = (struct finding){ learned->p[i], w, r, have };
		return true;
	}
	return false;
}

/* It passes with fewer arguments than it needs. */
static void print_condition(const struct finding *f, const char *call)
{
	char have[CR_ACTION_WORDS_MAX], want[CR_ACTION_WORDS_MAX];

	printf("+ %s%s%s = %s  %s:%u  (has: %s)\n", call, f->window ? " inside " : "",
	       f->window ? f->window->function : "", cr_action_words(f->rule, want), f->from->path,
	       f->rule->line, cr_action_words(f->denied, have));
}

static void print_one(const struct cr_policy *p, const struct finding *f)
{
	const struct cr_evidence *ev = f->rule->ev;
	char call[CR_CALL_WORDS_MAX], action[CR_ACTION_WORDS_MAX];

	cr_call_words(f->rule->abi, f->rule->nr, call);
	if (f->denied && cr_rule_passes(f->denied)) {
		print_condition(f, call);
		return;
	}
	if (f->denied) {
		printf("note: %s%s%s (%s:%u) is denied by %s:%u (\"%s\"), and would not be "
		       "learned\n", call, f->window ? " inside " : "",
		       f->window ? f->window->function : "", f->from->path, f->rule->line,
		       f->denied->base ? f->denied->base : p->path, f->denied->line,
		       cr_action_words(f->denied, action));
		return;
	}
	printf("+ %s%s%s  %s:%u", call, f->window ? " inside " : "",
	       f->window ? f->window->function : "", f->from->path, f->rule->line);
	if (ev)
		printf("  seen in %u%s of %u", ev->seen, ev->more ? "+" : "", f->from->runs);
	if (ev && ev->exe)
		printf("  %s", ev->exe);
	if (ev && ev->stack)
		printf("  at %s", ev->stack);
	printf("\n");
}

static void json_one(struct cr_json *j, struct json_object *list, const struct finding *f)
{
	struct json_object *o = cr_json_object(j, list, NULL);
	const struct cr_evidence *ev = f->rule->ev;
	char name[CR_NAME_MAX];

	if (f->window) {
		cr_json_text(j, o, "function", f->window->function);
		cr_json_text(j, o, "object", f->window->object);
	}
	cr_json_text(j, o, "abi", cr_abi_facts[f->rule->abi].name);
	cr_json_text(j, o, "call", cr_nr_to_name(f->rule->abi, f->rule->nr, name));
	cr_json_count(j, o, "nr", f->rule->nr);
	cr_json_text(j, o, "file", f->from->path);
	cr_json_count(j, o, "line", f->rule->line);
	cr_json_count(j, o, "seen", ev ? ev->seen : 0);
	cr_json_count(j, o, "executions", f->from->runs);
	cr_json_text(j, o, "executable", ev ? ev->exe : NULL);
	cr_json_text(j, o, "stack", ev ? ev->stack : NULL);
}

static void print_sum(const struct cr_policy *p, const struct cr_policies *learned, size_t n)
{
	size_t i;

	for (i = 0; i < learned->n; i++)
		if (learned->p[i]->lost)
			printf("note: %s was learned with %u event%s lost: it may lack calls\n",
			       learned->p[i]->path, learned->p[i]->lost,
			       learned->p[i]->lost == 1 ? "" : "s");
	if (cr_policy_changed(p))
		printf("note: %s, or a base set that it includes, was changed since it was "
		       "finalized\n", p->path);
	if (n)
		printf("%s is not up to date: %zu call%s would be added (chestnut merge does)\n",
		       p->path, n, n == 1 ? "" : "s");
	else
		printf("%s is up to date\n", p->path);
}

/* What is told, in the way that was asked for. */
struct telling {
	const struct cr_policy *p;
	const struct cr_policies *learned;
	bool json;
	struct cr_json *j;
	struct json_object *add, *denied;	/* borrowed: from j */
	size_t n;		/* calls that would be added */
};

/* In the window of that function, or, with NULL, outside. */
static void check_in(struct telling *t, const struct cr_policy_window *w)
{
	struct finding f;
	uint32_t at;

	for (at = 0; at < CR_ABI_COUNT * CR_NR_MAX; at++) {
		if (!find(t->p, t->learned, w, at, &f))
			continue;
		t->n += !f.denied;
		if (t->json)
			json_one(t->j, f.denied ? t->denied : t->add, &f);
		else
			print_one(t->p, &f);
	}
}

/* Outside, and in each window that was learned, once. */
static void check_all(struct telling *t)
{
	size_t i, k, n;

	check_in(t, NULL);
	for (i = 0; i < t->learned->n; i++) {
		const struct cr_policy *from = t->learned->p[i];

		for (k = 0; k < from->n_windows; k++) {
			for (n = 0; n < i && !same_window(t->learned->p[n], from->windows[k]); n++)
				;
			if (n == i)
				check_in(t, from->windows[k]);
		}
	}
}

/* True when nothing would be added. */
static bool check(const struct cr_policy *p, const struct cr_policies *learned, bool json,
		  struct cr_json *j, struct json_object *in)
{
	struct telling t = { .p = p, .learned = learned, .json = json, .j = j };
	uint64_t lost = 0;
	size_t i;

	cr_json_text(j, in, "policy", p->path);
	t.add = cr_json_array(j, in, "would-add");
	t.denied = cr_json_array(j, in, "denied");
	check_all(&t);
	for (i = 0; i < learned->n; i++)
		lost += learned->p[i]->lost;
	cr_json_count(j, in, "lost", lost);
	cr_json_bool(j, in, "changed", cr_policy_changed(p));
	cr_json_bool(j, in, "up-to-date", t.n == 0);
	if (!json)
		print_sum(p, learned, t.n);
	return t.n == 0;
}

/* Programs that were learned and have no policy at all. True when there is none. */
static bool check_programs(const struct cr_policies *all, const struct cr_policies *learned,
			   bool json, struct cr_json *j)
{
	struct json_object *list = cr_json_array(j, j->top, "without-policy"), *o;
	bool good = true;
	size_t i, k;

	for (i = 0; i < learned->n; i++) {
		const struct cr_policy *from = learned->p[i];

		for (k = 0; k < all->n && strcmp(all->p[k]->program, from->program) != 0; k++)
			;
		if (k < all->n)
			continue;
		good = false;
		o = cr_json_object(j, list, NULL);
		cr_json_text(j, o, "program", from->program);
		cr_json_text(j, o, "file", from->path);
		if (!json)
			printf("+ a policy for %s  %s\n", from->program, from->path);
	}
	return good;
}

/* A policy for each program: what is learned of one is compared with its. */
static int check_tree(const struct cr_policies *all, const struct cr_policies *learned, bool json,
		      struct cr_json *j, struct cr_err *err)
{
	struct json_object *list = cr_json_array(j, j->top, "policies");
	bool good = true;
	size_t i;
	int rc = cr_policies_named(all, err);

	if (rc == 0)
		rc = cr_policies_named(learned, err);
	for (i = 0; i < all->n && rc == 0; i++) {
		struct cr_policies some;

		if (cr_policies_of(learned, all->p[i]->program, &some) < 0)
			return cr_err_sys(err, -ENOMEM, "cannot check %s", all->p[i]->path);
		good &= check(all->p[i], &some, json, j, cr_json_object(j, list, NULL));
		free(some.p);
	}
	if (rc < 0)
		return rc;
	good &= check_programs(all, learned, json, j);
	cr_json_bool(j, j->top, "up-to-date", good);
	return good ? CR_EXIT_OK : EXIT_STALE;
}

/* EXIT_STALE when calls would be added. */
static int load_and_check(char **args, bool json, struct cr_err *err)
{
	char *checked[] = { args[0], NULL };
	struct cr_policies all, learned = { NULL, 0 };
	struct cr_json j;
	int rc = cr_policies_load(checked, &all, err);

	cr_json_begin(&j);
	if (rc == 0)
		rc = cr_policies_load(args + 1, &learned, err);
	if (rc == 0 && cr_is_directory(args[0]))
		rc = check_tree(&all, &learned, json, &j, err);
	else if (rc == 0)
		rc = check(all.p[0], &learned, json, &j, j.top) ? CR_EXIT_OK : EXIT_STALE;
	if (cr_json_end(&j, rc >= 0 && json ? stdout : NULL) < 0 && rc >= 0 && json)
		rc = cr_err_sys(err, -ENOMEM, "cannot check %s", args[0]);
	cr_policies_free(&learned);
	cr_policies_free(&all);
	return rc;
}

int cr_cmd_check(int argc, char **argv)
{
	struct cr_options it = CR_OPTIONS_INIT(options, argc, argv);
	struct cr_err err = { "", "" };
	bool update = false, json = false;
	int id;

	while ((id = cr_options_next(&it, &err)) > 0) {
		if (cr_options_common(&it, id, usage))
			return CR_EXIT_OK;
		update |= id == OPT_UPDATE;
		json |= id == OPT_JSON;
	}
	if (id == 0 && (!update || argc - it.at < 2)) {
		id = cr_err_set(&err, -EINVAL, update ? "check wants a policy and learned ones" :
						       "check is told what to check: --update");
		cr_err_hint(&err, "chestnut check --update POLICY LEARNED...");
	}
	if (id == 0)
		id = load_and_check(argv + it.at, json, &err);
	if (id >= 0)
		return id;
	cr_log_err(&err);
	return EXIT_TROUBLE;
}
