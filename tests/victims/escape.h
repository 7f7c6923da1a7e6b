/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * escape - what the attempts to get out have in common
 *
 * In:    the name of an attempt
 * Out:   "trying" when everything is ready, "ESCAPED" when the deed was done all the same
 * Never: does the deed in a way that leaves more than an empty directory called evil
 *
 * The deed is mkdir("evil"), by whatever door. The policy that tests/live/test-escape.sh enforces
 * allows everything else, so an attempt has all the power there is. Natively each prints ESCAPED.
 */
#ifndef ESCAPE_H
#define ESCAPE_H

#include "victim.h"

#include <linux/sched.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <ucontext.h>

struct attempt {
	const char *name;
	void (*play)(void);
	const char *how;	/* letters: below */
};

/*
 * What test-escape.sh does with an attempt:
 *	n	not natively: there is no supervisor then, or nothing to be seen
 *	m	natively it may have no door here (no x32, no vsyscall page): no proof, then
 *	u	as an ordinary user only: README says what is not promised as root
 *	r	as root only
 */

#define EVIL "evil"
#define NR_MKDIR32 39

__attribute__((unused))
static long raw6(unsigned long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long rc;

	__asm__ volatile("syscall" : "=a"(rc)
			 : "0"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return rc;
}

#define raw(nr, a, b) raw6(nr, (long)(a), (long)(b), 0, 0, 0, 0)

__attribute__((unused))
static long int80(long nr, long a, long b, long c)
{
	long rc;

	__asm__ volatile("int $0x80" : "=a"(rc) : "0"(nr), "b"(a), "c"(b), "d"(c)
			 : "memory", "r8", "r9", "r10", "r11");
	return rc;
}

__attribute__((unused))
static void trying(void)
{
	say("trying");
}

/* What a call that does the deed has answered. */
__attribute__((unused))
static void done(long rc)
{
	if (rc == 0)
		say("ESCAPED");
}

__attribute__((unused))
static void deed(void)
{
	done(raw(SYS_mkdir, EVIL, 0700));
}

/* The path where 32 bits can point to it. */
__attribute__((unused))
static char *low_memory(size_t size)
{
	char *low = mmap(NULL, size, PROT_READ | PROT_WRITE | PROT_EXEC,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	NEED(low != MAP_FAILED);
	return low;
}

__attribute__((unused))
static pid_t tracer(void)
{
	char line[256];
	int pid = 0;
	FILE *f = fopen("/proc/self/status", "re");

	NEED(f);
	while (fgets(line, sizeof(line), f) && sscanf(line, "TracerPid: %d", &pid) != 1)
		;
	fclose(f);
	NEED(pid > 0);
	return pid;
}

/* Waits for all children, for a while. */
__attribute__((unused))
static void reap_all(void)
{
	while (waitpid(-1, NULL, __WALL) > 0 || errno == EINTR)
		;
}

__attribute__((unused))
static int attempt(const struct attempt *all, size_t n, int argc, char **argv)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (argc > 1 && strcmp(argv[1], all[i].name) == 0) {
			all[i].play();
			return 0;
		}
	}
	for (i = 0; i < n; i++)
		printf("%s %s\n", all[i].name, *all[i].how ? all[i].how : "-");
	return argc > 1 ? 96 : 0;
}

#endif
