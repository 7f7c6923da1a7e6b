/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Programs that do what a supervisor does: breakpoints and single steps of their own, code that
 * is read, checked, written and moved.
 *
 * BUILD: -O2
 * BUILD: -O0 -static -no-pie -fno-pie
 * WINDOW: plain breaks
 * IN: plain: getuid=41
 * IN: breaks: getgid=10
 * AFTER: getpgrp
 */
#include "win.h"

#include <signal.h>
#include <sys/mman.h>

static volatile int zero, traps;

NOINLINE int plain(int x)
{
	mark(SYS_getuid);
	evil();
	return x + zero;
}

/* Traps of the program's own, of each kind, inside of a window. */
NOINLINE int breaks(int x)
{
	__asm__ volatile("int3");
	__asm__ volatile(".byte 0xcd, 3");	/* int $3 */
	__asm__ volatile(".byte 0xf1");		/* int1 */
	mark(SYS_getgid);
	return x + zero;
}

NOINLINE int neighbour(int x)
{
	mark(SYS_getpgrp);
	return x * 3 + zero;
}

static void on_trap(int sig)
{
	(void)sig;
	traps++;
}

/* The trap flag, on or off, with the red zone left alone. */
#define FLAGS(change) \
	__asm__ volatile("sub $128, %%rsp\n\tpushf\n\t" change ", (%%rsp)\n\tpopf\n\t" \
			 "add $128, %%rsp" ::: "memory", "cc")

/* Each instruction traps once, also the first and the last of a window. */
static void steps(void)
{
	int r;

	traps = 0;
	FLAGS("orl $0x100");
	r = plain(5);
	FLAGS("andl $0xfffffeff");
	printf("stepped through: %d, in %d steps\n", r, traps);
}

/* What is no window reads as it is in the file. */
static void reads(void)
{
	const unsigned char *text = (const unsigned char *)(uintptr_t)neighbour;
	unsigned char copy[16];
	int i, traps_there = 0;
	FILE *f = fopen("/proc/self/mem", "rb");

	NEED(f && fseek(f, (long)(uintptr_t)text, SEEK_SET) == 0);
	NEED(fread(copy, 1, sizeof(copy), f) == sizeof(copy));
	fclose(f);
	for (i = 0; i < 16; i++)
		traps_there += text[i] == 0xcc || copy[i] == 0xcc;
	printf("traps outside of windows: %d\n", traps_there);
}

/* Code that is made at run time, and written over, works. */
static void makes(void)
{
	static const unsigned char code[] = { 0x8d, 0x47, 1, 0xc3 };	/* lea 1(%rdi), %eax; ret */
	unsigned char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int (*f)(int), i, sum = 0;

	NEED(page != MAP_FAILED);
	*(void **)&f = page;
	for (i = 0; i < 10; i++) {
		memcpy(page, code, sizeof(code));
		page[2] = (unsigned char)i;
		sum += f(plain(i));
	}
	printf("made: %d\n", sum);
}

/* The program makes its text writable and writes what is there: a trap that it wrote over does not
 * hit, but nothing else goes wrong. */
static void rewrites(void)
{
	uintptr_t at = (uintptr_t)neighbour & ~(uintptr_t)4095;
	unsigned char *text = (unsigned char *)(uintptr_t)neighbour;
	unsigned char was[8];
	int i, sum = 0;

	NEED(mprotect((void *)at, 8192, PROT_READ | PROT_WRITE | PROT_EXEC) == 0);
	for (i = 0; i < 10; i++) {
		memcpy(was, text, sizeof(was));
		memset(text, 0x90, 1);
		memcpy(text, was, sizeof(was));
		sum += neighbour(i);
	}
	printf("rewritten: %d\n", sum);
}

int main(int argc, char **argv)
{
	int i, sum = 0;

	win_start(argc, argv);
	NEED(signal(SIGTRAP, on_trap) != SIG_ERR);
	for (i = 0; i < 10; i++)
		sum += breaks(i);
	printf("breakpoints of its own: %d, %d\n", traps, sum);
	for (i = 0; i < 10; i++)
		sum += plain(i);
	NEED(raise(SIGTRAP) == 0);
	printf("and by raise: %d\n", traps);
	if (!win_evil)
		steps();
	reads();
	makes();
	rewrites();
	for (i = 0; i < 20; i++)
		sum += plain(i) + neighbour(i);
	printf("still: %d\n", sum);
	outside(SYS_getuid);
	return 0;
}
