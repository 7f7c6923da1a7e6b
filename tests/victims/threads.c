/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* threads - many, dying, led by a zombie, or apart from their process in some way */
#include "victim.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>

static pthread_barrier_t barrier;
static volatile int n_done;

static void *meet(void *arg)
{
	pthread_barrier_wait(&barrier);
	__sync_fetch_and_add(&n_done, 1);
	return arg;
}

static void crowd(int argc, char **argv)
{
	int i, n = argc > 1 ? atoi(argv[1]) : 1000;
	pthread_t *t = calloc((size_t)n, sizeof(*t));
	pthread_attr_t attr;
	long sum = 0;
	void *r;

	NEED(t && pthread_barrier_init(&barrier, NULL, (unsigned int)n + 1) == 0);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	for (i = 0; i < n; i++)
		NEED(pthread_create(&t[i], &attr, meet, (void *)(intptr_t)i) == 0);
	pthread_barrier_wait(&barrier);
	for (i = 0; i < n; i++) {
		NEED(pthread_join(t[i], &r) == 0);
		sum += (long)(intptr_t)r;
	}
	say("%d threads met and ended, sum %ld", n_done, sum);
}

static void *no_op(void *arg)
{
	return arg;
}

static void churn(int argc, char **argv)
{
	pthread_t t;
	int i;

	(void)argc, (void)argv;
	for (i = 0; i < 1000; i++) {
		NEED(pthread_create(&t, NULL, no_op, NULL) == 0);
		NEED(pthread_join(t, NULL) == 0);
	}
	say("%d threads one after the other", i);
}

static void *outlive(void *arg)
{
	struct stat st;
	pid_t child;

	while (task_state(getpid()) != 'Z')
		nap_ms(1);
	say("the leader is a zombie");
	say("calls go on: %s", outcome(stat("/", &st)));
	child = fork();
	NEED(child >= 0);
	if (child == 0)
		_exit(4);
	say("a child of a zombie's thread: %s", status_words(reap(child)));
	kill(getpid(), 0);
	if (arg)
		exit((int)(intptr_t)arg);
	return NULL;
}

static void leader_first(int argc, char **argv)
{
	pthread_t t;

	(void)argc, (void)argv;
	NEED(pthread_create(&t, NULL, outlive, (void *)23) == 0);
	pthread_exit(NULL);
}

static void all_leave(int argc, char **argv)
{
	pthread_t t;

	(void)argc, (void)argv;
	NEED(pthread_create(&t, NULL, outlive, NULL) == 0);
	pthread_exit(NULL);
}

static void *raw_exit(void *arg)
{
	syscall(SYS_exit, (int)(intptr_t)arg);
	return NULL;
}

/* The leader's raw exit code is the process's when nobody calls exit_group. */
static void raw(int argc, char **argv)
{
	pthread_t t;

	(void)argc, (void)argv;
	NEED(pthread_create(&t, NULL, raw_exit, (void *)5) == 0);
	/* Its id is taken away behind the point where it counts as gone. */
	NEED(pthread_join(t, NULL) == 0);
	say("leaving with 6");
	syscall(SYS_exit, 6);
}

static void *killer(void *arg)
{
	while (task_state(getpid()) != 'Z')
		nap_ms(1);
	kill(getpid(), (int)(intptr_t)arg);
	for (;;)
		pause();
	return NULL;
}

static void zombie_killed(int argc, char **argv)
{
	pthread_t t;
	pid_t child = fork();

	(void)argc, (void)argv;
	NEED(child >= 0);
	if (child == 0) {
		NEED(pthread_create(&t, NULL, killer, (void *)SIGTERM) == 0);
		pthread_exit(NULL);
	}
	say("SIGTERM to a zombie with threads: %s", status_words(reap(child)));
}

static void *group_exit(void *arg)
{
	nap_ms(10);
	exit((int)(intptr_t)arg);
}

static void *spin(void *arg)
{
	for (;;)
		__sync_fetch_and_add(&n_done, 1);
	return arg;
}

static void *block(void *arg)
{
	for (;;)
		pause();
	return arg;
}

