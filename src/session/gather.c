/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All threads of a process that runs already, stopped at one time. What is written to its code then
 * is there for each of them, and for all that they make: a fork in progress would copy half of it,
 * and would miss the filter that the others get.
 *
 * Stops are only kept here. They are acted upon afterwards, as if they had come then.
 */
#include "config.h"

#include <errno.h>
#include <time.h>

#define CR_LOG_DOMAIN "gather"
#include "cr/log.h"
#include "cr/proc.h"
#include "cr/ptrace.h"
#include "cr/wake.h"
#include "parts.h"

#define PATIENCE_S 10	/* for who waits for its child after vfork(2), or for a device */
#define LOOK_MS 200

static int no_memory(struct cr_err *err)
{
	return cr_err_set(err, -ENOMEM, "out of memory");
}

static int note(struct cr_session *s, const struct cr_waited *w)
{
	struct cr_waited *more = reallocarray(s->kept, s->n_kept + 1, sizeof(*more));

	if (!more)
		return -ENOMEM;
	s->kept = more;
	s->kept[s->n_kept++] = *w;
	return 0;
}

/* Born while we came: nothing has been planted yet, and no filter was there to inherit. */
static struct cr_tracee *add(struct cr_session *s, pid_t tid, pid_t tgid)
{
	struct cr_tracee *t = cr_tracees_add(&s->tracees, tid, tgid, CR_ST_BORN);

	cr_place_born(&s->place, tid);
	if (!t)
		return NULL;
	t->told = true;
	t->calls = !s->plan.inside_only;
	return t;
}

/* The child is to stop, too. */
static int expect_child(struct cr_session *s, const struct cr_tracee *t, const struct cr_event *ev,
			struct cr_err *err)
{
	struct cr_tracee *child;
	unsigned long message;
	pid_t tid;

	if (cr_ptrace_message(t->tid, &message) < 0)
		return 0;
	tid = (pid_t)message;
	child = cr_tracees_get(&s->tracees, tid);
	if (!child && cr_tracees_knew(&s->tracees, tid))
		return 0;
	if (!child)
		child = add(s, tid, ev->thread && cr_proc_is_thread(t->tgid, tid) ? t->tgid : tid);
	if (!child)
		return no_memory(err);
	child->born_of = t->tid;
	return 0;
}

static int ended(struct cr_session *s, const struct cr_waited *w, struct cr_err *err)
{
	if (w->tid != s->root) {
		cr_tracees_del(&s->tracees, w->tid);
		return 0;
	}
	if (note(s, w) < 0)
		return no_memory(err);
	return cr_err_set(err, -ESRCH, "process %d has just ended", (int)w->tid);
}

static int keep(struct cr_session *s, const struct cr_waited *w, struct cr_err *err)
{
	struct cr_tracee *t = cr_tracees_get(&s->tracees, w->tid);
	struct cr_event ev;
	pid_t tgid;

	cr_event_of(w->tid, w->status, &ev);
	if (ev.kind == CR_EV_EXITED || ev.kind == CR_EV_KILLED)
		return ended(s, w, err);
	if (!t) {
		tgid = cr_proc_tgid(w->tid);
		t = add(s, w->tid, tgid > 0 ? tgid : w->tid);
	}
	if (!t || note(s, w) < 0)
		return no_memory(err);
	t->kept = true;
	if (ev.kind == CR_EV_BIRTH)
		return expect_child(s, t, &ev, err);
	if (ev.kind != CR_EV_EXEC)
		return 0;
	/* Its threads are gone, without a word of some of them. */
	cr_err_set(err, -EAGAIN, "process %d has just executed another program", (int)t->tgid);
	cr_err_hint(err, "try again");
	return -EAGAIN;
}

static const struct cr_tracee *running(struct cr_session *s)
{
	const struct cr_tracee *t;
	size_t at = 0;

	while ((t = cr_map_each(&s->tracees.by_tid, &at)))
		if (!t->kept)
			return t;
	return NULL;
}

static int too_late(struct cr_session *s, pid_t tid, struct cr_err *err)
{
	s->impatient = true;
	cr_err_set(err, -EBUSY, "thread %d does not stop", (int)tid);
	cr_err_hint(err, "does it wait for a child, after vfork(2), or for a device? Try again "
		    "later");
	return -EBUSY;
}

int cr_gather(struct cr_session *s, struct cr_err *err)
{
	struct cr_waited batch[CR_WAIT_BATCH];
	const struct cr_tracee *t;
	struct timespec now;
	int rc = 0, n, i, one;
	time_t until;

	clock_gettime(CLOCK_MONOTONIC, &now);
	until = now.tv_sec + PATIENCE_S;
	while (rc == 0 && !s->detaching && (t = running(s))) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec > until)
			rc = too_late(s, t->tid, err);
		cr_wake_in(LOOK_MS);
		n = cr_wait(batch, false);
		if (n < 0 && n != -EINTR)
			return cr_err_sys(err, n, "cannot wait for the process");
		for (i = 0; i < n; i++) {
			one = keep(s, &batch[i], err);
			rc = rc ? rc : one;
		}
		cr_signals_look(s);
	}
	return rc;
}
