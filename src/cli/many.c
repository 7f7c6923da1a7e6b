/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "cr/cli.h"
#include "cr/ini.h"
#include "cr/names.h"

int cr_call_parse(const char *text, enum cr_abi *abi, struct cr_err *err)
{
	const char *colon = strchr(text, ':');
	char near[CR_NAME_MAX];
	const char *name = text;
	unsigned int i;
	int nr;

	*abi = CR_ABI_NATIVE;
	for (i = 0; colon && i < CR_ABI_COUNT; i++) {
		size_t n = strlen(cr_abi_facts[i].name);

		if ((size_t)(colon - text) == n && strncmp(text, cr_abi_facts[i].name, n) == 0) {
			*abi = (enum cr_abi)i;
			name = colon + 1;
		}
	}
	nr = cr_name_to_nr(*abi, name);
	if (nr >= 0)
		return nr;
	cr_err_set(err, -EINVAL, "no system call is called \"%s\" in %s", name,
		   cr_abi_facts[*abi].name);
	if (cr_name_nearest(*abi, name, near))
		cr_err_hint(err, "did you mean \"%s\"?", near);
	else
		cr_err_hint(err, "a call without a name is written by its number, as in nr:462");
	return -EINVAL;
}

const char *cr_call_words(enum cr_abi abi, uint32_t nr, char out[CR_CALL_WORDS_MAX])
{
	char name[CR_NAME_MAX];

	snprintf(out, CR_CALL_WORDS_MAX, "%s%s%s",
		 abi == CR_ABI_NATIVE ? "" : cr_abi_facts[abi].name,
		 abi == CR_ABI_NATIVE ? "" : ":", cr_nr_to_name(abi, nr, name));
	return out;
}

const char *cr_action_words(const struct cr_rule *r, char out[CR_ACTION_WORDS_MAX])
{
	cr_auto_buf struct cr_buf text = CR_BUF_INIT;

	if (r)
		cr_rule_print(r, &text);
	snprintf(out, CR_ACTION_WORDS_MAX, "%s", r ? cr_buf_str(&text) : "no rule");
	return out;
}

int cr_violation_arg(const char *text, struct cr_violation *v, struct cr_err *err)
{
	bool named = strncmp(text, "errno:", 6) == 0;
	int e = named ? cr_errno_of(text + 6) : EPERM;

	if (e > 0 && (named || strcmp(text, "errno") == 0)) {
		*v = (struct cr_violation){ CR_ACT_ERRNO, e };
		return 0;
	}
	if (cr_violation_parse(text, v) == 0)
		return 0;
	cr_err_set(err, -EINVAL, "\"%s\" is nothing that a violation can lead to", text);
	cr_err_hint(err, "kill, errno (that is EPERM), errno:NAME as in errno:EACCES, log, "
		    "ask, stop");
	return -EINVAL;
}

void cr_policies_free(struct cr_policies *all)
{
	size_t i;

	for (i = 0; i < all->n; i++)
		cr_policy_free(all->p[i]);
	free(all->p);
	*all = (struct cr_policies){ NULL, 0 };
}

static int add(struct cr_policies *all, const char *path, struct cr_err *err)
{
	struct cr_policy **grown = realloc(all->p, (all->n + 1) * sizeof(struct cr_policy *));
	int rc;

	if (!grown)
		return cr_err_sys(err, -ENOMEM, "cannot read %s", path);
	all->p = grown;
	rc = cr_ini_load(path, &all->p[all->n], err);
	all->n += rc == 0;
	return rc;
}

static int is_policy(const struct dirent *e)
{
	size_t n = strlen(e->d_name), k = strlen(".policy");

	return e->d_name[0] != '.' && n > k && strcmp(e->d_name + n - k, ".policy") == 0;
}

static bool same_file(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

bool cr_is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* In the order of their names, so that the result does not depend on the file system. But for the
 * file @but (NULL: none). -ENOENT when there is none. */
static int each_of(const char *dir, const char *but,
		   int (*fn)(const char *path, void *ctx, struct cr_err *err), void *ctx,
		   struct cr_err *err)
{
	struct dirent **found;
	int i, n = scandir(dir, &found, is_policy, alphasort), done = 0, rc = 0;

	if (n < 0)
		return cr_err_sys(err, -errno, "cannot read the directory %s", dir);
	for (i = 0; i < n; i++) {
		cr_auto_buf struct cr_buf path = CR_BUF_INIT;

		cr_buf_addf(&path, "%s/%s", dir, found[i]->d_name);
		if (rc == 0 && !(but && same_file(cr_buf_str(&path), but))) {
			rc = fn(cr_buf_str(&path), ctx, err);
			done++;
		}
		free(found[i]);
	}
	free(found);
	if (done)
		return rc;
	cr_err_set(err, -ENOENT, "there is no policy in the directory %s", dir);
	cr_err_hint(err, "files that end in .policy are looked for");
	return -ENOENT;
}

int cr_policy_each(const char *name, int (*fn)(const char *path, void *ctx, struct cr_err *err),
		   void *ctx, struct cr_err *err)
{
	cr_auto_buf struct cr_buf path = CR_BUF_INIT;
	int rc;

	if (cr_is_directory(name))
		return each_of(name, NULL, fn, ctx, err);
	rc = cr_policy_path(name, false, &path, err);
	return rc < 0 ? rc : fn(cr_buf_str(&path), ctx, err);
}

static int load_one(const char *path, void *ctx, struct cr_err *err)
{
	return add(ctx, path, err);
}

int cr_policies_load_but(char **args, const char *but, struct cr_policies *all, struct cr_err *err)
{
	cr_auto_buf struct cr_buf path = CR_BUF_INIT;
	int rc = 0;

	*all = (struct cr_policies){ NULL, 0 };
	for (; *args && rc == 0; args++) {
		if (cr_is_directory(*args)) {
			rc = each_of(*args, but, load_one, all, err);
			continue;
		}
		rc = cr_policy_path(*args, false, &path, err);
		if (rc == 0)
			rc = add(all, cr_buf_str(&path), err);
	}
	if (rc < 0)
		cr_policies_free(all);
	return rc;
}

int cr_policies_load(char **args, struct cr_policies *all, struct cr_err *err)
{
	return cr_policies_load_but(args, NULL, all, err);
}

int cr_policies_of(const struct cr_policies *all, const char *program, struct cr_policies *some)
{
	size_t i;

	*some = (struct cr_policies){ calloc(all->n + 1, sizeof(struct cr_policy *)), 0 };
	if (!some->p)
		return -ENOMEM;
	for (i = 0; i < all->n; i++)
		if (all->p[i]->program && strcmp(all->p[i]->program, program) == 0)
			some->p[some->n++] = all->p[i];
	return 0;
}

int cr_policies_named(const struct cr_policies *all, struct cr_err *err)
{
	size_t i;

	for (i = 0; i < all->n; i++) {
		if (all->p[i]->program)
			continue;
		cr_err_set(err, -EINVAL, "%s does not say which program it is for",
			   all->p[i]->path);
		cr_err_hint(err, "in a directory each policy needs: program = PATH");
		return -EINVAL;
	}
	return 0;
}
