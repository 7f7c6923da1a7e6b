/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "cr/place.h"
#include "cr/proc.h"

/* Stops a second above which a move pays (measured: see tests/bench). */
#define FAST 2000

void cr_place_init(struct cr_place *p)
{
	*p = (struct cr_place){ .cpu = -1 };
	p->movable = sched_getaffinity(0, sizeof(p->allowed), &p->allowed) == 0 &&
		     CPU_COUNT(&p->allowed) > 1;
	clock_gettime(CLOCK_MONOTONIC_COARSE, &p->since);
}

static void pin(struct cr_place *p, int cpu)
{
	cpu_set_t one;

	if (cpu < 0 || cpu >= CPU_SETSIZE || !CPU_ISSET((unsigned int)cpu, &p->allowed) ||
	    (p->pinned && p->cpu == cpu))
		return;
	CPU_ZERO(&one);
	CPU_SET((unsigned int)cpu, &one);
	p->pinned = sched_setaffinity(0, sizeof(one), &one) == 0;
	p->cpu = cpu;
}

void cr_place_look(struct cr_place *p, pid_t tid)
{
	struct timespec now;
	long long us;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	us = (now.tv_sec - p->since.tv_sec) * 1000000LL + (now.tv_nsec - p->since.tv_nsec) / 1000;
	if (us * FAST <= p->stops * 1000000LL) {
		pin(p, cr_proc_cpu(tid));
		/* A look costs a few microseconds: at full speed, one in a thousand stops. */
		if (p->pinned && p->stops < 1024 && us < 4000)
			return;
	} else if (p->pinned) {
		p->pinned = sched_setaffinity(0, sizeof(p->allowed), &p->allowed) != 0;
	}
	p->stops = 0;
	p->since = now;
}
