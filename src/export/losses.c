/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a format cannot hold, in words. A policy that lost a rule on the way is not the policy.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "export-int.h"

void cr_export_lose(struct cr_export *x, const char *fmt, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	cr_buf_add(x->losses, line);
	cr_buf_add(x->losses, "\n");
}

/* What becomes of one call, or of several. */
static const char *consequence(const struct cr_export *x, uint32_t ret, bool one,
			       char text[CR_NAME_MAX + 16])
{
	char name[CR_NAME_MAX];

	if (!(x->holds & CR_HOLDS_VIOLATION))
		return one ? "is left out" : "are left out";
	if (cr_export_passes(ret))
		return one ? "passes" : "pass";
	if (!cr_export_errno(ret))
		return one ? "is killed" : "are killed";
	snprintf(text, CR_NAME_MAX + 16, "%s with %s", one ? "fails" : "fail",
		 cr_errno_name(cr_export_errno(ret), name));
	return text;
}

/* Is this native call one that the format has no word for? */
typedef bool lost(const struct cr_export *x, uint32_t nr, bool named);

static bool lost_log(const struct cr_export *x, uint32_t nr, bool named)
{
	return named && x->ret[CR_ABI_NATIVE][nr] == SECCOMP_RET_LOG;
}

static bool lost_errno(const struct cr_export *x, uint32_t nr, bool named)
{
	const struct cr_rule *rule = cr_policy_find(x->p, CR_ABI_NATIVE, nr);

	return named && rule && rule->act == CR_ACT_ERRNO &&
	       x->ret[CR_ABI_NATIVE][nr] != x->violation &&
	       !cr_export_passes(x->ret[CR_ABI_NATIVE][nr]);
}

static bool lost_kill(const struct cr_export *x, uint32_t nr, bool named)
{
	const struct cr_rule *rule = cr_policy_find(x->p, CR_ABI_NATIVE, nr);

	return named && rule && rule->act == CR_ACT_KILL &&
	       x->ret[CR_ABI_NATIVE][nr] != x->violation &&
	       !cr_export_passes(x->ret[CR_ABI_NATIVE][nr]);
}

/* Not where it passes, since its condition is lost: that is told apart. */
static bool lost_saying(const struct cr_export *x, uint32_t nr, enum cr_action act)
{
	bool held = x->cases[nr] || (x->holds & CR_HOLDS_ARGS) ||
		    !cr_export_passes(x->ret[CR_ABI_NATIVE][nr]);

	return held && cr_rule_says(cr_policy_find(x->p, CR_ABI_NATIVE, nr), act);
}

static bool lost_ask(const struct cr_export *x, uint32_t nr, bool named)
{
	(void)named;
	return lost_saying(x, nr, CR_ACT_ASK);
}

static bool lost_stop(const struct cr_export *x, uint32_t nr, bool named)
{
	(void)named;
	return lost_saying(x, nr, CR_ACT_STOP);
}

static bool lost_number(const struct cr_export *x, uint32_t nr, bool named)
{
	return !named && cr_policy_find(x->p, CR_ABI_NATIVE, nr) &&
	       x->ret[CR_ABI_NATIVE][nr] != x->violation;
}

static bool lost_args(const struct cr_export *x, uint32_t nr, bool named)
{
	return named && cr_filter_guards(&x->plan, CR_ABI_NATIVE, nr) && !x->cases[nr];
}

/* Where its condition fails, it does not become what all others do. */
static bool lost_else(const struct cr_export *x, uint32_t nr, bool named)
{
	return named && x->cases[nr] &&
	       cr_filter_otherwise(&x->plan, CR_ABI_NATIVE, nr) != x->violation;
}

