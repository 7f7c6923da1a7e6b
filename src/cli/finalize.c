/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * finalize - a person says that learning is over: from now on the policy is enforced
 *
 * What is told is made while the policy is at hand, and printed once the file has been written.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "cr/cli.h"
#include "cr/filter.h"
#include "cr/ini.h"
#include "cr/log.h"
#include "cr/names.h"
#include "cr/rule.h"
#include "cr/store.h"
#include "cr/trust.h"

#define INDENT 12
#define WRAP 90

enum { OPT_DRY_RUN = CR_OPT_FIRST, OPT_FORCE, OPT_JSON, OPT_KEEP };

static const struct cr_option options[] = {
	{ 'n', "dry-run", NULL, "only show what would be done", OPT_DRY_RUN },
	{ 0, "force", NULL, "although events were lost, or the mode is audit", OPT_FORCE },
	{ 0, "json", NULL, "print one JSON object", OPT_JSON },
	{ 0, "keep-unused", NULL, "keep learned calls that no --all execution has used", OPT_KEEP },
	CR_OPTIONS_COMMON
};

static const char *const usage[] = {
	"Usage: chestnut finalize [options] POLICY|DIR",
	"Set the policy's mode to strict: what it does not allow is denied from now on.",
	"POLICY is a file, or the name of a program; DIR stands for all its policies.",
	"",
	NULL
};

struct finalizing {
	bool dry_run;
	bool force;
	bool json;
	bool keep_unused;
	bool done_before;	/* there is nothing left to do */
	struct cr_json j;
	struct json_object *dropped;	/* borrowed: from j */
	struct cr_buf text;
};

/* At least one execution that traced every call has done without it. That is worth a word, and no
 * reason to take the call away: another has used it. */
static bool doubtful(const struct cr_rule *r)
{
	return cr_rule_learned(r) && r->ev->all_seen > 0 && r->ev->all_seen < r->ev->all_runs;
}

static void tell_dropped(struct finalizing *f, const struct cr_policy_window *w,
			 const struct cr_rule *r)
{
	struct json_object *o = cr_json_object(&f->j, f->dropped, NULL);
	cr_auto_buf struct cr_buf where = CR_BUF_INIT;
	char name[CR_NAME_MAX];

	cr_window_words(w, &where);
	cr_nr_to_name(r->abi, r->nr, name);
	cr_buf_addf(&f->text, "%-*s%s (%s)%s%s: not used by any of %u execution%s under --all\n",
		    INDENT, "dropped", name, cr_abi_facts[r->abi].name, w ? " " : "",
		    w ? cr_buf_str(&where) : "", r->ev->all_runs, r->ev->all_runs == 1 ? "" : "s");
	cr_json_text(&f->j, o, "abi", cr_abi_facts[r->abi].name);
	cr_json_text(&f->j, o, "call", name);
	cr_json_count(&f->j, o, "window", w ? w->number : 0);
	cr_json_count(&f->j, o, "all-executions", r->ev->all_runs);
}

static void drop_unused(struct cr_policy *p, const struct cr_policy_window *w, struct finalizing *f)
{
	unsigned int window = w ? w->number : 0;
	struct cr_rule *const *rules;
	size_t i = 0, n;

	for (rules = cr_policy_rules_in(p, window, &n); i < n;
	     rules = cr_policy_rules_in(p, window, &n)) {
		const struct cr_rule *r = rules[i++];

		if (!cr_rule_unused(r))
			continue;
		tell_dropped(f, w, r);
		cr_policy_unset_in(p, window, r->abi, r->nr);
		i--;
	}
}

/* Words behind one another, broken into lines that begin at the same column. */
static void add_word(struct cr_buf *out, size_t *column, const char *word)
{
	size_t n = strlen(word);

	if (*column + 1 + n > WRAP) {
		cr_buf_addf(out, "\n%*s", INDENT, "");
		*column = INDENT;
	} else {
		cr_buf_add(out, " ");
		(*column)++;
	}
	cr_buf_add(out, word);
	*column += n;
}

static void add_names(const struct cr_rule *const *list, size_t n, bool allowed,
		      struct cr_buf *out)
{
	char name[CR_NAME_MAX], action[CR_ACTION_WORDS_MAX], word[2 * CR_NAME_MAX + 4];
	size_t column = WRAP;	/* a new line first */
	const struct cr_rule *r;
	size_t i;

