/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a report says of a confined program is read from its memory and from files that it has
 * mapped: all of it may be made to stall, to loop or to break whoever reads it. So it is read by a
 * process apart, and the supervisor takes nothing from there but a line of text. It is kept for the
 * next report, since it knows the files by then.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define CR_LOG_DOMAIN "reporter"
#include "cr/log.h"
#include "cr/mem.h"
#include "parts.h"

#define ANSWER_MS 2000
#define ANSWER_MAX 4096
#define STARTS_MAX 8	/* a program that makes it fall again and again gets shorter reports */

struct question {
	enum { Q_STRING, Q_STACK } what;
	pid_t pid;
	pid_t tid;
	cr_addr at;
	size_t max;
	struct cr_unwind_regs regs;
};

/* An answer is a byte, so that none is empty, and text. */
static void answer(struct cr_unwinder *u, const struct question *q, struct cr_buf *out)
{
	char text[ANSWER_MAX / 2];
	size_t max = q->max < sizeof(text) ? q->max : sizeof(text);

	cr_buf_add(out, "=");
	if (q->what == Q_STACK)
		cr_stack_text(u, q->pid, q->tid, &q->regs, out);
	else if (max && cr_mem_string(q->tid, q->at, text, max) >= 0)
		cr_buf_add(out, text);
	else
		out->s[0] = '!';
}

static void serve(void *ctx, int fd)
{
	struct cr_session *s = ctx;
	cr_auto_buf struct cr_buf out = CR_BUF_INIT;
	struct question q;
	int mem;

	while (cr_apart_next(fd, &q, sizeof(q), &mem) == (ssize_t)sizeof(q)) {
		cr_buf_clear(&out);
		cr_mem_through(mem);
		answer(s->plan.unwinder, &q, &out);
		if (mem >= 0)
			close(mem);
		if (!cr_buf_ok(&out) || write(fd, cr_buf_str(&out), out.len) < 0)
			return;
	}
}

/* Its memory, opened by us: we are its tracer, and the worker is nobody to it. */
static int open_memory(pid_t tid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)tid);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* The text of the answer into @text, cut at @size: its length, or a negative errno. */
static int ask(struct cr_session *s, const struct question *q, char *text, size_t size)
{
	char bytes[ANSWER_MAX + 1];
	cr_auto_close int mem = open_memory(q->tid);
	ssize_t n;
	int rc = 0;

	if (s->apart.fd < 0) {
		rc = s->apart_starts < STARTS_MAX ? cr_apart_start(&s->apart, serve, s) : -EAGAIN;
		s->apart_starts++;
	}
	if (rc < 0)
		return rc;
	n = cr_apart_ask(&s->apart, q, sizeof(*q), mem, bytes, ANSWER_MAX, ANSWER_MS);
	if (n < 0)
		cr_debug("no answer: %s", strerror((int)-n));
	if (n <= 0 || bytes[0] != '=')
		return n < 0 ? (int)n : -EFAULT;
	bytes[n] = '\0';
	snprintf(text, size, "%s", bytes + 1);
	return (int)strlen(text);
}

int cr_reporter_string(struct cr_session *s, const struct cr_site *site, cr_addr at, char *text,
		       size_t size)
{
	struct question q = { .what = Q_STRING, .pid = site->pid, .tid = site->tid, .at = at,
			      .max = size };

	return ask(s, &q, text, size);
}

void cr_reporter_stack(struct cr_session *s, const struct cr_site *site)
{
	struct question q = { .what = Q_STACK, .pid = site->pid, .tid = site->tid };
	char text[ANSWER_MAX];

	if (cr_unwind_regs(site->tid, &q.regs) == 0 && ask(s, &q, text, sizeof(text)) >= 0)
		cr_buf_add(&s->stack, text);
}
