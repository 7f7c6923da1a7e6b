/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a person is told of a call that is not allowed, and what goes into records. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#define CR_LOG_DOMAIN "enforce"
#include "cr/buf.h"
#include "cr/decode.h"
#include "cr/log.h"
#include "cr/names.h"
#include "enforce-int.h"

/* The most that a hint lists. */
#define HINT_CALLS 12
#define HINT_WINDOWS 3

static const char *consequence(const struct cr_enforce *e, struct cr_verdict v,
			       char text[CR_NAME_MAX + 16])
{
	char name[CR_NAME_MAX];

	if (e->plan.audit)
		return "let through (audit)";
	switch (v.what) {
	case CR_VERDICT_ALLOW:
		return "allowed";
	case CR_VERDICT_KILL:
		return "killed";
	case CR_VERDICT_STOP:
		return "stopped";
	case CR_VERDICT_ERRNO:
		snprintf(text, CR_NAME_MAX + 16, "failed with %s", cr_errno_name(v.err, name));
		return text;
	}
	return "";
}

/* What a window allows, when that is not more than a person reads. */
static void hint_allowed(const struct cr_enforce *e, enum cr_abi abi, unsigned int window)
{
	cr_auto_buf struct cr_buf b = CR_BUF_INIT;
	struct cr_rule *const *rules;
	char name[CR_NAME_MAX];
	size_t i, n, all = 0;

	rules = cr_policy_rules_in(e->plan.policy, window, &n);
	for (i = 0; i < n; i++) {
		if (rules[i]->abi != abi || !cr_rule_passes(rules[i]))
			continue;
		cr_buf_addf(&b, " %s", cr_nr_to_name(abi, rules[i]->nr, name));
		all++;
	}
	if (cr_buf_ok(&b) && all <= HINT_CALLS)
		cr_error("hint: this window may %s%s", all ? "call:" : "make no call at all",
			 cr_buf_str(&b));
}

/* The shortest name by which "chestnut allow" knows a window. */
static void add_window(struct cr_buf *b, const struct cr_policy *p, unsigned int window)
{
	const struct cr_policy_window *w = cr_policy_window(p, window);

	cr_buf_add(b, "--window ");
	if (w && cr_policy_window_named(p, w->function) == (int)window)
		cr_buf_add_word(b, w->function);
	else
		cr_buf_addf(b, "%u", window);
	cr_buf_add(b, " ");
}

bool cr_enforce_lacks(const struct cr_enforce *e, const struct cr_call *call,
		      const struct cr_opinion *o)
{
	if (call->nr >= CR_NR_MAX || !e->plan.policy->path)
		return false;
	/* A person who always says yes need not be asked. */
	if (!o->rule || (o->rule->act == CR_ACT_ASK && !o->rule->cond))
		return true;
	return o->by_args && (o->rule->act == CR_ACT_ALLOW || o->rule->act == CR_ACT_LOG);
}

bool cr_enforce_rule(const struct cr_enforce *e, const struct cr_call *call,
		     const struct cr_opinion *o, struct cr_buf *rule)
{
	cr_auto_buf struct cr_buf why = CR_BUF_INIT, cond = CR_BUF_INIT;
	char name[CR_NAME_MAX];

	if (!cr_enforce_lacks(e, call, o))
		return false;
	if (o->by_args &&
	    cr_conds_explain(call->abi, call->nr, o->rule->cond, call->args, &why, &cond) < 0)
		return false;
	cr_buf_addf(rule, "%s%s%s", call->abi == CR_ABI_NATIVE ? "" : cr_abi_facts[call->abi].name,
		    call->abi == CR_ABI_NATIVE ? "" : ":",
		    cr_nr_to_name(call->abi, call->nr, name));
	if (o->by_args)
		cr_buf_addf(rule, " if %s", cr_buf_str(&cond));
	return cr_buf_ok(rule);
}

/* The command that adds @rule. */
static void command(const struct cr_enforce *e, const struct cr_opinion *o, const char *rule,
		    struct cr_buf *out)
{
	cr_buf_add(out, "chestnut allow ");
	if (o->window)
		add_window(out, e->plan.policy, o->window);
	cr_buf_add_path(out, e->plan.policy->path);
	cr_buf_add(out, " ");
	cr_buf_add_word(out, rule);
}

