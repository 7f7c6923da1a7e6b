/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * place - on which CPU the supervisor runs
 *
 * In:    one tick a stop
 * Out:   while stops come fast, the supervisor sits on the CPU of the thread that stops
 * Never: moves a tracee: its affinity is its own, and it can see it
 *
 * A stop is two context switches; across CPUs it is also two wake-ups of an idle one, ten
 * times dearer. A slow stream of stops is left to the scheduler, and a supervisor that sleeps
 * takes no CPU from a parallel program.
 */
#ifndef CR_PLACE_H
#define CR_PLACE_H

#include <sched.h>
#include <sys/types.h>
#include <time.h>

#include "cr/base.h"

struct cr_place {
	cpu_set_t allowed;	/* where we may run at all */
	bool movable;		/* there is more than one such CPU */
	bool pinned;
	int cpu;		/* where, while pinned */
	unsigned int stops;	/* since @since */
	struct timespec since;
};

void cr_place_init(struct cr_place *p);

/* The slow half of cr_place_tick: looks at the clock, moves or lets go. */
void cr_place_look(struct cr_place *p, pid_t tid);

#define CR_PLACE_EVERY 64u

static inline void cr_place_tick(struct cr_place *p, pid_t tid)
{
	if (p->movable && ++p->stops >= CR_PLACE_EVERY)
		cr_place_look(p, tid);
}

#endif
