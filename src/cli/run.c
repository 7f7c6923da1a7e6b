/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * run - chestnut-run: plan, then seat a judge in a session, then end as the program ended
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "cr/front.h"
#include "cr/log.h"
#include "cr/session.h"
#include "cr/wake.h"
#include "seat.h"
#include "tree.h"

/* Everything that a run holds. */
struct run {
	struct cr_run_plan plan;
	struct cr_signals signals;	/* as we found them */
	struct cr_filter filter;
	struct cr_records records;
	struct cr_logger logger;	/* records has it */
	struct cr_seat seat;		/* unless there is a tree */
	struct cr_tree *tree;		/* owned; NULL: one policy for all */
	struct cr_unwinder *unwinder;	/* owned */
	struct cr_session *session;	/* owned */
	struct cr_outcome outcome;
	struct cr_front front;
	bool met;			/* a process that is of interest */
	unsigned int ticks;		/* since counts were saved */
	int report;			/* where the child tells why it could not execute */
};

static void run_fini(struct run *r)
{
	cr_session_free(r->session);
	cr_records_close(&r->records);
	cr_seat_fini(&r->seat);
	cr_tree_free(r->tree);
	cr_unwinder_free(r->unwinder);
	cr_filter_fini(&r->filter);
	cr_run_plan_fini(&r->plan);
	if (r->report >= 0)
		close(r->report);
}

static int seat(struct run *r, struct cr_err *err)
{
	struct cr_policy *policy = r->plan.policy;
	int rc;

	if (r->plan.directory)
		return 0;
	r->plan.policy = NULL;
	rc = cr_seat_init(&r->seat, r->plan.path, r->plan.policy_path, policy);
	if (rc < 0)
		return cr_err_set(err, rc, "out of memory");
	/* With -x, who is to be judged is not known yet. */
	rc = cr_seat_windows(&r->seat, &r->plan, r->plan.exe ? NULL : r->plan.path, err);
	if (rc < 0 || r->plan.exe)
		return rc;
	return cr_seat_take(&r->seat, &r->plan, &r->records, err);
}

/* May a window be one of a whole process? Then calls of all of its threads matter. */
static bool any_process(const struct run *r)
{
	return r->tree ? cr_tree_process(r->tree) : cr_run_windows_process(&r->seat.windows);
}

/* Who is asked, and where, depends on all policies that there are. */
static int open_records(struct run *r, struct cr_err *err)
{
	int rc = 0;

	if (r->plan.directory)
		rc = cr_tree_open(&r->plan, &r->records, &r->tree, err);
	if (rc < 0)
		return rc;
	return cr_records_open(&r->records, &r->plan, &r->logger, r->tree ? cr_tree_asks(r->tree) :
			       cr_run_asks(&r->plan, r->plan.policy), err);
}

static int make_filter(struct run *r, struct cr_err *err)
{
	bool learning = r->plan.mode == CR_MODE_LEARN;
	bool process = any_process(r);
	struct cr_filter_use use = {
		.learning = learning, .all = r->plan.all || (learning && process),
		.confirm = r->plan.confirm,
	};
	struct cr_filter_plan plan;

	/* Of a process that runs already it could never be taken away again. */
	if (r->plan.attach && r->plan.mode != CR_MODE_STRICT)
		return 0;
	/* What is outside of windows is nobody's business then. */
	if (r->plan.windows_only && !process)
		return 0;
	if (r->tree)
		cr_tree_filter(r->tree, &use, &plan);
	else
		cr_seat_filter(&r->seat, &use, &plan);
	return cr_filter_build(&plan, &r->filter, err);
}

/* The first process that -x means: it is its policy. */
static bool take_seat(struct run *r, const char *exe)
{
	struct cr_err err = { "", "" };
	char *own = strdup(exe);
	int rc = own ? 0 : cr_err_set(&err, -ENOMEM, "out of memory");

	if (rc == 0) {
		free(r->seat.exe);
		r->seat.exe = own;
		rc = cr_seat_take(&r->seat, &r->plan, &r->records, &err);
	}
	if (rc < 0)
		cr_log_err(&err);
	return rc == 0;
}

/* A new executable: which policy is its, and is it of interest at all? */
static struct cr_exec_answer on_exec(void *ctx, const struct cr_site *site)
{
	struct run *r = ctx;
	struct cr_exec_answer answer = { CR_EXEC_JUDGE, &r->seat, r->seat.windows.targets };

