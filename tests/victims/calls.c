/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * calls - makes many different system calls and keeps a record of those that came back
 *
 *	calls storm FILE SEED	sixty calls in an order of SEED's, in three processes; the number
 *				of each is in FILE once the call has returned, whatever kills us
 *	calls some I N		the I-th of N parts of the sixty
 *	calls names		what "some" and "storm" make, one name a line
 */
#include "victim.h"

#include <sys/mman.h>

struct one {
	int nr;
	const char *name;
};

#define ONE(n) { SYS_##n, #n }

/* All harmless with these arguments: -1 is no file, no process and no address. */
static const struct one ones[] = {
	ONE(getuid), ONE(getgid), ONE(geteuid), ONE(getegid), ONE(getpgrp), ONE(getppid),
	ONE(gettid), ONE(sched_yield), ONE(getsid), ONE(getpgid), ONE(dup), ONE(fsync),
	ONE(fdatasync), ONE(ftruncate), ONE(fchdir), ONE(fchmod), ONE(fchown), ONE(flock),
	ONE(getdents64), ONE(lseek), ONE(fstatfs), ONE(readahead), ONE(fgetxattr),
	ONE(flistxattr), ONE(fremovexattr), ONE(epoll_ctl), ONE(timerfd_gettime),
	ONE(timerfd_settime), ONE(inotify_rm_watch), ONE(sync_file_range), ONE(fallocate),
	ONE(syncfs), ONE(listen), ONE(shutdown), ONE(getsockname), ONE(getpeername),
	ONE(getsockopt), ONE(setsockopt), ONE(bind), ONE(connect), ONE(accept), ONE(recvmsg),
	ONE(sendmsg), ONE(mq_getsetattr), ONE(sched_getscheduler), ONE(sched_getparam),
	ONE(getpriority), ONE(timer_gettime), ONE(timer_getoverrun), ONE(timer_delete),
	ONE(msync), ONE(munlock), ONE(mincore), ONE(getcpu), ONE(times), ONE(sysinfo),
	ONE(uname), ONE(getrusage), ONE(getitimer), ONE(umask),
};

static void make(size_t i)
{
	syscall(ones[i].nr, -1L, 0L, 0L, 0L, 0L, 0L);
}

/* The file: one byte for each of ours, set when the call has returned. */
static unsigned char *map(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT, 0600);
	void *p;

	NEED(fd >= 0 && ftruncate(fd, 4096) == 0);
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	NEED(p != MAP_FAILED);
	close(fd);
	return p;
}

static void shuffled(unsigned char *done, unsigned int seed)
{
	size_t order[COUNT(ones)], i;

	for (i = 0; i < COUNT(ones); i++)
		order[i] = i;
	for (i = COUNT(ones) - 1; i > 0; i--) {
		size_t k = (size_t)rand_r(&seed) % (i + 1), t = order[i];

		order[i] = order[k];
		order[k] = t;
	}
	for (i = 0; i < COUNT(ones); i++) {
		make(order[i]);
		done[order[i]] = 1;
		if (i % 20 == 10 && fork() == 0)
			_exit(0);
	}
}

static void storm(int argc, char **argv)
{
	unsigned int seed = argc > 2 ? (unsigned int)atoi(argv[2]) : 1;
	unsigned char *done = map(argc > 1 ? argv[1] : "/dev/null");
	int k;

	for (k = 1; k < 3; k++) {
		if (fork() == 0) {
			shuffled(done, seed * 7 + (unsigned int)k);
			for (;;)
				pause();
		}
	}
	shuffled(done, seed * 7);
	done[1000] = 1;		/* everything is made: the killer may know */
	for (;;)
		pause();
}

static void some(int argc, char **argv)
{
	size_t i, part = argc > 1 ? (size_t)atoi(argv[1]) : 0;
	size_t n = argc > 2 ? (size_t)atoi(argv[2]) : 1;

	for (i = 0; i < COUNT(ones); i++)
		if (i % n == part)
			make(i);
}

static void names(int argc, char **argv)
{
	size_t i;

	(void)argc, (void)argv;
	for (i = 0; i < COUNT(ones); i++)
		say("%s", ones[i].name);
}

int main(int argc, char **argv)
{
	static const struct act acts[] = {
		{ "storm", storm }, { "some", some }, { "names", names },
	};

	return play(acts, COUNT(acts), argc, argv);
}
