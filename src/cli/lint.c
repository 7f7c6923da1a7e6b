/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lint - what a policy leaves to somebody who has taken the program over
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cr/cli.h"
#include "cr/ini.h"
#include "cr/json.h"
#include "cr/lint.h"
#include "cr/log.h"
#include "cr/names.h"

#define CR_EXIT_FINDINGS 1
#define CR_EXIT_TROUBLE 2
#define COLUMNS 80

enum { OPT_JSON = CR_OPT_FIRST, OPT_TABLES, OPT_VERBOSE };

static const struct cr_option options[] = {
	{ 0, "json", NULL, "print one JSON object", OPT_JSON },
	{ 0, "tables", "DIR", "read lint-*.tsv from DIR", OPT_TABLES },
	{ 'v', "verbose", NULL, "show sources, and which payloads and holes stay open",
	  OPT_VERBOSE },
	CR_OPTIONS_COMMON
};

static const char *const usage[] = {
	"Usage: chestnut lint [options] POLICY",
	"Show dangerous calls that a policy allows, calls that a library may take instead, and how",
	"much of the kernel stays reachable. POLICY is a file, or the name of a program.",
	"Exit status: 0 nothing to warn of, 1 warnings, 2 trouble.",
	"",
	NULL
};

struct view {
	const struct cr_policy *p;		/* borrowed */
	const struct cr_lint_rows *rows;	/* borrowed */
	const struct cr_lint_report *report;	/* borrowed */
	bool verbose;
	bool colour;
};

static const char *const level_words[] = {
	[CR_LINT_NOTE] = "note",
	[CR_LINT_OFFER] = "offer",
	[CR_LINT_WARN] = "warning",
	[CR_LINT_LOUD] = "WARNING",
};

static const char *origin_word(const struct cr_rule *r)
{
	return r->base ? "base set" : cr_rule_learned(r) ? "learned" : "hand-written";
}

/* "learned, line 7, inside of parse" */
static void print_origin(const struct cr_lint_finding *f)
{
	const struct cr_rule *r = f->rule;

	if (r->base)
		printf("%s %s", origin_word(r), r->base);
	else
		printf("%s, line %u", origin_word(r), r->line);
	if (r->cond)
		printf(", on a condition");
	if (f->window)
		printf(", inside of %s", f->window->function);
}

static const char *loud(const struct view *v, bool on)
{
	return !v->colour ? "" : on ? "\033[1;31m" : "\033[0m";
}

static void print_finding(const struct view *v, const struct cr_lint_finding *f)
{
	bool paint = f->level == CR_LINT_LOUD;
	char name[CR_NAME_MAX];

	cr_nr_to_name(f->abi, f->nr, name);
	printf("%s%s%s: %s (%s", paint ? loud(v, true) : "", level_words[f->level],
	       paint ? loud(v, false) : "", name, cr_abi_facts[f->abi].name);
	if (f->level == CR_LINT_OFFER) {
		printf("%s%s) has twins without a rule: %s; ", f->window ? ", inside of " : "",
		       f->window ? f->window->function : "", f->twins);
	} else {
		printf(", ");
		print_origin(f);
		printf("): ");
	}
	printf("%s", f->row->why);
	if (v->verbose)
		printf(" [%s]", f->row->source);
	printf("\n");
}

/* A program that has no rule in an ABI cannot use that ABI at all. */
static void print_surface(const struct view *v)
{
	const struct cr_lint_report *r = v->report;
	unsigned int i;

	printf("\nattack surface\n");
	for (i = 0; i < CR_ABI_COUNT; i++)
		printf("  %-8s %u of %u calls reachable (%.1f %%)\n", cr_abi_facts[i].name,
		       r->reachable[i], r->known[i],
		       r->known[i] ? 100.0 * r->reachable[i] / r->known[i] : 0.0);
	if (v->p->mode != CR_MODE_STRICT)
		printf("  This holds once the policy is strict: its mode is %s.\n",
		       v->p->mode == CR_MODE_UNSET ? "not set" : cr_mode_name(v->p->mode));
}

static unsigned int count_rows(const struct view *v, enum cr_lint_table table, bool open)
{
	unsigned int n = 0;
	size_t i;

	for (i = 0; i < v->rows->n; i++)
		n += v->rows->row[i].table == table && v->rows->row[i].open == open;
	return n;
}

/* One of several words, with a comma behind the one before; answers the column it ends in. */
static size_t print_folded(const char *word, size_t column)
{
	bool first = column == COLUMNS, fits = column + 2 + strlen(word) < COLUMNS;

	printf("%s%s", first ? "  " : fits ? ", " : ",\n  ", word);
	return (first || !fits ? 2 : column + 2) + strlen(word);
}

static void print_rows(const struct view *v, enum cr_lint_table table, const char *what)
{
	unsigned int cut = count_rows(v, table, false), open = count_rows(v, table, true);
	size_t column = COLUMNS, i;

	printf("\n%s cut off: %u of %u\n", what, cut, cut + open);
	for (i = 0; i < v->rows->n; i++) {
		const struct cr_lint_row *row = &v->rows->row[i];

		if (row->table != table || (!v->verbose && row->open))
			continue;
		if (v->verbose)
			printf("  %-5s %s: %s; needs %s [%s]\n", row->open ? "open" : "cut",
			       row->key, row->why, row->need, row->source);
		else
			column = print_folded(row->key, column);
	}
	if (!v->verbose && cut)
		printf("\n");
}

