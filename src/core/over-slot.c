/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "over-parts.h"

#define NEAR_JUMP 5u	/* jmp rel32 */
#define FAR_JUMP 6u	/* jmp [rip+pad], then the address */

static bool reaches(const struct cr_over *o, cr_addr behind, cr_addr to)
{
	int64_t way = (int64_t)(to - behind);

	return o->is32 || (way >= INT32_MIN && way <= INT32_MAX);
}

static void put(uint8_t *to, uint64_t value, unsigned int n)
{
	unsigned int k;

	for (k = 0; k < n; k++)
		to[k] = (uint8_t)(value >> (8 * k));
}

/* A jump at @from, to @to; touches no register and no flag. Its length. @bytes may be NULL. The
 * address that a far one reads is aligned: the thread may have asked for alignment checks. */
static size_t jump(const struct cr_over *o, uint8_t *bytes, cr_addr from, cr_addr to)
{
	size_t pad = (size_t)(-(from + FAR_JUMP) & 7);

	if (reaches(o, from + NEAR_JUMP, to)) {
		if (bytes) {
			bytes[0] = 0xe9;
			put(bytes + 1, to - (from + NEAR_JUMP), 4);
		}
		return NEAR_JUMP;
	}
	if (bytes) {
		bytes[0] = 0xff;
		bytes[1] = 0x25;
		put(bytes + 2, pad, 4);
		put(bytes + FAR_JUMP, 0, (unsigned int)pad);
		put(bytes + FAR_JUMP + pad, to, 8);
	}
	return FAR_JUMP + pad + 8;
}

/* The condition, with a short jump over nothing yet; its length. The address-size prefix decides
 * which counter loop and jrcxz look at, and there are CPUs on which the last rep or repne turns
 * loopne into loope and back. Other prefixes mean nothing to a short jump and are left out. */
static size_t condition(const struct cr_over *o, uint8_t *bytes)
{
	uint8_t rep = 0, opcode;
	bool addr = false;
	size_t n = 0, k = 0;

	while (k < o->len && o->bytes[k] != 0x0f && (o->bytes[k] & 0xf0) != 0x70 &&
	       (o->bytes[k] & 0xfc) != 0xe0) {
		addr = addr || o->bytes[k] == 0x67;
		if (o->bytes[k] == 0xf2 || o->bytes[k] == 0xf3)
			rep = o->bytes[k];
		k++;
	}
	opcode = o->bytes[k] == 0x0f ? (uint8_t)(o->bytes[k + 1] - 0x10) : o->bytes[k];
	if (addr)
		bytes[n++] = 0x67;
	if (rep)
		bytes[n++] = rep;
	bytes[n++] = opcode;
	return n + 1;
}

static void put_condition(const struct cr_over *o, cr_addr slot, uint8_t *bytes, size_t *n)
{
	size_t head = condition(o, bytes), back;

	back = jump(o, bytes + head, slot + head, o->at + o->len);
	bytes[head - 1] = (uint8_t)back;
	*n = head + back + jump(o, bytes + head + back, slot + head + back, o->src.value);
}

static int put_insn(const struct cr_over *o, cr_addr slot, uint8_t *bytes)
{
	uint32_t disp;
	int64_t moved;

	memcpy(bytes, o->bytes, o->len);
	if (!o->fix_at)
		return 0;
	memcpy(&disp, o->bytes + o->fix_at, sizeof(disp));
	moved = (int64_t)((uint64_t)(int64_t)(int32_t)disp + o->at - slot);
	if (!o->fix_wraps && (moved < INT32_MIN || moved > INT32_MAX))
		return -ERANGE;
	put(bytes + o->fix_at, (uint64_t)moved, 4);
	return 0;
}

int cr_over_slot(const struct cr_over *over, cr_addr slot, uint8_t bytes[CR_OVER_SLOT], size_t *n)
{
	int rc;

	if (!(over->can & CR_OVER_DISPLACE))
		return -EOPNOTSUPP;
	switch ((enum over_shape)over->shape) {
	case SHAPE_COND:
		put_condition(over, slot, bytes, n);
		return 0;
	case SHAPE_JUMP:
		*n = jump(over, bytes, slot, over->src.value);
		return 0;
	case SHAPE_AWAY:
	case SHAPE_PLAIN:
		break;
	}
	rc = put_insn(over, slot, bytes);
	if (rc < 0)
		return rc;
	*n = over->len;
	if (over->shape == SHAPE_PLAIN)
		*n += jump(over, bytes + over->len, slot + over->len, over->at + over->len);
	return 0;
}

/* Every instruction of a slot begins at a place of its own, so the pc says what was done. */
cr_addr cr_over_fix_pc(const struct cr_over *over, cr_addr slot, cr_addr pc)
{
	uint8_t scratch[CR_OVER_SLOT];
	size_t head, back;

	if (pc == slot)
		return over->at;
	if (over->shape == SHAPE_PLAIN)
		return pc == slot + over->len ? over->at + over->len : pc;
	if (over->shape != SHAPE_COND)
		return pc;
	head = condition(over, scratch);
	back = jump(over, NULL, slot + head, over->at + over->len);
	if (pc == slot + head)
		return over->at + over->len;
	return pc == slot + head + back ? over->src.value : pc;
}

cr_addr cr_over_slot_pc(const struct cr_over *over, cr_addr slot, cr_addr pc)
{
	return pc == over->at ? slot : pc;
}
