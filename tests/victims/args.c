/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * args - one call by its number, by each door, with whatever stands in the registers
 *
 * usage: args ABI NUMBER [ARG0 ARG1 ARG2]...
 *
 * A line for each three arguments: what came of it.
 */
#include "victim.h"

static long int80(unsigned long nr, const unsigned long a[3])
{
	long rc;

	__asm__ volatile("int $0x80" : "=a"(rc) : "0"(nr), "b"(a[0]), "c"(a[1]), "d"(a[2])
			 : "memory", "r8", "r9", "r10", "r11");
	return (int)rc;
}

static long raw(unsigned long nr, const unsigned long a[3])
{
	long rc;

	__asm__ volatile("syscall" : "=a"(rc) : "0"(nr), "D"(a[0]), "S"(a[1]), "d"(a[2])
			 : "rcx", "r11", "memory");
	return rc;
}

int main(int argc, char **argv)
{
	unsigned long nr, a[3];
	long rc;
	int i, k;

	if (argc < 3)
		return 99;
	nr = strtoul(argv[2], NULL, 0);
	if (strcmp(argv[1], "x32") == 0)
		nr |= 0x40000000ul;
	for (i = 3; i + 2 < argc; i += 3) {
		for (k = 0; k < 3; k++)
			a[k] = strtoul(argv[i + k], NULL, 0);
		rc = strcmp(argv[1], "i386") == 0 ? int80(nr, a) : raw(nr, a);
		say("%s", rc < 0 && rc > -4096 ? strerrorname_np((int)-rc) : "a value");
	}
	return 0;
}
