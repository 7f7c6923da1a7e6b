/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two executables of one tree with windows of the same name (test-tree-windows compiles it twice):
 * work() makes the call WORK; with NEXT, only() makes one more and NEXT is run behind it. "evil"
 * makes the last one call getsid() in work(), "out" makes it call WORK outside.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline, noclone))

static volatile int zero;

NOINLINE int work(int evil)
{
	syscall(WORK);
	if (evil && syscall(SYS_getsid, 0) >= 0)
		printf("EVIL made\n");
	return evil + zero;
}

#ifdef NEXT
NOINLINE int only(int x)
{
	syscall(SYS_getpgrp);
	return x + zero;
}

static int next(char **argv)
{
	int status;
	pid_t pid;

	/* The child of fork has its parent's windows until its exec. */
	pid = fork();
	if (pid == 0) {
		work(0);
		execv(NEXT, argv);
		_exit(127);
	}
	return pid < 0 || waitpid(pid, &status, 0) != pid ? 1 : WEXITSTATUS(status);
}
#endif

int main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";

	(void)word;
#ifdef NEXT
	work(0);
	only(1);
	return next(argv);
#else
	work(strcmp(word, "evil") == 0);
	if (strcmp(word, "out") == 0 && syscall(WORK) >= 0)
		printf("OUT made\n");
	printf("done\n");
	return 4;
#endif
}