static void print_report(const struct view *v)
{
	unsigned int n = v->report->warnings;
	size_t i;

	if (v->p->outside_any)
		printf("%sWARNING%s: outside = any: everything may be called outside of windows\n",
		       loud(v, true), loud(v, false));
	if (v->p->violation.what == CR_ACT_LOG)
		printf("%sWARNING%s: violation = log: what no rule names is made, and only told\n",
		       loud(v, true), loud(v, false));
	for (i = 0; i < v->report->n; i++)
		print_finding(v, &v->report->finding[i]);
	if (n)
		printf("%u warning%s\n", n, n == 1 ? "" : "s");
	else
		printf("nothing to warn of\n");
	print_surface(v);
	print_rows(v, CR_LINT_PAYLOADS, "classes of exploit payload");
	print_rows(v, CR_LINT_CVES, "published kernel holes");
}

static void json_finding(struct cr_json *j, struct json_object *list,
			 const struct cr_lint_finding *f)
{
	struct json_object *o = cr_json_object(j, list, NULL);
	char name[CR_NAME_MAX];

	cr_json_text(j, o, "level", f->level == CR_LINT_LOUD ? "loud" : level_words[f->level]);
	cr_json_text(j, o, "abi", cr_abi_facts[f->abi].name);
	cr_json_text(j, o, "call", cr_nr_to_name(f->abi, f->nr, name));
	cr_json_count(j, o, "nr", f->nr);
	cr_json_text(j, o, "why", f->row->why);
	cr_json_text(j, o, "source", f->row->source);
	cr_json_text(j, o, "origin", origin_word(f->rule));
	cr_json_bool(j, o, "conditional", f->rule->cond != NULL);
	if (f->window)
		cr_json_text(j, o, "function", f->window->function);
	if (f->rule->base)
		cr_json_text(j, o, "base", f->rule->base);
	else
		cr_json_count(j, o, "line", f->rule->line);
	if (f->twins)
		cr_json_text(j, o, "twins", f->twins);
}

static void json_rows(struct cr_json *j, const struct view *v, enum cr_lint_table table,
		      const char *key)
{
	struct json_object *list = cr_json_array(j, j->top, key), *o;
	size_t i;

	for (i = 0; i < v->rows->n; i++) {
		const struct cr_lint_row *row = &v->rows->row[i];

		if (row->table != table)
			continue;
		o = cr_json_object(j, list, NULL);
		cr_json_text(j, o, "name", row->key);
		cr_json_text(j, o, "needs", row->need);
		cr_json_text(j, o, "why", row->why);
		cr_json_text(j, o, "source", row->source);
		cr_json_bool(j, o, "open", row->open);
	}
}

static int print_json(const struct view *v)
{
	struct json_object *list, *o;
	struct cr_json j;
	size_t i;

	cr_json_begin(&j);
	cr_json_text(&j, j.top, "policy", v->p->path);
	cr_json_text(&j, j.top, "mode", cr_mode_name(v->p->mode));
	cr_json_bool(&j, j.top, "outside_any", v->p->outside_any);
	cr_json_bool(&j, j.top, "violation_log", v->p->violation.what == CR_ACT_LOG);
	list = cr_json_object(&j, j.top, "surface");
	for (i = 0; i < CR_ABI_COUNT; i++) {
		o = cr_json_object(&j, list, cr_abi_facts[i].name);
		cr_json_count(&j, o, "reachable", v->report->reachable[i]);
		cr_json_count(&j, o, "known", v->report->known[i]);
	}
	list = cr_json_array(&j, j.top, "findings");
	for (i = 0; i < v->report->n; i++)
		json_finding(&j, list, &v->report->finding[i]);
	json_rows(&j, v, CR_LINT_PAYLOADS, "payloads");
	json_rows(&j, v, CR_LINT_CVES, "cves");
	return cr_json_end(&j, stdout);
}

/* An exit status. */
static int judge(struct view *v, const char *tables, bool json, struct cr_err *err)
{
	struct cr_lint_report report = { .n = 0 };
	struct cr_lint_rows rows = { NULL, 0 };
	int status = CR_EXIT_TROUBLE, rc = cr_lint_tables(tables, &rows, err);

	if (rc == 0) {
		rc = cr_lint(v->p, &rows, &report);
		v->rows = &rows;
		v->report = &report;
		if (rc == 0 && json)
			rc = print_json(v);
		else if (rc == 0)
			print_report(v);
		if (rc < 0)
			cr_err_sys(err, rc, "cannot judge %s", v->p->path);
	}
	if (rc == 0)
		status = report.warnings ? CR_EXIT_FINDINGS : CR_EXIT_OK;
	cr_lint_fini(&report);
	cr_lint_rows_fini(&rows);
	return status;
}

int cr_cmd_lint(int argc, char **argv)
{
	struct cr_options it = CR_OPTIONS_INIT(options, argc, argv);
	cr_auto_buf struct cr_buf path = CR_BUF_INIT;
	struct view v = { .colour = cr_colour(STDOUT_FILENO) };
	struct cr_err err = { "", "" };
	struct cr_policy *p = NULL;
	const char *tables = NULL;
	int id, status = CR_EXIT_TROUBLE;
	bool json = false;

	while ((id = cr_options_next(&it, &err)) > 0) {
		if (cr_options_common(&it, id, usage))
			return CR_EXIT_OK;
		json |= id == OPT_JSON;
		v.verbose |= id == OPT_VERBOSE;
		if (id == OPT_TABLES)
			tables = it.value;
	}
	if (id == 0 && argc - it.at != 1) {
		id = cr_err_set(&err, -EINVAL, "lint wants one policy");
		cr_err_hint(&err, "chestnut lint POLICY");
	}
	if (id == 0 && cr_policy_path(argv[it.at], false, &path, &err) == 0 &&
	    cr_ini_load(cr_buf_str(&path), &p, &err) == 0) {
		v.p = p;
		status = judge(&v, tables, json, &err);
	}
	if (status == CR_EXIT_TROUBLE)
		cr_log_err(&err);
	cr_policy_free(p);
	return status;
}
