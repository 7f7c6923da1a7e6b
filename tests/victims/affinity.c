/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A thread that stops fast is moved for a moment by a supervisor that wants to be near. Neither it
 * nor its children may find a trace of that. Prints whether affinities are as they were.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static cpu_set_t before;

static const char *same(void)
{
	cpu_set_t now;

	if (sched_getaffinity(0, sizeof(now), &now) < 0)
		return "unreadable";
	return CPU_EQUAL(&before, &now) ? "same" : "different";
}

static void stop_fast(void)
{
	int i;

	for (i = 0; i < 20000; i++)
		syscall(SYS_getppid);
}

static void *thread(void *arg)
{
	(void)arg;
	printf("in a thread: %s\n", same());
	return NULL;
}

int main(void)
{
	pthread_t t;
	pid_t pid;
	int i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	sched_getaffinity(0, sizeof(before), &before);
	for (i = 0; i < 3; i++) {
		stop_fast();
		pid = fork();
		if (pid == 0) {
			printf("in a child: %s\n", same());
			_exit(0);
		}
		waitpid(pid, NULL, 0);
		stop_fast();
		if (pthread_create(&t, NULL, thread, NULL) == 0)
			pthread_join(t, NULL);
		stop_fast();
		printf("itself: %s\n", same());
	}
	return 0;
}
