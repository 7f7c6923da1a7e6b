/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* escape-tasks - the deed by a task that the supervisor might not see, or not see in time */
#include "escape.h"

#include <linux/userfaultfd.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/user.h>

/* A child that is made by @flags, does the deed, and is waited for. */
static void in_clone(unsigned long flags)
{
	long child;

	trying();
	child = raw(SYS_clone, flags, 0);
	if (child == 0) {
		deed();
		_exit(0);
	}
	if (child > 0)
		waitpid((pid_t)child, NULL, __WALL);
	/* A child of our parent's cannot be waited for. */
	while (child > 0 && kill((pid_t)child, 0) == 0 && task_state((pid_t)child) != 'Z')
		nap_ms(5);
}

static void clone_untraced(void)
{
	in_clone(CLONE_UNTRACED | SIGCHLD);
}

static void clone_untraced_high(void)
{
	in_clone(0xffffff0000000000ul | CLONE_UNTRACED | SIGCHLD);
}

static void clone_untraced_ptrace(void)
{
	in_clone(CLONE_UNTRACED | CLONE_PTRACE | SIGCHLD);
}

static void clone_untraced_silent(void)
{
	in_clone(CLONE_UNTRACED);
}

static void clone_ptrace(void)
{
	in_clone(CLONE_PTRACE | SIGCHLD);
}

static void clone_parent(void)
{
	in_clone(CLONE_PARENT | SIGCHLD);
}

static void clone_parent_untraced(void)
{
	in_clone(CLONE_PARENT | CLONE_UNTRACED | SIGCHLD);
}

/* The child shares our memory and stack until it is gone. */
__attribute__((noinline))
static void clone_vfork_untraced(void)
{
	trying();
	if (raw(SYS_clone, CLONE_UNTRACED | CLONE_VFORK | SIGCHLD, 0) == 0) {
		deed();
		raw(SYS_exit_group, 0, 0);
	}
	reap_all();
}

static void int80_clone_untraced(void)
{
	long child;

	trying();
	child = int80(120, CLONE_UNTRACED | SIGCHLD, 0, 0);
	if (child == 0) {
		deed();
		_exit(0);
	}
	reap_all();
}

static void clone3_untraced(void)
{
	struct clone_args args = { .flags = CLONE_UNTRACED, .exit_signal = SIGCHLD };

	trying();
	if (syscall(SYS_clone3, &args, sizeof(args)) == 0) {
		deed();
		_exit(0);
	}
	reap_all();
}

static struct clone_args racing = { .exit_signal = SIGCHLD };
static volatile bool over;

static void *flip(void *arg)
{
	while (!over) {
		__atomic_store_n(&racing.flags, CLONE_UNTRACED, __ATOMIC_SEQ_CST);
		__atomic_store_n(&racing.flags, 0, __ATOMIC_SEQ_CST);
	}
	return arg;
}

/* The flags change between the check and the use. */
static void clone3_race(void)
{
	pthread_t t;
	int i;

	NEED(pthread_create(&t, NULL, flip, NULL) == 0);
	trying();
	for (i = 0; i < 300; i++) {
		if (syscall(SYS_clone3, &racing, sizeof(racing)) == 0) {
			deed();
			_exit(0);
		}
	}
	over = true;
	reap_all();
}

/* The same for children that do nothing wrong, and stay: they must end with the others. */
static void clone3_race_to_stay(void)
{
	pid_t child[300];
	pthread_t t;
	int i;

	NEED(pthread_create(&t, NULL, flip, NULL) == 0);
	trying();
	for (i = 0; i < 300; i++) {
		child[i] = (pid_t)syscall(SYS_clone3, &racing, sizeof(racing));
		while (child[i] == 0)
			nap_ms(10);
	}
	deed();
	over = true;
	for (i = 0; i < 300; i++)
		if (child[i] > 0)
			kill(child[i], SIGKILL);
	reap_all();
}

/* The policy allows clone without CLONE_NEWUSER, and clone3. */
static void made(long child)
{
	if (child == 0)
		_exit(0);
	if (child > 0)
		say("ESCAPED");
	reap_all();
}

static void clone3_namespace(void)
{
	struct clone_args args = { .flags = CLONE_NEWUSER, .exit_signal = SIGCHLD };

	trying();
	made(syscall(SYS_clone3, &args, sizeof(args)));
}

