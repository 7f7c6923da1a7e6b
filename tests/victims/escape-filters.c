/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* escape-filters - the deed behind filters, handlers and switches of the program's own */
#include "escape.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/io_uring.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/ioctl.h>

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#define PR_SYS_DISPATCH_ON 1
#endif

/* A filter that answers @ret to mkdir and @other to the rest. */
static int filter(uint32_t ret, uint32_t other, unsigned int flags)
{
	struct sock_filter insn[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mkdir, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, ret),
		BPF_STMT(BPF_RET | BPF_K, other),
	};
	struct sock_fprog prog = { COUNT(insn), insn };

	NEED(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);
}

static void filter_allow(void)
{
	NEED(filter(SECCOMP_RET_ALLOW, SECCOMP_RET_ALLOW, 0) == 0);
	trying();
	deed();
}

static void filter_log(void)
{
	NEED(filter(SECCOMP_RET_LOG, SECCOMP_RET_ALLOW, 0) == 0);
	trying();
	deed();
}

/* Its data are those of the supervisor's own filter: it would judge a call it did not ask for. */
static void filter_trace(void)
{
	int i;

	trying();
	for (i = 0; i < 2; i++) {
		NEED(filter(SECCOMP_RET_TRACE | (i ? 0x4352u : 7u), SECCOMP_RET_ALLOW, 0) == 0);
		deed();
	}
}

static void filter_errno(void)
{
	NEED(filter(SECCOMP_RET_ERRNO, SECCOMP_RET_ALLOW, 0) == 0);
	trying();
	raw(SYS_mkdir, EVIL, 0700);
	done(access(EVIL, F_OK));
}

static void trapped(int sig)
{
	(void)sig;
	done(raw6(SYS_mkdirat, AT_FDCWD, (long)EVIL, 0700, 0, 0, 0));
}

/* The handler does it by a call that its filter lets pass. */
static void filter_trap(void)
{
	signal(SIGSYS, trapped);
	NEED(filter(SECCOMP_RET_TRAP, SECCOMP_RET_ALLOW, 0) == 0);
	trying();
	raw(SYS_mkdir, EVIL, 0700);
}

static void *killed(void *arg)
{
	raw(SYS_mkdir, EVIL, 0700);
	return arg;
}

/* A thread is killed by its filter where the supervisor would be asked; another does it. */
static void filter_kill(void)
{
	pthread_t t;
	int i;

	trying();
	if (fork() == 0) {
		filter(SECCOMP_RET_KILL_THREAD, SECCOMP_RET_ALLOW, 0);
		for (i = 0; i < 8; i++)
			pthread_create(&t, NULL, killed, NULL);
		nap_ms(20);
		done(raw6(SYS_mkdirat, AT_FDCWD, (long)EVIL, 0700, 0, 0, 0));
		_exit(0);
	}
	reap_all();
}

/* Whoever holds the listener answers "go on", and no other filter is asked. */
static void filter_notify(void)
{
	union {
		struct seccomp_notif req;
		struct seccomp_notif_resp resp;
		char room[512];
	} u = { .room = "" };
	uint64_t id;
	pid_t child;
	int fd;

	trying();
	fd = filter(SECCOMP_RET_USER_NOTIF, SECCOMP_RET_ALLOW, SECCOMP_FILTER_FLAG_NEW_LISTENER);
	child = fork();
	if (child == 0) {
		deed();
		_exit(0);
	}
	if (fd >= 0 && ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &u.req) == 0) {
		id = u.req.id;
		memset(&u, 0, sizeof(u));
		u.resp.id = id;
		u.resp.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &u.resp);
	}
	reap_all();
}

static void filter_sync(void)
{
	pthread_t t;

	trying();
	NEED(filter(SECCOMP_RET_ALLOW, SECCOMP_RET_ALLOW, SECCOMP_FILTER_FLAG_TSYNC) == 0);
	NEED(pthread_create(&t, NULL, killed, NULL) == 0);
	pthread_join(t, NULL);
	done(access(EVIL, F_OK));
}

static void filter_many(void)
{
	int i;

	for (i = 0; i < 64; i++)
		NEED(filter(SECCOMP_RET_ALLOW, SECCOMP_RET_ALLOW, 0) == 0);
	trying();
	deed();
}

