/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ways into and out of a function that compilers make: several rets, nesting, recursion, tail
 * calls, a cold part, a jump table.
 *
 * BUILD: -O2
 * BUILD: -O0
 * BUILD: -O3 -fcf-protection=full
 * BUILD: -O2 -no-pie -fno-pie
 * WINDOW: rets inner outer deep even odd cold table
 * IN: rets: getuid=10 getgid=8 getppid=4
 * IN: outer: geteuid=10 getegid=20 getpgrp=10
 * IN: inner: getegid=30
 * IN: deep: getuid=3001 gettid=3000
 * IN: even: sched_yield=501
 * IN: odd: sched_yield=500
 * IN: cold: getuid=6 getgid=3
 * IN: table: getuid=2 geteuid=2 getgid=2 getegid=2 getppid=2 getpgrp=4
 * AFTER: getpriority
 */
#include "win.h"

static volatile int zero;

NOINLINE int rets(int x)
{
	mark(SYS_getuid);
	evil();
	if (x < 2)
		return zero + 1;
	mark(SYS_getgid);
	if (x < 6)
		return zero + 2;
	mark(SYS_getppid);
	return zero + 3;
}

NOINLINE int inner(int x)
{
	mark(SYS_getegid);
	return x + zero;
}

NOINLINE int outer(int x)
{
	int r;

	mark(SYS_geteuid);
	r = inner(x) + inner(x + 1);
	mark(SYS_getpgrp);
	return r + zero;
}

/* The inner rets must not close the outer windows: each level calls on its way out. */
NOINLINE int deep(int n)
{
	int r;

	mark(SYS_getuid);
	if (n == 0)
		return zero;
	r = deep(n - 1) + 1;
	mark(SYS_gettid);
	return r + zero;
}

NOINLINE int odd(int n);

NOINLINE int even(int n)
{
	int r;

	mark(SYS_sched_yield);
	if (n == 0)
		return zero + 1;
	r = odd(n - 1);
	return r + zero;
}

NOINLINE int odd(int n)
{
	int r;

	r = even(n - 1);
	return r + zero;
}

__attribute__((cold, noinline)) static void complain(void)
{
	mark(SYS_getgid);
}

NOINLINE int cold(int x)
{
	mark(SYS_getuid);
	if (__builtin_expect(x & 1, 0)) {
		complain();
		return zero + 7;
	}
	return x + zero;
}

NOINLINE int table(int x)
{
	switch (x) {
	case 0:
		mark(SYS_getuid);
		return zero + 11;
	case 1:
		mark(SYS_geteuid);
		break;
	case 2:
		mark(SYS_getgid);
		return zero + 31;
	case 3:
		mark(SYS_getegid);
		return zero + 5;
	case 4:
		mark(SYS_getppid);
		break;
	case 5:
		return zero - 1;
	default:
		return zero + 9;
	}
	mark(SYS_getpgrp);
	return x + zero;
}

int main(int argc, char **argv)
{
	int i, sum = 0;

	win_start(argc, argv);
	for (i = 0; i < 10; i++) {
		sum += rets(i) + inner(i) + outer(i);
		mark(SYS_getpriority);
	}
	printf("rets, inner, outer: %d\n", sum);
	outside(SYS_getegid);
	printf("deep: %d\n", deep(3000));
	printf("even: %d\n", even(1000));
	for (sum = i = 0; i < 6; i++)
		sum += cold(i);
	printf("cold: %d\n", sum);
	for (sum = i = 0; i < 14; i++)
		sum += table(i % 7);
	printf("table: %d\n", sum);
	mark(SYS_getpriority);
	return 0;
}