	for (i = 0; i < n; i++) {
		r = list[i];
		if (r->cond || cr_rule_passes(r) != allowed)
			continue;
		cr_nr_to_name(r->abi, r->nr, name);
		if (r->act == CR_ACT_ALLOW)
			snprintf(word, sizeof(word), "%s", name);
		else
			snprintf(word, sizeof(word), "%s (%.60s)", name,
				 cr_action_words(r, action));
		add_word(out, &column, word);
	}
}

/* Rules with a condition on the arguments are told in full, one a line. */
static void add_conditions(const struct cr_rule *const *list, size_t n, struct cr_buf *out)
{
	char name[CR_NAME_MAX];
	size_t i;

	for (i = 0; i < n; i++) {
		if (!list[i]->cond)
			continue;
		cr_nr_to_name(list[i]->abi, list[i]->nr, name);
		cr_buf_addf(out, "\n%*s%s = ", INDENT, "", name);
		cr_rule_print(list[i], out);
	}
}

static void tell_abi(const struct cr_policy *p, unsigned int window, enum cr_abi abi,
		     struct finalizing *f)
{
	const struct cr_rule *list[CR_NR_MAX];
	size_t i, allowed = 0, denied, n = cr_rule_list(p, window, abi, list);

	for (i = 0; i < n; i++)
		allowed += cr_rule_passes(list[i]);
	denied = n - allowed;
	if (!n)
		return;
	cr_buf_addf(&f->text, "%-*s%zu call%s allowed", INDENT, cr_abi_facts[abi].name, allowed,
		    allowed == 1 ? "" : "s");
	if (denied)
		cr_buf_addf(&f->text, ", %zu denied by name", denied);
	cr_buf_addf(&f->text, "; all others %s", p->violation.what == CR_ACT_LOG ?
		    "pass, and are reported" : "are denied");
	add_names(list, n, true, &f->text);
	add_conditions(list, n, &f->text);
	if (denied && allowed)
		cr_buf_addf(&f->text, "\n%*sdenied by name:", INDENT, "");
	add_names(list, n, false, &f->text);
	cr_buf_add(&f->text, "\n");
}

static void tell_place(const struct cr_policy *p, const struct cr_policy_window *w,
		       struct finalizing *f)
{
	cr_auto_buf struct cr_buf where = CR_BUF_INIT;
	unsigned int abi;

	if (w) {
		cr_window_words(w, &where);
		cr_buf_addf(&f->text, "window %u: %s%s\n", w->number, cr_buf_str(&where),
			    w->n_rules ? "" : ", no call is allowed");
	}
	if (!w && p->outside_any) {
		cr_buf_addf(&f->text, "%-*severything passes; only windows are confined\n",
			    INDENT, "outside");
		return;
	}
	for (abi = 0; abi < CR_ABI_COUNT; abi++)
		tell_abi(p, w ? w->number : 0, (enum cr_abi)abi, f);
}

/* A window without a call that is allowed: its function may not have been entered. */
static void tell_windows(const struct cr_policy *p, struct finalizing *f)
{
	cr_auto_buf struct cr_buf names = CR_BUF_INIT;
	size_t i, k, allowed, all = 0, empty = 0;

	for (i = 0; i < p->n_windows; i++) {
		const struct cr_policy_window *w = p->windows[i];

		for (k = 0, allowed = 0; k < w->n_rules; k++)
			allowed += cr_rule_passes(w->rules[k]);
		all += allowed;
		if (allowed)
			continue;
		empty++;
		cr_buf_addf(&names, " %s", w->function);
	}
	if (p->n_windows)
		cr_buf_addf(&f->text, "%-*s%zu, with %zu call%s allowed inside of them; all others "
			    "are %s there\n", INDENT, "windows", p->n_windows, all,
			    all == 1 ? "" : "s", p->violation.what == CR_ACT_LOG ?
			    "reported" : "denied");
	if (empty)
		cr_buf_addf(&f->text, "%-*s%zu window%s no call at all:%s\n", INDENT, "note",
			    empty, empty == 1 ? " allows" : "s allow", cr_buf_str(&names));
	f->text.failed |= names.failed;
}

