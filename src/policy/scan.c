/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "cr/names.h"
#include "scan.h"

const char *const cr_header_names[CR_HEAD_COUNT] = {
	[CR_HEAD_FORMAT] = "format",
	[CR_HEAD_PROGRAM] = "program",
	[CR_HEAD_BUILD_ID] = "build-id",
	[CR_HEAD_MODE] = "mode",
	[CR_HEAD_VIOLATION] = "violation",
	[CR_HEAD_HORIZON] = "horizon",
	[CR_HEAD_RUNS] = "runs",
	[CR_HEAD_ALL_RUNS] = "all-runs",
	[CR_HEAD_LOST] = "lost",
	[CR_HEAD_OUTSIDE] = "outside",
	[CR_HEAD_ARGUMENTS] = "arguments",
	[CR_HEAD_INCLUDE] = "include",
	[CR_HEAD_DIGEST] = "digest",
};

/* One pass over the lines. */
struct pass {
	struct cr_where at;
	struct cr_scan *s;
	struct cr_heading now;
};

#define wrong(p, ...) cr_wrong(&(p)->at, __VA_ARGS__)

int cr_wrong(const struct cr_where *at, const char *fmt, ...)
{
	char what[768];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return cr_err_set(at->err, -EINVAL, "%s:%u: %s", at->path, at->line, what);
}

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct cr_span strip(struct cr_span t)
{
	while (t.len && blank(t.s[0])) {
		t.s++;
		t.len--;
	}
	while (t.len && blank(t.s[t.len - 1]))
		t.len--;
	return t;
}

static bool is(struct cr_span t, const char *word)
{
	return strlen(word) == t.len && memcmp(t.s, word, t.len) == 0;
}

static int bad_byte(struct pass *p, unsigned char c)
{
	int rc;

	if (c == '\r')
		return wrong(p, "a carriage return in the middle of the line");
	rc = wrong(p, "byte 0x%02x: this is not a text file", c);
	cr_err_hint(p->at.err, "a policy is plain text; see chestnut-policy(5)");
	return rc;
}

/* Bytes and length. @t is the line without its end. */
static int check_bytes(struct pass *p, struct cr_span t)
{
	size_t i, n;
	int rc;

	if (p->at.line == 1 && t.len >= 3 && memcmp(t.s, "\xef\xbb\xbf", 3) == 0) {
		rc = wrong(p, "the file begins with a byte order mark");
		cr_err_hint(p->at.err, "save it as UTF-8 without one");
		return rc;
	}
	for (i = 0; i < t.len; i++)
		if (((unsigned char)t.s[i] < 0x20 && t.s[i] != '\t') || t.s[i] == 0x7f)
			return bad_byte(p, (unsigned char)t.s[i]);
	if (t.len > CR_LINE_MAX) {
		rc = wrong(p, "the line is %zu bytes long", t.len);
		cr_err_hint(p->at.err, "at most %d bytes fit in a line", CR_LINE_MAX);
		return rc;
	}
	n = strip(t).len;
	if (n && strip(t).s[n - 1] == '\\') {
		rc = wrong(p, "the line ends in a backslash");
		cr_err_hint(p->at.err,
			    "lines are never continued, not even comments: take it away");
		return rc;
	}
	return 0;
}

/* The part of a window, made when it is not there yet; NULL when out of memory. */
static struct cr_part *part_of(struct cr_scan *s, unsigned int window)
{
	if (!s->part[window])
		s->part[window] = calloc(1, sizeof(*s->part[window]));
	return s->part[window];
}

static int scan_section(struct pass *p, struct cr_line *l, struct cr_span t)
{
	const char *close = memchr(t.s, ']', t.len);
	char name[CR_SECTION_MAX];
	struct cr_part *part;
	int rc;

	if (!close)
		return wrong(p, "the section name has no closing ]");
	if (close != t.s + t.len - 1) {
		rc = wrong(p, "there is text behind the section name");
		cr_err_hint(p->at.err, "put a comment on a line of its own");
		return rc;
	}
	rc = cr_section_read(strip((struct cr_span){ t.s + 1, t.len - 2 }), &p->now, &p->at);
	if (rc < 0)
		return rc;
	part = part_of(p->s, p->now.window);
	if (!part)
		return -ENOMEM;
	if (part->section[p->now.section]) {
		rc = wrong(p, "section [%s] is there twice",
			   cr_section_name(p->now.window, p->now.section, name));
		cr_err_hint(p->at.err, "the first is on line %u: put the lines together",
			    part->section[p->now.section]);
		return rc;
	}
	part->section[p->now.section] = p->at.line;
	l->kind = CR_LINE_SECTION;
	return 0;
}

