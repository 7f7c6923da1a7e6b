/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * win - what the programs that are watched through windows have in common
 *
 * In:    "evil": makes one call more, in a window; "out": makes a call of a window outside of all
 * Out:   the same lines in every run; "EVIL made", "OUT made" when such a call got through
 * Never: makes a call between a window and the kernel that is no marker
 *
 * A marker is a system call without arguments or effects that no runtime makes by itself. The
 * head of each program is read by tests/live/test-windows.sh:
 *
 *	BUILD: options of the compiler, and of chestnut-run behind "|"; a line for each way
 *	LIBRARY: the same, for lib%n.so, %n being the program's name
 *	WINDOW: functions, as for -f, one -f each
 *	IN: FUNCTION: CALL=N ...	the markers made in its windows, N times in one run;
 *					CALL=*: they may be, however often
 *	AFTER: CALL ...			the markers made outside of all windows
 *
 * A marker that a line does not name must not be learned there.
 */
#ifndef WIN_H
#define WIN_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline, noipa))
#define ALWAYS __attribute__((always_inline, unused)) static inline

#ifdef __clang__
#undef NOINLINE
#define NOINLINE __attribute__((noinline))
#endif

#define EVIL_CALL SYS_sched_getparam	/* of no pid and no place for it: EINVAL */

static bool win_evil __attribute__((unused));
static bool win_out __attribute__((unused));

/* One instruction, inlined: it is made in the function that says so. */
ALWAYS long win_call(long nr)
{
	long rc;
#if defined(__x86_64__)
	__asm__ volatile("syscall"
			 : "=a"(rc)
			 : "a"(nr), "D"(0L), "S"(0L), "d"(0L)
			 : "rcx", "r11", "memory");
#else
	__asm__ volatile("push %%ebx\n\txor %%ebx, %%ebx\n\tint $0x80\n\tpop %%ebx"
			 : "=a"(rc)
			 : "a"(nr), "c"(0L), "d"(0L)
			 : "memory");
#endif
	return rc;
}

/* A marker that must get through. */
ALWAYS void mark(long nr)
{
	if (win_call(nr) < 0) {
		static const char words[] = "a marker was refused\n";

		if (write(1, words, sizeof(words) - 1) < 0)
			_exit(98);
		_exit(97);
	}
}

ALWAYS void evil(void)
{
	if (win_evil)
		printf("EVIL %s\n", win_call(EVIL_CALL) == -EINVAL ? "made" : "refused");
}

/* @nr is a marker of some window, and we are in none. */
ALWAYS void outside(long nr)
{
	if (win_out)
		printf("OUT %s\n", win_call(nr) >= 0 ? "made" : "refused");
}

__attribute__((unused))
static void win_start(int argc, char **argv)
{
	win_evil = argc > 1 && strcmp(argv[1], "evil") == 0;
	win_out = argc > 1 && strcmp(argv[1], "out") == 0;
	/* A line at a time: what was said before the end is seen. */
	setvbuf(stdout, NULL, _IOLBF, 4096);
}

/* What must hold for the program to show anything. */
#define NEED(c) do { \
	if (!(c)) { \
		printf("%s:%d: needed: %s (errno %d)\n", __FILE__, __LINE__, #c, errno); \
		exit(96); \
	} \
} while (0)

#endif
