/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * edit - allow, deny, never and drop: what a person would write by hand, without a misspelling
 *
 * The file's comments and all other lines stay. What is done is told once it is on disk.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <errno.h>
#include <string.h>

#include "cr/cli.h"
#include "cr/log.h"
#include "cr/names.h"
#include "cr/store.h"

enum { OPT_ERRNO = CR_OPT_FIRST, OPT_WINDOW };

#define OPTION_WINDOW \
	{ 'w', "window", "WINDOW", "inside of a window only: its number, FUNCTION, or " \
	  "OBJECT:FUNCTION", OPT_WINDOW }

static const struct cr_option plain_options[] = {
	OPTION_WINDOW,
	CR_OPTIONS_COMMON
};

static const struct cr_option deny_options[] = {
	{ 'e', "errno", "NAME", "the error that the calls fail with (default: EPERM)", OPT_ERRNO },
	OPTION_WINDOW,
	CR_OPTIONS_COMMON
};

static const char *const allow_usage[] = {
	"Usage: chestnut allow [options] POLICY [ABI:]CALL...",
	"Allow system calls, as if by a line written by hand. ABI: x86-64 (default), i386, x32.",
	"",
	NULL
};

static const char *const deny_usage[] = {
	"Usage: chestnut deny [options] POLICY [ABI:]CALL...",
	"Let system calls fail with an error. Learning does not change that.",
	"",
	NULL
};

static const char *const never_usage[] = {
	"Usage: chestnut never [options] POLICY [ABI:]CALL...",
	"Make system calls a violation, whatever is learned.",
	"",
	NULL
};

static const char *const drop_usage[] = {
	"Usage: chestnut drop [options] POLICY [ABI:]CALL...",
	"Take the policy's own rules for system calls away, with what was learned of them.",
	"",
	NULL
};

struct edit {
	const char *const *usage;
	const struct cr_option *options;
	enum cr_action act;	/* CR_ACT_NONE: the rule goes */
	int err;
	char **calls;		/* borrowed: from argv; ended by NULL */
	const char *window;	/* borrowed: from argv; NULL: outside */
	unsigned int number;	/* of that window; 0: outside */
	struct cr_buf told;
};

static void list_windows(const struct cr_policy *p, struct cr_err *err)
{
	cr_auto_buf struct cr_buf b = CR_BUF_INIT;
	size_t i;

	for (i = 0; i < p->n_windows; i++) {
		const struct cr_policy_window *w = p->windows[i];

		cr_buf_addf(&b, "%s%u %s%s%s", i ? ", " : "", w->number,
			    w->object ? w->object : "", w->object ? ":" : "", w->function);
	}
	if (b.len)
		cr_err_hint(err, "there are: %s", cr_buf_str(&b));
	else
		cr_err_hint(err, "it has none at all");
}

static int find_window(const struct cr_policy *p, struct edit *e, struct cr_err *err)
{
	int n = e->window ? cr_policy_window_named(p, e->window) : 0;

	if (n < 0)
		cr_err_set(err, n, "%s has several windows of \"%s\"", p->path, e->window);
	else if (e->window && n == 0)
		cr_err_set(err, -ENOENT, "%s has no window \"%s\"", p->path, e->window);
	e->number = n > 0 ? (unsigned int)n : 0;
	if (!e->window || n > 0)
		return 0;
	list_windows(p, err);
	return -ENOENT;
}

/* "openat", or "openat inside f". Borrowed from @b. */
static const char *words(const struct cr_policy *p, const struct edit *e, const char *call,
			 struct cr_buf *b)
{
	const struct cr_policy_window *w = cr_policy_window(p, e->number);

	cr_buf_clear(b);
	cr_buf_addf(b, "%s%s%s", call, w ? " inside " : "", w ? w->function : "");
	return cr_buf_str(b);
}

/* A base set's rule comes to light when the own one that hides it goes. */
static int drop(struct cr_policy *p, struct edit *e, const char *call, const struct cr_rule *key,
		struct cr_err *err)
{
	char action[CR_NAME_MAX];
	bool had = cr_policy_own_in(p, e->number, key->abi, key->nr) != NULL;
	const struct cr_rule *left;

	cr_policy_unset_in(p, e->number, key->abi, key->nr);
	left = cr_policy_find_in(p, e->number, key->abi, key->nr);
	if (!had && left) {
		cr_err_set(err, -EINVAL, "%s has no rule of its own for %s: %s says \"%s\"",
			   p->path, call, left->base, cr_action_words(left, action));
		cr_err_hint(err, "an own rule hides it: chestnut deny, never or allow");
		return -EINVAL;
	}
	if (!had)
		cr_buf_addf(&e->told, "%s has no rule already\n", call);
	else if (left)
		cr_buf_addf(&e->told, "%s: dropped; %s still says \"%s\"\n", call, left->base,
			    cr_action_words(left, action));
	else
		cr_buf_addf(&e->told, "%s: dropped\n", call);
	return 0;
}