/* A value in quotes: up to the next quote; behind it only a comment. @t begins with the quote. */
static int scan_quoted(struct pass *p, struct cr_line *l, struct cr_span t)
{
	const char *close = memchr(t.s + 1, '"', t.len - 1);
	struct cr_span rest;

	if (!close)
		return wrong(p, "the value has no closing quote");
	l->raw = (struct cr_span){ t.s, (size_t)(close - t.s) + 1 };
	l->value = (struct cr_span){ t.s + 1, l->raw.len - 2 };
	rest = strip((struct cr_span){ close + 1, t.len - l->raw.len });
	if (rest.len && rest.s[0] != '#' && rest.s[0] != ';')
		return wrong(p, "there is text behind the closing quote");
	return 0;
}

/* A value without quotes: up to a # or ; that follows a blank. */
static int scan_plain(struct pass *p, struct cr_line *l, struct cr_span t)
{
	size_t i;
	int rc;

	for (i = 0; i < t.len && t.s[i] != '#' && t.s[i] != ';'; i++) {
		if (t.s[i] != '"' && !(t.s[i] == '\'' && i == 0))
			continue;
		rc = wrong(p, "a %c inside a value", t.s[i]);
		cr_err_hint(p->at.err,
			    "put the whole value in double quotes; %%22 stands for one of them");
		return rc;
	}
	if (i && i < t.len && !blank(t.s[i - 1])) {
		rc = wrong(p, "a %c inside a value", t.s[i]);
		cr_err_hint(p->at.err,
			    "put the value in double quotes, or a blank before the comment");
		return rc;
	}
	l->value = strip((struct cr_span){ t.s, i });
	l->raw = l->value;
	return 0;
}

static int check_key(struct pass *p, struct cr_span key)
{
	size_t i;

	if (!key.len)
		return wrong(p, "there is no name before the =");
	for (i = 0; i < key.len; i++) {
		char c = key.s[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		    c == '_' || c == '-' || c == ':' || (c == '?' && i == 0))
			continue;
		return wrong(p, "\"%.*s\" cannot be a name", (int)key.len, key.s);
	}
	return 0;
}

static int header_of(struct cr_span key)
{
	int i;

	for (i = 0; i < CR_HEAD_COUNT; i++)
		if (is(key, cr_header_names[i]))
			return i;
	return -1;
}

static int twice(struct pass *p, const char *what, unsigned int first)
{
	int rc = wrong(p, "%s is there twice", what);

	cr_err_hint(p->at.err, "the first is on line %u: which of them is meant?", first);
	return rc;
}

static int unknown_header(struct pass *p, const char *key)
{
	int rc = wrong(p, "[policy] has no key \"%s\"", key);
	size_t i;

	cr_err_hint(p->at.err,
		    "there are format, program, build-id, mode, violation, horizon, runs, "
		    "all-runs, lost, outside, arguments, include and digest");
	for (i = 0; i < CR_HEAD_COUNT; i++)
		if (strcasecmp(cr_header_names[i], key) == 0)
			cr_err_hint(p->at.err, "keys are in lower case: \"%s\"",
				    cr_header_names[i]);
	if (cr_name_to_nr(CR_ABI_NATIVE, key[0] == '?' ? key + 1 : key) >= 0)
		cr_err_hint(p->at.err, "rules stand in [syscalls]");
	return rc;
}

static int scan_header(struct pass *p, struct cr_line *l, const char *key)
{
	l->nr = header_of(l->key);
	if (l->nr < 0)
		return unknown_header(p, key);
	if (p->s->header[l->nr])
		return twice(p, key, p->s->header[l->nr]);
	p->s->header[l->nr] = p->at.line;
	return 0;
}

static int unknown_call(struct pass *p, enum cr_abi abi, struct cr_span key, const char *name,
			int why)
{
	char near[CR_NAME_MAX];
	int rc;

	if (why == -EINVAL) {
		rc = wrong(p, "\"%s\" is not nr:N with N below %u", name, CR_NR_MAX);
		return rc;
	}
	rc = abi == CR_ABI_NATIVE ? wrong(p, "no syscall is called \"%s\"", name) :
	     wrong(p, "no %s syscall is called \"%s\"", cr_abi_facts[abi].name, name);
	if (header_of(key) >= 0)
		cr_err_hint(p->at.err, "\"%s\" belongs to [policy]", name);
	else if (cr_name_nearest(abi, name, near))
		cr_err_hint(p->at.err, "did you mean \"%s\"?", near);
	else
		cr_err_hint(p->at.err, "write nr:N for a call that is newer than this build, "
			    "or ?%s for one that may be missing", name);
	return rc;
}

