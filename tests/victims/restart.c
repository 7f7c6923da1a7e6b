/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* restart - calls that a signal interrupts: EINTR, SA_RESTART, and what time remains */
#include "victim.h"

#include <linux/futex.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/socket.h>

static volatile int caught;

static void on_signal(int sig)
{
	(void)sig;
	caught++;
}

static void handle(int sig, int flags)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = flags };

	NEED(sigaction(sig, &sa, NULL) == 0);
}

/* A helper that waits until its parent sleeps, sends @sig, then, when the parent sleeps again
 * or after a while, ends the wait by writing to @fd. */
static pid_t poke(int sig, int fd, int stop)
{
	pid_t parent = getpid(), child = fork();

	NEED(child >= 0);
	if (child)
		return child;
	wait_asleep(parent);
	if (stop) {
		kill(parent, SIGSTOP);
		while (task_state(parent) != 'T' && task_state(parent) != 't')
			nap_ms(1);
		kill(parent, SIGCONT);
	}
	if (sig)
		kill(parent, sig);
	if (fd >= 0) {
		nap_ms(60);
		if (write(fd, "y", 1) != 1)
			_exit(1);
	}
	_exit(0);
}

static void tell(const char *what, long rc, pid_t child)
{
	int err = errno;

	reap(child);
	say("%s: %s, signals %d", what, rc < 0 ? strerrorname_np(err) : "went on", caught);
	caught = 0;
}

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void sleeps(int argc, char **argv)
{
	struct timespec want = { 30, 0 }, left = { -1, -1 }, at;
	pid_t child;
	long rc, before;

	(void)argc, (void)argv;
	handle(SIGUSR1, SA_RESTART);
	child = poke(SIGUSR1, -1, 0);
	rc = nanosleep(&want, &left);
	tell("nanosleep with a handler", rc, child);
	say("left: %s", left.tv_sec >= 1 && left.tv_sec < 30 ? "plausible" : "not plausible");
	left.tv_sec = -1;
	child = poke(SIGUSR1, -1, 0);
	rc = clock_nanosleep(CLOCK_MONOTONIC, 0, &want, &left);
	errno = (int)rc;
	tell("clock_nanosleep", -rc, child);
	say("left: %s", left.tv_sec >= 1 && left.tv_sec < 30 ? "plausible" : "not plausible");
	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += 30;
	child = poke(SIGUSR1, -1, 0);
	rc = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
	errno = (int)rc;
	tell("clock_nanosleep to a time", -rc, child);
	/* A stop without a handler restarts it by restart_syscall(2), for the rest of the time. */
	want.tv_sec = 0;
	want.tv_nsec = 400000000;
	before = now_ms();
	child = poke(0, -1, 1);
	rc = nanosleep(&want, NULL);
	tell("nanosleep across SIGSTOP", rc, child);
	say("slept: %s", now_ms() - before >= 400 ? "long enough" : "too short");
	say("usleep: %s", outcome(usleep(1000)));
}

static void reads(int argc, char **argv)
{
	int p[2], flags;
	pid_t child;
	char c = 0;
	long rc;

	(void)argc, (void)argv;
	NEED(pipe(p) == 0);
	for (flags = 0; flags <= SA_RESTART; flags += SA_RESTART) {
		handle(SIGUSR1, flags);
		child = poke(SIGUSR1, p[1], 0);
		rc = read(p[0], &c, 1);
		tell(flags ? "read, restarted" : "read", rc, child);
		if (rc < 0)
			NEED(read(p[0], &c, 1) == 1);
	}
	child = poke(0, p[1], 1);
	rc = read(p[0], &c, 1);
	tell("read across SIGSTOP", rc, child);
	signal(SIGUSR1, SIG_IGN);
	child = poke(SIGUSR1, p[1], 0);
	rc = read(p[0], &c, 1);
	tell("read across an ignored signal", rc, child);
}

static long drain_after(int fd)
{
	static char all[1 << 20];

	return read(fd, all, sizeof(all));
}

static void writes(int argc, char **argv)
{
	static char all[1 << 20];
	int p[2], flags;
	pid_t child, parent = getpid();
	long rc;

	(void)argc, (void)argv;
	NEED(pipe(p) == 0);
	for (flags = 0; flags <= SA_RESTART; flags += SA_RESTART) {
		handle(SIGUSR1, flags);
		NEED(fcntl(p[1], F_SETFL, O_NONBLOCK) == 0);
		while (write(p[1], all, 4096) > 0)
			;
		NEED(fcntl(p[1], F_SETFL, 0) == 0);
		child = fork();
		NEED(child >= 0);
		if (child == 0) {
			wait_asleep(parent);
			kill(parent, SIGUSR1);
			nap_ms(60);
			_exit(drain_after(p[0]) > 0 ? 0 : 1);
		}
		rc = write(p[1], all, 4096);
		tell(flags ? "write, restarted" : "write", rc, child);
	}
}

static long do_poll(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, ms);
}

static long do_ppoll(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	return ppoll(&p, 1, ms < 0 ? NULL : &t, NULL);
}

static long do_select(int fd, int ms)
{
	struct timeval t = { ms / 1000, ms % 1000 * 1000 };
	fd_set set;

	FD_ZERO(&set);
	FD_SET(fd, &set);
	return select(fd + 1, &set, NULL, NULL, ms < 0 ? NULL : &t);
}

static long do_epoll(int fd, int ms)
{
	struct epoll_event ev = { .events = EPOLLIN };
	int ep = epoll_create1(EPOLL_CLOEXEC), err;
	long rc;

	NEED(ep >= 0 && epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev) == 0);
	rc = epoll_wait(ep, &ev, 1, ms);
	err = errno;
	close(ep);
	errno = err;
	return rc;
}

