/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tail calls as a compiler makes them: what the function jumped to is not inside of it. Where both
 * are windows, one ends where the other begins.
 *
 * BUILD: -O2
 * BUILD: -O2 -fcf-protection=full -no-pie -fno-pie
 * BUILD: -O3 -static
 * WINDOW: direct indirect sometimes first second ping pong chain
 * IN: direct: getuid=10
 * IN: indirect: getuid=10
 * IN: sometimes: getuid=10 geteuid=5
 * IN: first: getegid=10
 * IN: second: getppid=20
 * IN: ping: getpgrp=51
 * IN: pong: sched_yield=50
 * IN: chain: gettid=10 getppid=10 getpriority=10
 * AFTER: getgid
 */
#include "win.h"

static volatile int zero;

NOINLINE int leave_to(int x)
{
	mark(SYS_getgid);
	return x + 1 + zero;
}

static int (*volatile pointer)(int) = leave_to;

NOINLINE int direct(int x)
{
	mark(SYS_getuid);
	evil();
	return leave_to(x);
}

NOINLINE int indirect(int x)
{
	mark(SYS_getuid);
	return pointer(x);
}

NOINLINE int sometimes(int x)
{
	mark(SYS_getuid);
	if (x & 1)
		return leave_to(x);
	mark(SYS_geteuid);
	return x + zero;
}

NOINLINE int second(int x)
{
	mark(SYS_getppid);
	return x * 2 + zero;
}

NOINLINE int first(int x)
{
	mark(SYS_getegid);
	return second(x + 1);
}

/* A loop of two functions: the stack does not grow, and there is one window at a time. */
NOINLINE int pong(int n);

NOINLINE int ping(int n)
{
	mark(SYS_getpgrp);
	if (n == 0)
		return zero + 5;
	return pong(n - 1);
}

NOINLINE int pong(int n)
{
	mark(SYS_sched_yield);
	return ping(n - 1);
}

/* Calls a function that ends in a jump to another: both are inside. */
NOINLINE int through(int x)
{
	mark(SYS_gettid);
	return second(x);
}

NOINLINE int chain(int x)
{
	int r = through(x);

	mark(SYS_getpriority);
	return r + zero;
}

int main(int argc, char **argv)
{
	int i, sum = 0;

	win_start(argc, argv);
	for (i = 0; i < 10; i++) {
		sum += direct(i) + indirect(i) + sometimes(i);
		mark(SYS_getgid);
	}
	printf("to a function: %d\n", sum);
	outside(SYS_getuid);
	for (sum = i = 0; i < 10; i++)
		sum += first(i);
	printf("from window to window: %d\n", sum);
	printf("to and fro: %d\n", ping(100));
	for (sum = i = 0; i < 10; i++)
		sum += chain(i);
	printf("inside: %d\n", sum);
	return 0;
}
