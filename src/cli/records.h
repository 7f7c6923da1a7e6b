/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * records - denials for machines, and the person who is asked
 *
 * In:    what the judge has found, a file, a terminal
 * Out:   a line of JSON each (chestnut-run(1) has the schema), a line for syslog(3); an answer
 * Never: reads the terminal that the program reads
 */
#ifndef CR_RECORDS_H
#define CR_RECORDS_H

#include "cr/enforce.h"
#include "logger.h"
#include "plan.h"

struct cr_records {
	const struct cr_run_plan *plan;	/* borrowed */
	struct cr_store *candidates;	/* borrowed: what is denied is noted there; NULL: nowhere */
	const struct cr_policy *policy;	/* borrowed: whose denials these are; may be NULL */
	struct cr_logger *logger;	/* borrowed; NULL: the system's log is not told */
	int report;			/* -1: none */
	int terminal;			/* likewise */
};

/* Opens what @plan asks for (@logger is borrowed until the end), and, when @asks, the terminal.
 * -EINVAL and the like for a report that cannot be written, a terminal that is none. */
int cr_records_open(struct cr_records *r, const struct cr_run_plan *plan,
		    struct cr_logger *logger, bool asks, struct cr_err *err) CR_MUST_CHECK;
void cr_records_close(struct cr_records *r);

/* For struct cr_enforce_plan; @ctx is a struct cr_records. */
void cr_records_denial(void *ctx, const struct cr_denial *d);
void cr_records_missing(void *ctx, const struct cr_call *call, const struct cr_site *site,
			unsigned int window, bool by_args);
void cr_records_repeated(void *ctx, unsigned int window, enum cr_abi abi, uint32_t nr, uint64_t n);
enum cr_reply cr_records_ask(void *ctx, const struct cr_question *q);

#endif
