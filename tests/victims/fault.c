/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fault - signals that the processor causes, traps of the program's own, and timers */
#include "victim.h"

#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <ucontext.h>

static sigjmp_buf back;
static volatile int sig_seen, code_seen;
static void *volatile addr_seen;
static volatile int traps, trap_code;
static volatile long rip_moves;

static void leave(int sig, siginfo_t *si, void *ctx)
{
	(void)ctx;
	sig_seen = sig;
	code_seen = si->si_code;
	addr_seen = si->si_addr;
	siglongjmp(back, 1);
}

static void handle(int sig, void (*fn)(int, siginfo_t *, void *))
{
	struct sigaction sa = { .sa_sigaction = fn, .sa_flags = SA_SIGINFO };

	sigemptyset(&sa.sa_mask);
	NEED(sigaction(sig, &sa, NULL) == 0);
}

static void tell(const char *what, const void *expected)
{
	say("%s: %s code %d at %s", what, signame(sig_seen), code_seen,
	    addr_seen == expected ? "that address" : addr_seen ? "another address" : "none");
}

static void faults(int argc, char **argv)
{
	char *page = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *shared;
	int fd = memfd_create("v", 0);
	volatile int zero = 0;

	(void)argc, (void)argv;
	handle(SIGSEGV, leave);
	handle(SIGBUS, leave);
	handle(SIGFPE, leave);
	handle(SIGILL, leave);
	NEED(page != MAP_FAILED && fd >= 0 && ftruncate(fd, 100) == 0);
	shared = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	NEED(shared != MAP_FAILED);
	if (!sigsetjmp(back, 1))
		*(volatile char *)(page + 7) = 1;
	tell("write to read-only", page + 7);
	munmap(page + 4096, 4096);
	if (!sigsetjmp(back, 1))
		say("%d", *(volatile char *)(page + 4096));
	tell("read where nothing is", page + 4096);
	if (!sigsetjmp(back, 1))
		say("%d", *(volatile char *)(shared + 5000));
	tell("beyond the file", shared + 5000);
	if (!sigsetjmp(back, 1))
		say("%d", 5 / zero);
	tell("division by zero", NULL);
	if (!sigsetjmp(back, 1))
		__asm__ volatile("ud2");
	tell("ud2", NULL);
	if (!sigsetjmp(back, 1))
		__asm__ volatile("hlt");
	tell("hlt", NULL);
	if (!sigsetjmp(back, 1))
		say("%d", *(volatile char *)0x8000000000000000ul);
	tell("not canonical", NULL);
}

/* The handler counts and goes on: int3 leaves the pc behind itself. */
static void count_trap(int sig, siginfo_t *si, void *ctx)
{
	ucontext_t *uc = ctx;

	(void)sig;
	traps++;
	trap_code = si->si_code;
	if (si->si_code == TRAP_TRACE)
		rip_moves += uc->uc_mcontext.gregs[REG_RIP] == (greg_t)(uintptr_t)si->si_addr;
}

static void tell_trap(const char *what)
{
	say("%s: %d times, code %d", what, traps, trap_code);
	traps = 0;
}

static void trap(int argc, char **argv)
{
	union sigval v = { .sival_int = 5 };
	pid_t child;

	(void)argc, (void)argv;
	handle(SIGTRAP, count_trap);
	raise(SIGTRAP);
	tell_trap("raise");
	kill(getpid(), SIGTRAP);
	tell_trap("kill");
	sigqueue(getpid(), SIGTRAP, v);
	tell_trap("sigqueue");
	syscall(SYS_tkill, gettid(), SIGTRAP);
	tell_trap("tkill");
	__asm__ volatile("int3");
	tell_trap("int3");
	__asm__ volatile("int $3");
	tell_trap("int $3");
	child = fork();
	NEED(child >= 0);
	if (child == 0) {
		kill(getppid(), SIGTRAP);
		_exit(0);
	}
	reap(child);
	tell_trap("from a child");
	/* As a ptrace event would look: signal numbers with high bits do not exist for kill(). */
	say("kill with SIGTRAP | 0x80: %s", outcome(kill(getpid(), SIGTRAP | 0x80)));
}

