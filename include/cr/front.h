/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * front - the process that stands where the program would stand
 *
 * In:    the program, just started
 * Out:   two processes: the front, parent of the program, and the supervisor beside it
 * Never: traces: the front only waits, as a shell waits for its job
 *
 * A shell knows the front's pid. So the front stops when the program stops, ends when it ends, and
 * as it ended, although processes that the program left behind may still be supervised; and what
 * is sent to the front goes to the program. The supervisor is in a session of its own, where no
 * terminal and no kill(0, …) reaches it. When the front is killed the supervisor is, too
 * (PR_SET_PDEATHSIG), and with it all tracees (PTRACE_O_EXITKILL). The front in turn continues a
 * supervisor that somebody has stopped, and ends one that is stuck (see pulse).
 */
#ifndef CR_FRONT_H
#define CR_FRONT_H

#include <signal.h>
#include <sys/types.h>

#include "cr/err.h"
#include "cr/pulse.h"

/* The supervisor's last word: how the front shall end. */
struct cr_front_word {
	enum {
		CR_FRONT_LIKE_PROGRAM,
		CR_FRONT_EXIT,		/* with status value */
		CR_FRONT_SIGNAL,	/* by signal value */
	} how;
	int value;
};

struct cr_front {
	pid_t program;
	pid_t front;
	pid_t supervisor;
	int socket;	/* owned by either process: our end */
	struct cr_pulse *pulse;	/* shared by both, for ever; NULL: out of memory */
	bool guarded;	/* the front ends a supervisor that is stuck */
};

/* Divides the process. 1 in the front, 0 in the supervisor, or a negative errno. */
int cr_front_fork(pid_t program, struct cr_front *f, struct cr_err *err) CR_MUST_CHECK;

/* In the front: waits until the program has ended and the supervisor has said its word. *@status:
 * as wait4(2) gives it. A supervisor that died silently: -ECHILD; one that was stuck and was
 * therefore killed: -ETIMEDOUT. */
int cr_front_wait(const struct cr_front *f, struct cr_front_word *word, int *status) CR_MUST_CHECK;

/* In the supervisor: the word; the front may be gone afterwards, which then is no reason to end. */
void cr_front_tell(const struct cr_front *f, struct cr_front_word word);

/* In the supervisor, after it was woken: 1 and a signal that was sent to the front, or 0. */
int cr_front_next(const struct cr_front *f, siginfo_t *info);

/* In the supervisor, when it does not trace the program any more: waits until that has ended,
 * and lets its front, which has stopped when it did, see it. */
void cr_front_outlast(const struct cr_front *f);

/* In the supervisor: the program runs on after a stop, so its front shall. */
void cr_front_continue(const struct cr_front *f);

#endif
