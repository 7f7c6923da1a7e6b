/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * victim - what the small programs under tests/victims have in common
 *
 * In:    the name of an act, as the first argument
 * Out:   lines that say what the program saw, the same in every run
 * Never: prints a pid, an address, a time or anything else that differs between two runs
 *
 * A victim runs natively, then supervised; the two outputs must be the same, so an act prints
 * relations ("from my child") instead of values.
 */
#ifndef VICTIM_H
#define VICTIM_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct act {
	const char *name;
	void (*play)(int argc, char **argv);
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* One whole line in one write: lines of several processes never mix, nothing waits in a buffer
 * that a fork would double. */
__attribute__((format(printf, 1, 2), unused))
static void say(const char *fmt, ...)
{
	char line[4096];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line) - 1, fmt, ap);
	va_end(ap);
	if (n > (int)sizeof(line) - 2)
		n = (int)sizeof(line) - 2;
	line[n++] = '\n';
	if (write(1, line, (size_t)n) != n)
		_exit(98);
}

/* What must hold for the act to make sense at all: not what it observes. */
#define NEED(c) do { \
	if (!(c)) { \
		say("%s:%d: needed: %s (errno %d)", __FILE__, __LINE__, #c, errno); \
		_exit(97); \
	} \
} while (0)

/* The name of errno, or "0" for success. */
__attribute__((unused))
static const char *outcome(long rc)
{
	return rc < 0 ? strerrorname_np(errno) : "0";
}

__attribute__((unused))
static const char *signame(int sig)
{
	static char rt[32];
	const char *abbrev = sig < 32 ? sigabbrev_np(sig) : NULL;

	if (abbrev)
		return abbrev;
	snprintf(rt, sizeof(rt), "#%d", sig);
	return rt;
}

__attribute__((unused))
static const char *status_words(int status)
{
	static char words[64];

	if (WIFEXITED(status))
		snprintf(words, sizeof(words), "exited %d", WEXITSTATUS(status));
	else if (WIFSIGNALED(status))
		snprintf(words, sizeof(words), "killed by %s%s", signame(WTERMSIG(status)),
			 WCOREDUMP(status) ? " with a core" : "");
	else if (WIFSTOPPED(status))
		snprintf(words, sizeof(words), "stopped by %s", signame(WSTOPSIG(status)));
	else if (WIFCONTINUED(status))
		snprintf(words, sizeof(words), "continued");
	else
		snprintf(words, sizeof(words), "status %#x", status);
	return words;
}

/* Waits for a child, whatever interrupts; its status. */
__attribute__((unused))
static int reap(pid_t pid)
{
	int status = -1;

	while (waitpid(pid, &status, __WALL) < 0)
		NEED(errno == EINTR);
	return status;
}

__attribute__((unused))
static void nap_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		;
}

/* The field of /proc/TID/stat that is the state letter; '?' when there is no such task. */
__attribute__((unused))
static char task_state(pid_t tid)
{
	char path[64], text[512], *close_paren;
	int fd;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return '?';
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return '?';
	text[n] = '\0';
	close_paren = strrchr(text, ')');
	return close_paren ? close_paren[2] : '?';
}

/* Waits until the task sleeps in the kernel (in a call that blocks). A task in a ptrace
 * stop ('t') does not sleep; it will. */
__attribute__((unused))
static void wait_asleep(pid_t tid)
{
	int calm = 0;

	while (calm < 3) {
		calm = task_state(tid) == 'S' ? calm + 1 : 0;
		nap_ms(5);
	}
}

/* Calls that an act makes or does not make, as the moment will have it: each run makes them
 * once, so that a policy learned from another run holds them. */
__attribute__((unused))
static void warm_up(void)
{
	static int word;
	int saved = errno, status;

	nap_ms(0);
	(void)task_state(getpid());
	sched_yield();
	getppid();
	kill(getpid(), 0);
	waitpid(getpid(), &status, WNOHANG);
	syscall(SYS_futex, &word, 1 /* FUTEX_WAKE */, 1, NULL, NULL, 0);
	syscall(SYS_madvise, 0L, 0L, 0L);
	syscall(SYS_munmap, -1L, 0L);
	errno = saved;
}

__attribute__((unused))
static int play(const struct act *acts, size_t n, int argc, char **argv)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (argc > 1 && strcmp(argv[1], acts[i].name) == 0) {
			warm_up();
			acts[i].play(argc - 1, argv + 1);
			return 0;
		}
	}
	for (i = 0; i < n; i++)
		printf("%s\n", acts[i].name);
	return argc > 1 ? 96 : 0;
}

#endif
