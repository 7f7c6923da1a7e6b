/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * err - one sentence about a failure, and one thing to try
 *
 * In:    words from the lowest layer that knows the intent
 * Out:   text and hint, printed by cli only
 * Never: prints, exits or allocates
 *
 * Functions answer 0 or positive for success and a negative errno for
 * failure; a struct cr_err carries the words beside that number. Every
 * @err may be NULL: then only the number is wanted.
 */
#ifndef CR_ERR_H
#define CR_ERR_H

#include "cr/base.h"

struct cr_err {
	char text[1024];
	char hint[512];
};

/* Sets the sentence. Gives @rc back, so that "return cr_err_set(…)" reads well. */
int cr_err_set(struct cr_err *err, int rc, const char *fmt, ...) CR_PRINTF(3, 4);

/* As cr_err_set, with ": " and the kernel's words for -@rc appended. */
int cr_err_sys(struct cr_err *err, int rc, const char *fmt, ...) CR_PRINTF(3, 4);

/* Sets the hint: one thing to try. */
void cr_err_hint(struct cr_err *err, const char *fmt, ...) CR_PRINTF(2, 3);

#endif