/* --- Syscall user dispatch: what leaves by SIGSYS, and what the selector lets pass */

static volatile unsigned char selector;

static void dispatched(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	(void)sig;
	(void)info;
	selector = 0;
	uc->uc_mcontext.gregs[REG_RAX] = raw(SYS_mkdir, EVIL, 0700);
}

static void dispatch(void)
{
	struct sigaction sa = { .sa_sigaction = dispatched, .sa_flags = SA_SIGINFO };
	long rc;

	sigaction(SIGSYS, &sa, NULL);
	if (prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, 0, 0, &selector) < 0) {
		say("trying: no user dispatch");
		return;
	}
	trying();
	selector = 1;
	rc = raw(SYS_mkdir, EVIL, 0700);
	selector = 0;
	done(rc);
}

static void dispatch_allowed_range(void)
{
	if (prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, 1, ~0ul >> 1, &selector) < 0) {
		say("trying: no user dispatch");
		return;
	}
	trying();
	selector = 1;
	deed();
}

/* --- Switches of the process */

/* Without privileges the supervisor cannot look into it now. */
static void not_dumpable(void)
{
	NEED(prctl(PR_SET_DUMPABLE, 0) == 0);
	trying();
	deed();
}

static void not_dumpable_clone3(void)
{
	struct clone_args args = { .flags = CLONE_UNTRACED, .exit_signal = SIGCHLD };

	NEED(prctl(PR_SET_DUMPABLE, 0) == 0);
	trying();
	if (syscall(SYS_clone3, &args, sizeof(args)) == 0) {
		deed();
		_exit(0);
	}
	reap_all();
	deed();
}

static void switches(void)
{
	prctl(PR_SET_PTRACER, -1);
	prctl(PR_SET_PDEATHSIG, SIGUSR1);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	prctl(PR_SET_KEEPCAPS, 1);
	prctl(PR_SET_TSC, PR_TSC_ENABLE);
	trying();
	deed();
}

/* --- io_uring: a call that is made by the kernel itself, and asks no filter */

struct ring {
	int fd;
	struct io_uring_params p;
	char *sq;
	struct io_uring_sqe *sqe;
};

static bool ring_open(struct ring *r)
{
	size_t size;

	r->fd = (int)syscall(SYS_io_uring_setup, 4, &r->p);
	if (r->fd < 0)
		return false;
	size = r->p.sq_off.array + r->p.sq_entries * sizeof(uint32_t);
	r->sq = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, r->fd,
		     IORING_OFF_SQ_RING);
	r->sqe = mmap(NULL, r->p.sq_entries * sizeof(*r->sqe), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_POPULATE, r->fd, IORING_OFF_SQES);
	return r->sq != MAP_FAILED && r->sqe != MAP_FAILED;
}

static void io_uring(void)
{
	struct ring r = { .p = { .flags = 0 } };
	unsigned int *tail;

	trying();
	if (!ring_open(&r))
		return;
	r.sqe[0] = (struct io_uring_sqe){ .opcode = IORING_OP_MKDIRAT, .fd = AT_FDCWD,
					  .addr = (uint64_t)(uintptr_t)EVIL, .len = 0700 };
	*(unsigned int *)(r.sq + r.p.sq_off.array) = 0;
	tail = (unsigned int *)(r.sq + r.p.sq_off.tail);
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	syscall(SYS_io_uring_enter, r.fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0);
	done(access(EVIL, F_OK));
}

int main(int argc, char **argv)
{
	static const struct attempt all[] = {
		{ "filter-allow", filter_allow, "" }, { "filter-log", filter_log, "" },
		{ "filter-trace", filter_trace, "n" }, { "filter-errno", filter_errno, "n" },
		{ "filter-trap", filter_trap, "" }, { "filter-kill", filter_kill, "" },
		{ "filter-notify", filter_notify, "" }, { "filter-tsync", filter_sync, "" },
		{ "filter-64", filter_many, "" },
		{ "user-dispatch", dispatch, "m" },
		{ "user-dispatch-range", dispatch_allowed_range, "m" },
		{ "not-dumpable", not_dumpable, "" },
		{ "not-dumpable-clone3", not_dumpable_clone3, "" },
		{ "switches", switches, "" }, { "io-uring", io_uring, "m" },
	};

	return attempt(all, COUNT(all), argc, argv);
}
