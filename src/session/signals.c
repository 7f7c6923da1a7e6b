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
/* The program may have got its own before the front's reached us, by this much. */
#define HEARD_MS 100
/* What was passed on and has not been delivered after this is not waited for any more. */
#define SENT_MS 1000
static long ms_since(const struct timespec *then)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - then->tv_sec) * 1000 + (now.tv_nsec - then->tv_nsec) / 1000000;
}

static void drop(struct cr_session *s, unsigned int i)
{
	s->n_forward--;
	memmove(&s->forward[i], &s->forward[i + 1], (s->n_forward - i) * sizeof(s->forward[0]));
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

/* The sender's id may be given on, but not that it called kill(2): a signal from another process
 * must have a negative code (rt_sigqueueinfo(2)). The delivery-stop puts that right; who takes the
 * signal by sigwaitinfo(2) or signalfd(2) sees SI_QUEUE. */
static bool pass_on(struct cr_session *s, struct cr_forward *f)
{
	siginfo_t info = f->info;

	if (cr_proc_pending(s->root, info.si_signo))
		return false;
	info.si_code = SI_QUEUE;
	f->sent = true;
	clock_gettime(CLOCK_MONOTONIC, &f->due);
	return syscall(SYS_rt_sigqueueinfo, s->root, info.si_signo, &info) == 0;
}

/* Has the program got what was sent to the front by itself, since it was sent to both? */
static bool heard_already(struct cr_session *s, const siginfo_t *info)
{
	unsigned int i;

	for (i = 0; i < CR_HEARD_MAX; i++) {
		struct cr_heard *h = &s->heard[i];

		if (h->sig == info->si_signo && h->from == info->si_pid &&
		    ms_since(&h->when) < HEARD_MS) {
			h->sig = 0;
			return true;
		}
	}
	return false;
}

/* What it does itself ends the first process of a pid namespace, though no signal does. But the
 * kernel says so only when nobody traces it (force_sig_info_to_task()): a tracee would meet the
 * same fault again, for ever. */
bool cr_signals_ends_first(const struct cr_tracee *t, int sig)
{
	siginfo_t info;

	switch (sig) {
	case SIGSEGV: case SIGBUS: case SIGFPE: case SIGILL: case SIGTRAP: case SIGSYS:
		break;
	default:
		return false;
	}
	return cr_ptrace_siginfo(t->tid, &info) == 0 && info.si_code > 0 &&
	       cr_proc_first_ignores(t->tgid, sig);
}

void cr_signals_delivery(struct cr_session *s, const struct cr_tracee *t, int sig)
{
	struct cr_heard *h;
	siginfo_t info;
	unsigned int i;

	if (t->tgid != s->root || cr_ptrace_siginfo(t->tid, &info) < 0 || info.si_code > 0)
		return;
	for (i = 0; i < s->n_forward; i++) {
		struct cr_forward *f = &s->forward[i];

		if (f->info.si_signo != sig || f->info.si_pid != info.si_pid)
			continue;
		if (f->sent && cr_ptrace_set_siginfo(t->tid, &f->info) < 0)
			return;
		drop(s, i);
		return;
	}
	h = &s->heard[s->n_heard++ % CR_HEARD_MAX];
	*h = (struct cr_heard){ .sig = sig, .from = info.si_pid };
	clock_gettime(CLOCK_MONOTONIC, &h->when);
}

/* In the order in which they came. @now: there is no room to let them wait. */
static void forward(struct cr_session *s, bool now)
{
	unsigned int i = 0;
	bool keep;

	while (i < s->n_forward) {
		struct cr_forward *f = &s->forward[i];

		keep = true;
		/* One that is blocked, or was taken by sigwait, never shows in a delivery-stop. */
		if (f->sent)
			keep = !now && ms_since(&f->due) < SENT_MS;
		else if (now || ms_since(&f->due) >= GRACE_MS)
			keep = pass_on(s, f) && !now;
		if (keep)
			i++;
		else
			drop(s, i);
	}
	if (s->n_forward)
		cr_wake_in(GRACE_MS / 3);
}

/* A signal that was sent to the front. What the program sends to its process group, or to its
 * parent, is not ours to return. */
static void take(struct cr_session *s, const siginfo_t *info)
{
	struct cr_forward *f;

	if (cr_tracees_knew(&s->tracees, info->si_pid) || heard_already(s, info))
		return;
	if (s->n_forward == CR_FORWARD_MAX)
		forward(s, true);
	f = &s->forward[s->n_forward++];
	*f = (struct cr_forward){ .info = *info };
	clock_gettime(CLOCK_MONOTONIC, &f->due);
}

/* The front may have seen the stop, and be about to stop itself, when it is continued: then once is
 * not enough, and nothing tells us. Once too often does no harm. */
#define CONTINUES 4u
#define CONTINUE_MS 25

static void continue_front(struct cr_session *s)
{
	if (!s->continues || s->root_gone || !s->plan.front)
		return;
	s->continues--;
	cr_front_continue(s->plan.front);
	if (s->continues)
		cr_wake_in(CONTINUE_MS);
}

void cr_signals_continued(struct cr_session *s)
{
	s->continues = CONTINUES;
	continue_front(s);
}

void cr_signals_stopped(struct cr_session *s)
{
	s->continues = 0;
}

/* What was sent to the supervisor, not to the program. */
static void hear(struct cr_session *s, const siginfo_t *info)
{
	if (s->plan.asked)
		s->plan.asked(s->plan.ctx, info->si_signo);
	if (s->root_gone && !s->attached && info->si_code == SI_USER && info->si_signo != SIGUSR1)
		to_all(s, info->si_signo);
}

void cr_signals_look(struct cr_session *s)
{
	siginfo_t info;

	if (!cr_wake_pending())
		return;
	while (cr_wake_next(&info))
		hear(s, &info);
	while (s->plan.front && cr_front_next(s->plan.front, &info))
		if (!s->root_gone)
			take(s, &info);
	if (s->n_forward)
		forward(s, false);
	continue_front(s);
	cr_place_bell(&s->place);
}
