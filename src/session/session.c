/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <string.h>

#define CR_LOG_DOMAIN "session"
#include "cr/log.h"
#include "cr/proc.h"
#include "cr/ptrace.h"
#include "cr/wait.h"
#include "parts.h"

/* What a handler wants done with the tracee. */
struct next {
	enum { NEXT_RUN, NEXT_LISTEN, NEXT_NOTHING, NEXT_DETACH } how;
	int sig;
};

static const struct next run_on = { NEXT_RUN, 0 };
static const struct next is_gone = { NEXT_NOTHING, 0 };

/* Where we may not kill (a target that became somebody else, and a supervisor without CAP_KILL),
 * the kernel does when we end (PTRACE_O_EXITKILL), and nobody goes on until then. */
static void kill_one(struct cr_session *s, pid_t pid)
{
	if (kill(pid, SIGKILL) < 0 && errno == EPERM)
		s->helpless = true;
}

static void kill_all(struct cr_session *s)
{
	struct cr_tracee *t;
	size_t at = 0;

	s->ending = true;
	while ((t = cr_map_each(&s->tracees.by_tid, &at)))
		kill_one(s, t->tgid);
}

void cr_lost(struct cr_session *s, const struct cr_event *ev, const char *why)
{
	s->out.lost++;
	cr_warn("%s of thread %d: %s", cr_event_name(ev->kind), (int)ev->tid, why);
	if (s->plan.strict) {
		s->out.failed = true;
		kill_all(s);
	}
}

static bool stops_at_calls(const struct cr_session *s, const struct cr_tracee *t)
{
	if (t->rewritten)
		return true;
	if (s->detaching)
		return false;
	if (t->calls || t->in_call || t->state == CR_ST_INJECTING)
		return true;
	return s->plan.watch_calls && cr_watch_inside(t);
}

/* The only place that lets a tracee go on. */
static void resume(struct cr_session *s, const struct cr_tracee *t, struct next next)
{
	enum cr_resume how = CR_RESUME_CONT;
	int rc;

	if (next.how == NEXT_NOTHING || s->helpless)
		return;
	if (next.how == NEXT_LISTEN)
		how = CR_RESUME_LISTEN;
	else if (next.how == NEXT_DETACH)
		how = CR_RESUME_DETACH;
	else if (stops_at_calls(s, t))
		how = CR_RESUME_CALLS;
	rc = cr_ptrace_resume(t->tid, how, next.sig);
	/* Killed in the meantime: its death will be reported. */
	if (rc == -ESRCH || (rc == -EIO && how == CR_RESUME_LISTEN))
		return;
	if (rc < 0) {
		cr_error("cannot resume thread %d: %s", (int)t->tid, strerror(-rc));
		s->out.failed = true;
		kill_all(s);
	}
}

/* For a person with a debugger. Its threads are let go when they have stopped. */
static bool stop_process(struct cr_session *s, pid_t tgid)
{
	struct cr_tracee *t;
	size_t at = 0;

	if (kill(tgid, SIGSTOP) < 0 && errno != ESRCH) {
		cr_error("cannot stop process %d: %s: killed", (int)tgid, strerror(errno));
		return false;
	}
	while ((t = cr_map_each(&s->tracees.by_tid, &at)))
		if (t->tgid == tgid)
			t->leaving = true;
	s->parting = true;
	return true;
}

static bool refused(struct cr_session *s, const struct cr_tracee *t, const struct cr_call *call,
		    int err)
{
	int rc = cr_ptrace_skip(t->tid, call->abi, -(long)err);

	if (rc == 0 || rc == -ESRCH)
		return true;
	cr_error("cannot refuse a call of thread %d: %s", (int)t->tid, strerror(-rc));
	s->out.failed = true;
	return false;
}

static void carry_out(struct cr_session *s, const struct cr_tracee *t, const struct cr_call *call,
		      struct cr_verdict v)
{
	switch (v.what) {
	case CR_VERDICT_ALLOW:
		return;
	case CR_VERDICT_ERRNO:
		if (refused(s, t, call, v.err))
			return;
		break;
	case CR_VERDICT_STOP:
		if (!refused(s, t, call, v.err))
			break;
		if (stop_process(s, t->tgid))
			return;
		s->out.denied = true;
		break;
	case CR_VERDICT_KILL:
		s->out.denied = true;
		break;
	}
	/* With SIGKILL pending, a call that stopped for seccomp is not made (seccomp(2)). */
	kill_all(s);
}

