/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * buf - text that grows
 *
 * In:    pieces of text
 * Out:   one NUL-terminated string, or the news that memory ran out
 * Never: exits
 *
 * Appending to a buffer that has failed does nothing; cr_buf_ok() at the
 * end tells, so that callers need not check every piece.
 */
#ifndef CR_BUF_H
#define CR_BUF_H

#include "cr/base.h"

struct cr_buf {
	char *s;	/* owned; NULL while empty */
	size_t len;
	size_t cap;
	bool failed;
};

#define CR_BUF_INIT { NULL, 0, 0, false }
#define cr_auto_buf __attribute__((cleanup(cr_buf_fini)))

void cr_buf_fini(struct cr_buf *b);
void cr_buf_clear(struct cr_buf *b);	/* length 0, memory kept, failure forgotten */
void cr_buf_add(struct cr_buf *b, const char *s);
void cr_buf_addn(struct cr_buf *b, const char *s, size_t n);
void cr_buf_addf(struct cr_buf *b, const char *fmt, ...) CR_PRINTF(2, 3);
/* @s as one word for a shell: as it is, or in single quotes. */
void cr_buf_add_word(struct cr_buf *b, const char *s);
/* The same for a path, which is no option even if it begins with "-". */
void cr_buf_add_path(struct cr_buf *b, const char *path);
const char *cr_buf_str(const struct cr_buf *b);		/* never NULL */
/* The caller owns it; NULL when failed. @b is empty afterwards. */
char *cr_buf_take(struct cr_buf *b);

/* All of it, or a negative errno; being interrupted by a signal is no error. */
int cr_write_all(int fd, const char *from, size_t n);

static inline bool cr_buf_ok(const struct cr_buf *b)
{
	return !b->failed;
}

#endif
