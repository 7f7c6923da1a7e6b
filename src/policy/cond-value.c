/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cond-parse.h"

static const char words[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

void cr_cond_skip_blanks(struct cr_cond_parser *p)
{
	p->at += strspn(p->at, " \t");
}

size_t cr_cond_word_len(const char *at)
{
	return strspn(at, words);
}

bool cr_cond_take(struct cr_cond_parser *p, const char *mark)
{
	cr_cond_skip_blanks(p);
	if (strncmp(p->at, mark, strlen(mark)) != 0)
		return false;
	p->at += strlen(mark);
	return true;
}

/* What stands where something else should, for a sentence. */
static int here(const struct cr_cond_parser *p)
{
	size_t n = cr_cond_word_len(p->at);

	return (int)(n ? n : *p->at != '\0');
}

int cr_cond_unexpected(struct cr_cond_parser *p, const char *what, const char *hint)
{
	cr_cond_skip_blanks(p);
	if (*p->at)
		cr_err_set(p->err, -EINVAL, "there is \"%.*s\" where %s should be", here(p), p->at,
			   what);
	else
		cr_err_set(p->err, -EINVAL, "the condition ends where %s should be", what);
	cr_err_hint(p->err, "%s", hint);
	return -EINVAL;
}

unsigned int cr_signature_args(const struct cr_signature *sig)
{
	unsigned int n = 0;

	while (n < CR_ARGS_MAX && sig->args[n] != CR_ARG_END)
		n++;
	return n;
}

/* Digits, as C has them: 10, 0x0a, 012. */
static bool read_digits(const char *s, size_t len, uint64_t *value)
{
	unsigned int base = 10, d;
	size_t i = 0;

	if (len > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
		base = 16;
		i = 2;
	} else if (len > 1 && s[0] == '0') {
		base = 8;
		i = 1;
	}
	for (*value = 0; i < len; i++) {
		if (s[i] >= '0' && s[i] <= '9')
			d = (unsigned int)(s[i] - '0');
		else
			d = (unsigned int)((s[i] | 0x20) - 'a') + 10;
		if (d >= base || *value > (UINT64_MAX - d) / base)
			return false;
		*value = *value * base + d;
	}
	return true;
}

static int does_not_fit(struct cr_cond_parser *p, const struct cr_cond_reading *r, const char *s,
			int len)
{
	cr_err_set(p->err, -EINVAL, "%.*s does not fit into arg%u of %s", len, s, r->t.arg,
		   p->call);
	cr_err_hint(p->err, "the kernel looks at %u bits of it", r->t.bits);
	return -EINVAL;
}

static int read_number(struct cr_cond_parser *p, const struct cr_cond_reading *r, uint64_t *value)
{
	const char *start = p->at;
	bool negative = cr_cond_take(p, "-");
	uint64_t whole = UINT64_MAX >> (64 - r->t.bits), n;
	size_t len = cr_cond_word_len(p->at);

	if (!len || !read_digits(p->at, len, &n)) {
		cr_err_set(p->err, -EINVAL, "\"%.*s\" is no number",
			   (int)(p->at - start) + (int)len, start);
		cr_err_hint(p->err,
			    "numbers are written as in C: 10, 0x0a, 012, -1; up to 64 bits");
		return -EINVAL;
	}
	p->at += len;
	if (n > (negative ? (whole >> 1) + 1 : whole))
		return does_not_fit(p, r, start, (int)(p->at - start));
	*value = (negative ? -n : n) & whole;
	return 0;
}

/* The argument of the call that @name is for, or -1. */
static int argument_with(const struct cr_cond_parser *p, const char *name)
{
	unsigned int i;
	uint64_t value;

	for (i = 0; p->sig && i < cr_signature_args(p->sig); i++)
		if (cr_arg_value(p->sig->args[i], name, &value) == 0)
			return (int)i;
	return -1;
}

static int unknown_name(struct cr_cond_parser *p, const struct cr_cond_reading *r, const char *name)
{
	const char *near = cr_arg_nearest(r->kind, name);
	int arg = argument_with(p, name), by = cr_arg_decider(r->kind);
	enum cr_arg kind = cr_arg_with(name);

	cr_err_set(p->err, -EINVAL, "\"%s\" is no value of arg%u of %s", name, r->t.arg, p->call);
	if (by >= 0 && kind != CR_ARG_END)
		cr_err_hint(p->err, "arg%d decides what names arg%u has: add a condition "
			    "\"and arg%d == ...\"", by, r->t.arg, by);
	else if (arg >= 0)
		cr_err_hint(p->err, "it is one of arg%d", arg);
	else if (near)
		cr_err_hint(p->err, "did you mean \"%s\"?", near);
	else
		cr_err_hint(p->err, "a number will do where there is no name");
	return -EINVAL;
}

static int read_name(struct cr_cond_parser *p, const struct cr_cond_reading *r, uint64_t *value)
{
	char name[CR_NAME_MAX];
	size_t len = cr_cond_word_len(p->at);

	if (!len)
		return cr_cond_unexpected(p, "a value", "values are names or numbers, with blanks "
					  "between them: AF_UNIX AF_INET; bits are joined by |");
	snprintf(name, sizeof(name), "%.*s", (int)len, p->at);
	p->at += len;
	*value = 0;
	if (r->skip || cr_arg_value(r->kind, name, value) == 0)
		return 0;
	return unknown_name(p, r, name);
}

/* NAME|NAME|0x10 */
int cr_cond_value(struct cr_cond_parser *p, const struct cr_cond_reading *r, uint64_t *value)
{
	uint64_t part;
	int rc;

	*value = 0;
	do {
		cr_cond_skip_blanks(p);
		if (*p->at == '-' || (*p->at >= '0' && *p->at <= '9'))
			rc = read_number(p, r, &part);
		else
			rc = read_name(p, r, &part);
		if (rc < 0)
			return rc;
		*value |= part;
	} while (cr_cond_take(p, "|"));
	if (!r->masked || !(*value & ~r->t.mask))
		return 0;
	cr_err_set(p->err, -EINVAL, "0x%llx has bits that the mask 0x%llx takes away: arg%u can "
		   "never be that", (unsigned long long)*value, (unsigned long long)r->t.mask,
		   r->t.arg);
	cr_err_hint(p->err, "the mask is between the & and the comparison");
	return -EINVAL;
}
