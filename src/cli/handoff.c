/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * handoff - strict without a supervisor: the policy as a filter, and chestnut-run becomes the
 * program
 *
 * The filter is in force before the program is executed, and may not let that pass: a policy
 * without execve is the best there is. So what is left to be done is done with a key, 128 bits at
 * random that are gone with our memory (see cr/filter.h).
 */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/random.h>

#include "cr/filter.h"
#include "cr/log.h"
#include "plan.h"

static int refuse_action(const struct cr_run_plan *plan, const struct cr_policy *p,
			 enum cr_action act, const char *why, struct cr_err *err)
{
	const struct cr_violation v = cr_run_violation(plan, p);
	char word[CR_VIOLATION_MAX];

	if (!cr_policy_says(p, &v, act))
		return 0;
	cr_violation_name(&(struct cr_violation){ act, 0 }, word);
	if (v.what == act && plan->violation_given)
		cr_err_set(err, -EINVAL, "--on-violation %s with --handoff: %s", word, why);
	else
		cr_err_set(err, -EINVAL, "%s says \"%s\", and with --handoff %s", p->path, word,
			   why);
	cr_err_hint(err, "%s", v.what != act ? "use --strict without --handoff" :
		    "use --on-violation kill, errno or log, or --strict without --handoff");
	return -EINVAL;
}

/* What only a supervisor can do. */
static int refuse(const struct cr_run_plan *plan, struct cr_err *err)
{
	const struct cr_policy *p = plan->policy;
	const char *what = NULL;

	if (plan->attach)
		what = "--attach";
	else if (plan->exe)
		what = "--exe";
	else if (plan->n_patterns || plan->windows_only)
		what = "a window";
	else if (plan->directory)
		what = "a directory of policies";
	else if (plan->report || plan->syslog || plan->terminal || plan->soak)
		what = "a report of denials";
	if (what) {
		cr_err_set(err, -EINVAL, "%s needs a supervisor, and --handoff leaves none", what);
		cr_err_hint(err, "use --strict without --handoff");
		return -EINVAL;
	}
	if (p && refuse_action(plan, p, CR_ACT_ASK, "nobody is left to ask", err) < 0)
		return -EINVAL;
	if (p && refuse_action(plan, p, CR_ACT_STOP, "nobody is left to stop a process", err) < 0)
		return -EINVAL;
	if (p && (p->n_windows || p->outside_any)) {
		cr_err_set(err, -EINVAL, "%s has windows: no filter knows who is inside of one",
			   p->path);
		cr_err_hint(err, "use --strict without --handoff");
		return -EINVAL;
	}
	return 0;
}

int cr_run_check_handoff(const struct cr_run_plan *plan, struct cr_err *err)
{
	return plan->handoff ? refuse(plan, err) : 0;
}

static void let_all(struct cr_filter_plan *fp, const uint32_t *calls)
{
	for (; *calls != UINT32_MAX; calls++)
		cr_filter_let(fp, *calls);
}

static int make_filter(const struct cr_run_plan *plan, uint64_t key[CR_LAUNCH_KEYS],
		       struct cr_filter *f, struct cr_err *err)
{
	cr_auto_free struct cr_filter_plan *fp = calloc(1, sizeof(*fp));
	const struct cr_violation violation = cr_run_violation(plan, plan->policy);
	size_t i, size = CR_LAUNCH_KEYS * sizeof(key[0]);

	if (!fp)
		return cr_err_set(err, -ENOMEM, "out of memory");
	if (getrandom(key, size, 0) != (ssize_t)size)
		return cr_err_sys(err, -errno, "cannot get random numbers");
	cr_filter_plan_alone(plan->policy, &violation, fp);
	cr_filter_shut_clone3(fp);
	for (i = 0; i < CR_LAUNCH_KEYS; i++)
		fp->key[i] = key[i];
	let_all(fp, cr_launch_calls);
	if (plan->user_name)
		let_all(fp, cr_launch_user_calls);
	return cr_filter_build(fp, f, err);
}

_Static_assert(CR_LAUNCH_KEYS == CR_FILTER_KEYS, "one key");

/* What we were sent meanwhile is the program's, which is about to be us. */
static void pass_on_signals(void)
{
	siginfo_t info;

	while (cr_wake_pending() && cr_wake_next(&info))
		raise(info.si_signo);
	cr_wake_off();
}

int cr_run_handoff(const struct cr_run_plan *plan, const struct cr_signals *signals,
		   struct cr_err *err)
{
	uint64_t key[CR_LAUNCH_KEYS];
	struct cr_launch l = {
		.path = plan->path, .argv = plan->argv, .envp = plan->envp,
		.signals = signals, .key = key,
		.user = plan->user_name ? &plan->user : NULL,
	};
	enum cr_launch_step step;
	char text[2 * sizeof(err->text) + 64];
	struct cr_filter f;
	int rc, status;

	cr_warn_io_uring(plan->policy);
	rc = make_filter(plan, key, &f, err);
	if (rc < 0) {
		cr_log_err(err);
		return CR_EXIT_SELF;
	}
	l.filter = f.insn;
	l.filter_len = f.len;
	pass_on_signals();
	rc = cr_launch_replace(&l, &step);
	status = cr_run_not_started(plan, step, -rc, err);
	if (step == CR_LAUNCH_FILTER) {
		cr_log_err(err);
		return status;
	}
	snprintf(text, sizeof(text), "chestnut-run: %s\n%s%s%s", err->text,
		 err->hint[0] ? "chestnut-run: hint: " : "", err->hint, err->hint[0] ? "\n" : "");
	cr_launch_leave(&l, cr_log_fd(), text, status);
}
