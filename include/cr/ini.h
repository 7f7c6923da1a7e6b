/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ini - policy files: text to model, and model changes to text
 *
 * In:    the text of a chestnut-policy(5) file
 * Out:   a policy, or one sentence with file, physical line and a hint;
 *        the same text with a few lines changed
 * Never: starts anything, writes a file that others can see
 *
 * iniparser 4.1 lower-cases names, merges duplicates without a word and knows no lines, so
 * a pass of our own over the physical lines checks all that first; iniparser then has the
 * last word on what a value is. Nothing outside ini.c sees its dictionary.
 */
#ifndef CR_INI_H
#define CR_INI_H

#include "cr/buf.h"
#include "cr/err.h"
#include "cr/policy.h"

/* Reads the file at @path and the base sets it includes. On success the caller owns *@policy.
 * -ENOENT when there is no such file (err is set then, too), another errno and a sentence
 * "FILE:LINE: what is wrong" for everything else. *@policy is untouched on failure. */
int cr_ini_load(const char *path, struct cr_policy **policy, struct cr_err *err) CR_MUST_CHECK;

/* The same, from @len bytes of @text; @path is for messages and for relative includes. */
int cr_ini_parse(const char *path, const char *text, size_t len, struct cr_policy **policy,
		 struct cr_err *err) CR_MUST_CHECK;

/* Edits @text (a valid policy file, or "" for a new one), so that parsing it would give @want's own
 * header values, own rules and evidence. Lines that need no change stay byte for byte, and so do
 * comments and the order of sections; new rules go to their sorted place. -ENOMEM. */
int cr_ini_edit(const char *text, size_t len, const struct cr_policy *want, struct cr_buf *out)
	CR_MUST_CHECK;

/* Where base set @name lies: in the build tree when we run from it, else in the
 * package's data directory. Writes a path into @out. -ENOENT when nowhere. */
int cr_ini_base_path(const char *name, struct cr_buf *out) CR_MUST_CHECK;

#endif
