/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a person calls a function, against what the linker calls it. */
#include "config.h"

#include <ctype.h>
#include <fnmatch.h>
#include <string.h>

#include "cr/lookup.h"
#include "image-int.h"

#define NEAR_MAX 3
#define NEAR_LEN 64u
#define NEAR_LOOK 200000u

size_t cr_pattern_split(const char *pattern, const char **func)
{
	const char *colon = strchr(pattern, ':');
	size_t len = colon ? (size_t)(colon - pattern) : 0;

	*func = pattern;
	if (!len || colon[1] == ':' || !colon[1] || strcspn(pattern, "(<{ [*") < len)
		return 0;
	/* Go's "type:.eq.T" and "go:main.inittasks". */
	if ((len == 4 && strncmp(pattern, "type", 4) == 0) ||
	    (len == 2 && strncmp(pattern, "go", 2) == 0))
		return 0;
	if (strspn(colon + 1, "0123456789") == strlen(colon + 1))
		return 0;
	*func = colon + 1;
	return len;
}

static bool ident(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* The length of @s without template arguments at its end. */
static size_t without_arguments(struct cr_slice s)
{
	size_t i = s.len;
	int depth = 0;

	if (!i || s.s[i - 1] != '>')
		return s.len;
	while (i--) {
		if (s.s[i] == '>')
			depth++;
		if (s.s[i] != '<' || --depth)
			continue;
		/* Rust's "f::<T>". */
		if (i > 2 && s.s[i - 1] == ':')
			return i - 2;
		return i && ident(s.s[i - 1]) ? i : s.len;
	}
	return s.len;
}

/* The last identifier of a plain name is in the mangled one, letter by letter; so most names need
 * not be demangled. The exceptions are what C++ abbreviates. */
static struct cr_slice probe_of(const char *text)
{
	static const char *const shortened[] = { "string", "basic_string", "allocator",
		"basic_istream", "basic_ostream", "basic_iostream", "istream", "ostream",
		"iostream" };
	struct cr_slice name = cr_plain_name(text);
	const char *end = name.s + without_arguments(name), *at = end;
	size_t i;

	while (at > name.s && ident(at[-1]))
		at--;
	name = (struct cr_slice){ at, (size_t)(end - at) };
	for (i = 0; i < CR_ARRAY_SIZE(shortened); i++)
		if (strlen(shortened[i]) == name.len && !strncmp(at, shortened[i], name.len))
			name.len = 0;
	if (strstr(text, "operator"))
		name.len = 0;
	return name;
}

struct cr_pattern cr_pattern_of(const char *text)
{
	return (struct cr_pattern){ text, probe_of(text), strpbrk(text, "*?[") != NULL };
}

/* Rust writes <Type>::method, people write Type::method. */
static bool same_method(const char *text, struct cr_slice s)
{
	const char *close = s.len && s.s[0] == '<' ? memmem(s.s, s.len, ">::", 3) : NULL;
	size_t head = close ? (size_t)(close - s.s) - 1 : 0;

	return head && strncmp(text, s.s + 1, head) == 0 &&
	       strlen(text + head) == s.len - head - 2 &&
	       strncmp(text + head, close + 1, s.len - head - 2) == 0;
}

/* Equal but for spaces: "f(int, char)" is what demanglers write. */
static bool same(const char *text, struct cr_slice s)
{
	const char *a = text, *b = s.s, *end = s.s + s.len;

	for (;; a++, b++) {
		while (*a == ' ')
			a++;
		while (b < end && *b == ' ')
			b++;
		if (b == end)
			return !*a;
		if (*a != *b)
			return false;
	}
}

static bool plain_matches(const char *text, const char *plain, bool glob)
{
	struct cr_slice name = cr_plain_name(plain);
	char *copy;
	bool yes;

	if (!glob) {
		if (same(text, (struct cr_slice){ plain, strlen(plain) }) || same(text, name))
			return true;
		name.len = without_arguments(name);
		return same(text, name) || same_method(text, name);
	}
	if (fnmatch(text, plain, 0) == 0)
		return true;
	copy = strndup(name.s, name.len);
	yes = copy && fnmatch(text, copy, 0) == 0;
	free(copy);
	return yes;
}

static bool may_match(const struct cr_pattern *p, const char *linkage, bool glob)
{
	if (linkage[0] != '_' || (linkage[1] != 'Z' && linkage[1] != 'R'))
		return false;
	return glob || !p->probe.len ||
	       memmem(linkage, strlen(linkage), p->probe.s, p->probe.len);
}

/* @linkage has no clone's suffix. */
static bool stem_matches(const struct cr_pattern *p, const char *linkage, bool glob)
{
	char *plain;
	bool yes;

	if (glob ? fnmatch(p->text, linkage, 0) == 0 : strcmp(p->text, linkage) == 0)
		return true;
	if (!may_match(p, linkage, glob))
		return false;
	plain = cr_demangle(linkage);
	yes = plain && plain_matches(p->text, plain, glob);
	free(plain);
	return yes;
}

enum cr_match cr_pattern_match(const struct cr_pattern *p, const char *linkage, bool glob)
{
	cr_auto_free char *stem = NULL;
	bool cold;
	size_t len;

	if (stem_matches(p, linkage, glob))
		return CR_MATCH_YES;
	len = strcspn(linkage, "@");
	if (!linkage[len])
		len = cr_symbol_stem(linkage, &cold);
	if (!linkage[len])
		return CR_MATCH_NO;
	stem = strndup(linkage, len);
	if (!stem || !stem_matches(p, stem, glob))
		return CR_MATCH_NO;
	return linkage[len] == '@' ? CR_MATCH_YES : CR_MATCH_VARIANT;
}

/* Typing mistakes between two names; more than @max is max + 1. */
static unsigned int distance(const char *a, struct cr_slice b, unsigned int max)
{
	unsigned int row[NEAR_LEN + 1], diag, up, best;
	size_t la = strlen(a), i, k;

	if (la > NEAR_LEN || b.len > NEAR_LEN || la > b.len + max || b.len > la + max)
		return max + 1;
	for (k = 0; k <= b.len; k++)
		row[k] = (unsigned int)k;
	for (i = 1; i <= la; i++) {
		diag = row[0];
		best = row[0] = (unsigned int)i;
		for (k = 1; k <= b.len; k++) {
			up = row[k];
			row[k] = diag + (a[i - 1] != b.s[k - 1]);
			if (row[k] > up + 1)
				row[k] = up + 1;
			if (row[k] > row[k - 1] + 1)
				row[k] = row[k - 1] + 1;
			diag = up;
			best = row[k] < best ? row[k] : best;
		}
		if (best > max)
			return max + 1;
	}
	return row[b.len];
}

/* "f" for "ns::f", "ReadAt" for "os.(*File).ReadAt". */
static struct cr_slice last_part(struct cr_slice name)
{
	const char *end = name.s + without_arguments(name), *s = end;

	while (s > name.s && s[-1] != ':' && s[-1] != '.')
		s--;
	return (struct cr_slice){ s, (size_t)(end - s) };
}

struct near {
	unsigned int score[NEAR_MAX];
	char *name[NEAR_MAX];	/* owned */
};

static void near_add(struct near *n, unsigned int score, struct cr_slice name)
{
	size_t i, k;

	for (i = 0; i < NEAR_MAX; i++)
		if (n->name[i] && strlen(n->name[i]) == name.len &&
		    memcmp(n->name[i], name.s, name.len) == 0)
			return;
	for (i = 0; i < NEAR_MAX && n->name[i] && n->score[i] <= score; i++)
		;
	if (i == NEAR_MAX)
		return;
	free(n->name[NEAR_MAX - 1]);
	for (k = NEAR_MAX - 1; k > i; k--) {
		n->name[k] = n->name[k - 1];
		n->score[k] = n->score[k - 1];
	}
	n->name[i] = strndup(name.s, name.len);
	n->score[i] = score;
}

static void near_look(struct near *n, const char *text, const char *linkage)
{
	unsigned int max = strlen(text) < 4 ? 1 : strlen(text) < 9 ? 2 : 3, d, of_last;
	cr_auto_free char *plain = cr_demangle(linkage);
	struct cr_slice name = { linkage, strlen(linkage) };

	if (plain)
		name = cr_plain_name(plain);
	d = distance(text, name, max);
	of_last = distance(text, last_part(name), max);
	if (of_last < d)
		d = of_last;
	if (d <= max)
		near_add(n, d, name);
}

void cr_pattern_hint(const struct cr_object *obj, const char *text, struct cr_err *err)
{
	struct near n = { .name = { NULL } };
	size_t i;

	for (i = 0; i < obj->n_sym && i < NEAR_LOOK; i++)
		if (cr_symbol_is_function(&obj->sym[i]))
			near_look(&n, text, obj->sym[i].name);
	if (n.name[2])
		cr_err_hint(err, "did you mean %.140s, %.140s or %.140s?", n.name[0], n.name[1],
			    n.name[2]);
	else if (n.name[1])
		cr_err_hint(err, "did you mean %.200s or %.200s?", n.name[0], n.name[1]);
	else if (n.name[0])
		cr_err_hint(err, "did you mean %.400s?", n.name[0]);
	else if (!obj->n_sym)
		cr_err_hint(err, "%.300s has no symbols; 0xADDR names a function by its address",
			    obj->path);
	for (i = 0; i < NEAR_MAX; i++)
		free(n.name[i]);
}
