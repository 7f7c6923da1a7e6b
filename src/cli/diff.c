/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * diff - what two policies say differently, for a person, a program, and by the exit status
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "cr/cli.h"
#include "cr/diff.h"
#include "cr/json.h"
#include "cr/log.h"

/* As diff(1). */
#define EXIT_DIFFERENT 1
#define EXIT_TROUBLE 2

enum { OPT_EFFECTIVE = CR_OPT_FIRST, OPT_EVIDENCE, OPT_JSON, OPT_QUIET };

static const struct cr_option options[] = {
	{ 0, "effective", NULL, "compare what holds for each call, base sets included",
	  OPT_EFFECTIVE },
	{ 0, "evidence", NULL, "compare executions and evidence, too", OPT_EVIDENCE },
	{ 0, "json", NULL, "print one JSON object", OPT_JSON },
	{ 'q', "quiet", NULL, "print nothing: the exit status says it", OPT_QUIET },
	CR_OPTIONS_COMMON
};

static const char *const usage[] = {
	"Usage: chestnut diff [options] POLICY POLICY",
	"Show what two policies say differently. Exits with 0 when that is nothing, with 1 when",
	"they differ, with 2 when there was trouble.",
	"",
	NULL
};

struct asked {
	unsigned int what;
	bool json;
	bool quiet;
};

static const char *kind_name(const struct cr_difference *x)
{
	switch (x->kind) {
	case CR_DIFF_HEADER:
		return "header";
	case CR_DIFF_WINDOW:
		return "window";
	case CR_DIFF_RULE:
		return "rule";
	case CR_DIFF_WITNESS:
		return "evidence";
	}
	return "";
}

static char sign(const struct cr_difference *x)
{
	return !x->a ? '+' : !x->b ? '-' : '~';
}

static void print_one(const struct cr_difference *x, bool colour)
{
	const char *paint = !x->a ? "\033[32m" : !x->b ? "\033[31m" : "\033[33m";
	char call[CR_CALL_WORDS_MAX];

	printf("%s%c ", colour ? paint : "", sign(x));
	if (x->window)
		printf("inside %s%s%s%s: ", x->window->function, x->window->object ? " (" : "",
		       x->window->object ? x->window->object : "", x->window->object ? ")" : "");
	if (x->kind == CR_DIFF_HEADER)
		printf("[policy] %s: ", x->key);
	else if (x->kind == CR_DIFF_WINDOW)
		printf("scope: ");
	else
		printf("%s%s: ", cr_call_words(x->abi, x->nr, call),
		       x->kind == CR_DIFF_WITNESS ? " evidence" : "");
	printf("%s%s%s%s\n", x->a ? x->a : "", x->a && x->b ? " -> " : "", x->b ? x->b : "",
	       colour ? "\033[0m" : "");
}

static void json_one(struct cr_json *j, struct json_object *list, const struct cr_difference *x)
{
	struct json_object *o = cr_json_object(j, list, NULL);
	char call[CR_NAME_MAX], text[2] = { sign(x), '\0' };

	cr_json_text(j, o, "sign", text);
	cr_json_text(j, o, "kind", kind_name(x));
	if (x->window) {
		cr_json_text(j, o, "function", x->window->function);
		cr_json_text(j, o, "object", x->window->object);
	}
	if (x->kind == CR_DIFF_HEADER) {
		cr_json_text(j, o, "key", x->key);
	} else if (x->kind != CR_DIFF_WINDOW) {
		cr_json_text(j, o, "abi", cr_abi_facts[x->abi].name);
		cr_json_text(j, o, "call", cr_nr_to_name(x->abi, x->nr, call));
		cr_json_count(j, o, "nr", x->nr);
	}
	cr_json_text(j, o, "a", x->a);
	cr_json_text(j, o, "b", x->b);
}

static int print_json(const struct cr_policy *p[2], const struct cr_diff *d)
{
	struct json_object *list;
	struct cr_json j;
	size_t i;

	cr_json_begin(&j);
	cr_json_text(&j, j.top, "a", p[0]->path);
	cr_json_text(&j, j.top, "b", p[1]->path);
	cr_json_bool(&j, j.top, "equal", d->n == 0);
	list = cr_json_array(&j, j.top, "differences");
	for (i = 0; i < d->n; i++)
		json_one(&j, list, &d->v[i]);
	return cr_json_end(&j, stdout);
}

static int compare(const struct cr_policies *all, const struct asked *asked, struct cr_err *err)
{
	const struct cr_policy *p[2] = { all->p[0], all->p[1] };
	bool colour = cr_colour(STDOUT_FILENO);
	struct cr_diff d;
	size_t i;
	int rc = cr_diff_policies(p[0], p[1], asked->what, &d);

	if (rc == 0 && asked->json)
		rc = print_json(p, &d);
	for (i = 0; i < d.n && !asked->json && !asked->quiet; i++)
		print_one(&d.v[i], colour);
	if (rc < 0)
		cr_err_sys(err, rc, "cannot compare %s and %s", p[0]->path, p[1]->path);
	else
		rc = d.n ? EXIT_DIFFERENT : CR_EXIT_OK;
	cr_diff_fini(&d);
	return rc;
}

static int diff(char **args, const struct asked *asked, struct cr_err *err)
{
	struct cr_policies all;
	int rc = cr_policies_load(args, &all, err);

	if (rc < 0)
		return rc;
	if (all.n == 2)
		rc = compare(&all, asked, err);
	else
		rc = cr_err_set(err, -EINVAL, "diff wants two policies, and these are %zu", all.n);
	cr_policies_free(&all);
	return rc;
}

int cr_cmd_diff(int argc, char **argv)
{
	struct cr_options it = CR_OPTIONS_INIT(options, argc, argv);
	struct asked asked = { 0, false, false };
	struct cr_err err = { "", "" };
	int id;

	while ((id = cr_options_next(&it, &err)) > 0) {
		if (cr_options_common(&it, id, usage))
			return CR_EXIT_OK;
		asked.what |= id == OPT_EFFECTIVE ? CR_DIFF_EFFECTIVE : 0;
		asked.what |= id == OPT_EVIDENCE ? CR_DIFF_EVIDENCE : 0;
		asked.json |= id == OPT_JSON;
		asked.quiet |= id == OPT_QUIET;
	}
	if (id == 0 && argc - it.at != 2) {
		id = cr_err_set(&err, -EINVAL, "diff wants two policies");
		cr_err_hint(&err, "chestnut diff POLICY POLICY");
	}
	if (id == 0)
		id = diff(argv + it.at, &asked, &err);
	if (id >= 0)
		return id;
	cr_log_err(&err);
	return EXIT_TROUBLE;
}
