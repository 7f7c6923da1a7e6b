/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * show - a policy for a person: what holds, where it comes from, how far to trust it
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <errno.h>
#include <string.h>

#include "cr/cli.h"
#include "cr/ini.h"
#include "cr/log.h"
#include "cr/names.h"

enum { OPT_VERBOSE = CR_OPT_FIRST };

static const struct cr_option options[] = {
	{ 'v', "verbose", NULL, "show the stack that first made each call", OPT_VERBOSE },
	CR_OPTIONS_COMMON
};

static const char *const usage[] = {
	"Usage: chestnut show [options] POLICY",
	"Show what a policy says, where each rule comes from, and how complete it may be.",
	"POLICY is a file, or the name of a program.",
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

static void show_header(const struct view *v)
{
	const struct cr_policy *p = v->p;
	char name[CR_NAME_MAX];
	size_t i;

	fact("policy", p->path);
	fact("program", p->program);
	fact("build-id", p->build_id);
	fact("mode", p->mode == CR_MODE_UNSET ? "not set: learned unless told otherwise" :
					       cr_mode_name(p->mode));
	if (p->violation.what == CR_VIOLATION_KILL)
		fact("violation", "kills the program");
	else
		printf("%-11s fails with %s\n", "violation", cr_errno_name(p->violation.err, name));
	if (p->horizon_kernel || p->horizon_nr)
		printf("%-11s Linux %s, calls up to number %u\n", "horizon",
		       p->horizon_kernel ? p->horizon_kernel : "?", p->horizon_nr);
	printf("%-11s %u", "executions", p->runs);
	if (p->all_runs)
		printf(", %u of them with every call traced", p->all_runs);
	printf("\n");
	if (p->outside_any)
		fact("outside", "everything passes: only windows are confined");
	for (i = 0; i < p->n_include; i++)
		fact(i ? "" : "includes", p->include[i]);
}

static void action_words(const struct cr_rule *r, char *out, size_t size)
{
	char name[CR_NAME_MAX];

	switch (r->act) {
	case CR_ACT_NONE:
		snprintf(out, size, "-");
		return;
	case CR_ACT_ALLOW:
		snprintf(out, size, "allow");
		return;
	case CR_ACT_LOG:
		snprintf(out, size, "log");
		return;
	case CR_ACT_ERRNO:
		snprintf(out, size, "errno %s", cr_errno_name(r->err, name));
		return;
	case CR_ACT_NEVER:
		snprintf(out, size, "never");
		return;
	}
}

static void origin_words(const struct view *v, const struct cr_rule *r, char *out, size_t size)
{
	if (cr_rule_learned(r) && r->ev->all_runs)
		snprintf(out, size, "learned, %u%s of %u; %u of %u --all", r->ev->seen,
			 r->ev->more ? "+" : "", v->p->runs, r->ev->all_seen, r->ev->all_runs);
	else if (cr_rule_learned(r))
		snprintf(out, size, "learned, %u%s of %u", r->ev->seen, r->ev->more ? "+" : "",
			 v->p->runs);
	else if (r->base)
		snprintf(out, size, "%s", r->base);
	else
		snprintf(out, size, "hand-written");
}

static void show_rule(const struct view *v, const struct cr_rule *r)
{
	char name[CR_NAME_MAX], action[CR_NAME_MAX + 8], origin[128];
	bool denied = r->act == CR_ACT_ERRNO || r->act == CR_ACT_NEVER;

	action_words(r, action, sizeof(action));
	origin_words(v, r, origin, sizeof(origin));
	printf("  %s%-12s%s %-24s %s%s%s\n", denied ? paint(v, "\033[31m") : "", action,
	       denied ? paint(v, "\033[0m") : "", cr_nr_to_name(r->abi, r->nr, name), origin,
	       r->ev && r->ev->exe ? "  " : "", r->ev && r->ev->exe ? r->ev->exe : "");
	if (v->verbose && r->ev && r->ev->stack)
		printf("  %12s %s\n", "", r->ev->stack);
}

static size_t count_rules(const struct cr_policy *p, unsigned int window, enum cr_abi abi)
{
	uint32_t nr;
	size_t n = 0;

	for (nr = 0; nr < CR_NR_MAX; nr++)
		n += cr_policy_find_in(p, window, abi, nr) != NULL;
	return n;
}

/* Calls of one ABI, by action; a rule that another one hides is not shown. */
static void show_abi(const struct view *v, unsigned int window, enum cr_abi abi)
{
	static const enum cr_action order[] = { CR_ACT_ALLOW, CR_ACT_LOG, CR_ACT_ERRNO,
						CR_ACT_NEVER };
	size_t i, n = count_rules(v->p, window, abi);
	const struct cr_rule *rule;
	uint32_t nr;

	if (!n)
		return;
	printf("%s%s%s: %zu call%s%s%s\n", window ? "" : "\n", paint(v, "\033[1m"),
	       cr_abi_facts[abi].name, n, n == 1 ? "" : "s",
	       !window && v->p->outside_any ? ", not enforced: everything passes there" : "",
	       paint(v, "\033[0m"));
	for (i = 0; i < CR_ARRAY_SIZE(order); i++) {
		for (nr = 0; nr < CR_NR_MAX; nr++) {
			rule = cr_policy_find_in(v->p, window, abi, nr);
			if (rule && rule->act == order[i])
				show_rule(v, rule);
		}
	}
}

static void show_window(const struct view *v, const struct cr_policy_window *w)
{
	enum cr_abi abi;

	printf("\n%swindow %u: inside %s%s%s%s%s%s%s\n", paint(v, "\033[1m"), w->number,
	       w->function, w->object ? " (" : "", w->object ? w->object : "",
	       w->object ? ")" : "",
	       w->scope == CR_SCOPE_PROCESS ? ", for the whole process" : "",
	       w->n_rules ? "" : ", no call", paint(v, "\033[0m"));
	for (abi = 0; abi < CR_ABI_COUNT; abi++)
		show_abi(v, w->number, abi);
}

/* Learned calls that were seen in exactly @times executions; what was learned in two windows is
 * two calls. */
static unsigned int seen_exactly(const struct cr_policy *p, unsigned int window, uint32_t times)
{
	struct cr_rule *const *rules;
	unsigned int count = 0;
	size_t i, n;

	rules = cr_policy_rules_in(p, window, &n);
	for (i = 0; i < n; i++)
		count += cr_rule_learned(rules[i]) && !rules[i]->ev->more &&
			 rules[i]->ev->seen == times;
	return count;
}

static void show_trust(const struct view *v)
{
	unsigned int q1 = seen_exactly(v->p, 0, 1), q2 = seen_exactly(v->p, 0, 2);
	size_t i;

	if (!v->p->runs) {
		printf("\nNothing was learned by watching executions.\n");
		return;
	}
	for (i = 0; i < v->p->n_windows; i++) {
		q1 += seen_exactly(v->p, v->p->windows[i]->number, 1);
		q2 += seen_exactly(v->p, v->p->windows[i]->number, 2);
	}
	printf("\nOf the learned calls, %u %s seen in exactly one execution and %u in exactly two, "
	       "of %u.\n", q1, q1 == 1 ? "was" : "were", q2, v->p->runs);
	if (v->p->n_windows)
		printf("A call counts once for each window that it was learned in.\n");
	if (v->p->runs > 1)
		printf("The next execution may bring %.2f new calls on average (Good-Turing).\n",
		       (double)q1 / v->p->runs);
	else
		printf("One execution says nothing about the next one: learn from more.\n");
}

static int show(const char *path, bool verbose, struct cr_err *err)
{
	struct view v = { .verbose = verbose, .colour = cr_colour(STDOUT_FILENO) };
	struct cr_policy *p = NULL;
	enum cr_abi abi;
	size_t i;
	int rc = cr_ini_load(path, &p, err);

	if (rc < 0)
		return rc;
	v.p = p;
	show_header(&v);
	for (abi = 0; abi < CR_ABI_COUNT; abi++)
		show_abi(&v, 0, abi);
	for (i = 0; i < p->n_windows; i++)
		show_window(&v, p->windows[i]);
	show_trust(&v);
	cr_policy_free(p);
	return 0;
}

int cr_cmd_show(int argc, char **argv)
{
	struct cr_options it = CR_OPTIONS_INIT(options, argc, argv);
	cr_auto_buf struct cr_buf path = CR_BUF_INIT;
	struct cr_err err = { "", "" };
	bool verbose = false;
	int id;

	while ((id = cr_options_next(&it, &err)) > 0) {
		if (cr_options_common(&it, id, usage))
			return CR_EXIT_OK;
		verbose |= id == OPT_VERBOSE;
	}
	if (id == 0 && argc - it.at != 1) {
		id = cr_err_set(&err, -EINVAL, "show wants one policy");
		cr_err_hint(&err, "chestnut show POLICY");
	}
	if (id < 0) {
		cr_log_err(&err);
		return CR_EXIT_USAGE;
	}
	if (cr_policy_path(argv[it.at], false, &path, &err) < 0 ||
	    show(cr_buf_str(&path), verbose, &err) < 0) {
		cr_log_err(&err);
		return CR_EXIT_FAIL;
	}
	return CR_EXIT_OK;
}
