/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * log - lines for people, on stderr or where -o says
 *
 * In:    finished sentences
 * Out:   "chestnut-run: sentence", whole lines, one write(2) each, so that
 *        they never mix with the target's own output in mid-line
 * Never: keeps a line back unless it was asked to, exits, touches stdout
 */
#ifndef CR_LOG_H
#define CR_LOG_H

#include "cr/base.h"

enum cr_log_level {
	CR_LOG_ERROR,	/* always shown */
	CR_LOG_WARN,	/* shown unless quiet */
	CR_LOG_INFO,	/* shown unless quiet: summaries */
	CR_LOG_DEBUG,	/* shown when verbose, with the domain of the file */
};

#ifndef CR_LOG_DOMAIN
#define CR_LOG_DOMAIN ""
#endif

/* @program prefixes every line (borrowed for ever); @verbosity: -1 errors only, 0 normal,
 * 1 debug. */
void cr_log_init(const char *program, int verbosity);

/* Sends lines to @fd (borrowed until the next call) instead of stderr. */
void cr_log_to(int fd);

/* Keeps lines back until cr_log_release: while a tracee is held, writing may have to wait for
 * whom that tracee keeps from reading. */
void cr_log_hold(void);
void cr_log_release(void);

/* A line that nobody takes for @ms milliseconds is dropped; -1: it waits, as any program does. */
void cr_log_patience(int ms);

/* Where lines go. */
int cr_log_fd(void);

void cr_log_line(enum cr_log_level level, const char *domain, const char *fmt, ...)
	CR_PRINTF(3, 4);

struct cr_err;
/* The sentence and, when there is one, the hint. The only place where an error meets a person. */
void cr_log_err(const struct cr_err *err);

#define cr_error(...) cr_log_line(CR_LOG_ERROR, CR_LOG_DOMAIN, __VA_ARGS__)
#define cr_warn(...) cr_log_line(CR_LOG_WARN, CR_LOG_DOMAIN, __VA_ARGS__)
#define cr_info(...) cr_log_line(CR_LOG_INFO, CR_LOG_DOMAIN, __VA_ARGS__)
#define cr_debug(...) cr_log_line(CR_LOG_DEBUG, CR_LOG_DOMAIN, __VA_ARGS__)

#endif
