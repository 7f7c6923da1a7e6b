/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Windows that are left by exceptions: caught in the caller, several frames up, thrown on, and on
 * the way through a window that has something to clean up.
 *
 * BUILD: -O2
 * BUILD: -O0
 * BUILD: -O2 -static
 * WINDOW: thrower far_inner far_outer passes keeps swallows
 * IN: thrower: getuid=20
 * IN: far_inner: getgid=20
 * IN: far_outer: getgid=10 geteuid=10
 * IN: passes: getuid=10 getegid=10
 * IN: keeps: getuid=10 getppid=10 getpgrp=10
 * IN: swallows: sched_yield=20
 * AFTER: gettid
 */
#include "win.h"

static volatile int zero;

struct problem {
	int code;
};

extern "C" NOINLINE int thrower(int x)
{
	mark(SYS_getuid);
	if (x >= 0)
		throw problem{x};
	return x;
}

extern "C" NOINLINE int far_inner(int x)
{
	mark(SYS_getgid);
	evil();
	if (x >= 0)
		throw problem{x + 1};
	return zero;
}

NOINLINE int between(int x)
{
	return far_inner(x) + zero;
}

extern "C" NOINLINE int far_outer(int x)
{
	int r;

	mark(SYS_geteuid);
	r = between(x);
	mark(SYS_getppid);	/* never */
	return r;
}

/* Catches, and throws on: what it does in between is inside of it. */
extern "C" NOINLINE int passes(int x)
{
	try {
		return thrower(x) + zero;
	} catch (const problem &) {
		mark(SYS_getegid);
		throw;
	}
}

struct cleaner {
	NOINLINE ~cleaner() { mark(SYS_getppid); }
};

/* The exception goes through, and on the way the destructor runs. */
extern "C" NOINLINE int keeps(int x)
{
	cleaner c;
	int r;

	mark(SYS_getpgrp);
	r = thrower(x);
	return r + zero;
}

/* One that catches its own: it goes on and is left by its ret. */
extern "C" NOINLINE int swallows(int x)
{
	int r = 0;

	mark(SYS_sched_yield);
	try {
		if (x >= 0)
			throw problem{x};
	} catch (const problem &p) {
		r = p.code + zero;
	}
	mark(SYS_sched_yield);
	return r;
}

typedef int (*function)(int);

static int caught(function f)
{
	int i, sum = 0;

	for (i = 0; i < 10; i++) {
		try {
			sum += f(i) + 1000;
		} catch (const problem &p) {
			mark(SYS_gettid);
			sum += p.code;
		}
		mark(SYS_gettid);
	}
	return sum;
}

int main(int argc, char **argv)
{
	win_start(argc, argv);
	printf("caught in the caller: %d\n", caught(far_inner) - 10);
	printf("caught two windows up: %d\n", caught(far_outer));
	printf("thrown on: %d\n", caught(passes));
	printf("cleaned up: %d\n", caught(keeps));
	printf("caught inside: %d\n", caught(swallows));
	outside(SYS_getuid);
	return 0;
}
