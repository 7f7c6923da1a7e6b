/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * event - what a wait status means
 *
 * In:    a status as wait4(2) gives it for a seized tracee
 * Out:   one event
 * Never: asks the kernel: this is a pure function, and its test is a table
 */
#ifndef CR_EVENT_H
#define CR_EVENT_H

#include <sys/types.h>

#include "cr/base.h"

enum cr_ev {
	CR_EV_EXITED,		/* status holds its exit status */
	CR_EV_KILLED,		/* status holds the signal */
	CR_EV_SECCOMP,		/* about to make a call that the filter does not let through */
	CR_EV_CALL,		/* a call begins or ends, of a thread that was resumed to tell */
	CR_EV_BIRTH,		/* has made a child or a thread */
	CR_EV_EXEC,		/* runs a new program now */
	CR_EV_PAUSED,		/* PTRACE_EVENT_STOP with SIGTRAP: a birth, or a group-stop ended */
	CR_EV_GROUP_STOP,	/* PTRACE_EVENT_STOP with a stopping signal */
	CR_EV_SIGNAL,		/* a signal is about to be delivered */
	CR_EV_UNKNOWN,		/* no status that we asked for */
	CR_EV_COUNT,
};

struct cr_event {
	enum cr_ev kind;
	pid_t tid;
	int status;
	int sig;	/* GROUP_STOP, SIGNAL */
	bool thread;	/* BIRTH: the child may be a thread of the same process */
};

void cr_event_of(pid_t tid, int status, struct cr_event *ev);
const char *cr_event_name(enum cr_ev kind);

#endif
