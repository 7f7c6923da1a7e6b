/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Windows that are left by longjmp. What follows is outside of them, wherever the stack pointer
 * goes then: back where it was, or deeper than the frame that was given up, whose return address
 * still lies untouched in a buffer that nobody has filled.
 *
 * BUILD: -O2
 * BUILD: -O0
 * BUILD: -O2 -static -no-pie
 * BUILD: -O2 -D_FORTIFY_SOURCE=2
 * WINDOW: jumper inner outer catcher
 * IN: jumper: getuid=20
 * IN: inner: getgid=20
 * IN: outer: getgid=20 geteuid=20
 * IN: catcher: getuid=10 getegid=10
 * AFTER: getpgrp gettid getpriority
 */
#include "win.h"

#include <setjmp.h>
#include <signal.h>

static jmp_buf out;
static sigjmp_buf sigout;
static volatile int zero;

NOINLINE int jumper(int x)
{
	mark(SYS_getuid);
	evil();
	if (x)
		longjmp(out, x);
	return zero;
}

NOINLINE int inner(int x)
{
	mark(SYS_getgid);
	if (x & 1)
		siglongjmp(sigout, x);
	longjmp(out, x);
}

NOINLINE int outer(int x)
{
	int r;

	mark(SYS_geteuid);
	r = inner(x);
	mark(SYS_getppid);	/* never */
	return r + zero;
}

/* Where it is jumped to: still inside. */
NOINLINE int catcher(int x)
{
	int r = setjmp(out);

	if (!r)
		jumper(x);
	mark(SYS_getegid);
	return r + zero;
}

/* Goes down beyond the frames that were given up, and writes over nothing there. */
NOINLINE void deeper(int n)
{
	volatile char unused[16384] __attribute__((unused));

	if (n)
		deeper(n - 1);
	else
		mark(SYS_gettid);
	unused[0] = (char)n;
}

NOINLINE void shallow(void)
{
	mark(SYS_getpriority);
}

static int by_longjmp(int (*f)(int), int n)
{
	volatile int i, sum = 0;
	int r;

	for (i = 1; i <= n; i++) {
		r = setjmp(out);
		if (!r)
			r = sigsetjmp(sigout, 1);
		if (!r)
			f(i);
		sum += r;
		mark(SYS_getpgrp);
		shallow();
		deeper(0);
		deeper(2);
	}
	return sum;
}

int main(int argc, char **argv)
{
	int i, sum = 0;

	win_start(argc, argv);
	printf("out of one: %d\n", by_longjmp(jumper, 10));
	printf("out of two: %d\n", by_longjmp(outer, 20));
	for (i = 1; i <= 10; i++) {
		sum += catcher(i);
		mark(SYS_getpgrp);
	}
	printf("into one: %d\n", sum);
	outside(SYS_getuid);
	return 0;
}