/* What no clone can do: who falls back from it may not do more. */
static void clone3_fallback(void)
{
	struct clone_args args = { .flags = CLONE_NEWUSER | 0x100000000ull,
				   .exit_signal = SIGCHLD };
	long child;

	trying();
	child = syscall(SYS_clone3, &args, sizeof(args));
	if (child < 0)
		child = raw(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0);
	made(child);
}

static void vfork_child(void)
{
	trying();
	if (vfork() == 0) {
		done(raw(SYS_mkdir, EVIL, 0700));
		_exit(0);
	}
	reap_all();
}

static void run_deed(void)
{
	execl("/proc/self/exe", "escape-tasks", "deed-only", (char *)NULL);
	_exit(1);
}

static void vfork_exec(void)
{
	trying();
	if (vfork() == 0)
		run_deed();
	reap_all();
}

static void exec_shell(void)
{
	trying();
	if (fork() == 0) {
		execl("/bin/sh", "sh", "-c", "mkdir " EVIL " && echo ESCAPED", (char *)NULL);
		_exit(1);
	}
	reap_all();
}

/* Twice forked, a session of its own, adopted by init. */
static void daemon_(void)
{
	pid_t parent;
	int life[2];
	char c;

	NEED(pipe(life) == 0);
	trying();
	if (fork() == 0) {
		close(life[0]);
		setsid();
		parent = getpid();
		if (fork() == 0) {
			while (getppid() == parent)
				nap_ms(2);
			deed();
			_exit(0);
		}
		_exit(0);
	}
	close(life[1]);
	while (read(life[0], &c, 1) > 0)
		;
	reap_all();
}

static void *deed_thread(void *arg)
{
	deed();
	return arg;
}

static void thread(void)
{
	pthread_t t;

	trying();
	NEED(pthread_create(&t, NULL, deed_thread, NULL) == 0);
	pthread_join(t, NULL);
}

static void *late_deed(void *arg)
{
	while (task_state(getpid()) != 'Z')
		nap_ms(2);
	deed();
	exit(0);
	return arg;
}

/* The leader is a zombie when its thread does it. */
static void leader_gone(void)
{
	pthread_t t;

	trying();
	NEED(pthread_create(&t, NULL, late_deed, NULL) == 0);
	nap_ms(40);
	syscall(SYS_exit, 0);
}

#define RACERS 200

static pthread_barrier_t line;

static void *racer(void *arg)
{
	pthread_barrier_wait(&line);
	done(raw(SYS_mkdir, EVIL, 0700));
	done(raw6(SYS_mkdirat, AT_FDCWD, (long)EVIL, 0700, 0, 0, 0));
	return arg;
}

static void many_threads(void)
{
	pthread_t t[RACERS];
	pthread_attr_t attr;
	int i;

	pthread_barrier_init(&line, NULL, RACERS);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	trying();
	for (i = 0; i < RACERS; i++)
		NEED(pthread_create(&t[i], &attr, racer, NULL) == 0);
	for (i = 0; i < RACERS; i++)
		pthread_join(t[i], NULL);
}

static void *deeds(void *arg)
{
	for (;;)
		deed();
	return arg;
}

/* Another thread execs while the deed is being judged: the leader's id is that one's then. */
static void exec_meanwhile(void)
{
	pthread_t t;
	int i;

	trying();
	for (i = 0; i < 4; i++)
		NEED(pthread_create(&t, NULL, deeds, NULL) == 0);
	nap_ms(1);
	run_deed();
}

static void *exec_thread(void *arg)
{
	run_deed();
	return arg;
}

static void exec_by_thread(void)
{
	pthread_t t;

	trying();
	NEED(pthread_create(&t, NULL, exec_thread, NULL) == 0);
	deeds(NULL);
}

static char moving[] = EVIL;

static void *move(void *arg)
{
	while (!over) {
		__atomic_store_n(&moving[0], '\0', __ATOMIC_SEQ_CST);
		__atomic_store_n(&moving[0], EVIL[0], __ATOMIC_SEQ_CST);
	}
	return arg;
}

/* The path changes while the call is judged and reported. */
static void moving_path(void)
{
	pthread_t t;
	int i;

	NEED(pthread_create(&t, NULL, move, NULL) == 0);
	trying();
	for (i = 0; i < 200 && access(EVIL, F_OK) < 0; i++) {
		done(raw(SYS_mkdir, moving, 0700));
		if (i % 20 == 0)
			nap_ms(1);
	}
	over = true;
	pthread_join(t, NULL);
	done(raw(SYS_mkdir, moving, 0700));
}

/* A bounded fork bomb, each of whose processes does it. */
static void fork_bomb(void)
{
	int depth;

	trying();
	for (depth = 0; depth < 8; depth++)
		(void)!fork();
	deed();
	reap_all();
	_exit(0);
}

