/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * apart - work on what a hostile program offers, done by a process of its own
 *
 * In:    questions, one at a time
 * Out:   an answer within a time, or none
 * Never: lets the worker be waited for (it is a child of our parent's), outlive us, or hold any of
 *        our descriptors
 *
 * A worker that stalls, loops or falls costs an answer, and the next question a new worker.
 */
#ifndef CR_APART_H
#define CR_APART_H

#include <sys/types.h>

#include "cr/base.h"

struct cr_apart {
	int fd;		/* owned; -1: there is no worker */
	int pidfd;	/* owned */
};

#define CR_APART_INIT { -1, -1 }

/* Forks a worker that runs @serve(@ctx, fd) and ends with it. */
int cr_apart_start(struct cr_apart *a, void (*serve)(void *ctx, int fd), void *ctx) CR_MUST_CHECK;

/* Sends @question, with descriptor @pass unless that is -1, and waits for the answer: its length,
 * -ETIMEDOUT after @ms, or what else went wrong. On failure there is no worker any more. */
ssize_t cr_apart_ask(struct cr_apart *a, const void *question, size_t len, int pass, void *answer,
		     size_t max, int ms) CR_MUST_CHECK;

/* In the worker: the next question, and in *@passed the descriptor that came with it (the caller
 * owns it) or -1. Its length; 0 when nobody asks any more. */
ssize_t cr_apart_next(int fd, void *question, size_t max, int *passed) CR_MUST_CHECK;

void cr_apart_end(struct cr_apart *a);

#endif
