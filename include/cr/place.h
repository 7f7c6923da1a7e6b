/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * place - on which CPU the supervisor runs, and for moments, its busiest tracee
 *
 * In:    one tick a stop
 * Out:   while one thread alone stops fast, it and the supervisor share a CPU
 * Never: holds a thread longer than it stops fast; holds two; lets a child inherit the
 *        narrow affinity; lets a tracee that asks see it
 *
 * A stop is two context switches. Across CPUs it is also two wake-ups of an idle one, six to ten
 * times dearer, and left alone the scheduler puts a thread that the supervisor wakes on the idle
 * CPU each time. A thread that stops thousands of times a second runs in turn with the supervisor
 * anyway and loses nothing; as soon as another one stops, too, both are let go.
 */
#ifndef CR_PLACE_H
#define CR_PLACE_H

#include <sched.h>
#include <sys/types.h>
#include <time.h>

#include "cr/base.h"

struct cr_place {
	cpu_set_t allowed;	/* where the supervisor may run */
	size_t cpus;		/* how many these are */
	pid_t tid;		/* who has stopped last */
	unsigned int stops;	/* of @tid alone, since @since */
	struct timespec since;
	pid_t held;		/* the thread that shares our CPU, or 0 */
	cpu_set_t mask;		/* its own affinity */
};

void cr_place_init(struct cr_place *p);

/* The two turns that cr_place_tick may take: another thread than before stops; many stops in a
 * row. */
void cr_place_other(struct cr_place *p, pid_t tid);
void cr_place_many(struct cr_place *p);

/* The supervisor's bell has rung: does the held thread still stop fast? */
void cr_place_bell(struct cr_place *p);

/* Lets go: before a tracee looks at affinities or changes them. */
void cr_place_release(struct cr_place *p);

/* @tid is new, perhaps a child of the held thread, whose affinity it then has. */
void cr_place_born(struct cr_place *p, pid_t tid);

#define CR_PLACE_MANY 256u

static inline void cr_place_tick(struct cr_place *p, pid_t tid)
{
	if (tid != p->tid)
		cr_place_other(p, tid);
	else if (++p->stops >= CR_PLACE_MANY && !p->held)
		cr_place_many(p);
}

#endif
