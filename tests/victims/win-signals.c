/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Handlers and windows. A handler that interrupts a function runs inside of it; one that calls
 * the function again nests; one that leaves by siglongjmp leaves both. On the normal and on an
 * alternate stack.
 *
 * BUILD: -O2
 * BUILD: -O0 -static
 * WINDOW: interrupted again left handled quiet
 * IN: interrupted: getuid=20 getgid=20 geteuid=20
 * IN: again: getegid=40 getppid=20
 * IN: left: getpgrp=20
 * IN: handled: sched_yield=20
 * IN: quiet: getpriority=10
 * AFTER: getgid gettid getsid
 */
#include "win.h"

#include <signal.h>

#include <setjmp.h>

static sigjmp_buf out;
static volatile int zero, calls;

static void send(int sig)
{
	/* Not raise(): it would ask for its own id. */
	NEED(syscall(SYS_kill, (long)getpid(), (long)sig) == 0);
}

static void on_usr1(int sig)
{
	(void)sig;
	mark(SYS_getgid);
}

NOINLINE int interrupted(int x)
{
	mark(SYS_getuid);
	evil();
	send(SIGUSR1);
	mark(SYS_geteuid);
	return x + zero;
}

NOINLINE int again(int x)
{
	mark(SYS_getegid);
	if (x)
		send(SIGUSR2);
	return x + zero;
}

static void on_usr2(int sig)
{
	(void)sig;
	calls += again(0) + 1;
	/* The inner one is left, the outer one is not. */
	mark(SYS_getppid);
}

NOINLINE int left(int x)
{
	mark(SYS_getpgrp);
	send(SIGALRM);
	mark(SYS_getsid);	/* never */
	return x;
}

static void on_alrm(int sig)
{
	siglongjmp(out, sig);
}

/* A handler that is itself a window. */
NOINLINE void handled(int sig)
{
	(void)sig;
	mark(SYS_sched_yield);
}

/* An ignored signal and a blocked one do not disturb. */
NOINLINE int quiet(int x)
{
	sigset_t set, old;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, &old);
	send(SIGUSR1);
	send(SIGCHLD);
	mark(SYS_getpriority);
	return x + zero;
}

static void catch(int sig, void (*handler)(int), int flags)
{
	struct sigaction sa = { .sa_handler = handler, .sa_flags = flags };

	NEED(sigaction(sig, &sa, NULL) == 0);
}

static void all(const char *where, int flags)
{
	volatile int i, sum = 0;

	catch(SIGUSR1, on_usr1, flags);
	catch(SIGUSR2, on_usr2, flags);
	catch(SIGALRM, on_alrm, flags);
	catch(SIGWINCH, handled, flags);
	calls = 0;
	for (i = 1; i <= 10; i++) {
		sum += interrupted(i) + again(i);
		if (sigsetjmp(out, 1) == 0)
			left(i);
		else
			sum++;
		mark(SYS_gettid);
		send(SIGWINCH);
	}
	printf("%s: %d, %d\n", where, sum, calls);
}

int main(int argc, char **argv)
{
	static char alternate[64 * 1024];
	stack_t ss = { .ss_sp = alternate, .ss_size = sizeof(alternate) };
	sigset_t none;
	int i;

	win_start(argc, argv);
	sigemptyset(&none);
	all("on the stack", 0);
	NEED(sigaltstack(&ss, NULL) == 0);
	all("on an alternate stack", SA_ONSTACK);
	for (i = 0; i < 10; i++) {
		quiet(i);
		/* Now it comes, outside. */
		sigprocmask(SIG_SETMASK, &none, NULL);
	}
	mark(SYS_getsid);
	outside(SYS_getuid);
	return 0;
}
