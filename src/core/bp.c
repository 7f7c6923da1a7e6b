/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "cr/bp.h"

struct cr_bps {
	struct cr_bp **list;	/* owned, and each owned; by address */
	size_t n, cap;
	unsigned int shares;
};

struct cr_bps *cr_bps_new(void)
{
	struct cr_bps *bps = calloc(1, sizeof(*bps));

	if (bps)
		bps->shares = 1;
	return bps;
}

struct cr_bps *cr_bps_share(struct cr_bps *bps)
{
	bps->shares++;
	return bps;
}

static void free_all(struct cr_bps *bps)
{
	size_t i;

	for (i = 0; i < bps->n; i++)
		free(bps->list[i]);
	free(bps->list);
	free(bps);
}

void cr_bps_put(struct cr_bps *bps)
{
	if (bps && --bps->shares == 0)
		free_all(bps);
}

struct cr_bps *cr_bps_copy(const struct cr_bps *bps)
{
	struct cr_bps *copy = cr_bps_new();

	if (!copy)
		return NULL;
	copy->list = calloc(bps->n ? bps->n : 1, sizeof(*copy->list));
	if (!copy->list)
		goto free_copy;
	copy->cap = bps->n ? bps->n : 1;
	for (; copy->n < bps->n; copy->n++) {
		copy->list[copy->n] = malloc(sizeof(**copy->list));
		if (!copy->list[copy->n])
			goto free_copy;
		*copy->list[copy->n] = *bps->list[copy->n];
	}
	return copy;

free_copy:
	free_all(copy);
	return NULL;
}

