/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * finalize - a person says that learning is over: from now on the policy is enforced
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <errno.h>

#include "cr/cli.h"
#include "cr/log.h"
#include "cr/names.h"
#include "cr/store.h"

enum { OPT_KEEP = CR_OPT_FIRST };

static const struct cr_option options[] = {
	{ 0, "keep-unused", NULL, "keep learned calls that no --all execution has used", OPT_KEEP },
	CR_OPTIONS_COMMON
};

static const char *const usage[] = {
	"Usage: chestnut finalize [options] POLICY",
	"Set the policy's mode to strict: what it does not allow is denied from now on.",
	"POLICY is a file, or the name of a program.",
	"",
	NULL
};

/* What is told once the file has been written, and not before. */
struct outcome {
	bool keep_unused;
	bool was_strict;
	unsigned int allowed[CR_ABI_COUNT];
	unsigned int denied[CR_ABI_COUNT];
	unsigned int doubtful;
	unsigned int idle;
	unsigned int windows;
	unsigned int in_windows;	/* calls allowed in them */
	unsigned int empty;		/* windows in which none is */
	bool outside_any;
	struct cr_buf dropped;
	struct cr_buf idle_names;
	struct cr_buf empty_names;
};

/* At least one execution that traced every call has done without it. That is worth a word, and no
 * reason to take the call away: another has used it. */
static bool doubtful(const struct cr_rule *r)
{
	return cr_rule_learned(r) && r->ev->all_seen > 0 && r->ev->all_seen < r->ev->all_runs;
}

static void drop_unused_in(struct cr_policy *p, const struct cr_policy_window *w,
			   struct outcome *out)
{
	unsigned int window = w ? w->number : 0;
	struct cr_rule *const *rules;
	char name[CR_NAME_MAX];
	const struct cr_rule *r;
	size_t i = 0, n;

	for (rules = cr_policy_rules_in(p, window, &n); i < n;
	     rules = cr_policy_rules_in(p, window, &n)) {
		r = rules[i++];
		if (!cr_rule_unused(r))
			continue;
		cr_buf_addf(&out->dropped, "dropped     %s (%s)%s%s: not used by any of %u "
			    "execution%s under --all\n", cr_nr_to_name(r->abi, r->nr, name),
			    cr_abi_facts[r->abi].name, w ? " inside " : "", w ? w->function : "",
			    r->ev->all_runs, r->ev->all_runs == 1 ? "" : "s");
		cr_policy_unset_in(p, window, r->abi, r->nr);
		i--;
	}
}

static void drop_unused(struct cr_policy *p, struct outcome *out)
{
	size_t i;

	drop_unused_in(p, NULL, out);
	for (i = 0; i < p->n_windows; i++)
		drop_unused_in(p, p->windows[i], out);
}

/* While learning, a base set's rule that is used becomes an own one: what is left was not used.
 * That is not known of the one call that always passes in the kernel. */
static void count_idle(const struct cr_policy *p, const struct cr_rule *r, struct outcome *out)
{
	char name[CR_NAME_MAX];

	if (!r->base || r->act != CR_ACT_ALLOW || !p->runs ||
	    r->nr == cr_abi_facts[r->abi].restart_syscall)
		return;
	out->idle++;
	cr_buf_addf(&out->idle_names, " %s%s%s",
		    r->abi == CR_ABI_NATIVE ? "" : cr_abi_facts[r->abi].name,
		    r->abi == CR_ABI_NATIVE ? "" : ":", cr_nr_to_name(r->abi, r->nr, name));
}

static void count(const struct cr_policy *p, struct outcome *out)
{
	const struct cr_rule *r;
	enum cr_abi abi;
	uint32_t nr;

	for (abi = 0; abi < CR_ABI_COUNT; abi++) {
		for (nr = 0; nr < CR_NR_MAX; nr++) {
			r = cr_policy_find(p, abi, nr);
			if (!r)
				continue;
			if (r->act == CR_ACT_ALLOW || r->act == CR_ACT_LOG)
				out->allowed[abi]++;
			else
				out->denied[abi]++;
			out->doubtful += doubtful(r);
			count_idle(p, r, out);
		}
	}
}

static void count_window(const struct cr_policy_window *w, struct outcome *out)
{
	unsigned int allowed = 0;
	size_t i;

	for (i = 0; i < w->n_rules; i++) {
		allowed += w->rules[i]->act == CR_ACT_ALLOW || w->rules[i]->act == CR_ACT_LOG;
		out->doubtful += doubtful(w->rules[i]);
	}
	out->windows++;
	out->in_windows += allowed;
	out->empty += !allowed;
	if (!allowed)
		cr_buf_addf(&out->empty_names, " %s", w->function);
}