static void judge(struct cr_session *s, struct cr_tracee *t, const struct cr_call *call)
{
	struct cr_call asked = *call;
	struct cr_site site;
	struct cr_verdict v;

	if (s->plan.strict && !cr_watch_intact(t)) {
		carry_out(s, t, call, (struct cr_verdict){ CR_VERDICT_KILL, 0 });
		return;
	}
	cr_site_init(&site, s, t);
	cr_watch_call(s, t, call, &site);
	/* What is said about it waits: the program may keep whoever reads that from reading. */
	cr_log_hold();
	cr_clone3_ask(s, t, &asked, &site);
	v = s->plan.judge->judge(s->plan.judge, &asked, &site);
	if (v.what == CR_VERDICT_ALLOW)
		v = cr_tame(s, t, call);
	carry_out(s, t, call, v);
	cr_log_release();
}

static struct next on_seccomp(struct cr_session *s, struct cr_tracee *t, const struct cr_event *ev)
{
	struct cr_call call;
	uint32_t data;
	int rc;

	/* Between its birth and the exec, the first child makes calls of ours. */
	if (t->state == CR_ST_LAUNCHING || t->state == CR_ST_INJECTING || t->ignored || s->ending)
		return run_on;
	rc = cr_ptrace_call(t->tid, &call, &data);
	if (rc == -ESRCH)
		return is_gone;
	if (rc < 0) {
		cr_lost(s, ev, "the call could not be read");
		return run_on;
	}
	/* A filter of the program's own asks for a tracer of its own. It has none. */
	if (data != s->plan.filter_data)
		carry_out(s, t, &call, (struct cr_verdict){ CR_VERDICT_ERRNO, ENOSYS });
	else if (!t->in_call)
		judge(s, t, &call);
	return run_on;
}

static void injecting(struct cr_session *s, struct cr_tracee *t)
{
	int rc = cr_inject_stop(s, t);

	if (rc >= 0 || rc == -ESRCH)
		return;
	cr_warn("no filter could be put into process %d: %s; each of its calls stops",
		(int)t->tgid, strerror(-rc));
	t->calls = true;
}

/* Inside a window each call tells of its begin, before the filter sees it, and of its end. */
static struct next on_call(struct cr_session *s, struct cr_tracee *t, const struct cr_event *ev)
{
	struct cr_call call;
	int rc;

	if (s->ending)
		return run_on;
	if (t->state == CR_ST_INJECTING) {
		injecting(s, t);
		return run_on;
	}
	rc = cr_ptrace_call_begins(t->tid, &call);
	if (rc == -ESRCH)
		return is_gone;
	t->in_call = rc == 1;
	/* This stop has taken the place of the one that was asked for (ptrace_stop() in the
	 * kernel). There, not here, it is decided whether an interrupted call is made again. */
	if (s->detaching && cr_ptrace_interrupt(t->tid) == -ESRCH)
		return is_gone;
	if (rc < 0)
		cr_lost(s, ev, "the call could not be read");
	else if (rc == 1 && !t->ignored && !cr_is_restart(&call))
		judge(s, t, &call);
	/* It has failed: otherwise its child has been told of. */
	if (rc == 0)
		cr_clone3_undo(t);
	return run_on;
}

void cr_let_go(struct cr_session *s, struct cr_tracee *t)
{
	if (t->leaving && t->tid == s->root)
		s->out.left = true;
	resume(s, t, (struct next){ NEXT_DETACH, t->sig });
	cr_tracees_del(&s->tracees, t->tid);
}

void cr_go_on(struct cr_session *s, struct cr_tracee *t)
{
	t->state = CR_ST_RUNNING;
	if (s->detaching)
		cr_part(s, t, 0);
	else
		resume(s, t, run_on);
}

static struct next on_birth(struct cr_session *s, struct cr_tracee *t, const struct cr_event *ev)
{
	return cr_birth(s, t, ev) ? run_on : is_gone;
}

