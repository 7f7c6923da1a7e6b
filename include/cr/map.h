/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * map - from a number to a thing
 *
 * In:    keys that are not zero (thread ids), pointers that are not NULL
 * Out:   the pointer again
 * Never: owns what it points to
 */
#ifndef CR_MAP_H
#define CR_MAP_H

#include "cr/base.h"

struct cr_map {
	struct cr_map_slot {
		uint32_t key;	/* 0: free */
		void *value;	/* borrowed */
	} *slots;		/* owned */
	size_t cap;		/* a power of two, or 0 */
	size_t len;
};

void *cr_map_get(const struct cr_map *m, uint32_t key);
int cr_map_put(struct cr_map *m, uint32_t key, void *value) CR_MUST_CHECK;	/* -ENOMEM */
void *cr_map_del(struct cr_map *m, uint32_t key);	/* what was there, or NULL */
void cr_map_fini(struct cr_map *m);

/* All values in no order: start with *@at = 0; NULL at the end. Nothing may be put or
 * deleted in between. */
void *cr_map_each(const struct cr_map *m, size_t *at);

#endif