static void tell_denial(const struct cr_policy *p, struct finalizing *f)
{
	char fate[CR_FATE_MAX];

	cr_buf_addf(&f->text, "%-*s%s", INDENT,
		    p->violation.what == CR_ACT_LOG ? "others" : "denied",
		    cr_fate_words(&p->violation, false, fate));
	cr_buf_addf(&f->text, "; those above number %u fail with ENOSYS\n", cr_filter_horizon(p));
}

/* While learning, a base set's rule that is used becomes an own one: what is left was not used.
 * That is not known of the one call that always passes in the kernel. */
static bool idle(const struct cr_policy *p, const struct cr_rule *r)
{
	return r->base && r->act == CR_ACT_ALLOW && p->runs &&
	       r->nr != cr_abi_facts[r->abi].restart_syscall;
}

static void tell_notes(const struct cr_policy *p, struct finalizing *f)
{
	cr_auto_buf struct cr_buf names = CR_BUF_INIT;
	char call[CR_CALL_WORDS_MAX];
	unsigned int n_doubtful = 0, n_idle = 0;
	const struct cr_rule *r;
	uint32_t at;
	size_t i;

	for (i = 0; i < p->n_windows; i++)
		for (at = 0; at < p->windows[i]->n_rules; at++)
			n_doubtful += doubtful(p->windows[i]->rules[at]);
	for (at = 0; at < CR_ABI_COUNT * CR_NR_MAX && !p->outside_any; at++) {
		r = cr_policy_find(p, (enum cr_abi)(at / CR_NR_MAX), at % CR_NR_MAX);
		n_doubtful += r && doubtful(r);
		if (!r || !idle(p, r))
			continue;
		n_idle++;
		cr_buf_addf(&names, " %s", cr_call_words(r->abi, r->nr, call));
	}
	if (n_doubtful)
		cr_buf_addf(&f->text, "%-*s%u learned call%s not seen in every execution that "
			    "traced all calls; chestnut show tells which\n", INDENT, "note",
			    n_doubtful, n_doubtful == 1 ? " was" : "s were");
	if (n_idle)
		cr_buf_addf(&f->text, "%-*s%u call%s of the base sets, kept, %s never used while "
			    "learning:%s\n", INDENT, "note", n_idle, n_idle == 1 ? "" : "s",
			    n_idle == 1 ? "was" : "were", cr_buf_str(&names));
	f->text.failed |= names.failed;
	cr_json_count(&f->j, f->j.top, "doubtful", n_doubtful);
	cr_json_text(&f->j, f->j.top, "base-calls-not-used", names.len ? names.s + 1 : "");
}

static int tell_trust(const struct cr_policy *p, struct finalizing *f)
{
	struct cr_trust *all = NULL;
	int rc = cr_trust_count(p, &all);

	if (rc < 0)
		return rc;
	cr_buf_add(&f->text, "\n");
	cr_trust_words(p, all, &f->text);
	cr_trust_json(&all[0], &f->j, cr_json_object(&f->j, f->j.top, "completeness"));
	cr_trust_free(all, p->n_windows + 1);
	return 0;
}

static int tell_enforced(const struct cr_policy *p, struct finalizing *f)
{
	size_t i;

	tell_place(p, NULL, f);
	tell_windows(p, f);
	for (i = 0; i < p->n_windows; i++)
		tell_place(p, p->windows[i], f);
	tell_denial(p, f);
	tell_notes(p, f);
	return p->runs ? tell_trust(p, f) : 0;
}

/* Is there anything that may be made, and anything that is denied? */
static int worth_enforcing(const struct cr_policy *p, struct cr_err *err)
{
	if (p->outside_any ? p->n_windows : p->n_own)
		return 0;
	if (p->outside_any)
		cr_err_set(err, -EINVAL, "%s has no window, and lets everything pass outside: "
			   "enforcing it would deny nothing", p->path);
	else
		cr_err_set(err, -EINVAL, "%s has no rule of its own: enforcing it would deny "
			   "nearly everything", p->path);
	cr_err_hint(err, "learn first: chestnut-run --learn COMMAND");
	return -EINVAL;
}

