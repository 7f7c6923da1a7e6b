/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* families - daemons, orphans, subreapers, sessions, death signals; who inherits whom */
#include "victim.h"

#include <sys/prctl.h>
#include <sys/socket.h>

static int report[2];

/* The last words of a process whose parent is gone. */
static void last_words(const char *words)
{
	NEED(write(report[1], words, strlen(words)) == (ssize_t)strlen(words));
}

static void hear(void)
{
	char text[512];
	size_t have = 0;
	ssize_t n;

	close(report[1]);
	while ((n = read(report[0], text + have, sizeof(text) - 1 - have)) > 0)
		have += (size_t)n;
	text[have] = '\0';
	say("%s", text);
}

/* The classic one: fork, setsid, fork; the first program waits for its words only. */
static void daemons(int argc, char **argv)
{
	pid_t child, middle;

	(void)argc, (void)argv;
	NEED(pipe(report) == 0);
	child = fork();
	NEED(child >= 0);
	if (child == 0) {
		NEED(setsid() == getpid());
		middle = getpid();
		child = fork();
		NEED(child >= 0);
		if (child)
			_exit(0);
		while (getppid() == middle)
			nap_ms(1);
		NEED(chdir("/") == 0);
		last_words(getsid(0) == middle ? "daemon in the session of a dead leader"
					       : "daemon elsewhere");
		_exit(0);
	}
	say("middle %s", status_words(reap(child)));
	hear();
}

/* The main program ends first; the daemon writes a file later: whoever waits for the
 * program only sees the end of both by that file. */
static void left_behind(int argc, char **argv)
{
	const char *path = argc > 1 ? argv[1] : "/dev/null";
	pid_t parent = getpid(), child = fork();
	int fd;

	NEED(child >= 0);
	if (child == 0) {
		NEED(setsid() == getpid());
		while (getppid() == parent)
			nap_ms(1);
		nap_ms(200);
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
		NEED(fd >= 0);
		NEED(write(fd, "late\n", 5) == 5);
		_exit(0);
	}
	say("the daemon is on its own");
	_exit(12);
}

static void subreaper(int argc, char **argv)
{
	pid_t child, reaper = getpid();
	int status, n = 0;

	(void)argc, (void)argv;
	NEED(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
	child = fork();
	NEED(child >= 0);
	if (child == 0) {
		int i;

		for (i = 0; i < 5; i++) {
			pid_t middle = getpid();

			if (fork())
				continue;
			while (getppid() == middle)
				nap_ms(1);
			_exit(getppid() == reaper ? 50 + i : 1);
		}
		_exit(0);
	}
	say("middle %s", status_words(reap(child)));
	while (wait(&status) > 0)
		n += WEXITSTATUS(status);
	say("orphans came to me: %d", n);
}

static void death_signal(int argc, char **argv)
{
	pid_t child, middle;

	(void)argc, (void)argv;
	NEED(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
	middle = fork();
	NEED(middle >= 0);
	if (middle == 0) {
		int ready[2];
		char c;

		NEED(pipe(ready) == 0);
		child = fork();
		NEED(child >= 0);
		if (child == 0) {
			prctl(PR_SET_PDEATHSIG, SIGUSR2);
			NEED(write(ready[1], "x", 1) == 1);
			for (;;)
				pause();
		}
		NEED(read(ready[0], &c, 1) == 1);
		_exit(0);
	}
	say("middle %s", status_words(reap(middle)));
	say("its child %s", status_words(reap(-1)));
}

static void on_hup(int sig)
{
	last_words(sig == SIGHUP ? "HUP " : sig == SIGCONT ? "CONT " : "? ");
	if (sig == SIGHUP)
		_exit(0);
}

/* A stopped group that becomes orphaned gets SIGHUP and SIGCONT (POSIX exit(2)). */
static void orphaned_group(int argc, char **argv)
{
	pid_t child;
	int status;

	(void)argc, (void)argv;
	NEED(pipe(report) == 0);
	child = fork();
	NEED(child >= 0);
	if (child == 0) {
		NEED(setsid() > 0);
		child = fork();
		NEED(child >= 0);
		if (child == 0) {
			setpgid(0, 0);
			signal(SIGHUP, on_hup);
			raise(SIGSTOP);
			nap_ms(5000);
			_exit(0);
		}
		setpgid(child, child);
		NEED(waitpid(child, &status, WUNTRACED) == child);
		_exit(WIFSTOPPED(status) ? 0 : 1);
	}
	say("leader %s", status_words(reap(child)));
	hear();
}

static void groups(int argc, char **argv)
{
	pid_t child = fork();

	(void)argc, (void)argv;
	NEED(child >= 0);
	if (child == 0) {
		pid_t sid = setsid();

		say("setsid: %s, leads its session %d", outcome(sid), getsid(0) == getpid());
		say("again: %s", outcome(setsid()));
		say("setpgid of a session leader: %s", outcome(setpgid(0, 0)));
		child = fork();
		if (child == 0) {
			say("group of my parent: %d", getpgrp() == getppid());
			say("own group: %s", outcome(setpgid(0, 0)));
			say("leads it: %d", getpgrp() == getpid());
			say("back: %s", outcome(setpgid(0, getppid())));
			say("a group elsewhere: %s", outcome(setpgid(0, 1)));
			_exit(0);
		}
		reap(child);
		say("terminal: %s", outcome(open("/dev/tty", O_RDWR)));
		_exit(0);
	}
	say("%s", status_words(reap(child)));
}

static void send_fd(int sock, int fd)
{
	char c = 'x', control[CMSG_SPACE(sizeof(int))] = "";
	struct iovec iov = { &c, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct cmsghdr *h = CMSG_FIRSTHDR(&msg);

	h->cmsg_level = SOL_SOCKET;
	h->cmsg_type = SCM_RIGHTS;
	h->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(h), &fd, sizeof(fd));
	NEED(sendmsg(sock, &msg, 0) == 1);
}

static void passing(int argc, char **argv)
{
	char text[16] = "", control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { text, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
			      .msg_controllen = sizeof(control) };
	int sock[2], p[2], fd;
	pid_t child;

	(void)argc, (void)argv;
	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, sock) == 0);
	child = fork();
	NEED(child >= 0);
	if (child == 0) {
		NEED(pipe(p) == 0 && write(p[1], "passed", 6) == 6);
		send_fd(sock[1], p[0]);
		_exit(0);
	}
	NEED(recvmsg(sock[0], &msg, 0) == 1);
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	NEED(read(fd, text, sizeof(text) - 1) == 6);
	say("%s, %s", text, status_words(reap(child)));
	fd = (int)syscall(SYS_pidfd_open, getppid(), 0);
	say("pidfd of my parent: %s", outcome(fd));
}

int main(int argc, char **argv)
{
	static const struct act acts[] = {
		{ "daemons", daemons }, { "left-behind", left_behind },
		{ "subreaper", subreaper }, { "death-signal", death_signal },
		{ "orphaned-group", orphaned_group }, { "groups", groups },
		{ "passing", passing },
	};

	return play(acts, COUNT(acts), argc, argv);
}
