/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "cr/buf.h"
#include "cr/proc.h"

/* The first @size - 1 bytes of /proc/@tid/@name. */
static int slurp(pid_t tid, const char *name, char *text, size_t size)
{
	char path[64];
	cr_auto_close int fd = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)tid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, text, size - 1);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	return 0;
}

/* A number behind @key in /proc/@tid/status. */
static pid_t status(pid_t tid, const char *key)
{
	char text[1024];
	const char *at;
	int rc = slurp(tid, "status", text, sizeof(text));

	if (rc < 0)
		return rc;
	at = strstr(text, key);
	return at ? (pid_t)strtol(at + strlen(key), NULL, 10) : -ESRCH;
}

pid_t cr_proc_tgid(pid_t tid)
{
	return status(tid, "\nTgid:");
}

pid_t cr_proc_tracer(pid_t pid)
{
	return status(pid, "\nTracerPid:");
}

/* Its memory can be opened by who may trace it, and by nobody else (PTRACE_MODE_ATTACH in
 * ptrace(2)). A tracer that it has is in the way, too. */
int cr_proc_may_trace(pid_t pid)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == EACCES ? -EPERM : -errno;
	close(fd);
	return cr_proc_tracer(pid) > 0 ? -EPERM : 0;
}

int cr_proc_refused(pid_t pid, int rc, struct cr_err *err)
{
	pid_t tracer = cr_proc_tracer(pid);

	cr_err_sys(err, rc, "cannot trace process %d", (int)pid);
	if (rc == -ESRCH)
		cr_err_hint(err, "is it running?");
	else if (tracer > 0)
		cr_err_hint(err, "process %d traces it already, and a process has one tracer",
			    (int)tracer);
	else
		cr_err_hint(err, "\"chestnut doctor\" tells what stands in the way");
	return rc;
}

pid_t cr_proc_parent(pid_t pid)
{
	return status(pid, "\nPPid:");
}

int cr_proc_same_memory(pid_t a, pid_t b)
{
	long rc = syscall(SYS_kcmp, (long)a, (long)b, (long)KCMP_VM, 0l, 0l);

	return rc < 0 ? -errno : rc == 0;
}

bool cr_proc_is_thread(pid_t tgid, pid_t tid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d", (int)tgid, (int)tid);
	return access(path, F_OK) == 0;
}

int cr_proc_exe(pid_t pid, char *path, size_t size)
{
	char link[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/%d/exe", (int)pid);
	n = readlink(link, path, size - 1);
	if (n < 0)
		return -errno;
	path[n] = '\0';
	return (int)n;
}

bool cr_proc_exe_is(pid_t pid, const char *path)
{
	struct stat running, there;
	char link[64];

	snprintf(link, sizeof(link), "/proc/%d/exe", (int)pid);
	return stat(link, &running) == 0 && stat(path, &there) == 0 &&
	       running.st_dev == there.st_dev && running.st_ino == there.st_ino;
}

/* All of /proc/@tid/status: a user may be in tens of thousands of groups, which come before much of
 * what we look for. */
static int whole_status(pid_t tid, struct cr_buf *text)
{
	char path[64], piece[4096];
	cr_auto_close int fd = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while ((n = read(fd, piece, sizeof(piece))) > 0)
		cr_buf_addn(text, piece, (size_t)n);
	if (n < 0)
		return -errno;
	return cr_buf_ok(text) ? 0 : -ENOMEM;
}

int cr_proc_sleep(pid_t tid, char *state, unsigned long *sleeps)
{
	static const char name[] = "\nvoluntary_ctxt_switches:";
	cr_auto_buf struct cr_buf text = CR_BUF_INIT;
	const char *at, *st;
	int rc = whole_status(tid, &text);

	if (rc < 0)
		return rc;
	st = strstr(cr_buf_str(&text), "\nState:\t");
	at = strstr(cr_buf_str(&text), name);
	if (!st || !at)
		return -EINVAL;
	*state = st[8];
	*sleeps = strtoul(at + sizeof(name) - 1, NULL, 10);
	return 0;
}

/* Is @sig in the mask called @name of a status file? */
static bool in_mask(const struct cr_buf *status, const char *name, int sig)
{
	const char *at = strstr(cr_buf_str(status), name);

	return at && strtoull(at + strlen(name), NULL, 16) >> (sig - 1) & 1;
}

bool cr_proc_pending(pid_t pid, int sig)
{
	cr_auto_buf struct cr_buf text = CR_BUF_INIT;

	return whole_status(pid, &text) == 0 &&
	       (in_mask(&text, "\nSigPnd:", sig) || in_mask(&text, "\nShdPnd:", sig));
}

bool cr_proc_ignores(pid_t pid, int sig)
{
	cr_auto_buf struct cr_buf text = CR_BUF_INIT;

	if (whole_status(pid, &text) < 0)
		return false;
	if (in_mask(&text, "\nSigIgn:", sig))
		return true;
	return (sig == SIGCHLD || sig == SIGCONT || sig == SIGURG || sig == SIGWINCH) &&
	       !in_mask(&text, "\nSigCgt:", sig);
}

bool cr_proc_first_ignores(pid_t pid, int sig)
{
	cr_auto_buf struct cr_buf text = CR_BUF_INIT;
	const char *ids, *line;

	if (whole_status(pid, &text) < 0)
		return false;
	ids = strstr(cr_buf_str(&text), "\nNSpid:");
	line = ids ? strchr(ids + 1, '\n') : NULL;
	return line && line - ids > 2 && strncmp(line - 2, "\t1", 2) == 0 &&
	       !in_mask(&text, "\nSigCgt:", sig);
}
