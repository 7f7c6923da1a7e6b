/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * 64 threads that enter and leave the same functions at the same time: each entry of each thread
 * is seen, and a window is its thread's own.
 *
 * BUILD: -O2 -pthread
 * WINDOW: first second last
 * IN: first: getuid=16000
 * IN: second: getgid=3200 geteuid=3200
 * IN: last: getegid=2
 * AFTER: getpgrp
 */
#include "win.h"

#include <pthread.h>

#define THREADS 64
#define ROUNDS 500

static volatile int zero;
static pthread_barrier_t all;

NOINLINE int first(int x)
{
	mark(SYS_getuid);
	return x + zero;
}

NOINLINE int second(int x)
{
	mark(SYS_getgid);
	if (x < 0)
		return zero;
	mark(SYS_geteuid);
	return x + zero;
}

/* A thread may end inside a window. Raw: pthread_exit() leaves by unwinding first. */
NOINLINE void last(int how)
{
	mark(SYS_getegid);
	if (how)
		pthread_exit(NULL);
	syscall(SYS_exit, 0);
}

/* Half of them enter one window, half the other, and some neither. */
static void *play(void *arg)
{
	long n = (long)arg, i, sum = 0;

	pthread_barrier_wait(&all);
	for (i = 0; i < ROUNDS; i++) {
		if (n % 2 == 0)
			sum += first((int)i);
		else if (n % 8 != 1 && n % 8 != 3 && i % 5 < 2)
			sum += second((int)i);
		else if (n % 8 == 1 && i % 50 == 0)
			mark(SYS_getpgrp);
	}
	return (void *)sum;
}

static void *leave(void *arg)
{
	last(*(int *)arg);
	return NULL;
}

int main(int argc, char **argv)
{
	static int how[2] = { 0, 1 };
	pthread_t t[THREADS];
	long i, sum = 0;
	void *one;

	win_start(argc, argv);
	NEED(pthread_barrier_init(&all, NULL, THREADS) == 0);
	for (i = 0; i < THREADS; i++)
		NEED(pthread_create(&t[i], NULL, play, (void *)i) == 0);
	for (i = 0; i < THREADS; i++) {
		NEED(pthread_join(t[i], &one) == 0);
		sum += (long)one;
	}
	printf("64 threads: %ld\n", sum);
	for (i = 0; i < 2; i++) {
		NEED(pthread_create(&t[i], NULL, leave, &how[i]) == 0);
		NEED(pthread_join(t[i], NULL) == 0);
	}
	mark(SYS_getpgrp);
	printf("two ended inside\n");
	outside(SYS_getuid);
	return 0;
}
