/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>

#include "cr/names.h"

/* What people write for a call whose kernel name is another: the C library's wrapper, or the
 * name in a different ABI. Only for hints; never accepted as a name. */
static const struct {
	const char *alias;
	const char *names[3];	/* the first that the ABI has */
} aliases[] = {
	{ "_exit",	{ "exit_group" } },
	{ "_llseek",	{ "lseek" } },
	{ "clock_nanosleep_time64", { "clock_nanosleep" } },
	{ "eventfd",	{ "eventfd2" } },
	{ "fcntl64",	{ "fcntl" } },
	{ "fork",	{ "clone" } },
	{ "fstat64",	{ "fstat" } },
	{ "fstatat",	{ "newfstatat", "fstatat64" } },
	{ "fstatat64",	{ "newfstatat" } },
	{ "ftruncate64", { "ftruncate" } },
	{ "futex_time64", { "futex" } },
	{ "getdents",	{ "getdents64" } },
	{ "getrlimit",	{ "prlimit64" } },
	{ "lstat64",	{ "lstat" } },
	{ "mmap2",	{ "mmap" } },
	{ "newfstatat",	{ "fstatat64" } },
	{ "pread",	{ "pread64" } },
	{ "preadv64",	{ "preadv" } },
	{ "pwrite",	{ "pwrite64" } },
	{ "recv",	{ "recvfrom" } },
	{ "select",	{ "pselect6" } },
	{ "send",	{ "sendto" } },
	{ "sendfile64",	{ "sendfile" } },
	{ "sigaction",	{ "rt_sigaction" } },
	{ "sigprocmask", { "rt_sigprocmask" } },
	{ "sigreturn",	{ "rt_sigreturn" } },
	{ "sigsuspend",	{ "rt_sigsuspend" } },
	{ "sleep",	{ "clock_nanosleep" } },
	{ "stat64",	{ "stat" } },
	{ "sysctl",	{ "_sysctl" } },
	{ "truncate64",	{ "truncate" } },
	{ "umount",	{ "umount2" } },
	{ "wait",	{ "wait4" } },
	{ "waitpid",	{ "wait4" } },
};

static int number_of(const char *s)
{
	uint32_t nr = 0;

	if (*s < '0' || *s > '9' || (s[0] == '0' && s[1]))
		return -EINVAL;
	for (; *s >= '0' && *s <= '9'; s++) {
		nr = nr * 10 + (uint32_t)(*s - '0');
		if (nr >= CR_NR_MAX)
			return -EINVAL;
	}
	return *s ? -EINVAL : (int)nr;
}

/* libseccomp's name of a call; NULL when it has none. To be freed. */
static char *library_name(enum cr_abi abi, uint32_t nr)
{
	const struct cr_abi_facts *f = &cr_abi_facts[abi];

	return seccomp_syscall_resolve_num_arch(f->scmp_arch, (int)(nr | f->nr_bit));
}

/* libseccomp answers a negative number of its own for calls that it spreads over two kernel
 * calls (socket and socketcall on i386); the kernel's number is found by the way back. */
static int by_search(enum cr_abi abi, const char *name)
{
	uint32_t nr;
	char *known;
	bool same;

	for (nr = 0; nr < CR_NR_MAX; nr++) {
		known = library_name(abi, nr);
		same = known && strcmp(known, name) == 0;
		free(known);
		if (same)
			return (int)nr;
	}
	return -ENOENT;
}

int cr_name_to_nr(enum cr_abi abi, const char *name)
{
	const struct cr_abi_facts *f = &cr_abi_facts[abi];
	uint32_t nr;
	int got;

	if (strncmp(name, "nr:", 3) == 0)
		return number_of(name + 3);
	got = seccomp_syscall_resolve_name_arch(f->scmp_arch, name);
	if (got == __NR_SCMP_ERROR)
		return -ENOENT;
	if (got < 0)
		return by_search(abi, name);
	nr = (uint32_t)got & ~f->nr_bit;
	return nr < CR_NR_MAX ? (int)nr : -ENOENT;
}

