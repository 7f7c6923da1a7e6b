/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A storm of signals over functions that are entered and left all the time, in several threads: one
 * that arrives while a thread is being taken past a trap is delivered, and no entry counts twice.
 *
 * BUILD: -O2 -pthread
 * BUILD: -O0 -pthread
 * WINDOW: busy nested handled
 * IN: busy: getuid=4000 geteuid=*
 * IN: nested: getuid=4000 getgid=4000 geteuid=*
 * IN: handled: geteuid=2000
 * AFTER: getegid
 */
#include "win.h"

#include <pthread.h>
#include <signal.h>

#define THREADS 4
#define TURNS 1000
#define SIGNALS 500

static volatile int zero;
static pthread_barrier_t both;
static _Atomic int taken;

NOINLINE int busy(int x)
{
	mark(SYS_getuid);
	return x + zero;
}

NOINLINE int nested(int x)
{
	int r = busy(x);

	mark(SYS_getgid);
	return r + zero;
}

/* Runs wherever a thread happens to be, and is a window itself. */
NOINLINE void handled(int sig)
{
	(void)sig;
	mark(SYS_geteuid);
	taken++;
}

static void *play(void *arg)
{
	long i, sum = 0;

	for (i = 0; i < TURNS; i++)
		sum += nested((int)i);
	/* What is still to come comes here. */
	pthread_barrier_wait(&both);
	(void)arg;
	return (void *)sum;
}

/* One signal at a time for each thread, so that none is merged with the next. */
static void storm(const pthread_t *t)
{
	int i, k, before;

	for (i = 0; i < SIGNALS; i++) {
		before = taken;
		for (k = 0; k < THREADS; k++)
			NEED(pthread_kill(t[k], SIGUSR1) == 0);
		while (taken < before + THREADS)
			;
	}
}

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_handler = handled, .sa_flags = SA_RESTART };
	pthread_t t[THREADS];
	long sum = 0;
	void *one;
	int i;

	win_start(argc, argv);
	NEED(sigaction(SIGUSR1, &sa, NULL) == 0);
	NEED(pthread_barrier_init(&both, NULL, THREADS + 1) == 0);
	for (i = 0; i < THREADS; i++)
		NEED(pthread_create(&t[i], NULL, play, NULL) == 0);
	storm(t);
	pthread_barrier_wait(&both);
	for (i = 0; i < THREADS; i++) {
		NEED(pthread_join(t[i], &one) == 0);
		sum += (long)one;
	}
	mark(SYS_getegid);
	printf("turns: %ld, signals: %d\n", sum, taken);
	outside(SYS_getuid);
	return 0;
}