/* Where the line of a call's entry is noted; NULL when out of memory. */
static unsigned int *entry_of(struct cr_scan *s, const struct cr_heading *at, int nr)
{
	unsigned int **lines = &s->part[at->window]->entry[at->section];

	if (!*lines)
		*lines = calloc(CR_NR_MAX, sizeof(**lines));
	return *lines ? *lines + nr : NULL;
}

static int scan_call(struct pass *p, struct cr_line *l, const char *key)
{
	enum cr_section sec = p->now.section;
	enum cr_abi abi = cr_section_abi(sec);
	unsigned int *first;
	int nr = cr_name_to_nr(abi, key[0] == '?' ? key + 1 : key);

	if (nr == -ENOENT && (key[0] == '?' || cr_section_is_evidence(sec))) {
		l->nr = -1;	/* the rule of such evidence has a ? or is gone */
		return 0;
	}
	if (nr < 0)
		return unknown_call(p, abi, l->key, key[0] == '?' ? key + 1 : key, nr);
	first = entry_of(p->s, &p->now, nr);
	if (!first)
		return -ENOMEM;
	if (*first)
		return twice(p, key, *first);
	*first = p->at.line;
	l->nr = nr;
	return 0;
}

/* What [window N] says besides rules. 0 when the key is none of these. */
static int scan_window(struct pass *p, struct cr_line *l, const char *key)
{
	unsigned int *first;
	int i;

	for (i = 0; i < CR_WINDOW_KEY_COUNT; i++) {
		if (!is(l->key, cr_window_key_names[i]))
			continue;
		first = &p->s->part[p->now.window]->key[i];
		if (*first)
			return twice(p, key, *first);
		*first = p->at.line;
		l->nr = i;
		l->section = CR_SEC_WINDOW;
		return 1;
	}
	return 0;
}

static int scan_key(struct pass *p, struct cr_line *l, const char *key)
{
	int rc = 0;

	if (p->now.section == CR_SEC_POLICY)
		return scan_header(p, l, key);
	if (p->now.window && p->now.section == CR_SEC_SYSCALLS + CR_ABI_NATIVE)
		rc = scan_window(p, l, key);
	if (rc == 0)
		rc = scan_call(p, l, key);
	return rc < 0 ? rc : 0;
}

static int scan_entry(struct pass *p, struct cr_line *l, struct cr_span t)
{
	const char *eq = memchr(t.s, '=', t.len);
	char key[CR_LINE_MAX + 1];
	struct cr_span value;
	int rc;

	if (!eq) {
		rc = wrong(p, "this is no [section], no \"name = value\" and no comment");
		cr_err_hint(p->at.err, "a rule reads: openat = allow");
		return rc;
	}
	l->kind = CR_LINE_ENTRY;
	l->key = strip((struct cr_span){ t.s, (size_t)(eq - t.s) });
	rc = check_key(p, l->key);
	if (rc < 0)
		return rc;
	snprintf(key, sizeof(key), "%.*s", (int)l->key.len, l->key.s);
	if (p->now.section == CR_SEC_NONE)
		return wrong(p, "\"%s\" stands before the first [section]", key);
	p->s->n_keys++;
	value = strip((struct cr_span){ eq + 1, t.len - (size_t)(eq + 1 - t.s) });
	rc = value.len && value.s[0] == '"' ? scan_quoted(p, l, value) : scan_plain(p, l, value);
	if (rc < 0)
		return rc;
	rc = scan_key(p, l, key);
	if (rc < 0)
		return rc;
	return l->value.len ? 0 : wrong(p, "\"%s\" has no value", key);
}

static int scan_line(struct pass *p, struct cr_line *l)
{
	struct cr_span t = l->text;
	int rc;

	if (t.len && t.s[t.len - 1] == '\n')
		t.len--;
	if (t.len && t.s[t.len - 1] == '\r')
		t.len--;
	rc = check_bytes(p, t);
	if (rc < 0)
		return rc;
	t = strip(t);
	l->window = p->now.window;
	l->section = p->now.section;
	if (!t.len)
		l->kind = CR_LINE_BLANK;
	else if (t.s[0] == '#' || t.s[0] == ';')
		l->kind = CR_LINE_COMMENT;
	else if (t.s[0] == '[')
		rc = scan_section(p, l, t);
	else
		rc = scan_entry(p, l, t);
	if (l->kind == CR_LINE_SECTION) {
		l->window = p->now.window;
		l->section = p->now.section;
	}
	return rc;
}

