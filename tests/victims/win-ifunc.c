/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A function whose symbol names a resolver: the window is what the resolver chose.
 *
 * BUILD: -O2
 * BUILD: -O2 -no-pie -fno-pie
 * BUILD: -O2 -static -no-pie -fno-pie
 * BUILD: -O2 -Wl,-z,lazy
 * BUILD: -O2 -Wl,-z,now
 * WINDOW: chosen
 * IN: chosen: getgid=11 getegid=6
 * AFTER: geteuid
 */
#include "win.h"

static volatile int zero;

NOINLINE static int this_one(int x)
{
	mark(SYS_getgid);
	evil();
	if (x & 1)
		return zero + 1;
	mark(SYS_getegid);
	return x + zero;
}

NOINLINE static int that_one(int x)
{
	mark(SYS_getpgrp);
	return x + zero;
}

/* Runs before anything else does, in the loader. */
static int (*resolve(void))(int)
{
	return sizeof(void *) > 2 ? this_one : that_one;
}

int chosen(int x) __attribute__((ifunc("resolve")));

static int (*volatile pointer)(int) = chosen;

int main(int argc, char **argv)
{
	int i, sum = 0;

	win_start(argc, argv);
	for (i = 0; i < 10; i++) {
		sum += chosen(i);
		mark(SYS_geteuid);
	}
	sum += pointer(100);
	printf("the one that was chosen: %d\n", sum);
	outside(SYS_getgid);
	return 0;
}
