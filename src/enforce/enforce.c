/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CR_LOG_DOMAIN "enforce"
#include "cr/buf.h"
#include "cr/decode.h"
#include "cr/enforce.h"
#include "cr/log.h"
#include "cr/names.h"
#include "cr/tally.h"

/* A call that was told of because of its arguments. */
struct told {
	unsigned int window;
	enum cr_abi abi;
	uint32_t nr;
	char *rule;		/* owned; the condition that it would need */
};

struct cr_enforce {
	struct cr_judge judge;
	struct cr_enforce_plan plan;
	uint32_t horizon;
	struct cr_tally denied;
	struct told *told;	/* owned */
	size_t n_told;
};

/* With more, somebody plays with us. */
#define TOLD_MAX 64

/* The most that a hint lists. */
#define HINT_CALLS 12
#define HINT_WINDOWS 3

/* What one place has to say about a call. */
struct opinion {
	unsigned int window;	/* 0: outside */
	size_t depth;		/* how many windows are open inside of it */
	bool also;		/* another one has been told of before it */
	const struct cr_rule *rule;	/* NULL: none */
	enum { PASSES, PASSES_NOTED, FAILS, VIOLATES } strict;	/* a later one wins */
	struct cr_verdict verdict;
	bool report;		/* a person is told */
	bool by_args;		/* other arguments would have passed */
};

static void violates(const struct cr_enforce *e, struct opinion *o)
{
	o->strict = VIOLATES;
	o->verdict = (struct cr_verdict){ CR_VERDICT_KILL, 0 };
	if (e->plan.violation.what == CR_VIOLATION_ERRNO)
		o->verdict = (struct cr_verdict){ CR_VERDICT_ERRNO, e->plan.violation.err };
}

/* What the policy makes of a call, before audit turns it into a yes. */
static struct opinion look_up(const struct cr_enforce *e, const struct cr_call *call,
			      unsigned int window)
{
	const struct cr_policy *p = e->plan.policy;
	struct opinion o = { .window = window, .report = true };
	int err = 0;

	o.rule = cr_policy_find_in(p, window, call->abi, call->nr);
	o.by_args = o.rule && o.rule->cond && !cr_conds_hold(o.rule->cond, call->args);
	switch (cr_rule_action(o.rule, call->args, &err)) {
	case CR_ACT_ALLOW:
		o.report = false;
		break;
	case CR_ACT_LOG:
		o.strict = PASSES_NOTED;
		break;
	case CR_ACT_ERRNO:
		/* Its author has decided that; only an audit has to tell. */
		o.report = e->plan.audit;
		o.strict = FAILS;
		o.verdict = (struct cr_verdict){ CR_VERDICT_ERRNO, err };
		break;
	case CR_ACT_NONE:
		violates(e, &o);
		/* Its author cannot have known this call: libc falls back (openat2, clone3 …). */
		if (!o.rule && call->nr > e->horizon) {
			o.report = false;
			o.strict = FAILS;
			o.verdict = (struct cr_verdict){ CR_VERDICT_ERRNO, ENOSYS };
		}
		break;
	case CR_ACT_NEVER:
		violates(e, &o);
		break;
	}
	return o;
}

/* Every open window must allow the call; of those that do not the innermost of the strictest is
 * told. Inside of windows [syscalls] does not matter. */
static struct opinion decide(const struct cr_enforce *e, const struct cr_call *call,
			     const struct cr_site *site)
{
	struct opinion o = { .report = false }, other;
	size_t k;

	if (!site->n_windows)
		return e->plan.policy->outside_any ? o : look_up(e, call, 0);
	for (k = 0; k < site->n_windows; k++) {
		other = look_up(e, call, site->windows[k]);
		other.depth = k;
		if (k == 0 || other.strict > o.strict)
			o = other;
	}
	return o;
}

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
	case CR_VERDICT_ERRNO:
		snprintf(text, CR_NAME_MAX + 16, "failed with %s", cr_errno_name(v.err, name));
		return text;
	}
	return "";
}

/* A word that a shell takes as it is, or in single quotes. */
static void quote(struct cr_buf *b, const char *s)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "/._-+:@%,=~";

	if (*s && *s != '~' && s[strspn(s, plain)] == '\0') {
		cr_buf_add(b, s);
		return;
	}
	cr_buf_add(b, "'");
	for (; *s; s++) {
		if (*s == '\'')
			cr_buf_add(b, "'\\''");
		else
			cr_buf_addn(b, s, 1);
	}
	cr_buf_add(b, "'");
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
		quote(b, w->function);
	else
		cr_buf_addf(b, "%u", window);
	cr_buf_add(b, " ");
}