/* Names that nobody knows have no number that would show a second one of them. */
static int by_name(const void *a, const void *b)
{
	const struct cr_line *x = *(struct cr_line *const *)a, *y = *(struct cr_line *const *)b;
	size_t n = x->key.len < y->key.len ? x->key.len : y->key.len;
	int rc = (int)x->window - (int)y->window;

	if (rc == 0)
		rc = (int)x->section - (int)y->section;
	if (rc == 0)
		rc = strncasecmp(x->key.s, y->key.s, n);
	if (rc == 0)
		rc = (x->key.len > y->key.len) - (x->key.len < y->key.len);
	return rc ? rc : (x > y) - (x < y);
}

static int check_unknown_twice(struct pass *p, struct cr_line **unknown, size_t n)
{
	size_t i;
	char key[CR_NAME_MAX];

	qsort(unknown, n, sizeof(struct cr_line *), by_name);
	for (i = 1; i < n; i++) {
		const struct cr_line *a = unknown[i - 1], *b = unknown[i];

		if (a->window != b->window || a->section != b->section ||
		    a->key.len != b->key.len ||
		    strncasecmp(a->key.s, b->key.s, a->key.len) != 0)
			continue;
		p->at.line = (unsigned int)(b - p->s->lines) + 1;
		snprintf(key, sizeof(key), "%.*s", (int)b->key.len, b->key.s);
		return twice(p, key, (unsigned int)(a - p->s->lines) + 1);
	}
	return 0;
}

static int check_unknown(struct pass *p)
{
	cr_auto_free struct cr_line **unknown = NULL;
	size_t i, n = 0;

	unknown = malloc((p->s->n_keys + 1) * sizeof(struct cr_line *));
	if (!unknown)
		return -ENOMEM;
	for (i = 0; i < p->s->n; i++)
		if (p->s->lines[i].kind == CR_LINE_ENTRY && p->s->lines[i].nr < 0)
			unknown[n++] = &p->s->lines[i];
	return check_unknown_twice(p, unknown, n);
}

static size_t count_lines(const char *text, size_t len)
{
	const char *at = text, *end = text + len;
	size_t n = 0;

	while (at < end) {
		const char *nl = memchr(at, '\n', (size_t)(end - at));

		n++;
		at = nl ? nl + 1 : end;
	}
	return n;
}

static int scan_lines(struct pass *p, const char *text, size_t len)
{
	const char *end = text + len;
	int rc;

	while (text < end) {
		const char *nl = memchr(text, '\n', (size_t)(end - text));
		const char *next = nl ? nl + 1 : end;
		struct cr_line *l = &p->s->lines[p->s->n++];

		p->at.line = (unsigned int)p->s->n;
		l->text = (struct cr_span){ text, (size_t)(next - text) };
		l->nr = -1;
		rc = scan_line(p, l);
		if (rc < 0)
			return rc;
		text = next;
	}
	return check_unknown(p);
}

int cr_scan_text(const char *path, const char *text, size_t len, struct cr_scan *s,
		 struct cr_err *err)
{
	struct pass p = { .at = { path, 0, err }, .s = s };
	size_t n = count_lines(text, len);
	int rc;

	memset(s, 0, sizeof(*s));
	if (len > CR_TEXT_MAX || n > CR_LINES_MAX)
		return cr_err_set(err, -EFBIG, "%s: too large for a policy (%zu bytes, %zu lines)",
				  path, len, n);
	s->lines = calloc(n + 1, sizeof(*s->lines));
	if (!s->lines)
		return cr_err_sys(err, -ENOMEM, "cannot read %s", path);
	rc = scan_lines(&p, text, len);
	if (rc == -ENOMEM)
		cr_err_sys(err, rc, "cannot read %s", path);
	if (rc < 0)
		cr_scan_fini(s);
	return rc;
}

void cr_scan_fini(struct cr_scan *s)
{
	size_t i, k;

	for (i = 0; i <= CR_WINDOW_NR_MAX; i++) {
		for (k = 0; s->part[i] && k < CR_SEC_COUNT; k++)
			free(s->part[i]->entry[k]);
		free(s->part[i]);
	}
	free(s->lines);
	memset(s, 0, sizeof(*s));
}

unsigned int cr_scan_section(const struct cr_scan *s, unsigned int window, enum cr_section sec)
{
	return s->part[window] ? s->part[window]->section[sec] : 0;
}

unsigned int cr_scan_entry(const struct cr_scan *s, unsigned int window, enum cr_section sec,
			   uint32_t nr)
{
	const struct cr_part *part = s->part[window];

	return part && part->entry[sec] ? part->entry[sec][nr] : 0;
}