const char *cr_nr_to_name(enum cr_abi abi, uint32_t nr, char name[CR_NAME_MAX])
{
	/* A save writes every rule by name, and the library's search is linear. */
	static char cache[CR_ABI_COUNT][CR_NR_MAX][32];
	char *slot = nr < CR_NR_MAX ? cache[abi][nr] : NULL;
	char *known;

	if (slot && *slot) {
		snprintf(name, CR_NAME_MAX, "%s", slot);
		return name;
	}
	known = nr < CR_NR_MAX ? library_name(abi, nr) : NULL;
	if (known)
		snprintf(name, CR_NAME_MAX, "%s", known);
	else
		snprintf(name, CR_NAME_MAX, "nr:%u", nr);
	free(known);
	if (slot && strlen(name) < sizeof(cache[0][0]))
		memcpy(slot, name, strlen(name) + 1);
	return name;
}

unsigned int cr_name_distance(const char *a, const char *b)
{
	unsigned int rows[3][CR_NAME_MAX + 1];
	unsigned int *before = rows[0], *last = rows[1], *now = rows[2], *t;
	size_t n = strnlen(b, CR_NAME_MAX), i, j;

	for (j = 0; j <= n; j++)
		last[j] = (unsigned int)j;
	for (i = 0; a[i] && i < CR_NAME_MAX; i++) {
		now[0] = (unsigned int)i + 1;
		for (j = 0; j < n; j++) {
			unsigned int d = last[j] + (a[i] != b[j]);

			d = last[j + 1] + 1 < d ? last[j + 1] + 1 : d;
			d = now[j] + 1 < d ? now[j] + 1 : d;
			if (i && j && a[i] == b[j - 1] && a[i - 1] == b[j] && before[j - 1] + 1 < d)
				d = before[j - 1] + 1;
			now[j + 1] = d;
		}
		t = before;
		before = last;
		last = now;
		now = t;
	}
	return last[n];
}

static const char *of_alias(enum cr_abi abi, const char *name)
{
	size_t i, k;

	for (i = 0; i < CR_ARRAY_SIZE(aliases); i++) {
		if (strcmp(aliases[i].alias, name) != 0)
			continue;
		for (k = 0; k < CR_ARRAY_SIZE(aliases[i].names) && aliases[i].names[k]; k++)
			if (cr_name_to_nr(abi, aliases[i].names[k]) >= 0)
				return aliases[i].names[k];
	}
	return NULL;
}

const char *cr_name_nearest(enum cr_abi abi, const char *name, char near[CR_NAME_MAX])
{
	unsigned int best, d;
	const char *alias;
	char lower[CR_NAME_MAX];
	char *known;
	uint32_t nr;
	size_t i;

	for (i = 0; name[i] && i < sizeof(lower) - 1; i++)
		lower[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] + 32 : name[i]);
	lower[i] = '\0';
	alias = of_alias(abi, lower);
	if (alias) {
		snprintf(near, CR_NAME_MAX, "%s", alias);
		return near;
	}
	/* One typing slip per four letters: more would offer names at random. */
	best = (unsigned int)(i / 4) + 2;
	near[0] = '\0';
	for (nr = 0; nr < CR_NR_MAX; nr++) {
		known = library_name(abi, nr);
		d = known ? cr_name_distance(lower, known) : best;
		if (d < best && d < i) {
			best = d;
			snprintf(near, CR_NAME_MAX, "%s", known);
		}
		free(known);
	}
	return near[0] ? near : NULL;
}

uint32_t cr_nr_highest(enum cr_abi abi)
{
	uint32_t nr;
	char *known;

	for (nr = CR_NR_MAX - 1; nr > 0; nr--) {
		known = library_name(abi, nr);
		free(known);
		if (known)
			break;
	}
	return nr;
}
