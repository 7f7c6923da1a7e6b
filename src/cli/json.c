/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "cr/buf.h"
#include "cr/json.h"
#include "cr/utf8.h"

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
		n = cr_utf8_length(value);
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

static int end(struct cr_json *j, FILE *out, int how)
{
	const char *text = j->failed ? NULL :
		json_object_to_json_string_ext(j->top, how | JSON_C_TO_STRING_NOSLASHESCAPE);

	if (text && out)
		fprintf(out, "%s\n", text);
	json_object_put(j->top);
	j->top = NULL;
	return text ? 0 : -ENOMEM;
}

int cr_json_end(struct cr_json *j, FILE *out)
{
	return end(j, out, JSON_C_TO_STRING_PRETTY);
}

int cr_json_line(struct cr_json *j, FILE *out)
{
	return end(j, out, JSON_C_TO_STRING_PLAIN);
}