/* What stands against it, unless a person insists. */
static int refuse(const struct cr_policy *p, const struct finalizing *f, struct cr_err *err)
{
	if (worth_enforcing(p, err) < 0)
		return -EINVAL;
	if (p->lost && !f->force) {
		cr_err_set(err, -EINVAL, "%s was learned with %u event%s lost: a call that the "
			   "program needs may be missing", p->path, p->lost,
			   p->lost == 1 ? "" : "s");
		cr_err_hint(err, "learn again into a new policy, or --force");
		return -EINVAL;
	}
	if (p->mode == CR_MODE_AUDIT && !f->force) {
		cr_err_set(err, -EINVAL, "%s is in audit mode, which only a hand can have set: it "
			   "shall report, not deny", p->path);
		cr_err_hint(err, "--force, or change the line of its mode");
		return -EINVAL;
	}
	return 0;
}

/* What was dropped once is not dropped of a policy that is strict already: somebody may have put it
 * back. Nor is anything where the call that would have used it may be one that was lost. */
static int change(struct cr_policy *p, void *ctx, struct cr_err *err)
{
	struct finalizing *f = ctx;
	size_t i;
	int rc;

	f->done_before = p->mode == CR_MODE_STRICT && p->digest && !cr_policy_changed(p);
	if (!f->keep_unused && p->mode != CR_MODE_STRICT && !p->lost) {
		drop_unused(p, NULL, f);
		for (i = 0; i < p->n_windows; i++)
			drop_unused(p, p->windows[i], f);
	}
	rc = refuse(p, f, err);
	if (rc < 0)
		return rc;
	p->mode = CR_MODE_STRICT;
	rc = f->done_before ? 0 : cr_policy_seal(p);
	if (rc == 0)
		rc = tell_enforced(p, f);
	cr_json_text(&f->j, f->j.top, "digest", p->digest);
	if (rc < 0 || !cr_buf_ok(&f->text))
		return cr_err_sys(err, -ENOMEM, "cannot finalize %s", p->path);
	return 0;
}

static int try_it(const char *path, struct finalizing *f, struct cr_err *err)
{
	struct cr_policy *p = NULL;
	int rc = cr_ini_load(path, &p, err);

	if (rc == 0)
		rc = change(p, f, err);
	cr_policy_free(p);
	return rc;
}

static void tell(const char *path, const struct finalizing *f)
{
	if (f->done_before) {
		printf("%s is strict already, and not changed since\n", path);
		return;
	}
	fputs(cr_buf_str(&f->text), stdout);
	printf("%s%s\n", path, f->dry_run ? " would be strict; nothing was written" :
					   " is strict now");
}

static int finalize(const char *path, void *ctx, struct cr_err *err)
{
	const struct finalizing *asked = ctx;
	struct finalizing f = *asked;
	int rc;

	cr_json_begin(&f.j);
	cr_json_text(&f.j, f.j.top, "policy", path);
	f.dropped = cr_json_array(&f.j, f.j.top, "dropped");
	rc = f.dry_run ? try_it(path, &f, err) : cr_store_edit(path, change, &f, err);
	cr_json_bool(&f.j, f.j.top, "written", !f.dry_run && !f.done_before);
	if (rc == 0 && !f.json)
		tell(path, &f);
	if (cr_json_end(&f.j, rc == 0 && f.json ? stdout : NULL) < 0 && rc == 0 && f.json)
		rc = cr_err_sys(err, -ENOMEM, "cannot print what was done");
	cr_buf_fini(&f.text);
	return rc;
}

int cr_cmd_finalize(int argc, char **argv)
{
	struct cr_options it = CR_OPTIONS_INIT(options, argc, argv);
	struct finalizing asked = { .text = CR_BUF_INIT };
	struct cr_err err = { "", "" };
	int id;

	while ((id = cr_options_next(&it, &err)) > 0) {
		if (cr_options_common(&it, id, usage))
			return CR_EXIT_OK;
		asked.dry_run |= id == OPT_DRY_RUN;
		asked.force |= id == OPT_FORCE;
		asked.json |= id == OPT_JSON;
		asked.keep_unused |= id == OPT_KEEP;
	}
	if (id == 0 && argc - it.at != 1) {
		id = cr_err_set(&err, -EINVAL, "finalize wants one policy");
		cr_err_hint(&err, "chestnut finalize POLICY");
	}
	if (id < 0) {
		cr_log_err(&err);
		return CR_EXIT_USAGE;
	}
	if (cr_policy_each(argv[it.at], finalize, &asked, &err) == 0)
		return CR_EXIT_OK;
	cr_log_err(&err);
	return CR_EXIT_FAIL;
}
