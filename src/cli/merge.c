/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * merge - several learned policies of one program into one file
 */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "cr/cli.h"
#include "cr/json.h"
#include "cr/log.h"
#include "cr/merge.h"

enum { OPT_OUTPUT = CR_OPT_FIRST, OPT_PREFER, OPT_JSON };

static const struct cr_option options[] = {
	{ 'o', "output", "FILE", "write the policy there, not to standard output", OPT_OUTPUT },
	{ 0, "prefer", "first|last", "who is right where neither is the stricter one", OPT_PREFER },
	{ 0, "json", NULL, "print conflicts and result as one JSON object", OPT_JSON },
	CR_OPTIONS_COMMON
};

static const char *const usage[] = {
	"Usage: chestnut merge [options] POLICY|DIR...",
	"Make one policy of several: what one allows is allowed, what one denies is denied.",
	"DIR stands for all its files that end in .policy. When -o names a directory, each program",
	"gets a policy there.",
	"",
	NULL
};

struct asked {
	enum cr_prefer prefer;
	const char *output;	/* borrowed from argv; NULL: standard output */
	bool json;
};

/* "a.policy:12", or "base-dynamic of a.policy" for what it includes. */
static void place(const struct cr_policy *p, const struct cr_rule *r, struct cr_buf *b)
{
	char action[CR_ACTION_WORDS_MAX];

	if (r->base)
		cr_buf_addf(b, "%s (line %u), included by %s,", r->base, r->line, p->path);
	else
		cr_buf_addf(b, "%s:%u", p->path, r->line);
	cr_buf_addf(b, " says \"%s\"", cr_action_words(r, action));
}

static void tell_rule(const struct cr_conflict *c)
{
	cr_auto_buf struct cr_buf b = CR_BUF_INIT;
	char call[CR_CALL_WORDS_MAX], action[CR_ACTION_WORDS_MAX];

	place(c->p[0], c->r[0], &b);
	cr_buf_add(&b, ", ");
	place(c->p[1], c->r[1], &b);
	cr_call_words(c->r[0]->abi, c->r[0]->nr, call);
	if (c->open)
		cr_error("conflict: %s%s%s: %s", call, c->w[0] ? " inside " : "",
			 c->w[0] ? c->w[0]->function : "", cr_buf_str(&b));
	else
		cr_warn("note: %s%s%s: %s: \"%s\" holds", call, c->w[0] ? " inside " : "",
			c->w[0] ? c->w[0]->function : "", cr_buf_str(&b),
			cr_action_words(c->r[c->won], action));
}

static void head_words(const struct cr_conflict *c, int side, char *out, size_t size)
{
	const struct cr_policy *p = c->p[side];
	char name[CR_VIOLATION_MAX];

	switch (c->kind) {
	case CR_CONFLICT_RULE:
		break;
	case CR_CONFLICT_MODE:
		snprintf(out, size, "mode %s", cr_mode_name(p->mode));
		break;
	case CR_CONFLICT_VIOLATION:
		snprintf(out, size, "violation %s", cr_violation_name(&p->violation, name));
		break;
	case CR_CONFLICT_PROGRAM:
		snprintf(out, size, "program %s", p->program);
		break;
	case CR_CONFLICT_BUILD_ID:
		snprintf(out, size, "build-id %s", p->build_id);
		break;
	case CR_CONFLICT_SCOPE:
		snprintf(out, size, "scope %s for window %u (%s)",
			 cr_scope_name(c->w[side]->scope), c->w[side]->number,
			 c->w[side]->function);
		break;
	}
}

static void tell_head(const struct cr_conflict *c)
{
	char a[PATH_MAX + 16] = "", b[PATH_MAX + 16] = "";

	head_words(c, 0, a, sizeof(a));
	head_words(c, 1, b, sizeof(b));
	if (c->open)
		cr_error("conflict: %s has %s, %s has %s", c->p[0]->path, a, c->p[1]->path, b);
	else
		cr_warn("note: %s has %s, %s has %s: %s", c->p[0]->path, a, c->p[1]->path, b,
			c->won < 0 ? "left out" : c->won ? "the latter holds" : "the former holds");
}

