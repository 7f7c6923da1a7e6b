/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Windows in libraries: one that is loaded, unloaded and loaded elsewhere, twice at once in two
 * namespaces, and one that only a child loads. Where a library was, other code may be.
 *
 * BUILD: -O2 -pthread -DOBJECT="lib%n.so" -ldl
 * LIBRARY: -O2 -fPIC -shared -DLIBRARY
 * WINDOW: lib%n.so:in_library lib%n.so:also
 * IN: in_library: getuid=60 getgid=60 getegid=60
 * IN: also: getegid=60
 * AFTER: gettid getpgrp
 */
#include "win.h"

#ifdef LIBRARY

static volatile int zero;
static int loads;

NOINLINE int also(int x)
{
	mark(SYS_getegid);
	return x + zero;
}

NOINLINE int in_library(int x)
{
	int r;

	mark(SYS_getuid);
	evil();
	loads++;
	r = also(x);
	mark(SYS_getgid);
	return r + loads + zero;
}

/* The library has its own. */
void set_evil(bool is)
{
	win_evil = is;
}

#else

#include <dlfcn.h>
#include <sys/mman.h>
#include <sys/wait.h>

static char path[4096];

static int play(void *lib)
{
	int (*f)(int);
	void (*set)(bool);
	int i, sum = 0;

	*(void **)&f = dlsym(lib, "in_library");
	*(void **)&set = dlsym(lib, "set_evil");
	NEED(f && set);
	set(win_evil);
	for (i = 0; i < 10; i++) {
		sum += f(i);
		mark(SYS_gettid);
	}
	return sum;
}

/* Loaded, used, unloaded; and what then is where it was. */
static int load(uintptr_t *at)
{
	void *lib = dlopen(path, RTLD_NOW);
	int sum;

	NEED(lib);
	sum = play(lib);
	*at = (uintptr_t)dlsym(lib, "in_library") & ~(uintptr_t)4095;
	NEED(dlclose(lib) == 0);
	return sum;
}

/* Code of our own where the library's was, byte for byte what it needs to be. */
static int squat(uintptr_t at)
{
	static const unsigned char code[] = { 0xb8, 7, 0, 0, 0, 0xc3 };	/* mov $7, %eax; ret */
	unsigned char *page;
	size_t i;
	int n = 0;

	page = mmap((void *)at, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS |
		    MAP_FIXED_NOREPLACE, -1, 0);
	NEED(page == (void *)at);
	for (i = 0; i + sizeof(code) <= 4096; i += 16)
		memcpy(page + i, code, sizeof(code));
	NEED(mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0);
	for (i = 0; i + sizeof(code) <= 4096; i += 16)
		n += ((int (*)(void))(page + i))();
	mark(SYS_getpgrp);
	return n;
}

int main(int argc, char **argv)
{
	uintptr_t first, second;
	void *two;
	char *end;
	int sum, status;
	pid_t pid;

	win_start(argc, argv);
	NEED(readlink("/proc/self/exe", path, sizeof(path) - 64) > 0);
	end = strrchr(path, '/') + 1;
	strcpy(end, OBJECT);
	printf("loaded: %d\n", load(&first));
	printf("other code there: %d\n", squat(first));
	printf("loaded elsewhere: %d\n", load(&second));
	NEED(first != second);
	printf("again: %d\n", load(&second));
	two = dlmopen(LM_ID_NEWLM, path, RTLD_NOW);
	NEED(two);
	printf("in another namespace: %d\n", play(two));
	printf("in two at once: %d\n", load(&second));
	outside(SYS_getuid);
	pid = fork();
	if (pid == 0) {
		sum = load(&second);
		_exit(sum);
	}
	NEED(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	printf("in a child: %d\n", WEXITSTATUS(status));
	return 0;
}

#endif
