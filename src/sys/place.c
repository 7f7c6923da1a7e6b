/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "cr/place.h"
#include "cr/wake.h"

/* Stops a second from which sharing pays. */
#define FAST 2000
/* While a thread is held, we look this often whether it still stops fast. */
#define LOOK_MS 100

void cr_place_init(struct cr_place *p)
{
	*p = (struct cr_place){ 0 };
	if (sched_getaffinity(0, sizeof(p->allowed), &p->allowed) == 0)
		p->cpus = (size_t)CPU_COUNT(&p->allowed);
}

static void start_over(struct cr_place *p)
{
	p->stops = 0;
	clock_gettime(CLOCK_MONOTONIC_COARSE, &p->since);
}

/* Microseconds since the count was started over. */
static long long elapsed(const struct cr_place *p)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (now.tv_sec - p->since.tv_sec) * 1000000LL + (now.tv_nsec - p->since.tv_nsec) / 1000;
}

static bool fast(const struct cr_place *p)
{
	return p->stops * 1000000LL > elapsed(p) * FAST;
}

void cr_place_release(struct cr_place *p)
{
	if (!p->held)
		return;
	/* The thread may be gone; then so is its affinity. */
	sched_setaffinity(p->held, sizeof(p->mask), &p->mask);
	sched_setaffinity(0, sizeof(p->allowed), &p->allowed);
	p->held = 0;
	start_over(p);
}

static void hold(struct cr_place *p)
{
	int cpu = sched_getcpu();
	cpu_set_t one;

	if (cpu < 0 || cpu >= CPU_SETSIZE ||
	    sched_getaffinity(p->tid, sizeof(p->mask), &p->mask) < 0 ||
	    CPU_COUNT(&p->mask) < 2 || !CPU_ISSET((size_t)cpu, &p->mask))
		return;
	CPU_ZERO(&one);
	CPU_SET((size_t)cpu, &one);
	if (sched_setaffinity(p->tid, sizeof(one), &one) < 0)
		return;
	p->held = p->tid;
	if (sched_setaffinity(0, sizeof(one), &one) < 0)
		cr_place_release(p);
	else
		cr_wake_in(LOOK_MS);
}

void cr_place_other(struct cr_place *p, pid_t tid)
{
	cr_place_release(p);
	p->tid = tid;
	p->stops = 0;
}

void cr_place_many(struct cr_place *p)
{
	bool yes = p->cpus > 1 && fast(p);

	start_over(p);
	if (yes)
		hold(p);
}

void cr_place_bell(struct cr_place *p)
{
	if (!p->held)
		return;
	/* The bell may have rung early, for somebody else. */
	if (elapsed(p) >= LOOK_MS * 500) {
		if (!fast(p))
			cr_place_release(p);
		start_over(p);
	}
	if (p->held)
		cr_wake_in(LOOK_MS);
}

void cr_place_born(struct cr_place *p, pid_t tid)
{
	cpu_set_t mask;

	if (p->held && sched_getaffinity(tid, sizeof(mask), &mask) == 0 && CPU_COUNT(&mask) == 1)
		sched_setaffinity(tid, sizeof(p->mask), &p->mask);
}
