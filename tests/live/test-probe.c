/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "cr/probe.h"
#include "cr-test.h"

struct answer {
	int rc;
	struct cr_err err;
};

/* From now on call @nr fails with @e. */
static int forbid(uint32_t nr, int e)
{
	struct sock_filter insn[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)e),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { CR_ARRAY_SIZE(insn), insn };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog);
}

/* The probe's answer where call @nr fails with @e (0: nothing fails), and no child is left. */
static struct answer probe_with(uint32_t nr, int e)
{
	struct answer a = { 0, { "", "" } };
	int fds[2], status;
	pid_t pid;

	CR_CHECK_INT(pipe(fds), 0);
	pid = fork();
	CR_CHECK(pid >= 0);
	if (pid == 0) {
		if (e && forbid(nr, e) < 0)
			_exit(1);
		a.rc = cr_probe_trace(&a.err);
		if (write(fds[1], &a, sizeof(a)) != (ssize_t)sizeof(a))
			_exit(2);
		_exit(waitpid(-1, &status, __WALL) == -1 && errno == ECHILD ? 0 : 3);
	}
	close(fds[1]);
	CR_CHECK_INT(read(fds[0], &a, sizeof(a)), sizeof(a));
	close(fds[0]);
	CR_CHECK_INT(waitpid(pid, &status, 0), pid);
	CR_CHECK_INT(status, 0);
	return a;
}

CR_TEST(works)
{
	struct answer a = probe_with(0, 0);

	CR_CHECK_STR(a.err.text, "");
	CR_CHECK_INT(a.rc, 0);
}

CR_TEST(no_ptrace)
{
	struct answer a = probe_with(SYS_ptrace, EPERM);

	CR_CHECK_INT(a.rc, -EPERM);
	CR_CHECK_STR(a.err.text, "a child cannot be traced: Operation not permitted");
	CR_CHECK_HAS(a.err.hint, "container");
	a = probe_with(SYS_ptrace, ENOSYS);
	CR_CHECK_INT(a.rc, -ENOSYS);
	CR_CHECK_HAS(a.err.hint, "emulator");
}

CR_TEST(no_filter)
{
	struct answer a = probe_with(SYS_seccomp, EACCES);

	CR_CHECK_INT(a.rc, -EACCES);
	CR_CHECK_STR(a.err.text, "a seccomp filter cannot be loaded: Permission denied");
}

CR_TEST(outer_filter)
{
	struct answer a = probe_with(SYS_getppid, EPERM);

	CR_CHECK_INT(a.rc, -ENOTSUP);
	CR_CHECK_STR(a.err.text, "a call that the filter should stop did not stop");
	/* The outer filter answers as our verdict would: not stopping is what counts. */
	a = probe_with(SYS_getppid, EXDEV);
	CR_CHECK_INT(a.rc, -ENOTSUP);
}

int main(void)
{
	CR_RUN(works, "a child is traced, its call stopped, read and refused");
	CR_RUN(no_ptrace, "without ptrace the probe says so and leaves no child");
	CR_RUN(no_filter, "without seccomp the probe gives the kernel's reason");
	CR_RUN(outer_filter, "a filter that decides before ours is noticed");
	return cr_done();
}
