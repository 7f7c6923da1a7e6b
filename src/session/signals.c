/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>

#define CR_LOG_DOMAIN "signals"
#include "cr/log.h"
#include "cr/proc.h"
#include "cr/ptrace.h"
#include "cr/wake.h"
#include "parts.h"

/* A sender may signal the whole process group, that is, us and the program; so what came to us
 * is passed on only when the program has not seen the same a moment later. */
#define GRACE_MS 30
static long ms_since(const struct timespec *then)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - then->tv_sec) * 1000 + (now.tv_nsec - then->tv_nsec) / 1000000;
}

static void drop(struct cr_session *s, unsigned int i)
{
	s->forward[i] = s->forward[--s->n_forward];
}

/* A signal that was sent to the front. What the program sends to its process group, or to its
 * parent, is not ours to return. */
static void take(struct cr_session *s, const siginfo_t *info)
{
	struct cr_forward *f;

	if (cr_tracees_knew(&s->tracees, info->si_pid) || s->n_forward == CR_FORWARD_MAX)
		return;
	f = &s->forward[s->n_forward++];
	*f = (struct cr_forward){ .info = *info };
	clock_gettime(CLOCK_MONOTONIC, &f->due);
}

/* The program has ended and left processes behind: what is sent to us is meant for them. */
static void to_all(struct cr_session *s, int sig)
{
	struct cr_tracee *t;
	size_t at = 0;

	while ((t = cr_map_each(&s->tracees.by_tid, &at)))
		if (t->tid == t->tgid)
			kill(t->tgid, sig);
}

/* Sends with our own id; the delivery-stop puts the sender's back (cr_signals_delivery). */
static void pass_on(struct cr_session *s, unsigned int i)
{
	struct cr_forward *f = &s->forward[i];
	siginfo_t info = { 0 };

	if (cr_proc_pending(s->root, f->info.si_signo)) {
		drop(s, i);
		return;
	}
	info.si_signo = f->info.si_signo;
	info.si_code = SI_QUEUE;
	info.si_pid = getpid();
	info.si_uid = getuid();
	info.si_value = f->info.si_value;
	f->sent = true;
	clock_gettime(CLOCK_MONOTONIC, &f->due);
	if (syscall(SYS_rt_sigqueueinfo, s->root, info.si_signo, &info) < 0)
		drop(s, i);
}

void cr_signals_delivery(struct cr_session *s, const struct cr_tracee *t, int sig)
{
	siginfo_t info;
	unsigned int i;

	if (t->tgid != s->root || cr_ptrace_siginfo(t->tid, &info) < 0)
		return;
	for (i = 0; i < s->n_forward; i++) {
		struct cr_forward *f = &s->forward[i];

		if (f->info.si_signo != sig)
			continue;
		if (!f->sent && info.si_pid == f->info.si_pid) {
			drop(s, i);
			return;
		}
		if (f->sent && info.si_code == SI_QUEUE && info.si_pid == getpid()) {
			if (cr_ptrace_set_siginfo(t->tid, &f->info) < 0)
				return;
			drop(s, i);
			return;
		}
	}
}

static void forward(struct cr_session *s)
{
	unsigned int i = s->n_forward;

	while (i-- > 0) {
		struct cr_forward *f = &s->forward[i];

		if (!f->sent && ms_since(&f->due) >= GRACE_MS)
			pass_on(s, i);
		else if (f->sent && (s->root_gone || ms_since(&f->due) > 60000))
			drop(s, i);	/* blocked, or taken by sigwait: nothing more to do */
	}
	for (i = 0; i < s->n_forward; i++)
		if (!s->forward[i].sent)
			cr_wake_in(GRACE_MS / 3);
}

void cr_signals_look(struct cr_session *s)
{
	siginfo_t info;

	if (!cr_wake_pending())
		return;
	while (cr_wake_next(&info))
		if (s->root_gone && info.si_code == SI_USER)
			to_all(s, info.si_signo);
	while (cr_front_next(s->plan.front, &info))
		if (!s->root_gone)
			take(s, &info);
	if (s->n_forward)
		forward(s);
	cr_place_bell(&s->place);
}
