/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <dwarf.h>
#include <errno.h>

#include "dies.h"

#define DEPTH_MAX 128u

bool cr_units_next(struct cr_units *it, Dwarf_Die *cu)
{
	Dwarf_Off next;
	size_t header;

	while (cr_dwarf(it->obj) &&
	       dwarf_nextcu(it->obj->dw, it->off, &next, &header, NULL, NULL, NULL) == 0 &&
	       next > it->off) {
		bool ok = dwarf_offdie(it->obj->dw, it->off + header, cu) != NULL;

		it->off = next;
		if (ok)
			return true;
	}
	return false;
}

static int siblings(struct cr_dies *d, Dwarf_Die *parent)
{
	Dwarf_Die die, next;
	int rc;

	if (d->depth >= DEPTH_MAX || dwarf_child(parent, &die) != 0)
		return 0;
	d->depth++;
	do {
		if (!d->left--) {
			d->left = 0;
			rc = 0;
			break;
		}
		rc = d->visit(d, &die, (unsigned int)dwarf_tag(&die));
		if (rc > 0)
			rc = siblings(d, &die);
		/* A reference to the sibling may lead back. */
		if (rc < 0 || dwarf_siblingof(&die, &next) != 0 ||
		    dwarf_dieoffset(&next) <= dwarf_dieoffset(&die))
			break;
		die = next;
	} while (d->left);
	d->depth--;
	return rc;
}

int cr_dies_walk(struct cr_dies *d, Dwarf_Die *cu)
{
	Dwarf_Off start = dwarf_dieoffset(cu), next;
	size_t header;
	int rc;

	/* There are no more DIEs than bytes. */
	d->left = 0;
	if (dwarf_nextcu(dwarf_cu_getdwarf(cu->cu), start - dwarf_cuoffset(cu), &next, &header,
			 NULL, NULL, NULL) == 0 && next > start)
		d->left = next - start;
	d->depth = 0;
	rc = siblings(d, cu);
	return rc < 0 ? rc : 0;
}

int cr_dies_all(struct cr_dies *d, struct cr_object *obj)
{
	struct cr_units it = { .obj = obj };
	Dwarf_Die cu;
	int rc = 0;

	while (!rc && cr_units_next(&it, &cu))
		rc = cr_dies_walk(d, &cu);
	return rc;
}

bool cr_dies_has_code(unsigned int tag)
{
	switch (tag) {
	case DW_TAG_namespace:
	case DW_TAG_module:
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_union_type:
	case DW_TAG_subprogram:
	case DW_TAG_lexical_block:
	case DW_TAG_inlined_subroutine:
	case DW_TAG_try_block:
	case DW_TAG_catch_block:
		return true;
	default:
		return false;
	}
}
