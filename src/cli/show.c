/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * show - a policy for a person: what holds, where it comes from, how far to trust it
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "cr/cli.h"
#include "cr/ini.h"
#include "cr/log.h"
#include "cr/names.h"
#include "cr/rule.h"
#include "cr/trust.h"

#define WRAP 78

enum { OPT_JSON = CR_OPT_FIRST, OPT_VERBOSE };

static const struct cr_option options[] = {
	{ 0, "json", NULL, "print one JSON object", OPT_JSON },
	{ 'v', "verbose", NULL, "show the stack that first made each call", OPT_VERBOSE },
	CR_OPTIONS_COMMON
};

static const char *const usage[] = {
	"Usage: chestnut show [options] POLICY|DIR",
	"Show what a policy says, where each rule comes from, and how complete it may be.",
	"POLICY is a file, or the name of a program; DIR stands for all its policies.",
	"",
	NULL
};

struct view {
	const struct cr_policy *p;	/* borrowed */
	bool verbose;
	bool colour;
};

static const char *paint(const struct view *v, const char *code)
{
	return v->colour ? code : "";
}

static void fact(const char *what, const char *value)
{
	if (value)
		printf("%-11s %s\n", what, value);
}

static void show_learning(const struct cr_policy *p)
{
	printf("%-11s %u", "executions", p->runs);
	if (p->all_runs)
		printf(", %u of them with every call traced", p->all_runs);
	printf("\n");
	if (p->lost)
		printf("%-11s %u event%s of these, which may have been calls that are not here\n",
		       "lost", p->lost, p->lost == 1 ? "" : "s");
}

static void show_header(const struct view *v)
{
	const struct cr_policy *p = v->p;
	char fate[CR_FATE_MAX];
	size_t i;

	fact("policy", p->path);
	fact("program", p->program);
	fact("build-id", p->build_id);
	fact("mode", p->mode == CR_MODE_UNSET ? "not set: learned unless told otherwise" :
					       cr_mode_name(p->mode));
	if (!p->digest && p->mode == CR_MODE_STRICT)
		fact("finalized", "no");
	if (p->digest)
		fact("finalized", cr_policy_changed(p) ?
		     "yes, and changed since then: it, or a base set that it includes" :
		     "yes, and not changed since then");
	fact("violation", cr_fate_words(&p->violation, true, fate));
	if (p->horizon_kernel || p->horizon_nr)
		printf("%-11s Linux %s, calls up to number %u\n", "horizon",
		       p->horizon_kernel ? p->horizon_kernel : "?", p->horizon_nr);
	if (p->outside_any)
		fact("outside", "everything passes: only windows are confined");
	show_learning(p);
	for (i = 0; i < p->n_include; i++)
		fact(i ? "" : "includes", p->include[i]);
}

/* What a group has in common. Base sets follow, one group each. */
enum group { DENIED, ASKED, LOGGED, BY_HAND, SEEN_ONCE, SEEN_TWICE, LEARNED, FROM_BASE };

static const char *const group_names[] = {
	[DENIED] = "denied", [ASKED] = "asked about", [LOGGED] = "allowed and logged",
	[BY_HAND] = "allowed by hand",
	[SEEN_ONCE] = "learned, seen in only one execution",
	[SEEN_TWICE] = "learned, seen in two executions", [LEARNED] = "learned",
};

/* What was seen rarely is what to look at first; of one or two executions all is. */
static enum group learned_group(const struct cr_policy *p, const struct cr_rule *r)
{
	if (p->runs < CR_SEEN_ENOUGH || r->ev->more || r->ev->seen > 2)
		return LEARNED;
	return r->ev->seen == 2 ? SEEN_TWICE : SEEN_ONCE;
}

static enum group group_of(const struct cr_policy *p, const struct cr_rule *r)
{
	if (r->base)
		return FROM_BASE;
	if (r->act == CR_ACT_ASK)
		return ASKED;
	if (r->act == CR_ACT_LOG)
		return LOGGED;
	if (r->act != CR_ACT_ALLOW)
		return DENIED;
	return cr_rule_learned(r) ? learned_group(p, r) : BY_HAND;
}

/* The rules of one ABI in one place, sorted by name; those that an own rule hides are not there. */
struct list {
	const struct cr_rule *r[CR_NR_MAX];	/* borrowed */
	size_t n;
};