/* Tells @sentence and the calls that @f finds; nothing when it finds none. */
static void lose_calls(struct cr_export *x, lost *f, const char *sentence)
{
	char name[CR_NAME_MAX], err[CR_NAME_MAX];
	unsigned int n = 0;
	uint32_t nr;
	int e;

	for (nr = 0; nr < CR_NR_MAX; nr++) {
		cr_nr_to_name(CR_ABI_NATIVE, nr, name);
		if (!f(x, nr, strncmp(name, "nr:", 3) != 0))
			continue;
		if (!n++)
			cr_buf_addf(x->losses, "%s:", sentence);
		e = cr_export_errno(x->ret[CR_ABI_NATIVE][nr]);
		cr_buf_addf(x->losses, " %s%s%s%s", name, e ? " (" : "",
			    e ? cr_errno_name(e, err) : "", e ? ")" : "");
	}
	if (n)
		cr_buf_add(x->losses, "\n");
}

/* What one window allows, the export allows everywhere. */
static void lose_windows(struct cr_export *x)
{
	cr_auto_buf struct cr_buf calls = CR_BUF_INIT;
	const struct cr_policy_window *window;
	const struct cr_policy *p = x->whole;
	char name[CR_NAME_MAX];
	enum cr_abi abi;
	uint32_t nr;

	if (!p->n_windows)
		return;
	for (abi = 0; abi < CR_ABI_COUNT; abi++) {
		for (nr = 0; nr < CR_NR_MAX; nr++) {
			const struct cr_rule *r = cr_export_widest(p, abi, nr, &window);

			if (!window || !cr_rule_passes(r))
				continue;
			cr_buf_addf(&calls, " %s%s%s (%u)",
				    abi == CR_ABI_NATIVE ? "" : cr_abi_facts[abi].name,
				    abi == CR_ABI_NATIVE ? "" : ":", cr_nr_to_name(abi, nr, name),
				    window->number);
		}
	}
	if (p->outside_any)
		cr_export_lose(x, "outside of its windows the policy allows everything, the export "
			       "only what they do");
	cr_buf_addf(x->losses, "%zu window%s lost: what is allowed inside is allowed "
		    "everywhere%s%s\n", p->n_windows, p->n_windows == 1 ? " is" : "s are",
		    calls.len ? ":" : "", cr_buf_str(&calls));
	x->losses->failed |= calls.failed;
}

static bool own(const struct cr_rule *r)
{
	return !r->base || strncmp(r->base, CR_EXPORT_WINDOW, strlen(CR_EXPORT_WINDOW)) == 0;
}

static void lose_abis(struct cr_export *x)
{
	unsigned int n[CR_ABI_COUNT] = { 0 };
	enum cr_abi abi;
	size_t i;

	/* Base sets have rules for i386 in case it is used; learning makes them the policy's
	 * own. */
	for (i = 0; i < x->p->n_rules; i++)
		n[x->p->rules[i]->abi] += own(x->p->rules[i]);
	for (abi = 0; abi < CR_ABI_COUNT; abi++) {
		if (abi == CR_ABI_NATIVE || !n[abi])
			continue;
		cr_export_lose(x, "%u rule%s for %s %s left out: the format has one list for all "
			       "ABIs, and only x86-64 calls get through", n[abi],
			       n[abi] == 1 ? "" : "s", cr_abi_facts[abi].name,
			       n[abi] == 1 ? "is" : "are");
	}
}

static void lose_horizon(struct cr_export *x)
{
	char text[CR_NAME_MAX + 16];

	if (cr_export_errno(x->violation) == ENOSYS)
		return;
	if (x->holds & CR_HOLDS_NEWER)
		cr_export_lose(x, "calls above number %u have no name in this libseccomp: they "
			       "%s, where ENOSYS would let the C library fall back",
			       cr_nr_highest(CR_ABI_NATIVE) > x->horizon ?
			       cr_nr_highest(CR_ABI_NATIVE) : x->horizon,
			       consequence(x, x->violation, false, text));
	else
		cr_export_lose(x, "calls above the horizon (%u) %s, where ENOSYS would let the "
			       "C library fall back", x->horizon,
			       consequence(x, x->violation, false, text));
}