/* Of the first site at @at or behind. */
static size_t index_of(const struct cr_bps *bps, cr_addr at)
{
	size_t lo = 0, hi = bps->n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (bps->list[mid]->at < at)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

const struct cr_bp *cr_bps_from(const struct cr_bps *bps, cr_addr at)
{
	size_t i = index_of(bps, at);

	return i < bps->n ? bps->list[i] : NULL;
}

const struct cr_bp *cr_bps_find(const struct cr_bps *bps, cr_addr at)
{
	const struct cr_bp *bp = cr_bps_from(bps, at);

	return bp && bp->at == at ? bp : NULL;
}

size_t cr_bps_count(const struct cr_bps *bps)
{
	return bps->n;
}

/* ---- wanting and forgetting */

static int add_owner(struct cr_bp *bp, const struct cr_bp_site *site, struct cr_err *err)
{
	size_t n = bp->over.len < site->n ? bp->over.len : site->n;
	unsigned int k;

	if (memcmp(bp->over.bytes, site->text, n) != 0)
		return cr_err_set(err, -ESTALE, "two files claim the code at %#llx",
				  (unsigned long long)site->at);
	for (k = 0; k < bp->n_owners; k++)
		if (bp->owners[k].fn == site->owner.fn && bp->owners[k].kind == site->owner.kind)
			return 0;
	if (bp->n_owners == CR_BP_OWNERS)
		return cr_err_set(err, -E2BIG, "more than %u functions share the code at %#llx",
				  CR_BP_OWNERS, (unsigned long long)site->at);
	bp->owners[bp->n_owners++] = site->owner;
	return 0;
}

static int make_room(struct cr_bps *bps)
{
	size_t cap = bps->cap ? bps->cap * 2 : 16;
	struct cr_bp **list;

	if (bps->n < bps->cap)
		return 0;
	list = realloc(bps->list, cap * sizeof(*list));
	if (!list)
		return -ENOMEM;
	bps->list = list;
	bps->cap = cap;
	return 0;
}

static int plan(struct cr_bp *bp, const struct cr_bp_site *site, struct cr_err *err)
{
	unsigned long long at = site->at;
	int rc;

	if (site->n && site->text[0] == CR_BP_TRAP)
		return cr_err_set(err, -EBUSY, "the program has a trap of its own at %#llx", at);
	rc = cr_over_plan(site->text, site->n, site->at, site->flags, &bp->over);
	if (rc == -EOPNOTSUPP)
		return cr_err_set(err, rc, "the code at %#llx is a restartable sequence: "
				  "no trap can be there", at);
	if (rc < 0)
		return cr_err_set(err, rc, "there is no instruction at %#llx", at);
	bp->at = site->at;
	bp->flags = site->flags;
	bp->owners[bp->n_owners++] = site->owner;
	return 0;
}

int cr_bps_add(struct cr_bps *bps, const struct cr_bp_site *site, struct cr_err *err)
{
	size_t i = index_of(bps, site->at);
	struct cr_bp *bp;
	int rc;

	if (i < bps->n && bps->list[i]->at == site->at)
		return add_owner(bps->list[i], site, err);
	bp = calloc(1, sizeof(*bp));
	if (!bp || make_room(bps) < 0)
		rc = cr_err_set(err, -ENOMEM, "out of memory");
	else
		rc = plan(bp, site, err);
	if (rc < 0) {
		free(bp);
		return rc;
	}
	memmove(bps->list + i + 1, bps->list + i, (bps->n - i) * sizeof(*bps->list));
	bps->list[i] = bp;
	bps->n++;
	return 0;
}

static bool within(const struct cr_bp *bp, cr_addr lo, cr_addr hi)
{
	return bp->at >= lo && bp->at < hi;
}

/* Those of [lo, hi); with @lifted only what is not planted. */
static size_t forget(struct cr_bps *bps, cr_addr lo, cr_addr hi, bool lifted)
{
	size_t i, kept = 0, n = bps->n;

	for (i = 0; i < n; i++) {
		if (within(bps->list[i], lo, hi) && !(lifted && bps->list[i]->planted))
			free(bps->list[i]);
		else
			bps->list[kept++] = bps->list[i];
	}
	bps->n = kept;
	return n - kept;
}

size_t cr_bps_forget(struct cr_bps *bps, cr_addr lo, cr_addr hi)
{
	return forget(bps, lo, hi, false);
}

void cr_bps_forget_new(struct cr_bps *bps)
{
	forget(bps, 0, UINT64_MAX, true);
}

static int by_address(const void *a, const void *b)
{
	const struct cr_bp *x = *(struct cr_bp *const *)a, *y = *(struct cr_bp *const *)b;

	return (x->at > y->at) - (x->at < y->at);
}

/* What was mapped where the range goes is gone; what was planned depends on the address. */
int cr_bps_move(struct cr_bps *bps, cr_addr lo, cr_addr hi, cr_addr to)
{
	struct cr_bps *copy, old = *bps;
	struct cr_bp *bp;
	size_t i;

	if (to < hi && lo < to + (hi - lo))
		return -EINVAL;
	copy = cr_bps_copy(bps);
	if (!copy)
		return -ENOMEM;
	forget(copy, to, to + (hi - lo), false);
	for (i = 0; i < copy->n; i++) {
		bp = copy->list[i];
		if (!within(bp, lo, hi))
			continue;
		bp->at += to - lo;
		/* It was an instruction before, so it is one now. */
		if (cr_over_plan(bp->over.bytes, bp->over.len, bp->at, bp->flags, &bp->over) < 0)
			bp->over.how = CR_OVER_STEP;
	}
	qsort(copy->list, copy->n, sizeof(*copy->list), by_address);
	*bps = *copy;
	bps->shares = old.shares;
	*copy = old;
	free_all(copy);
	return 0;
}

/* ---- the bytes */

void cr_bps_clean_read(const struct cr_bps *bps, cr_addr at, uint8_t *bytes, size_t n)
{
	size_t i;

	for (i = index_of(bps, at); i < bps->n && bps->list[i]->at - at < n; i++)
		if (bps->list[i]->planted && bytes[bps->list[i]->at - at] == CR_BP_TRAP)
			bytes[bps->list[i]->at - at] = bps->list[i]->over.bytes[0];
}

static int set_byte(const struct cr_target_mem *mem, cr_addr at, uint8_t byte)
{
	return mem->write(mem->arg, at, &byte, 1);
}

static int plant(struct cr_bps *bps, struct cr_bp *bp, const struct cr_target_mem *mem)
{
	uint8_t now[CR_OVER_INSN];
	int rc = mem->read(mem->arg, bp->at, now, bp->over.len);

	if (rc < 0)
		return rc;
	/* A trap of ours may stand in the middle: on a nop that a second function begins with. */
	cr_bps_clean_read(bps, bp->at, now, bp->over.len);
	if (now[0] == CR_BP_TRAP)
		return -EBUSY;
	if (memcmp(now, bp->over.bytes, bp->over.len) != 0)
		return -ESTALE;
	rc = set_byte(mem, bp->at, CR_BP_TRAP);
	if (!rc)
		bp->planted = true;
	return rc;
}

static int lift(struct cr_bp *bp, const struct cr_target_mem *mem)
{
	uint8_t now;
	int rc = mem->read(mem->arg, bp->at, &now, 1);

	if (!rc && now == CR_BP_TRAP)
		rc = set_byte(mem, bp->at, bp->over.bytes[0]);
	if (!rc)
		bp->planted = false;
	return rc;
}

static void explain(struct cr_err *err, int rc, cr_addr at)
{
	unsigned long long a = at;

	if (rc == -ESTALE) {
		cr_err_set(err, rc, "cannot plant a breakpoint at %#llx: "
			   "the code is not what its file has", a);
		cr_err_hint(err, "does the program write its own code, or was the file replaced?");
		return;
	}
	cr_err_sys(err, rc, "cannot plant a breakpoint at %#llx", a);
	if (rc == -EBUSY)
		cr_err_hint(err, "there is a trap there already; is another debugger attached?");
}

int cr_bps_plant(struct cr_bps *bps, const struct cr_target_mem *mem, struct cr_err *err)
{
	cr_auto_free bool *fresh = calloc(bps->n ? bps->n : 1, sizeof(*fresh));
	size_t i;
	int rc = 0;

	if (!fresh)
		return cr_err_set(err, -ENOMEM, "out of memory");
	for (i = 0; i < bps->n; i++) {
		if (bps->list[i]->planted)
			continue;
		rc = plant(bps, bps->list[i], mem);
		if (rc < 0)
			goto lift;
		fresh[i] = true;
	}
	return 0;

lift:
	explain(err, rc, bps->list[i]->at);
	while (i-- > 0)
		if (fresh[i])
			lift(bps->list[i], mem);
	return rc;
}

/* @all: whether they are known to be planted or not. */
static int lift_range(struct cr_bps *bps, const struct cr_target_mem *mem, cr_addr lo, cr_addr hi,
		      bool all)
{
	size_t i;
	int rc = 0, one;

	for (i = index_of(bps, lo); i < bps->n && bps->list[i]->at < hi; i++) {
		one = all || bps->list[i]->planted ? lift(bps->list[i], mem) : 0;
		rc = rc ? rc : one;
	}
	return rc;
}

int cr_bps_lift(struct cr_bps *bps, const struct cr_target_mem *mem)
{
	return lift_range(bps, mem, 0, UINT64_MAX, false);
}

int cr_bps_scrub(struct cr_bps *bps, const struct cr_target_mem *mem)
{
	return lift_range(bps, mem, 0, UINT64_MAX, true);
}

int cr_bps_drop(struct cr_bps *bps, const struct cr_target_mem *mem, cr_addr lo, cr_addr hi)
{
	int rc = lift_range(bps, mem, lo, hi, false);

	forget(bps, lo, hi, true);
	return rc;
}

/* int3; int $3, which the same trap stands for; and int1, whose trap looks like it. */
bool cr_bp_is_trap(const uint8_t behind[2])
{
	return behind[1] == CR_BP_TRAP || behind[1] == 0xf1 ||
	       (behind[0] == 0xcd && behind[1] == 3);
}