/* The command that allows the call, on condition @cond unless that is empty. */
static void hint_command(const struct cr_enforce *e, const struct cr_call *call,
			 const struct opinion *o, const char *cond)
{
	cr_auto_buf struct cr_buf b = CR_BUF_INIT, rule = CR_BUF_INIT;
	char name[CR_NAME_MAX];

	cr_buf_addf(&rule, "%s%s%s", call->abi == CR_ABI_NATIVE ? "" : cr_abi_facts[call->abi].name,
		    call->abi == CR_ABI_NATIVE ? "" : ":",
		    cr_nr_to_name(call->abi, call->nr, name));
	if (*cond)
		cr_buf_addf(&rule, " if %s", cond);
	cr_buf_add(&b, "chestnut allow ");
	if (o->window)
		add_window(&b, e->plan.policy, o->window);
	quote(&b, e->plan.policy->path);
	cr_buf_add(&b, " ");
	quote(&b, cr_buf_str(&rule));
	if (cr_buf_ok(&b) && cr_buf_ok(&rule))
		cr_error("hint: to allow it%s: %s", o->also ? " there, too" : "", cr_buf_str(&b));
}

/* Which argument is not allowed, and what is. */
static void hint_arguments(const struct cr_enforce *e, const struct cr_call *call,
			   const struct opinion *o)
{
	cr_auto_buf struct cr_buf why = CR_BUF_INIT, rule = CR_BUF_INIT;

	if (cr_conds_explain(call->abi, call->nr, o->rule->cond, call->args, &why, &rule) < 0)
		return;
	cr_error("hint: %s: line %u of %s", cr_buf_str(&why), o->rule->line,
		 e->plan.policy->path);
	hint_command(e, call, o, cr_buf_str(&rule));
}

static void hint(const struct cr_enforce *e, const struct cr_call *call, const struct opinion *o)
{
	const struct cr_policy *p = e->plan.policy;

	if (call->nr >= CR_NR_MAX || !p->path)
		return;
	if (o->by_args && (o->rule->act == CR_ACT_ALLOW || o->rule->act == CR_ACT_LOG)) {
		hint_arguments(e, call, o);
	} else if (o->rule) {
		cr_info("hint: line %u of %s says so", o->rule->line, p->path);
	} else {
		if (o->window)
			hint_allowed(e, call->abi, o->window);
		hint_command(e, call, o, "");
	}
}

static const char *window_words(const struct cr_enforce *e, const struct cr_site *site,
				const struct opinion *o)
{
	const struct cr_policy_window *w = cr_policy_window(e->plan.policy, o->window);

	if (site->window)
		return site->window(site, o->depth);
	return w ? w->function : "?";
}

/* Who follows the hint shall not meet the same denial by the next window. */
static void hint_others(const struct cr_enforce *e, const struct cr_call *call,
			const struct cr_site *site, const struct opinion *o)
{
	struct opinion other;
	size_t k;

	if (call->nr >= CR_NR_MAX || !e->plan.policy->path || o->rule || o->strict != VIOLATES)
		return;
	for (k = o->depth + 1; k < site->n_windows && k <= o->depth + HINT_WINDOWS; k++) {
		other = look_up(e, call, site->windows[k]);
		other.also = true;
		if (!other.rule && other.strict == VIOLATES)
			hint_command(e, call, &other, "");
	}
}

static void tell(const struct cr_enforce *e, const struct cr_call *call, const struct cr_site *site,
		 const struct opinion *o)
{
	bool passes = o->verdict.what == CR_VERDICT_ALLOW;
	cr_auto_buf struct cr_buf b = CR_BUF_INIT;
	char text[CR_NAME_MAX + 16];
	const char *stack;

	cr_decode_call(call, site, &b);
	if (call->abi != CR_ABI_NATIVE)
		cr_buf_addf(&b, " (%s)", cr_abi_facts[call->abi].name);
	if (o->window)
		cr_buf_addf(&b, " inside %s", window_words(e, site, o));
	cr_buf_addf(&b, " by %s, process %d", site->exe(site), (int)site->pid);
	if (site->tid != site->pid)
		cr_buf_addf(&b, ", thread %d", (int)site->tid);
	cr_error("%s %s: %s", passes ? "noted" : "denied", cr_buf_str(&b),
		 consequence(e, o->verdict, text));
	stack = site->stack(site);
	if (*stack)
		cr_error("at %s", stack);
	if (passes)
		return;
	hint(e, call, o);
	hint_others(e, call, site, o);
}

