/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* abi - system calls by other doors: int 0x80, the x32 bit, the vsyscall page, bogus numbers */
#include "victim.h"

#include <sys/mman.h>
#include <sys/time.h>

static long int80(long nr, long a, long b, long c)
{
	long rc;

	__asm__ volatile("int $0x80" : "=a"(rc) : "0"(nr), "b"(a), "c"(b), "d"(c)
			 : "memory", "r8", "r9", "r10", "r11");
	return rc;
}

static long raw(unsigned long nr, long a, long b)
{
	long rc;

	__asm__ volatile("syscall" : "=a"(rc) : "0"(nr), "D"(a), "S"(b), "d"(0L)
			 : "rcx", "r11", "memory");
	return rc;
}

static const char *words(long rc)
{
	return rc < 0 && rc > -4096 ? strerrorname_np((int)-rc) : rc == 0 ? "0" : "a value";
}

static void i386(int argc, char **argv)
{
	char *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	(void)argc, (void)argv;
	NEED(low != MAP_FAILED);
	memcpy(low, "written by int 0x80\n", 20);
	say("getpid is 20: %s", int80(20, 0, 0, 0) == getpid() ? "right" : "wrong");
	say("getppid is 64: %s", int80(64, 0, 0, 0) == getppid() ? "right" : "wrong");
	say("getuid32 is 199: %s", int80(199, 0, 0, 0) == (long)getuid() ? "right" : "wrong");
	say("write is 4: %ld", int80(4, 1, (long)(uintptr_t)low, 20));
	say("a bad file: %s", words(int80(4, 9999, (long)(uintptr_t)low, 20)));
	say("number 511: %s", words(int80(511, 0, 0, 0)));
	say("number 9999: %s", words(int80(9999, 0, 0, 0)));
	say("number -1: %s", words(int80(-1, 0, 0, 0)));
}

/* fork and exec by int 0x80 make children that must be followed as well. */
static void i386_fork(int argc, char **argv)
{
	long child = int80(2, 0, 0, 0);

	(void)argc, (void)argv;
	NEED(child >= 0);
	if (child == 0)
		int80(1, 66, 0, 0);
	say("fork is 2: %s", status_words(reap((pid_t)child)));
	child = int80(120, 0x00800000 | SIGCHLD, 0, 0);	/* CLONE_UNTRACED */
	NEED(child >= 0);
	if (child == 0)
		int80(1, raw(SYS_getppid, 0, 0) > 0 ? 67 : 1, 0, 0);
	say("clone is 120, CLONE_UNTRACED: %s", status_words(reap((pid_t)child)));
}

static void x32(int argc, char **argv)
{
	(void)argc, (void)argv;
	say("getpid with the x32 bit: %s", words(raw(0x40000000ul | SYS_getpid, 0, 0)));
	say("write with the x32 bit: %s", words(raw(0x40000000ul | SYS_write, -1, 0)));
	say("512 with the x32 bit: %s", words(raw(0x40000000ul | 512, 0, 0)));
	say("the bit alone and high: %s", words(raw(0x400003fful, 0, 0)));
}

static void bogus(int argc, char **argv)
{
	static const unsigned long nrs[] = {
		9999, 1023, 1024, 0x7fffffff, 0xffffffff, 0x80000000, -1ul,
		0x100000000ul * 7 + 9999,
		387, 400,
	};
	size_t i;

	(void)argc, (void)argv;
	say("syscall(-1): %s", outcome(syscall(-1)));
	for (i = 0; i < COUNT(nrs); i++)
		say("%#lx: %s", nrs[i], words(raw(nrs[i], 0, 0)));
	/* The kernel looks at 32 bits of the number. */
	say("upper half ignored: %s",
	    raw(0xdead00000000ul | SYS_getpid, 0, 0) == getpid() ? "getpid" : "something else");
	say("an int argument's upper half: %s", words(raw(SYS_close, 0x7700000000l | 9999, 0)));
}

static void vsyscall(int argc, char **argv)
{
	time_t (*vtime)(time_t *) = (time_t (*)(time_t *))0xffffffffff600400ul;
	char line[512];
	bool there = false;
	FILE *f = fopen("/proc/self/maps", "re");
	long t;

	(void)argc, (void)argv;
	NEED(f);
	while (fgets(line, sizeof(line), f))
		there |= strstr(line, "[vsyscall]") != NULL;
	fclose(f);
	if (!there) {
		say("no vsyscall page");
		return;
	}
	t = vtime(NULL);
	say("vsyscall time: %s", labs(t - time(NULL)) <= 2 ? "right" : "wrong");
}

static void vdso(int argc, char **argv)
{
	struct timespec ts;
	struct timeval tv;
	unsigned int cpu = 9999;

	(void)argc, (void)argv;
	say("clock_gettime: %s", outcome(clock_gettime(CLOCK_MONOTONIC, &ts)));
	say("a clock without vDSO: %s", outcome(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts)));
	say("gettimeofday: %s", outcome(gettimeofday(&tv, NULL)));
	say("getcpu: %s", outcome(getcpu(&cpu, NULL)));
	say("a processor: %d", cpu < 9999);
}

int main(int argc, char **argv)
{
	static const struct act acts[] = {
		{ "i386", i386 }, { "i386-fork", i386_fork }, { "x32", x32 },
		{ "bogus", bogus }, { "vsyscall", vsyscall }, { "vdso", vdso },
	};

	return play(acts, COUNT(acts), argc, argv);
}
