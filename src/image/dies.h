/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dies - walking DWARF's trees; of dwarf.c and dwarf-find.c
 *
 * In:    a unit, or all of them
 * Out:   each DIE that the visitor wants to see
 * Never: walks in circles, whatever the file says
 */
#ifndef CR_DIES_H
#define CR_DIES_H

#include "image-int.h"

struct cr_dies {
	/* 1: its children, too; 0: not; negative: stop. */
	int (*visit)(struct cr_dies *d, Dwarf_Die *die, unsigned int tag);
	void *ctx;
	unsigned int depth;
	uint64_t left;		/* DIEs that may yet be seen; set by the walk */
};

int cr_dies_walk(struct cr_dies *d, Dwarf_Die *cu) CR_MUST_CHECK;
int cr_dies_all(struct cr_dies *d, struct cr_object *obj) CR_MUST_CHECK;
/* May DIEs with this tag have code among their children? */
bool cr_dies_has_code(unsigned int tag);

struct cr_units {
	struct cr_object *obj;	/* borrowed */
	Dwarf_Off off;
};

bool cr_units_next(struct cr_units *it, Dwarf_Die *cu);

#endif
