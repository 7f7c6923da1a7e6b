/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
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

static int write_all(int fd, const char *s, size_t n)
{
	ssize_t k;

	while (n) {
		k = write(fd, s, n);
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return -errno;
		s += k;
		n -= (size_t)k;
	}
	return 0;
}

/* A descriptor that reads as @text. A pipe, since RLIMIT_FSIZE of the caller would cut a file
 * in memory, too; that is for what no pipe holds. */
static int text_fd(const char *text, size_t len)
{
	int ends[2], rc;

	if (len <= 65536 && pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0) {
		rc = write_all(ends[1], text, len);
		close(ends[1]);
		if (rc == 0)
			return ends[0];
		close(ends[0]);	/* users have an allowance of pipe memory */
	}
	ends[0] = memfd_create("policy", MFD_CLOEXEC);
	if (ends[0] < 0)
		return -errno;
	rc = write_all(ends[0], text, len);
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
static int agree(const char *path, const struct cr_scan *s, dictionary *d, struct cr_err *err)
{
	struct cr_where at = { path, 1, err };
	size_t i, entries = 0;
	int rc;

	for (i = 0; i < s->n; i++) {
		const struct cr_line *l = &s->lines[i];

		entries += l->kind == CR_LINE_ENTRY || l->kind == CR_LINE_SECTION;
		if (l->kind != CR_LINE_ENTRY)
			continue;
		at.line = (unsigned int)i + 1;
		rc = agree_on(d, l, &at);
		if (rc < 0)
			return rc;
	}
	if ((size_t)d->n != entries)
		return cr_wrong(&at, "iniparser finds %d entries, not %zu", d->n, entries);
	return 0;
}

int cr_text_own(const char *path, const char *text, size_t len, struct cr_policy **policy,
		struct cr_err *err)
{
	dictionary *d = NULL;
	struct cr_scan s;
	int rc = cr_scan_text(path, text, len, &s, err);

	if (rc < 0)
		return rc;
	rc = load(text, len, &d);
	if (rc < 0)
		cr_err_sys(err, rc, "cannot hand %s to iniparser", path);
	else
		rc = agree(path, &s, d, err);
	if (rc == 0)
		rc = cr_text_model(path, &s, policy, err);
	iniparser_freedict(d);
	cr_scan_fini(&s);
	return rc;
}
