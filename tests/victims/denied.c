/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * denied - makes one call more than it made when it was watched
 *
 *	denied usual		the usual calls
 *	denied extra		getsid as well, in a function of its own, and says what came back
 *	denied child		the same in a child, while the parent waits
 *	denied tree FILE [x]	three children live; one makes it; nobody may write FILE after that
 *	denied number N		call N, and says what came back
 */
#include "victim.h"

__attribute__((noinline))
static long unusual(void)
{
	long rc = syscall(SYS_getsid, 0);

	__asm__ volatile("" ::: "memory");	/* no tail call: the frame stays on the stack */
	return rc;
}

__attribute__((noinline))
static long through_here(void)
{
	long rc = unusual();

	__asm__ volatile("" ::: "memory");
	return rc;
}

static void usual(int argc, char **argv)
{
	(void)argc, (void)argv;
	say("usual");
}

static void extra(int argc, char **argv)
{
	long rc;

	(void)argc, (void)argv;
	say("before");
	rc = through_here();
	say("after: %s", outcome(rc));
}

static void child(int argc, char **argv)
{
	pid_t pid = fork();

	NEED(pid >= 0);
	if (pid == 0) {
		extra(argc, argv);
		_exit(0);
	}
	say("%s", status_words(reap(pid)));
}

/* The children write a byte every few milliseconds, for as long as they live. */
static void tree(int argc, char **argv)
{
	const char *path = argc > 1 ? argv[1] : "/dev/null";
	int k, fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
	pid_t pid[3];

	NEED(fd >= 0);
	for (k = 0; k < 3; k++) {
		pid[k] = fork();
		NEED(pid[k] >= 0);
		if (pid[k])
			continue;
		if (k == 1)
			setsid();
		for (;;) {
			NEED(write(fd, "x", 1) == 1);
			nap_ms(2);
		}
	}
	nap_ms(100);
	if (argc > 2)
		through_here();
	for (k = 0; k < 3; k++) {
		kill(pid[k], SIGKILL);
		reap(pid[k]);
	}
}

static void number(int argc, char **argv)
{
	long nr = argc > 1 ? strtol(argv[1], NULL, 0) : 9999;

	say("%ld: %s", nr, outcome(syscall(nr, -1L, 0L, 0L, 0L, 0L, 0L)));
}

int main(int argc, char **argv)
{
	static const struct act acts[] = {
		{ "usual", usual }, { "extra", extra }, { "child", child }, { "tree", tree },
		{ "number", number },
	};

	return play(acts, COUNT(acts), argc, argv);
}
