/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* waits - the wait calls with every option */
#include "victim.h"

#include <poll.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

static void tell(const char *what, int rc, const siginfo_t *si, pid_t child)
{
	if (rc < 0)
		say("%s: %s", what, outcome(rc));
	else if (si->si_pid == 0)
		say("%s: nothing yet", what);
	else
		say("%s: %s code %d status %d uid %s signo %s", what,
		    si->si_pid == child ? "the child" : "another", si->si_code, si->si_status,
		    si->si_uid == getuid() ? "mine" : "another", signame(si->si_signo));
}

static void ask(const char *what, idtype_t type, id_t id, int options, pid_t child)
{
	siginfo_t si;

	memset(&si, 0, sizeof(si));
	tell(what, waitid(type, id, &si, options), &si, child);
}

static pid_t sleeper(void)
{
	pid_t child = fork();

	NEED(child >= 0);
	if (child == 0)
		for (;;)
			pause();
	return child;
}

static pid_t leaver(int code)
{
	pid_t child = fork();

	NEED(child >= 0);
	if (child == 0)
		_exit(code);
	return child;
}

static void options(int argc, char **argv)
{
	pid_t child = sleeper();

	(void)argc, (void)argv;
	ask("nothing", P_PID, (id_t)child, WEXITED | WSTOPPED | WCONTINUED | WNOHANG, child);
	ask("no option at all", P_PID, (id_t)child, WNOHANG, child);
	kill(child, SIGSTOP);
	ask("stopped, kept", P_PID, (id_t)child, WSTOPPED | WNOWAIT, child);
	ask("not exited", P_PID, (id_t)child, WEXITED | WNOHANG, child);
	ask("stopped, taken", P_ALL, 0, WSTOPPED, child);
	ask("stopped, gone", P_ALL, 0, WSTOPPED | WNOHANG, child);
	kill(child, SIGCONT);
	ask("continued, kept", P_PID, (id_t)child, WCONTINUED | WNOWAIT, child);
	ask("continued, taken", P_PID, (id_t)child, WCONTINUED | WEXITED, child);
	ask("continued, gone", P_PID, (id_t)child, WCONTINUED | WNOHANG, child);
	kill(child, SIGUSR1);
	ask("killed, kept", P_PID, (id_t)child, WEXITED | WNOWAIT, child);
	ask("killed, not stopped", P_PID, (id_t)child, WSTOPPED | WNOHANG, child);
	ask("killed, kept again", P_ALL, 0, WEXITED | WNOWAIT, child);
	ask("killed, taken", P_PID, (id_t)child, WEXITED, child);
	ask("no child", P_PID, (id_t)child, WEXITED, child);
	ask("bad options", P_ALL, 0, 0x10000000, child);
}

static void groups(int argc, char **argv)
{
	pid_t a = leaver(3), b, c;
	int status;

	(void)argc, (void)argv;
	ask("own group", P_PGID, 0, WEXITED, a);
	b = fork();
	NEED(b >= 0);
	if (b == 0) {
		setpgid(0, 0);
		raise(SIGSTOP);
		_exit(4);
	}
	NEED(waitpid(b, &status, WUNTRACED) == b);
	c = leaver(5);
	ask("its group", P_PGID, (id_t)b, WEXITED | WNOHANG, b);
	kill(b, SIGCONT);
	ask("its group", P_PGID, (id_t)b, WEXITED, b);
	NEED(waitpid(0, &status, 0) == c);
	say("waitpid 0: %s", status_words(status));
	say("waitpid -1: %s", outcome(waitpid(-1, &status, 0)));
	say("waitpid of a group that is not: %s", outcome(waitpid(-b, &status, 0)));
}

static void by_pidfd(int argc, char **argv)
{
	pid_t child = sleeper();
	int fd = (int)syscall(SYS_pidfd_open, child, 0);
	struct pollfd p = { .fd = fd, .events = POLLIN };

	(void)argc, (void)argv;
	NEED(fd >= 0);
	say("poll before: %d", poll(&p, 1, 0));
	ask("running", P_PIDFD, (id_t)fd, WEXITED | WNOHANG, child);
	NEED(syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0) == 0);
	say("poll after: %d", poll(&p, 1, -1));
	ask("killed", P_PIDFD, (id_t)fd, WEXITED, child);
	ask("once more", P_PIDFD, (id_t)fd, WEXITED, child);
	say("signal: %s", outcome(syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0)));
}

