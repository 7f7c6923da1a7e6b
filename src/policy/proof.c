/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "cr/ini.h"
#include "text.h"

static bool same_rules(const struct cr_policy *a, const struct cr_policy *b, unsigned int window)
{
	size_t n, m;

	cr_policy_rules_in(a, window, &n);
	cr_policy_rules_in(b, window, &m);
	return n == m;
}

/* As many windows, with the same numbers, and as many rules in each: what they say, the text has
 * been compared for. */
static bool same_shape(const struct cr_policy *a, const struct cr_policy *b)
{
	size_t i;

	if (a->n_windows != b->n_windows || !same_rules(a, b, 0))
		return false;
	for (i = 0; i < a->n_windows; i++)
		if (a->windows[i]->number != b->windows[i]->number ||
		    !same_rules(a, b, a->windows[i]->number))
			return false;
	return true;
}

static void take_lines(struct cr_policy *to, const struct cr_policy *from)
{
	size_t i, k;

	for (i = 0; i < from->n_own; i++)
		to->rules[i]->line = from->rules[i]->line;
	for (i = 0; i < from->n_windows; i++) {
		to->windows[i]->line = from->windows[i]->line;
		for (k = 0; k < from->windows[i]->n_rules; k++)
			to->windows[i]->rules[k]->line = from->windows[i]->rules[k]->line;
	}
}

int cr_text_prove(const char *path, const struct cr_buf *text, const struct cr_policy *want,
		  struct cr_policy *lines, struct cr_err *err)
{
	cr_auto_buf struct cr_buf again = CR_BUF_INIT;
	struct cr_policy *got = NULL;
	int rc = cr_text_own(path, cr_buf_str(text), text->len, &got, err);

	if (rc < 0)
		return rc;
	rc = cr_ini_edit(cr_buf_str(text), text->len, want, &again);
	if (rc == 0 && (again.len != text->len ||
			memcmp(cr_buf_str(&again), cr_buf_str(text), text->len) != 0 ||
			!same_shape(got, want)))
		rc = -EBADMSG;
	if (rc < 0)
		cr_err_sys(err, rc, "cannot write %s: what would be written is not what was meant",
			   path);
	else if (lines)
		take_lines(lines, got);
	cr_policy_free(got);
	return rc;
}