/* The program steps itself: TF on, five instructions, TF off. */
static void step(int argc, char **argv)
{
	long pid;

	(void)argc, (void)argv;
	handle(SIGTRAP, count_trap);
	__asm__ volatile("pushfq\n\torq $0x100, (%%rsp)\n\tpopfq\n\t"
			 "nop\n\tnop\n\tnop\n\tnop\n\tnop\n\t"
			 "pushfq\n\tandq $~0x100, (%%rsp)\n\tpopfq\n\tnop" ::: "memory", "cc");
	tell_trap("single steps");
	say("each at the instruction that comes next: %s", rip_moves >= 5 ? "yes" : "no");
	__asm__ volatile("pushfq\n\torq $0x100, (%%rsp)\n\tpopfq\n\t"
			 "nop\n\tsyscall\n\tnop\n\t"
			 "pushfq\n\tandq $~0x100, (%%rsp)\n\tpopfq\n\tnop"
			 : "=a"(pid) : "0"((long)SYS_getpid) : "rcx", "r11", "memory", "cc");
	say("stepped over getpid: %s", pid == getpid() ? "right" : "wrong");
	tell_trap("single steps across a call");
}

static volatile int watched;

/* A watchpoint in hardware that the program sets on itself: SIGTRAP with TRAP_PERF. */
static void watchpoint(int argc, char **argv)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_BREAKPOINT, .size = sizeof(attr), .bp_type = HW_BREAKPOINT_W,
		.bp_addr = (uintptr_t)&watched, .bp_len = HW_BREAKPOINT_LEN_4, .sample_period = 1,
		.exclude_kernel = 1, .exclude_hv = 1, .remove_on_exec = 1, .sigtrap = 1,
	};
	int fd;

	(void)argc, (void)argv;
	handle(SIGTRAP, count_trap);
	fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		say("no watchpoint here");
	watched = 1;
	watched = 2;
	if (fd >= 0)
		tell_trap("two writes to a watched word");
}

static volatile int ticks[65];
static volatile int tick_code, tick_value;

static void tick(int sig, siginfo_t *si, void *ctx)
{
	(void)ctx;
	ticks[sig]++;
	tick_code = si->si_code;
	tick_value = si->si_value.sival_int;
}

static void *volatile thread_arg;

static void tick_thread(union sigval v)
{
	thread_arg = v.sival_ptr;
}

static void until(int sig)
{
	while (!ticks[sig])
		;
	say("%s: at least one, code %d", signame(sig), tick_code);
}

static void timers(int argc, char **argv)
{
	struct itimerval soon = { .it_value = { 0, 20000 } };
	struct itimerspec spec = { .it_value = { 0, 10000000 }, .it_interval = { 0, 1000000 } };
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN };
	timer_t t;
	int sigs[] = { SIGALRM, SIGVTALRM, SIGPROF, SIGRTMIN };
	size_t i;

	(void)argc, (void)argv;
	for (i = 0; i < COUNT(sigs); i++)
		handle(sigs[i], tick);
	alarm(1);
	pause();
	until(SIGALRM);
	ticks[SIGALRM] = 0;
	setitimer(ITIMER_REAL, &soon, NULL);
	until(SIGALRM);
	setitimer(ITIMER_VIRTUAL, &soon, NULL);
	until(SIGVTALRM);
	setitimer(ITIMER_PROF, &soon, NULL);
	until(SIGPROF);
	ev.sigev_value.sival_int = 4242;
	NEED(timer_create(CLOCK_MONOTONIC, &ev, &t) == 0);
	NEED(timer_settime(t, 0, &spec, NULL) == 0);
	until(SIGRTMIN);
	say("its value %d", tick_value);
	timer_delete(t);
	memset(&ev, 0, sizeof(ev));
	ev.sigev_notify = SIGEV_THREAD;
	ev.sigev_notify_function = tick_thread;
	ev.sigev_value.sival_ptr = &t;
	NEED(timer_create(CLOCK_REALTIME, &ev, &t) == 0);
	spec.it_interval.tv_nsec = 0;
	NEED(timer_settime(t, 0, &spec, NULL) == 0);
	while (thread_arg != &t)
		nap_ms(1);
	say("timer thread ran");
}

int main(int argc, char **argv)
{
	static const struct act acts[] = {
		{ "faults", faults }, { "trap", trap }, { "step", step },
		{ "watchpoint", watchpoint }, { "timers", timers },
	};

	return play(acts, COUNT(acts), argc, argv);
}