static void show_rule(const struct view *v, const struct cr_rule *r, enum group group)
{
	cr_auto_buf struct cr_buf seen = CR_BUF_INIT;
	char name[CR_NAME_MAX], action[CR_ACTION_WORDS_MAX];

	cr_nr_to_name(r->abi, r->nr, name);
	cr_rule_seen(v->p, r, &seen);
	if (group == DENIED)
		printf("    %s%-24s%s %s", paint(v, "\033[31m"), name, paint(v, "\033[0m"),
		       cr_action_words(r, action));
	else if (cr_rule_learned(r))
		printf("    %-24s %-12s %s", name, cr_buf_str(&seen), r->ev->exe ? r->ev->exe : "");
	else
		printf("    %s", name);
	printf("\n");
	if (r->cond && group != DENIED)
		printf("        %s\n", strstr(cr_action_words(r, action), "if "));
	if (v->verbose && cr_rule_learned(r) && r->ev->stack)
		printf("        %s\n", r->ev->stack);
}

static void show_group(const struct view *v, const struct list *list, enum group group)
{
	size_t i, n = 0;

	for (i = 0; i < list->n; i++)
		n += group_of(v->p, list->r[i]) == group;
	if (!n)
		return;
	printf("  %s (%zu)\n", group_names[group], n);
	for (i = 0; i < list->n; i++)
		if (group_of(v->p, list->r[i]) == group)
			show_rule(v, list->r[i], group);
}

/* Nobody reads a base set's rules one by one: their names, one behind the other. */
static void show_base(const struct list *list, const char *base)
{
	char name[CR_NAME_MAX], action[CR_ACTION_WORDS_MAX];
	int column = 0, n;
	size_t i;

	printf("  from %s\n", base);
	for (i = 0; i < list->n; i++) {
		const struct cr_rule *r = list->r[i];
		bool plain = r->act == CR_ACT_ALLOW && !r->cond;

		if (r->base != base)
			continue;
		cr_nr_to_name(r->abi, r->nr, name);
		cr_action_words(r, action);
		n = (int)strlen(name) + (plain ? 1 : (int)strlen(action) + 4);
		if (column + n > WRAP) {
			printf("\n");
			column = 0;
		}
		printf("%s%s%s%s%s", column ? " " : "    ", name, plain ? "" : " (",
		       plain ? "" : action, plain ? "" : ")");
		column += column ? n : n + 3;
	}
	printf("\n");
}

static void show_bases(const struct view *v, const struct list *list)
{
	size_t b, i;

	for (b = 0; b < v->p->n_bases; b++) {
		for (i = 0; i < list->n && list->r[i]->base != v->p->bases[b]; i++)
			;
		if (i < list->n)
			show_base(list, v->p->bases[b]);
	}
}

static void show_place(const struct view *v, const struct cr_policy_window *w)
{
	cr_auto_buf struct cr_buf where = CR_BUF_INIT;
	struct list list;
	unsigned int abi;
	int group;

	if (w) {
		cr_window_words(w, &where);
		printf("\n%swindow %u: %s%s%s%s\n", paint(v, "\033[1m"), w->number,
		       cr_buf_str(&where),
		       w->scope == CR_SCOPE_PROCESS ? ", for the whole process" : "",
		       w->n_rules ? "" : ", no call", paint(v, "\033[0m"));
	}
	for (abi = 0; abi < CR_ABI_COUNT; abi++) {
		list.n = cr_rule_list(v->p, w ? w->number : 0, (enum cr_abi)abi, list.r);
		if (!list.n)
			continue;
		printf("%s%s%s: %zu call%s%s%s\n", w ? "" : "\n", paint(v, "\033[1m"),
		       cr_abi_facts[abi].name, list.n, list.n == 1 ? "" : "s",
		       !w && v->p->outside_any ? ", not enforced: everything passes there" : "",
		       paint(v, "\033[0m"));
		for (group = DENIED; group < FROM_BASE; group++)
			show_group(v, &list, (enum group)group);
		show_bases(v, &list);
	}
}

static int show(const struct view *v)
{
	cr_auto_buf struct cr_buf words = CR_BUF_INIT;
	struct cr_trust *all = NULL;
	size_t i;
	int rc = cr_trust_count(v->p, &all);

	if (rc < 0)
		return rc;
	show_header(v);
	for (i = 0; i <= v->p->n_windows; i++)
		show_place(v, i ? v->p->windows[i - 1] : NULL);
	cr_trust_words(v->p, all, &words);
	printf("\n%s", cr_buf_str(&words));
	cr_trust_free(all, v->p->n_windows + 1);
	return cr_buf_ok(&words) ? 0 : -ENOMEM;
}