/* exit_group by one thread while others spin, sleep and are born. */
static void exit_in_thread(int argc, char **argv)
{
	pthread_t t;
	int i, ok = 0;

	(void)argc, (void)argv;
	for (i = 0; i < 20; i++) {
		pid_t child = fork();

		NEED(child >= 0);
		if (child == 0) {
			pthread_create(&t, NULL, spin, NULL);
			pthread_create(&t, NULL, block, NULL);
			pthread_create(&t, NULL, group_exit, (void *)(intptr_t)(i + 100));
			for (;;)
				if (pthread_create(&t, NULL, no_op, NULL) == 0)
					pthread_join(t, NULL);
		}
		ok += WEXITSTATUS(reap(child)) == i + 100;
	}
	say("%d of %d gave the thread's code", ok, i);
}

static void *busy(void *arg)
{
	for (;;) {
		getppid();
		sched_yield();
		nap_ms(0);
	}
	return arg;
}

/* SIGKILL after a different little while each time. */
static void killed(int argc, char **argv)
{
	int i, k, by_kill = 0;

	(void)argc, (void)argv;
	for (i = 0; i < 60; i++) {
		struct timespec t = { 0, i * 50000 };
		pid_t child = fork();
		pthread_t th;
		int status;

		NEED(child >= 0);
		if (child == 0) {
			for (k = 0; k < 6; k++)
				pthread_create(&th, NULL, busy, NULL);
			if (i % 2)
				pthread_exit(NULL);
			busy(NULL);
		}
		nanosleep(&t, NULL);
		kill(child, SIGKILL);
		status = reap(child);
		by_kill += WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
	}
	say("%d of %d died by SIGKILL", by_kill, i);
}

static void *crash(void *arg)
{
	nap_ms(5);
	*(volatile int *)arg = 1;
	return NULL;
}

static void crashed(int argc, char **argv)
{
	int i, ok = 0;

	(void)argc, (void)argv;
	for (i = 0; i < 10; i++) {
		pid_t child = fork();
		pthread_t t;
		int k, status;

		NEED(child >= 0);
		if (child == 0) {
			for (k = 0; k < 5; k++)
				pthread_create(&t, NULL, busy, NULL);
			pthread_create(&t, NULL, crash, (void *)16);
			busy(NULL);
		}
		status = reap(child);
		ok += WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV;
	}
	say("%d of %d died by SIGSEGV of a thread", ok, i);
}

static void *apart(void *arg)
{
	int *fd = arg;

	NEED(unshare(CLONE_FILES) == 0);
	close(*fd);
	NEED(unshare(CLONE_FS) == 0);
	NEED(chdir("/") == 0);
	return NULL;
}

static void unshared(int argc, char **argv)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	pthread_t t;
	char cwd[4096];

	(void)argc, (void)argv;
	NEED(fd >= 0 && chdir("/tmp") == 0);
	NEED(pthread_create(&t, NULL, apart, &fd) == 0);
	pthread_join(t, NULL);
	say("my file: %s, my directory: %s", outcome(fcntl(fd, F_GETFD)),
	    getcwd(cwd, sizeof(cwd)) ? cwd : "?");
}

static pthread_mutex_t *robust;

static void *die_holding(void *arg)
{
	pthread_mutex_lock(robust);
	return arg;
}

/* The kernel walks the robust list of a task that dies: of a thread, and of a killed process. */
static void robust_list(int argc, char **argv)
{
	pthread_mutexattr_t attr;
	pthread_t t;
	pid_t child;

	(void)argc, (void)argv;
	robust = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	NEED(robust != MAP_FAILED);
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	NEED(pthread_mutex_init(robust, &attr) == 0);
	NEED(pthread_create(&t, NULL, die_holding, NULL) == 0);
	pthread_join(t, NULL);
	say("after a thread: %s", strerrorname_np(pthread_mutex_lock(robust)));
	pthread_mutex_consistent(robust);
	pthread_mutex_unlock(robust);
	child = fork();
	NEED(child >= 0);
	if (child == 0) {
		pthread_mutex_lock(robust);
		raise(SIGKILL);
	}
	say("child %s", status_words(reap(child)));
	say("after it: %s", strerrorname_np(pthread_mutex_lock(robust)));
}

int main(int argc, char **argv)
{
	static const struct act acts[] = {
		{ "crowd", crowd }, { "churn", churn }, { "leader-first", leader_first },
		{ "all-leave", all_leave }, { "raw", raw }, { "zombie-killed", zombie_killed },
		{ "exit-in-thread", exit_in_thread }, { "killed", killed },
		{ "crashed", crashed }, { "unshared", unshared },
		{ "robust-list", robust_list },
	};

	return play(acts, COUNT(acts), argc, argv);
}
