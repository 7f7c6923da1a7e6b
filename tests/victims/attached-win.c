/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A service to attach to with windows: threads that are in and out of functions all the time,
 * threads, children and programs that begin all the time. Lines on standard input ask it: "count"
 * how often alpha() has called getuid(), "text" whether its code is that of its files; "evil" and
 * "out" make a call that a window does not allow, and one that only a window does. "end" ends it.
 *
 * With the argument "storm" its children live shortly, and are many.
 *
 * Each child looks at its code, too, unless it is traced then.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline, noclone))
#define CHILDREN 6

static atomic_int stop, bad, born, forked, spawned;
static atomic_long count;
static volatile int zero, storm;

NOINLINE int alpha(int x)
{
	syscall(SYS_getuid);
	count++;
	if (x == -1 && syscall(SYS_getsid, 0) >= 0)
		printf("EVIL made\n");
	return x + zero;
}

NOINLINE int beta(int x)
{
	if (x & 1)
		return zero;
	syscall(SYS_getgid);
	return x & 2 ? alpha(x) : zero;
}

NOINLINE int gamma_in_child(int x)
{
	syscall(SYS_getpgrp);
	return x + zero;
}

/* ---- code, and what the files have */

static struct text {
	const void *at;
	size_t size;
	off_t offset;
	int fd;
} texts[64];
static int n_texts;

static int note_text(struct dl_phdr_info *info, size_t size, void *arg)
{
	const char *path = *info->dlpi_name ? info->dlpi_name : "/proc/self/exe";
	int fd = open(path, O_RDONLY | O_CLOEXEC), i;

	(void)size;
	(void)arg;
	for (i = 0; fd >= 0 && i < info->dlpi_phnum && n_texts < 64; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];

		if (p->p_type == PT_LOAD && p->p_flags & PF_X)
			texts[n_texts++] = (struct text){
				(const void *)(info->dlpi_addr + p->p_vaddr), p->p_filesz,
				(off_t)p->p_offset, fd };
	}
	return 0;
}

/* To the end of its last page, where instructions may have been put. */
static int is_as_file(const struct text *t)
{
	unsigned char page[4096];
	const unsigned char *at = t->at;
	size_t done, n;
	ssize_t got, i;

	for (done = 0; done < ((t->size + 4095) & ~(size_t)4095); done += n) {
		n = 4096 - ((uintptr_t)at + done) % 4096;
		got = pread(t->fd, page, n, t->offset + (off_t)done);
		for (i = 0; i < got && page[i] == at[done + (size_t)i]; i++)
			;
		if (i == got)
			continue;
		dprintf(1, "%d: %#x instead of %#x at %#llx of the file\n", (int)getpid(),
			at[done + (size_t)i], page[i],
			(unsigned long long)t->offset + done + (unsigned long long)i);
		return 0;
	}
	return 1;
}

static int all_as_files(void)
{
	int i;

	for (i = 0; i < n_texts; i++)
		if (!is_as_file(&texts[i]))
			return 0;
	return n_texts > 1;
}

static int is_traced(void)
{
	char text[1024];
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	const char *at;

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	at = strstr(text, "\nTracerPid:");
	return !at || atoi(at + 11) != 0;
}

/* ---- what goes on */

static void *caller(void *arg)
{
	int i, sum = 0;

	for (i = 0; !stop; i++) {
		sum += beta(i) + alpha(i & 0xff);
		if (i % 4 == 0)
			usleep(200);
	}
	*(volatile int *)&sum = sum;
	return arg;
}

static void *newborn(void *arg)
{
	alpha(1);
	born++;
	return arg;
}

static void *maker(void *arg)
{
	pthread_t t;

	while (!stop)
		if (pthread_create(&t, NULL, newborn, NULL) == 0)
			pthread_join(t, NULL);
	return arg;
}

static void child(void)
{
	int i, traced;

	for (i = 0; i < (storm ? 3 : 300); i++) {
		gamma_in_child(i);
		if (i % 3 == 0 && !storm)
			usleep(300);
	}
	traced = is_traced();
	_exit(traced || all_as_files() ? 0 : 1);
}

static void ended_badly(const char *what, int status)
{
	printf("a %s ended with status %#x\n", what, (unsigned int)status);
	bad++;
}

static void *forker(void *arg)
{
	pid_t pids[CHILDREN] = { 0 };
	int i = 0, k, status;

	for (; !stop || i < CHILDREN; i++) {
		k = i % CHILDREN;
		if (pids[k] > 0 && waitpid(pids[k], &status, 0) == pids[k] && status)
			ended_badly("child", status);
		if (stop)
			continue;
		pids[k] = fork();
		if (pids[k] == 0)
			child();
		forked += pids[k] > 0;
		usleep(storm ? 100 : 5000);
	}
	for (k = 0; k < CHILDREN; k++)
		if (pids[k] > 0 && waitpid(pids[k], &status, 0) == pids[k] && status)
			ended_badly("child", status);
	return arg;
}

static void *spawner(void *arg)
{
	char *argv[] = { "true", NULL };
	int status = -1;
	pid_t pid;

	while (!stop) {
		if (posix_spawn(&pid, "/bin/true", NULL, NULL, argv, argv + 1) != 0 ||
		    waitpid(pid, &status, 0) != pid || status)
			ended_badly("program", status);
		spawned++;
		usleep(2000);
	}
	return arg;
}

static void answer(const char *line)
{
	if (strcmp(line, "count\n") == 0)
		printf("count %ld\n", (long)count);
	else if (strcmp(line, "text\n") == 0)
		printf("text %s\n", all_as_files() ? "as its files" : "changed");
	else if (strcmp(line, "evil\n") == 0)
		alpha(-1);
	else if (strcmp(line, "out\n") == 0 && syscall(SYS_getgid) >= 0)
		printf("OUT made\n");
}

int main(int argc, char **argv)
{
	static void *(*const run[])(void *) = { caller, caller, caller, caller, maker, forker,
						spawner };
	pthread_t t[sizeof(run) / sizeof(run[0])];
	size_t i;
	char line[64];

	storm = argc > 1 && strcmp(argv[1], "storm") == 0;
	setvbuf(stdout, NULL, _IOLBF, 0);
	dl_iterate_phdr(note_text, NULL);
	for (i = 0; i < sizeof(run) / sizeof(run[0]); i++)
		pthread_create(&t[i], NULL, run[i], NULL);
	printf("ready\n");
	while (fgets(line, sizeof(line), stdin) && strcmp(line, "end\n") != 0)
		answer(line);
	stop = 1;
	for (i = 0; i < sizeof(run) / sizeof(run[0]); i++)
		pthread_join(t[i], NULL);
	printf("births %s, children %s, programs %s, %d ended badly, text %s\n",
	       born > 0 ? "some" : "no", forked > 0 ? "some" : "no", spawned > 0 ? "some" : "no",
	       (int)bad, all_as_files() ? "as its files" : "changed");
	return 3;
}
