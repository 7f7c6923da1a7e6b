/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the head of a window says: which function it is, and whose. */
#include <errno.h>
#include <string.h>

#include "value.h"

/* Control characters belong to no symbol, and would end up on somebody's terminal. */
static bool control(const char *s)
{
	while (*s && (unsigned char)*s >= 0x20 && *s != 0x7f)
		s++;
	return *s != '\0';
}

static int read_symbol(char **to, enum cr_window_key key, const char *v, const struct cr_where *at)
{
	char *symbol = cr_value_unescape(v, strlen(v));

	if (!symbol)
		return -ENOMEM;
	free(*to);
	*to = symbol;
	if (!control(symbol))
		return 0;
	return cr_wrong(at, "there is a control character in this %s", cr_window_key_names[key]);
}

static int read_scope(struct cr_policy_window *w, const char *v, const struct cr_where *at)
{
	int s;

	for (s = CR_SCOPE_THREAD; s <= CR_SCOPE_PROCESS; s++) {
		if (strcmp(v, cr_scope_name((enum cr_window_scope)s)) != 0)
			continue;
		w->scope = (enum cr_window_scope)s;
		return 0;
	}
	s = cr_wrong(at, "no scope is called \"%s\"", v);
	cr_err_hint(at->err, "there are thread and process");
	return s;
}

int cr_value_window(struct cr_policy_window *w, enum cr_window_key key, const char *value,
		    const struct cr_where *at)
{
	switch (key) {
	case CR_WINDOW_FUNCTION:
		return read_symbol(&w->function, key, value, at);
	case CR_WINDOW_OBJECT:
		return read_symbol(&w->object, key, value, at);
	case CR_WINDOW_SCOPE:
		return read_scope(w, value, at);
	case CR_WINDOW_KEY_COUNT:
		break;
	}
	return -EINVAL;
}

static void write_symbol(const char *symbol, struct cr_buf *out)
{
	cr_buf_add(out, "\"");
	cr_value_escape(out, symbol, strlen(symbol), "");
	cr_buf_add(out, "\"");
}

void cr_value_window_text(const struct cr_policy_window *w, enum cr_window_key key,
			  struct cr_buf *out)
{
	switch (key) {
	case CR_WINDOW_FUNCTION:
		write_symbol(w->function, out);
		break;
	case CR_WINDOW_OBJECT:
		if (w->object)
			write_symbol(w->object, out);
		break;
	case CR_WINDOW_SCOPE:
		cr_buf_add(out, cr_scope_name(w->scope));
		break;
	case CR_WINDOW_KEY_COUNT:
		break;
	}
}

static int check_symbol(const char *symbol, enum cr_window_key key, struct cr_err *err)
{
	cr_auto_buf struct cr_buf text = CR_BUF_INIT;

	if (!*symbol || control(symbol))
		return cr_err_set(err, -EINVAL, "%s: no %s of a window is called like that",
				  *symbol ? "a name with a control character" : "an empty name",
				  cr_window_key_names[key]);
	write_symbol(symbol, &text);
	if (!cr_buf_ok(&text))
		return cr_err_sys(err, -ENOMEM, "cannot name a window");
	if (text.len <= CR_VALUE_MAX)
		return 0;
	cr_err_set(err, -ENAMETOOLONG, "the %s \"%.60s...\" has %zu bytes: a line of a policy does "
		   "not hold that", cr_window_key_names[key], symbol, strlen(symbol));
	return -ENAMETOOLONG;
}

int cr_value_window_check(const struct cr_window_name *name, struct cr_err *err)
{
	int rc = check_symbol(name->function, CR_WINDOW_FUNCTION, err);

	if (rc == 0 && name->object)
		rc = check_symbol(name->object, CR_WINDOW_OBJECT, err);
	return rc;
}
