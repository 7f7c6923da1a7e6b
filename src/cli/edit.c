/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * edit - allow, deny, never and drop: what a person would write by hand, without a misspelling
 *
 * The file's comments and all other lines stay. What is done is told once it is on disk.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "cr/cli.h"
#include "cr/log.h"
#include "cr/names.h"
#include "cr/store.h"

enum { OPT_ERRNO = CR_OPT_FIRST, OPT_WINDOW, OPT_LOG, OPT_ASK, OPT_STOP, OPT_KILL };

#define OPTION_WINDOW \
	{ 'w', "window", "WINDOW", "inside of a window only: its number, FUNCTION, or " \
	  "OBJECT:FUNCTION", OPT_WINDOW }

static const struct cr_option plain_options[] = {
	OPTION_WINDOW,
	CR_OPTIONS_COMMON
};

static const struct cr_option allow_options[] = {
	{ 0, "log", NULL, "and tell of it", OPT_LOG },
	OPTION_WINDOW,
	CR_OPTIONS_COMMON
};

static const struct cr_option deny_options[] = {
	{ 'e', "errno", "NAME", "the error that the calls fail with (default: EPERM)", OPT_ERRNO },
	{ 0, "ask", NULL, "unless a person says yes, who is asked each time", OPT_ASK },
	{ 0, "stop", NULL, "and leave the process stopped, for a debugger", OPT_STOP },
	{ 0, "kill", NULL, "by ending the program with all its children", OPT_KILL },
	OPTION_WINDOW,
	CR_OPTIONS_COMMON
};

static const char *const allow_usage[] = {
	"Usage: chestnut allow [options] POLICY RULE...",
	"Allow system calls, as if by a line written by hand. A RULE is [ABI:]CALL, or, to allow",
	"some arguments only, '[ABI:]CALL if CONDITION'. ABI: x86-64 (default), i386, x32.",
	"",
	NULL
};

static const char *const deny_usage[] = {
	"Usage: chestnut deny [options] POLICY RULE...",
	"Let system calls fail with an error, or what else is asked for. Learning does not change",
	"that. A RULE is [ABI:]CALL, or, to deny some arguments only, '[ABI:]CALL if CONDITION'.",
	"",
	NULL
};

