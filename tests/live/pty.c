/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pty - job control: a shell of our own on a terminal of its own, and a job under it
 *
 *	pty COMMAND [ARG…]
 *
 * The shell starts COMMAND several times as a job ("pty job ACT" is what COMMAND is to become),
 * types Ctrl-C and Ctrl-Z, sends it to the background and fetches it back, and prints what the
 * job said and what waitpid() told the shell. The same lines must come when COMMAND starts with a
 * supervisor. The shell is the session leader on the slave side; its parent types.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static int keys;		/* the shell types by writing here: its parent's end */
static int words;		/* what the job says, besides the terminal */
static char **command;

static void die(const char *what)
{
	perror(what);
	_exit(99);
}

static void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void say(const char *fmt, ...)
{
	char line[256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line) - 1, fmt, ap);
	va_end(ap);
	line[n++] = '\n';
	if (write(3, line, (size_t)n) != n)
		_exit(98);
}

/* ---- the job ---------------------------------------------------------------------------- */

static void on_signal(int sig)
{
	say("  job: SIG%s", sigabbrev_np(sig));
}

/* Ends only when the shell has seen everything else: a job that ends at once after SIGCONT
 * may take the news of having been continued with it. */
static void leave(int code)
{
	char c;

	if (read(0, &c, 1) != 1)
		code = 97;
	_exit(code);
}

static void work(const char *act)
{
	struct termios t;
	char line[64];
	ssize_t n;

	if (strcmp(act, "wait") == 0) {
		say("  job: ready, foreground %d", tcgetpgrp(0) == getpgrp());
		for (;;)
			pause();
	} else if (strcmp(act, "handler") == 0) {
		signal(SIGINT, on_signal);
		signal(SIGTSTP, on_signal);
		signal(SIGCONT, on_signal);
		signal(SIGWINCH, on_signal);
		signal(SIGQUIT, on_signal);
		say("  job: ready");
		for (;;)
			pause();
	} else if (strcmp(act, "read") == 0) {
		say("  job: ready");
		n = read(0, line, sizeof(line) - 1);
		line[n > 0 ? n - 1 : 0] = '\0';
		say("  job: read \"%s\"", n > 0 ? line : strerrorname_np(errno));
		leave(4);
	} else if (strcmp(act, "write") == 0) {
		tcgetattr(0, &t);
		t.c_lflag |= TOSTOP;
		say("  job: ready, tcsetattr next");
		n = tcsetattr(0, TCSANOW, &t);
		say("  job: tcsetattr %zd", n);
		n = write(0, "x\n", 2);
		say("  job: wrote %zd", n);
		t.c_lflag &= ~(tcflag_t)TOSTOP;
		tcsetattr(0, TCSANOW, &t);
		leave(5);
	}
	_exit(96);
}

/* ---- the shell -------------------------------------------------------------------------- */

static void type(char key)
{
	if (write(keys, &key, 1) != 1)
		die("type");
}

/* Waits for the job's next line and prints it. */
static void hear(void)
{
	char line[256];
	size_t n = 0;

	while (n < sizeof(line) - 1 && read(words, line + n, 1) == 1 && line[n] != '\n')
		n++;
	line[n] = '\0';
	printf("%s\n", line);
	fflush(stdout);
}

static pid_t start(const char *act, bool foreground)
{
	pid_t pid = fork();
	int n;
	char **argv;

	if (pid < 0)
		die("fork");
	if (pid) {
		setpgid(pid, pid);
		if (foreground)
			tcsetpgrp(0, pid);
		return pid;
	}
	setpgid(0, 0);
	if (foreground)
		tcsetpgrp(0, getpid());
	signal(SIGTTOU, SIG_DFL);
	signal(SIGTTIN, SIG_DFL);
	signal(SIGTSTP, SIG_DFL);
	for (n = 0; command[n]; n++)
		;
	argv = calloc((size_t)n + 3, sizeof(*argv));
	if (!argv)
		die("calloc");
	memcpy(argv, command, (size_t)n * sizeof(*argv));
	argv[n] = (char *)"job";
	argv[n + 1] = (char *)act;
	execvp(argv[0], argv);
	die(argv[0]);
	return -1;	/* not reached */
}

