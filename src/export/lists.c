/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Formats that are little more than a list of names.
 */
#include <errno.h>
#include <string.h>

#include "export-int.h"

/* @group of systemd.syscall-filter that it puts into every list of allowed calls: what
 * queries time,
 * sleeps, starts and ends. systemd.exec(5) says of it what we say of it here; the list is that of
 * "systemd-analyze syscall-filter @default", version 252, as far as x86-64 has the calls. */
static const char always[] =
	"arch_prctl brk clock_getres clock_gettime clock_nanosleep execve exit exit_group futex "
	"futex_waitv get_robust_list get_thread_area getegid geteuid getgid getgroups getpgid "
	"getpgrp getpid getppid getrandom getresgid getresuid getrlimit getsid gettid gettimeofday "
	"getuid membarrier mmap mprotect munmap nanosleep pause prlimit64 restart_syscall rseq "
	"rt_sigreturn sched_getaffinity sched_yield set_robust_list set_thread_area "
	"set_tid_address time";

static bool listed(const char *words, const char *name)
{
	size_t n = strlen(name), k;

	for (; *words; words += k + (words[k] == ' ')) {
		k = strcspn(words, " ");
		if (k == n && memcmp(words, name, n) == 0)
			return true;
	}
	return false;
}

/* The calls of @g, or, without one, those that are logged, as "a b c". */
static void collect(const struct cr_export *x, const struct cr_group *g, struct cr_buf *words)
{
	size_t i;

	cr_buf_clear(words);
	for (i = 0; i < x->n_named; i++) {
		const struct cr_named *c = &x->named[i];

		if (g ? !cr_export_in(x, g, c) : x->ret[CR_ABI_NATIVE][c->nr] != SECCOMP_RET_LOG)
			continue;
		if (words->len)
			cr_buf_add(words, " ");
		cr_buf_add(words, c->name);
	}
}

static void lose_always(struct cr_export *x)
{
	bool any = false;
	size_t i;

	for (i = 0; i < x->n_named; i++) {
		const struct cr_named *c = &x->named[i];

		if (cr_export_passes(x->ret[CR_ABI_NATIVE][c->nr]) || !listed(always, c->name))
			continue;
		cr_buf_addf(x->losses, "%s%s",
			    any ? " " : "systemd allows these whatever the policy "
			    "says: ", c->name);
		any = true;
	}
	if (any)
		cr_buf_add(x->losses, "\n");
}

/* An empty assignment forgets what the unit itself says: the policy is the whole list, and the
 * first line after it makes it one of allowed calls. */
int cr_write_systemd(struct cr_export *x, struct cr_err *err)
{
	cr_auto_buf struct cr_buf words = CR_BUF_INIT;
	cr_auto_free struct cr_group *groups = NULL;
	char name[CR_NAME_MAX];
	int e = cr_export_errno(x->violation);
	size_t i, n;

	if (cr_export_groups(x, true, &groups, &n) < 0)
		return cr_err_sys(err, -ENOMEM, "cannot export");
	cr_export_head(x, "# ");
	cr_buf_add(x->out, "[Service]\nNoNewPrivileges=yes\nSystemCallArchitectures=\n"
		   "SystemCallArchitectures=native\n");
	cr_buf_addf(x->out, "SystemCallErrorNumber=%s\n", e ? cr_errno_name(e, name) : "kill");
	cr_buf_add(x->out, "SystemCallFilter=\n");
	for (i = 0; i < n && cr_buf_ok(&words); i++) {
		if (!cr_export_passes(groups[i].ret))
			continue;
		cr_buf_add(x->out, "# ");
		cr_export_comment(x->out, groups[i].origin);
		cr_buf_add(x->out, "\n");
		collect(x, &groups[i], &words);
		cr_export_words(x->out, "SystemCallFilter=", cr_buf_str(&words));
	}
	if (!cr_buf_ok(&words))
		return cr_err_sys(err, -ENOMEM, "cannot export");
	collect(x, NULL, &words);
	cr_export_words(x->out, "SystemCallLog=", cr_buf_str(&words));
	lose_always(x);
	return cr_buf_ok(&words) ? 0 : cr_err_sys(err, -ENOMEM, "cannot export");
}

/* "argN & BIT" is true when the bit is set, "argN in BITS" when no other bit is. */
int cr_minijail_can(void *ctx, const struct cr_export_test *test, size_t n)
{
	size_t i;

	(void)ctx;
	for (i = 0; i < n; i++) {
		const struct cr_export_test *t = &test[i];
		bool all = t->mask == UINT64_MAX >> (64 - t->bits);

		/* Of an int with a sign nobody knows how the register above it is filled. */
		if (t->op == CR_EXPORT_BITS && all && t->bits < 64 && t->value >> (t->bits - 1))
			return -EDOM;
	}
	return 0;
}

