/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * text - a policy's text on its way in and out
 *
 * In:    a path, or text
 * Out:   text; the model of one file alone, without what it includes
 * Never: follows an include, writes
 *
 * Private to the policy room.
 */
#ifndef CR_POLICY_TEXT_H
#define CR_POLICY_TEXT_H

#include <sys/stat.h>

#include "cr/buf.h"
#include "cr/err.h"
#include "cr/policy.h"
#include "scan.h"

/* Reads the regular file at @path into @text, and its identity into @st. -ENOENT, -EISDIR, -EINVAL
 * (no regular file), -EFBIG, or what open(2) says. Never blocks on a FIFO. */
int cr_text_read(const char *path, struct cr_buf *text, struct stat *st, struct cr_err *err)
	CR_MUST_CHECK;

struct cr_source {
	struct cr_buf text;
};

/* The model of @s, own rules only. On failure *@policy is untouched. */
int cr_text_model(const char *path, const struct cr_scan *s, struct cr_policy **policy,
		  struct cr_err *err) CR_MUST_CHECK;

/* cr_ini_parse() without includes: scan, iniparser's word, model. */
int cr_text_own(const char *path, const char *text, size_t len, struct cr_policy **policy,
		struct cr_err *err) CR_MUST_CHECK;

/* @text must mean what @want says: iniparser reads it, and to edit it again changes nothing. @lines
 * (may be NULL; of the same rules as @want) learns where they stand. */
int cr_text_prove(const char *path, const struct cr_buf *text, const struct cr_policy *want,
		  struct cr_policy *lines, struct cr_err *err) CR_MUST_CHECK;

#endif
