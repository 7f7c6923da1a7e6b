/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Coroutines: several stacks of one thread, in memory of any kind. One that is not running stays
 * inside of its windows, and what the others do meanwhile does not belong to them.
 *
 * BUILD: -O2
 * BUILD: -O0 -static
 * WINDOW: yields outer inner body
 * IN: yields: getuid=20 geteuid=20
 * IN: outer: getppid=10
 * IN: inner: getpgrp=10
 * IN: body: getsid=20
 * AFTER: getgid getegid gettid
 */
#include "win.h"

#include <sys/mman.h>
#include <ucontext.h>

#define STACK (64 * 1024)

static ucontext_t home, co[2];
static volatile int zero, steps;

static void resume(int n)
{
	NEED(swapcontext(&home, &co[n]) == 0);
}

static void suspend(int n)
{
	NEED(swapcontext(&co[n], &home) == 0);
}

/* Suspended in the middle, and inside still when it goes on. */
NOINLINE int yields(int n)
{
	mark(SYS_getuid);
	evil();
	suspend(n);
	mark(SYS_geteuid);
	return n + zero;
}

static void player(int n)
{
	for (;;) {
		steps += yields(n) + 1;
		suspend(n);
	}
}

/* A coroutine that another one begins, runs and sees the end of. */
NOINLINE int inner(int x)
{
	mark(SYS_getpgrp);
	return x + zero;
}

static void guest(int x)
{
	mark(SYS_getegid);
	steps += inner(x);
}

/* The function a coroutine begins with. */
NOINLINE void body(int n)
{
	mark(SYS_getsid);
	steps += n + zero;
}

static void begin(int n, void *stack, void (*f)(int), int arg)
{
	NEED(getcontext(&co[n]) == 0);
	co[n].uc_stack.ss_sp = stack;
	co[n].uc_stack.ss_size = STACK;
	co[n].uc_link = &home;
	makecontext(&co[n], (void (*)(void))f, 1, arg);
}

NOINLINE int outer(int x, void *stack)
{
	begin(1, stack, guest, x);
	resume(1);
	mark(SYS_getppid);
	return x + zero;
}

/* @a and @b: two stacks, one below the other. */
static void on(const char *where, void *a, void *b)
{
	int i;

	steps = 0;
	begin(0, a, player, 0);
	for (i = 0; i < 10; i++) {
		resume(0);		/* up to the middle of yields() */
		mark(SYS_getgid);
		resume(0);		/* out of it */
		mark(SYS_gettid);
	}
	mark(SYS_getgid);
	for (i = 0; i < 5; i++)
		steps += outer(i, b);
	for (i = 0; i < 10; i++) {
		begin(1, b, body, 1);
		resume(1);
		mark(SYS_gettid);
	}
	printf("%s: %d\n", where, steps);
}

int main(int argc, char **argv)
{
	char *stacks = mmap(NULL, 2 * STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);
	char *heap = malloc(2 * STACK);

	win_start(argc, argv);
	NEED(stacks != MAP_FAILED && heap);
	on("mapped stacks", stacks, stacks + STACK);
	on("stacks of malloc", heap + STACK, heap);
	outside(SYS_getuid);
	return 0;
}
