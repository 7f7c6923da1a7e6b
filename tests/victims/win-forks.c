/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Processes made inside of a window: a child goes on where its parent is, so it is inside, too,
 * until it returns, ends, or becomes another program. One that was made outside is outside.
 *
 * BUILD: -O2 -pthread
 * BUILD: -O0 -static -pthread
 * WINDOW: forks vforks clones spawns execs ends later
 * IN: forks: getuid=10 getgid=20
 * IN: vforks: geteuid=10 getegid=10
 * IN: clones: geteuid=20 getegid=20
 * IN: spawns: getppid=10
 * IN: execs: getpgrp=5
 * IN: ends: sched_yield=5
 * IN: later: getsid=15
 * AFTER: getgid gettid getpriority
 */
#include "win.h"

#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

static volatile int zero;
static char *self = (char *)"/proc/self/exe";

static int status_of(pid_t pid)
{
	int status;

	NEED(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Both return from it: the child's return closes the child's window, not the parent's. */
NOINLINE pid_t forks(void)
{
	pid_t pid;

	mark(SYS_getuid);
	evil();
	pid = fork();
	mark(SYS_getgid);
	return pid + zero;
}

NOINLINE int vforks(int x)
{
	pid_t pid;

	mark(SYS_geteuid);
	pid = vfork();
	if (pid == 0) {
		mark(SYS_getegid);
		_exit(x);
	}
	return status_of(pid) + zero;
}

static int on_its_own(void *x)
{
	mark(SYS_getegid);
	_exit(*(int *)x);
}

/* As posix_spawn() does it: the parent's memory, but a stack of its own. */
NOINLINE int clones(int x)
{
	static char stack[64 * 1024] __attribute__((aligned(16)));

	mark(SYS_geteuid);
	return status_of(clone(on_its_own, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD,
			       &x)) + zero;
}

NOINLINE int spawns(int x)
{
	char *argv[] = { (char *)"self", (char *)"again", NULL };
	pid_t pid;

	mark(SYS_getppid);
	NEED(posix_spawn(&pid, self, NULL, NULL, argv, NULL) == 0);
	return status_of(pid) + x + zero;
}

NOINLINE void execs(void)
{
	mark(SYS_getpgrp);
	execl(self, "self", "again", (char *)NULL);
}

NOINLINE void ends(void)
{
	mark(SYS_sched_yield);
	_exit(3);
}

/* The child's text has traps of its own. */
NOINLINE int later(int x)
{
	mark(SYS_getsid);
	return x + zero;
}

int main(int argc, char **argv)
{
	int i, sum = 0;
	pid_t pid;

	if (argc > 1 && strcmp(argv[1], "again") == 0) {
		mark(SYS_getpriority);
		return 5;
	}
	win_start(argc, argv);
	for (i = 0; i < 10; i++) {
		pid = forks();
		if (pid == 0) {
			mark(SYS_gettid);
			mark(SYS_getgid);
			_exit(i);
		}
		sum += status_of(pid);
	}
	printf("fork: %d\n", sum);
	for (sum = i = 0; i < 10; i++)
		sum += vforks(i);
	printf("vfork: %d\n", sum);
	for (sum = i = 0; i < 20; i++)
		sum += clones(i);
	printf("clone: %d\n", sum);
	for (sum = i = 0; i < 10; i++)
		sum += spawns(i);
	printf("posix_spawn: %d\n", sum);
	for (sum = i = 0; i < 15; i++) {
		pid = fork();
		NEED(pid >= 0);
		if (pid == 0) {
			if (i % 3 == 0)
				execs();
			else if (i % 3 == 1)
				ends();
			later(i);
			_exit(later(1) - 1);
		}
		sum += status_of(pid);
	}
	printf("exec, _exit and return: %d\n", sum);
	for (sum = i = 0; i < 5; i++)
		sum += later(i);
	printf("later: %d\n", sum);
	outside(SYS_getuid);
	return 0;
}
