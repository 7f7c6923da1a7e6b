/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * wait - the one place where the supervisor waits
 *
 * In:    nothing
 * Out:   all stops and deaths that are pending, in one batch
 * Never: acts on any of them; sleeps while a signal of the supervisor's own is waiting
 *
 * A batch is drained before anything is acted upon, so that a busy thread cannot
 * keep the others from being seen: wait4(2) looks at the tracees in a fixed order.
 */
#ifndef CR_WAIT_H
#define CR_WAIT_H

#include <sys/types.h>

#include "cr/base.h"

#define CR_WAIT_BATCH 64

struct cr_waited {
	pid_t tid;
	int status;	/* as wait4(2) gives it */
};

/* Waits until something happened. How many of @batch were filled; -EINTR when a signal came instead
 * (cr_wake_next tells which); -ECHILD when there is nobody left. @single: there is one tracee
 * only, do not look for more. */
int cr_wait(struct cr_waited batch[CR_WAIT_BATCH], bool single) CR_MUST_CHECK;

#endif
