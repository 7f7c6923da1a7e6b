/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

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

/* In the order of their names, so that the result does not depend on the file system. */
static int add_directory(struct cr_policies *all, const char *dir, struct cr_err *err)
{
	struct dirent **found;
	int i, n = scandir(dir, &found, is_policy, alphasort), rc = 0;

	if (n < 0)
		return cr_err_sys(err, -errno, "cannot read the directory %s", dir);
	for (i = 0; i < n; i++) {
		cr_auto_buf struct cr_buf path = CR_BUF_INIT;

		cr_buf_addf(&path, "%s/%s", dir, found[i]->d_name);
		if (rc == 0)
			rc = add(all, cr_buf_str(&path), err);
		free(found[i]);
	}
	free(found);
	if (n > 0)
		return rc;
	cr_err_set(err, -ENOENT, "there is no policy in the directory %s", dir);
	cr_err_hint(err, "files that end in .policy are looked for");
	return -ENOENT;
}

int cr_policies_load(char **args, struct cr_policies *all, struct cr_err *err)
{
	cr_auto_buf struct cr_buf path = CR_BUF_INIT;
	struct stat st;
	int rc = 0;

	*all = (struct cr_policies){ NULL, 0 };
	for (; *args && rc == 0; args++) {
		if (stat(*args, &st) == 0 && S_ISDIR(st.st_mode)) {
			rc = add_directory(all, *args, err);
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
