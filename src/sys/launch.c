/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/seccomp.h>
#include <paths.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "cr/launch.h"
#include "cr/ptrace.h"

int cr_launch_guard_stdio(void)
{
	int fd, rc;

	for (fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		rc = open("/dev/null", O_RDWR | O_CLOEXEC);
		if (rc < 0)
			return -errno;
	}
	return 0;
}

/* 0 when @path can be executed. A directory is not a program, whatever its mode says. */
static int executable(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EACCES;
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0 ? -errno : 0;
}

int cr_launch_find(const char *name, const char *search, char *path, size_t size)
{
	const char *dir = search ? search : _PATH_DEFPATH, *end;
	int rc, answer = -ENOENT;

	if (!*name)
		return -ENOENT;
	if (strchr(name, '/')) {
		if ((size_t)snprintf(path, size, "%s", name) >= size)
			return -ENAMETOOLONG;
		return executable(path);
	}
	for (;; dir = end + 1) {
		end = strchrnul(dir, ':');
		/* An empty element is the current directory. */
		rc = snprintf(path, size, "%.*s%s%s", (int)(end - dir), dir, end > dir ? "/" : "./",
			      name);
		if ((size_t)rc < size) {
			rc = executable(path);
			if (rc == 0)
				return 0;
			if (rc == -EACCES)
				answer = -EACCES;
		}
		if (!*end)
			return answer;
	}
}

struct failure {
	int step;
	int error;
};

/* Installs the filter; with no_new_privs only where the kernel demands it, since a program started
 * by root may rely on set-user-id programs. */
static int install(const struct cr_launch *l)
{
	struct sock_fprog prog = { l->filter_len, (struct sock_filter *)(uintptr_t)l->filter };

	if (!l->filter || syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) == 0)
		return 0;
	if (errno != EACCES)
		return -errno;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) < 0 ? -errno : 0;
}

static int become(const struct cr_user *user)
{
	if (!user)
		return 0;
	if (initgroups(user->name, user->gid) < 0 || setgid(user->gid) < 0 || setuid(user->uid) < 0)
		return -errno;
	return 0;
}

static void give_signals_back(const struct cr_signals *s)
{
	int sig;

	for (sig = 1; sig <= SIGRTMAX; sig++) {
		/* 32 and 33 are libc's; nobody changed them. */
		if (sig < 32 || sig >= SIGRTMIN)
			signal(sig, sigismember(&s->ignored, sig) ? SIG_IGN : SIG_DFL);
	}
	sigprocmask(SIG_SETMASK, &s->mask, NULL);
}

/* What execvp(3) does with a file that has no known format: a shell reads it. */
static char **shell_argv(const struct cr_launch *l)
{
	size_t n = 0, i;
	char **argv;

	while (l->argv[n])
		n++;
	argv = calloc(n + 2, sizeof(*argv));
	if (!argv)
		return NULL;
	argv[0] = (char *)(uintptr_t)_PATH_BSHELL;
	argv[1] = (char *)(uintptr_t)l->path;
	for (i = 1; i < n; i++)
		argv[i + 1] = l->argv[i];
	return argv;
}

static int execute(const struct cr_launch *l)
{
	char **argv;

	execve(l->path, l->argv, l->envp);
	if (errno != ENOEXEC)
		return -errno;
	argv = shell_argv(l);
	if (!argv)
		return -ENOMEM;
	execve(_PATH_BSHELL, argv, l->envp);
	free(argv);
	return -errno;
}

static void child(const struct cr_launch *l, int report)
{
	struct failure f = { CR_LAUNCH_NONE, 0 };
	pid_t supervisor;

	/* The supervisor closes its end when it cannot seize us. It is no ancestor of ours: where
	 * Yama wants one, we have to say that it may. */
	if (read(report, &supervisor, sizeof(supervisor)) != (ssize_t)sizeof(supervisor))
		_exit(125);
	prctl(PR_SET_PTRACER, supervisor, 0, 0, 0);
	if (write(report, "r", 1) != 1 || read(report, &f.step, 1) != 1)
		_exit(125);
	give_signals_back(l->signals);
	f.step = CR_LAUNCH_FILTER;
	f.error = -install(l);
	if (!f.error) {
		f.step = CR_LAUNCH_USER;
		f.error = -become(l->user);
	}
	if (!f.error) {
		f.step = CR_LAUNCH_EXEC;
		f.error = -execute(l);
	}
	if (write(report, &f, sizeof(f)) < 0)
		_exit(125);
	_exit(127);
}

