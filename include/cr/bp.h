/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bp - the traps in one address space
 *
 * In:    sites: an address, whose it is, the bytes that the file has there; memory
 * Out:   all traps planted or none; what a reader of the text would have seen without them
 * Never: takes a trap out to let a thread past (see over), knows which process the memory is of
 *
 * One struct cr_bps for an address space, not for a process: threads and a vfork child run the
 * same text and cr_bps_share() it, so that nobody lifts a trap under another's feet (TRAPS 12); a
 * fork child has its own copy of the text, traps included, and gets a cr_bps_copy(), to be
 * followed with or to be lifted with before it is let go (TRAPS 13). After exec the text is gone:
 * cr_bps_put().
 *
 * When traps are lifted the caller still owes two things (TRAPS 14): a thread that has just hit one
 * stands behind it (its pc goes back by CR_BP_SIZE), and one inside a slot goes on there.
 */
#ifndef CR_BP_H
#define CR_BP_H

#include "cr/err.h"
#include "cr/over.h"

#define CR_BP_TRAP 0xccu	/* int3 */
#define CR_BP_SIZE 1u		/* the pc of a thread that hit a trap is this far behind it */
#define CR_BP_OWNERS 16u	/* functions that share one site at most */

enum cr_bp_kind {
	CR_BP_ENTRY,
	CR_BP_RET,
	CR_BP_TAIL,	/* a jump that may leave the function */
	CR_BP_MARK,	/* neither: a phase begins */
};

struct cr_bp_owner {
	unsigned int fn;
	enum cr_bp_kind kind;
};

/* A place where a trap is wanted. */
struct cr_bp_site {
	cr_addr at;
	struct cr_bp_owner owner;
	const uint8_t *text;	/* borrowed: for the call. What the file has there */
	size_t n;		/* CR_OVER_INSN bytes, or fewer at the end of the text */
	unsigned int flags;	/* CR_OVER_IS32, CR_OVER_SHSTK, CR_OVER_RSEQ */
};

struct cr_bp {
	cr_addr at;
	struct cr_over over;	/* also holds the bytes that the trap hides */
	unsigned int flags;
	bool planted;
	uint8_t n_owners;
	struct cr_bp_owner owners[CR_BP_OWNERS];	/* in the order they were added */
};

struct cr_bps;

/* NULL: no memory; one share, the caller's */
struct cr_bps *cr_bps_new(void) CR_MUST_CHECK;
struct cr_bps *cr_bps_share(struct cr_bps *bps);	/* @bps again, with one share more */
/* NULL when out of memory */
struct cr_bps *cr_bps_copy(const struct cr_bps *bps) CR_MUST_CHECK;
/* gives a share back; touches no memory; NULL is fine */
void cr_bps_put(struct cr_bps *bps);

/* Wants a trap, which is not planted yet. The same owner twice is one. 0; -ENOMEM; -E2BIG for one
 * owner too many; -EBUSY when the file itself has a trap there; else as cr_over_plan(). @bps is
 * unchanged on failure. */
int cr_bps_add(struct cr_bps *bps, const struct cr_bp_site *site, struct cr_err *err) CR_MUST_CHECK;

/* Plants what is not planted yet: all of it or nothing. -EBUSY: somebody else's trap is there;
 * -ESTALE: the text is not what the file has (TRAPS 33); or what memory answered. After a failure
 * those sites are wanted still: forget or drop them, or try again. Unlike over's, this memory must
 * be able to write what the target cannot, its text: /proc/PID/mem. */
int cr_bps_plant(struct cr_bps *bps, const struct cr_target_mem *mem,
		 struct cr_err *err) CR_MUST_CHECK;

/* Lifts all; they are wanted still. Goes on after a failure and gives the first one. A trap that is
 * no longer there, because the target wrote over it, is not written over again. */
int cr_bps_lift(struct cr_bps *bps, const struct cr_target_mem *mem) CR_MUST_CHECK;

/* The same where it is not known which of them are planted: in a copy of the memory that was made
 * while they were lifted. */
int cr_bps_scrub(struct cr_bps *bps, const struct cr_target_mem *mem) CR_MUST_CHECK;

/* Lifts the traps of [lo, hi) and wants them no more. As cr_bps_lift(); what could not be lifted
 * stays. */
int cr_bps_drop(struct cr_bps *bps, const struct cr_target_mem *mem, cr_addr lo,
		cr_addr hi) CR_MUST_CHECK;

/* [lo, hi) has been unmapped, or mapped anew: its sites are forgotten, nothing is written. How
 * many. */
size_t cr_bps_forget(struct cr_bps *bps, cr_addr lo, cr_addr hi);

/* Forgets all sites that are not planted, after cr_bps_plant() has failed. */
void cr_bps_forget_new(struct cr_bps *bps);

/* [lo, hi) has moved to @to, traps and all (mremap). An object that is unloaded and loaded
 * elsewhere is cr_bps_forget() and cr_bps_add() instead. 0; -EINVAL when the two overlap, which
 * no kernel does; -ENOMEM. @bps is unchanged on failure. */
int cr_bps_move(struct cr_bps *bps, cr_addr lo, cr_addr hi, cr_addr to) CR_MUST_CHECK;

/* NULL when there is none. Valid until the next call that is not const. */
const struct cr_bp *cr_bps_find(const struct cr_bps *bps, cr_addr at);

/* The first site at @at or behind, for loops; NULL at the end. */
const struct cr_bp *cr_bps_from(const struct cr_bps *bps, cr_addr at);

size_t cr_bps_count(const struct cr_bps *bps);

/* @bytes were read at @at: puts back what the traps hide. Bytes that are no trap are left alone. */
void cr_bps_clean_read(const struct cr_bps *bps, cr_addr at, uint8_t *bytes, size_t n);

/* Do the two bytes that a thread has just gone past make a trap, whoever wrote it? */
bool cr_bp_is_trap(const uint8_t behind[2]);

#endif
