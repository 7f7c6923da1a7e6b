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
/* A program that cleans its screen up before it stops does so within this. */
#define STOP_MS 2000

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

/* Was it sent by a process outside of the tree, with kill(2) or the like? What the kernel sends
 * (a terminal's Ctrl-C) goes to the program's process group as well; what the program sends to its
 * group, or to its parent, is not ours to return. */
static bool from_outside(struct cr_session *s, const siginfo_t *info)
{
	if (info->si_code != SI_USER && info->si_code != SI_QUEUE && info->si_code != SI_TKILL)
		return false;
	return !cr_tracees_knew(&s->tracees, info->si_pid);
}

/* The program has ended and left processes behind, which is what keeps us here. */
static void to_all(struct cr_session *s, int sig)
{
	struct cr_tracee *t;
	size_t at = 0;

	while ((t = cr_map_each(&s->tracees.by_tid, &at)))
		if (t->tid == t->tgid)
			kill(t->tgid, sig);
}

static void take(struct cr_session *s, const siginfo_t *info)
{
	struct cr_forward *f;

	if (info->si_signo == SIGTSTP)
		clock_gettime(CLOCK_MONOTONIC, &s->asked_to_stop);
	if (s->root_gone) {
		to_all(s, info->si_signo);
		return;
	}
	if (!from_outside(s, info) || s->n_forward == CR_FORWARD_MAX)
		return;
	f = &s->forward[s->n_forward++];
	*f = (struct cr_forward){ .info = *info };
	clock_gettime(CLOCK_MONOTONIC, &f->due);
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

/* The stop that everybody we trace is in, if so; otherwise 0. */
static int stopped_by(struct cr_session *s)
{
	struct cr_tracee *t;
	size_t at = 0;
	int sig = 0;

	while ((t = cr_map_each(&s->tracees.by_tid, &at))) {
		if (t->state != CR_ST_STOPPED)
			return 0;
		if (t->tgid == s->root)
			sig = t->stop_sig;
	}
	return sig;
}

/* A shell with job control waits for us, not for the program: when the program has been stopped
 * from the terminal we stop too, so that the shell sees it. Only then: stopped for any other reason,
 * the program may be continued by somebody who does not know us. */
void cr_signals_stop_too(struct cr_session *s)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL }, old;
	bool asked = s->asked_to_stop.tv_sec && ms_since(&s->asked_to_stop) < STOP_MS;
	int sig = stopped_by(s);

	if (sig != SIGTSTP && sig != SIGTTIN && sig != SIGTTOU)
		return;
	if (!asked && getpgrp() != getpid())
		return;
	s->asked_to_stop = (struct timespec){ 0, 0 };
	sigaction(sig, &dfl, &old);
	raise(sig);
	sigaction(sig, &old, NULL);
}

#define LEFT_MS 990

void cr_signals_root_gone(struct cr_session *s)
{
	clock_gettime(CLOCK_MONOTONIC, &s->root_ended);
	if (cr_tracees_count(&s->tracees) > 0)
		cr_wake_in(LEFT_MS);
}

/* A person who waits for a prompt wants to know why there is none. */
static void tell_who_is_left(struct cr_session *s)
{
	size_t n = cr_tracees_count(&s->tracees);

	if (!s->root_ended.tv_sec || n == 0)
		return;
	if (ms_since(&s->root_ended) < LEFT_MS) {
		cr_wake_in(LEFT_MS);
		return;
	}
	s->root_ended = (struct timespec){ 0, 0 };
	cr_info("the program has ended; %zu thread%s that it left behind %s still supervised", n,
		n == 1 ? "" : "s", n == 1 ? "is" : "are");
}

void cr_signals_look(struct cr_session *s)
{
	siginfo_t info;

	if (!cr_wake_pending())
		return;
	while (cr_wake_next(&info))
		take(s, &info);
	if (s->n_forward)
		forward(s);
	cr_place_bell(&s->place);
	tell_who_is_left(s);
}