static void hint(const struct cr_enforce *e, const struct cr_call *call,
		 const struct cr_opinion *o)
{
	cr_auto_buf struct cr_buf rule = CR_BUF_INIT, words = CR_BUF_INIT, why = CR_BUF_INIT,
				  cond = CR_BUF_INIT;
	const struct cr_policy *p = e->plan.policy;

	if (!cr_enforce_rule(e, call, o, &rule)) {
		if (o->rule && p->path)
			cr_info("hint: line %u of %s says so", o->rule->line, p->path);
		return;
	}
	/* Which argument is not allowed, and what is. */
	if (o->by_args && cr_conds_explain(call->abi, call->nr, o->rule->cond, call->args, &why,
					   &cond) == 0)
		cr_error("hint: %s: line %u of %s", cr_buf_str(&why), o->rule->line, p->path);
	if (!o->rule && o->window && !o->also)
		hint_allowed(e, call->abi, o->window);
	command(e, o, cr_buf_str(&rule), &words);
	if (cr_buf_ok(&words))
		cr_error("hint: to allow it%s: %s", o->also ? " there, too" : "",
			 cr_buf_str(&words));
}

/* Who follows the hint shall not meet the same denial by the next window. */
static void hint_others(const struct cr_enforce *e, const struct cr_call *call,
			const struct cr_site *site, const struct cr_opinion *o)
{
	struct cr_opinion other;
	size_t k;

	if (call->nr >= CR_NR_MAX || !e->plan.policy->path || o->rule || !o->violates)
		return;
	for (k = o->depth + 1; k < site->n_windows && k <= o->depth + HINT_WINDOWS; k++) {
		other = cr_enforce_look_up(e, call, site->windows[k]);
		other.also = true;
		if (!other.rule && other.violates)
			hint(e, call, &other);
	}
}

static const char *window_words(const struct cr_enforce *e, const struct cr_site *site,
				const struct cr_opinion *o)
{
	const struct cr_policy_window *w = cr_policy_window(e->plan.policy, o->window);

	if (site->window)
		return site->window(site, o->depth);
	return w ? w->function : "?";
}

void cr_enforce_sentence(const struct cr_enforce *e, const struct cr_call *call,
			 const struct cr_site *site, const struct cr_opinion *o,
			 struct cr_buf *out)
{
	cr_decode_call(call, site, out);
	if (call->abi != CR_ABI_NATIVE)
		cr_buf_addf(out, " (%s)", cr_abi_facts[call->abi].name);
	if (o->window)
		cr_buf_addf(out, " inside %s", window_words(e, site, o));
	cr_buf_addf(out, " by %s, process %d", site->exe(site), (int)site->pid);
	if (site->tid != site->pid)
		cr_buf_addf(out, ", thread %d", (int)site->tid);
}

/* The same for machines. */
static void record(const struct cr_enforce *e, const struct cr_call *call,
		   const struct cr_site *site, const struct cr_opinion *o)
{
	cr_auto_buf struct cr_buf text = CR_BUF_INIT, rule = CR_BUF_INIT, words = CR_BUF_INIT;
	struct cr_denial d = {
		.call = call, .site = site, .window = o->window, .verdict = o->verdict,
		.noted = cr_opinion_noted(o), .audit = e->plan.audit,
		.ask = o->act == CR_ACT_ASK,
	};

	cr_decode_call(call, site, &text);
	d.text = cr_buf_str(&text);
	if (cr_enforce_rule(e, call, o, &rule)) {
		command(e, o, cr_buf_str(&rule), &words);
		d.rule = cr_buf_str(&rule);
		d.command = cr_buf_str(&words);
	}
	e->plan.record(e->plan.ctx, &d);
}

static const char *verb(const struct cr_opinion *o)
{
	if (o->violates && o->act == CR_ACT_LOG)
		return "not in the policy:";
	return o->verdict.what == CR_VERDICT_ALLOW ? "noted" : "denied";
}

void cr_enforce_tell(const struct cr_enforce *e, const struct cr_call *call,
		     const struct cr_site *site, const struct cr_opinion *o)
{
	cr_auto_buf struct cr_buf b = CR_BUF_INIT;
	char text[CR_NAME_MAX + 16];
	const char *stack;

	cr_enforce_sentence(e, call, site, o, &b);
	cr_error("%s %s: %s", verb(o), cr_buf_str(&b), consequence(e, o->verdict, text));
	if (e->plan.record)
		record(e, call, site, o);
	stack = site->stack(site);
	if (*stack)
		cr_error("at %s", stack);
	if (!cr_opinion_noted(o)) {
		hint(e, call, o);
		hint_others(e, call, site, o);
	}
	if (o->verdict.what == CR_VERDICT_STOP && !e->plan.audit) {
		cr_error("hint: look at it: gdb -p %d (calls that the kernel does not let pass "
			 "fail with ENOSYS now)", (int)site->pid);
		cr_error("hint: end it: kill -KILL %d", (int)site->pid);
	}
}
