/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * plan - everything chestnut-run decides before it starts anything
 *
 * In:    its command line and environment
 * Out:   a plan, or one sentence on why there is none
 * Never: writes a file, starts a process
 */
#ifndef CR_PLAN_H
#define CR_PLAN_H

#include <limits.h>

#include "cr/cli.h"
#include "cr/launch.h"
#include "cr/policy.h"
#include "cr/session.h"
#include "cr/store.h"
#include "cr/targets.h"

/* chestnut-run's own exit statuses (env(1) and timeout(1) have the same). */
#define CR_EXIT_SELF 125
#define CR_EXIT_CANNOT 126
#define CR_EXIT_NOT_FOUND 127

struct cr_run_plan {
	char **argv;		/* borrowed: from main; NULL with attach */
	pid_t attach;		/* a process that runs already; 0: none */
	uint32_t interval;	/* seconds between saves; 0: about one */
	char **envp;		/* owned, its strings borrowed */
	char path[PATH_MAX];	/* what to execute */
	char *policy_path;	/* owned */
	bool directory;		/* … is one: each executable has its own policy there */
	const char *exe;	/* borrowed; which executables are of interest; NULL: all */
	enum cr_mode mode;	/* never CR_MODE_UNSET in a finished plan */
	struct cr_policy *policy;	/* owned; NULL when there is none yet */
	struct cr_violation violation;	/* see cr_run_violation() */
	bool violation_given;
	uint32_t confirm;
	bool all;
	int verbosity;
	bool soak;		/* what is denied is written down beside the policy */
	const char *report;	/* borrowed; a file for records of denials; NULL: none */
	bool syslog;		/* the same for the system's log */
	const char *terminal;	/* borrowed; where a person is asked; NULL: see cr_records */
	const char *output;	/* borrowed; NULL: stderr */
	const char *user_name;	/* borrowed; NULL */
	struct cr_user user;
	enum cr_window_scope scope;
	bool scope_given;
	bool windows_only;
	bool handoff;		/* no supervisor: the kernel alone enforces */
	bool as_program;	/* the policy is a program, and what follows are its arguments */
	char **own_argv;	/* owned, its strings borrowed; NULL: argv is main's */
	char *program;		/* owned; own_argv[0] */
	bool no_args;		/* learn nothing of arguments */
	/* As they were asked for */
	char **patterns;	/* owned, and each owned; of functions that are windows */
	size_t n_patterns;
	const char *policy_arg;	/* borrowed; NULL */
	const char **env_ops;	/* owned; its strings borrowed: "VAR" or "VAR=VAL" */
	size_t n_env_ops;
};

/* For the help, the parser and the man page. */
extern const struct cr_option cr_run_options[];
extern const char *const cr_run_usage[];
/* parse.c: only what the words say. 1: help or version was asked for and given. */
int cr_run_parse(struct cr_run_plan *plan, int argc, char **argv, struct cr_err *err)
	CR_MUST_CHECK;

/* 0: @plan is finished. 1: there is nothing more to do (--help). A negative errno and @err, and the
 * exit status in *@status. The caller calls cr_run_plan_fini in any case. */
int cr_run_plan(struct cr_run_plan *plan, int argc, char **argv, int *status, struct cr_err *err)
	CR_MUST_CHECK;
/* seat.c: tells of a permission that no policy holds, unless it was written by hand. */
void cr_warn_io_uring(const struct cr_policy *p);
void cr_run_plan_fini(struct cr_run_plan *plan);

/* What becomes of what @p does not name: what the command line says, or @p. */
struct cr_violation cr_run_violation(const struct cr_run_plan *plan, const struct cr_policy *p);
/* Will a person be asked, by whom enforces @p (may be NULL)? */
bool cr_run_asks(const struct cr_run_plan *plan, const struct cr_policy *p);

/* Tells, unless this run learns, that @p (may be NULL) was changed since it was finalized. */
void cr_note_changes(const struct cr_run_plan *plan, const struct cr_policy *p);

/* run.c: why @plan's program was not started, and our exit status for it. */
int cr_run_not_started(const struct cr_run_plan *plan, enum cr_launch_step step, int e,
		       struct cr_err *err);

/* handoff.c: becomes the program under a filter that enforces the policy alone. Returns only when
 * that could not be: an exit status. */
int cr_run_check_handoff(const struct cr_run_plan *plan, struct cr_err *err) CR_MUST_CHECK;
int cr_run_handoff(const struct cr_run_plan *plan, const struct cr_signals *signals,
		   struct cr_err *err);

/* windows.c: -f, and its @FILE */
int cr_run_add_function(struct cr_run_plan *plan, const char *pattern, struct cr_err *err)
	CR_MUST_CHECK;

/* The windows of a run. The session knows one by its place here, from 1 on, since it is found
 * before the policy is touched. */
struct cr_run_windows {
	struct cr_run_window {
		char *object;		/* owned; NULL: the program's own executable */
		char *function;		/* owned */
		enum cr_window_scope scope;
		unsigned int number;	/* in the policy; 0: not there yet */
		bool told;		/* that its scope stays as it is */
	} *v;			/* owned */
	size_t n;
	size_t n_stored;	/* so many of them does the store know */
	enum cr_window_scope scope;	/* of those that -f finds */
	bool scope_given;		/* … by a person */
	struct cr_targets *targets;	/* owned; NULL: no windows at all */
	struct cr_store *store;		/* borrowed: once learning has begun */
};

/* The windows of @policy (NULL: there is none yet) and of the plan. Finds the functions in @exe:
 * what is wrong with one is told before that is started. NULL: it is not known yet. With a
 * directory or -x, an executable may lack a function that -f names. */
int cr_run_windows_init(struct cr_run_windows *w, const struct cr_run_plan *plan,
			const struct cr_policy *policy, const char *exe, struct cr_err *err)
	CR_MUST_CHECK;
/* From now on windows are written down in @store: those found, and those found later. */
int cr_run_windows_learn(struct cr_run_windows *w, struct cr_store *store, struct cr_err *err)
	CR_MUST_CHECK;
struct cr_window_role cr_run_window_role(const struct cr_run_windows *w, unsigned int id);
/* Is one of them of the whole process? Or may one be, which is found later? */
bool cr_run_windows_process(const struct cr_run_windows *w);
/* The same of a policy that was not looked at yet. */
bool cr_run_policy_process(const struct cr_run_plan *plan, const struct cr_policy *policy);
/* At the end: tells of objects that no process has mapped. */
void cr_run_windows_missing(const struct cr_run_windows *w);
/* The same for several executables: @found has a place for each of the plan's functions, and those
 * that @w has found are marked there. */
void cr_run_windows_found(const struct cr_run_plan *plan, const struct cr_run_windows *w,
			  bool *found);
/* 0; -ENOENT and a sentence on one that is not marked. */
int cr_run_windows_check(const struct cr_run_plan *plan, const bool *found, struct cr_err *err)
	CR_MUST_CHECK;
void cr_run_windows_fini(struct cr_run_windows *w);

#endif
