/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What DWARF says of a function: its line, its parts, where it was inlined. Units are read when
 * they are needed: all of a large program's take longer than a person likes to wait.
 */
#include "config.h"

#include <dwarf.h>
#include <errno.h>
#include <string.h>

#include "dies.h"

#define PARTS_MAX 64

/* libdw (0.188) looks for a string's end beyond the section's. */
static bool ends_well(Elf *elf, const char *name)
{
	Elf_Data *data;
	GElf_Shdr sh;
	Elf_Scn *scn;

	scn = cr_object_section(elf, name, &sh);
	if (!scn)
		return true;
	if (sh.sh_flags & SHF_COMPRESSED && elf_compress(scn, 0, 0) < 0)
		return false;
	data = elf_getdata(scn, NULL);
	return data && (!data->d_size ||
			(data->d_buf && ((const char *)data->d_buf)[data->d_size - 1] == '\0'));
}

static bool sane(Elf *elf)
{
	return ends_well(elf, ".debug_str") && ends_well(elf, ".debug_line_str");
}

Dwarf *cr_dwarf(struct cr_object *obj)
{
	GElf_Shdr sh;
	Elf *elf;

	if (obj->dw_tried)
		return obj->dw;
	obj->dw_tried = true;
	cr_debug_alt(obj);
	elf = obj->debug.elf && cr_object_section(obj->debug.elf, ".debug_info", &sh) ?
	      obj->debug.elf : obj->self.elf;
	/* libdw would follow the link to wherever the file says. */
	if (cr_object_section(elf, ".gnu_debugaltlink", &sh) &&
	    !(elf == obj->debug.elf && obj->alt.elf))
		return NULL;
	if (!sane(elf) || (obj->alt.elf && !sane(obj->alt.elf)))
		return NULL;
	obj->dw = dwarf_begin_elf(elf, DWARF_C_READ, NULL);
	if (obj->dw && obj->alt.elf) {
		obj->alt_dw = dwarf_begin_elf(obj->alt.elf, DWARF_C_READ, NULL);
		dwarf_setalt(obj->dw, obj->alt_dw);
	}
	return obj->dw;
}

/* Of a function in several parts, the first is the one that is entered. */
static bool entry_of(Dwarf_Die *die, Dwarf_Addr *entry)
{
	Dwarf_Addr base, end;

	return dwarf_entrypc(die, entry) == 0 || dwarf_ranges(die, 0, &base, entry, &end) > 0;
}

static int on_sub(struct cr_dies *d, Dwarf_Die *die, unsigned int tag)
{
	struct cr_object *obj = d->ctx;
	Dwarf_Addr entry;
	Dwarf_Die cu;
	int rc;

	switch (tag) {
	case DW_TAG_namespace:
	case DW_TAG_module:
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_union_type:
		return 1;
	case DW_TAG_subprogram:
		break;
	default:
		return 0;
	}
	if (!entry_of(die, &entry) || !dwarf_diecu(die, &cu, NULL, NULL))
		return 0;
	rc = CR_GROW(obj->sub, obj->n_sub);
	if (!rc)
		obj->sub[obj->n_sub++] = (struct cr_sub){ entry, dwarf_dieoffset(die),
							  dwarf_dieoffset(&cu) };
	return rc;
}

static int order(const void *a, const void *b)
{
	const struct cr_sub *x = a, *y = b;

	return x->entry < y->entry ? -1 : x->entry > y->entry;
}

static int read_unit(struct cr_object *obj, Dwarf_Die *cu)
{
	struct cr_dies d = { .visit = on_sub, .ctx = obj };
	Dwarf_Off off = dwarf_dieoffset(cu);
	size_t i;
	int rc;

	for (i = 0; i < obj->n_seen; i++)
		if (obj->seen[i] == off)
			return 0;
	rc = CR_GROW(obj->seen, obj->n_seen);
	if (rc < 0)
		return rc;
	obj->seen[obj->n_seen++] = off;
	rc = cr_dies_walk(&d, cu);
	if (obj->n_sub)
		qsort(obj->sub, obj->n_sub, sizeof(*obj->sub), order);
	return rc;
}

int cr_dwarf_all(struct cr_object *obj)
{
	struct cr_dies d = { .visit = on_sub, .ctx = obj };
	int rc;

	if (obj->sub_all || !cr_dwarf(obj))
		return 0;
	obj->sub_all = true;
	obj->n_sub = 0;
	rc = cr_dies_all(&d, obj);
	if (obj->n_sub)
		qsort(obj->sub, obj->n_sub, sizeof(*obj->sub), order);
	return rc;
}

/* clang's has no index of addresses. */
bool cr_dwarf_unit(struct cr_object *obj, cr_addr at, Dwarf_Die *cu)
{
	struct cr_units it = { .obj = obj };

	if (!cr_dwarf(obj))
		return false;
	if (dwarf_addrdie(obj->dw, at, cu))
		return true;
	while (cr_units_next(&it, cu) && cr_object_spend(obj, 4))
		if (dwarf_haspc(cu, at) > 0)
			return true;
	return false;
}

