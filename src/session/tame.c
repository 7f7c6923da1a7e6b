/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/ptrace.h>

#define CR_LOG_DOMAIN "tame"
#include "cr/log.h"
#include "cr/mem.h"
#include "cr/ptrace.h"
#include "parts.h"

/* CLONE_UNTRACED would make a child that we do not see, but that has our filter. */
static int clear_untraced(const struct cr_tracee *t, const struct cr_call *call)
{
	uint64_t flags;
	ssize_t n;

	if (call->nr == cr_abi_facts[call->abi].clone) {
		if (!(call->args[0] & CLONE_UNTRACED))
			return 0;
		return cr_ptrace_set_arg0(t->tid, call->abi,
					  call->args[0] & ~(uint64_t)CLONE_UNTRACED);
	}
	n = cr_mem_read(t->tgid, call->args[0], &flags, sizeof(flags));
	if (n != (ssize_t)sizeof(flags) || !(flags & CLONE_UNTRACED))
		return 0;
	flags &= ~(uint64_t)CLONE_UNTRACED;
	return cr_mem_write(t->tgid, call->args[0], &flags, sizeof(flags));
}

/* Is a tracee about to trace us, or to reach into our memory? Only root could; a tracer
 * that is stopped by its own tracee would wait for ever, one that is rewritten would say yes. */
static bool at_us(const struct cr_call *call, const struct cr_abi_facts *facts)
{
	if (call->nr == facts->ptrace)
		return (pid_t)call->args[1] == getpid() &&
		       (call->args[0] == PTRACE_ATTACH || call->args[0] == PTRACE_SEIZE);
	return (call->nr == facts->vm_readv || call->nr == facts->vm_writev) &&
	       (pid_t)call->args[0] == getpid();
}

/* Calls that are allowed, but not in a form that would take tasks out of our sight. */
struct cr_verdict cr_tame(struct cr_session *s, const struct cr_tracee *t,
			  const struct cr_call *call)
{
	const struct cr_abi_facts *facts = &cr_abi_facts[call->abi];
	struct cr_verdict refuse = { CR_VERDICT_ERRNO, EPERM };

	if (call->nr == facts->setaffinity || call->nr == facts->getaffinity)
		cr_place_release(&s->place);
	if (at_us(call, facts))
		return refuse;
	if (call->nr == facts->clone || call->nr == facts->clone3) {
		if (clear_untraced(t, call) == 0)
			return (struct cr_verdict){ CR_VERDICT_ALLOW, 0 };
		return refuse;
	}
	if (call->nr == facts->seccomp && call->args[0] == SECCOMP_SET_MODE_FILTER &&
	    (call->args[1] & SECCOMP_FILTER_FLAG_NEW_LISTENER)) {
		if (!s->warned_listener)
			cr_warn("process %d may not have a seccomp listener: it would hide calls "
				"from us", (int)t->tgid);
		s->warned_listener = true;
		refuse.err = EBUSY;
		return refuse;
	}
	return (struct cr_verdict){ CR_VERDICT_ALLOW, 0 };
}
