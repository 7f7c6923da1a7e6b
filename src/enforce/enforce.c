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

struct cr_enforce {
	struct cr_judge judge;
	struct cr_enforce_plan plan;
	uint32_t horizon;
	uint64_t denied[CR_ABI_COUNT][CR_NR_MAX];
};

/* What the policy makes of a call, before audit turns it into a yes. @report: a person is told. */
static struct cr_verdict look_up(const struct cr_enforce *e, const struct cr_call *call,
				 bool *report)
{
	const struct cr_rule *rule = cr_policy_find(e->plan.policy, call->abi, call->nr);
	enum cr_action act = rule ? rule->act : CR_ACT_NONE;

	*report = true;
	switch (act) {
	case CR_ACT_ALLOW:
		*report = false;
		return (struct cr_verdict){ CR_VERDICT_ALLOW, 0 };
	case CR_ACT_LOG:
		return (struct cr_verdict){ CR_VERDICT_ALLOW, 0 };
	case CR_ACT_ERRNO:
		/* Its author has decided that; only an audit has to tell. */
		*report = e->plan.audit;
		return (struct cr_verdict){ CR_VERDICT_ERRNO, rule->err };
	case CR_ACT_NONE:
		/* Its author cannot have known this call: libc falls back (openat2, clone3 …). */
		if (call->nr > e->horizon) {
			*report = false;
			return (struct cr_verdict){ CR_VERDICT_ERRNO, ENOSYS };
		}
		break;
	case CR_ACT_NEVER:
		break;
	}
	if (e->plan.violation.what == CR_VIOLATION_ERRNO)
		return (struct cr_verdict){ CR_VERDICT_ERRNO, e->plan.violation.err };
	return (struct cr_verdict){ CR_VERDICT_KILL, 0 };
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

static void hint(const struct cr_enforce *e, const struct cr_call *call)
{
	const struct cr_rule *rule = cr_policy_find(e->plan.policy, call->abi, call->nr);
	cr_auto_buf struct cr_buf b = CR_BUF_INIT;
	char name[CR_NAME_MAX];

	if (call->nr >= CR_NR_MAX || !e->plan.policy->path)
		return;
	if (rule) {
		cr_info("hint: line %u of %s says so", rule->line, e->plan.policy->path);
		return;
	}
	cr_buf_add(&b, "chestnut allow ");
	quote(&b, e->plan.policy->path);
	cr_buf_addf(&b, " %s%s", call->abi == CR_ABI_NATIVE ? "" : cr_abi_facts[call->abi].name,
		    call->abi == CR_ABI_NATIVE ? "" : ":");
	cr_buf_add(&b, cr_nr_to_name(call->abi, call->nr, name));
	if (cr_buf_ok(&b))
		cr_error("hint: to allow it: %s", cr_buf_str(&b));
}

static void tell(const struct cr_enforce *e, const struct cr_call *call, const struct cr_site *site,
		 struct cr_verdict v)
{
	cr_auto_buf struct cr_buf b = CR_BUF_INIT;
	char text[CR_NAME_MAX + 16];
	const char *stack;

	cr_decode_call(call, site, &b);
	if (call->abi != CR_ABI_NATIVE)
		cr_buf_addf(&b, " (%s)", cr_abi_facts[call->abi].name);
	cr_buf_addf(&b, " by %s, process %d", site->exe(site), (int)site->pid);
	if (site->tid != site->pid)
		cr_buf_addf(&b, ", thread %d", (int)site->tid);
	cr_error("%s %s: %s", v.what == CR_VERDICT_ALLOW ? "noted" : "denied", cr_buf_str(&b),
		 consequence(e, v, text));
	stack = site->stack(site);
	if (*stack)
		cr_error("at %s", stack);
	if (v.what != CR_VERDICT_ALLOW)
		hint(e, call);
}

static struct cr_verdict judge(struct cr_judge *j, const struct cr_call *call,
			       const struct cr_site *site)
{
	struct cr_enforce *e = (struct cr_enforce *)j;	/* its first member */
	bool report;
	struct cr_verdict v = look_up(e, call, &report);
	uint64_t before = 0;

	/* A rule that says log means each time, and denies nothing. */
	if (report && v.what != CR_VERDICT_ALLOW && call->nr < CR_NR_MAX)
		before = e->denied[call->abi][call->nr]++;
	if (report && before == 0)
		tell(e, call, site, v);
	if (e->plan.audit)
		v = (struct cr_verdict){ CR_VERDICT_ALLOW, 0 };
	return v;
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

uint64_t cr_enforce_finish(struct cr_enforce *e)
{
	char name[CR_NAME_MAX];
	uint64_t all = 0, n;
	unsigned int abi;
	uint32_t nr;

	for (abi = 0; abi < CR_ABI_COUNT; abi++) {
		for (nr = 0; nr < CR_NR_MAX; nr++) {
			n = e->denied[abi][nr];
			all += n;
			if (n > 1)
				cr_info("%s (%s) was reported once and made %llu times",
					cr_nr_to_name(abi, nr, name), cr_abi_facts[abi].name,
					(unsigned long long)n);
		}
	}
	return all;
}

void cr_enforce_free(struct cr_enforce *e)
{
	free(e);
}