static int set(struct cr_policy *p, struct edit *e, const char *call, const struct cr_rule *key,
	       struct cr_err *err)
{
	const struct cr_rule *own = cr_policy_own_in(p, e->number, key->abi, key->nr);
	char was[CR_NAME_MAX], action[CR_NAME_MAX];
	int rc;

	cr_action_words(key, action);
	if (own && own->act == key->act && own->err == key->err) {
		if (key->act == CR_ACT_ALLOW)
			cr_buf_addf(&e->told, "%s is allowed already\n", call);
		else
			cr_buf_addf(&e->told, "%s is \"%s\" already\n", call, action);
		return 0;
	}
	cr_action_words(own, was);
	rc = cr_policy_set_in(p, e->number, key->abi, key->nr, key->act, key->err);
	if (rc < 0)
		return cr_err_sys(err, rc, "cannot change %s", p->path);
	cr_buf_addf(&e->told, "%s = %s", call, action);
	if (own)
		cr_buf_addf(&e->told, " (was: %s)", was);
	cr_buf_add(&e->told, "\n");
	return 0;
}

static int change(struct cr_policy *p, void *ctx, struct cr_err *err)
{
	struct edit *e = ctx;
	struct cr_rule key = { .act = e->act, .err = e->err };
	cr_auto_buf struct cr_buf b = CR_BUF_INIT;
	const char *what;
	char **call;
	int nr, rc = find_window(p, e, err);

	if (rc < 0)
		return rc;
	for (call = e->calls; *call; call++) {
		nr = cr_call_parse(*call, &key.abi, err);
		if (nr < 0)
			return nr;
		key.nr = (uint32_t)nr;
		what = words(p, e, *call, &b);
		rc = e->act == CR_ACT_NONE ? drop(p, e, what, &key, err) :
					     set(p, e, what, &key, err);
		if (rc < 0)
			return rc;
	}
	return cr_buf_ok(&e->told) ? 0 : cr_err_sys(err, -ENOMEM, "cannot change %s", p->path);
}

static int take_errno(struct edit *e, const char *name, struct cr_err *err)
{
	int n = cr_errno_of(name);

	if (n < 0) {
		cr_err_set(err, n, "no errno is called \"%s\"", name);
		cr_err_hint(err, "as in: --errno EACCES, or a number from 1 to 4095");
		return n;
	}
	e->err = n;
	return 0;
}

/* 1 when the help was printed, 0 when @e and @at are what is to be done, else -EINVAL. */
static int parse(int argc, char **argv, struct edit *e, int *at, struct cr_err *err)
{
	struct cr_options it = CR_OPTIONS_INIT(e->options, argc, argv);
	int id, rc;

	while ((id = cr_options_next(&it, err)) > 0) {
		if (cr_options_common(&it, id, e->usage))
			return 1;
		if (id == OPT_WINDOW)
			e->window = it.value;
		rc = id == OPT_ERRNO ? take_errno(e, it.value, err) : 0;
		if (rc < 0)
			return rc;
	}
	*at = it.at;
	if (id < 0 || argc - it.at >= 2)
		return id;
	cr_err_set(err, -EINVAL, "a policy and at least one call are needed");
	cr_err_hint(err, "chestnut %s POLICY CALL...", argv[0]);
	return -EINVAL;
}

static int run(int argc, char **argv, struct edit *e)
{
	cr_auto_buf struct cr_buf path = CR_BUF_INIT;
	struct cr_err err = { "", "" };
	int at = 0, rc = parse(argc, argv, e, &at, &err);

	if (rc > 0)
		return CR_EXIT_OK;
	if (rc < 0) {
		cr_log_err(&err);
		return CR_EXIT_USAGE;
	}
	e->calls = argv + at + 1;
	rc = cr_policy_path(argv[at], false, &path, &err);
	if (rc == 0)
		rc = cr_store_edit(cr_buf_str(&path), change, e, &err);
	if (rc == 0)
		fputs(cr_buf_str(&e->told), stdout);
	else
		cr_log_err(&err);
	cr_buf_fini(&e->told);
	return rc == 0 ? CR_EXIT_OK : CR_EXIT_FAIL;
}

int cr_cmd_allow(int argc, char **argv)
{
	struct edit e = {
		.usage = allow_usage, .options = plain_options, .act = CR_ACT_ALLOW,
	};

	return run(argc, argv, &e);
}

int cr_cmd_deny(int argc, char **argv)
{
	struct edit e = {
		.usage = deny_usage, .options = deny_options, .act = CR_ACT_ERRNO, .err = EPERM,
	};

	return run(argc, argv, &e);
}

int cr_cmd_never(int argc, char **argv)
{
	struct edit e = {
		.usage = never_usage, .options = plain_options, .act = CR_ACT_NEVER,
	};

	return run(argc, argv, &e);
}

int cr_cmd_drop(int argc, char **argv)
{
	struct edit e = {
		.usage = drop_usage, .options = plain_options, .act = CR_ACT_NONE,
	};

	return run(argc, argv, &e);
}
