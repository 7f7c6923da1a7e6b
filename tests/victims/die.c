/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* die - ends in the way that is asked for: exit N, signal N, thread-exit N, core N, abort … */
#include "victim.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static void *leave(void *arg)
{
	exit((int)(intptr_t)arg);
}

static void die_by(int sig)
{
	sigset_t set;

	if (sig != SIGKILL && sig != SIGSTOP)
		signal(sig, SIG_DFL);
	sigemptyset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	kill(getpid(), sig);
	/* Not reached by a fatal signal; an ignored one lands here. */
	_exit(111);
}

static void do_exit(int argc, char **argv)
{
	exit(argc > 1 ? atoi(argv[1]) : 0);
}

static void do_signal(int argc, char **argv)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	die_by(argc > 1 ? atoi(argv[1]) : SIGTERM);
}

static void do_core(int argc, char **argv)
{
	struct rlimit rl;

	getrlimit(RLIMIT_CORE, &rl);
	rl.rlim_cur = rl.rlim_max;
	setrlimit(RLIMIT_CORE, &rl);
	prctl(PR_SET_DUMPABLE, 1);
	die_by(argc > 1 ? atoi(argv[1]) : SIGABRT);
}

static void do_thread(int argc, char **argv)
{
	pthread_t t;

	NEED(pthread_create(&t, NULL, leave,
			    (void *)(intptr_t)(argc > 1 ? atoi(argv[1]) : 3)) == 0);
	pthread_join(t, NULL);
}

static void do_fault(int argc, char **argv)
{
	(void)argc, (void)argv;
	*(volatile int *)16 = 1;
}

static void do_abort(int argc, char **argv)
{
	(void)argc, (void)argv;
	abort();
}

/* Its child dumps a core; the parent sees that in the status. */
static void do_child_core(int argc, char **argv)
{
	char dir[] = "/tmp/victim.XXXXXX";
	struct rlimit rl;
	pid_t child;

	(void)argc, (void)argv;
	getrlimit(RLIMIT_CORE, &rl);
	NEED(mkdtemp(dir) && chdir(dir) == 0);
	say("cores %s", rl.rlim_max ? "allowed" : "not allowed");
	child = fork();
	NEED(child >= 0);
	if (child == 0) {
		rl.rlim_cur = rl.rlim_max;
		setrlimit(RLIMIT_CORE, &rl);
		abort();
	}
	say("%s", status_words(reap(child)));
	NEED(execl("/bin/rm", "rm", "-r", dir, (char *)NULL) == 0);
}

static void do_limit(int argc, char **argv)
{
	static char block[65536];
	struct rlimit rl = { 1, 2 };
	int fd = memfd_create("v", 0);

	NEED(fd >= 0);
	if (argc > 1 && strcmp(argv[1], "cpu") == 0) {
		setrlimit(RLIMIT_CPU, &rl);
		for (;;)
			;
	}
	rl.rlim_cur = rl.rlim_max = 100000;
	setrlimit(RLIMIT_FSIZE, &rl);
	if (argc > 1)
		signal(SIGXFSZ, SIG_IGN);
	say("%zd", write(fd, block, sizeof(block)));
	say("%zd", write(fd, block, sizeof(block)));
	say("%s", outcome(write(fd, block, sizeof(block))));
}

int main(int argc, char **argv)
{
	static const struct act acts[] = {
		{ "exit", do_exit }, { "signal", do_signal }, { "core", do_core },
		{ "thread", do_thread }, { "fault", do_fault }, { "abort", do_abort },
		{ "child-core", do_child_core }, { "limit", do_limit },
	};

	return play(acts, COUNT(acts), argc, argv);
}
