/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#if defined(HAVE_INIPARSER_H) && !defined(HAVE_INIPARSER_INIPARSER_H)
#include <iniparser.h>
#else
#include <iniparser/iniparser.h>
#endif

#include "text.h"

/* iniparser prints to stderr of its own accord; our sentences say it better. */
CR_PRINTF(1, 2)
static int hush(const char *fmt, ...)
{
	(void)fmt;
	return 0;
}

/* A descriptor that reads as @text. A pipe, since RLIMIT_FSIZE of the caller would cut a file
 * in memory, too; that is for what no pipe holds. */
static int text_fd(const char *text, size_t len)
{
	int ends[2], rc;

	if (len <= 65536 && pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0) {
		rc = cr_write_all(ends[1], text, len);
		close(ends[1]);
		if (rc == 0)
			return ends[0];
		close(ends[0]);	/* users have an allowance of pipe memory */
	}
	ends[0] = memfd_create("policy", MFD_CLOEXEC);
	if (ends[0] < 0)
		return -errno;
	rc = cr_write_all(ends[0], text, len);
	if (rc == 0)
		return ends[0];
	close(ends[0]);
	return rc;
}

/* iniparser 4.1 loads by name only. */
static int load(const char *text, size_t len, dictionary **d)
{
	char name[64];
	int fd = text_fd(text, len);

	if (fd < 0)
		return fd;
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	iniparser_set_error_callback(hush);
	*d = iniparser_load(name);
	close(fd);
	return *d ? 0 : -EIO;
}

/* iniparser looks its keys up one by one: a file is handed to it in pieces of so many lines, so
 * that a long or hostile one does not cost minutes. */
#define PIECE_LINES 512

/* Some lines of a file, under the heading that they stand in. */
struct piece {
	const struct cr_scan *s;
	size_t from, to;		/* lines [from, to) */
	struct cr_buf text;
	size_t entries;			/* that iniparser shall find */
};

static void piece_text(struct piece *p)
{
	const struct cr_line *first = &p->s->lines[p->from], *l;
	char name[CR_SECTION_MAX];
	size_t i;

	if (first->kind != CR_LINE_SECTION && first->section != CR_SEC_NONE) {
		cr_buf_addf(&p->text, "[%s]\n",
			    cr_section_name(first->window, first->section, name));
		p->entries++;
	}
	for (i = p->from; i < p->to; i++) {
		l = &p->s->lines[i];
		p->entries += l->kind == CR_LINE_ENTRY || l->kind == CR_LINE_SECTION;
		cr_buf_addn(&p->text, l->text.s, l->text.len);
	}
}

static int agree_on(dictionary *d, const struct cr_line *l, const struct cr_where *at)
{
	char name[CR_SECTION_MAX + CR_LINE_MAX], section[CR_SECTION_MAX];
	const char *got;
	int rc;

	snprintf(name, sizeof(name), "%s:%.*s", cr_section_name(l->window, l->section, section),
		 (int)l->key.len, l->key.s);
	got = iniparser_getstring(d, name, NULL);
	if (got && strlen(got) == l->value.len && memcmp(got, l->value.s, l->value.len) == 0)
		return 0;
	rc = cr_wrong(at, "iniparser reads \"%.*s\" as \"%s\"", (int)l->key.len, l->key.s,
		      got ? got : "");
	cr_err_hint(at->err, "put the value in double quotes");
	return rc;
}

/* What we read and what iniparser reads must be one and the same. */
static int agree(const struct piece *p, dictionary *d, struct cr_where *at)
{
	size_t i;
	int rc;

	for (i = p->from; i < p->to; i++) {
		if (p->s->lines[i].kind != CR_LINE_ENTRY)
			continue;
		at->line = (unsigned int)i + 1;
		rc = agree_on(d, &p->s->lines[i], at);
		if (rc < 0)
			return rc;
	}
	if ((size_t)d->n != p->entries)
		return cr_wrong(at, "iniparser finds %d entries, not %zu", d->n, p->entries);
	return 0;
}

static int ask(struct piece *p, struct cr_where *at)
{
	dictionary *d = NULL;
	int rc;

	piece_text(p);
	rc = cr_buf_ok(&p->text) ? load(cr_buf_str(&p->text), p->text.len, &d) : -ENOMEM;
	if (rc < 0)
		cr_err_sys(at->err, rc, "cannot hand %s to iniparser", at->path);
	else
		rc = agree(p, d, at);
	iniparser_freedict(d);
	return rc;
}

static int ask_all(const char *path, const struct cr_scan *s, struct cr_err *err)
{
	struct cr_where at = { path, 1, err };
	struct piece p = { .s = s };
	int rc = 0;

	while (p.from < s->n && rc == 0) {
		p.to = s->n - p.from > PIECE_LINES ? p.from + PIECE_LINES : s->n;
		rc = ask(&p, &at);
		p.from = p.to;
		p.entries = 0;
		cr_buf_clear(&p.text);
	}
	cr_buf_fini(&p.text);
	return rc;
}

int cr_text_own(const char *path, const char *text, size_t len, struct cr_policy **policy,
		struct cr_err *err)
{
	struct cr_scan s;
	int rc = cr_scan_text(path, text, len, &s, err);

	if (rc < 0)
		return rc;
	rc = ask_all(path, &s, err);
	if (rc == 0)
		rc = cr_text_model(path, &s, policy, err);
	cr_scan_fini(&s);
	return rc;
}
