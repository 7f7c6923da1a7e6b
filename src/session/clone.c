/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * clone3(2) takes its flags from memory. Whatever we read there, another thread, or whoever can
 * write to that memory, may have made something else by the time the kernel reads it: with
 * CLONE_UNTRACED the child would not be ours, and would outlive the rest. So what was read is put
 * into registers, and what is made is clone(2), which looks at nothing else.
 *
 * The registers are put back before anybody can see them: in the parent when its child is born, or
 * at the end of a call that failed; in the child at its first stop. Where clone(2) has no words for
 * what was asked (a control group, a choice of ids, CLONE_CLEAR_SIGHAND) the answer is ENOSYS, at
 * which libraries fall back on clone: that is judged as the call that it stands for.
 */
#include "config.h"

#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <string.h>

#define CR_LOG_DOMAIN "clone"
#include "cr/log.h"
#include "cr/mem.h"
#include "cr/ptrace.h"
#include "parts.h"

#define SIZE_FIRST 64u		/* of the kernel's first version; less is EINVAL */
#define SIZE_LAST 4096u		/* more is E2BIG */

#define CLEAR_SIGHAND 0x100000000ull
#define INTO_CGROUP 0x200000000ull
#define NEW_TIME 0x80u		/* among the bits of clone's signal */

struct cr_rewritten {
	struct cr_call was;
	struct cr_call now;
};

static struct cr_verdict fails(int err)
{
	return (struct cr_verdict){ CR_VERDICT_ERRNO, err };
}

/* The kernel looks at this before it reads anything. */
static bool reads(const struct cr_call *call)
{
	return call->args[1] >= SIZE_FIRST && call->args[1] <= SIZE_LAST;
}

/* 0, or the errno of the call. */
static int read_args(const struct cr_tracee *t, const struct cr_call *call, struct clone_args *a)
{
	char bytes[SIZE_LAST] = { 0 };
	size_t size = call->args[1], i;
	ssize_t n = cr_mem_read(t->tid, call->args[0], bytes, size);

	/* A process may have forbidden us to look (PR_SET_DUMPABLE). */
	if (n < 0 && n != -EFAULT)
		return ENOSYS;
	/* What is too much comes first, also where the rest is not there. */
	for (i = sizeof(*a); (ssize_t)i < n; i++)
		if (bytes[i])
			return E2BIG;
	if (n != (ssize_t)size)
		return EFAULT;
	memcpy(a, bytes, sizeof(*a));
	return 0;
}

/* What the kernel refuses in clone3, and would take in clone. */
static bool wrong(const struct clone_args *a)
{
	return a->flags & ~(CLEAR_SIGHAND | INTO_CGROUP | UINT32_MAX) ||
	       a->flags & (CLONE_DETACHED | (CSIGNAL & ~NEW_TIME)) ||
	       a->exit_signal > (uint64_t)SIGRTMAX || !a->stack != !a->stack_size ||
	       !a->set_tid != !a->set_tid_size ||
	       (a->flags & (CLONE_THREAD | CLONE_PARENT) && a->exit_signal);
}

/* What clone has no words for: it takes one pointer for two of these. */
static bool beyond_words(const struct clone_args *a)
{
	uint64_t both = CLONE_PIDFD | CLONE_PARENT_SETTID;

	return a->flags > UINT32_MAX || a->flags & NEW_TIME || a->set_tid_size ||
	       ((a->flags & both) == both && a->pidfd != a->parent_tid);
}

static struct cr_call as_clone(const struct cr_call *call, const struct clone_args *a)
{
	struct cr_call c = *call;

	c.nr = cr_abi_facts[call->abi].clone;
	c.args[0] = (a->flags & ~(uint64_t)CLONE_UNTRACED) | a->exit_signal;
	c.args[1] = a->stack ? a->stack + a->stack_size : 0;
	c.args[2] = a->flags & CLONE_PIDFD ? a->pidfd : a->parent_tid;
	c.args[3] = a->child_tid;
	c.args[4] = a->tls;
	return c;
}

