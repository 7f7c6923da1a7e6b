/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* inherit - everything that a program inherits from whoever started it */
#include "victim.h"

#include <sys/auxv.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <termios.h>

extern char **environ;

static int out = 1;

__attribute__((format(printf, 1, 2)))
static void tell(const char *fmt, ...)
{
	char line[4096];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (write(out, line, (size_t)n) != n)
		_exit(98);
}

static const char *kind(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return "?";
	switch (st.st_mode & S_IFMT) {
	case S_IFREG: return "file";
	case S_IFDIR: return "directory";
	case S_IFIFO: return "pipe";
	case S_IFSOCK: return "socket";
	case S_IFCHR: return isatty(fd) ? "terminal" : "device";
	}
	return "other";
}

static void files(int own)
{
	int fd;

	for (fd = 0; fd < 4096; fd++)
		if (fd != own && fcntl(fd, F_GETFD) >= 0)
			tell("fd %d %s flags %d %#x at %ld\n", fd, kind(fd), fcntl(fd, F_GETFD),
			     fcntl(fd, F_GETFL), fd < 3 ? 0 : (long)lseek(fd, 0, SEEK_CUR));
}

static void signals(void)
{
	struct sigaction sa;
	sigset_t set;
	int sig;

	sigprocmask(SIG_SETMASK, NULL, &set);
	for (sig = 1; sig <= 64; sig++)
		if (sigismember(&set, sig) == 1)
			tell("blocked %d\n", sig);
	sigpending(&set);
	for (sig = 1; sig <= 64; sig++)
		if (sigismember(&set, sig) == 1)
			tell("pending %d\n", sig);
	for (sig = 1; sig <= 64; sig++)
		if (sigaction(sig, NULL, &sa) == 0 && sa.sa_handler != SIG_DFL)
			tell("signal %d %s\n", sig,
			     sa.sa_handler == SIG_IGN ? "ignored" : "handled");
}

static void limits(void)
{
	struct rlimit rl;
	int i;

	for (i = 0; i < RLIM_NLIMITS; i++)
		if (getrlimit((__rlimit_resource_t)i, &rl) == 0)
			tell("limit %d %llu %llu\n", i, (unsigned long long)rl.rlim_cur,
			     (unsigned long long)rl.rlim_max);
}

static void a_file(const char *path)
{
	char text[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	tell("%s: %s", path, text);
}

static void process(void)
{
	char cwd[4096], name[32] = "";
	int value = -1, slack, policy = sched_getscheduler(0);
	struct sched_param param;
	struct stat st;
	cpu_set_t cpus;
	mode_t mask;
	stack_t ss;

	mask = umask(0);
	sched_getparam(0, &param);
	sched_getaffinity(0, sizeof(cpus), &cpus);
	sigaltstack(NULL, &ss);
	prctl(PR_GET_PDEATHSIG, &value);
	prctl(PR_GET_NAME, name);
	slack = prctl(PR_GET_TIMERSLACK);
	tell("umask %o cwd %s root %d\n", mask, getcwd(cwd, sizeof(cwd)) ? cwd : "?",
	     stat("/proc/self/root/.", &st) == 0 && st.st_ino != 0);
	tell("leads group %d, in parent's %d; leads session %d, in parent's %d\n",
	     getpgrp() == getpid(), getpgrp() == getpgid(getppid()), getsid(0) == getpid(),
	     getsid(0) == getsid(getppid()));
	tell("nice %d policy %d priority %d cpus %d\n", getpriority(PRIO_PROCESS, 0), policy,
	     param.sched_priority, CPU_COUNT(&cpus));
	tell("personality %#x securebits %d keepcaps %d\n",
	     (unsigned int)personality(0xffffffff), prctl(PR_GET_SECUREBITS),
	     prctl(PR_GET_KEEPCAPS));
	tell("timer slack %d death signal %d dumpable %d name %s\n", slack, value,
	     prctl(PR_GET_DUMPABLE), name);
	prctl(PR_GET_CHILD_SUBREAPER, &value);
	tell("subreaper %d thp %d altstack %d AT_SECURE %lu\n", value,
	     prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0), ss.ss_flags, getauxval(AT_SECURE));
	tell("uid %d %d gid %d %d groups %d ioprio %ld\n", (int)getuid(), (int)geteuid(),
	     (int)getgid(), (int)getegid(), getgroups(0, NULL),
	     syscall(SYS_ioprio_get, 1, 0));
}

static void terminal(void)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		tell("no terminal: %s\n", strerrorname_np(errno));
		return;
	}
	tell("terminal: foreground %d, its session mine %d\n", tcgetpgrp(fd) == getpgrp(),
	     tcgetsid(fd) == getsid(0));
	close(fd);
}

static void time_left(void)
{
	struct itimerval it;

	getitimer(ITIMER_REAL, &it);
	tell("alarm %s\n", it.it_value.tv_sec || it.it_value.tv_usec ? "runs" : "none");
}

/* inherit [FILE]: prints into FILE, for a start without a standard output. */
int main(int argc, char **argv)
{
	int i, own = -1;

	if (argc > 1) {
		/* A high number: the low ones are what is looked at. */
		int fd = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

		if (fd < 0)
			return 99;
		for (own = 900; own > 3 && fcntl(own, F_GETFD) >= 0;)
			own--;
		while (own > 3 && dup2(fd, own) < 0)
			own /= 2;
		close(fd);
		out = own;
	}
	files(own);
	signals();
	limits();
	process();
	terminal();
	time_left();
	a_file("/proc/self/oom_score_adj");
	a_file("/proc/self/coredump_filter");
	a_file("/proc/self/cgroup");
	for (i = 0; i < argc && i < 1; i++)
		tell("argv[%d] %s\n", i, argv[i]);
	for (i = 0; environ[i]; i++)
		tell("env %s\n", environ[i]);
	return 0;
}
