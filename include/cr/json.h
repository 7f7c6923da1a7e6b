/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * json - what --json prints, built up by json-c
 *
 * In:    keys and values
 * Out:   one JSON object on a stream, valid UTF-8 whatever the values hold
 * Never: checks a piece: when memory ran out, cr_json_end() tells
 */
#ifndef CR_JSON_H
#define CR_JSON_H

#include <json-c/json.h>
#include <stdio.h>

#include "cr/base.h"

struct cr_json {
	struct json_object *top;	/* owned; NULL when out of memory */
	bool failed;
};

void cr_json_begin(struct cr_json *j);

/* A new object or array in @in, borrowed from it. @key: NULL when @in is an array, here and
 * below. */
struct json_object *cr_json_object(struct cr_json *j, struct json_object *in, const char *key);
struct json_object *cr_json_array(struct cr_json *j, struct json_object *in, const char *key);

/* NULL is null. A byte that is no UTF-8 is written as U+FFFD. */
void cr_json_text(struct cr_json *j, struct json_object *in, const char *key, const char *value);
void cr_json_count(struct cr_json *j, struct json_object *in, const char *key, uint64_t value);
void cr_json_real(struct cr_json *j, struct json_object *in, const char *key, double value);
void cr_json_bool(struct cr_json *j, struct json_object *in, const char *key, bool value);

/* Prints it and a newline, unless @out is NULL, and frees it. -ENOMEM: nothing was printed. */
int cr_json_end(struct cr_json *j, FILE *out) CR_MUST_CHECK;
/* The same on a single line, for logs. */
int cr_json_line(struct cr_json *j, FILE *out) CR_MUST_CHECK;

#endif
