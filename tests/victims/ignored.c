/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Signals that are ignored, by choice or by default, while it waits without a limit in calls that a
 * signal's handler ends with EINTR. Says how the calls ended.
 */
#include "victim.h"
#include <sys/epoll.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/wait.h>

static const int ignored[] = { SIGWINCH, SIGUSR1, SIGURG, SIGCONT };

/* A child that disturbs its parent, then does what ends the waiting. */
static pid_t disturb(void (*end)(int), int arg)
{
	pid_t parent = getpid(), pid = fork();
	int round;
	size_t i;

	if (pid != 0)
		return pid;
	for (round = 0; round < 3; round++) {
		for (i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++) {
			usleep(20000);
			kill(parent, ignored[i]);
		}
	}
	usleep(20000);
	end(arg);
	_exit(0);
}

static void by_write(int fd)
{
	if (write(fd, "x", 1) != 1)
		_exit(1);
}

static void by_signal(int sig)
{
	kill(getppid(), sig);
}

static void by_sem(int id)
{
	struct sembuf up = { 0, 1, 0 };

	semop(id, &up, 1);
}

static void on_signal(int sig)
{
	(void)sig;
}

int main(void)
{
	struct sembuf down = { 0, -1, 0 };
	struct epoll_event ev = { .events = EPOLLIN };
	int ends[2], ep = epoll_create1(0), id, rc;
	sigset_t set;

	signal(SIGUSR1, SIG_IGN);
	if (pipe(ends) < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, ends[0], &ev) < 0)
		return 99;
	disturb(by_write, ends[1]);
	rc = epoll_wait(ep, &ev, 1, -1);
	printf("epoll_wait: %d%s\n", rc, rc < 0 && errno == EINTR ? " EINTR" : "");
	while (wait(NULL) > 0)
		;
	if (read(ends[0], &rc, 1) != 1)
		return 99;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	disturb(by_signal, SIGUSR2);
	rc = sigwaitinfo(&set, NULL);
	printf("sigwaitinfo: %s\n", rc == SIGUSR2 ? "SIGUSR2" : rc < 0 ? strerror(errno) : "?");
	while (wait(NULL) > 0)
		;
	id = semget(IPC_PRIVATE, 1, 0600);
	disturb(by_sem, id);
	rc = semop(id, &down, 1);
	printf("semop: %d%s\n", rc, rc < 0 && errno == EINTR ? " EINTR" : "");
	semctl(id, 0, IPC_RMID);
	while (wait(NULL) > 0)
		;
	/* A handler does end it. */
	signal(SIGALRM, on_signal);
	alarm(1);
	rc = epoll_wait(ep, &ev, 1, -1);
	printf("epoll_wait with a handler: %d%s\n", rc, rc < 0 && errno == EINTR ? " EINTR" : "");
	return 0;
}
