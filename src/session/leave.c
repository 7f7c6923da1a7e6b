/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Letting go of processes that have windows: no trap is left in their code, nobody is in a slot,
 * and no slot is left (TRAPS 13, 14). Who goes first may copy the memory by a fork at once, so all
 * that run on it stop before one of them goes.
 */
#include "config.h"

#define CR_LOG_DOMAIN "leave"
#include "cr/log.h"
#include "cr/proc.h"
#include "cr/ptrace.h"
#include "cr/wake.h"
#include "watch.h"

/* So often it is looked whether those who are to be let go need wait for another still. */
#define PART_MS 500

static bool same_memory(const struct cr_tracee *a, const struct cr_tracee *b)
{
	return a->watch && b->watch && cr_watch_of(a)->space == cr_watch_of(b)->space;
}

/* After vfork(2) the kernel lets nothing stop a thread, as long as its child is on its memory. */
static bool waits_for_child(struct cr_session *s, const struct cr_tracee *t)
{
	const struct cr_tracee *child;
	unsigned long sleeps;
	size_t at = 0;
	char state;

	while ((child = cr_map_each(&s->tracees.by_tid, &at)))
		if (same_memory(child, t) && child->born_of == t->tid &&
		    child->tgid != t->tgid)
			return cr_proc_sleep(t->tid, &state, &sleeps) == 0 && state == 'D';
	return false;
}

/* Must @t wait for @other? A process that is left to a debugger does for its child after vfork(2),
 * which goes on to its exec. */
static bool must_wait_for(struct cr_session *s, const struct cr_tracee *t,
			  const struct cr_tracee *other)
{
	const struct cr_tracee *parent;

	if (s->detaching)
		return !waits_for_child(s, other);
	parent = cr_tracees_get(&s->tracees, other->born_of);
	return other->tgid == t->tgid || (parent && parent->tgid == t->tgid);
}

/* Have all of them stopped? */
static bool is_ready(struct cr_session *s, const struct cr_tracee *t)
{
	const struct cr_tracee *other;
	size_t at = 0;

	while ((other = cr_map_each(&s->tracees.by_tid, &at)))
		if (same_memory(other, t) && !other->kept && must_wait_for(s, t, other))
			return false;
	return true;
}

/* Does another process, that stays, run on the same memory? */
static bool is_shared(struct cr_session *s, const struct cr_tracee *t)
{
	const struct cr_tracee *other;
	size_t at = 0;

	while (!s->detaching && (other = cr_map_each(&s->tracees.by_tid, &at)))
		if (same_memory(other, t) && other->tgid != t->tgid)
			return true;
	return false;
}

/* @t, and all that wait with it, go next. */
static void clean_all(struct cr_session *s, const struct cr_tracee *t)
{
	struct cr_space *sp = cr_watch_of(t)->space;
	bool ready = is_ready(s, t);
	struct cr_tracee *other;
	size_t at = 0;
	int rc;

	while ((other = cr_map_each(&s->tracees.by_tid, &at)))
		if (other->kept && same_memory(other, t))
			cr_watch_signal(other);
	if (is_shared(s, t))
		return;
	rc = cr_space_lift(sp, t->tid);
	if (rc == 0 && ready)
		rc = cr_space_clear_slots(sp, t->tid);
	if (rc < 0)
		cr_debug("%d: some of its code could not be put back", (int)t->tid);
}

static void let_all_go(struct cr_session *s, const struct cr_tracee *t)
{
	const struct cr_tracee one = *t;
	struct cr_tracee *other;
	size_t at = 0;

	clean_all(s, t);
	while ((other = cr_map_each(&s->tracees.by_tid, &at)))
		if (other->kept && other->tid != one.tid && same_memory(other, &one)) {
			cr_let_go(s, other);
			/* Others may have moved in its place. */
			at = 0;
		}
	other = cr_tracees_get(&s->tracees, one.tid);
	if (other)
		cr_let_go(s, other);
}

void cr_part(struct cr_session *s, struct cr_tracee *t, int sig)
{
	t->kept = true;
	t->sig = sig;
	if (!t->watch)
		cr_let_go(s, t);
	else if (is_ready(s, t))
		let_all_go(s, t);
}

void cr_part_others(struct cr_session *s)
{
	struct timespec now;
	struct cr_tracee *t;
	size_t at = 0;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	while ((t = cr_map_each(&s->tracees.by_tid, &at)))
		if (t->kept && ((s->detaching && now.tv_sec > s->patience) || is_ready(s, t))) {
			let_all_go(s, t);
			at = 0;
		}
	if (s->detaching)
		cr_wake_in(PART_MS);
}

/* The kernel tells of a stop that we have asked for first, and of the trap behind it. */
bool cr_watch_trapped(const struct cr_tracee *t)
{
	const struct cr_watch *w = cr_watch_of(t);
	struct cr_machine m;

	return w && cr_ptrace_trap_pending(t->tid) && cr_ptrace_getregs(t->tid, &m) == 0 &&
	       cr_bps_find(w->space->bps, m.word[cr_machine_layout.ip] - CR_BP_SIZE);
}

void cr_watch_clean(struct cr_tracee *child)
{
	if (cr_space_scrub(cr_watch_of(child)->space, child->tid) < 0)
		cr_debug("%d: some of its code could not be put back", (int)child->tid);
}