static const char *minijail_op(const struct cr_export_test *t)
{
	return t->op == CR_EXPORT_BITS ? "==" : t->op == CR_EXPORT_AT_MOST ? "<=" : ">=";
}

static void minijail_test(struct cr_buf *out, const struct cr_export_test *t)
{
	uint64_t bit, clear = t->mask & ~t->value, set = t->mask & t->value;
	const char *and = "";

	if (t->op != CR_EXPORT_BITS || t->mask == UINT64_MAX >> (64 - t->bits)) {
		cr_buf_addf(out, "arg%u %s %#llx", t->arg, minijail_op(t),
			    (unsigned long long)t->value);
		return;
	}
	for (bit = 1; bit; bit <<= 1) {
		if (!(set & bit))
			continue;
		cr_buf_addf(out, "%sarg%u & %#llx", and, t->arg, (unsigned long long)bit);
		and = " && ";
	}
	if (clear)
		cr_buf_addf(out, "%sarg%u in %#llx", and, t->arg, (unsigned long long)~clear);
}

static int minijail_case(void *ctx, const struct cr_export_test *test, size_t n)
{
	struct cr_export *x = ctx;
	size_t i;

	cr_buf_add(x->out, cr_buf_str(x->out)[x->out->len - 1] == ':' ? " " : " || ");
	for (i = 0; i < n; i++) {
		cr_buf_add(x->out, i ? " && " : "");
		minijail_test(x->out, &test[i]);
	}
	return 0;
}

/* Behind the semicolon: what a failed condition makes of the call, where it does not kill. */
static int minijail_conds(struct cr_export *x, const struct cr_group *g)
{
	uint32_t otherwise = cr_filter_otherwise(&x->plan, CR_ABI_NATIVE, (uint32_t)g->call);
	char name[CR_NAME_MAX];
	int rc;

	cr_buf_addf(x->out, "%s:", cr_nr_to_name(CR_ABI_NATIVE, (uint32_t)g->call, name));
	rc = cr_export_cases(cr_export_conds(x, (uint32_t)g->call), minijail_case, x);
	if (cr_export_errno(otherwise))
		cr_buf_addf(x->out, "; return %d", cr_export_errno(otherwise));
	cr_buf_add(x->out, "\n");
	return rc;
}

static int minijail_group(struct cr_export *x, const struct cr_group *g)
{
	size_t i;

	cr_buf_add(x->out, "# ");
	cr_export_comment(x->out, g->origin ? g->origin : "every other call");
	cr_buf_add(x->out, "\n");
	if (g->call >= 0)
		return minijail_conds(x, g);
	for (i = 0; i < x->n_named; i++) {
		if (!cr_export_in(x, g, &x->named[i]))
			continue;
		if (cr_export_passes(g->ret))
			cr_buf_addf(x->out, "%s: 1\n", x->named[i].name);
		else
			cr_buf_addf(x->out, "%s: return %d\n", x->named[i].name,
				    cr_export_errno(g->ret));
	}
	return 0;
}

/* What is not listed kills. A violation that is an errno is said of each call that has a name. */
int cr_write_minijail(struct cr_export *x, struct cr_err *err)
{
	const struct cr_group others = { .ret = x->violation, .call = -1, .origin = NULL };
	struct cr_group *groups;
	size_t i, n;
	int rc = 0;

	if (cr_export_groups(x, true, &groups, &n) < 0)
		return cr_err_sys(err, -ENOMEM, "cannot export");
	cr_export_head(x, "# ");
	for (i = 0; i < n && rc == 0; i++)
		if (groups[i].ret != SECCOMP_RET_KILL_PROCESS)
			rc = minijail_group(x, &groups[i]);
	if (cr_export_errno(x->violation) && rc == 0) {
		rc = minijail_group(x, &others);
		cr_export_lose(x, "calls without a name are killed: minijail has no other default");
	}
	for (i = 0; i < n && groups[i].call < 0; i++)
		;
	if (i < n)
		cr_export_lose(x, "conditions compare whole registers: an int with something in "
			       "the upper half of its register is denied");
	free(groups);
	return rc < 0 ? cr_err_sys(err, rc, "cannot export") : 0;
}

int cr_write_names(struct cr_export *x, struct cr_err *err)
{
	size_t i;

	(void)err;
	for (i = 0; i < x->n_named; i++) {
		if (cr_export_passes(x->ret[CR_ABI_NATIVE][x->named[i].nr]))
			cr_buf_addf(x->out, "%s\n", x->named[i].name);
	}
	return 0;
}