int cr_launch(const struct cr_launch *l, pid_t *pid, int *report, struct cr_err *err)
{
	sigset_t all, mask;
	int ends[2], rc;
	pid_t p;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return cr_err_sys(err, -errno, "cannot make a socket pair");
	/* Until its dispositions are the program's, no signal may reach the child. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &mask);
	p = fork();
	rc = p < 0 ? -errno : 0;
	if (p == 0) {
		close(ends[0]);
		child(l, ends[1]);
	}
	sigprocmask(SIG_SETMASK, &mask, NULL);
	close(ends[1]);
	if (rc < 0) {
		close(ends[0]);
		return cr_err_sys(err, rc, "cannot start a process");
	}
	*pid = p;
	*report = ends[0];
	return 0;
}

int cr_launch_seize(pid_t pid, int report, struct cr_err *err)
{
	pid_t self = getpid();
	char ready;
	int rc;

	if (write(report, &self, sizeof(self)) != (ssize_t)sizeof(self) ||
	    read(report, &ready, 1) != 1)
		return cr_err_set(err, -ECHILD,
				  "the process that was to become the program is gone");
	rc = cr_ptrace_seize(pid);
	if (rc < 0) {
		cr_err_sys(err, rc, "cannot trace a program here");
		cr_err_hint(err, "\"chestnut doctor\" tells what stands in the way");
		return rc;
	}
	if (write(report, "g", 1) != 1)
		return cr_err_sys(err, -errno, "cannot start the program");
	return 0;
}

enum cr_launch_step cr_launch_failed(int report, int *error)
{
	struct failure f;

	if (recv(report, &f, sizeof(f), MSG_DONTWAIT) != (ssize_t)sizeof(f))
		return CR_LAUNCH_NONE;
	*error = f.error;
	return (enum cr_launch_step)f.step;
}

const uint32_t cr_launch_calls[] = { SYS_execve, SYS_write, SYS_exit_group, UINT32_MAX };
const uint32_t cr_launch_user_calls[] = { SYS_setgroups, SYS_setgid, SYS_setuid, UINT32_MAX };

/* The kernel's own call: libc's would do more, and knows no key. */
static long keyed(const struct cr_launch *l, long nr, uintptr_t a, uintptr_t b, uintptr_t c)
{
	return syscall(nr, a, b, c, 0L, l->key[0], l->key[1]);
}

/* The groups of a user, from the group database. */
static int find_groups(const struct cr_user *user, gid_t **groups)
{
	int n = 32;

	for (;;) {
		*groups = calloc((size_t)n, sizeof(**groups));
		if (!*groups)
			return -ENOMEM;
		if (getgrouplist(user->name, user->gid, *groups, &n) >= 0)
			return n;
		free(*groups);
	}
}

static int become_keyed(const struct cr_launch *l, const gid_t *groups, int n)
{
	if (keyed(l, SYS_setgroups, (uintptr_t)n, (uintptr_t)groups, 0) < 0 ||
	    keyed(l, SYS_setgid, l->user->gid, 0, 0) < 0 ||
	    keyed(l, SYS_setuid, l->user->uid, 0, 0) < 0)
		return -errno;
	return 0;
}

/* Everything that asks for memory or a file comes before the filter, and nothing is given back. */
int cr_launch_replace(const struct cr_launch *l, enum cr_launch_step *step)
{
	char **argv = shell_argv(l);
	gid_t *groups = NULL;
	int n = 0, rc;

	*step = CR_LAUNCH_FILTER;
	if (!argv)
		return -ENOMEM;
	if (l->user)
		n = find_groups(l->user, &groups);
	if (n < 0)
		return n;
	give_signals_back(l->signals);
	rc = install(l);
	if (rc < 0)
		return rc;
	*step = CR_LAUNCH_USER;
	if (l->user)
		rc = become_keyed(l, groups, n);
	if (rc < 0)
		return rc;
	*step = CR_LAUNCH_EXEC;
	keyed(l, SYS_execve, (uintptr_t)l->path, (uintptr_t)l->argv, (uintptr_t)l->envp);
	if (errno == ENOEXEC)
		keyed(l, SYS_execve, (uintptr_t)_PATH_BSHELL, (uintptr_t)argv, (uintptr_t)l->envp);
	return -errno;
}

void cr_launch_leave(const struct cr_launch *l, int fd, const char *text, int status)
{
	keyed(l, SYS_write, (uintptr_t)fd, (uintptr_t)text, strlen(text));
	for (;;)
		keyed(l, SYS_exit_group, (uintptr_t)status, 0, 0);
}
