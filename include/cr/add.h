/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * add - rules from elsewhere, into a policy file, with a comment where each comes from
 *
 * In:    a policy without evidence, a note for each of its rules
 * Out:   the text of a policy that has them, or a file
 * Never: changes a rule that is there
 */
#ifndef CR_ADD_H
#define CR_ADD_H

#include "cr/buf.h"
#include "cr/err.h"
#include "cr/policy.h"

struct cr_added {
	const struct cr_policy *from;	/* borrowed; its own rules; in a new file also its head */
	char *const (*note)[CR_NR_MAX];	/* borrowed; of each ABI; a note may be NULL */
	unsigned int rules;		/* filled in: how many were added ... */
	unsigned int known;		/* ... were there ... */
	struct cr_buf conflicts;	/* owned; ... or say otherwise there: a line each */
};

/* As text, into the empty @out, as if @path were a new file. -ENOMEM, or what cr_ini_parse() says.
 * On failure @out holds nothing of use. */
int cr_add_text(const char *path, struct cr_added *add, struct cr_buf *out, struct cr_err *err)
	CR_MUST_CHECK;

/* Into the file at @path, which is made when there is none, under its lock and as a whole. On
 * failure the file is unchanged. */
int cr_add_file(const char *path, struct cr_added *add, struct cr_err *err) CR_MUST_CHECK;

#endif
