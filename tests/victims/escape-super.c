/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * escape-super - the deed after something was done to the supervisor, or to the front
 *
 * Natively there is neither, so these show nothing there.
 */
#include "escape.h"

#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/uio.h>

static pid_t supervisor, front;

static void find(void)
{
	supervisor = tracer();
	front = getppid();
	NEED(front > 1 && front != supervisor);
}

/* Children as well: what is new may be what nobody watches. */
static void deeds(void)
{
	int i;

	for (i = 0; i < 20; i++) {
		deed();
		if (fork() == 0) {
			deed();
			_exit(0);
		}
	}
	reap_all();
}

static void hit(pid_t whom, int sig)
{
	find();
	trying();
	kill(whom ? whom : supervisor, sig);
	nap_ms(20);
	deeds();
}

static void kill_supervisor(void) { hit(0, SIGKILL); }
static void segv_supervisor(void) { hit(0, SIGSEGV); }
static void abort_supervisor(void) { hit(0, SIGABRT); }
static void trap_supervisor(void) { hit(0, SIGTRAP); }
static void sys_supervisor(void) { hit(0, SIGSYS); }
static void term_supervisor(void) { hit(0, SIGTERM); }
static void cont_supervisor(void) { hit(0, SIGCONT); }
static void pipe_supervisor(void) { hit(0, SIGPIPE); }
static void chld_supervisor(void) { hit(0, SIGCHLD); }

static void kill_front(void)
{
	find();
	hit(front, SIGKILL);
}

static void term_front(void)
{
	find();
	signal(SIGTERM, SIG_IGN);
	hit(front, SIGTERM);
}

static void stop_front(void)
{
	find();
	hit(front, SIGSTOP);
}

static void cont_front(void)
{
	find();
	hit(front, SIGCONT);
}

/* A stopped supervisor judges nothing, so what has to be judged waits; the rest goes on. */
static void stop_supervisor(void)
{
	pid_t child;

	find();
	trying();
	kill(supervisor, SIGSTOP);
	child = (pid_t)raw(SYS_clone, SIGCHLD, 0);
	if (child == 0) {
		deed();
		_exit(0);
	}
	nap_ms(200);
	done(access(EVIL, F_OK));
	kill(supervisor, SIGCONT);
	reap_all();
	deeds();
}

/* Stopped again and again while it judges. */
static void stutter_supervisor(void)
{
	int i;

	find();
	trying();
	if (fork() == 0) {
		for (i = 0; i < 200; i++) {
			kill(supervisor, SIGSTOP);
			nap_ms(1);
			kill(supervisor, SIGCONT);
		}
		_exit(0);
	}
	deeds();
}

static void signal_flood(void)
{
	int i, sig;

	find();
	trying();
	if (fork() == 0) {
		for (i = 0; i < 300; i++)
			for (sig = 1; sig <= SIGRTMAX; sig++)
				if (sig != SIGKILL && sig != SIGSTOP && sig != SIGTSTP &&
				    (sig < 3 || sig == SIGALRM || sig == SIGUSR1 || sig > 33))
					kill(supervisor, sig);
		_exit(0);
	}
	deeds();
}

/* Signals that say of themselves what is not so: a timer's, and one of the kernel's. */
static void false_signals(void)
{
	static const int codes[] = { SI_TIMER, SI_QUEUE, SI_TKILL, SI_MESGQ, SI_ASYNCIO };
	siginfo_t info = { .si_signo = SIGALRM };
	size_t i;

	find();
	trying();
	for (i = 0; i < COUNT(codes); i++) {
		info.si_code = codes[i];
		syscall(SYS_rt_sigqueueinfo, supervisor, SIGALRM, &info);
		info.si_signo = SIGUSR1;
		syscall(SYS_rt_sigqueueinfo, supervisor, SIGUSR1, &info);
	}
	deeds();
}

/* --- Reaching in */

static void attach(pid_t whom, long request)
{
	int status;

	trying();
	if (ptrace((enum __ptrace_request)request, whom, 0, 0) == 0) {
		say("%s is traced", whom == supervisor ? "the supervisor" : "the front");
		if (waitpid(whom, &status, __WALL) == whom)
			ptrace(PTRACE_DETACH, whom, 0, 0);
	}
	deeds();
}

static void ptrace_supervisor(void)
{
	find();
	attach(supervisor, PTRACE_ATTACH);
}

static void seize_supervisor(void)
{
	find();
	attach(supervisor, PTRACE_SEIZE);
}

static void ptrace_front(void)
{
	find();
	attach(front, PTRACE_ATTACH);
}

