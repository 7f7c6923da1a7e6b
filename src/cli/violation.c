/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * violation - what becomes of calls that no rule allows: the line of the policy's head
 */
#include "config.h"

#include <errno.h>

#include "cr/cli.h"
#include "cr/log.h"
#include "cr/store.h"

static const struct cr_option options[] = {
	CR_OPTIONS_COMMON
};

static const char *const usage[] = {
	"Usage: chestnut violation POLICY ACTION",
	"Say what becomes of calls that no rule allows: kill, errno (that is EPERM), errno:NAME,",
	"log, ask or stop.",
	"",
	NULL
};

struct change {
	struct cr_violation was, is;
};

static int change(struct cr_policy *p, void *ctx, struct cr_err *err)
{
	struct change *c = ctx;

	(void)err;
	c->was = p->violation;
	p->violation = c->is;
	return 0;
}

static int set(const char *policy, const char *action, struct cr_err *err)
{
	char was[CR_VIOLATION_MAX], is[CR_VIOLATION_MAX];
	cr_auto_buf struct cr_buf path = CR_BUF_INIT;
	struct change c;
	int rc = cr_violation_arg(action, &c.is, err);

	if (rc == 0)
		rc = cr_policy_path(policy, false, &path, err);
	if (rc == 0)
		rc = cr_store_edit(cr_buf_str(&path), change, &c, err);
	if (rc < 0)
		return rc;
	cr_violation_name(&c.was, was);
	cr_violation_name(&c.is, is);
	printf("violation = %s (was: %s)\n", is, was);
	return 0;
}

int cr_cmd_violation(int argc, char **argv)
{
	struct cr_options it = CR_OPTIONS_INIT(options, argc, argv);
	struct cr_err err = { "", "" };
	int id;

	while ((id = cr_options_next(&it, &err)) > 0)
		if (cr_options_common(&it, id, usage))
			return CR_EXIT_OK;
	if (id == 0 && argc - it.at != 2) {
		id = cr_err_set(&err, -EINVAL, "violation wants a policy and an action");
		cr_err_hint(&err, "chestnut violation POLICY ACTION");
	}
	if (id < 0) {
		cr_log_err(&err);
		return CR_EXIT_USAGE;
	}
	if (set(argv[it.at], argv[it.at + 1], &err) == 0)
		return CR_EXIT_OK;
	cr_log_err(&err);
	return CR_EXIT_FAIL;
}