/* What comes of the call: 0, or the errno that it fails with. */
static int look(const struct cr_tracee *t, const struct cr_call *call, struct cr_call *now)
{
	struct clone_args a;
	int rc;

	/* No 32-bit library uses it. */
	if (call->abi != CR_ABI_NATIVE)
		return ENOSYS;
	rc = read_args(t, call, &a);
	if (rc == 0 && wrong(&a))
		rc = EINVAL;
	if (rc == 0 && beyond_words(&a))
		rc = ENOSYS;
	if (rc == 0)
		*now = as_clone(call, &a);
	return rc;
}

void cr_clone3_ask(struct cr_session *s, struct cr_tracee *t, struct cr_call *call,
		   struct cr_site *site)
{
	const struct cr_abi_facts *facts = &cr_abi_facts[call->abi];

	s->clone3_err = 0;
	if (call->nr == facts->clone && t->fell_back) {
		s->clone3_now = *call;
		site->meant = &s->clone3_now;
		call->nr = facts->clone3;
		t->fell_back = false;
	} else if (call->nr == facts->clone3 && reads(call)) {
		s->clone3_err = look(t, call, &s->clone3_now);
		site->meant = s->clone3_err ? NULL : &s->clone3_now;
	}
}

struct cr_verdict cr_clone3(struct cr_session *s, struct cr_tracee *t, const struct cr_call *call)
{
	struct cr_verdict allow = { CR_VERDICT_ALLOW, 0 };
	struct cr_rewritten *r;
	int rc;

	if (!reads(call))
		return allow;
	t->fell_back = s->clone3_err == ENOSYS;
	if (s->clone3_err)
		return fails(s->clone3_err);
	r = calloc(1, sizeof(*r));
	if (!r)
		return fails(ENOMEM);
	r->was = *call;
	r->now = s->clone3_now;
	free(t->rewritten);
	t->rewritten = r;
	rc = cr_ptrace_set_call(t->tid, &r->now);
	return rc < 0 && rc != -ESRCH ? fails(EPERM) : allow;
}

void cr_clone3_undo(struct cr_tracee *t)
{
	/* Should it be gone, nobody sees its registers. */
	if (t->rewritten && cr_ptrace_set_call(t->tid, &t->rewritten->was) < 0)
		cr_debug("thread %d is gone", (int)t->tid);
	free(t->rewritten);
	t->rewritten = NULL;
}

void cr_clone3_born(struct cr_tracee *parent, struct cr_tracee *child)
{
	if (!parent || !parent->rewritten)
		return;
	if (child) {
		child->rewritten = malloc(sizeof(*child->rewritten));
		if (child->rewritten)
			*child->rewritten = *parent->rewritten;
	}
	cr_clone3_undo(parent);
}

/* Is @c what a child of @r begins with? */
static bool child_of(const struct cr_rewritten *r, const struct cr_call *c)
{
	cr_addr sp = r->now.args[1] ? r->now.args[1] : r->now.sp;

	return c->nr == r->now.nr && c->ip == r->now.ip && c->sp == sp &&
	       memcmp(c->args, r->now.args, sizeof(c->args)) == 0;
}

/* A child that stops before its parent has told of it is known by its registers. Two parents may
 * be alike in all of these (twins of a fork); then what is put back is alike, too. */
static void find_parent(struct cr_session *s, struct cr_tracee *child)
{
	struct cr_tracee *t;
	struct cr_call c;
	size_t at = 0;

	if (cr_ptrace_last_call(child->tid, &c) < 0)
		return;
	while ((t = cr_map_each(&s->tracees.by_tid, &at))) {
		if (t == child || !t->rewritten || !child_of(t->rewritten, &c))
			continue;
		if (cr_ptrace_set_call(child->tid, &t->rewritten->was) < 0)
			cr_debug("thread %d is gone", (int)child->tid);
		return;
	}
}

void cr_clone3_first_stop(struct cr_session *s, struct cr_tracee *child)
{
	if (child->rewritten)
		cr_clone3_undo(child);
	else if (!child->told)
		find_parent(s, child);
}
