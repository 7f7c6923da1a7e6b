/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Windows in an i386 program, and calls of the other ABI in windows of an x86-64 one.
 *
 * BUILD: -m32 -O2
 * BUILD: -m32 -Os -no-pie -fno-pie
 * BUILD: -m32 -O2 -static
 * WINDOW: rets outer tail fast std
 * IN: rets: getuid=10 getgid=4
 * IN: outer: geteuid=10 getuid=5
 * IN: tail: getppid=10
 * IN: fast: getegid=10
 * IN: std: getpgrp=10
 * AFTER: gettid
 */
#include "win.h"

static volatile int zero;

NOINLINE int rets(int x)
{
	mark(SYS_getuid);
	if (x & 1)
		return x + zero;
	mark(SYS_getgid);
	evil();
	return 2 + zero;
}

NOINLINE int outer(int x)
{
	int r;

	mark(SYS_geteuid);
	r = x & 1 ? rets(1) : 0;
	return r + zero;
}

static NOINLINE int leave_to(int x)
{
	mark(SYS_gettid);
	return x + zero;
}

static int (*volatile pointer)(int) = leave_to;

NOINLINE int tail(int x)
{
	mark(SYS_getppid);
	return pointer(x);
}

__attribute__((fastcall)) NOINLINE int fast(int a, int b, int c)
{
	mark(SYS_getegid);
	return a + b + c + zero;
}

/* Takes its arguments from the stack itself: ret imm16. */
__attribute__((stdcall)) NOINLINE int std(int a, int b)
{
	mark(SYS_getpgrp);
	return a + b + zero;
}

int main(int argc, char **argv)
{
	int i, sum = 0;

	win_start(argc, argv);
	for (i = 0; i < 5; i++)
		sum += rets(2 * (i % 2) + (i == 4)) + outer(i) + outer(i + 5);
	for (i = 0; i < 10; i++) {
		sum += tail(i) + fast(i, i, i) + std(i, i);
		mark(SYS_gettid);
	}
	printf("i386: %d\n", sum);
	outside(SYS_getuid);
	return 0;
}
