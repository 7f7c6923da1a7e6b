/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Slots: where instructions run whose places traps have taken. They lie one behind the other behind
 * the code of an object, in its last page, where nothing else runs. When that is full, there is
 * some room behind the code that the kernel maps into every process (vdso): as private to it as
 * the rest once it is written to, copied by fork(2), gone after execve(2).
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "cr/mem.h"
#include "watch.h"

void cr_space_forget_slots(struct cr_space *sp, cr_addr lo, cr_addr hi)
{
	size_t i, kept = 0;

	for (i = 0; i < sp->n_slots; i++)
		if (sp->slots[i].slot < lo || sp->slots[i].slot >= hi)
			sp->slots[kept++] = sp->slots[i];
	sp->n_slots = kept;
}

/* Nobody is in one any more. */
int cr_space_clear_slots(struct cr_space *sp, pid_t tid)
{
	int rc = 0, one;
	size_t i;

	for (i = 0; i < sp->n_slots; i++) {
		one = cr_mem_patch(tid, sp->slots[i].slot, sp->slots[i].before,
				   sp->slots[i].size);
		rc = rc ? rc : one;
	}
	sp->n_slots = 0;
	return rc;
}

/* Behind the slots that are in [lo, hi) already. */
static cr_addr first_free(const struct cr_space *sp, cr_addr lo, cr_addr hi)
{
	cr_addr at = lo;
	size_t i;

	for (i = 0; i < sp->n_slots; i++) {
		const struct cr_space_slot *s = &sp->slots[i];

		if (s->slot >= lo && s->slot < hi && s->slot + s->size > at)
			at = s->slot + s->size;
	}
	return at;
}

/* Writes a slot for @bp into [lo, hi), if there is room, and that is near enough. */
static int make_in(struct cr_space *sp, pid_t tid, const struct cr_bp *bp, cr_addr lo, cr_addr hi,
		   struct cr_space_slot *slot)
{
	uint8_t bytes[CR_OVER_SLOT];
	cr_addr at = first_free(sp, lo, hi);
	size_t n;
	int rc = cr_over_slot(&bp->over, at, bytes, &n);

	if (rc < 0)
		return rc;
	if (at > hi || hi - at < n)
		return -ENOSPC;
	if (cr_mem_read(tid, at, slot->before, n) != (ssize_t)n)
		return -EFAULT;
	slot->slot = at;
	slot->size = (unsigned int)n;
	return cr_mem_patch(tid, at, bytes, n);
}

#define MARGIN 64u	/* zeros at the end of what is there may belong to it */

void cr_space_find_room(struct cr_space *sp, pid_t tid, const struct cr_maps *maps)
{
	uint8_t page[CR_MAPS_PAGE];
	const struct cr_module *mod = NULL;
	size_t i, used = sizeof(page);

	for (i = 0; i < maps->n_mods && !mod; i++)
		if (strcmp(maps->mods[i].path, "[vdso]") == 0)
			mod = &maps->mods[i];
	if (mod && mod->end == sp->room_hi)
		return;
	cr_space_forget_slots(sp, sp->room_lo, sp->room_hi);
	sp->room_lo = sp->room_hi = 0;
	if (!mod || cr_mem_read(tid, mod->end - sizeof(page), page, sizeof(page)) !=
	    (ssize_t)sizeof(page))
		return;
	while (used > 0 && !page[used - 1])
		used--;
	used = (used + 2 * MARGIN - 1) & ~(size_t)(MARGIN - 1);
	if (used >= sizeof(page))
		return;
	sp->room_lo = mod->end - sizeof(page) + used;
	sp->room_hi = mod->end;
}

bool cr_space_find_slot(const struct cr_space *sp, const struct cr_bp *bp, cr_addr *slot)
{
	size_t i;

	for (i = 0; i < sp->n_slots; i++) {
		if (sp->slots[i].of != bp->at)
			continue;
		*slot = sp->slots[i].slot;
		return true;
	}
	return false;
}

int cr_space_slot(struct cr_space *sp, pid_t tid, const struct cr_bp *bp, bool must, cr_addr *slot)
{
	struct cr_space_slot *more, new = { .of = bp->at };
	size_t i;
	int rc = -ENOSPC;

	if (cr_space_find_slot(sp, bp, slot))
		return 0;
	more = reallocarray(sp->slots, sp->n_slots + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	sp->slots = more;
	/* The object itself was added last, when this is done for all of its traps. */
	for (i = sp->n_objects; i-- > 0 && rc < 0 && rc != -ESRCH;) {
		const struct cr_space_object *o = &sp->objects[i];

		rc = make_in(sp, tid, bp, o->file->spare_lo + o->bias,
			     o->file->spare_hi + o->bias, &new);
	}
	if (must && (rc == -ENOSPC || rc == -ERANGE))
		rc = make_in(sp, tid, bp, sp->room_lo, sp->room_hi, &new);
	if (rc < 0)
		return rc;
	sp->slots[sp->n_slots++] = new;
	*slot = new.slot;
	return 0;
}

/* A thread that hits @bp must be able to go on; why it cannot, in words. */
static int must_pass(struct cr_space *sp, pid_t tid, const struct cr_bp *bp, struct cr_err *err)
{
	unsigned long long at = bp->at;
	cr_addr slot;
	int rc;

	if (bp->over.can & CR_OVER_EMULATE)
		return 0;
	if (!(bp->over.can & CR_OVER_DISPLACE))
		return cr_err_set(err, -EOPNOTSUPP, "no breakpoint can be at %#llx: %s", at,
				  bp->over.why ? bp->over.why : "its instruction runs only there");
	rc = cr_space_slot(sp, tid, bp, true, &slot);
	if (rc == -ENOSPC || rc == -ERANGE) {
		cr_err_set(err, rc, "there is no room for the instruction at %#llx to run in", at);
		cr_err_hint(err, "choose fewer functions");
		return rc;
	}
	return rc < 0 ? cr_err_sys(err, rc, "cannot write to the target's code") : 0;
}

int cr_space_prepare(struct cr_space *sp, pid_t tid, const struct cr_space_object *o,
		     struct cr_err *err)
{
	const struct cr_bp *bp;
	cr_addr slot;
	int rc = 0;

	for (bp = cr_bps_from(sp->bps, o->lo); bp && bp->at < o->hi && !rc;
	     bp = cr_bps_from(sp->bps, bp->at + 1))
		rc = bp->planted ? 0 : must_pass(sp, tid, bp, err);
	if (rc < 0)
		return rc;
	/* For the others a slot is only faster, as long as there is room. */
	for (bp = cr_bps_from(sp->bps, o->lo); bp && bp->at < o->hi && !rc;
	     bp = cr_bps_from(sp->bps, bp->at + 1))
		if (!bp->planted && bp->over.how == CR_OVER_DISPLACE)
			rc = cr_space_slot(sp, tid, bp, false, &slot);
	return 0;
}
