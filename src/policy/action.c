/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cr/action.h"

/* But for errno, which has a name behind it. */
static const char *const words[] = {
	[CR_ACT_ALLOW] = "allow", [CR_ACT_LOG] = "log", [CR_ACT_ASK] = "ask",
	[CR_ACT_STOP] = "stop", [CR_ACT_KILL] = "kill", [CR_ACT_NEVER] = "never",
};

int cr_action_parse(const char *text, enum cr_action *act, int *err)
{
	size_t i, n = strcspn(text, " \t");
	int e;

	for (i = 0; i < CR_ARRAY_SIZE(words); i++) {
		if (!words[i] || strcmp(text, words[i]) != 0)
			continue;
		*act = (enum cr_action)i;
		*err = 0;
		return 0;
	}
	if (n != strlen("errno") || memcmp(text, "errno", n) != 0)
		return -EINVAL;
	e = cr_errno_of(text + n + strspn(text + n, " \t"));
	if (e < 0)
		return -ENOENT;
	*act = CR_ACT_ERRNO;
	*err = e;
	return 0;
}

void cr_action_print(enum cr_action act, int err, struct cr_buf *out)
{
	char name[CR_NAME_MAX];

	if (act == CR_ACT_ERRNO)
		cr_buf_addf(out, "errno %s", cr_errno_name(err, name));
	else if (words[act])
		cr_buf_add(out, words[act]);
}

int cr_violation_parse(const char *text, struct cr_violation *v)
{
	struct cr_violation got;
	int rc = cr_action_parse(text, &got.what, &got.err);

	if (rc == 0 && (got.what == CR_ACT_ALLOW || got.what == CR_ACT_NEVER))
		rc = -EINVAL;
	if (rc == 0)
		*v = got;
	return rc;
}

const char *cr_violation_name(const struct cr_violation *v, char out[CR_VIOLATION_MAX])
{
	cr_auto_buf struct cr_buf text = CR_BUF_INIT;

	cr_action_print(v->what, v->err, &text);
	snprintf(out, CR_VIOLATION_MAX, "%s", cr_buf_str(&text));
	return out;
}

enum cr_action cr_violation_act(const struct cr_violation *v, enum cr_action act)
{
	if (act != CR_ACT_NONE && act != CR_ACT_NEVER)
		return act;
	/* One that was never set denies. */
	return v->what == CR_ACT_NONE ? CR_ACT_KILL : v->what;
}