static const char *kind_name(const struct cr_conflict *c)
{
	switch (c->kind) {
	case CR_CONFLICT_RULE:
		return "rule";
	case CR_CONFLICT_MODE:
		return "mode";
	case CR_CONFLICT_VIOLATION:
		return "violation";
	case CR_CONFLICT_PROGRAM:
		return "program";
	case CR_CONFLICT_BUILD_ID:
		return "build-id";
	case CR_CONFLICT_SCOPE:
		return "scope";
	}
	return "";
}

/* One side of a conflict: where it stands, and what it says. */
static void json_side(struct cr_json *j, struct json_object *list, const struct cr_conflict *c,
		      int side)
{
	struct json_object *o = cr_json_object(j, list, NULL);
	char says[PATH_MAX + 16] = "", action[CR_ACTION_WORDS_MAX];
	const struct cr_rule *r = c->r[side];

	head_words(c, side, says, sizeof(says));
	cr_json_text(j, o, "file", c->p[side]->path);
	if (r) {
		cr_json_text(j, o, "base", r->base);
		cr_json_count(j, o, "line", r->line);
	}
	cr_json_text(j, o, "says", r ? cr_action_words(r, action) : says);
}

static void json_conflict(struct cr_json *j, struct json_object *list, const struct cr_conflict *c)
{
	struct json_object *o = cr_json_object(j, list, NULL), *sides;
	char name[CR_NAME_MAX];

	cr_json_text(j, o, "kind", kind_name(c));
	if (c->w[0]) {
		cr_json_text(j, o, "function", c->w[0]->function);
		cr_json_text(j, o, "object", c->w[0]->object);
	}
	if (c->r[0]) {
		cr_json_text(j, o, "abi", cr_abi_facts[c->r[0]->abi].name);
		cr_json_text(j, o, "call", cr_nr_to_name(c->r[0]->abi, c->r[0]->nr, name));
		cr_json_count(j, o, "nr", c->r[0]->nr);
	}
	sides = cr_json_array(j, o, "sides");
	json_side(j, sides, c, 0);
	json_side(j, sides, c, 1);
	cr_json_bool(j, o, "open", c->open);
	if (c->won < 0)
		cr_json_text(j, o, "holds", NULL);
	else
		cr_json_text(j, o, "holds", c->p[c->won]->path);
}

static int print_json(const struct cr_policies *all, const struct cr_merge *m, const char *output)
{
	struct json_object *list;
	struct cr_json j;
	size_t i;

	cr_json_begin(&j);
	cr_json_text(&j, j.top, "output", output);
	cr_json_bool(&j, j.top, "written", !m->n_open);
	cr_json_count(&j, j.top, "policies", all->n);
	cr_json_count(&j, j.top, "executions", m->policy->runs);
	cr_json_count(&j, j.top, "rules", m->policy->n_own);
	list = cr_json_array(&j, j.top, "conflicts");
	for (i = 0; i < m->n; i++)
		json_conflict(&j, list, &m->conflicts[i]);
	return cr_json_end(&j, stdout);
}

