/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* .eh_frame and .gcc_except_table: where code begins and ends, and where exceptions land in it. */
#include "config.h"

#include <dwarf.h>
#include <errno.h>
#include <string.h>

#include "image-int.h"

#define SITES_MAX 65536u

/* Bytes in the file at an address, read one after the other. */
struct cursor {
	const struct cr_object *obj;
	cr_addr at;
	bool bad;
	cr_addr from;		/* of what is in buf */
	size_t have;
	unsigned char buf[128];
};

static void cursor_init(struct cursor *c, const struct cr_object *obj, cr_addr at)
{
	c->obj = obj;
	c->at = at;
	c->bad = false;
	c->from = 0;
	c->have = 0;
}

static uint64_t fetch(struct cursor *c, size_t len)
{
	uint64_t v = 0;

	if (c->at < c->from || c->at - c->from > c->have || c->have - (c->at - c->from) < len) {
		c->from = c->at;
		c->have = cr_object_read(c->obj, c->at, c->buf, sizeof(c->buf));
	}
	if (c->have - (c->at - c->from) < len)
		c->bad = true;
	else
		memcpy(&v, c->buf + (c->at - c->from), len);
	c->at += len;
	return v;
}

static uint64_t uleb(struct cursor *c)
{
	unsigned int shift = 0;
	uint64_t v = 0, b;

	do {
		b = fetch(c, 1);
		if (shift < 64)
			v |= (b & 0x7f) << shift;
		shift += 7;
	} while (b & 0x80 && !c->bad && shift < 80);
	return v;
}

static int64_t sleb(struct cursor *c)
{
	unsigned int shift = 0;
	uint64_t v = 0, b;

	do {
		b = fetch(c, 1);
		if (shift < 64)
			v |= (b & 0x7f) << shift;
		shift += 7;
	} while (b & 0x80 && !c->bad && shift < 80);
	if (shift < 64 && b & 0x40)
		v |= ~0ull << shift;
	return (int64_t)v;
}

/* A number as the low four bits of a DW_EH_PE_ byte say. */
static uint64_t plain(struct cursor *c, unsigned int enc)
{
	switch (enc & 0x0f) {
	case DW_EH_PE_absptr:
		return fetch(c, c->obj->word);
	case DW_EH_PE_uleb128:
		return uleb(c);
	case DW_EH_PE_sleb128:
		return (uint64_t)sleb(c);
	case DW_EH_PE_udata2:
		return fetch(c, 2);
	case DW_EH_PE_sdata2:
		return (uint64_t)(int16_t)fetch(c, 2);
	case DW_EH_PE_udata4:
		return fetch(c, 4);
	case DW_EH_PE_sdata4:
		return (uint64_t)(int32_t)fetch(c, 4);
	case DW_EH_PE_udata8:
	case DW_EH_PE_sdata8:
		return fetch(c, 8);
	default:
		c->bad = true;
		return 0;
	}
}

/* An address; one that is in memory only (indirect) or counted from elsewhere we cannot tell. */
static cr_addr pointer(struct cursor *c, unsigned int enc)
{
	cr_addr here = c->at;
	uint64_t v = plain(c, enc);

	if (enc & DW_EH_PE_indirect)
		c->bad = true;
	switch (enc & 0x70) {
	case DW_EH_PE_absptr:
		break;
	case DW_EH_PE_pcrel:
		v = v ? v + here : 0;
		break;
	default:
		c->bad = true;
	}
	return c->obj->word == 4 ? (uint32_t)v : v;
}

/* What a CIE's augmentation says of its FDEs. */
struct encodings {
	unsigned int code;
	unsigned int lsda;
	bool sized;		/* FDEs have augmentation data */
	bool has_lsda;
};

/* @c is behind the augmentation string's data length. */
static void augmentation(struct cursor *c, const char *aug, struct encodings *e)
{
	unsigned int enc;

	for (; *aug && !c->bad; aug++) {
		switch (*aug) {
		case 'L':
			e->lsda = (unsigned int)fetch(c, 1);
			e->has_lsda = true;
			break;
		case 'R':
			e->code = (unsigned int)fetch(c, 1);
			break;
		case 'P':
			enc = (unsigned int)fetch(c, 1);
			plain(c, enc);
			break;
		case 'S':
		case 'B':
			break;
		default:
			return;
		}
	}
}

struct table {
	Elf_Data *data;
	cr_addr at;
	const unsigned char *ident;
	Dwarf_Off cie_off;	/* the one that was read last */
	struct encodings enc;
};