	if (r->plan.exe && !cr_exe_matches(r->plan.exe, site->exe(site)))
		answer.how = CR_EXEC_IGNORE;
	else if (r->tree)
		answer = cr_tree_exec(r->tree, site);
	else if (!r->seat.judge && !take_seat(r, site->exe(site)))
		answer.how = CR_EXEC_REFUSE;
	r->met = r->met || answer.how != CR_EXEC_IGNORE;
	/* It was started without one, since it may have turned out to be nobody's business. */
	if (r->plan.exe && answer.how == CR_EXEC_JUDGE)
		answer.how = CR_EXEC_FILTER;
	return answer;
}

static void save(struct run *r)
{
	r->ticks = 0;
	if (r->tree)
		cr_tree_tick(r->tree);
	else
		cr_seat_tick(&r->seat);
}

static void tick(void *ctx)
{
	struct run *r = ctx;

	if (++r->ticks >= r->plan.interval)
		save(r);
}

/* A signal to the supervisor itself. USR1: what is known is to be on disk now. Those that end other
 * programs let a process go that was attached to; a confined one stays so. */
static void asked(void *ctx, int sig)
{
	struct run *r = ctx;

	if (sig == SIGUSR1)
		save(r);
	if (!r->plan.attach || (sig != SIGINT && sig != SIGTERM && sig != SIGHUP && sig != SIGQUIT))
		return;
	if (r->plan.mode != CR_MODE_STRICT) {
		cr_session_detach(r->session);
	} else if (sig == SIGQUIT) {
		kill(r->plan.attach, SIGKILL);
	} else {
		cr_warn("process %d stays confined: it cannot be let go", (int)r->plan.attach);
		cr_warn("hint: SIGQUIT (^\\) ends it");
	}
}

/* Whoever waits for the program shall not wait for what it left behind. */
static void left_behind(void *ctx)
{
	struct run *r = ctx;

	tick(ctx);
	cr_front_tell(&r->front, (struct cr_front_word){ CR_FRONT_LIKE_PROGRAM, 0 });
}

static struct cr_window_role window_role(void *ctx, void *program, unsigned int id)
{
	struct run *r = ctx;
	struct cr_seat *seat = program ? program : &r->seat;

	return cr_run_window_role(&seat->windows, id);
}

static int make_session(struct run *r, struct cr_err *err)
{
	struct cr_session_plan plan = {
		.judge = r->tree || r->plan.exe ? cr_seat_of_program() : r->seat.judge,
		.on_exec = r->tree || r->plan.exe ? on_exec : NULL,
		.targets = r->seat.windows.targets,
		.window_role = window_role,
		.watch_calls = r->plan.mode == CR_MODE_LEARN,
		.inside_only = r->plan.windows_only && !any_process(r),
		.strict = r->plan.mode == CR_MODE_STRICT,
		.filter = r->filter.insn,
		.filter_len = r->filter.len,
		.filter_data = CR_FILTER_DATA,
		.tick = tick,
		.left_behind = r->plan.attach ? NULL : left_behind,
		.asked = asked,
		.ctx = r,
		.front = r->plan.attach ? NULL : &r->front,
	};

	r->unwinder = cr_unwinder_new(r->plan.mode != CR_MODE_LEARN);
	plan.unwinder = r->unwinder;
	r->session = r->unwinder ? cr_session_new(&plan) : NULL;
	return r->session ? 0 : cr_err_set(err, -ENOMEM, "out of memory");
}

#define PATIENCE_MS 2000

/* The program has its own copies of all this; ours must not get into anybody's way, nor it into
 * ours: a program that is to be confined may fill the pipe that we write to. */
static void step_aside(const struct run *r)
{
	static const int limits[] = { RLIMIT_NOFILE, RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_AS,
				      RLIMIT_DATA };
	struct rlimit l;
	size_t i;
	int null;

	for (i = 0; i < CR_ARRAY_SIZE(limits); i++) {
		if (getrlimit(limits[i], &l) == 0 && l.rlim_cur != l.rlim_max) {
			l.rlim_cur = l.rlim_max;
			setrlimit(limits[i], &l);
		}
	}
	/* The other end of a pipe must see it closed when the program has closed it. */
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		if (null > STDERR_FILENO)
			close(null);
	}
	if (r->plan.mode == CR_MODE_STRICT)
		cr_log_patience(PATIENCE_MS);
}

