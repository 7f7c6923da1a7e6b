/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * wake - signals sent to the supervisor itself
 *
 * In:    whatever somebody sends it
 * Out:   the same, one by one, to be dealt with between two waits
 * Never: acts in a signal handler; loses the wake-up
 *
 * A signal between the look at the queue and the wait would not interrupt the wait. So the handler
 * also starts a timer that rings every few milliseconds until somebody has looked.
 */
#ifndef CR_WAKE_H
#define CR_WAKE_H

#include <signal.h>

#include "cr/base.h"

/* What a program started by us must get back (see launch). */
struct cr_signals {
	sigset_t mask;		/* as we found it */
	sigset_t ignored;	/* signals that were ignored */
};

/* Takes over all signals that can be sent to us from outside; unblocks them. @found is filled. */
int cr_wake_init(struct cr_signals *found) CR_MUST_CHECK;

/* The same in a process that we have forked: what its parent was sent is not its own. */
int cr_wake_again(void) CR_MUST_CHECK;

/* No timer of ours is left: it would ring in a program that we become. */
void cr_wake_off(void);

/* Has a signal come, or the bell rung, since cr_wake_next last said that there was nothing? */
bool cr_wake_pending(void);

/* 1 and the next signal in @info, or 0; then the bell is silent. */
int cr_wake_next(siginfo_t *info);

/* Rings the bell in @ms milliseconds, or earlier: the wait will end. */
void cr_wake_in(long ms);

#endif
