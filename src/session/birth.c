/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whose child is it? What holds for a process holds for what it makes. The kernel tells of a birth
 * by a stop of the parent and by one of the child, in any order, and of the parent's not at all
 * when that is killed first.
 */
#include "config.h"

#include <time.h>

#include "cr/proc.h"
#include "cr/ptrace.h"
#include "cr/wake.h"
#include "parts.h"

/* So long may a child wait for its parent's word. */
#define HELD_MS 1000

static void inherit(struct cr_session *s, struct cr_tracee *child, const struct cr_tracee *from)
{
	static const struct cr_err err = { "cannot watch the windows of a new thread: "
					   "out of memory", "" };
	int rc;

	if (!from)
		return;
	child->told = true;
	child->born_of = from->tid;
	child->leaving = from->leaving && child->tgid == from->tgid;
	child->calls = from->calls;
	child->filtered = from->filtered;
	child->ignored = from->ignored;
	child->program = from->program;
	if (!from->watch)
		return;
	rc = child->tgid == from->tgid ? cr_watch_thread(child, from) :
					 cr_watch_process(child, from);
	if (rc < 0)
		cr_watch_failed(s, &err);
	else if (s->detaching)
		cr_watch_clean(child);
}

bool cr_birth(struct cr_session *s, struct cr_tracee *t, const struct cr_event *ev)
{
	struct cr_tracee *child;
	unsigned long message;
	pid_t tid, tgid;

	if (cr_ptrace_message(t->tid, &message) < 0)
		return false;
	tid = (pid_t)message;
	child = cr_tracees_get(&s->tracees, tid);
	if (child && child->state == CR_ST_HELD) {
		inherit(s, child, t);
		cr_clone3_undo(t);
		cr_go_on(s, child);
		return true;
	}
	/* It may have lived and died before we are told of its birth. */
	if (child || cr_tracees_knew(&s->tracees, tid)) {
		cr_clone3_undo(t);
		return true;
	}
	tgid = ev->thread && cr_proc_is_thread(t->tgid, tid) ? t->tgid : tid;
	cr_place_born(&s->place, tid);
	child = cr_tracees_add(&s->tracees, tid, tgid, CR_ST_BORN);
	if (!child)
		cr_lost(s, ev, "out of memory");
	else
		inherit(s, child, cr_tracees_get(&s->tracees, ev->tid));
	cr_clone3_born(cr_tracees_get(&s->tracees, ev->tid), child);
	return true;
}

static const struct cr_tracee *thread_of(struct cr_session *s, pid_t tgid, pid_t but)
{
	const struct cr_tracee *t;
	size_t at = 0;

	while ((t = cr_map_each(&s->tracees.by_tid, &at)))
		if (t->tgid == tgid && t->tid != but)
			return t;
	return NULL;
}

/* Who made it was killed before he could tell, and may have been anybody: with CLONE_PARENT a child
 * seems to be somebody else's. A fork runs what its parent ran, so that decides as after an exec.
 * What filters it, it has inherited. */
static void orphan(struct cr_session *s, struct cr_tracee *t)
{
	t->filtered = !s->attached;
	t->calls = s->attached;
	cr_meet(s, t);
}

bool cr_birth_waits(struct cr_session *s, struct cr_tracee *t)
{
	const struct cr_tracee *of;
	bool thread;

	if (!s->inherits || s->ending || t->state != CR_ST_BORN || t->told)
		return false;
	of = thread_of(s, t->tgid, t->tid);
	thread = of != NULL;
	t->parent = thread ? 0 : cr_proc_parent(t->tgid);
	if (!thread && t->parent > 0)
		of = thread_of(s, t->parent, t->tid);
	if (!of) {
		orphan(s, t);
		return false;
	}
	inherit(s, t, of);
	if (thread)
		return false;
	t->state = CR_ST_HELD;
	clock_gettime(CLOCK_MONOTONIC_COARSE, &s->held);
	cr_wake_in(HELD_MS);
	return true;
}

void cr_birth_release(struct cr_session *s, pid_t parent)
{
	struct cr_tracee *t;
	size_t at = 0;

	while (s->inherits && (t = cr_map_each(&s->tracees.by_tid, &at))) {
		if (t->state != CR_ST_HELD || (parent && t->parent != parent))
			continue;
		orphan(s, t);
		cr_go_on(s, t);
		/* One that is let go may have had others move in its place. */
		at = 0;
	}
}

/* A parent that lives tells at once: it stops for that. */
void cr_birth_overdue(struct cr_session *s)
{
	struct timespec now;

	if (!s->held.tv_sec)
		return;
	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	if ((now.tv_sec - s->held.tv_sec) * 1000 + (now.tv_nsec - s->held.tv_nsec) / 1000000 <
	    HELD_MS) {
		cr_wake_in(HELD_MS);
		return;
	}
	s->held.tv_sec = 0;
	cr_birth_release(s, 0);
}