/* Was a person told of this call with such arguments? If not, he is now. */
static bool told_before(struct cr_enforce *e, const struct cr_call *call, const struct opinion *o)
{
	cr_auto_buf struct cr_buf why = CR_BUF_INIT, rule = CR_BUF_INIT;
	struct told *grown;
	size_t i;

	if (e->n_told == TOLD_MAX ||
	    cr_conds_explain(call->abi, call->nr, o->rule->cond, call->args, &why, &rule) < 0)
		return true;
	for (i = 0; i < e->n_told; i++)
		if (e->told[i].window == o->window && e->told[i].abi == call->abi &&
		    e->told[i].nr == call->nr &&
		    strcmp(e->told[i].rule, cr_buf_str(&rule)) == 0)
			return true;
	grown = realloc(e->told, (e->n_told + 1) * sizeof(*grown));
	if (!grown)
		return true;
	e->told = grown;
	grown[e->n_told] = (struct told){ o->window, call->abi, call->nr, cr_buf_take(&rule) };
	if (!grown[e->n_told].rule)
		return true;
	e->n_told++;
	return false;
}

static struct cr_verdict judge(struct cr_judge *j, const struct cr_call *call,
			       const struct cr_site *site)
{
	struct cr_enforce *e = (struct cr_enforce *)j;	/* its first member */
	struct opinion o = decide(e, call, site);
	uint64_t before = 0;

	/* A rule that says log means each time, and denies nothing. */
	if (o.report && o.verdict.what != CR_VERDICT_ALLOW && call->nr < CR_NR_MAX)
		before = cr_tally_add(&e->denied, o.window, call->abi, call->nr);
	/* Other arguments are another denial. */
	if (o.report && o.by_args && o.verdict.what != CR_VERDICT_ALLOW && call->nr < CR_NR_MAX)
		before = told_before(e, call, &o);
	if (o.report && before == 0)
		tell(e, call, site, &o);
	if (e->plan.audit)
		return (struct cr_verdict){ CR_VERDICT_ALLOW, 0 };
	return o.verdict;
}

struct cr_enforce *cr_enforce_new(const struct cr_enforce_plan *plan)
{
	struct cr_enforce *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->judge.judge = judge;
	e->plan = *plan;
	e->horizon = plan->policy->horizon_nr;
	if (!e->horizon)
		e->horizon = cr_nr_highest(CR_ABI_NATIVE);
	return e;
}

struct cr_judge *cr_enforce_judge(struct cr_enforce *e)
{
	return &e->judge;
}

/* A sum on its way through the counts. */
struct adding {
	const struct cr_enforce *e;
	uint64_t all;
};

static void add_up(void *ctx, unsigned int window, enum cr_abi abi, uint32_t nr, uint64_t n)
{
	struct adding *a = ctx;
	const struct cr_policy_window *w = cr_policy_window(a->e->plan.policy, window);
	char name[CR_NAME_MAX], times[32] = "once";
	size_t i, told = 0;

	a->all += n;
	for (i = 0; i < a->e->n_told; i++)
		told += a->e->told[i].window == window && a->e->told[i].abi == abi &&
			a->e->told[i].nr == nr;
	if (told > 1)
		snprintf(times, sizeof(times), "%zu times", told);
	if (n > 1 && n > told)
		cr_info("%s (%s)%s%s was reported %s and made %llu times",
			cr_nr_to_name(abi, nr, name), cr_abi_facts[abi].name,
			w ? " inside " : "", w ? w->function : "", times, (unsigned long long)n);
}

uint64_t cr_enforce_finish(struct cr_enforce *e)
{
	struct adding a = { e, 0 };

	cr_tally_each(&e->denied, add_up, &a);
	return a.all;
}

void cr_enforce_free(struct cr_enforce *e)
{
	size_t i;

	if (!e)
		return;
	for (i = 0; i < e->n_told; i++)
		free(e->told[i].rule);
	free(e->told);
	cr_tally_fini(&e->denied);
	free(e);
}
