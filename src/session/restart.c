/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <sys/syscall.h>

#include "cr/proc.h"
#include "cr/ptrace.h"
#include "parts.h"

/* Calls that end with EINTR whatever the signal does (signal(7)), and which of their arguments,
 * with which value, says that they wait without a limit: with one, making them again would wait
 * too long. */
static const struct {
	uint32_t nr;
	unsigned int arg;
	enum { MINUS_ONE, NO_POINTER, ALWAYS } forever;
} calls[] = {
	{ SYS_epoll_wait, 3, MINUS_ONE },
	{ SYS_epoll_pwait, 3, MINUS_ONE },
	{ SYS_epoll_pwait2, 3, NO_POINTER },
	{ SYS_rt_sigtimedwait, 2, NO_POINTER },
	{ SYS_semop, 0, ALWAYS },
	{ SYS_semtimedop, 3, NO_POINTER },
	{ SYS_io_getevents, 4, NO_POINTER },
};

static bool waits_forever(const struct cr_call *call)
{
	size_t i = 0;

	while (i < CR_ARRAY_SIZE(calls) && calls[i].nr != call->nr)
		i++;
	if (i == CR_ARRAY_SIZE(calls))
		return false;
	switch (calls[i].forever) {
	case MINUS_ONE:
		return (int)call->args[calls[i].arg] == -1;
	case NO_POINTER:
		return call->args[calls[i].arg] == 0;
	case ALWAYS:
		return true;
	}
	return false;
}

static bool is_listed(const struct cr_call *call)
{
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(calls); i++)
		if (calls[i].nr == call->nr)
			return true;
	return false;
}

/* We have stopped the thread, nobody has signalled it. With a time limit the call may take
 * longer, by once, but it does not fail. */
void cr_restart_paused(const struct cr_tracee *t)
{
	struct cr_call call;

	if (cr_ptrace_interrupted(t->tid, &call) == 1 && is_listed(&call) &&
	    cr_ptrace_restart(t->tid) < 0)
		return;
}

/* Natively an ignored signal is not even queued. For a tracee it is, so that its tracer can see it,
 * and wakes the calls above up. */
void cr_restart_ignored(const struct cr_tracee *t, int sig)
{
	struct cr_call call;

	if (cr_ptrace_interrupted(t->tid, &call) != 1 || !waits_forever(&call) ||
	    !cr_proc_ignores(t->tid, sig))
		return;
	/* Should it be gone, there is nothing to restart. */
	if (cr_ptrace_restart(t->tid) < 0)
		return;
}
