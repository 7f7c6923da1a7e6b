/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cr/buf.h"
#include "cr/err.h"
#include "cr/log.h"
#include "cr/utf8.h"

#define HELD_MAX (64u << 10)

static const char *prefix = "chestnut";
static int shown;
static int out = STDERR_FILENO;
static int patience = -1;
static bool holding;
static struct cr_buf held = CR_BUF_INIT;	/* lines, each with its newline */

void cr_log_init(const char *program, int verbosity)
{
	prefix = program;
	shown = verbosity;
}

void cr_log_to(int fd)
{
	out = fd;
}

int cr_log_fd(void)
{
	return out;
}

void cr_log_patience(int ms)
{
	patience = ms;
}

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Waits until somebody takes a line, as long as there is patience left. A pipe that poll(2) calls
 * writable takes PIPE_BUF bytes at once, and no line is longer. */
static bool taken(long until)
{
	struct pollfd p = { .fd = out, .events = POLLOUT };
	long left = -1;
	int rc;

	do {
		if (patience >= 0) {
			left = until - now_ms();
			left = left < 0 ? 0 : left;
		}
		rc = poll(&p, 1, (int)left);
	} while (rc < 0 && errno == EINTR);
	return rc != 0;
}

/* The program shares the open file, and may have made it one that does not block. */
static void put(const char *line, size_t n)
{
	static bool deaf;	/* the last line was not taken: the next does not wait */
	long until = now_ms() + (deaf ? 0 : patience);
	ssize_t rc;

	do {
		deaf = patience >= 0 && !taken(until);
		if (deaf)
			return;
		rc = write(out, line, n);
		if (rc < 0 && errno == EAGAIN && !taken(until)) {
			deaf = true;
			return;
		}
		/* A reader that has gone away must not end us, and there is nobody to tell. */
	} while (rc < 0 && (errno == EINTR || errno == EAGAIN));
}

void cr_log_hold(void)
{
	holding = true;
}

void cr_log_release(void)
{
	const char *at = cr_buf_str(&held), *nl;

	holding = false;
	for (; (nl = strchr(at, '\n')); at = nl + 1)
		put(at, (size_t)(nl + 1 - at));
	cr_buf_clear(&held);
}

static bool wanted(enum cr_log_level level)
{
	switch (level) {
	case CR_LOG_ERROR:
		return true;
	case CR_LOG_WARN:
	case CR_LOG_INFO:
		return shown >= 0;
	case CR_LOG_DEBUG:
		return shown > 0;
	}
	return true;
}

void cr_log_line(enum cr_log_level level, const char *domain, const char *fmt, ...)
{
	char line[4096];
	va_list ap;
	size_t n;
	int k;

	if (!wanted(level))
		return;
	k = snprintf(line, sizeof(line) - 1, "%s: %s%s", prefix,
		     level == CR_LOG_DEBUG ? domain : "",
		     level == CR_LOG_DEBUG && *domain ? ": " : "");
	n = k < 0 ? 0 : (size_t)k;
	va_start(ap, fmt);
	k = vsnprintf(line + n, sizeof(line) - 1 - n, fmt, ap);
	va_end(ap);
	/* Names that a target chose may be in it, and the target must not speak to a terminal. */
	cr_utf8_clean(line);
	n = strlen(line);
	line[n++] = '\n';
	if (!holding || held.len + n > HELD_MAX)
		put(line, n);
	else
		cr_buf_addn(&held, line, n);
}

void cr_log_err(const struct cr_err *err)
{
	cr_error("%s", err->text);
	if (err->hint[0])
		cr_error("hint: %s", err->hint);
}
