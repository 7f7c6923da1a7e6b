/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>

#include "cr/apart.h"

#define SERVED_FD 0	/* the supervisor's own standard input is /dev/null */
#define CLOSED_UP_TO 1024

static void close_others(void)
{
	int fd;

	if (syscall(SYS_close_range, 3u, ~0u, 0u) == 0)
		return;
	for (fd = 3; fd < CLOSED_UP_TO; fd++)
		close(fd);
}

int cr_apart_start(struct cr_apart *a, void (*serve)(void *ctx, int fd), void *ctx)
{
	int ends[2], pidfd = -1;
	sigset_t all, mask;
	long pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	/* No handler of ours runs in there. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &mask);
	pid = syscall(SYS_clone, CLONE_PARENT | CLONE_PIDFD | SIGCHLD, 0L, &pidfd, 0L, 0L);
	if (pid == 0) {
		dup2(ends[1], SERVED_FD);
		close_others();
		serve(ctx, SERVED_FD);
		_exit(0);
	}
	pid = pid < 0 ? -errno : pid;
	sigprocmask(SIG_SETMASK, &mask, NULL);
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return (int)pid;
	}
	a->fd = ends[0];
	a->pidfd = pidfd;
	return 0;
}

void cr_apart_end(struct cr_apart *a)
{
	if (a->fd < 0)
		return;
	syscall(SYS_pidfd_send_signal, a->pidfd, SIGKILL, NULL, 0u);
	close(a->pidfd);
	close(a->fd);
	*a = (struct cr_apart)CR_APART_INIT;
}

union control {
	struct cmsghdr header;
	char room[CMSG_SPACE(sizeof(int))];
};

static ssize_t send_with(int fd, const void *bytes, size_t len, int pass)
{
	struct iovec iov = { (void *)(uintptr_t)bytes, len };
	union control c = { .room = "" };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	if (pass >= 0) {
		m.msg_control = c.room;
		m.msg_controllen = sizeof(c.room);
		c.header.cmsg_level = SOL_SOCKET;
		c.header.cmsg_type = SCM_RIGHTS;
		c.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&c.header), &pass, sizeof(pass));
	}
	n = sendmsg(fd, &m, MSG_NOSIGNAL);
	return n < 0 ? -errno : n;
}

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Signals come as they like; the time is what it was. */
static int readable(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	long until = now_ms() + ms, left = ms;
	int rc;

	do {
		rc = poll(&p, 1, (int)left);
		left = until - now_ms();
	} while (rc < 0 && errno == EINTR && left > 0);
	return rc > 0 ? 0 : -ETIMEDOUT;
}

ssize_t cr_apart_ask(struct cr_apart *a, const void *question, size_t len, int pass, void *answer,
		     size_t max, int ms)
{
	ssize_t n = send_with(a->fd, question, len, pass);

	if (n >= 0)
		n = readable(a->fd, ms);
	if (n >= 0) {
		n = recv(a->fd, answer, max, MSG_DONTWAIT);
		n = n < 0 ? -errno : n;
	}
	/* An answer has a byte at least; none is the end of the worker. */
	if (n == 0)
		n = -ECHILD;
	if (n < 0)
		cr_apart_end(a);
	return n;
}

ssize_t cr_apart_next(int fd, void *question, size_t max, int *passed)
{
	struct iovec iov = { question, max };
	union control c = { .room = "" };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = c.room,
			    .msg_controllen = sizeof(c.room) };
	struct cmsghdr *header;
	ssize_t n;

	*passed = -1;
	n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC);
	header = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;
	if (header && header->cmsg_type == SCM_RIGHTS)
		memcpy(passed, CMSG_DATA(header), sizeof(*passed));
	return n < 0 ? -errno : n;
}
