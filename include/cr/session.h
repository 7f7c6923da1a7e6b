/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * session - waits, classifies, dispatches, resumes
 *
 * In:    a traced child, a judge
 * Out:   how the program ended
 * Never: knows which judge is seated; resumes a thread in more than one place
 *
 * One loop: a stop of a tracee comes in at one end, a resumed tracee goes out at the other.
 */
#ifndef CR_SESSION_H
#define CR_SESSION_H

#include <linux/filter.h>
#include <sys/types.h>

#include "cr/err.h"
#include "cr/front.h"
#include "cr/judge.h"
#include "cr/targets.h"
#include "cr/unwind.h"

/* What a window of the targets is. */
struct cr_window_role {
	unsigned int number;	/* that the judge knows it by */
	bool process;		/* while it is open, all threads of the process are inside */
};

/* What is to become of a process that runs a new executable. */
struct cr_exec_answer {
	enum {
		CR_EXEC_JUDGE,	/* what its filter does not let through is judged */
		CR_EXEC_ALL,	/* every call is */
		CR_EXEC_FILTER,	/* the plan's filter is put into it; then as CR_EXEC_JUDGE */
		CR_EXEC_IGNORE,	/* nothing is */
		CR_EXEC_REFUSE,	/* it may not run: the tree ends */
	} how;
	void *program;	/* not NULL; for struct cr_site; borrowed: for the session's life */
	struct cr_targets *targets;	/* the windows of what it runs; NULL: none; likewise */
};

struct cr_session_plan {
	struct cr_judge *judge;		/* borrowed: for the session's life */
	/* May be NULL: then each executable is judged, by the same judge. */
	struct cr_exec_answer (*on_exec)(void *ctx, const struct cr_site *site);
	struct cr_unwinder *unwinder;	/* borrowed: likewise; NULL: no stacks */
	/* Windows, unless on_exec tells; NULL: none. All are borrowed: for the session's life,
	 * after cr_session_marks(). @program: as for a site. */
	struct cr_targets *targets;
	struct cr_window_role (*window_role)(void *ctx, void *program, unsigned int id);
	/* All calls of a thread that is inside a window stop, whatever the filter says. (Those of
	 * other threads, which a window of a process is for, too, are the filter's to stop.) */
	bool watch_calls;
	bool inside_only;		/* calls made outside of windows are nobody's business */
	bool strict;			/* what is not expected ends the tree */
	/* For processes that run already (attach and strict, CR_EXEC_FILTER); borrowed: for the
	 * session's life. NULL: each of their calls stops. */
	const struct sock_filter *filter;
	unsigned short filter_len;
	uint32_t filter_data;		/* SECCOMP_RET_DATA of our filter's stops */
	/* Called about once a second when stops come, and once at the end; may be NULL. */
	void (*tick)(void *ctx);
	/* Called when the program has ended and others that it made have not; may be NULL. */
	void (*left_behind)(void *ctx);
	/* A signal was sent to the supervisor itself; may be NULL. */
	void (*asked)(void *ctx, int sig);
	void *ctx;			/* borrowed: for all of these */
	const struct cr_front *front;	/* borrowed: for the session's life; NULL: there is none */
};

struct cr_outcome {
	bool started;		/* the program was executed at all */
	int status;		/* of the first process, as wait4(2) gives it */
	bool left;		/* the first process was let go, stopped, and lives */
	bool denied;		/* a verdict ended the tree */
	bool failed;		/* something that should not happen did */
	uint64_t stops;		/* of all kinds */
	uint64_t lost;		/* stops that could not be understood */
	uint64_t windows;	/* how often one was opened */
};

#define CR_MARKS 0x10000u	/* windows have numbers below that */

/* What the session itself wants to trap, besides windows. -ENOMEM. */
int cr_session_marks(struct cr_targets *t) CR_MUST_CHECK;

struct cr_session;

/* NULL when out of memory. The caller owns the result. */
struct cr_session *cr_session_new(const struct cr_session_plan *plan) CR_MUST_CHECK;
void cr_session_free(struct cr_session *s);

/* Seizes all threads of @pid, which runs already, and which cr_session_run() is to supervise then.
 * -EPERM, -ESRCH and a sentence; then some threads may be seized: detach, and run. */
int cr_session_attach(struct cr_session *s, pid_t pid, struct cr_err *err) CR_MUST_CHECK;

/* Lets everything go, as it was; cr_session_run() ends when that is done. */
void cr_session_detach(struct cr_session *s);

/* Supervises @root, seized by cr_launch_seize, and everything it makes, until all are gone. */
int cr_session_run(struct cr_session *s, pid_t root, struct cr_outcome *out, struct cr_err *err)
	CR_MUST_CHECK;

#endif
