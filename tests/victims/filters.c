/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* filters - seccomp filters of the program's own, under whatever else is in force */
#include "victim.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static volatile int n_sys, sys_nr, sys_code, sys_data, sys_right;

static void on_sys(int sig, siginfo_t *si, void *ctx)
{
	(void)sig, (void)ctx;
	n_sys++;
	sys_nr = si->si_syscall;
	sys_code = si->si_code;
	sys_data = si->si_errno;
	sys_right = si->si_arch == AUDIT_ARCH_X86_64 && si->si_call_addr != NULL;
}

/* Calls number @nr get @action, the others pass. */
static void install(int nr, unsigned int action, unsigned int flags)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)nr, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { COUNT(code), code };

	NEED(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	NEED(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog) == 0);
}

static void trapped(int argc, char **argv)
{
	struct sigaction sa = { .sa_sigaction = on_sys, .sa_flags = SA_SIGINFO };

	(void)argc, (void)argv;
	NEED(sigaction(SIGSYS, &sa, NULL) == 0);
	install(SYS_getpgrp, SECCOMP_RET_TRAP | 77, 0);
	syscall(SYS_getpgrp);
	say("RET_TRAP: %d, call %s, code %d data %d, arch and place %s", n_sys,
	    sys_nr == SYS_getpgrp ? "right" : "wrong", sys_code, sys_data,
	    sys_right ? "right" : "wrong");
	raise(SIGSYS);
	say("raise: %d, code %d", n_sys, sys_code);
}

static void denied(int argc, char **argv)
{
	(void)argc, (void)argv;
	install(SYS_getpgrp, SECCOMP_RET_ERRNO | ESRCH, 0);
	say("RET_ERRNO: %s", outcome(syscall(SYS_getpgrp)));
	install(SYS_getppid, SECCOMP_RET_ERRNO | 0, 0);
	say("RET_ERRNO 0: %ld", syscall(SYS_getppid));
	install(SYS_getuid, SECCOMP_RET_LOG, 0);
	say("RET_LOG: %s", syscall(SYS_getuid) == (long)getuid() ? "right" : "wrong");
}

/* A program's own RET_TRACE is for a tracer of its own; without one it means ENOSYS. */
static void traced(int argc, char **argv)
{
	(void)argc, (void)argv;
	install(SYS_getpgrp, SECCOMP_RET_TRACE | 5, 0);
	say("RET_TRACE: %s", outcome(syscall(SYS_getpgrp)));
	install(SYS_sync, SECCOMP_RET_TRACE | 0x4352, 0);
	say("another: %s", outcome(syscall(SYS_getpgrp)));
}

static void *call_it(void *arg)
{
	install(SYS_getpgrp, SECCOMP_RET_KILL_THREAD, 0);
	syscall(SYS_getpgrp);
	return arg;
}

static void killed(int argc, char **argv)
{
	struct rlimit none = { 0, 0 };
	pthread_t t;
	pid_t child;
	void *r = (void *)1;

	(void)argc, (void)argv;
	setrlimit(RLIMIT_CORE, &none);
	child = fork();
	NEED(child >= 0);
	if (child == 0) {
		install(SYS_getpgrp, SECCOMP_RET_KILL_PROCESS, 0);
		syscall(SYS_getpgrp);
		_exit(1);
	}
	say("RET_KILL_PROCESS: %s", status_words(reap(child)));
	child = fork();
	NEED(child >= 0);
	if (child == 0)
		call_it(NULL);
	say("RET_KILL_THREAD of the only one: %s", status_words(reap(child)));
	child = fork();
	NEED(child >= 0);
	if (child == 0) {
		pthread_create(&t, NULL, call_it, NULL);
		pthread_join(t, &r);
		_exit(45);
	}
	say("RET_KILL_THREAD of one of two: %s", status_words(reap(child)));
}

/* What there is is asked for with no filter at all. */
static void asked(int argc, char **argv)
{
	static const unsigned long flags[] = {
		0, SECCOMP_FILTER_FLAG_TSYNC, SECCOMP_FILTER_FLAG_LOG,
		SECCOMP_FILTER_FLAG_SPEC_ALLOW, 1ul << 30, (unsigned int)-1, -1ul,
	};
	size_t i;

	(void)argc, (void)argv;
	for (i = 0; i < COUNT(flags); i++)
		say("flags %#lx: %s", flags[i],
		    outcome(syscall(SYS_seccomp, (long)SECCOMP_SET_MODE_FILTER, flags[i], 0l)));
	say("another operation: %s", outcome(syscall(SYS_seccomp, 99l, 0l, 0l)));
}

static void stays(int argc, char **argv)
{
	pid_t child;

	if (argc > 1) {
		say("after exec: %s, no_new_privs %d", outcome(syscall(SYS_getpgrp)),
		    prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
		return;
	}
	install(SYS_getpgrp, SECCOMP_RET_ERRNO | EDOM, 0);
	child = fork();
	NEED(child >= 0);
	if (child == 0) {
		say("in a child: %s", outcome(syscall(SYS_getpgrp)));
		execl("/proc/self/exe", argv[0], "stays", "here", (char *)NULL);
		_exit(1);
	}
	say("%s", status_words(reap(child)));
}

static volatile int go_on;

static void *later(void *arg)
{
	while (!go_on)
		nap_ms(1);
	*(int *)arg = syscall(SYS_getpgrp) < 0 ? errno : 0;
	return NULL;
}

static void synced(int argc, char **argv)
{
	pthread_t t;
	int err = -1;

	(void)argc, (void)argv;
	NEED(pthread_create(&t, NULL, later, &err) == 0);
	install(SYS_getpgrp, SECCOMP_RET_ERRNO | EILSEQ, SECCOMP_FILTER_FLAG_TSYNC);
	go_on = 1;
	pthread_join(t, NULL);
	say("TSYNC reaches the other thread: %s", strerrorname_np(err));
}

static void strict_mode(int argc, char **argv)
{
	pid_t child = fork();

	(void)argc, (void)argv;
	NEED(child >= 0);
	if (child == 0) {
		long rc = prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0);

		/* With a filter in force the kernel refuses the other mode: both are right. */
		syscall(SYS_exit, rc < 0 && errno != EINVAL);
	}
	say("%s", status_words(reap(child)));
}

int main(int argc, char **argv)
{
	static const struct act acts[] = {
		{ "trapped", trapped }, { "denied", denied }, { "traced", traced },
		{ "killed", killed }, { "stays", stays }, { "synced", synced },
		{ "strict-mode", strict_mode },
		{ "asked", asked },
	};

	return play(acts, COUNT(acts), argc, argv);
}
