/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pulse - does the supervisor still do its work?
 *
 * In:    the supervisor's beat, in memory that it shares with the front; a look once a second
 * Out:   the news that it is stuck
 * Never: costs the supervisor a system call
 *
 * What a hostile program lets its supervisor read may never be there (userfaultfd(2), a file system
 * in user space): the read waits in the kernel, and only SIGKILL ends it. Nobody would judge then,
 * and nobody would end a program that is to be killed. One sleep that lasts over several looks,
 * while there is work to do, is no work.
 */
#ifndef CR_PULSE_H
#define CR_PULSE_H

#include <sys/types.h>

#include "cr/base.h"

struct cr_pulse {
	volatile uint32_t beat;	/* odd: at work */
};

/* Shared with children that are forked from now on; NULL when there is no memory. */
struct cr_pulse *cr_pulse_new(void) CR_MUST_CHECK;

/* The supervisor begins a piece of work; it is going to wait. */
static inline void cr_pulse_work(struct cr_pulse *p)
{
	if (p)
		p->beat = (p->beat + 1) | 1;
}

static inline void cr_pulse_rest(struct cr_pulse *p)
{
	if (p)
		p->beat = (p->beat + 1) & ~1u;
}

/* How it looked the last time. */
struct cr_pulse_look {
	uint32_t beat;
	unsigned long sleeps;
	unsigned int asleep;	/* looks in a row at one and the same sleep */
	unsigned int busy;	/* looks in a row at one and the same beat */
};

#define CR_PULSE_LOOK_MS 1000

/* One look at process @pid: is it stuck? */
bool cr_pulse_stuck(const struct cr_pulse *p, struct cr_pulse_look *l, pid_t pid);

#endif
