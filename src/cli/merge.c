/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * merge - several learned policies of one program into one file
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "cr/cli.h"
#include "cr/log.h"
#include "cr/merge.h"

enum { OPT_OUTPUT = CR_OPT_FIRST, OPT_PREFER };

static const struct cr_option options[] = {
	{ 'o', "output", "FILE", "write the policy there, not to standard output", OPT_OUTPUT },
	{ 0, "prefer", "SIDE", "where neither is the stricter one: first or last", OPT_PREFER },
	CR_OPTIONS_COMMON
};

static const char *const usage[] = {
	"Usage: chestnut merge [options] POLICY|DIR...",
	"Make one policy of several: what one allows is allowed, what one denies is denied.",
	"",
	NULL
};

/* "a.policy:12", or "base-dynamic of a.policy" for what it includes. */
static void place(const struct cr_policy *p, const struct cr_rule *r, struct cr_buf *b)
{
	char action[CR_NAME_MAX];

	if (r->base)
		cr_buf_addf(b, "%s (line %u), included by %s,", r->base, r->line, p->path);
	else
		cr_buf_addf(b, "%s:%u", p->path, r->line);
	cr_buf_addf(b, " says \"%s\"", cr_action_words(r, action));
}

static void tell_rule(const struct cr_conflict *c)
{
	cr_auto_buf struct cr_buf b = CR_BUF_INIT;
	char call[CR_CALL_WORDS_MAX], action[CR_NAME_MAX];

	place(c->p[0], c->r[0], &b);
	cr_buf_add(&b, ", ");
	place(c->p[1], c->r[1], &b);
	cr_call_words(c->r[0]->abi, c->r[0]->nr, call);
	if (c->open)
		cr_error("conflict: %s: %s", call, cr_buf_str(&b));
	else
		cr_warn("note: %s: %s: \"%s\" holds", call, cr_buf_str(&b),
			cr_action_words(c->r[c->won], action));
}

static void head_words(const struct cr_conflict *c, int side, char *out, size_t size)
{
	const struct cr_policy *p = c->p[side];
	char name[CR_NAME_MAX];

	switch (c->kind) {
	case CR_CONFLICT_RULE:
		break;
	case CR_CONFLICT_MODE:
		snprintf(out, size, "mode %s", cr_mode_name(p->mode));
		break;
	case CR_CONFLICT_VIOLATION:
		if (p->violation.what == CR_VIOLATION_KILL)
			snprintf(out, size, "violation kill");
		else
			snprintf(out, size, "violation errno %s",
				 cr_errno_name(p->violation.err, name));
		break;
	case CR_CONFLICT_PROGRAM:
		snprintf(out, size, "program %s", p->program);
		break;
	case CR_CONFLICT_BUILD_ID:
		snprintf(out, size, "build-id %s", p->build_id);
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
static const char *like(const struct cr_policies *all, const char *output)
{
	size_t i;

	for (i = 0; output && i < all->n; i++)
		if (same_file(all->p[i]->path, output))
			return output;
	return all->p[0]->path;
}

static int write_out(const struct cr_policies *all, const struct cr_merge *m, const char *output,
		     struct cr_err *err)
{
	cr_auto_buf struct cr_buf text = CR_BUF_INIT;
	int rc = cr_merge_write(m->policy, like(all, output), output, &text, err);

	if (rc < 0)
		return rc;
	if (!output)
		fputs(cr_buf_str(&text), stdout);
	else
		printf("%s: %zu rules of its own, from %zu policies and %u executions\n", output,
		       m->policy->n_own, all->n, m->policy->runs);
	return 0;
}

static int merge_all(const struct cr_policies *all, enum cr_prefer prefer, const char *output,
		     struct cr_err *err)
{
	struct cr_merge m;
	size_t i;
	int rc = 0;

	for (i = 0; i < all->n && rc == 0; i++)
		rc = move_includes(all->p[i], output ? output : "stdout", err);
	if (rc < 0)
		return rc;
	tell_twice(all);
	rc = cr_merge_policies((const struct cr_policy *const *)all->p, all->n, prefer, &m);
	if (rc < 0)
		return cr_err_sys(err, rc, "cannot merge");
	for (i = 0; i < m.n; i++) {
		if (m.conflicts[i].kind == CR_CONFLICT_RULE)
			tell_rule(&m.conflicts[i]);
		else
			tell_head(&m.conflicts[i]);
	}
	if (m.n_open) {
		rc = cr_err_set(err, -EINVAL, "nothing is written: which one is right?");
		cr_err_hint(err, "--prefer first or --prefer last, or change one of the files");
	} else {
		rc = write_out(all, &m, output, err);
	}
	cr_merge_fini(&m);
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

int cr_cmd_merge(int argc, char **argv)
{
	struct cr_options it = CR_OPTIONS_INIT(options, argc, argv);
	enum cr_prefer prefer = CR_PREFER_NONE;
	struct cr_err err = { "", "" };
	struct cr_policies all;
	const char *output = NULL;
	int id, rc = 0;

	while (rc == 0 && (id = cr_options_next(&it, &err)) != 0) {
		if (id > 0 && cr_options_common(&it, id, usage))
			return CR_EXIT_OK;
		if (id == OPT_OUTPUT)
			output = it.value;
		rc = id < 0 ? id : id == OPT_PREFER ? take_side(it.value, &prefer, &err) : 0;
	}
	if (rc == 0 && it.at >= argc) {
		rc = cr_err_set(&err, -EINVAL, "merge wants policies");
		cr_err_hint(&err, "chestnut merge -o FILE POLICY...");
	}
	if (rc < 0) {
		cr_log_err(&err);
		return CR_EXIT_USAGE;
	}
	rc = cr_policies_load(argv + it.at, &all, &err);
	if (rc == 0) {
		rc = merge_all(&all, prefer, output, &err);
		cr_policies_free(&all);
	}
	if (rc == 0)
		return CR_EXIT_OK;
	cr_log_err(&err);
	return CR_EXIT_FAIL;
}