int cr_run_not_started(const struct cr_run_plan *plan, enum cr_launch_step step, int e,
		       struct cr_err *err)
{
	const char *program = plan->argv[0];

	switch (step) {
	case CR_LAUNCH_FILTER:
		cr_err_sys(err, -e, "cannot install a seccomp filter");
		cr_err_hint(err, "\"chestnut doctor\" tells what stands in the way");
		return CR_EXIT_SELF;
	case CR_LAUNCH_USER:
		cr_err_sys(err, -e, "cannot become user %s", plan->user_name);
		return CR_EXIT_SELF;
	case CR_LAUNCH_EXEC:
		cr_err_sys(err, -e, "cannot run %s", program);
		if (e == ENOENT)
			cr_err_hint(err, "the file is there; its interpreter or loader is not");
		return e == ENOENT ? CR_EXIT_NOT_FOUND : CR_EXIT_CANNOT;
	case CR_LAUNCH_NONE:
		break;
	}
	cr_err_set(err, -ECHILD, "%s ended before it was executed", program);
	return CR_EXIT_SELF;
}

/* Each function that is named must be in some executable that -x means. */
static int check_functions(const struct run *r, struct cr_err *err)
{
	cr_auto_free bool *found = calloc(r->plan.n_patterns + 1, sizeof(*found));

	if (!found)
		return cr_err_set(err, -ENOMEM, "out of memory");
	cr_run_windows_found(&r->plan, &r->seat.windows, found);
	return cr_run_windows_check(&r->plan, found, err);
}

/* What is left to write and to tell. A negative errno: the run has not kept its word. */
static int finish(struct run *r, struct cr_err *err)
{
	int rc;

	cr_run_windows_missing(&r->seat.windows);
	if (r->plan.exe && !r->met)
		cr_warn("no process has run an executable that -x %s means", r->plan.exe);
	if (r->tree)
		return cr_tree_finish(r->tree, r->outcome.lost, err);
	rc = cr_seat_finish(&r->seat, &r->plan, r->outcome.lost, err);
	return rc < 0 || !r->plan.exe || !r->met ? rc : check_functions(r, err);
}

/* How the front shall end. */
static struct cr_front_word last_word(struct run *r, struct cr_err *err)
{
	struct cr_front_word word = { CR_FRONT_EXIT, CR_EXIT_SELF };
	enum cr_launch_step step;
	int e = 0;

	if (!r->outcome.started) {
		step = cr_launch_failed(r->report, &e);
		word.value = cr_run_not_started(&r->plan, step, e, err);
		cr_log_err(err);
		return word;
	}
	if (finish(r, err) < 0) {
		cr_log_err(err);
		return word;
	}
	if (r->outcome.failed)
		return word;
	/* As the kernel ends a program whose filter says KILL_PROCESS. */
	if (r->outcome.denied)
		return (struct cr_front_word){ CR_FRONT_SIGNAL, SIGSYS };
	return (struct cr_front_word){ CR_FRONT_LIKE_PROGRAM, 0 };
}

static int supervise(struct run *r, struct cr_err *err)
{
	struct cr_front_word word = { CR_FRONT_EXIT, CR_EXIT_SELF };
	int rc;

	step_aside(r);
	rc = cr_launch_seize(r->front.program, r->report, err);
	if (rc == 0)
		rc = cr_session_run(r->session, r->front.program, &r->outcome, err);
	if (rc == 0) {
		word = last_word(r, err);
		if (r->outcome.left)
			cr_front_outlast(&r->front);
	} else {
		cr_log_err(err);
		kill(r->front.program, SIGKILL);
	}
	cr_front_tell(&r->front, word);
	return 0;
}

static int die_by(int sig)
{
	struct rlimit none = { 0, 0 };
	sigset_t set;

	setrlimit(RLIMIT_CORE, &none);
	signal(sig, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, sig);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(sig);
	return 128 + sig;
}

/* Ends as the program did, also by the same signal. */
static int stand_in(struct run *r)
{
	struct cr_front_word word = { CR_FRONT_LIKE_PROGRAM, 0 };
	int status = 0, rc;

	step_aside(r);
	r->front.guarded = r->plan.mode == CR_MODE_STRICT;
	rc = cr_front_wait(&r->front, &word, &status);
	if (rc < 0) {
		cr_error("the supervisor was %s, and the program with it", rc == -ETIMEDOUT ?
			 "kept waiting by the program, so it was killed" : "killed");
		return die_by(SIGKILL);
	}
	if (word.how == CR_FRONT_EXIT)
		return word.value;
	if (word.how == CR_FRONT_SIGNAL)
		return die_by(word.value);
	return WIFSIGNALED(status) ? die_by(WTERMSIG(status)) : WEXITSTATUS(status);
}

