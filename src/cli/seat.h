/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * seat - a judge and the policy that it goes by, for one executable
 *
 * In:    a finished plan; the executable; its policy's path
 * Out:   a judge that learns, audits or enforces; its words at the end
 * Never: decides which judge is asked: run has one seat, a tree one for each executable
 */
#ifndef CR_SEAT_H
#define CR_SEAT_H

#include "cr/enforce.h"
#include "cr/filter.h"
#include "cr/learn.h"
#include "plan.h"
#include "records.h"

struct cr_seat {
	char *exe;			/* owned; the executable */
	char *path;			/* owned; of the policy */
	struct cr_policy *policy;	/* owned; NULL: none yet, or the store has it */
	struct cr_store *store;		/* owned; learning, and what --soak writes down */
	struct cr_learn *learn;		/* owned; learning only */
	struct cr_enforce *enforce;	/* owned; audit and strict only */
	struct cr_records records;	/* of its denials */
	struct cr_judge *judge;		/* borrowed: from these; NULL until it is taken */
	struct cr_run_windows windows;	/* owned; of this executable */
};

/* Takes @policy, which may be NULL. -ENOMEM. */
int cr_seat_init(struct cr_seat *seat, const char *exe, const char *path,
		 struct cr_policy *policy) CR_MUST_CHECK;
void cr_seat_fini(struct cr_seat *seat);

/* Finds the seat's windows; see cr_run_windows_init(). Before it is taken. */
int cr_seat_windows(struct cr_seat *seat, const struct cr_run_plan *plan, const char *exe,
		    struct cr_err *err) CR_MUST_CHECK;

/* Seats the judge that @plan wants. Learning begins: an execution more is counted, and the windows
 * are written down. @records: where denials go; borrowed for the call. */
int cr_seat_take(struct cr_seat *seat, const struct cr_run_plan *plan,
		 const struct cr_records *records, struct cr_err *err) CR_MUST_CHECK;

/* Asks the judge of the seat that a call's site has as its program. */
struct cr_judge *cr_seat_of_program(void);

/* Which calls pass in the kernel, for processes that run this executable. */
void cr_seat_filter(const struct cr_seat *seat, const struct cr_filter_use *use,
		    struct cr_filter_plan *plan);

void cr_seat_tick(struct cr_seat *seat);

/* What is left to write and to tell. A negative errno: it could not keep its word. */
int cr_seat_finish(struct cr_seat *seat, const struct cr_run_plan *plan, uint64_t lost,
		   struct cr_err *err) CR_MUST_CHECK;

#endif