static void count_all(const struct cr_policy *p, struct outcome *out)
{
	size_t i;

	out->outside_any = p->outside_any;
	if (!p->outside_any)
		count(p, out);
	for (i = 0; i < p->n_windows; i++)
		count_window(p->windows[i], out);
}

/* Is there anything that may be made, and anything that is denied? */
static int worth_enforcing(const struct cr_policy *p, struct cr_err *err)
{
	if (p->outside_any ? p->n_windows : p->n_own)
		return 0;
	if (p->outside_any)
		cr_err_set(err, -EINVAL, "%s has no window, and lets everything pass outside: "
			   "enforcing it would deny nothing", p->path ? p->path : "the policy");
	else
		cr_err_set(err, -EINVAL, "%s has no rule of its own: enforcing it would deny "
			   "nearly everything", p->path ? p->path : "the policy");
	cr_err_hint(err, "learn first: chestnut-run --learn COMMAND");
	return -EINVAL;
}

static int change(struct cr_policy *p, void *ctx, struct cr_err *err)
{
	struct outcome *out = ctx;
	int rc;

	if (p->mode == CR_MODE_STRICT) {
		out->was_strict = true;
		return 0;
	}
	if (!out->keep_unused)
		drop_unused(p, out);
	rc = worth_enforcing(p, err);
	if (rc < 0)
		return rc;
	p->mode = CR_MODE_STRICT;
	count_all(p, out);
	if (!cr_buf_ok(&out->dropped) || !cr_buf_ok(&out->idle_names) ||
	    !cr_buf_ok(&out->empty_names))
		return cr_err_sys(err, -ENOMEM, "cannot finalize");
	return 0;
}

static void tell_windows(const struct outcome *out)
{
	if (out->outside_any)
		printf("outside     everything passes; only windows are confined\n");
	if (out->windows)
		printf("windows     %u, with %u call%s allowed inside of them; all others are "
		       "denied there\n", out->windows, out->in_windows,
		       out->in_windows == 1 ? "" : "s");
	if (out->empty)
		printf("note        %u window%s no call at all:%s\n", out->empty,
		       out->empty == 1 ? " allows" : "s allow", cr_buf_str(&out->empty_names));
}

static void tell(const char *path, const struct outcome *out)
{
	enum cr_abi abi;

	if (out->was_strict) {
		printf("%s is strict already\n", path);
		return;
	}
	fputs(cr_buf_str(&out->dropped), stdout);
	for (abi = 0; abi < CR_ABI_COUNT; abi++) {
		if (!out->allowed[abi] && !out->denied[abi])
			continue;
		printf("%-11s %u call%s allowed", cr_abi_facts[abi].name, out->allowed[abi],
		       out->allowed[abi] == 1 ? "" : "s");
		if (out->denied[abi])
			printf(", %u denied by name", out->denied[abi]);
		printf("; all others are denied\n");
	}
	tell_windows(out);
	if (out->doubtful)
		printf("note        %u learned call%s not seen in every execution that traced all "
		       "calls; chestnut show tells which\n", out->doubtful,
		       out->doubtful == 1 ? " was" : "s were");
	if (out->idle)
		printf("note        %u call%s of the base sets, kept, %s never used while "
		       "learning:%s\n", out->idle, out->idle == 1 ? "" : "s",
		       out->idle == 1 ? "was" : "were",
		       cr_buf_str(&out->idle_names));
	printf("%s is strict now\n", path);
}

static int finalize(const char *name, struct outcome *out, struct cr_err *err)
{
	cr_auto_buf struct cr_buf path = CR_BUF_INIT;
	int rc = cr_policy_path(name, false, &path, err);

	if (rc == 0)
		rc = cr_store_edit(cr_buf_str(&path), change, out, err);
	if (rc == 0)
		tell(cr_buf_str(&path), out);
	return rc;
}

int cr_cmd_finalize(int argc, char **argv)
{
	struct cr_options it = CR_OPTIONS_INIT(options, argc, argv);
	struct outcome out = { .dropped = CR_BUF_INIT };
	struct cr_err err = { "", "" };
	int id;

	while ((id = cr_options_next(&it, &err)) > 0) {
		if (cr_options_common(&it, id, usage))
			return CR_EXIT_OK;
		out.keep_unused |= id == OPT_KEEP;
	}
	if (id == 0 && argc - it.at != 1) {
		id = cr_err_set(&err, -EINVAL, "finalize wants one policy");
		cr_err_hint(&err, "chestnut finalize POLICY");
	}
	if (id < 0) {
		cr_log_err(&err);
		return CR_EXIT_USAGE;
	}
	id = finalize(argv[it.at], &out, &err);
	cr_buf_fini(&out.dropped);
	cr_buf_fini(&out.idle_names);
	cr_buf_fini(&out.empty_names);
	if (id == 0)
		return CR_EXIT_OK;
	cr_log_err(&err);
	return CR_EXIT_FAIL;
}
