/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Symbol names and paths come from files that the target may have written. They end up
 * on terminals and in policy files: one line, no escape sequences, not too long.
 */
#include "config.h"

#include <string.h>

#include "cr/lookup.h"
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

/* Rust has none in its names; what is in parentheses there is a type. Its older names are C++ names
 * that end in a hash, "17h0123456789abcdefE". */
static bool has_arguments(const char *raw)
{
	const size_t tail = strlen("17h0123456789abcdefE");
	size_t len = strlen(raw);

	return strncmp(raw, "_Z", 2) == 0 &&
	       (len <= tail || strncmp(raw + len - tail, "17h", 3) != 0);
}

char *cr_uw_clean_symbol(const char *raw)
{
	cr_auto_free char *plain = cr_demangle(raw);
	char *name, *version;

	if (plain && has_arguments(raw))
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
