/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Symbol names and paths come from files that the target may have written. They end up
 * on terminals and in policy files: one line, no escape sequences, not too long.
 */
#include "config.h"

#include <string.h>

#include "unwind-int.h"

#define NAME_LEN_MAX 160

static char *clean(const char *raw)
{
	size_t i, len = strnlen(raw, NAME_LEN_MAX + 1);
	bool cut = len > NAME_LEN_MAX;
	char *s;

	len = cut ? NAME_LEN_MAX : len;
	s = malloc(len + 4);
	if (!s)
		return NULL;
	for (i = 0; i < len; i++)
		s[i] = raw[i] >= ' ' && raw[i] <= '~' ? raw[i] : '?';
	strcpy(s + len, cut ? "..." : "");
	return s;
}

#ifdef HAVE_CXA_DEMANGLE
char *__cxa_demangle(const char *mangled, char *buf, size_t *len, int *status);

#define MANGLED_MAX 1024
#define REFERENCES_MAX 30

/* A mangled name may refer back to its own parts, each reference doubling what is there: thirty
 * bytes of it make a gigabyte. Those that people write do not have that many. */
static bool harmless(const char *raw)
{
	size_t i, refs = 0, len = strnlen(raw, MANGLED_MAX);

	for (i = 0; i + 1 < len; i++) {
		if ((raw[i] == 'S' || raw[i] == 'T') && (raw[i + 1] == '_' ||
		    (raw[i + 1] >= '0' && raw[i + 1] <= '9') ||
		    (raw[i + 1] >= 'A' && raw[i + 1] <= 'Z')))
			refs++;
	}
	return len < MANGLED_MAX && refs <= REFERENCES_MAX;
}

static char *demangle(const char *raw)
{
	if (strncmp(raw, "_Z", 2) != 0 || !harmless(raw))
		return NULL;
	return __cxa_demangle(raw, NULL, NULL, NULL);
}
#else
static char *demangle(const char *raw)
{
	(void)raw;
	return NULL;
}
#endif

/* "ns::f(int, char const*)": who calls whom is clear without the types, and "<" is what
 * stands between two frames. Template arguments stay. */
static void drop_arguments(char *name)
{
	static const char op[] = "operator()";
	char *from = strstr(name, op), *paren;

	from = from ? from + sizeof(op) - 1 : name;
	/* "(anonymous namespace)::f(int)" */
	while ((paren = strchr(from, '(')) && strncmp(paren, "(anonymous namespace)", 21) == 0)
		from = paren + 21;
	if (paren && paren > name)
		*paren = '\0';
}

char *cr_uw_clean_symbol(const char *raw)
{
	cr_auto_free char *plain = demangle(raw);
	char *name, *version;

	if (plain)
		drop_arguments(plain);
	name = clean(plain ? plain : raw);
	/* "memcpy@@GLIBC_2.14" */
	version = name ? strchr(name + (*name != 0), '@') : NULL;
	if (version)
		*version = '\0';
	return name;
}

char *cr_uw_clean_path(const char *raw)
{
	const char *slash = strrchr(raw, '/');

	return clean(slash ? slash + 1 : raw);
}