static const struct cr_sub *sub_at(const struct cr_object *obj, cr_addr entry)
{
	size_t lo = 0, hi = obj->n_sub, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (obj->sub[mid].entry < entry)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < obj->n_sub && obj->sub[lo].entry == entry ? &obj->sub[lo] : NULL;
}

/* 1 and the DIE of the function at @entry; 0 when there is none. */
static int find(struct cr_object *obj, cr_addr entry, Dwarf_Die *die)
{
	const struct cr_sub *s;
	Dwarf_Die cu;
	int rc;

	if (!obj->sub_all && !sub_at(obj, entry)) {
		if (!cr_dwarf_unit(obj, entry, &cu))
			return 0;
		rc = read_unit(obj, &cu);
		if (rc < 0)
			return rc;
	}
	s = sub_at(obj, entry);
	return s && dwarf_offdie(obj->dw, s->die, die) ? 1 : 0;
}

static int add_parts(const struct cr_object *obj, Dwarf_Die *die, struct cr_function *fn)
{
	Dwarf_Addr base, start, end;
	ptrdiff_t off = 0;
	int rc = 0, i;

	for (i = 0; i < PARTS_MAX && !rc; i++) {
		off = dwarf_ranges(die, off, &base, &start, &end);
		if (off <= 0)
			break;
		if (!cr_object_is_text(obj, start) || end <= start ||
		    end > cr_object_text_end(obj, start))
			continue;
		if (start == fn->entry && fn->flags & CR_FN_GUESSED) {
			fn->range[0].end = end;
			fn->flags &= ~CR_FN_GUESSED;
		}
		rc = cr_function_add_range(fn, start, end);
	}
	return rc;
}

int cr_dwarf_describe(struct cr_object *obj, struct cr_function *fn)
{
	const char *file;
	Dwarf_Die die;
	int line = 0, rc;

	rc = find(obj, fn->entry, &die);
	if (rc <= 0)
		return rc;
	file = dwarf_decl_file(&die);
	if (file && dwarf_decl_line(&die, &line) == 0 && line > 0) {
		fn->line = (unsigned int)line;
		fn->file = strdup(file);
		if (!fn->file)
			return -ENOMEM;
	}
	return add_parts(obj, &die, fn);
}

struct copies {
	Dwarf_Off origin;
	unsigned int n;
};

static int on_copy(struct cr_dies *d, Dwarf_Die *die, unsigned int tag)
{
	struct copies *c = d->ctx;
	Dwarf_Attribute attr;
	Dwarf_Die origin;

	if (tag == DW_TAG_inlined_subroutine && dwarf_attr(die, DW_AT_abstract_origin, &attr) &&
	    dwarf_formref_die(&attr, &origin) && dwarf_dieoffset(&origin) == c->origin)
		c->n++;
	return cr_dies_has_code(tag);
}

int cr_dwarf_also_inlined(struct cr_object *obj, struct cr_function *fn)
{
	struct copies copies = { 0, 0 };
	struct cr_dies d = { .visit = on_copy, .ctx = &copies };
	Dwarf_Die die, origin, cu;
	Dwarf_Attribute attr;
	int rc = fn->flags & CR_FN_INLINED ? 0 : find(obj, fn->entry, &die);

	/* A function that was inlined anywhere in the unit has its description apart. */
	if (rc <= 0 || !dwarf_attr(&die, DW_AT_abstract_origin, &attr) ||
	    !dwarf_formref_die(&attr, &origin) || !dwarf_diecu(&die, &cu, NULL, NULL))
		return rc < 0 ? rc : 0;
	copies.origin = dwarf_dieoffset(&origin);
	rc = cr_dies_walk(&d, &cu);
	fn->n_inlined = copies.n;
	if (copies.n)
		fn->flags |= CR_FN_ALSO_INLINED;
	return rc;
}

cr_addr cr_dwarf_owner(struct cr_object *obj, cr_addr part)
{
	Dwarf_Die cu, die;
	size_t i;

	if (!cr_dwarf(obj) || !cr_dwarf_unit(obj, part, &cu) || read_unit(obj, &cu) < 0)
		return 0;
	for (i = 0; i < obj->n_sub && cr_object_spend(obj, 4); i++)
		if (dwarf_offdie(obj->dw, obj->sub[i].die, &die) && dwarf_haspc(&die, part) > 0)
			return obj->sub[i].entry;
	return 0;
}

int cr_dwarf_rows(struct cr_object *obj, const struct cr_function *fn,
		  int (*row)(void *ctx, cr_addr at), void *ctx)
{
	Dwarf_Lines *lines;
	Dwarf_Line *line;
	Dwarf_Addr at;
	size_t n, i;
	Dwarf_Die cu;
	bool end;
	int rc = 0;

	if (!cr_dwarf_unit(obj, fn->entry, &cu) || dwarf_getsrclines(&cu, &lines, &n) != 0)
		return 0;
	for (i = 0; i < n && !rc && cr_object_spend(obj, 1); i++) {
		line = dwarf_onesrcline(lines, i);
		if (line && dwarf_lineaddr(line, &at) == 0 &&
		    dwarf_lineendsequence(line, &end) == 0 && !end && cr_function_has(fn, at))
			rc = row(ctx, at);
	}
	return rc;
}