static int start(struct run *r, struct cr_err *err)
{
	struct cr_launch launch = {
		.path = r->plan.path, .argv = r->plan.argv, .envp = r->plan.envp,
		.filter = r->plan.exe ? NULL : r->filter.insn, .filter_len = r->filter.len,
		.signals = &r->signals,
		.user = r->plan.user_name ? &r->plan.user : NULL,
	};
	pid_t pid;
	int rc;

	rc = cr_launch(&launch, &pid, &r->report, err);
	if (rc < 0)
		return rc;
	/* The program has our uid: it shall not be able to trace us, or to write to our memory.
	 * Supervisor and front are out of its reach before it goes on. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	/* Nobody seizes the child when this fails: it sees its socket closed, and ends. */
	rc = cr_front_fork(pid, &r->front, err);
	if (rc < 0)
		return rc;
	if (rc == 0)
		return supervise(r, err);
	close(r->report);
	r->report = -1;
	return stand_in(r);
}

/* As the process ended, if it did. */
static int start_attached(struct run *r, struct cr_err *err)
{
	int rc;

	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (r->plan.mode == CR_MODE_STRICT)
		cr_log_patience(PATIENCE_MS);
	rc = cr_session_attach(r->session, r->plan.attach, err);
	if (rc < 0) {
		/* Some threads may be seized already. */
		cr_session_detach(r->session);
		if (cr_session_run(r->session, r->plan.attach, &r->outcome, NULL) < 0)
			cr_debug("not all threads could be let go");
		return rc;
	}
	cr_info("attached to process %d, %s", (int)r->plan.attach, r->plan.path);
	rc = cr_session_run(r->session, r->plan.attach, &r->outcome, err);
	if (rc == 0)
		rc = finish(r, err);
	if (rc < 0)
		return rc;
	if (r->outcome.failed)
		return CR_EXIT_SELF;
	if (r->outcome.denied)
		return die_by(SIGSYS);
	return WIFSIGNALED(r->outcome.status) ? die_by(WTERMSIG(r->outcome.status)) :
						WEXITSTATUS(r->outcome.status);
}

static int act(struct run *r, struct cr_err *err)
{
	int rc;

	if (r->plan.handoff)
		return cr_run_handoff(&r->plan, &r->signals, err);
	rc = open_records(r, err);
	if (rc == 0)
		rc = seat(r, err);
	if (rc == 0)
		rc = make_filter(r, err);
	if (rc == 0)
		rc = make_session(r, err);
	if (rc == 0)
		rc = r->plan.attach ? start_attached(r, err) : start(r, err);
	if (rc < 0) {
		cr_log_err(err);
		return CR_EXIT_SELF;
	}
	return rc;
}

static int open_output(const char *path, struct cr_err *err)
{
	int fd;

	if (!path)
		return 0;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOCTTY, 0666);
	if (fd < 0)
		return cr_err_sys(err, -errno, "cannot write to %s", path);
	cr_log_to(fd);
	return 0;
}

int main(int argc, char **argv)
{
	struct run r = { .report = -1, .records = { .report = -1, .terminal = -1 } };
	struct cr_err err = { "", "" };
	int rc, status = CR_EXIT_SELF;

	cr_log_init("chestnut-run", 0);
	rc = cr_launch_guard_stdio();
	if (rc < 0)
		cr_err_sys(&err, rc, "cannot open /dev/null");
	else if ((rc = cr_wake_init(&r.signals)) < 0) {
		cr_err_sys(&err, rc, "cannot make a timer");
		cr_err_hint(&err, "it takes one of the pending signals that a user may have: see "
				  "\"ulimit -i\"");
	}
	if (rc == 0)
		rc = cr_run_plan(&r.plan, argc, argv, &status, &err);
	if (rc == 0)
		rc = open_output(r.plan.output, &err);
	if (rc < 0)
		cr_log_err(&err);
	else if (rc > 0)
		status = 0;
	else
		status = act(&r, &err);
	run_fini(&r);
	return status;
}
