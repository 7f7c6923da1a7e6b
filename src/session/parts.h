/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * parts - what the files of this room share
 *
 * In:    nothing from outside the room
 * Out:   the session's state
 * Never: included by another room
 */
#ifndef CR_SESSION_PARTS_H
#define CR_SESSION_PARTS_H

#include <limits.h>
#include <signal.h>
#include <time.h>

#include "cr/apart.h"
#include "cr/buf.h"
#include "cr/event.h"
#include "cr/place.h"
#include "cr/session.h"
#include "cr/tracee.h"
#include "cr/wait.h"

/* Signals sent to the front, which were meant for the program. */
#define CR_FORWARD_MAX 64u

struct cr_inject;
struct cr_space;

struct cr_forward {
	siginfo_t info;		/* as it reached the front */
	struct timespec due;	/* when it is passed on, unless the program got it by itself */
	bool sent;		/* passed on, not delivered yet */
};

/* Signals that the program got from somebody by itself, lately. */
#define CR_HEARD_MAX 16u

struct cr_heard {
	int sig;
	pid_t from;
	struct timespec when;
};

#define CR_OPEN_MAX 256u

struct cr_session {
	struct cr_session_plan plan;
	struct cr_tracees tracees;
	struct cr_place place;
	struct cr_outcome out;
	pid_t root;
	bool root_gone;
	bool ending;		/* everything is being killed */
	bool helpless;		/* ... which we may not */
	bool attached;		/* the program was not started by us */
	bool detaching;		/* everything is being let go */
	bool parting;		/* some process was, or is being, left to a debugger */
	time_t patience;	/* … and nobody waits for another after that */
	bool impatient;		/* … or at all */
	bool asked_filter;	/* a process that was attached to is getting its filter, or none */
	struct cr_waited *kept;	/* owned; stops that are yet to be dispatched */
	size_t n_kept;
	bool met;		/* the program that was asked for has been executed … */
	bool starting;		/* … just now */
	bool warned_listener;
	/* What the clone3 that is being judged will be made as, or what it will fail with. */
	struct cr_call clone3_now;
	int clone3_err;
	bool warned_entry;	/* that a window could not be kept */
	bool inherits;		/* what a child is to be depends on its parent */
	struct timespec held;	/* when the last child was held to wait for that; 0: none is */

	struct cr_forward forward[CR_FORWARD_MAX];
	unsigned int n_forward;
	unsigned int continues;	/* how often the front is yet to be told that the program goes on */
	struct cr_heard heard[CR_HEARD_MAX];
	unsigned int n_heard;	/* ever; the ring holds the last ones */

	/* The executable of the program that was asked for. */
	dev_t own_dev;
	ino_t own_ino;
	/* Windows that are open at the call that is being judged: as targets number them, and as
	 * the judge does. */
	unsigned int open[CR_OPEN_MAX];
	const struct cr_space *open_in;	/* borrowed: during that */
	unsigned int number[CR_OPEN_MAX];
	struct cr_buf window;	/* one of them, for people */

	/* What was found out about the process that was looked at last. */
	pid_t exe_of;
	char exe[PATH_MAX];
	struct cr_buf stack;
	struct cr_apart apart;
	unsigned int apart_starts;
	struct timespec ticked;
};

/* site.c: what a judge may ask about the place of a call */
void cr_site_init(struct cr_site *site, struct cr_session *s, const struct cr_tracee *t);
void cr_site_forget(struct cr_session *s, pid_t pid);
/* The stack of a thread, as one line of text. */
void cr_stack_text(struct cr_unwinder *u, pid_t pid, pid_t tid, const struct cr_unwind_regs *regs,
		   struct cr_buf *out);

/* reporter.c: the same, and strings, read by a process apart; for cr_session.stack */
void cr_reporter_stack(struct cr_session *s, const struct cr_site *site);
int cr_reporter_string(struct cr_session *s, const struct cr_site *site, cr_addr at, char *text,
		       size_t size) CR_MUST_CHECK;

/* gather.c: waits until all tracees have stopped, and what they have just made; their stops are in
 * s->kept then. Earlier when the session is detaching. -EBUSY, -EAGAIN, -ESRCH and a sentence. */
int cr_gather(struct cr_session *s, struct cr_err *err) CR_MUST_CHECK;

/* inject.c: the plan's filter, into a process that runs already. @all: into all its threads, at a
 * stop that we have asked for; else into the only one, at its exec. 0: it has begun, further stops
 * follow; or a negative errno, and nothing has happened. */
int cr_inject_start(struct cr_session *s, struct cr_tracee *t, bool all) CR_MUST_CHECK;
/* A syscall-stop of a thread in CR_ST_INJECTING. 0: go on; 1: the filter is there, the thread as it
 * was; a negative errno: it is not, the thread as it was. */
int cr_inject_stop(struct cr_session *s, struct cr_tracee *t) CR_MUST_CHECK;
/* A signal came that is to wait. */
void cr_inject_signal(struct cr_tracee *t, int sig);
void cr_inject_free(struct cr_inject *in);

/* tame.c: a call that the judge allows, but that could blind or turn on the supervisor */
struct cr_verdict cr_tame(struct cr_session *s, struct cr_tracee *t, const struct cr_call *call);

