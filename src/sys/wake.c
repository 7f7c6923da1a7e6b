/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "cr/wake.h"

#define QUEUE 64u
#define RING_MS 10

/* One writer (the handler, which blocks all signals while it runs), one reader. */
static siginfo_t queue[QUEUE];
static volatile sig_atomic_t head, tail;
static volatile sig_atomic_t rang;
static volatile sig_atomic_t ringing;	/* every so many milliseconds; 0: silent */
static timer_t bell;

static void ring(long ms)
{
	struct timespec every = { ms / 1000, ms % 1000 * 1000000 };
	struct itimerspec t = { .it_value = every, .it_interval = every };

	ringing = (sig_atomic_t)ms;
	timer_settime(bell, 0, &t, NULL);
}

static void on_signal(int sig, siginfo_t *info, void *context)
{
	int saved = errno;

	(void)sig;
	(void)context;
	rang = 1;
	/* The bell itself has done its work by interrupting the wait. */
	if (info->si_code == SI_TIMER)
		return;
	if ((unsigned int)(head - tail) < QUEUE) {
		queue[(unsigned int)head % QUEUE] = *info;
		head++;
	}
	ring(RING_MS);
	errno = saved;
}

/* Faults are ours and stay fatal; SIGCHLD is what we wait for; nobody may stop
 * us for writing to or reading from a terminal. */
static bool ours(int sig)
{
	switch (sig) {
	case SIGKILL: case SIGSTOP: case SIGCHLD: case SIGSEGV: case SIGBUS: case SIGILL:
	case SIGFPE: case SIGTRAP: case SIGSYS: case SIGABRT: case SIGPIPE: case SIGXFSZ:
	case SIGTTIN: case SIGTTOU:
		return false;
	}
	return sig < 32 || sig >= SIGRTMIN;
}

/* Timers are not inherited. */
int cr_wake_again(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };

	head = tail;
	rang = 0;
	ringing = 0;
	return timer_create(CLOCK_MONOTONIC, &event, &bell) < 0 ? -errno : 0;
}

int cr_wake_init(struct cr_signals *found)
{
	struct sigaction take = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO }, old;
	sigset_t none;
	int sig, rc;

	rc = cr_wake_again();
	if (rc < 0)
		return rc;
	sigfillset(&take.sa_mask);
	sigemptyset(&found->ignored);
	for (sig = 1; sig <= SIGRTMAX; sig++) {
		if (sigaction(sig, NULL, &old) < 0)
			continue;
		if (!(old.sa_flags & SA_SIGINFO) && old.sa_handler == SIG_IGN)
			sigaddset(&found->ignored, sig);
		if (ours(sig))
			sigaction(sig, &take, NULL);
	}
	signal(SIGCHLD, SIG_DFL);	/* ignored, it would throw away exit statuses */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGTTIN, SIG_IGN);
	signal(SIGTTOU, SIG_IGN);
	sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, &found->mask) < 0 ? -errno : 0;
}

void cr_wake_off(void)
{
	timer_delete(bell);
}

bool cr_wake_pending(void)
{
	return rang;
}

int cr_wake_next(siginfo_t *info)
{
	if (head == tail) {
		rang = 0;
		ring(0);
		/* One that came just before the bell fell silent would not end the wait. */
		if (head == tail)
			return 0;
	}
	*info = queue[(unsigned int)tail % QUEUE];
	tail++;
	return 1;
}

void cr_wake_in(long ms)
{
	if (!ringing || ms < ringing)
		ring(ms);
}