static bool cie(struct cr_object *obj, struct table *t, Dwarf_Off off)
{
	Dwarf_CFI_Entry e;
	struct cursor c;
	Dwarf_Off next;
	const char *base = t->data->d_buf;

	if (off == t->cie_off)
		return true;
	if (off >= t->data->d_size ||
	    dwarf_next_cfi(t->ident, t->data, true, off, &next, &e) != 0 || !dwarf_cfi_cie_p(&e))
		return false;
	t->enc = (struct encodings){ DW_EH_PE_absptr, DW_EH_PE_omit, false, false };
	if (e.cie.augmentation[0] == 'z') {
		t->enc.sized = true;
		cursor_init(&c, obj, t->at + (cr_addr)((const char *)e.cie.augmentation_data -
						       base));
		augmentation(&c, e.cie.augmentation + 1, &t->enc);
		if (c.bad)
			return false;
	}
	t->cie_off = off;
	return true;
}

static int fde(struct cr_object *obj, struct table *t, const Dwarf_FDE *e)
{
	const char *base = t->data->d_buf;
	struct cr_fde f = { 0, 0, 0 };
	struct cursor c;
	int rc;

	if (!cie(obj, t, e->CIE_pointer))
		return 0;
	cursor_init(&c, obj, t->at + (cr_addr)((const char *)e->start - base));
	f.start = pointer(&c, t->enc.code);
	f.end = f.start + plain(&c, t->enc.code);
	if (t->enc.sized && t->enc.has_lsda && t->enc.lsda != DW_EH_PE_omit && uleb(&c) > 0)
		f.lsda = pointer(&c, t->enc.lsda);
	if (c.bad || f.end <= f.start || !cr_object_is_text(obj, f.start))
		return 0;
	rc = CR_GROW(obj->fde, obj->n_fde);
	if (rc < 0)
		return rc;
	obj->fde[obj->n_fde++] = f;
	return 0;
}

static int order(const void *a, const void *b)
{
	const struct cr_fde *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

int cr_fdes_read(struct cr_object *obj)
{
	struct table t = { .cie_off = (Dwarf_Off)-1 };
	Dwarf_Off off = 0, next;
	Dwarf_CFI_Entry e;
	GElf_Shdr sh;
	Elf_Scn *scn;
	int rc = 0;

	if (obj->fde_read)
		return 0;
	obj->fde_read = true;
	scn = cr_object_section(obj->self.elf, ".eh_frame", &sh);
	t.data = scn ? elf_getdata(scn, NULL) : NULL;
	t.ident = (const unsigned char *)elf_getident(obj->self.elf, NULL);
	t.at = sh.sh_addr;
	if (!t.data || !t.data->d_buf || !t.ident)
		return 0;
	while (!rc && dwarf_next_cfi(t.ident, t.data, true, off, &next, &e) == 0 && next > off) {
		if (!dwarf_cfi_cie_p(&e))
			rc = fde(obj, &t, &e.fde);
		off = next;
	}
	if (obj->n_fde)
		qsort(obj->fde, obj->n_fde, sizeof(*obj->fde), order);
	return rc;
}

const struct cr_fde *cr_fde_of(struct cr_object *obj, cr_addr at)
{
	size_t lo = 0, hi, mid;

	if (cr_fdes_read(obj) < 0)
		return NULL;
	hi = obj->n_fde;
	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (obj->fde[mid].start <= at)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo && at < obj->fde[lo - 1].end ? &obj->fde[lo - 1] : NULL;
}

bool cr_fde_is_part(struct cr_object *obj, const struct cr_fde *f)
{
	Dwarf_Frame *frame;
	Dwarf_Op *ops;
	size_t n;
	bool part;

	if (!obj->cfi)
		obj->cfi = dwarf_getcfi_elf(obj->self.elf);
	if (!obj->cfi || dwarf_cfi_addrframe(obj->cfi, f->start, &frame) != 0)
		return false;
	/* A function begins with nothing but its return address on the stack. rsp is DWARF's
	 * register 7, esp 4. */
	part = dwarf_frame_cfa(frame, &ops, &n) != 0 || n != 1 ||
	       ops[0].atom != DW_OP_bregx || ops[0].number != (obj->word == 8 ? 7 : 4) ||
	       ops[0].number2 != obj->word;
	free(frame);
	return part;
}

int cr_fde_pads(struct cr_object *obj, const struct cr_fde *f,
		int (*fn)(void *ctx, cr_addr pad), void *ctx)
{
	cr_addr base = f->start, end;
	unsigned int enc, i;
	struct cursor c;
	uint64_t pad;
	int rc = 0;

	cursor_init(&c, obj, f->lsda);
	enc = (unsigned int)fetch(&c, 1);
	if (enc != DW_EH_PE_omit)
		base = pointer(&c, enc);
	enc = (unsigned int)fetch(&c, 1);
	if (enc != DW_EH_PE_omit)
		uleb(&c);
	enc = (unsigned int)fetch(&c, 1);
	end = uleb(&c);
	end += c.at;
	for (i = 0; !rc && !c.bad && c.at < end && i < SITES_MAX; i++) {
		plain(&c, enc);
		plain(&c, enc);
		pad = plain(&c, enc);
		uleb(&c);
		if (!c.bad && pad)
			rc = fn(ctx, base + pad);
	}
	return rc;
}