void cr_watch_failed(struct cr_session *s, const struct cr_err *err)
{
	cr_log_err(err);
	/* Strict fails closed; and a program whose windows were asked for is not started
	 * without. */
	if (s->plan.strict || s->starting) {
		s->out.failed = true;
		kill_all(s);
	}
}

/* Has it begun? If not, each call is to stop, which costs more and is as safe. */
static bool inject(struct cr_session *s, struct cr_tracee *t, bool all)
{
	int rc = s->plan.filter ? cr_inject_start(s, t, all) : -ENOENT;

	if (rc < 0 && rc != -ENOENT && rc != -ESRCH)
		cr_warn("no filter can be put into process %d: %s; each of its calls stops",
			(int)t->tgid, strerror(-rc));
	return rc == 0;
}

bool cr_meet(struct cr_session *s, struct cr_tracee *t)
{
	struct cr_exec_answer answer;
	struct cr_site site;

	t->targets = s->plan.targets;
	if (!s->plan.on_exec)
		return true;
	cr_site_init(&site, s, t);
	answer = s->plan.on_exec(s->plan.ctx, &site);
	t->calls = answer.how == CR_EXEC_ALL ||
		   (answer.how == CR_EXEC_FILTER && !t->filtered && !s->plan.inside_only &&
		    !inject(s, t, false));
	t->ignored = answer.how == CR_EXEC_IGNORE;
	t->program = answer.program;
	t->targets = answer.targets;
	if (answer.how != CR_EXEC_REFUSE)
		return true;
	s->out.denied = true;
	kill_all(s);
	return false;
}

static struct next on_exec(struct cr_session *s, struct cr_tracee *t, const struct cr_event *ev)
{
	struct cr_err err = { "", "" };
	unsigned long former;
	struct cr_tracee was = *t;
	pid_t tid = t->tid;

	if (cr_ptrace_message(tid, &former) < 0)
		return is_gone;
	t = cr_tracees_exec(&s->tracees, tid, (pid_t)former);
	if (!t) {
		cr_lost(s, ev, "out of memory");
		return run_on;
	}
	t->state = CR_ST_RUNNING;
	t->told = true;
	t->calls = was.calls;
	t->filtered = was.filtered;
	if (tid == s->root)
		s->out.started = true;
	cr_site_forget(s, tid);
	if (!cr_meet(s, t))
		return run_on;
	s->starting = !s->met && !t->ignored;
	s->met = s->met || !t->ignored;
	if (t->targets && !t->ignored && !s->detaching && cr_watch_exec(s, t, &err) < 0)
		cr_watch_failed(s, &err);
	s->starting = false;
	if (s->parting)
		cr_part_others(s);
	return run_on;
}

static struct next on_paused(struct cr_session *s, struct cr_tracee *t, const struct cr_event *ev)
{
	(void)ev;
	if (t->state == CR_ST_BORN)
		cr_clone3_first_stop(s, t);
	if (cr_birth_waits(s, t))
		return is_gone;
	if (t->state == CR_ST_INJECTING)
		return run_on;
	if (s->attached)
		cr_restart_paused(t);
	if (s->attached && s->plan.strict && t->tid == s->root && t->calls && !s->asked_filter) {
		s->asked_filter = true;
		if (inject(s, t, true))
			return run_on;
	}
	if (t->state == CR_ST_STOPPED && t->tid == s->root)
		cr_signals_continued(s);
	if (t->state != CR_ST_LAUNCHING)
		t->state = CR_ST_RUNNING;
	return run_on;
}

static struct next on_group_stop(struct cr_session *s, struct cr_tracee *t,
				 const struct cr_event *ev)
{
	(void)ev;
	/* It stops behind that: the signal comes once more. */
	if (t->state == CR_ST_INJECTING)
		return run_on;
	if (t->leaving)
		return (struct next){ NEXT_DETACH, ev->sig };
	if (t->tid == s->root)
		cr_signals_stopped(s);
	if (t->state != CR_ST_LAUNCHING)
		t->state = CR_ST_STOPPED;
	return (struct next){ NEXT_LISTEN, 0 };
}

