/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <errno.h>
#include <math.h>
#include <string.h>

#include "cr/buf.h"
#include "cr/json.h"

void cr_json_begin(struct cr_json *j)
{
	j->top = json_object_new_object();
	j->failed = !j->top;
}

/* Eats @value. */
static struct json_object *put(struct cr_json *j, struct json_object *in, const char *key,
			       struct json_object *value)
{
	int rc = -1;

	if (in && value)
		rc = key ? json_object_object_add(in, key, value) :
			   json_object_array_add(in, value);
	if (rc == 0)
		return value;
	json_object_put(value);
	j->failed = true;
	return NULL;
}

struct json_object *cr_json_object(struct cr_json *j, struct json_object *in, const char *key)
{
	return put(j, in, key, json_object_new_object());
}

struct json_object *cr_json_array(struct cr_json *j, struct json_object *in, const char *key)
{
	return put(j, in, key, json_object_new_array());
}

/* How many bytes at @s are one UTF-8 character; 0 when they are none. */
static size_t character(const char *s)
{
	static const struct {
		unsigned char low, high;	/* of the first byte */
		unsigned char low2, high2;	/* of the second: nothing overlong, no surrogates */
		size_t n;
	} forms[] = {
		{ 0x00, 0x7f, 0x00, 0x00, 1 }, { 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};
	const unsigned char *u = (const unsigned char *)s;
	size_t f, i;

	for (f = 0; f < CR_ARRAY_SIZE(forms); f++)
		if (u[0] >= forms[f].low && u[0] <= forms[f].high)
			break;
	if (f == CR_ARRAY_SIZE(forms))
		return 0;
	for (i = 1; i < forms[f].n; i++)
		if (u[i] < (i == 1 ? forms[f].low2 : 0x80) ||
		    u[i] > (i == 1 ? forms[f].high2 : 0xbf))
			return 0;
	return forms[f].n;
}

void cr_json_text(struct cr_json *j, struct json_object *in, const char *key, const char *value)
{
	cr_auto_buf struct cr_buf b = CR_BUF_INIT;
	size_t n;

	if (!value) {
		if (in && key && json_object_object_add(in, key, NULL) == 0)
			return;
		j->failed = true;
		return;
	}
	for (; *value; value += n ? n : 1) {
		n = character(value);
		cr_buf_addn(&b, n ? value : "\xef\xbf\xbd", n ? n : 3);
	}
	j->failed |= !cr_buf_ok(&b);
	put(j, in, key, json_object_new_string_len(cr_buf_str(&b), (int)b.len));
}

void cr_json_count(struct cr_json *j, struct json_object *in, const char *key, uint64_t value)
{
	put(j, in, key, json_object_new_int64(value > INT64_MAX ? INT64_MAX : (int64_t)value));
}

void cr_json_real(struct cr_json *j, struct json_object *in, const char *key, double value)
{
	char text[64];

	/* JSON knows neither infinity nor NaN. */
	if (!isfinite(value)) {
		cr_json_text(j, in, key, NULL);
		return;
	}
	snprintf(text, sizeof(text), "%.6g", value);
	put(j, in, key, json_object_new_double_s(value, text));
}

void cr_json_bool(struct cr_json *j, struct json_object *in, const char *key, bool value)
{
	put(j, in, key, json_object_new_boolean(value));
}

int cr_json_end(struct cr_json *j, FILE *out)
{
	const char *text = j->failed ? NULL :
		json_object_to_json_string_ext(j->top, JSON_C_TO_STRING_PRETTY |
							   JSON_C_TO_STRING_NOSLASHESCAPE);

	if (text && out)
		fprintf(out, "%s\n", text);
	json_object_put(j->top);
	j->top = NULL;
	return text ? 0 : -ENOMEM;
}
