/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A service to attach to: threads that call, one that waits without a limit, one that makes threads
 * all the time. A line on standard input ends it; then it tells what it has noticed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

extern const unsigned char __executable_start, etext;

static atomic_int stop, interrupted, born;
static atomic_long rounds;

__attribute__((noinline, noclone)) static long inside(long x)
{
	return syscall(SYS_getppid) > 0 ? x + 1 : x;
}

static void *caller(void *arg)
{
	long n = 0;

	while (!stop) {
		n = inside(n);
		usleep(300);
	}
	rounds += n;
	return arg;
}

static void *waiter(void *arg)
{
	struct epoll_event ev;
	int ep = epoll_create1(0), fds[2];

	if (pipe(fds) < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, fds[0], &(struct epoll_event){
			.events = EPOLLIN }) < 0)
		return arg;
	*(int *)arg = fds[1];
	while (epoll_wait(ep, &ev, 1, -1) < 0 && errno == EINTR)
		interrupted++;
	return arg;
}

static void *newborn(void *arg)
{
	born += inside(0) == 1;
	return arg;
}

static void *maker(void *arg)
{
	pthread_t t;

	while (!stop)
		if (pthread_create(&t, NULL, newborn, NULL) == 0)
			pthread_join(t, NULL);
	return arg;
}

/* Of the code, as the process itself reads it. */
static unsigned long sum(void)
{
	unsigned long s = 5381;
	const unsigned char *p;

	for (p = &__executable_start; p < &etext; p++)
		s = s * 33 + *p;
	return s;
}

int main(int argc, char **argv)
{
	unsigned long before = sum();
	int wake = -1, i;
	pthread_t t[6];
	char line[16];

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, caller, NULL);
	pthread_create(&t[4], NULL, waiter, &wake);
	pthread_create(&t[5], NULL, maker, NULL);
	printf("ready\n");
	if (read(0, line, sizeof(line)) < 0)
		printf("read: %s\n", strerror(errno));
	if (argc > 1 && strcmp(argv[1], "evil") == 0)
		printf("getsid: %s\n", syscall(SYS_getsid, 0) < 0 ? strerror(errno) : "made");
	stop = 1;
	while (wake < 0)
		usleep(1000);
	if (write(wake, "x", 1) != 1)
		printf("write: %s\n", strerror(errno));
	for (i = 0; i < 6; i++)
		pthread_join(t[i], NULL);
	printf("rounds %s, births %s, waits %s, code %s\n", rounds > 0 ? "some" : "no",
	       born > 0 ? "some" : "no", interrupted ? "interrupted" : "undisturbed",
	       sum() == before ? "as it was" : "changed");
	return 3;
}