/* By the id of a thread, and with the upper half of the register set. */
static void ptrace_supervisor_high(void)
{
	find();
	trying();
	if (raw6(SYS_ptrace, PTRACE_SEIZE, (long)(0x5500000000ul | (uint32_t)supervisor), 0, 0, 0,
		 0) == 0)
		say("the supervisor is traced");
	if (int80(26, 0x4206, supervisor, 0) == 0)
		say("the supervisor is traced by int 0x80");
	deeds();
}

/* Its first writable page is filled with something else. */
static unsigned long writable_page(pid_t whom)
{
	unsigned long from = 0, to;
	char path[64], line[512], mode[8];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)whom);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%lx-%lx %7s", &from, &to, mode) == 3 && mode[1] == 'w')
			break;
	if (f)
		fclose(f);
	return from;
}

static void vm_write(pid_t whom)
{
	static char junk[4096];
	struct iovec from = { junk, sizeof(junk) };
	struct iovec to = { (void *)writable_page(whom), sizeof(junk) };

	trying();
	if (process_vm_readv(whom, &from, 1, &to, 1, 0) > 0)
		say("memory was read");
	if (process_vm_writev(whom, &from, 1, &to, 1, 0) > 0)
		say("memory was written");
	deeds();
}

static void vm_write_supervisor(void)
{
	find();
	vm_write(supervisor);
}

static void vm_write_front(void)
{
	find();
	vm_write(front);
}

static void proc_mem(pid_t whom)
{
	static const char *const files[] = { "mem", "maps", "fd", "environ", "stack", "auxv",
					     "root/etc", "map_files", "oom_score_adj" };
	char path[64];
	size_t i;
	int fd;

	trying();
	for (i = 0; i < COUNT(files); i++) {
		snprintf(path, sizeof(path), "/proc/%d/%s", (int)whom, files[i]);
		fd = open(path, i == 0 || i == COUNT(files) - 1 ? O_RDWR : O_RDONLY);
		if (fd < 0)
			continue;
		close(fd);
		/* What is not there for us has no content. */
		if (strcmp(files[i], "maps") != 0)
			say("%s is open", files[i]);
	}
	deeds();
}

static void proc_mem_supervisor(void)
{
	find();
	proc_mem(supervisor);
}

static void proc_mem_front(void)
{
	find();
	proc_mem(front);
}

/* Its descriptors, one after the other: to close what it reads, or to write what it hears. */
static void steal(pid_t whom)
{
	int pidfd = (int)syscall(SYS_pidfd_open, whom, 0), fd, n = 0;

	trying();
	for (fd = 0; pidfd >= 0 && fd < 32; fd++)
		n += syscall(SYS_pidfd_getfd, pidfd, fd, 0) >= 0;
	if (n)
		say("%d descriptors were taken", n);
	deeds();
}

static void steal_from_supervisor(void)
{
	find();
	steal(supervisor);
}

static void steal_from_front(void)
{
	find();
	steal(front);
}

/* --- Starving it */

static void limit(pid_t whom)
{
	struct rlimit none = { 0, 0 }, old;
	int which, n = 0;

	trying();
	for (which = 0; which < RLIM_NLIMITS; which++)
		if (prlimit(whom, (enum __rlimit_resource)which, &none, &old) == 0)
			n++;
	if (raw6(SYS_prlimit64, (long)(0x100000000ul | (uint32_t)whom), RLIMIT_AS, (long)&none, 0,
		 0, 0) == 0)
		n++;
	if (n)
		say("%d limits were set", n);
	deeds();
}

static void limit_supervisor(void)
{
	find();
	limit(supervisor);
}

static void limit_front(void)
{
	find();
	limit(front);
}

#define BIRTHS 2000

/* Every process is new to it, and needs memory there. */
static void many_births(void)
{
	struct rlimit little = { 1 << 20, 1 << 20 };
	static pid_t born[BIRTHS];
	int i;

	find();
	trying();
	prlimit(supervisor, RLIMIT_AS, &little, NULL);
	prlimit(supervisor, RLIMIT_DATA, &little, NULL);
	for (i = 0; i < BIRTHS; i++) {
		born[i] = fork();
		if (born[i] == 0) {
			if (i > BIRTHS - 100)
				deed();
			pause();
			_exit(0);
		}
	}
	deed();
	for (i = 0; i < BIRTHS; i++)
		if (born[i] > 0)
			kill(born[i], SIGKILL);
	reap_all();
}

/* It gets the processor last. */
static void starve_supervisor(void)
{
	struct sched_param none = { 0 };
	cpu_set_t one;
	pid_t busy[4];
	int i;

	find();
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	trying();
	sched_setaffinity(supervisor, sizeof(one), &one);
	sched_setscheduler(supervisor, SCHED_IDLE, &none);
	setpriority(PRIO_PROCESS, (id_t)supervisor, 19);
	for (i = 0; i < 4; i++) {
		busy[i] = fork();
		if (busy[i] == 0) {
			sched_setaffinity(0, sizeof(one), &one);
			for (;;)
				;
		}
	}
	for (i = 0; i < 20; i++)
		deed();
	for (i = 0; i < 4; i++)
		kill(busy[i], SIGKILL);
	reap_all();
}

