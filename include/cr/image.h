/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * image - what kind of program a file is
 *
 * In:    a path
 * Out:   a few facts from its ELF headers
 * Never: runs it; believes that it is well formed
 */
#ifndef CR_IMAGE_H
#define CR_IMAGE_H

#include "cr/base.h"

enum cr_image_kind {
	CR_IMAGE_OTHER,		/* a script, or nothing that we know */
	CR_IMAGE_DYNAMIC,	/* asks for a dynamic loader */
	CR_IMAGE_MUSL,		/* asks for musl's */
	CR_IMAGE_STATIC,
	CR_IMAGE_GO,		/* has Go's build information */
};

struct cr_image {
	enum cr_image_kind kind;
	bool is_32bit;
	char build_id[65];	/* hex; "" when there is none */
};

/* -errno when the file cannot be read; one that is no ELF file is CR_IMAGE_OTHER. */
int cr_image_look(const char *path, struct cr_image *image) CR_MUST_CHECK;

#endif
