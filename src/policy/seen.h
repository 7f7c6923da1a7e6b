/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * seen - what one run knows about calls and windows, until a policy says it
 *
 * In:    calls as they are made, in windows or outside
 * Out:   a policy that says so, too; again when somebody has changed it meanwhile
 * Never: knows a file; changes what a person wrote
 *
 * Private to the policy room. A person may renumber the windows of a policy or take one away: here
 * a window is known by its name, and keeps the number that the run was told first.
 */
#ifndef CR_POLICY_SEEN_H
#define CR_POLICY_SEEN_H

#include "cr/map.h"
#include "cr/policy.h"

struct cr_seen_call {
	struct cr_seen_call *next;	/* owned */
	unsigned int window;	/* as the run calls it; 0: outside */
	enum cr_abi abi;
	uint32_t nr;
	char *exe;		/* owned; may be NULL */
	char *stack;		/* owned; may be NULL */
	uint64_t calls;		/* of this run */
	uint64_t calls_saved;	/* of these, in the policy */
	bool seen;
	bool seen_saved;
	bool more;		/* passes uncounted in this run */
	bool more_saved;
	struct cr_conds *args;	/* owned; what it was made with; NULL: not learned, or anything */
	bool any;		/* its arguments may be anything */
	bool args_new;		/* the policy has still to be told of these two */
	/* --all: was learned when the run began. Another supervisor may learn more meanwhile, of
	 * calls that our program did not have to use. */
	bool old;
};

struct cr_seen_window {
	char *function;		/* owned */
	char *object;		/* owned; may be NULL */
	enum cr_window_scope scope;
	unsigned int number;	/* as the run calls it; 0: it has none yet */
	unsigned int now;	/* as the policy calls it; 0: it has none */
	bool told;		/* the run knows its number */
	bool wanted;		/* shall be in the policy even if nothing is learned in it */
	bool entered;		/* the run has made a call in it */
};

struct cr_seen {
	uint32_t run;			/* which execution of the policy this is */
	struct cr_seen_call *calls;	/* owned */
	struct cr_map of;		/* the same, by window, ABI and number */
	struct cr_seen_window *windows;	/* owned */
	size_t n_windows;
};

/* The record of a call, made when there is none; NULL when out of memory. */
struct cr_seen_call *cr_seen_call(struct cr_seen *seen, unsigned int window, enum cr_abi abi,
				  uint32_t nr);

/* It was made with these arguments, or (@any) may be with any. -ENOENT when nothing is learned of
 * its arguments, and *@c is unchanged; -ENOMEM. */
int cr_seen_args(struct cr_seen_call *c, const uint64_t args[6], bool any) CR_MUST_CHECK;

/* Is there something that the policy does not say yet? */
bool cr_seen_pending(const struct cr_seen_call *c);

/* By its number, or NULL. */
struct cr_seen_window *cr_seen_window(const struct cr_seen *seen, unsigned int number);

/* By its name, made when there is none; NULL when out of memory. Valid until another is made. */
struct cr_seen_window *cr_seen_name(struct cr_seen *seen, const struct cr_window_name *name,
				    const struct cr_policy *p);

/* Forgets a window that the run was not told of. */
void cr_seen_unname(struct cr_seen *seen, struct cr_policy *p);

/* What @p calls window @window of the run: 0 outside, -ENOENT when there is none. */
int cr_seen_now(const struct cr_seen *seen, unsigned int window);

/* To be told each time the policy is another: finds the windows in it. */
void cr_seen_adopt(struct cr_seen *seen, const struct cr_policy *p);

/* Adds to @p what it lacks. -ENOMEM, or what cr_policy_window_add() says. */
int cr_seen_apply(struct cr_seen *seen, struct cr_policy *p) CR_MUST_CHECK;

/* The same, but only calls that have no rule yet, or one that is too narrow. */
int cr_seen_apply_new(struct cr_seen *seen, struct cr_policy *p) CR_MUST_CHECK;

/* Before an execution under --all, or when it first hears of a window: which learned rules there
 * are. After it: which of these it has used, and which it could have used. */
void cr_seen_old(struct cr_seen *seen, unsigned int window, const struct cr_policy *p);
void cr_seen_watched(struct cr_seen *seen, struct cr_policy *p);

void cr_seen_saved(struct cr_seen *seen);	/* the file says it all */
void cr_seen_lost(struct cr_seen *seen);	/* the file is gone: all is to be said again */
void cr_seen_fini(struct cr_seen *seen);

#endif
