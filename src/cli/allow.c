/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * allow - what a report of a denied call tells a person to type
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cr/cli.h"
#include "cr/log.h"
#include "cr/names.h"
#include "cr/store.h"

static const struct cr_option options[] = {
	CR_OPTIONS_COMMON
};

static const char *const usage[] = {
	"Usage: chestnut allow POLICY [ABI:]CALL...",
	"Allow system calls, as if by a line written by hand. ABI: x86-64 (default), i386, x32.",
	NULL
};

struct wanted {
	char **calls;	/* borrowed: from argv; ended by NULL */
};

/* "openat" or "i386:openat" to (@abi, its number). */
static int parse_call(const char *text, enum cr_abi *abi, struct cr_err *err)
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

static int change(struct cr_policy *p, void *ctx, struct cr_err *err)
{
	const struct wanted *w = ctx;
	const struct cr_rule *rule;
	enum cr_abi abi;
	char **call;
	int nr, rc;

	for (call = w->calls; *call; call++) {
		nr = parse_call(*call, &abi, err);
		if (nr < 0)
			return nr;
		rule = cr_policy_find(p, abi, (uint32_t)nr);
		if (rule && !rule->base && rule->act == CR_ACT_ALLOW) {
			printf("%s is allowed already\n", *call);
			continue;
		}
		rc = cr_policy_set(p, NULL, abi, (uint32_t)nr, CR_ACT_ALLOW, 0);
		if (rc < 0)
			return cr_err_set(err, rc, "out of memory");
		printf("%s = allow\n", *call);
	}
	return 0;
}

int cr_cmd_allow(int argc, char **argv)
{
	struct cr_options it = CR_OPTIONS_INIT(options, argc, argv);
	cr_auto_buf struct cr_buf path = CR_BUF_INIT;
	struct cr_err err = { "", "" };
	struct wanted w;
	int id;

	while ((id = cr_options_next(&it, &err)) > 0)
		if (cr_options_common(&it, id, usage))
			return CR_EXIT_OK;
	if (id == 0 && argc - it.at < 2) {
		id = cr_err_set(&err, -EINVAL, "a policy and at least one call are needed");
		cr_err_hint(&err, "chestnut allow POLICY CALL...");
	}
	if (id < 0) {
		cr_log_err(&err);
		return CR_EXIT_USAGE;
	}
	w.calls = argv + it.at + 1;
	if (cr_policy_path(argv[it.at], false, &path, &err) < 0 ||
	    cr_store_edit(cr_buf_str(&path), change, &w, &err) < 0) {
		cr_log_err(&err);
		return CR_EXIT_FAIL;
	}
	return CR_EXIT_OK;
}