/* Processes are born all the time while one does it; none must be left behind. */
static void births_meanwhile(void)
{
	int i;

	trying();
	for (i = 0; i < 4; i++) {
		if (fork() == 0) {
			for (i = 0; i < 400; i++)
				if (fork() == 0)
					_exit(0);
				else
					waitpid(-1, NULL, WNOHANG);
			reap_all();
			_exit(0);
		}
	}
	nap_ms(5);
	deed();
	reap_all();
}

static void *dies(void *arg)
{
	nap_ms((long)(intptr_t)arg);
	_exit(0);
	return arg;
}

/* The process exits while the deed is judged. */
static void exit_meanwhile(void)
{
	int i;

	trying();
	for (i = 0; i < 20; i++) {
		if (fork() == 0) {
			pthread_t t;

			NEED(pthread_create(&t, NULL, dies, (void *)(intptr_t)(i % 5)) == 0);
			deeds(NULL);
		}
	}
	reap_all();
}

static void on_signal(int sig)
{
	(void)sig;
	deed();
}

static void nothing(int sig)
{
	(void)sig;
}

static void signal_handler(void)
{
	signal(SIGALRM, on_signal);
	ualarm(10000, 0);
	trying();
	pause();
}

static void fault_handler(void)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESETHAND };

	sigaction(SIGSEGV, &sa, NULL);
	trying();
	*(volatile char *)8 = 1;
}

/* Many signals while it is judged. */
static void signals_meanwhile(void)
{
	pid_t parent = getpid();
	int i;

	signal(SIGUSR1, nothing);
	trying();
	if (fork() == 0) {
		for (i = 0; i < 2000 && kill(parent, SIGUSR1) == 0; i++)
			sched_yield();
		_exit(0);
	}
	for (i = 0; i < 20; i++)
		deed();
	reap_all();
}

static void stopped_and_continued(void)
{
	pid_t child;

	trying();
	child = fork();
	if (child == 0) {
		raise(SIGSTOP);
		deed();
		raise(SIGSTOP);
		deed();
		_exit(0);
	}
	waitpid(child, NULL, WUNTRACED);
	kill(child, SIGCONT);
	waitpid(child, NULL, WUNTRACED);
	kill(child, SIGCONT);
	reap_all();
}

static void traceme(void)
{
	pid_t child;
	int status;

	trying();
	child = fork();
	if (child == 0) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		deed();
		_exit(0);
	}
	waitpid(child, &status, WUNTRACED);
	if (ptrace(PTRACE_CONT, child, 0, 0) < 0)
		kill(child, SIGCONT);
	reap_all();
}

static bool step_to_call(pid_t child, struct user_regs_struct *regs)
{
	int status;

	return ptrace(PTRACE_SYSCALL, child, 0, 0) == 0 &&
	       waitpid(child, &status, __WALL) == child && WIFSTOPPED(status) &&
	       ptrace(PTRACE_GETREGS, child, 0, regs) == 0;
}

/* A child's harmless calls are made the deed; without seccomp, if that were to be had. */
static void puppet(unsigned long options)
{
	struct user_regs_struct regs;
	pid_t child;
	int i, status;

	trying();
	child = fork();
	while (child == 0)
		raw(SYS_getppid, EVIL, 0700);
	if (ptrace(PTRACE_SEIZE, child, 0, options) == 0 &&
	    ptrace(PTRACE_INTERRUPT, child, 0, 0) == 0)
		waitpid(child, &status, __WALL);
	for (i = 0; i < 16 && step_to_call(child, &regs); i++) {
		if (regs.orig_rax != SYS_getppid)
			continue;
		regs.orig_rax = SYS_mkdir;
		ptrace(PTRACE_SETREGS, child, 0, &regs);
	}
	done(access(EVIL, F_OK));
	kill(child, SIGKILL);
	reap_all();
}

static void ptrace_sibling(void)
{
	puppet(0);
}

static void ptrace_suspend(void)
{
	puppet(1 << 21 /* PTRACE_O_SUSPEND_SECCOMP */);
}

