/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * splice - the sections of one window, edited without looking at the rest of the file
 *
 * In:    a policy, the text that says the same but for one window, that window
 * Out:   the text that says all of it, which cr_ini_edit() would have made, too
 * Never: reads, edits or proves again what another window has to say
 *
 * Private to the policy room. Who learns in hundreds of windows writes thousands of rules, one
 * after the other: what each costs must not grow with the file.
 */
#ifndef CR_POLICY_SPLICE_H
#define CR_POLICY_SPLICE_H

#include "cr/buf.h"
#include "cr/err.h"
#include "cr/policy.h"

/* Puts window @number of @p into @text, and corrects the lines that @p's rules stand on. 1; 0 when
 * the whole text must be edited: the window's sections do not stand together, or there is none. On
 * failure, and when 0, @text is unchanged. */
int cr_text_splice(const char *path, struct cr_policy *p, unsigned int number, struct cr_buf *text,
		   struct cr_err *err) CR_MUST_CHECK;

#endif
