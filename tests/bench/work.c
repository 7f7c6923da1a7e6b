/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * work - what tests/bench/bench measures
 *
 * usage: work WHAT [NUMBER]
 *
 * The loops run for a while and print how many nanoseconds one turn took, so that the start
 * of the program, and of what supervises it, does not count. The clock is read in the vDSO.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WHILE_NS 400000000ull	/* how long a loop runs */
#define CALLS 100		/* of each of many threads */
#define BATCH 64		/* turns between two looks at the clock */

extern char **environ;

static pthread_barrier_t ready, done;
static int zero = -1;

static void die(const char *what)
{
	fprintf(stderr, "work: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void turn_getppid(void)
{
	getppid();
}

static void turn_read(void)
{
	char c[16];

	if (read(zero, c, sizeof(c)) != sizeof(c))
		die("read");
}

/* A fast call whose second argument a learned policy compares. */
static void turn_fcntl(void)
{
	if (fcntl(zero, F_GETFD) < 0)
		die("fcntl");
}

static void turn_open(void)
{
	char c[16];
	int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, c, sizeof(c)) != sizeof(c) || close(fd) < 0)
		die("/dev/zero");
}

static int inside;	/* calls that entered() makes */

/* What tests/bench/windows watches. */
__attribute__((noinline, noclone)) static void entered(void)
{
	int i;

	for (i = 0; i < inside; i++)
		getppid();
	__asm__ volatile("");
}

static void loop(void (*turn)(void))
{
	uint64_t start, end, n = 0;
	int i;

	zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	if (zero < 0)
		die("/dev/zero");
	/* What is only slow the first time is not what we measure. */
	for (i = 0; i < BATCH; i++)
		turn();
	start = now();
	do {
		for (i = 0; i < BATCH; i++)
			turn();
		n += BATCH;
		end = now();
	} while (end - start < WHILE_NS);
	printf("%.1f\n", (double)(end - start) / (double)n);
}

static void *calling(void *arg)
{
	int i;

	pthread_barrier_wait(&ready);
	for (i = 0; i < CALLS; i++)
		getppid();
	pthread_barrier_wait(&done);
	return arg;
}

/* @n threads that all call at once; their births and deaths do not count. */
static void many_threads(int n)
{
	pthread_t *t = calloc((size_t)n, sizeof(*t));
	pthread_attr_t attr;
	uint64_t start, end;
	int i;

	if (!t)
		die("calloc");
	pthread_barrier_init(&ready, NULL, (unsigned int)n + 1);
	pthread_barrier_init(&done, NULL, (unsigned int)n + 1);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 64 * 1024);
	for (i = 0; i < n; i++) {
		errno = pthread_create(&t[i], &attr, calling, NULL);
		if (errno)
			die("pthread_create");
	}
	/* We may run again only after all of them have. */
	start = now();
	pthread_barrier_wait(&ready);
	pthread_barrier_wait(&done);
	end = now();
	for (i = 0; i < n; i++)
		pthread_join(t[i], NULL);
	printf("%.1f\n", (double)(end - start) / ((double)n * CALLS));
	free(t);
}

struct share {
	int pieces;
	int calls;	/* system calls after each piece */
	uint64_t sum;
};

static void *compute(void *arg)
{
	struct share *s = arg;
	uint64_t x = 88172645463325252u;
	int i, k;

	for (i = 0; i < s->pieces; i++) {
		for (k = 0; k < 50000; k++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
		}
		for (k = 0; k < s->calls; k++)
			getppid();
	}
	s->sum = x;
	return NULL;
}

/* Two threads with the same work each: twice as long as one of them when they are serialised. */
static void two_threads(int calls)
{
	struct share s[2] = { { 3000, calls, 0 }, { 3000, calls, 0 } };
	uint64_t start = now();
	pthread_t t;

	errno = pthread_create(&t, NULL, compute, &s[0]);
	if (errno)
		die("pthread_create");
	compute(&s[1]);
	pthread_join(t, NULL);
	if (s[0].sum != s[1].sum)
		die("the two do not agree");
	printf("%.1f\n", (double)(now() - start));
}

/* @n processes, one after the other. */
static void processes(int n)
{
	char *argv[] = { "true", NULL };
	int i, status;
	pid_t pid;

	for (i = 0; i < n; i++) {
		errno = posix_spawn(&pid, "/bin/true", NULL, NULL, argv, environ);
		if (errno)
			die("/bin/true");
		if (waitpid(pid, &status, 0) != pid || status != 0)
			die("waitpid");
	}
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	int n = argc > 2 ? atoi(argv[2]) : 0;

	if (strcmp(what, "getppid") == 0)
		loop(turn_getppid);
	else if (strcmp(what, "read") == 0)
		loop(turn_read);
	else if (strcmp(what, "fcntl") == 0)
		loop(turn_fcntl);
	else if (strcmp(what, "open") == 0)
		loop(turn_open);
	else if (strcmp(what, "windowed") == 0 && n >= 0) {
		inside = n;
		loop(entered);
	} else if (strcmp(what, "threads") == 0 && n > 0)
		many_threads(n);
	else if (strcmp(what, "compute") == 0)
		two_threads(n);
	else if (strcmp(what, "processes") == 0 && n > 0)
		processes(n);
	else {
		fprintf(stderr, "usage: work getppid|read|fcntl|open\n"
			"       work windowed CALLS | compute CALLS | threads N | processes N\n");
		return 1;
	}
	return 0;
}
