/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From the linker's names to those that people write: C++, and Rust's older way, which looks like
 * C++. */
#include "config.h"

#include <ctype.h>
#include <string.h>

#include "cr/lookup.h"
#include "image-int.h"

#define HASH "::h0123456789abcdef"

/* What Rust writes for characters that C++ names cannot have. */
static const struct {
	const char *code;
	char is;
} escapes[] = {
	{ "$SP$", '@' }, { "$BP$", '*' }, { "$RF$", '&' }, { "$LT$", '<' }, { "$GT$", '>' },
	{ "$LP$", '(' }, { "$RP$", ')' }, { "$C$", ',' },
};

/* The character that the escape at @s stands for, its length in @len; 0: it is none. */
static char escape(const char *s, size_t *len)
{
	char *end;
	long code;
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(escapes); i++) {
		*len = strlen(escapes[i].code);
		if (strncmp(s, escapes[i].code, *len) == 0)
			return escapes[i].is;
	}
	if (s[0] != '$' || s[1] != 'u')
		return 0;
	code = strtol(s + 2, &end, 16);
	*len = (size_t)(end - s) + 1;
	return *end == '$' && code >= ' ' && code <= '~' ? (char)code : 0;
}

/* "alloc::vec::Vec$LT$T$GT$::push::h0123456789abcdef", in place. */
static void rust(char *name)
{
	size_t len = strlen(name), tail = sizeof(HASH) - 1, skip;
	char *from, *to = name, c;

	if (len <= tail || strncmp(name + len - tail, "::h", 3) != 0 ||
	    strspn(name + len - 16, "0123456789abcdef") != 16)
		return;
	name[len - tail] = '\0';
	for (from = name; *from; from += skip) {
		c = escape(from, &skip);
		if (c) {
			*to++ = c;
		} else if (from[0] == '.' && from[1] == '.') {
			*to++ = ':';
			*to++ = ':';
			skip = 2;
		} else {
			/* A component may not begin with "$", so Rust puts an underscore there. */
			skip = 1;
			if (*from != '_' || from[1] != '$' || !escape(from + 1, &len))
				*to++ = *from;
		}
	}
	*to = '\0';
}

char *cr_demangle(const char *name)
{
	char *plain;

	if (strncmp(name, "_R", 2) == 0)
		return cr_demangle_rust(name);
	if (strncmp(name, "_Z", 2) != 0)
		return NULL;
	plain = cr_demangle_cxx(name);
	if (plain)
		rust(plain);
	return plain;
}

static const char *matching(const char *s)
{
	int depth = 0;

	for (; *s; s++) {
		if (*s == '(')
			depth++;
		else if (*s == ')' && --depth == 0)
			return s + 1;
	}
	return s;
}

static bool starts(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

/* Behind "operator<<", "operator()", "operator new[]" and the like. */
static const char *behind_operator(const char *s)
{
	s += 8;
	if (starts(s, "()"))
		return s + 2;
	if (*s == ' ')		/* new, delete, a conversion */
		return s + strcspn(s, "(");
	return s + strspn(s, "<>=!+-*/%&|^~,[]");
}

/* Is the ")" before @s that of a function around this one: "f(int)::{lambda()#1}"? */
static bool goes_on(const char *s)
{
	static const char *const words[] = { " const", " volatile", " &&", " &" };
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(words); i++)
		if (starts(s, words[i]))
			s += strlen(words[i]);
	return starts(s, "::");
}

struct cr_slice cr_plain_name(const char *name)
{
	const char *s = name, *start = name, *end;
	int depth = 0;

	while (*s) {
		if (starts(s, "operator") && (s == name || !isalnum((unsigned char)s[-1])) &&
		    !isalnum((unsigned char)s[8]) && s[8] != '_') {
			s = behind_operator(s);
			continue;
		}
		if (*s == '<' || *s == '{' || *s == '[')
			depth++;
		else if ((*s == '>' && (s == name || s[-1] != '-')) || *s == '}' || *s == ']')
			depth--;
		else if (*s == ' ' && depth == 0)
			start = s + 1;
		if (*s != '(') {
			s++;
			continue;
		}
		end = matching(s);
		if (depth == 0 && s > start && !starts(s, "(anonymous") && !goes_on(end))
			break;
		s = end;
	}
	return (struct cr_slice){ start, (size_t)(s - start) };
}