static void lose_execve(struct cr_export *x)
{
	int nr = cr_name_to_nr(CR_ABI_NATIVE, "execve");
	char text[CR_NAME_MAX + 16];

	if (nr < 0 || cr_export_passes(x->ret[CR_ABI_NATIVE][nr]))
		return;
	cr_export_lose(x, "execve %s: who loads this filter and then starts the program needs it "
		       "(--base bwrap, --base crun, --base runc)",
		       consequence(x, x->ret[CR_ABI_NATIVE][nr], true, text));
}

/* What only a supervisor can do with what no rule names. */
static void lose_violation(struct cr_export *x)
{
	switch (x->p->violation.what) {
	case CR_ACT_ASK:
		cr_export_lose(x, "nobody is asked: what the policy does not name fails with "
			       "EPERM");
		return;
	case CR_ACT_STOP:
		cr_export_lose(x, "nothing is left stopped: what the policy does not name ends "
			       "the process");
		return;
	case CR_ACT_LOG:
		if (!(x->holds & CR_HOLDS_OPEN))
			cr_export_lose(x, "the policy lets pass what it does not name, and tells "
				       "of it: here it fails with EPERM");
		return;
	case CR_ACT_NONE:
	case CR_ACT_ALLOW:
	case CR_ACT_ERRNO:
	case CR_ACT_KILL:
	case CR_ACT_NEVER:
		return;
	}
}

/* What becomes of calls whose own word the format has not. */
static const char *fate(const struct cr_export *x, const char *own)
{
	if (!(x->holds & CR_HOLDS_VIOLATION))
		return "are left out";
	return x->holds & CR_HOLDS_ERRNO ? own : "are denied like all others";
}

static void lose_actions(struct cr_export *x)
{
	char text[128];

	if (!(x->holds & CR_HOLDS_LOG))
		lose_calls(x, lost_log, "logged calls become allowed ones that nobody is told of");
	snprintf(text, sizeof(text), "nobody is asked about these calls, which %s",
		 fate(x, "fail with EPERM"));
	lose_calls(x, lost_ask, text);
	snprintf(text, sizeof(text), "no process is left stopped by these calls, which %s",
		 fate(x, "end it"));
	lose_calls(x, lost_stop, text);
	if (x->holds & CR_HOLDS_ERRNO)
		return;
	lose_calls(x, lost_errno, x->holds & CR_HOLDS_VIOLATION ?
		   "calls with an errno of their own become denied like all others" :
		   "calls with an errno of their own are left out");
	if (x->holds & CR_HOLDS_VIOLATION)
		lose_calls(x, lost_kill, "calls that end the program become denied like all "
			   "others");
}

void cr_export_losses(struct cr_export *x)
{
	if (x->holds & CR_HOLDS_NOTHING)
		return;
	lose_windows(x);
	lose_actions(x);
	if (!(x->holds & CR_HOLDS_ARGS))
		lose_calls(x, lost_args, "conditions on arguments are lost: where these calls pass "
			   "with some arguments, they pass with any");
	if (!x->can)
		lose_calls(x, lost_else, "where their conditions fail, these calls are denied like "
			   "all others");
	if (!(x->holds & CR_HOLDS_NUMBERS))
		lose_calls(x, lost_number, "calls that have no name in libseccomp are left out");
	if (!(x->holds & CR_HOLDS_ABIS))
		lose_abis(x);
	if (x->holds & CR_HOLDS_VIOLATION)
		lose_violation(x);
	if (!(x->holds & CR_HOLDS_VIOLATION))
		cr_export_lose(x, "what becomes of all other calls is not said");
	else if (!(x->holds & CR_HOLDS_HORIZON))
		lose_horizon(x);
	if (!(x->holds & CR_HOLDS_PROGRAM) && (x->p->program || x->p->build_id))
		cr_export_lose(x, "there is no place for the program's path and build ID");
	if (!(x->holds & CR_HOLDS_ORIGIN) && x->p->n_rules > x->p->n_own)
		cr_export_lose(x, "there is no place for where calls come from");
	if (x->holds & CR_NEEDS_EXECVE)
		lose_execve(x);
}