static const char *const never_usage[] = {
	"Usage: chestnut never [options] POLICY RULE...",
	"Make system calls a violation, whatever is learned. A RULE is [ABI:]CALL, or, for some",
	"arguments only, '[ABI:]CALL if CONDITION'.",
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
	bool chosen;		/* by an option */
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
	char action[CR_ACTION_WORDS_MAX];
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

static int copy_condition(const struct cr_conds *from, struct cr_conds **to, struct cr_err *err)
{
	*to = from ? cr_conds_copy(from) : NULL;
	return from && !*to ? cr_err_sys(err, -ENOMEM, "cannot change the policy") : 0;
}

/* With a condition, @key leaves the rest of what @have says as it is. */
static int combine_conditions(const struct cr_rule *have, const struct cr_rule *key,
			      struct cr_rule *to, struct cr_err *err)
{
	bool same = have->act == key->act && have->err == key->err;

	if (same && !have->cond)
		return 0;	/* of all arguments, already */
	if (have->cond && !same) {
		cr_err_set(err, -EINVAL, "line %u has a condition already, for something else",
			   have->line);
		cr_err_hint(err, "edit the line: ... if ... else ...");
		return -EINVAL;
	}
	if (copy_condition(key->cond, &to->cond, err) < 0)
		return -ENOMEM;
	to->other = have->cond ? have->other : have->act;
	to->other_err = have->cond ? have->other_err : have->err;
	if (have->cond && cr_conds_join(&to->cond, have->cond) < 0)
		return cr_err_sys(err, -ENOMEM, "cannot change the policy");
	if (!cr_conds_always(to->cond))
		return 0;
	cr_conds_free(to->cond);
	to->cond = NULL;
	to->other = CR_ACT_NONE;
	return 0;
}

/* What becomes of a call when @key is said of it, and @have (NULL: nothing) was. The caller frees
 * the condition of *@to, on failure as well. */
static int combine(const struct cr_rule *have, const struct cr_rule *key, struct cr_rule *to,
		   struct cr_err *err)
{
	*to = *key;
	to->cond = NULL;
	if (have && key->cond)
		return combine_conditions(have, key, to, err);
	return copy_condition(key->cond, &to->cond, err);
}

static void tell_same(struct edit *e, const char *call, const struct cr_rule *have)
{
	char action[CR_ACTION_WORDS_MAX];

	if (have->act == CR_ACT_ALLOW && !have->cond)
		cr_buf_addf(&e->told, "%s is allowed already\n", call);
	else
		cr_buf_addf(&e->told, "%s is \"%s\" already\n", call,
			    cr_action_words(have, action));
}

/* A learned rule that is only widened stays a learned one. */
static int put(struct cr_policy *p, struct edit *e, const struct cr_rule *to)
{
	struct cr_rule *own = cr_policy_own_in(p, e->number, to->abi, to->nr);
	struct cr_conds *cond;

	if (!cr_rule_learned(own) || !own->cond || !to->cond || to->act != CR_ACT_ALLOW)
		return cr_policy_put_in(p, e->number, to);
	cond = cr_conds_copy(to->cond);
	if (!cond)
		return -ENOMEM;
	cr_conds_free(own->cond);
	own->cond = cond;
	return 0;
}

static int set(struct cr_policy *p, struct edit *e, const char *call, const struct cr_rule *key,
	       struct cr_err *err)
{
	const struct cr_rule *own = cr_policy_own_in(p, e->number, key->abi, key->nr), *have = own;
	char was[CR_ACTION_WORDS_MAX], action[CR_ACTION_WORDS_MAX];
	struct cr_rule to;
	int rc;

	/* An own rule with a condition hides a base set's: it has to say what that said. */
	if (key->cond)
		have = cr_policy_find_in(p, e->number, key->abi, key->nr);
	rc = combine(have, key, &to, err);
	if (rc == 0 && have && cr_rule_same(&to, have)) {
		tell_same(e, call, have);
	} else if (rc == 0) {
		cr_action_words(own, was);
		rc = put(p, e, &to);
		if (rc < 0)
			cr_err_sys(err, rc, "cannot change %s", p->path);
		cr_buf_addf(&e->told, "%s = %s", call, cr_action_words(&to, action));
		if (own)
			cr_buf_addf(&e->told, " (was: %s)", was);
		cr_buf_add(&e->told, "\n");
	}
	cr_conds_free(to.cond);
	return rc;
}

/* "i386:socket" or "socket if arg0 == AF_UNIX": the call, which *@call gets a copy of, and its
 * condition. */
static int parse_rule(const struct edit *e, const char *text, char **call, struct cr_rule *key,
		      struct cr_err *err)
{
	size_t n = strcspn(text, " \t");
	const char *rest = text + n + strspn(text + n, " \t");
	int nr;

	*call = strndup(text, n);
	if (!*call)
		return cr_err_sys(err, -ENOMEM, "cannot read %s", text);
	nr = cr_call_parse(*call, &key->abi, err);
	if (nr < 0)
		return nr;
	key->nr = (uint32_t)nr;
	if (!*rest)
		return 0;
	if (strncmp(rest, "if", 2) != 0 || (rest[2] != ' ' && rest[2] != '\t') ||
	    e->act == CR_ACT_NONE) {
		cr_err_set(err, -EINVAL, "there is \"%s\" behind %s", rest, *call);
		cr_err_hint(err, e->act == CR_ACT_NONE ? "a rule is dropped as a whole" :
			    "as in: 'socket if arg0 == AF_UNIX'");
		return -EINVAL;
	}
	return cr_conds_parse(key->abi, key->nr, rest + 2, &key->cond, NULL, err);
}

static int change_one(struct cr_policy *p, struct edit *e, const char *text, struct cr_err *err)
{
	struct cr_rule key = { .act = e->act, .err = e->err };
	cr_auto_buf struct cr_buf b = CR_BUF_INIT;
	cr_auto_free char *call = NULL;
	const char *what;
	int rc = parse_rule(e, text, &call, &key, err);

	if (rc == 0) {
		what = words(p, e, call, &b);
		rc = e->act == CR_ACT_NONE ? drop(p, e, what, &key, err) :
					     set(p, e, what, &key, err);
	}
	cr_conds_free(key.cond);
	return rc;
}

static int change(struct cr_policy *p, void *ctx, struct cr_err *err)
{
	struct edit *e = ctx;
	char **call;
	int rc = find_window(p, e, err);

	for (call = e->calls; *call && rc == 0; call++)
		rc = change_one(p, e, *call, err);
	if (rc < 0)
		return rc;
	return cr_buf_ok(&e->told) ? 0 : cr_err_sys(err, -ENOMEM, "cannot change %s", p->path);
}

static int choose(struct edit *e, enum cr_action act, struct cr_err *err)
{
	if (e->chosen && (act != e->act || act == CR_ACT_ERRNO)) {
		cr_err_set(err, -EINVAL, "only one thing can become of a call");
		cr_err_hint(err, "one of --errno, --ask, --stop and --kill");
		return -EINVAL;
	}
	e->chosen = true;
	e->act = act;
	if (act != CR_ACT_ERRNO)
		e->err = 0;
	return 0;
}

static int take_errno(struct edit *e, const char *name, struct cr_err *err)
{
	int n = cr_errno_of(name);

	if (choose(e, CR_ACT_ERRNO, err) < 0)
		return -EINVAL;
	if (n < 0) {
		cr_err_set(err, n, "no errno is called \"%s\"", name);
		cr_err_hint(err, "as in: --errno EACCES, or a number from 1 to 4095");
		return n;
	}
	e->err = n;
	return 0;
}

static int take_option(struct edit *e, int id, const char *value, struct cr_err *err)
{
	switch (id) {
	case OPT_WINDOW:
		e->window = value;
		return 0;
	case OPT_ERRNO:
		return take_errno(e, value, err);
	case OPT_LOG:
		return choose(e, CR_ACT_LOG, err);
	case OPT_ASK:
		return choose(e, CR_ACT_ASK, err);
	case OPT_STOP:
		return choose(e, CR_ACT_STOP, err);
	case OPT_KILL:
		return choose(e, CR_ACT_KILL, err);
	}
	return -EINVAL;
}

/* 1 when the help was printed, 0 when @e and @at are what is to be done, else -EINVAL. */
static int parse(int argc, char **argv, struct edit *e, int *at, struct cr_err *err)
{
	struct cr_options it = CR_OPTIONS_INIT(e->options, argc, argv);
	int id, rc;

	while ((id = cr_options_next(&it, err)) > 0) {
		if (cr_options_common(&it, id, e->usage))
			return 1;
		rc = take_option(e, id, it.value, err);
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

int cr_policy_allow(const char *path, unsigned int window, const char *rule, struct cr_err *err)
{
	char *calls[] = { (char *)(uintptr_t)rule, NULL }, number[16];
	struct edit e = { .act = CR_ACT_ALLOW, .calls = calls };
	int rc;

	snprintf(number, sizeof(number), "%u", window);
	e.window = window ? number : NULL;
	rc = cr_store_edit(path, change, &e, err);
	cr_buf_fini(&e.told);
	return rc;
}

int cr_cmd_allow(int argc, char **argv)
{
	struct edit e = {
		.usage = allow_usage, .options = allow_options, .act = CR_ACT_ALLOW,
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