static struct next on_signal(struct cr_session *s, struct cr_tracee *t, const struct cr_event *ev)
{
	if (t->state == CR_ST_INJECTING) {
		cr_inject_signal(t, ev->sig);
		return run_on;
	}
	if (ev->sig == SIGTRAP) {
		switch (cr_watch_trap(s, t)) {
		case CR_TRAP_OURS:
			return run_on;
		case CR_TRAP_STUCK:
			s->out.failed = true;
			kill_all(s);
			return run_on;
		case CR_TRAP_GONE:
			return is_gone;
		case CR_TRAP_OTHER:
			break;
		}
	}
	cr_watch_signal(t);
	if (cr_signals_ends_first(t, ev->sig))
		kill_one(s, t->tgid);
	cr_signals_delivery(s, t, ev->sig);
	cr_restart_ignored(t, ev->sig);
	return (struct next){ NEXT_RUN, ev->sig };
}

static struct next on_gone(struct cr_session *s, struct cr_tracee *t, const struct cr_event *ev)
{
	bool was_root = t->tid == s->root;
	pid_t tgid = t->tgid;

	if (t->tid == tgid)
		cr_site_forget(s, tgid);
	cr_tracees_del(&s->tracees, t->tid);
	if (ev->tid == tgid)
		cr_birth_release(s, tgid);
	if (s->parting)
		cr_part_others(s);
	if (was_root) {
		s->out.status = ev->status;
		s->root_gone = true;
		if (cr_tracees_count(&s->tracees) > 0 && !s->ending && s->out.started &&
		    s->plan.left_behind)
			s->plan.left_behind(s->plan.ctx);
	}
	return is_gone;
}

#define IN(state) (1u << CR_ST_##state)
#define ALIVE (IN(LAUNCHING) | IN(RUNNING) | IN(INJECTING))
#define ANY (ALIVE | IN(BORN) | IN(STOPPED) | IN(HELD))

/* What may happen, and while the tracee is doing what. */
static const struct {
	struct next (*fn)(struct cr_session *s, struct cr_tracee *t, const struct cr_event *ev);
	unsigned int legal;
} rules[CR_EV_COUNT] = {
	[CR_EV_EXITED] = { on_gone, ANY },
	[CR_EV_KILLED] = { on_gone, ANY },
	[CR_EV_SECCOMP] = { on_seccomp, ALIVE },
	[CR_EV_CALL] = { on_call, ALIVE },
	[CR_EV_BIRTH] = { on_birth, ALIVE },
	[CR_EV_EXEC] = { on_exec, ANY },	/* the leader's id, whatever the leader did */
	[CR_EV_PAUSED] = { on_paused, ANY },
	[CR_EV_GROUP_STOP] = { on_group_stop, ANY },
	[CR_EV_SIGNAL] = { on_signal, ALIVE },
};

/* A child may stop before its parent's event tells of it. */
static struct cr_tracee *stranger(struct cr_session *s, const struct cr_event *ev)
{
	pid_t tgid;

	if (ev->kind == CR_EV_EXITED || ev->kind == CR_EV_KILLED)
		return NULL;
	cr_place_born(&s->place, ev->tid);
	tgid = cr_proc_tgid(ev->tid);
	return cr_tracees_add(&s->tracees, ev->tid, tgid > 0 ? tgid : ev->tid, CR_ST_BORN);
}

static void dispatch(struct cr_session *s, const struct cr_waited *w)
{
	struct cr_tracee *t = cr_tracees_get(&s->tracees, w->tid);
	struct next next = run_on;
	struct cr_event ev;

	s->out.stops++;
	cr_event_of(w->tid, w->status, &ev);
	cr_debug("%d: %s %#x", (int)ev.tid, cr_event_name(ev.kind), (unsigned int)ev.status);
	if (!t)
		t = stranger(s, &ev);
	if (!t) {
		if (ev.kind != CR_EV_EXITED && ev.kind != CR_EV_KILLED) {
			cr_lost(s, &ev, "out of memory");
			if (s->ending)
				kill_one(s, ev.tid);
			resume(s, &(struct cr_tracee){ .tid = ev.tid }, run_on);
		}
		return;
	}
	if (rules[ev.kind].legal & (1u << t->state)) {
		next = rules[ev.kind].fn(s, t, &ev);
	} else {
		cr_lost(s, &ev, "not expected now");
		next.sig = ev.kind == CR_EV_SIGNAL ? ev.sig : 0;
	}
	if (next.how == NEXT_NOTHING)
		return;
	t = cr_tracees_get(&s->tracees, w->tid);
	if (s->ending)
		kill_one(s, t ? t->tgid : w->tid);
	cr_place_tick(&s->place, w->tid);
	if (t && (next.how == NEXT_DETACH || (s->detaching && ev.kind != CR_EV_CALL)) &&
	    !cr_watch_trapped(t))
		cr_part(s, t, next.sig);
	else if (t)
		resume(s, t, s->detaching || next.how == NEXT_DETACH ?
		       (struct next){ NEXT_RUN, next.sig } : next);
}