/* What the shell learns next; a stop that hits supervisor and target is told once. */
static bool learn(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, WUNTRACED) != pid)
		die("waitpid");
	if (WIFSTOPPED(status))
		printf("shell: stopped by SIG%s\n", sigabbrev_np(WSTOPSIG(status)));
	else if (WIFSIGNALED(status))
		printf("shell: killed by SIG%s\n", sigabbrev_np(WTERMSIG(status)));
	else
		printf("shell: exited %d\n", WEXITSTATUS(status));
	fflush(stdout);
	tcsetpgrp(0, getpgrp());
	return WIFSTOPPED(status);
}

static void resume(pid_t pid, bool foreground)
{
	int status;

	if (foreground)
		tcsetpgrp(0, pid);
	kill(-pid, SIGCONT);
	if (waitpid(pid, &status, WCONTINUED) != pid || !WIFCONTINUED(status))
		printf("shell: not continued\n");
	else
		printf("shell: continued in the %s\n", foreground ? "foreground" : "background");
	fflush(stdout);
}

static void title(const char *what)
{
	printf("== %s\n", what);
	fflush(stdout);
}

static void keys_typed(void)
{
	pid_t job;

	title("Ctrl-C");
	job = start("wait", true);
	hear();
	type(3);
	learn(job);
	title("Ctrl-\\");
	job = start("wait", true);
	hear();
	type(28);
	learn(job);
	title("Ctrl-Z, bg, fg, Ctrl-Z, fg, Ctrl-C");
	job = start("wait", true);
	hear();
	type(26);
	learn(job);
	resume(job, false);
	tcsetpgrp(0, job);
	type(26);
	learn(job);
	resume(job, true);
	type(3);
	learn(job);
}

static void handlers(void)
{
	pid_t job;

	title("handlers");
	job = start("handler", true);
	hear();
	type(3);
	hear();
	type(26);
	hear();
	type(28);
	hear();
	kill(-job, SIGCONT);
	hear();
	kill(-job, SIGSTOP);
	learn(job);
	resume(job, true);
	hear();
	kill(-job, SIGKILL);
	learn(job);
}

static void readers_and_writers(void)
{
	struct winsize size = { .ws_row = 33, .ws_col = 99 };
	pid_t job;

	title("a background reader, brought to the front");
	job = start("read", false);
	hear();
	learn(job);
	resume(job, true);
	type('h');
	type('i');
	type('\n');
	hear();
	type('\n');
	learn(job);
	title("a foreground reader");
	job = start("read", true);
	hear();
	type('y');
	type('\n');
	hear();
	type('\n');
	learn(job);
	title("a background writer, brought to the front");
	job = start("write", false);
	hear();
	learn(job);
	resume(job, true);
	hear();
	hear();
	type('\n');
	learn(job);
	title("a window that changes its size");
	job = start("handler", true);
	hear();
	ioctl(keys, TIOCSWINSZ, &size);
	hear();
	kill(-job, SIGTERM);
	learn(job);
	title("the terminal is gone");
	job = start("wait", true);
	hear();
	printf("shell: leaves\n");
	fflush(stdout);
}

static int shell(int master)
{
	int p[2];

	keys = master;
	if (pipe(p) < 0)
		die("pipe");
	words = fcntl(p[0], F_DUPFD_CLOEXEC, 10);
	if (p[1] != 3 && dup2(p[1], 3) < 0)
		die("dup2");
	signal(SIGTTOU, SIG_IGN);
	signal(SIGTTIN, SIG_IGN);
	signal(SIGTSTP, SIG_IGN);
	keys_typed();
	handlers();
	readers_and_writers();
	return 0;
}

int main(int argc, char **argv)
{
	struct termios t;
	int master, slave, out, status;
	pid_t pid;

	if (argc > 2 && strcmp(argv[1], "job") == 0)
		work(argv[2]);
	if (argc < 2)
		return 99;
	command = argv + 1;
	if (openpty(&master, &slave, NULL, NULL, NULL) < 0)
		die("openpty");
	tcgetattr(slave, &t);
	t.c_lflag &= ~(tcflag_t)(ECHO | TOSTOP);
	t.c_lflag |= ISIG | ICANON;
	tcsetattr(slave, TCSANOW, &t);
	master = fcntl(master, F_DUPFD_CLOEXEC, 20);
	out = dup(1);
	pid = fork();
	if (pid == 0) {
		alarm(100);		/* against a hang, in vain otherwise */
		setsid();
		ioctl(slave, TIOCSCTTY, 0);
		dup2(slave, 0);
		dup2(out, 1);
		_exit(shell(master));
	}
	close(slave);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	printf("shell %s\n", WIFEXITED(status) && WEXITSTATUS(status) == 0 ? "done" : "failed");
	return 0;
}
