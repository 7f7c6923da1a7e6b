/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cr/buf.h"

void cr_buf_fini(struct cr_buf *b)
{
	free(b->s);
	*b = (struct cr_buf)CR_BUF_INIT;
}

void cr_buf_clear(struct cr_buf *b)
{
	b->len = 0;
	b->failed = false;
	if (b->s)
		b->s[0] = '\0';
}

/* Room for @more bytes and the NUL behind them. */
static bool reserve(struct cr_buf *b, size_t more)
{
	size_t cap = b->cap ? b->cap : 64;
	char *s;

	if (b->failed)
		return false;
	if (more > SIZE_MAX / 4 || b->len > SIZE_MAX / 4) {
		b->failed = true;
		return false;
	}
	while (cap < b->len + more + 1)
		cap *= 2;
	if (cap == b->cap)
		return true;
	s = realloc(b->s, cap);
	if (!s) {
		b->failed = true;
		return false;
	}
	b->s = s;
	b->cap = cap;
	return true;
}

void cr_buf_addn(struct cr_buf *b, const char *s, size_t n)
{
	if (!reserve(b, n))
		return;
	memcpy(b->s + b->len, s, n);
	b->len += n;
	b->s[b->len] = '\0';
}

void cr_buf_add(struct cr_buf *b, const char *s)
{
	cr_buf_addn(b, s, strlen(s));
}

void cr_buf_addf(struct cr_buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0) {
		b->failed = true;
		return;
	}
	if (!reserve(b, (size_t)n))
		return;
	va_start(ap, fmt);
	vsnprintf(b->s + b->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
}

const char *cr_buf_str(const struct cr_buf *b)
{
	return b->s ? b->s : "";
}

char *cr_buf_take(struct cr_buf *b)
{
	char *s = NULL;

	if (!b->failed && reserve(b, 0)) {
		b->s[b->len] = '\0';
		s = b->s;
		b->s = NULL;
	}
	cr_buf_fini(b);
	return s;
}

void cr_buf_add_word(struct cr_buf *b, const char *s)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "/._-+:@%,=~";

	if (*s && *s != '~' && s[strspn(s, plain)] == '\0') {
		cr_buf_add(b, s);
		return;
	}
	cr_buf_add(b, "'");
	for (; *s; s++) {
		if (*s == '\'')
			cr_buf_add(b, "'\\''");
		else
			cr_buf_addn(b, s, 1);
	}
	cr_buf_add(b, "'");
}

void cr_buf_add_path(struct cr_buf *b, const char *path)
{
	if (*path == '-')
		cr_buf_add(b, "./");
	cr_buf_add_word(b, path);
}

int cr_write_all(int fd, const char *from, size_t n)
{
	ssize_t k;

	while (n) {
		k = write(fd, from, n);
		if (k < 0 && errno != EINTR)
			return -errno;
		if (k == 0)
			return -EIO;
		if (k > 0) {
			from += k;
			n -= (size_t)k;
		}
	}
	return 0;
}