static void polls(int argc, char **argv)
{
	static const struct {
		const char *name;
		long (*fn)(int fd, int ms);
	} kinds[] = {
		{ "poll", do_poll }, { "ppoll", do_ppoll }, { "select", do_select },
		{ "epoll_wait", do_epoll },
	};
	int p[2];
	size_t i;
	pid_t child;
	char c;

	(void)argc, (void)argv;
	NEED(pipe(p) == 0);
	for (i = 0; i < COUNT(kinds); i++) {
		say("%s", kinds[i].name);
		handle(SIGUSR1, SA_RESTART);	/* these never restart */
		child = poke(SIGUSR1, -1, 0);
		tell("  for ever", kinds[i].fn(p[0], -1), child);
		child = poke(SIGUSR1, -1, 0);
		tell("  for a time", kinds[i].fn(p[0], 30000), child);
		/* The kernel does not drop an ignored signal of a traced task at once, so that
		 * epoll_wait, which never restarts, shows it: no supervisor can hide that. */
		if (kinds[i].fn != do_epoll) {
			signal(SIGUSR1, SIG_IGN);
			child = poke(SIGUSR1, p[1], 0);
			tell("  an ignored signal", kinds[i].fn(p[0], 30000), child);
			NEED(read(p[0], &c, 1) == 1);
		}
		say("  timeout: %ld", kinds[i].fn(p[0], 20));
	}
	/* poll restarts by restart_syscall(2); epoll_wait answers EINTR to a stop (signal(7)). */
	child = poke(0, p[1], 1);
	tell("poll across SIGSTOP", do_poll(p[0], 30000), child);
	NEED(read(p[0], &c, 1) == 1);
	child = poke(0, -1, 1);
	tell("epoll_wait across SIGSTOP", do_epoll(p[0], 30000), child);
}

static void futexes(int argc, char **argv)
{
	struct timespec t = { 30, 0 };
	static int word;
	pid_t child;
	long rc;

	(void)argc, (void)argv;
	handle(SIGUSR1, SA_RESTART);
	child = poke(SIGUSR1, -1, 0);
	rc = syscall(SYS_futex, &word, FUTEX_WAIT, 0, &t, NULL, 0);
	tell("futex wait for a time", rc, child);
	handle(SIGUSR1, 0);
	child = poke(SIGUSR1, -1, 0);
	rc = syscall(SYS_futex, &word, FUTEX_WAIT, 0, NULL, NULL, 0);
	tell("futex wait", rc, child);
	t.tv_sec = 0;
	t.tv_nsec = 300000000;
	child = poke(0, -1, 1);
	rc = syscall(SYS_futex, &word, FUTEX_WAIT, 0, &t, NULL, 0);
	tell("futex wait across SIGSTOP", rc, child);
}

static void others(int argc, char **argv)
{
	int p[2], status, flags, fd = memfd_create("v", 0);
	pid_t child, sleeper;
	sigset_t set;
	long rc;
	char c;

	(void)argc, (void)argv;
	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, p) == 0 && fd >= 0);
	for (flags = 0; flags <= SA_RESTART; flags += SA_RESTART) {
		const char *how = flags ? "restarted" : "not restarted";

		handle(SIGUSR1, flags);
		sleeper = fork();
		NEED(sleeper >= 0);
		if (sleeper == 0) {
			nap_ms(400);
			_exit(1);
		}
		child = poke(SIGUSR1, -1, 0);
		rc = waitpid(sleeper, &status, 0);
		say("waitpid, %s: %s", how, outcome(rc));
		kill(sleeper, SIGKILL);
		reap(child);
		if (rc < 0)
			reap(sleeper);
		caught = 0;
		child = poke(SIGUSR1, p[1], 0);
		rc = recv(p[0], &c, 1, 0);
		tell("recv", rc, child);
		if (rc < 0)
			NEED(recv(p[0], &c, 1, 0) == 1);
	}
	sigemptyset(&set);
	child = poke(SIGUSR1, -1, 0);
	tell("sigsuspend", sigsuspend(&set), child);
	child = poke(SIGUSR1, -1, 0);
	tell("pause", pause(), child);
	sigaddset(&set, SIGUSR2);
	child = poke(SIGUSR1, -1, 0);
	tell("sigwaitinfo", sigwaitinfo(&set, NULL), child);
}

static void locks(int argc, char **argv)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };
	int fd = memfd_create("v", 0), in = inotify_init1(IN_CLOEXEC), p[2];
	pid_t holder, child;
	char c[64];
	long rc;

	(void)argc, (void)argv;
	NEED(fd >= 0 && in >= 0 && pipe(p) == 0);
	holder = fork();
	NEED(holder >= 0);
	if (holder == 0) {
		NEED(fcntl(fd, F_SETLK, &lock) == 0);
		NEED(write(p[1], "x", 1) == 1);
		for (;;)
			pause();
	}
	NEED(read(p[0], c, 1) == 1);
	handle(SIGUSR1, 0);
	child = poke(SIGUSR1, -1, 0);
	rc = fcntl(fd, F_SETLKW, &lock);
	tell("F_SETLKW", rc, child);
	child = poke(SIGUSR1, -1, 0);
	rc = read(in, c, sizeof(c));
	tell("inotify read", rc, child);
	kill(holder, SIGKILL);
	say("holder %s", status_words(reap(holder)));
	say("F_SETLKW then: %s", outcome(fcntl(fd, F_SETLKW, &lock)));
}

int main(int argc, char **argv)
{
	static const struct act acts[] = {
		{ "sleeps", sleeps }, { "reads", reads }, { "writes", writes },
		{ "polls", polls }, { "futexes", futexes }, { "others", others },
		{ "locks", locks },
	};

	return play(acts, COUNT(acts), argc, argv);
}
