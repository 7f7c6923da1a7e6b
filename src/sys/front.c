/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "cr/front.h"
#include "cr/wake.h"

/* In the supervisor: apart from the terminal, and not longer alive than the front. */
static int settle(struct cr_front *f)
{
	int rc;

	setsid();
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return -errno;
	/* The front may have been killed before that took effect. */
	if (getppid() != f->front)
		return -ESRCH;
	rc = cr_wake_again();
	f->supervisor = getpid();
	return rc;
}

int cr_front_fork(pid_t program, struct cr_front *f, struct cr_err *err)
{
	sigset_t all, mask;
	int ends[2], rc;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return cr_err_sys(err, -errno, "cannot make a socket pair");
	*f = (struct cr_front){ .program = program, .front = getpid(), .pulse = cr_pulse_new() };
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &mask);
	pid = fork();
	rc = pid < 0 ? -errno : pid > 0;
	if (pid == 0)
		rc = settle(f);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	if (pid < 0)
		close(ends[0]);
	f->socket = ends[pid == 0];
	close(ends[pid != 0]);
	if (pid > 0)
		f->supervisor = pid;
	if (rc < 0)
		cr_err_sys(err, rc, "cannot start the supervisor");
	return rc;
}

/* Passes on what somebody sent to the front. What the kernel sends (a terminal's Ctrl-C) goes to
 * the program's process group as well. */
static void pass(const struct cr_front *f, const siginfo_t *info)
{
	if (info->si_code != SI_USER && info->si_code != SI_QUEUE && info->si_code != SI_TKILL)
		return;
	if (info->si_pid == f->supervisor)
		return;
	if (send(f->socket, info, sizeof(*info), MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		kill(f->supervisor, SIGUSR1);
}

/* As the program stopped, so does its front: a shell with job control waits for that. */
static void stop_too(int sig)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL }, old;

	if (sig == SIGSTOP || sigaction(sig, &dfl, &old) < 0) {
		raise(SIGSTOP);
		return;
	}
	raise(sig);
	sigaction(sig, &old, NULL);
}

/* What was seen when the front looked after its supervisor. */
struct care {
	struct cr_pulse_look look;
	struct timespec next;
	bool stuck;
};

/* Once a second, and whenever something else happens. */
static void take_care(const struct cr_front *f, struct care *c)
{
	struct timespec now;

	if (!f->guarded || !f->pulse || c->stuck)
		return;
	cr_wake_in(CR_PULSE_LOOK_MS);
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec < c->next.tv_sec ||
	    (now.tv_sec == c->next.tv_sec && now.tv_nsec < c->next.tv_nsec))
		return;
	c->next = now;
	c->next.tv_nsec += CR_PULSE_LOOK_MS % 1000 * 1000000;
	c->next.tv_sec += CR_PULSE_LOOK_MS / 1000;
	c->stuck = cr_pulse_stuck(f->pulse, &c->look, f->supervisor);
	if (c->stuck)
		kill(f->supervisor, SIGKILL);
}

/* The supervisor is no job of anybody's. Who stops it stops whatever waits for it. */
static void keep_running(const struct cr_front *f, int status)
{
	if (WIFSTOPPED(status))
		kill(f->supervisor, SIGCONT);
}

static void pass_all(const struct cr_front *f)
{
	siginfo_t info;

	while (cr_wake_pending() && cr_wake_next(&info))
		pass(f, &info);
}

/* The next thing that happens to a child. 1 when the program has ended. */
static int wait_once(const struct cr_front *f, struct care *c, int *status)
{
	pid_t pid;
	int st;

	pass_all(f);
	take_care(f, c);
	pid = waitpid(-1, &st, WUNTRACED);
	if (pid < 0)
		return errno == EINTR ? 0 : -errno;
	if (pid == f->supervisor)
		keep_running(f, st);
	if (pid != f->program)
		return 0;
	if (WIFSTOPPED(st)) {
		stop_too(WSTOPSIG(st));
		return 0;
	}
	*status = st;
	return 1;
}

/* The supervisor's word, or the news that it is gone. */
static ssize_t hear(const struct cr_front *f, struct care *c, struct cr_front_word *word)
{
	struct pollfd p = { .fd = f->socket, .events = POLLIN };
	int st;

	pass_all(f);
	take_care(f, c);
	if (waitpid(f->supervisor, &st, WNOHANG | WUNTRACED) > 0)
		keep_running(f, st);
	if (poll(&p, 1, CR_PULSE_LOOK_MS) <= 0) {
		errno = EINTR;
		return -1;
	}
	return recv(f->socket, word, sizeof(*word), 0);
}

int cr_front_wait(const struct cr_front *f, struct cr_front_word *word, int *status)
{
	struct care c = { .stuck = false };
	ssize_t n;
	int rc;

	do {
		rc = wait_once(f, &c, status);
	} while (rc == 0);
	if (rc < 0)
		return rc;
	/* The supervisor has seen the end before us. It may have something to write yet. */
	do {
		n = hear(f, &c, word);
		/* A supervisor that ends without having read what we passed on resets the
		 * connection. That is told once; its word is still there. */
	} while (n < 0 && (errno == EINTR || errno == ECONNRESET));
	if (n == (ssize_t)sizeof(*word))
		return 0;
	return c.stuck ? -ETIMEDOUT : -ECHILD;
}

void cr_front_tell(const struct cr_front *f, struct cr_front_word word)
{
	prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
	/* Nobody hears it when the front is gone; that is no error. */
	if (send(f->socket, &word, sizeof(word), MSG_NOSIGNAL) < 0)
		return;
	/* The program may have stopped it. */
	if (getppid() == f->front)
		kill(f->front, SIGCONT);
}

int cr_front_next(const struct cr_front *f, siginfo_t *info)
{
	return recv(f->socket, info, sizeof(*info), MSG_DONTWAIT) == (ssize_t)sizeof(*info);
}

void cr_front_continue(const struct cr_front *f)
{
	kill(f->front, SIGCONT);
}

void cr_front_outlast(const struct cr_front *f)
{
	cr_auto_close int fd = (int)syscall(SYS_pidfd_open, (long)f->program, 0l);
	struct pollfd p = { .fd = fd, .events = POLLIN };

	while (fd >= 0 && poll(&p, 1, -1) < 0 && errno == EINTR)
		continue;
	cr_front_continue(f);
}
