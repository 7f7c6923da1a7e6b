/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * store - a policy file that learning runs write into, safely
 *
 * In:    what a run has seen
 * Out:   a file that is whole at every moment and holds it
 * Never: loses a hand edit, a comment, or what another supervisor wrote
 *
 * Each save takes a lock on the directory (flock(2); the file itself is replaced, so a lock on it
 * would guard nothing), reads the file again, applies only what this run adds, writes a temporary
 * file beside it, fsyncs, reads that back and compares, renames. When a run begins with a file
 * that is there, a few digits change and nothing else: they are written over, if they lie in one
 * sector. They may be lost with the power, and that is no loss.
 */
#ifndef CR_STORE_H
#define CR_STORE_H

#include "cr/err.h"
#include "cr/policy.h"

struct cr_store;

/* What the file is created with, when there is none. */
struct cr_store_seed {
	const char *program;	/* borrowed during the call; may be NULL */
	const char *build_id;	/* borrowed during the call; may be NULL */
	const char *include;	/* borrowed during the call; base set, may be NULL */
	const struct cr_violation *violation;	/* borrowed during the call; NULL: kill */
	bool outside_any;	/* outside of windows everything passes */
	bool args_any;		/* nothing is learned of arguments */
	/* May be NULL. What cr_ini_load() has made of @path a moment ago: when the file says that
	 * still, it is taken and set to NULL. */
	struct cr_policy **loaded;
};

/* Opens the policy at @path for learning, creating it (and its directory's last component) when
 * there is none, and counts one more execution in it (and one more --all execution, when @all). So
 * a place that cannot be written is found before anything is started. The caller owns *@store;
 * untouched on failure. */
int cr_store_begin(const char *path, const struct cr_store_seed *seed, bool all,
		   struct cr_store **store, struct cr_err *err) CR_MUST_CHECK;

/* Borrowed until the store is freed; its contents may be replaced by each save. */
const struct cr_policy *cr_store_policy(const struct cr_store *s);

/* The number of the window of that function, from 1 to CR_WINDOW_NR_MAX: of the section that is
 * there, whose scope stays as it is, or of a new one, which is on disk when this returns. The
 * number is good for @s's life, whatever a person does to the file meanwhile. -EINVAL,
 * -ENAMETOOLONG (a policy cannot hold the name), -E2BIG, or what cr_store_save() says: then there
 * is no such window yet. */
int cr_store_window(struct cr_store *s, const struct cr_window_name *name, struct cr_err *err)
	CR_MUST_CHECK;

/* The same for @n windows, with one save: their numbers into @numbers. 0; on failure none of the
 * new ones is there. */
int cr_store_windows(struct cr_store *s, const struct cr_window_name *names, size_t n,
		     unsigned int *numbers, struct cr_err *err) CR_MUST_CHECK;

/* What holds for a call in window @window (0: outside), as cr_policy_find_in(); NULL, too, when a
 * person has taken the window out of the file. Borrowed until the next save. */
const struct cr_rule *cr_store_find(const struct cr_store *s, unsigned int window,
				    enum cr_abi abi, uint32_t nr);

/* The window itself, as the file has it now; NULL outside, or when it has none. Borrowed until the
 * next save. */
const struct cr_policy_window *cr_store_place(const struct cr_store *s, unsigned int window);

/* A call that this run sees for the first time in window @window, or (0) outside. When the file
 * has no rule for it yet, the next save gives it one with this evidence; otherwise that raises the
 * count of its executions. A hand-written rule or denial is never changed. @exe and @stack: copied,
 * may be NULL. 1 when the rule is new, 0 when it was there, -EINVAL, -ENOMEM. */
int cr_store_note(struct cr_store *s, unsigned int window, enum cr_abi abi, uint32_t nr,
		  const char *exe, const char *stack, struct cr_err *err) CR_MUST_CHECK;

/* The same, and a new rule is on disk when this returns. When that fails it is kept for the next
 * save and an error is given. */
int cr_store_saw(struct cr_store *s, unsigned int window, enum cr_abi abi, uint32_t nr,
		 const char *exe, const char *stack, struct cr_err *err) CR_MUST_CHECK;

/* With which arguments @call is made in window @window, or (0) outside. It was noted. A rule that
 * is new gets them as its condition, where they are such that are learned (cr/cond.h); a learned
 * one whose condition they do not fill gets them, too, with the next save. @any: it gets no
 * condition, and loses the one it has. 1 when something is to be saved, 0 when the policy allows
 * this already; -EPERM when it does not and a person wrote that; -ENOMEM. */
int cr_store_args(struct cr_store *s, unsigned int window, const struct cr_call *call, bool any,
		  struct cr_err *err) CR_MUST_CHECK;

/* How often the calls of this run were made so far, for evidence; written with the next save. */
void cr_store_count(struct cr_store *s, unsigned int window, enum cr_abi abi, uint32_t nr,
		    uint64_t calls);

/* To be told once, after cr_store_begin(): learned rules that @confirm executions had shown before
 * this run pass in the kernel now, uncounted. The next save writes their count as "N+". Those of
 * windows do not: what is made inside of a window is always counted. */
void cr_store_confirmed(struct cr_store *s, uint32_t confirm);

/* Was it begun with @all? */
bool cr_store_all(const struct cr_store *s);

/* At the end of an --all execution that was watched to its end: the next save writes down which
 * of the learned rules it has used, and that it has not used the others. (An execution that was
 * cut off says nothing about what is unused, nor does one about a window that it has not called
 * anything in.) */
void cr_store_watched(struct cr_store *s);

/* How many events of this run nobody could make sense of; written with the next save. What was lost
 * may have been anything: such a policy is not finalized unasked. */
void cr_store_lost(struct cr_store *s, uint64_t events);

/* Writes what is pending. 0 also when there was nothing. When it fails, that is kept for the next
 * save. */
int cr_store_save(struct cr_store *s, struct cr_err *err) CR_MUST_CHECK;

/* Calls that could not be written so far: 0 unless a save failed. */
unsigned int cr_store_unsaved(const struct cr_store *s);

void cr_store_free(struct cr_store *s);		/* does not save */

/* For commands that edit a policy (finalize): under the same lock, load, let @change alter the
 * policy, write. @change answers 0, or a negative errno with @err set, which leaves the file alone.
 */
int cr_store_edit(const char *path,
		  int (*change)(struct cr_policy *p, void *ctx, struct cr_err *err), void *ctx,
		  struct cr_err *err) CR_MUST_CHECK;

#endif
