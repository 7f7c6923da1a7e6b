/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ptrace - the one door to ptrace(2)
 *
 * In:    a thread of ours in a stop
 * Out:   0 or more, or a negative errno; -ESRCH means that the thread is gone
 * Never: interprets -ESRCH: a tracee may be killed at any moment, the session knows what that means
 */
#ifndef CR_PTRACE_H
#define CR_PTRACE_H

#include <signal.h>
#include <sys/types.h>

#include "cr/arch.h"
#include "cr/regs.h"

/* A full-width wrapper over the system call. glibc 2.36's ptrace() takes the request as a 32-bit
 * enum while the kernel looks at the whole register. */
long cr_ptrace(long request, pid_t tid, uintptr_t addr, uintptr_t data);

/* Attaches without stopping, with every event we follow, and EXITKILL: a supervisor that dies
 * takes its tracees along, since their RET_TRACE calls would fail for ever. */
int cr_ptrace_seize(pid_t tid) CR_MUST_CHECK;

/* The same for a thread that was not started by us. Without @kill it lives on when we die. */
int cr_ptrace_attach(pid_t tid, bool kill) CR_MUST_CHECK;

/* Asks a running tracee, or one in a group-stop, to stop: PTRACE_EVENT_STOP. */
int cr_ptrace_interrupt(pid_t tid) CR_MUST_CHECK;

enum cr_resume {
	CR_RESUME_CONT,		/* run on; deliver the signal, if any */
	CR_RESUME_CALLS,	/* the same, and stop at the begin and the end of each call */
	CR_RESUME_DETACH,	/* run on, not traced any more; deliver the signal, if any */
	CR_RESUME_LISTEN,	/* stay in a group-stop, and tell when it ends */
};

/* Called by the session only. */
int cr_ptrace_resume(pid_t tid, enum cr_resume how, int sig) CR_MUST_CHECK;

/* The message of a PTRACE_EVENT stop: a new thread id, an old one. */
int cr_ptrace_message(pid_t tid, unsigned long *message) CR_MUST_CHECK;

/* What a seccomp-stop is about. @data: SECCOMP_RET_DATA of the filter that stopped. -ENOSYS for an
 * architecture that we do not know; @call is unchanged then. */
int cr_ptrace_call(pid_t tid, struct cr_call *call, uint32_t *data) CR_MUST_CHECK;

/* A stop under CR_RESUME_CALLS. 1: a call begins, @call is it; 0: one ends; -ENOSYS for an
 * architecture that we do not know. */
int cr_ptrace_call_begins(pid_t tid, struct cr_call *call) CR_MUST_CHECK;

/* In a seccomp-stop, or where a call begins: the call is not made and returns @ret (a negative
 * errno). */
int cr_ptrace_skip(pid_t tid, enum cr_abi abi, long ret) CR_MUST_CHECK;

/* Makes the number and the arguments in the registers of a native thread those of @call. */
int cr_ptrace_set_call(pid_t tid, const struct cr_call *call) CR_MUST_CHECK;

/* The native call that a thread is in, or comes out of, by its registers. */
int cr_ptrace_last_call(pid_t tid, struct cr_call *call) CR_MUST_CHECK;

/* In a seccomp-stop: changes the first argument. */
int cr_ptrace_set_arg0(pid_t tid, enum cr_abi abi, uint64_t value) CR_MUST_CHECK;

/* In a signal-delivery-stop: 1 and the native call that is about to return EINTR, if one is. */
int cr_ptrace_interrupted(pid_t tid, struct cr_call *call) CR_MUST_CHECK;

/* In a signal-delivery-stop: that call is made again, unless a handler runs first. */
int cr_ptrace_restart(pid_t tid) CR_MUST_CHECK;

/* In any stop. */
int cr_ptrace_getregs(pid_t tid, struct cr_machine *m) CR_MUST_CHECK;
int cr_ptrace_setregs(pid_t tid, const struct cr_machine *m) CR_MUST_CHECK;
int cr_ptrace_set_ip(pid_t tid, cr_addr ip) CR_MUST_CHECK;

/* Gives the thread the signal mask *@set, and the one it had in *@old unless that is NULL. */
int cr_ptrace_sigmask(pid_t tid, uint64_t *old, const uint64_t *set) CR_MUST_CHECK;

/* In a signal-delivery-stop. */
int cr_ptrace_siginfo(pid_t tid, siginfo_t *info) CR_MUST_CHECK;
int cr_ptrace_set_siginfo(pid_t tid, const siginfo_t *info) CR_MUST_CHECK;

/* In any stop: has the thread run into a breakpoint, and the signal for that is yet to come? */
bool cr_ptrace_trap_pending(pid_t tid);

#endif
