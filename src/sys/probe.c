/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "cr/probe.h"
#include "cr/ptrace.h"

#define DATA 0x70b		/* tells our stop from another filter's */
#define VERDICT EXDEV		/* getppid itself never fails */

/* Exit statuses of the child. */
#define CHILD_GOOD 0
#define CHILD_IGNORED 1		/* the call was made, or failed otherwise */
#define CHILD_REFUSED 64	/* + errno: the filter was not taken */

static struct sock_filter insns[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE | DATA),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

struct probe {
	pid_t pid;
	bool alive;		/* to be killed and waited for */
	int go[2];		/* the child waits until the writing end closes */
};

static void child(int go)
{
	struct sock_fprog prog = { CR_ARRAY_SIZE(insns), insns };
	char c;

	/* The other end closes when we are being traced. */
	if (read(go, &c, 1) < 0)
		_exit(CHILD_IGNORED);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) < 0)
		_exit(CHILD_REFUSED + errno);
	if (syscall(SYS_getppid) == -1 && errno == VERDICT)
		_exit(CHILD_GOOD);
	_exit(CHILD_IGNORED);
}

static int wait_for(struct probe *p, int *status)
{
	pid_t got;

	do {
		got = waitpid(p->pid, status, __WALL);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	p->alive = WIFSTOPPED(*status);
	return 0;
}

static int died(int status, struct cr_err *err)
{
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;

	if (code > CHILD_REFUSED) {
		cr_err_sys(err, -(code - CHILD_REFUSED), "a seccomp filter cannot be loaded");
		cr_err_hint(err, "a container or service manager forbids seccomp(2), or the kernel "
			    "lacks CONFIG_SECCOMP_FILTER");
		return -(code - CHILD_REFUSED);
	}
	cr_err_set(err, -ENOTSUP, "a call that the filter should stop did not stop");
	cr_err_hint(err, "another filter or an emulator decides first; try outside of it");
	return -ENOTSUP;
}

/* The child has stopped: is it our stop, and does our verdict hold? */
static int judge(struct probe *p, int status, struct cr_err *err)
{
	struct cr_call call;
	uint32_t data = 0;
	int rc;

	if (!WIFSTOPPED(status) || status >> 8 != (SIGTRAP | PTRACE_EVENT_SECCOMP << 8))
		return died(status, err);
	rc = cr_ptrace_call(p->pid, &call, &data);
	if (rc < 0)
		return cr_err_sys(err, rc, "a stopped call cannot be read");
	if (call.nr != SYS_getppid || data != DATA)
		return cr_err_set(err, -ENOTSUP, "a stopped call reads as number %u of %s, not as "
				  "getppid", call.nr, cr_abi_facts[call.abi].name);
	rc = cr_ptrace_skip(p->pid, call.abi, -VERDICT);
	if (rc == 0)
		rc = cr_ptrace_resume(p->pid, CR_RESUME_CONT, 0);
	if (rc == 0)
		rc = wait_for(p, &status);
	if (rc < 0)
		return cr_err_sys(err, rc, "a stopped call cannot be refused");
	if (!WIFEXITED(status) || WEXITSTATUS(status) != CHILD_GOOD)
		return cr_err_set(err, -ENOTSUP, "a stopped call was made although it was refused");
	return 0;
}

static int trace(struct probe *p, struct cr_err *err)
{
	int status = 0;
	int rc = cr_ptrace_seize(p->pid);

	if (rc < 0) {
		cr_err_sys(err, rc, "a child cannot be traced");
		cr_err_hint(err, rc == -EPERM ? "something forbids ptrace(2): a container's "
			    "seccomp profile, a security module, or another tracer" :
			    "this kernel or emulator has no PTRACE_SEIZE");
		return rc;
	}
	close(p->go[1]);
	p->go[1] = -1;
	rc = wait_for(p, &status);
	return rc < 0 ? cr_err_sys(err, rc, "a traced child is not heard of") :
			judge(p, status, err);
}

int cr_probe_trace(struct cr_err *err)
{
	struct probe p = { .pid = -1 };
	int rc, status;

	if (pipe2(p.go, O_CLOEXEC) < 0)
		return cr_err_sys(err, -errno, "cannot make a pipe");
	p.pid = fork();
	if (p.pid == 0) {
		close(p.go[1]);
		child(p.go[0]);
	}
	p.alive = p.pid > 0;
	rc = p.alive ? trace(&p, err) : cr_err_sys(err, -errno, "cannot make a process");
	if (p.alive) {
		kill(p.pid, SIGKILL);
		while (p.alive && wait_for(&p, &status) == 0)
			;
	}
	close(p.go[0]);
	if (p.go[1] >= 0)
		close(p.go[1]);
	return rc;
}