/* clone.c: clone3 is made as clone, with what we have seen in its memory */
struct cr_verdict cr_clone3(struct cr_session *s, struct cr_tracee *t, const struct cr_call *call);
/* Before a call is judged: what clone3 means, and clone3 where @call is a fallback from it. */
void cr_clone3_ask(struct cr_session *s, struct cr_tracee *t, struct cr_call *call,
		   struct cr_site *site);
/* The call is over: the registers of @t are the program's again. Nothing when they are. */
void cr_clone3_undo(struct cr_tracee *t);
/* @child, which may be NULL, is born of @parent's call. */
void cr_clone3_born(struct cr_tracee *parent, struct cr_tracee *child);
void cr_clone3_first_stop(struct cr_session *s, struct cr_tracee *child);

/* watch.c: which windows a thread is inside of; all of it does nothing without targets */
void cr_watch_drop(struct cr_tracee *t);
int cr_watch_thread(struct cr_tracee *child, const struct cr_tracee *of) CR_MUST_CHECK;
int cr_watch_process(struct cr_tracee *child, const struct cr_tracee *parent) CR_MUST_CHECK;
int cr_watch_exec(struct cr_session *s, struct cr_tracee *t, struct cr_err *err) CR_MUST_CHECK;
/* A process that runs already, and what it has just made: all of them are tracees, and stand still.
 * On failure none has a trap. */
int cr_watch_attach(struct cr_session *s, struct cr_err *err) CR_MUST_CHECK;
/* Takes all traps out of all processes. */
void cr_watch_lift(struct cr_session *s);
enum cr_trap {
	CR_TRAP_OTHER,	/* the program's own */
	CR_TRAP_OURS,	/* the thread is past it */
	CR_TRAP_STUCK,	/* ours, and the thread cannot get past it */
	CR_TRAP_GONE,
};
enum cr_trap cr_watch_trap(struct cr_session *s, struct cr_tracee *t);
void cr_watch_signal(struct cr_tracee *t);
/* In strict mode, at a call that is to be judged: false, and a word, when windows may be missed. */
bool cr_watch_intact(const struct cr_tracee *t);
/* Is a call that @t makes inside of a window? */
bool cr_watch_inside(const struct cr_tracee *t);
/* A function of @sp that is window @number; *@path: its file. NULL when there is none. */
const struct cr_function *cr_space_function(const struct cr_space *sp, unsigned int number,
					    const char **path);
/* The kernel's own, to go on with a call that was judged. */
bool cr_is_restart(const struct cr_call *call);
void cr_watch_call(struct cr_session *s, struct cr_tracee *t, const struct cr_call *call,
		   struct cr_site *site);
/* Windows cannot be watched in some process: a strict session ends. */
void cr_watch_failed(struct cr_session *s, const struct cr_err *err);

/* leave.c: @t has stopped, and is let go with @sig as soon as the others that run on its memory
 * have stopped, too. Nothing of ours is left in that then, unless another process, that stays, runs
 * on it. */
void cr_part(struct cr_session *s, struct cr_tracee *t, int sig);
/* One that others have waited for has ended; or it cannot be waited for any longer. */
void cr_part_others(struct cr_session *s);
/* Has it hit a trap that it has not told of? That stop comes when it goes on. */
bool cr_watch_trapped(const struct cr_tracee *t);
/* @child was made while traps were lifted: its copy of the code may have them still. */
void cr_watch_clean(struct cr_tracee *child);

/* session.c: for good; the record goes */
void cr_let_go(struct cr_session *s, struct cr_tracee *t);
/* A child that was held. */
void cr_go_on(struct cr_session *s, struct cr_tracee *t);
/* A process runs an executable from now on: what is to become of it? False: the tree ends. */
bool cr_meet(struct cr_session *s, struct cr_tracee *t);
/* Something that should not happen: in a strict session that is a reason to end it. */
void cr_lost(struct cr_session *s, const struct cr_event *ev, const char *why);

/* birth.c: @t tells that it has a child. False: @t is gone. */
bool cr_birth(struct cr_session *s, struct cr_tracee *t, const struct cr_event *ev);
/* A child that stops before its parent has told of it waits, and true: what holds for the parent
 * holds for it. Should the parent be killed before it can tell, it has the windows of who seems to
 * have been that. A thread has nothing to wait for. */
bool cr_birth_waits(struct cr_session *s, struct cr_tracee *t);
/* Those that wait for a parent that is gone, @parent; 0: all. */
void cr_birth_release(struct cr_session *s, pid_t parent);
/* Looks whether somebody has waited for too long. */
void cr_birth_overdue(struct cr_session *s);

/* restart.c: a signal that does nothing shall not end a call either */
void cr_restart_ignored(const struct cr_tracee *t, int sig);
/* Nor shall our own asking it to stop. */
void cr_restart_paused(const struct cr_tracee *t);

/* signals.c: signals sent to the front, and our own bell */
void cr_signals_look(struct cr_session *s);
/* The program has stopped; it goes on after a stop. */
void cr_signals_stopped(struct cr_session *s);
void cr_signals_continued(struct cr_session *s);
/* Would @sig, which @t is about to get, end it, were it no tracee? */
bool cr_signals_ends_first(const struct cr_tracee *t, int sig);
/* A signal is about to be delivered to @t: was it passed on by us, or has it come by itself? */
void cr_signals_delivery(struct cr_session *s, const struct cr_tracee *t, int sig);

#endif