/* test-escape.sh lets nobody read what the supervisor writes. */
static void full_stderr(void)
{
	static char junk[65536];
	int flags = fcntl(2, F_GETFL);

	trying();
	fcntl(2, F_SETFL, flags | O_NONBLOCK);
	while (write(2, junk, sizeof(junk)) > 0 || write(2, junk, 1) > 0)
		;
	fcntl(2, F_SETFL, flags);
	deed();
}

static void full_stderr_nonblock(void)
{
	static char junk[65536];

	trying();
	fcntl(2, F_SETFL, fcntl(2, F_GETFL) | O_NONBLOCK);
	while (write(2, junk, sizeof(junk)) > 0 || write(2, junk, 1) > 0)
		;
	deed();
}

/* The rules are rewritten while they are in force, and whoever might read them again is told. */
static void rewrite_policy(void)
{
	static const char all[] = "[syscalls]\nmkdir = allow\nmkdirat = allow\n";
	const char *path = getenv("POLICY");
	int fd;

	NEED(path);
	fd = open(path, O_WRONLY | O_TRUNC);
	NEED(fd >= 0 && write(fd, all, sizeof(all) - 1) == sizeof(all) - 1);
	close(fd);
	trying();
	kill(tracer(), SIGHUP);
	kill(tracer(), SIGUSR1);
	nap_ms(50);
	deeds();
}

static void delete_policy(void)
{
	const char *path = getenv("POLICY");

	NEED(path && unlink(path) == 0);
	trying();
	deeds();
}

/* A supervisor of its own, which would let it. */
static void own_supervisor(void)
{
	const char *run = getenv("RUN");
	char self[4096] = "";

	NEED(run && readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	trying();
	if (fork() == 0) {
		execl(run, run, "-q", "--learn", "-p", "nested.policy", "--", self, "deed-only",
		      (char *)NULL);
		_exit(1);
	}
	reap_all();
	unlink("nested.policy");
}

static void deed_only(void)
{
	deed();
}

int main(int argc, char **argv)
{
	static const struct attempt all[] = {
		{ "kill-supervisor", kill_supervisor, "n" },
		{ "segv-to-supervisor", segv_supervisor, "n" },
		{ "abrt-to-supervisor", abort_supervisor, "n" },
		{ "trap-to-supervisor", trap_supervisor, "n" },
		{ "sys-to-supervisor", sys_supervisor, "n" },
		{ "term-to-supervisor", term_supervisor, "n" },
		{ "cont-to-supervisor", cont_supervisor, "n" },
		{ "pipe-to-supervisor", pipe_supervisor, "n" },
		{ "chld-to-supervisor", chld_supervisor, "n" },
		{ "kill-front", kill_front, "n" }, { "term-to-front", term_front, "n" },
		{ "stop-front", stop_front, "n" }, { "cont-to-front", cont_front, "n" },
		{ "stop-supervisor", stop_supervisor, "n" },
		{ "stutter-supervisor", stutter_supervisor, "n" },
		{ "signal-flood", signal_flood, "n" }, { "false-signals", false_signals, "n" },
		{ "ptrace-supervisor", ptrace_supervisor, "n" },
		{ "seize-supervisor", seize_supervisor, "n" },
		{ "ptrace-supervisor-high-bits", ptrace_supervisor_high, "n" },
		{ "ptrace-front", ptrace_front, "n" },
		{ "write-into-supervisor", vm_write_supervisor, "n" },
		{ "write-into-front", vm_write_front, "n" },
		{ "proc-mem-of-supervisor", proc_mem_supervisor, "nu" },
		{ "proc-mem-of-front", proc_mem_front, "nu" },
		{ "descriptors-of-supervisor", steal_from_supervisor, "nu" },
		{ "descriptors-of-front", steal_from_front, "nu" },
		{ "limits-of-supervisor", limit_supervisor, "n" },
		{ "limits-of-front", limit_front, "n" },
		{ "births-without-memory", many_births, "n" },
		{ "starve-supervisor", starve_supervisor, "n" },
		{ "full-stderr", full_stderr, "n" },
		{ "full-stderr-nonblock", full_stderr_nonblock, "n" },
		{ "rewrite-policy", rewrite_policy, "n" },
		{ "delete-policy", delete_policy, "n" },
		{ "own-supervisor", own_supervisor, "" }, { "deed-only", deed_only, "" },
	};

	return attempt(all, COUNT(all), argc, argv);
}