static bool same_directory(const char *a, const char *b)
{
	const char *sa = strrchr(a, '/'), *sb = strrchr(b, '/');
	cr_auto_free char *da = sa ? strndup(a, (size_t)(sa - a) + 1) : strdup(".");
	cr_auto_free char *db = sb ? strndup(b, (size_t)(sb - b) + 1) : strdup(".");
	struct stat x, y;

	return da && db && stat(da, &x) == 0 && stat(db, &y) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

/* A relative include means a file beside the policy that includes it: elsewhere it must be
 * written in full. */
static int move_includes(struct cr_policy *p, const char *output, struct cr_err *err)
{
	const char *slash = strrchr(p->path, '/');
	char *full;
	size_t i;

	if (same_directory(p->path, output))
		return 0;
	for (i = 0; i < p->n_include; i++) {
		cr_auto_free char *at = NULL;

		if (!strchr(p->include[i], '/') || p->include[i][0] == '/')
			continue;
		if (asprintf(&at, "%.*s%s", slash ? (int)(slash - p->path) + 1 : 0, p->path,
			     p->include[i]) < 0)
			at = NULL;
		full = at ? realpath(at, NULL) : NULL;
		if (!full)
			return cr_err_sys(err, at ? -errno : -ENOMEM, "cannot find %s, included "
					  "by %s", p->include[i], p->path);
		free(p->include[i]);
		p->include[i] = full;
	}
	return 0;
}

static bool same_file(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static void tell_twice(const struct cr_policies *all)
{
	size_t i, k;

	for (i = 0; i < all->n; i++)
		for (k = 0; k < i; k++)
			if (same_file(all->p[i]->path, all->p[k]->path))
				cr_warn("note: %s is given twice, and counted twice",
					all->p[i]->path);
}

/* Comments are kept of the output's own old text when it is merged into, else of the first. */
static const struct cr_policy *like(const struct cr_policies *all, const char *output)
{
	size_t i;

	for (i = 0; output && i < all->n; i++)
		if (same_file(all->p[i]->path, output))
			return all->p[i];
	return all->p[0];
}

static int write_out(const struct cr_policies *all, const struct cr_merge *m,
		     const struct asked *asked, struct cr_err *err)
{
	cr_auto_buf struct cr_buf text = CR_BUF_INIT;
	const char *output = asked->output;
	int rc = cr_merge_write(m->policy, like(all, output), output, &text, err);

	if (rc < 0 || asked->json)
		return rc;
	if (!output)
		fputs(cr_buf_str(&text), stdout);
	else
		printf("%s: %zu rule%s of its own, from %zu polic%s and %u execution%s\n", output,
		       m->policy->n_own, m->policy->n_own == 1 ? "" : "s", all->n,
		       all->n == 1 ? "y" : "ies", m->policy->runs,
		       m->policy->runs == 1 ? "" : "s");
	return 0;
}

static void tell(const struct cr_merge *m)
{
	size_t i;

	for (i = 0; i < m->n; i++) {
		if (m->conflicts[i].kind == CR_CONFLICT_RULE)
			tell_rule(&m->conflicts[i]);
		else
			tell_head(&m->conflicts[i]);
	}
}

static int merge_all(const struct cr_policies *all, const struct asked *asked, struct cr_err *err)
{
	const char *output = asked->output;
	struct cr_merge m;
	size_t i;
	int rc = 0;

	for (i = 0; i < all->n && rc == 0; i++)
		rc = move_includes(all->p[i], output ? output : "stdout", err);
	if (rc < 0)
		return rc;
	tell_twice(all);
	rc = cr_merge_policies((const struct cr_policy *const *)all->p, all->n, asked->prefer, &m);
	if (rc < 0)
		return cr_err_sys(err, rc, "cannot merge");
	if (!asked->json)
		tell(&m);
	if (!m.n_open)
		rc = write_out(all, &m, asked, err);
	if (rc == 0 && asked->json && print_json(all, &m, output) < 0)
		rc = cr_err_sys(err, -ENOMEM, "cannot print the conflicts");
	if (rc == 0 && m.n_open) {
		rc = cr_err_set(err, -EINVAL, "nothing is written: which one is right?");
		cr_err_hint(err, "--prefer first or --prefer last, or change one of the files");
	}
	cr_merge_fini(&m);
	return rc;
}

/* Where the policy of a program goes in a directory: over the one of it that is merged; else it is
 * a new file, NAME.policy. */
static int path_in(const struct cr_policies *some, const char *dir, struct cr_buf *path,
		   struct cr_err *err)
{
	const char *program = some->p[0]->program;
	size_t i;

	cr_buf_addf(path, "%s/x", dir);
	for (i = 0; i < some->n; i++) {
		if (!same_directory(some->p[i]->path, cr_buf_str(path)))
			continue;
		cr_buf_clear(path);
		cr_buf_add(path, some->p[i]->path);
		return 0;
	}
	cr_buf_clear(path);
	cr_buf_addf(path, "%s/%s.policy", dir, strrchr(program, '/') + 1);
	if (access(cr_buf_str(path), F_OK) < 0)
		return 0;
	cr_err_set(err, -EEXIST, "%s is there, and not among what is merged", cr_buf_str(path));
	cr_err_hint(err, "name it or %s, too, or take it away", dir);
	return -EEXIST;
}

static bool first_of_program(const struct cr_policies *all, size_t at)
{
	size_t i;

	for (i = 0; i < at; i++)
		if (strcmp(all->p[i]->program, all->p[at]->program) == 0)
			return false;
	return true;
}

/* Into a directory: what is of one program becomes one policy. */
static int merge_tree(const struct cr_policies *all, const struct asked *asked, struct cr_err *err)
{
	struct asked one = *asked;
	size_t i;
	int rc = cr_policies_named(all, err);

	for (i = 0; i < all->n && rc == 0; i++) {
		cr_auto_buf struct cr_buf path = CR_BUF_INIT;
		struct cr_policies some;

		if (!first_of_program(all, i))
			continue;
		if (cr_policies_of(all, all->p[i]->program, &some) < 0)
			return cr_err_sys(err, -ENOMEM, "cannot merge");
		rc = path_in(&some, asked->output, &path, err);
		one.output = cr_buf_str(&path);
		if (rc == 0)
			rc = merge_all(&some, &one, err);
		free(some.p);
	}
	return rc;
}

static int take_side(const char *word, enum cr_prefer *prefer, struct cr_err *err)
{
	bool first = strcmp(word, "first") == 0;

	if (!first && strcmp(word, "last") != 0)
		return cr_err_set(err, -EINVAL, "--prefer is first or last, not \"%s\"", word);
	*prefer = first ? CR_PREFER_FIRST : CR_PREFER_LAST;
	return 0;
}

/* 1 when the help was printed, 0 when @asked and @at are what is to be done, else -EINVAL. */
static int parse(int argc, char **argv, struct asked *asked, int *at, struct cr_err *err)
{
	struct cr_options it = CR_OPTIONS_INIT(options, argc, argv);
	int id, rc = 0;

	while (rc == 0 && (id = cr_options_next(&it, err)) != 0) {
		if (id > 0 && cr_options_common(&it, id, usage))
			return 1;
		if (id == OPT_OUTPUT)
			asked->output = it.value;
		asked->json |= id == OPT_JSON;
		rc = id < 0 ? id : id == OPT_PREFER ? take_side(it.value, &asked->prefer, err) : 0;
	}
	*at = it.at;
	if (rc == 0 && it.at >= argc) {
		rc = cr_err_set(err, -EINVAL, "merge wants policies");
		cr_err_hint(err, "chestnut merge -o FILE POLICY...");
	} else if (rc == 0 && asked->json && !asked->output) {
		rc = cr_err_set(err, -EINVAL, "the policy and --json both want standard output");
		cr_err_hint(err, "add -o FILE for the policy");
	}
	return rc;
}

int cr_cmd_merge(int argc, char **argv)
{
	struct asked asked = { .prefer = CR_PREFER_NONE };
	struct cr_err err = { "", "" };
	struct cr_policies all;
	int at = 0, rc = parse(argc, argv, &asked, &at, &err);

	if (rc > 0)
		return CR_EXIT_OK;
	if (rc < 0) {
		cr_log_err(&err);
		return CR_EXIT_USAGE;
	}
	rc = cr_policies_load_but(argv + at, asked.output, &all, &err);
	if (rc == 0) {
		rc = asked.output && cr_is_directory(asked.output) ?
			merge_tree(&all, &asked, &err) : merge_all(&all, &asked, &err);
		cr_policies_free(&all);
	}
	if (rc == 0)
		return CR_EXIT_OK;
	cr_log_err(&err);
	return CR_EXIT_FAIL;
}
