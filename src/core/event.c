/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "cr/event.h"

static enum cr_ev of_ptrace_event(int event, int sig)
{
	switch (event) {
	case 0:
		/* The bit that PTRACE_O_TRACESYSGOOD sets. */
		if (sig == (SIGTRAP | 0x80))
			return CR_EV_CALL;
		/* A plain SIGTRAP is the target's own: from kill, int3 or its trap flag. */
		return CR_EV_SIGNAL;
	case PTRACE_EVENT_SECCOMP:
		return CR_EV_SECCOMP;
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK:
	case PTRACE_EVENT_CLONE:
		return CR_EV_BIRTH;
	case PTRACE_EVENT_EXEC:
		return CR_EV_EXEC;
	case PTRACE_EVENT_STOP:
		/* The signal of the group-stop in progress, else SIGTRAP (ptrace(2)). */
		return sig == SIGTRAP ? CR_EV_PAUSED : CR_EV_GROUP_STOP;
	}
	return CR_EV_UNKNOWN;
}

void cr_event_of(pid_t tid, int status, struct cr_event *ev)
{
	*ev = (struct cr_event){ .kind = CR_EV_UNKNOWN, .tid = tid, .status = status };
	if (WIFEXITED(status)) {
		ev->kind = CR_EV_EXITED;
	} else if (WIFSIGNALED(status)) {
		ev->kind = CR_EV_KILLED;
	} else if (WIFSTOPPED(status)) {
		ev->sig = WSTOPSIG(status);
		ev->kind = of_ptrace_event(status >> 16, ev->sig);
		/* Only clone(2) with another exit signal than SIGCHLD reports this one. */
		ev->thread = status >> 16 == PTRACE_EVENT_CLONE;
	}
}

const char *cr_event_name(enum cr_ev kind)
{
	static const char *const names[CR_EV_COUNT] = {
		[CR_EV_EXITED] = "exited",
		[CR_EV_KILLED] = "killed",
		[CR_EV_SECCOMP] = "seccomp-stop",
		[CR_EV_CALL] = "syscall-stop",
		[CR_EV_BIRTH] = "birth",
		[CR_EV_EXEC] = "exec",
		[CR_EV_PAUSED] = "paused",
		[CR_EV_GROUP_STOP] = "group-stop",
		[CR_EV_SIGNAL] = "signal-delivery-stop",
		[CR_EV_UNKNOWN] = "unknown stop",
	};

	return names[kind];
}
