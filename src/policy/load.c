/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>
#include <sys/types.h>

#include "cr/ini.h"
#include "text.h"

#define DEPTH_MAX 8
#define FILES_MAX 64

/* One policy being read, with all that it includes. */
struct reading {
	struct cr_policy *into;	/* borrowed */
	struct cr_err *err;
	unsigned int files;
};

/* The files that are being read right now, innermost first: a cycle shows here. */
struct chain {
	const struct chain *outer;
	dev_t dev;
	ino_t ino;
	unsigned int depth;
};

static bool exists(struct cr_buf *out)
{
	return cr_buf_ok(out) && access(out->s, R_OK) == 0;
}

/* Where our executable lies: in a build tree (at its top, or in its tests), or installed. */
static bool build_tree(char *dir)
{
	cr_auto_buf struct cr_buf b = CR_BUF_INIT;
	char *slash = strrchr(dir, '/');

	cr_buf_addf(&b, "%s/config.status", dir);
	if (exists(&b))
		return true;
	if (!slash || slash - dir < 6 || strncmp(slash - 6, "/tests", 6) != 0)
		return false;
	slash[-6] = '\0';
	cr_buf_clear(&b);
	cr_buf_addf(&b, "%s/config.status", dir);
	return exists(&b);
}

static bool valid_base(const char *name)
{
	return *name && name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

static bool try_dir(const char *dir, const char *name, struct cr_buf *out)
{
	cr_buf_clear(out);
	cr_buf_addf(out, "%s/policies/%s.ini", dir, name);
	return exists(out);
}

int cr_ini_base_path(const char *name, struct cr_buf *out)
{
	char dir[4096];
	ssize_t n = readlink("/proc/self/exe", dir, sizeof(dir) - 1);
	char *slash;

	if (!valid_base(name))
		return -ENOENT;
	dir[n > 0 ? n : 0] = '\0';
	slash = strrchr(dir, '/');
	if (slash) {
		*slash = '\0';
		if (build_tree(dir) && try_dir(dir, name, out))
			return 0;
#ifdef CR_SRCDIR
		if (build_tree(dir) && try_dir(CR_SRCDIR, name, out))
			return 0;
#endif
	}
	if (try_dir(CR_PKGDATADIR, name, out))
		return 0;
	return cr_buf_ok(out) ? -ENOENT : -ENOMEM;
}

/* Into @out, the path that an include means; a relative one is beside the file that includes it. */
static int locate(const char *from, const char *include, struct cr_buf *out)
{
	const char *slash = strrchr(from, '/');

	if (!strchr(include, '/'))
		return cr_ini_base_path(include, out);
	if (include[0] != '/' && slash)
		cr_buf_addn(out, from, (size_t)(slash - from) + 1);
	cr_buf_add(out, include);
	return cr_buf_ok(out) ? 0 : -ENOMEM;
}

static unsigned int line_of_include(const char *text, size_t len)
{
	struct cr_scan s;
	unsigned int line;

	if (cr_scan_text("", text, len, &s, NULL) < 0)
		return 0;
	line = s.header[CR_HEAD_INCLUDE];
	cr_scan_fini(&s);
	return line;
}

static int missing(const struct cr_where *at, const char *include, const char *path)
{
	int rc;

	if (strchr(include, '/'))
		return cr_wrong(at, "there is no file %s to include", path);
	rc = cr_wrong(at, "no base set is called \"%s\"", include);
	cr_err_hint(at->err, "base sets lie in %s/policies; a name with a slash is a file",
		    CR_PKGDATADIR);
	return rc;
}

static int add_rules(struct reading *r, const struct cr_policy *from, const char *base)
{
	size_t i;
	int rc;

	for (i = 0; i < from->n_own; i++) {
		const struct cr_rule *rule = from->rules[i];

		rc = cr_policy_put(r->into, base, rule);
		if (rc < 0)
			return cr_err_sys(r->err, rc, "cannot read %s", from->path);
		cr_policy_base_line(r->into, rule->abi, rule->nr, rule->line);
	}
	return 0;
}

static int include_all(struct reading *r, const struct cr_policy *from, const char *text,
		       size_t len, const struct chain *outer);

static int cyclic(const struct cr_where *at, const struct chain *outer, const struct stat *st,
		  const char *path)
{
	const struct chain *c;

	for (c = outer; c; c = c->outer)
		if (c->dev == st->st_dev && c->ino == st->st_ino)
			return cr_wrong(at, "%s includes itself", path);
	if (outer->depth >= DEPTH_MAX)
		return cr_wrong(at, "includes are nested more than %d deep", DEPTH_MAX);
	return 0;
}

/* One include: first what it includes in its turn, then its own rules, which hide those. */
static int include_one(struct reading *r, const struct cr_where *at, const char *include,
		       const struct chain *outer)
{
	cr_auto_buf struct cr_buf path = CR_BUF_INIT, text = CR_BUF_INIT;
	struct cr_policy *p = NULL;
	struct chain here = { .outer = outer, .depth = outer->depth + 1 };
	struct stat st;
	int rc = locate(at->path, include, &path);

	if (++r->files > FILES_MAX)
		return cr_wrong(at, "more than %d files are included", FILES_MAX);
	if (rc == 0)
		rc = cr_text_read(path.s, &text, &st, at->err);
	if (rc == -ENOENT)
		return missing(at, include, cr_buf_str(&path));
	if (rc == 0)
		rc = cyclic(at, outer, &st, path.s);
	if (rc == 0)
		rc = cr_text_own(path.s, cr_buf_str(&text), text.len, &p, at->err);
	if (rc < 0)
		return rc;
	here.dev = st.st_dev;
	here.ino = st.st_ino;
	rc = include_all(r, p, cr_buf_str(&text), text.len, &here);
	if (rc == 0)
		rc = add_rules(r, p, include);
	cr_policy_free(p);
	return rc;
}

static int include_all(struct reading *r, const struct cr_policy *from, const char *text,
		       size_t len, const struct chain *outer)
{
	struct cr_where at = { from->path, 0, r->err };
	size_t i;
	int rc;

	if (from->n_include)
		at.line = line_of_include(text, len);
	for (i = 0; i < from->n_include; i++) {
		rc = include_one(r, &at, from->include[i], outer);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int parse(const char *path, const struct cr_buf *text, const struct stat *st,
		 struct cr_policy **policy, struct cr_err *err)
{
	struct chain here = { .dev = st ? st->st_dev : 0, .ino = st ? st->st_ino : 0 };
	struct reading r = { .err = err };
	struct cr_policy *p = NULL;
	int rc = cr_text_own(path, cr_buf_str(text), text->len, &p, err);

	if (rc < 0)
		return rc;
	r.into = p;
	rc = include_all(&r, p, cr_buf_str(text), text->len, &here);
	if (rc < 0)
		cr_policy_free(p);
	else
		*policy = p;
	return rc;
}

int cr_ini_parse(const char *path, const char *text, size_t len, struct cr_policy **policy,
		 struct cr_err *err)
{
	cr_auto_buf struct cr_buf copy = CR_BUF_INIT;
	struct stat st;

	cr_buf_addn(&copy, text, len);
	if (!cr_buf_ok(&copy))
		return cr_err_sys(err, -ENOMEM, "cannot read %s", path);
	return parse(path, &copy, stat(path, &st) == 0 ? &st : NULL, policy, err);
}

int cr_ini_load(const char *path, struct cr_policy **policy, struct cr_err *err)
{
	cr_auto_buf struct cr_buf text = CR_BUF_INIT;
	struct cr_policy *p = NULL;
	struct stat st;
	int rc = cr_text_read(path, &text, &st, err);

	if (rc == 0)
		rc = parse(path, &text, &st, &p, err);
	if (rc < 0)
		return rc;
	/* Without memory for that, the store will read the file again. */
	p->source = calloc(1, sizeof(*p->source));
	if (p->source) {
		p->source->text = text;
		text = (struct cr_buf)CR_BUF_INIT;
	}
	*policy = p;
	return 0;
}
