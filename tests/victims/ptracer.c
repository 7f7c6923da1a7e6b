/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ptracer - a program that wants to trace, or to be traced
 *
 * A task has one tracer. Under a supervisor these requests fail with EPERM; natively they work.
 * So this one does not print whether they do, but that its work ends, either way.
 */
#include "victim.h"

#include <linux/ptrace.h>
#include <sys/prctl.h>

static long trace(long request, pid_t pid, long data)
{
	return syscall(SYS_ptrace, request, (long)pid, 0L, data);
}

static bool fair(long rc)
{
	return rc == 0 || errno == EPERM;
}

static void traceme(int argc, char **argv)
{
	pid_t child = fork();
	int status;

	(void)argc, (void)argv;
	NEED(child >= 0);
	if (child == 0) {
		long rc = trace(PTRACE_TRACEME, 0, 0);

		if (!fair(rc))
			_exit(1);
		raise(SIGSTOP);
		_exit(5);
	}
	NEED(waitpid(child, &status, WUNTRACED) == child);
	say("%s", status_words(status));
	if (trace(PTRACE_CONT, child, 0) < 0)
		kill(child, SIGCONT);
	say("%s", status_words(reap(child)));
}

static int follow(pid_t child)
{
	int status;

	for (;;) {
		NEED(waitpid(child, &status, __WALL) == child);
		if (!WIFSTOPPED(status))
			return status;
		trace(PTRACE_CONT, child, WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status));
	}
}

static void seize(int argc, char **argv)
{
	int go[2];
	pid_t child;
	char c;

	(void)argc, (void)argv;
	NEED(pipe(go) == 0);
	child = fork();
	NEED(child >= 0);
	if (child == 0) {
		NEED(read(go[0], &c, 1) == 1);
		child = fork();
		if (child == 0)
			_exit(3);
		_exit(WEXITSTATUS(reap(child)) + 1);
	}
	say("seize: %s", fair(trace(PTRACE_SEIZE, child, 0)) ? "fair" : strerrorname_np(errno));
	NEED(write(go[1], "x", 1) == 1);
	say("%s", status_words(follow(child)));
}

static void try_to_trace(const char *whom, pid_t pid)
{
	long rc = trace(PTRACE_ATTACH, pid, 0);
	int status;

	say("%s: %s", whom, rc < 0 ? "refused" : "not refused");
	if (rc == 0 && waitpid(pid, &status, __WALL) > 0)
		trace(PTRACE_DETACH, pid, 0);
}

static pid_t tracer(void)
{
	char line[256];
	int pid = 0;
	FILE *f = fopen("/proc/self/status", "re");

	NEED(f);
	while (fgets(line, sizeof(line), f) && sscanf(line, "TracerPid: %d", &pid) != 1)
		;
	fclose(f);
	return pid;
}

static void supervisor(int argc, char **argv)
{
	char path[64];
	pid_t pid = tracer();

	(void)argc, (void)argv;
	NEED(pid > 0);
	try_to_trace("its tracer", pid);
	try_to_trace("its parent", getppid());
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	say("its tracer's memory: %s", outcome(open(path, O_RDWR | O_CLOEXEC)));
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)getppid());
	say("its parent's memory: %s", outcome(open(path, O_RDWR | O_CLOEXEC)));
}

static void memory(int argc, char **argv)
{
	char path[64];
	int fd;

	(void)argc, (void)argv;
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)getpid());
	fd = open(path, O_RDWR | O_CLOEXEC);
	say("my own memory: %s", outcome(fd));
	say("attach to myself: %s", outcome(trace(PTRACE_ATTACH, getpid(), 0)));
	say("a request that is none: %s", outcome(trace(0x9999, getpid(), 0)));
	say("dumpable 0: %s", outcome(prctl(PR_SET_DUMPABLE, 0)));
	say("children of one who is not: %s", status_words(reap(fork() ? -1 : (_exit(2), 0))));
}

int main(int argc, char **argv)
{
	static const struct act acts[] = {
		{ "traceme", traceme }, { "seize", seize }, { "memory", memory },
		{ "supervisor", supervisor },	/* not natively: it would stop whoever started it */
	};

	return play(acts, COUNT(acts), argc, argv);
}
