/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cr/err.h"
#include "cr/log.h"

static const char *prefix = "chestnut";
static int shown;
static int out = STDERR_FILENO;

void cr_log_init(const char *program, int verbosity)
{
	prefix = program;
	shown = verbosity;
}

void cr_log_to(int fd)
{
	out = fd;
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
	n = strlen(line);
	line[n++] = '\n';
	/* A reader that has gone away must not end us, and there is nobody to tell. */
	if (write(out, line, n) < 0)
		return;
}

void cr_log_err(const struct cr_err *err)
{
	cr_error("%s", err->text);
	if (err->hint[0])
		cr_error("hint: %s", err->hint);
}
