/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * watch - what the files of this room that know windows share
 *
 * In:    births, execs, traps, calls and signals of threads
 * Out:   which windows a thread is inside of when it makes a call
 * Never: included by another room; resumes a thread
 */
#ifndef CR_SESSION_WATCH_H
#define CR_SESSION_WATCH_H

#include "cr/bp.h"
#include "cr/maps.h"
#include "cr/regs.h"
#include "cr/targets.h"
#include "cr/window.h"
#include "parts.h"

struct cr_space_object {
	cr_addr lo, hi;
	cr_addr first_end;	/* as in struct cr_module */
	cr_addr bias;		/* from the file's addresses to those of the process */
	dev_t dev;
	ino_t ino;
	const struct cr_target_file *file;	/* borrowed: from the targets */
};

struct cr_space_slot {
	cr_addr of;		/* the trap */
	cr_addr slot;
	unsigned int size;
	uint8_t before[CR_OVER_SLOT];	/* what was there */
};

struct cr_goroutine;

struct cr_space {
	unsigned int shares;
	struct cr_targets *targets;	/* borrowed: what is a window here */
	dev_t own_dev;		/* the file that those without an object are in */
	ino_t own_ino;
	struct cr_bps *bps;	/* owned */
	struct cr_scope *scope;	/* owned */
	struct cr_space_object *objects;	/* owned */
	size_t n_objects;
	struct cr_space_slot *slots;	/* owned */
	size_t n_slots;
	cr_addr room_lo, room_hi;	/* for slots, where those of objects are full */
	cr_addr looked;		/* up to here cr_space_tampered() has looked last */
	struct cr_goroutine *goroutines;	/* owned; that are or were inside of windows */
	size_t n_goroutines;
	bool switches;		/* it is watched which goroutine runs where */
};

/* One thread. */
struct cr_watch {
	struct cr_space *space;		/* a share of ours */
	struct cr_windows *windows;	/* owned */
	cr_addr lo, hi;		/* the stack that it was born with; lo == hi: not known yet */
	cr_addr born_at;	/* its stack pointer at birth */
	cr_addr slot;		/* where it was sent to get past a trap; 0: nowhere */
	cr_addr slot_of;	/* the trap */
	/* A longjmp has begun: where it will put the stack pointer, 0: none; where it was called */
	cr_addr cut, cut_from;
	uint64_t g;		/* the goroutine that it runs; 0: none, or not known */
	bool handler;		/* a signal was delivered while it was inside a window */
};

static inline struct cr_watch *cr_watch_of(const struct cr_tracee *t)
{
	return t->watch;
}

/* NULL when out of memory; one share, the caller's. */
struct cr_space *cr_space_new(struct cr_targets *targets) CR_MUST_CHECK;
struct cr_space *cr_space_share(struct cr_space *sp);
struct cr_space *cr_space_copy(const struct cr_space *sp) CR_MUST_CHECK;
void cr_space_put(struct cr_space *sp);

/* Plants in what has been mapped since the last look, forgets what is not mapped any more. */
int cr_space_look(struct cr_space *sp, pid_t tid, struct cr_err *err)
	CR_MUST_CHECK;
const struct cr_space_object *cr_space_object(const struct cr_space *sp, cr_addr at);
const struct cr_target_site *cr_space_site(const struct cr_space *sp, cr_addr at,
					   unsigned int number);

/* Takes all traps out: they are wanted no more. */
int cr_space_lift(struct cr_space *sp, pid_t tid) CR_MUST_CHECK;
/* The same for a copy that was made of it meanwhile. */
int cr_space_scrub(struct cr_space *sp, pid_t tid) CR_MUST_CHECK;
/* Puts back what was where slots are. */
int cr_space_clear_slots(struct cr_space *sp, pid_t tid) CR_MUST_CHECK;

/* Where a window's entry has lost its trap, by a write of the process to its own code; 0: nowhere.
 * (Code that was unmapped cannot be entered.) */
cr_addr cr_space_tampered(struct cr_space *sp, pid_t tid);

/* Plants or lifts the traps that the object at @at has for now and then. */
int cr_space_later(struct cr_space *sp, pid_t tid, cr_addr at, bool plant, struct cr_err *err)
	CR_MUST_CHECK;

/* An IFUNC's resolver has returned @at: plants there. */
int cr_space_resolved(struct cr_space *sp, pid_t tid, cr_addr at, unsigned int window,
		      struct cr_err *err) CR_MUST_CHECK;

/* slot.c: where @bp's instruction may run instead. -ENOSPC when there is no room. @must: there is
 * no other way past. */
bool cr_space_find_slot(const struct cr_space *sp, const struct cr_bp *bp, cr_addr *slot);
/* Sees to it that a thread can get past each trap of @o, whose sites are wanted, not planted. */
int cr_space_prepare(struct cr_space *sp, pid_t tid, const struct cr_space_object *o,
		     struct cr_err *err) CR_MUST_CHECK;
int cr_space_slot(struct cr_space *sp, pid_t tid, const struct cr_bp *bp, bool must, cr_addr *slot)
	CR_MUST_CHECK;
/* What is mapped now: is there room behind the vdso? */
void cr_space_find_room(struct cr_space *sp, pid_t tid, const struct cr_maps *maps);
void cr_space_forget_slots(struct cr_space *sp, cr_addr lo, cr_addr hi);

/* The memory of *@tid, which must outlive the result: it refuses what the thread itself may not. */
struct cr_target_mem cr_space_mem(pid_t *tid);

/* watch.c: a window was entered that cannot be kept, so calls made in it are not known to be. Said
 * once; in a strict session the end. */
void cr_watch_lost(struct cr_session *s, pid_t tid, int rc);

/* goroutine.c: false: this is not what it seems, take it for any other function */
bool cr_goroutine_enter(struct cr_session *s, struct cr_tracee *t, unsigned int window,
			const struct cr_machine *m);
bool cr_goroutine_leave(struct cr_tracee *t, unsigned int window, const struct cr_machine *m,
			enum cr_leave how);
void cr_goroutine_switch(struct cr_session *s, struct cr_tracee *t, const struct cr_machine *m);
/* Is the goroutine that @t runs inside of a window? */
bool cr_goroutine_inside(const struct cr_tracee *t);
/* Those windows, at a call; how many of them, at most @max. */
size_t cr_goroutine_list(struct cr_session *s, struct cr_tracee *t, const struct cr_machine *m,
			 unsigned int *fns, size_t max);
void cr_goroutines_fini(struct cr_space *sp);

/* mark.c: a trap that belongs to no window, or (@mark is one) tells where its function is */
void cr_mark_hit(struct cr_session *s, struct cr_tracee *t, unsigned int mark,
		 const struct cr_machine *m);

/* watch.c: where the thread is, with the stack pointer @sp */
struct cr_spot cr_watch_spot(const struct cr_tracee *t, cr_addr sp);

#endif
