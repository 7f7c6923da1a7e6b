/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An indirect jump that was not understood may lead to code that nothing else leads to. Such code
 * is looked
 * for where something says that an instruction begins: a word that the loader points there, a row
 * of the
 * line table, the end of other code. It is believed if it reads well to its end and meets what is
 * known at instructions' borders.
 */
#include "config.h"

#include <errno.h>

#include "walk.h"

/* Is there a jump that may stay within the function? */
static bool needed(struct cr_walk *w)
{
	size_t i;

	if (w->thunk)
		return true;
	for (i = 0; i < w->n_jump; i++)
		if (cr_table_likely(w, w->jump[i]))
			return true;
	return false;
}

static int try(struct cr_walk *w, cr_addr at)
{
	if (!cr_walk_piece(w, at) || cr_walk_mark(w, at) != CR_MARK_NONE)
		return 0;
	return cr_walk_guess(w, at, 0);
}

static int on_row(void *ctx, cr_addr at)
{
	return try(ctx, at);
}

static bool is_padding(struct cr_walk *w, cr_addr at, size_t *len)
{
	struct cr_piece *p = cr_walk_piece(w, at);
	struct cr_insn in;

	*len = 1;
	if (p->bytes[at - p->start] == 0xcc || p->bytes[at - p->start] == 0)
		return true;
	if (!cr_walk_decode(w, at, &in))
		return false;
	*len = in.is.length;
	if (in.is.meta.category == ZYDIS_CATEGORY_NOP ||
	    in.is.meta.category == ZYDIS_CATEGORY_WIDENOP)
		return true;
	/* As older assemblers pad: "lea 0(%esi),%esi", "xchg %ax,%ax". */
	return in.is.mnemonic == ZYDIS_MNEMONIC_LEA &&
	       in.op[1].mem.base == in.op[0].reg.value &&
	       in.op[1].mem.index == ZYDIS_REGISTER_NONE && !in.op[1].mem.disp.value;
}

/* Does the code read what is at [start, end)? Then it is data. */
static bool is_read(const struct cr_walk *w, cr_addr start, cr_addr end)
{
	size_t i;

	for (i = 0; i < w->n_ref; i++)
		if (w->ref[i] >= start && w->ref[i] < end)
			return true;
	return false;
}

static size_t gap_end(const struct cr_piece *p, size_t off)
{
	while (off < p->len && p->mark[off] == CR_MARK_NONE)
		off++;
	return off;
}

static int gap(struct cr_walk *w, struct cr_piece *p, size_t off, size_t end)
{
	bool data = is_read(w, p->start + off, p->start + end);
	size_t len;

	while (off < end && is_padding(w, p->start + off, &len))
		off += len;
	if (off >= end)
		return 0;
	if (data) {
		w->doubt = true;
		return 0;
	}
	return try(w, p->start + off);
}

static int gaps(struct cr_walk *w, struct cr_piece *p)
{
	size_t off = 0, end;
	int rc = 0;

	while (off < p->len && !rc) {
		if (p->mark[off] != CR_MARK_NONE) {
			off++;
			continue;
		}
		end = gap_end(p, off);
		rc = gap(w, p, off, end);
		/* What was found may end before the gap does: once more, from there. */
		if (gap_end(p, off) == end)
			off = end;
		else
			off = gap_end(p, off);
	}
	return rc;
}

/* Is there something left that is neither code nor padding? */
static bool left_over(struct cr_walk *w, const struct cr_piece *p)
{
	size_t off = 0, len;

	while (off < p->len) {
		if (p->mark[off] != CR_MARK_NONE)
			off++;
		else if (is_padding(w, p->start + off, &len))
			off += len;
		else
			return true;
	}
	return false;
}

int cr_sweep(struct cr_walk *w)
{
	size_t i;
	int rc = 0;

	if (!needed(w))
		return 0;
	for (i = 0; i < w->obj->n_rel && !rc && cr_object_spend(w->obj, 1); i++)
		if (!w->obj->rel[i].ifunc)
			rc = try(w, w->obj->rel[i].value);
	if (!rc)
		rc = cr_dwarf_rows(w->obj, w->fn, on_row, w);
	for (i = 0; i < w->n_piece && !rc; i++)
		rc = gaps(w, &w->piece[i]);
	for (i = 0; i < w->n_piece; i++)
		w->doubt = w->doubt || left_over(w, &w->piece[i]);
	return rc;
}
