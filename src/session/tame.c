/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/ptrace.h>

#define CR_LOG_DOMAIN "tame"
#include "cr/log.h"
#include "cr/ptrace.h"
#include "parts.h"

#define KNOWN_FLAGS 0x3fu	/* of seccomp(2), as of Linux 6.18 */

static bool us(const struct cr_session *s, uint64_t arg)
{
	pid_t pid = (pid_t)arg;

	return pid == getpid() || (s->plan.front && pid == s->plan.front->front && !s->root_gone);
}

/* Is a tracee about to trace us, to reach into our memory, or to take our means away? For memory
 * it would have to be root; a tracer that is stopped by its own tracee would wait for ever, one
 * that is rewritten would say yes. */
static bool at_us(const struct cr_session *s, const struct cr_call *call,
		  const struct cr_abi_facts *facts)
{
	if (call->nr == facts->ptrace)
		return (call->args[0] == PTRACE_ATTACH || call->args[0] == PTRACE_SEIZE) &&
		       us(s, call->args[1]);
	return (call->nr == facts->vm_readv || call->nr == facts->vm_writev ||
		call->nr == facts->prlimit) && us(s, call->args[0]);
}

/* Calls that are allowed, but not in a form that would take tasks out of our sight. */
struct cr_verdict cr_tame(struct cr_session *s, struct cr_tracee *t, const struct cr_call *call)
{
	const struct cr_abi_facts *facts = &cr_abi_facts[call->abi];
	struct cr_verdict refuse = { CR_VERDICT_ERRNO, EPERM };

	if (call->nr == facts->setaffinity || call->nr == facts->getaffinity)
		cr_place_release(&s->place);
	if (at_us(s, call, facts))
		return refuse;
	/* A process that is only learned may outlive us: nothing in it may wait to be put back. */
	if (s->attached && !s->plan.strict)
		return (struct cr_verdict){ CR_VERDICT_ALLOW, 0 };
	if (call->nr == facts->clone3)
		return cr_clone3(s, t, call);
	/* It would make a child that we do not see, but that has our filter. */
	if (call->nr == facts->clone && call->args[0] & CLONE_UNTRACED)
		return cr_ptrace_set_arg0(t->tid, call->abi, call->args[0] &
					  ~(uint64_t)CLONE_UNTRACED) == 0 ?
		       (struct cr_verdict){ CR_VERDICT_ALLOW, 0 } : refuse;
	if (call->nr == facts->seccomp && call->args[0] == SECCOMP_SET_MODE_FILTER &&
	    (call->args[1] & SECCOMP_FILTER_FLAG_NEW_LISTENER)) {
		if (!s->warned_listener)
			cr_warn("process %d may not have a seccomp listener: it would hide calls "
				"from us", (int)t->tgid);
		s->warned_listener = true;
		/* As a kernel does that has one already; who asks which flags there are is answered
		 * by it, too. */
		refuse.err = call->args[1] & ~(uint64_t)KNOWN_FLAGS ? EINVAL : EBUSY;
		return refuse;
	}
	return (struct cr_verdict){ CR_VERDICT_ALLOW, 0 };
}