/* The deed's code is written into a child that runs something else. */
static void write_sibling(void)
{
	char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	/* mov $83, %eax; lea path(%rip), %rdi; mov $0700, %esi; syscall; jmp . */
	static const char code[] = "\xb8\x53\0\0\0\x48\x8d\x3d\x09\0\0\0\xbe\xc0\1\0\0\x0f\x05"
				   "\xeb\xfe" EVIL;
	struct iovec from = { (void *)code, sizeof(code) }, to = { page, sizeof(code) };
	pid_t child;

	NEED(page != MAP_FAILED);
	memcpy(page, "\xeb\xfe", 2);
	trying();
	child = fork();
	if (child == 0)
		((void (*)(void))page)();
	process_vm_writev(child, &from, 1, &to, 1, 0);
	nap_ms(50);
	done(access(EVIL, F_OK));
	kill(child, SIGKILL);
	reap_all();
}

static void in_namespace(int flags)
{
	trying();
	if (fork() == 0) {
		if (unshare(flags) < 0) {
			say("no namespace: %s", strerrorname_np(errno));
			_exit(0);
		}
		if (fork() == 0) {
			deed();
			_exit(0);
		}
		reap_all();
		_exit(0);
	}
	reap_all();
}

static void namespaces(void)
{
	in_namespace(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS);
}

static void pid_namespace(void)
{
	in_namespace(CLONE_NEWPID);
}

/* Whoever looks into /proc is lied to. test-escape.sh gives us a mount namespace for that, and
 * marks it. */
static void false_proc(void)
{
	struct stat here, marker;

	NEED(stat(".", &here) == 0 && stat("marker", &marker) == 0);
	NEED(here.st_dev != marker.st_dev);
	NEED(mount("none", "/proc", "tmpfs", 0, NULL) == 0);
	trying();
	if (fork() == 0) {
		deed();
		_exit(0);
	}
	reap_all();
}

/* The kernel asks us for the page with the path, and waits. */
static void stalled_read(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);

	NEED(page != MAP_FAILED);
	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) < 0) {
		say("trying: no userfaultfd");
		return;
	}
	reg.range.start = (uint64_t)(uintptr_t)page;
	reg.range.len = 8192;
	NEED(ioctl(fd, UFFDIO_REGISTER, &reg) == 0);
	trying();
	done(raw(SYS_mkdir, page, 0700));
}

static void deed_only(void)
{
	deed();
}

int main(int argc, char **argv)
{
	static const struct attempt all[] = {
		{ "clone-untraced", clone_untraced, "" },
		{ "clone-untraced-high-bits", clone_untraced_high, "" },
		{ "clone-untraced-ptrace", clone_untraced_ptrace, "" },
		{ "clone-untraced-no-signal", clone_untraced_silent, "" },
		{ "clone-ptrace", clone_ptrace, "" }, { "clone-parent", clone_parent, "" },
		{ "clone-parent-untraced", clone_parent_untraced, "" },
		{ "clone-vfork-untraced", clone_vfork_untraced, "" },
		{ "int80-clone-untraced", int80_clone_untraced, "m" },
		{ "clone3-untraced", clone3_untraced, "" },
		{ "clone3-flags-race", clone3_race, "" },
		{ "clone3-flags-race-to-stay", clone3_race_to_stay, "" },
		{ "clone3-namespace", clone3_namespace, "m" },
		{ "clone3-fallback-namespace", clone3_fallback, "m" },
		{ "vfork-child", vfork_child, "" }, { "vfork-exec", vfork_exec, "" },
		{ "exec-shell", exec_shell, "" }, { "daemon", daemon_, "" },
		{ "thread", thread, "" }, { "leader-gone", leader_gone, "" },
		{ "200-threads", many_threads, "" }, { "exec-meanwhile", exec_meanwhile, "" },
		{ "exec-by-thread-meanwhile", exec_by_thread, "" },
		{ "moving-path", moving_path, "" }, { "fork-bomb", fork_bomb, "" },
		{ "births-meanwhile", births_meanwhile, "" },
		{ "exit-meanwhile", exit_meanwhile, "" },
		{ "signal-handler", signal_handler, "" }, { "fault-handler", fault_handler, "" },
		{ "signals-meanwhile", signals_meanwhile, "" },
		{ "stopped-and-continued", stopped_and_continued, "" },
		{ "ptrace-traceme", traceme, "" }, { "ptrace-sibling", ptrace_sibling, "" },
		{ "ptrace-suspend-seccomp", ptrace_suspend, "" },
		{ "write-into-sibling", write_sibling, "" },
		{ "namespaces", namespaces, "m" }, { "pid-namespace", pid_namespace, "r" },
		{ "false-proc", false_proc, "r" }, { "stalled-read", stalled_read, "n" },
		{ "deed-only", deed_only, "" },
	};

	return attempt(all, COUNT(all), argc, argv);
}