static void json_header(const struct cr_policy *p, struct cr_json *j)
{
	struct json_object *list;
	char violation[CR_VIOLATION_MAX];
	size_t i;

	cr_json_text(j, j->top, "policy", p->path);
	cr_json_text(j, j->top, "program", p->program);
	cr_json_text(j, j->top, "build-id", p->build_id);
	cr_json_text(j, j->top, "mode", cr_mode_name(p->mode));
	cr_json_text(j, j->top, "digest", p->digest);
	cr_json_bool(j, j->top, "changed", cr_policy_changed(p));
	cr_json_text(j, j->top, "violation", cr_violation_name(&p->violation, violation));
	cr_json_text(j, j->top, "horizon-kernel", p->horizon_kernel);
	cr_json_count(j, j->top, "horizon-nr", p->horizon_nr);
	cr_json_count(j, j->top, "executions", p->runs);
	cr_json_count(j, j->top, "all-executions", p->all_runs);
	cr_json_count(j, j->top, "lost", p->lost);
	cr_json_text(j, j->top, "outside", p->outside_any ? "any" : "rules");
	list = cr_json_array(j, j->top, "includes");
	for (i = 0; i < p->n_include; i++)
		cr_json_text(j, list, NULL, p->include[i]);
}

static void json_rules(const struct cr_policy *p, unsigned int window, struct cr_json *j,
		       struct json_object *in)
{
	struct json_object *array = cr_json_array(j, in, "rules");
	struct list list;
	unsigned int abi;
	size_t i;

	for (abi = 0; abi < CR_ABI_COUNT; abi++) {
		list.n = cr_rule_list(p, window, (enum cr_abi)abi, list.r);
		for (i = 0; i < list.n; i++)
			cr_rule_json(list.r[i], j, array);
	}
}

static int print_json(const struct cr_policy *p)
{
	struct json_object *list, *o;
	struct cr_trust *all = NULL;
	struct cr_json j;
	size_t i;
	int rc = cr_trust_count(p, &all);

	if (rc < 0)
		return rc;
	cr_json_begin(&j);
	json_header(p, &j);
	json_rules(p, 0, &j, j.top);
	cr_trust_json(&all[0], &j, cr_json_object(&j, j.top, "completeness"));
	list = cr_json_array(&j, j.top, "windows");
	for (i = 0; i < p->n_windows; i++) {
		const struct cr_policy_window *w = p->windows[i];

		o = cr_json_object(&j, list, NULL);
		cr_json_count(&j, o, "window", w->number);
		cr_json_text(&j, o, "function", w->function);
		cr_json_text(&j, o, "object", w->object);
		cr_json_text(&j, o, "scope", cr_scope_name(w->scope));
		json_rules(p, w->number, &j, o);
		cr_trust_json(&all[i + 1], &j, cr_json_object(&j, o, "completeness"));
	}
	cr_trust_free(all, p->n_windows + 1);
	return cr_json_end(&j, stdout);
}

struct asked {
	bool verbose;
	bool json;
	unsigned int shown;
};

static int show_one(const char *path, void *ctx, struct cr_err *err)
{
	struct asked *asked = ctx;
	struct view v = { .verbose = asked->verbose, .colour = cr_colour(STDOUT_FILENO) };
	struct cr_policy *p = NULL;
	int rc = cr_ini_load(path, &p, err);

	if (rc < 0)
		return rc;
	v.p = p;
	if (asked->shown++ && !asked->json)
		printf("\n");
	if ((asked->json ? print_json(p) : show(&v)) < 0)
		rc = cr_err_sys(err, -ENOMEM, "cannot show %s", path);
	cr_policy_free(p);
	return rc;
}

int cr_cmd_show(int argc, char **argv)
{
	struct cr_options it = CR_OPTIONS_INIT(options, argc, argv);
	struct asked asked = { false, false, 0 };
	struct cr_err err = { "", "" };
	int id;

	while ((id = cr_options_next(&it, &err)) > 0) {
		if (cr_options_common(&it, id, usage))
			return CR_EXIT_OK;
		asked.verbose |= id == OPT_VERBOSE;
		asked.json |= id == OPT_JSON;
	}
	if (id == 0 && argc - it.at != 1) {
		id = cr_err_set(&err, -EINVAL, "show wants one policy");
		cr_err_hint(&err, "chestnut show POLICY");
	}
	if (id < 0) {
		cr_log_err(&err);
		return CR_EXIT_USAGE;
	}
	if (cr_policy_each(argv[it.at], show_one, &asked, &err) == 0)
		return CR_EXIT_OK;
	cr_log_err(&err);
	return CR_EXIT_FAIL;
}