/* Is a process that was attached to yet to get its filter? */
static bool awaits_filter(struct cr_session *s)
{
	const struct cr_tracee *root = cr_tracees_get(&s->tracees, s->root);

	return s->plan.strict && s->plan.filter && root && !s->ending &&
	       root->state != CR_ST_STOPPED &&
	       (!s->asked_filter || root->state == CR_ST_INJECTING);
}

/* Stops that were kept. Nobody goes on before the filter is there, which would miss what a fork in
 * progress makes; it is put in by the first thread. */
static void dispatch_kept(struct cr_session *s)
{
	size_t i, n = 0;

	for (i = 0; i < s->n_kept; i++)
		if (awaits_filter(s) && s->kept[i].tid != s->root)
			s->kept[n++] = s->kept[i];
		else
			dispatch(s, &s->kept[i]);
	s->n_kept = n;
}

static void tick(struct cr_session *s)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	if (now.tv_sec == s->ticked.tv_sec)
		return;
	s->ticked = now;
	if (s->plan.tick)
		s->plan.tick(s->plan.ctx);
}

static void drop(struct cr_tracee *t)
{
	cr_watch_drop(t);
	cr_inject_free(t->inject);
	t->inject = NULL;
}

struct cr_session *cr_session_new(const struct cr_session_plan *plan)
{
	struct cr_session *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->plan = *plan;
	s->apart = (struct cr_apart)CR_APART_INIT;
	s->inherits = plan->targets || plan->on_exec;
	s->tracees.drop = drop;
	cr_place_init(&s->place);
	return s;
}

void cr_session_free(struct cr_session *s)
{
	if (!s)
		return;
	cr_apart_end(&s->apart);
	cr_tracees_fini(&s->tracees);
	cr_buf_fini(&s->stack);
	cr_buf_fini(&s->window);
	free(s->kept);
	free(s);
}

/* All are gone; or those that do not stop have nothing of ours, and are free when we have ended. */
static bool is_over(struct cr_session *s)
{
	const struct cr_tracee *t;
	struct timespec now;
	size_t at = 0;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	if (s->plan.strict || now.tv_sec <= s->patience)
		return cr_tracees_count(&s->tracees) == 0;
	while ((t = cr_map_each(&s->tracees.by_tid, &at)))
		if (t->watch)
			return false;
	return true;
}

int cr_session_run(struct cr_session *s, pid_t root, struct cr_outcome *out, struct cr_err *err)
{
	struct cr_pulse *pulse = s->plan.front ? s->plan.front->pulse : NULL;
	struct cr_waited batch[CR_WAIT_BATCH];
	int n, i;

	s->root = root;
	if (!s->attached && !cr_tracees_add(&s->tracees, root, root, CR_ST_LAUNCHING)) {
		kill(root, SIGKILL);
		return cr_err_set(err, -ENOMEM, "out of memory");
	}
	while (!s->detaching || cr_tracees_count(&s->tracees)) {
		cr_signals_look(s);
		dispatch_kept(s);
		if (s->detaching)
			cr_part_others(s);
		if (s->detaching && is_over(s))
			break;
		cr_pulse_rest(pulse);
		n = cr_wait(batch, cr_tracees_count(&s->tracees) == 1);
		if (n == -ECHILD)
			break;
		if (n < 0 && n != -EINTR)
			return cr_err_sys(err, n, "cannot wait for the program");
		for (i = 0; i < n; i++) {
			cr_pulse_work(pulse);
			dispatch(s, &batch[i]);
		}
		if (s->helpless)
			return cr_err_set(err, -EPERM, "the program cannot be killed: it ends with "
					  "its supervisor");
		cr_birth_overdue(s);
		tick(s);
	}
	*out = s->out;
	return 0;
}