static int clone_body(void *arg)
{
	return (int)(intptr_t)arg;
}

/* A clone child with another exit signal is only for __WALL and __WCLONE. */
static void clones(int argc, char **argv)
{
	static char stack[65536] __attribute__((aligned(16)));
	pid_t child;
	int status, rc;

	(void)argc, (void)argv;
	child = clone(clone_body, stack + sizeof(stack), 0, (void *)7);
	NEED(child >= 0);
	rc = waitpid(child, &status, 0);
	say("plain wait for a clone: %s", outcome(rc));
	NEED(waitpid(child, &status, __WCLONE) == child);
	say("__WCLONE: %s", status_words(status));
	child = clone(clone_body, stack + sizeof(stack), SIGCHLD, (void *)8);
	NEED(child >= 0);
	rc = waitpid(child, &status, __WCLONE);
	say("__WCLONE for a child: %s", outcome(rc));
	NEED(waitpid(child, &status, __WALL) == child);
	say("__WALL: %s", status_words(status));
	signal(SIGUSR1, SIG_IGN);
	child = clone(clone_body, stack + sizeof(stack), SIGUSR1, (void *)9);
	NEED(child >= 0);
	NEED(waitpid(-1, &status, __WALL) == child);
	say("__WALL for SIGUSR1: %s", status_words(status));
}

static void *no_thread(void *arg)
{
	int status, *errs = arg;

	errs[0] = waitpid(-1, &status, WNOHANG | __WNOTHREAD) < 0 ? errno : 0;
	errs[1] = waitpid(-1, &status, 0) < 0 ? errno : WEXITSTATUS(status);
	return NULL;
}

static void threads(int argc, char **argv)
{
	int errs[2] = { -1, -1 };
	pthread_t t;

	(void)argc, (void)argv;
	leaver(11);
	NEED(pthread_create(&t, NULL, no_thread, errs) == 0);
	pthread_join(t, NULL);
	say("__WNOTHREAD in a thread: %s; without: status %d", strerrorname_np(errs[0]), errs[1]);
}

static void ignored(int argc, char **argv)
{
	struct sigaction sa = { .sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT };
	int status;

	(void)argc, (void)argv;
	signal(SIGCHLD, SIG_IGN);
	leaver(1);
	leaver(2);
	say("ignored: %s", outcome(waitpid(-1, &status, 0)));
	sigaction(SIGCHLD, &sa, NULL);
	leaver(1);
	say("SA_NOCLDWAIT: %s", outcome(wait(&status)));
}

static void usage(int argc, char **argv)
{
	struct rusage ru;
	pid_t child;
	int status;

	(void)argc, (void)argv;
	memset(&ru, 0x7f, sizeof(ru));
	child = leaver(6);
	NEED(wait4(child, &status, 0, &ru) == child);
	say("wait4: %s, usage %s", status_words(status),
	    ru.ru_maxrss > 0 && ru.ru_utime.tv_sec < 5 ? "given" : "not given");
	say("wait4 of self: %s", outcome(wait4(getpid(), &status, 0, NULL)));
	say("wait4 of init: %s", outcome(wait4(1, &status, 0, NULL)));
}

/* 200 children end in any order; each is seen once. */
static void many(int argc, char **argv)
{
	int i, status, sum = 0, n = 0;

	(void)argc, (void)argv;
	for (i = 0; i < 200; i++)
		leaver(i);
	while (wait(&status) > 0) {
		n++;
		sum += WEXITSTATUS(status);
	}
	say("%d children, sum %d, then %s", n, sum, strerrorname_np(errno));
}

int main(int argc, char **argv)
{
	static const struct act acts[] = {
		{ "options", options }, { "groups", groups }, { "by-pidfd", by_pidfd },
		{ "clones", clones }, { "threads", threads }, { "ignored", ignored },
		{ "usage", usage }, { "many", many },
	};

	return play(acts, COUNT(acts), argc, argv);
}
