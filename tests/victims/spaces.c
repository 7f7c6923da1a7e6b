/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* spaces - new namespaces, by each call that makes them; the first process of one */
#include "victim.h"

#include <linux/sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>

static void child_of(long child, const char *by)
{
	if (child == 0)
		_exit(7);
	say("%s: %s", by, child < 0 ? outcome(child) : status_words(reap((pid_t)child)));
}

static void by_clone(void)
{
	child_of(syscall(SYS_clone, (long)SIGCHLD, 0l, 0l, 0l, 0l), "clone");
}

static void by_clone3(void)
{
	struct clone_args args = { .flags = CLONE_NEWUSER, .exit_signal = SIGCHLD };

	child_of(syscall(SYS_clone3, &args, sizeof(args)), "clone3");
}

static void clone3_first(int argc, char **argv)
{
	(void)argc, (void)argv;
	by_clone3();
	by_clone();
}

static void clone3_last(int argc, char **argv)
{
	(void)argc, (void)argv;
	by_clone();
	by_clone3();
}

static void wrong(const char *what, const void *args, size_t size)
{
	say("clone3, %s: %s", what, outcome(syscall(SYS_clone3, args, size)));
}

/* What the kernel answers to flags that clone3 does not take together, and to a structure that is
 * too short, too long, or ends where nothing is mapped any more. */
static void clone3_wrong(int argc, char **argv)
{
	struct clone_args args = { .flags = CLONE_NEWUSER | CLONE_FS, .exit_signal = SIGCHLD };
	size_t page = (size_t)sysconf(_SC_PAGESIZE), longer = sizeof(args) + 8;
	unsigned char *end;

	(void)argc, (void)argv;
	end = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	NEED(end != MAP_FAILED && munmap(end + page, page) == 0);
	end += page;
	wrong("flags", &args, sizeof(args));
	wrong("too short", &args, 8);
	wrong("too long", &args, page + 8);
	wrong("nowhere", end, sizeof(args));
	memcpy(end - longer, &args, sizeof(args));
	wrong("longer, with nothing", end - longer, longer);
	wrong("longer, and not there", end - longer, longer + 8);
	end[-1] = 1;
	wrong("longer, with something", end - longer, longer);
	wrong("longer, with something, and not there", end - longer, longer + 8);
	wrong("not all there", end - 64, sizeof(args));
}

static void crash(void)
{
	*(volatile int *)8 = 1;
}

static void trap(void)
{
	__asm__ volatile("int3");
}

/* The first process of a pid namespace ends by what it does itself, though nobody in there could
 * end it by a signal. By which one it ends is another matter. */
static void first_ends(const char *how, void (*by)(void))
{
	pid_t child;
	int status;

	child = fork();
	NEED(child >= 0);
	if (child == 0) {
		NEED(getpid() == 1);
		prctl(PR_SET_DUMPABLE, 0l, 0l, 0l, 0l);
		by();
		_exit(0);
	}
	status = reap(child);
	say("%s: %s", how, WIFSIGNALED(status) ? "ended by a signal" : status_words(status));
}

static void in_new_namespace(void (*play)(void))
{
	pid_t child = fork();

	NEED(child >= 0);
	if (child == 0) {
		NEED(unshare(geteuid() ? CLONE_NEWUSER | CLONE_NEWPID : CLONE_NEWPID) == 0);
		play();
		_exit(0);
	}
	say("%s", status_words(reap(child)));
}

static void crashing(void)
{
	first_ends("a fault", crash);
}

static void trapping(void)
{
	first_ends("a trap", trap);
}

static void aborting(void)
{
	first_ends("abort", abort);
}

static void first_crashes(int argc, char **argv)
{
	(void)argc, (void)argv;
	in_new_namespace(crashing);
	in_new_namespace(trapping);
	in_new_namespace(aborting);
}

static sig_atomic_t caught;

static void on_fault(int sig)
{
	(void)sig;
	caught++;
	if (caught == 3)
		_exit(3);
}

static void crash_thrice(void)
{
	signal(SIGSEGV, on_fault);
	crash();
}

static void handling(void)
{
	first_ends("a fault that it handles", crash_thrice);
}

static void first_handles(int argc, char **argv)
{
	(void)argc, (void)argv;
	in_new_namespace(handling);
}

static const struct act acts[] = {
	{ "clone3-first", clone3_first },
	{ "clone3-last", clone3_last },
	{ "clone3-wrong", clone3_wrong },
	{ "first-crashes", first_crashes },
	{ "first-handles", first_handles },
};

int main(int argc, char **argv)
{
	return play(acts, COUNT(acts), argc, argv);
}
