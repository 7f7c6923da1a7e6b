/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "value.h"

#define FORMAT 1

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

static const char *skip(const char *s)
{
	while (blank(*s))
		s++;
	return s;
}

bool cr_value_number(const char *s, uint64_t max, uint64_t *n, const char **end)
{
	uint64_t got = 0;

	if (*s < '0' || *s > '9')
		return false;
	for (; *s >= '0' && *s <= '9'; s++) {
		if (got > (max - (uint64_t)(*s - '0')) / 10)
			return false;
		got = got * 10 + (uint64_t)(*s - '0');
	}
	*n = got;
	*end = s;
	return true;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

char *cr_value_unescape(const char *s, size_t n)
{
	char *out = malloc(n + 1), *o = out;
	size_t i;

	if (!out)
		return NULL;
	for (i = 0; i < n; i++) {
		bool coded = s[i] == '%' && i + 2 < n && hex(s[i + 1]) >= 0 && hex(s[i + 2]) >= 0;
		int byte = coded ? hex(s[i + 1]) * 16 + hex(s[i + 2]) : 0;

		*o++ = byte ? (char)byte : s[i];
		i += byte ? 2 : 0;
	}
	*o = '\0';
	return out;
}

static bool plain(unsigned char c, const char *also)
{
	return c >= 0x20 && c != 0x7f && c != '"' && c != '\\' && c != '%' && !strchr(also, c);
}

void cr_value_escape(struct cr_buf *b, const char *s, size_t n, const char *also)
{
	size_t i = 0, k;

	while (i < n) {
		for (k = i; k < n && plain((unsigned char)s[k], also); k++)
			;
		cr_buf_addn(b, s + i, k - i);
		if (k < n)
			cr_buf_addf(b, "%%%02X", (unsigned char)s[k++]);
		i = k;
	}
}

static int replace(char **slot, char *value)
{
	if (!value)
		return -ENOMEM;
	free(*slot);
	*slot = value;
	return 0;
}

static int read_format(const char *v, const struct cr_where *at)
{
	const char *end;
	uint64_t n;
	int rc;

	if (!cr_value_number(v, UINT32_MAX, &n, &end) || *end || n < 1)
		return cr_wrong(at, "format is not a number: \"%s\"", v);
	if (n == FORMAT)
		return 0;
	rc = cr_wrong(at, "this policy is of format %s; only format %d is known here", v, FORMAT);
	cr_err_hint(at->err, "a newer chestnut wrote it: update this one");
	return rc;
}

static int read_program(struct cr_policy *p, const char *v, const struct cr_where *at)
{
	if (*v != '/')
		return cr_wrong(at, "program is not an absolute path: \"%s\"", v);
	return replace(&p->program, cr_value_unescape(v, strlen(v)));
}

static int read_build_id(struct cr_policy *p, const char *v, const struct cr_where *at)
{
	size_t i;

	for (i = 0; hex(v[i]) >= 0; i++)
		;
	if (v[i] || i % 2 || i > 128)
		return cr_wrong(at, "build-id is not an even number of hex digits: \"%s\"", v);
	return replace(&p->build_id, strdup(v));
}

static int read_mode(struct cr_policy *p, const char *v, const struct cr_where *at)
{
	int m;

	for (m = CR_MODE_LEARN; m <= CR_MODE_STRICT; m++) {
		if (strcmp(v, cr_mode_name((enum cr_mode)m)) != 0)
			continue;
		p->mode = (enum cr_mode)m;
		return 0;
	}
	m = cr_wrong(at, "no mode is called \"%s\"", v);
	cr_err_hint(at->err, "there are learn, audit and strict");
	return m;
}

/* @rc: why @v is no action of a rule or of a violation, which have @there. */
static int no_action(int rc, const char *of, const char *v, const char *there,
		     const struct cr_where *at)
{
	const char *name = v + strcspn(v, " \t");

	if (rc == -EINVAL) {
		cr_wrong(at, "a %s cannot be \"%s\"", of, v);
		cr_err_hint(at->err, "there are: %s, and errno NAME", there);
		return rc;
	}
	name = skip(name);
	rc = *name ? cr_wrong(at, "no errno is called \"%s\"", name) :
		     cr_wrong(at, "errno needs a name");
	cr_err_hint(at->err, "as in: errno EPERM, or a number from 1 to 4095");
	return rc;
}

static int read_violation(struct cr_policy *p, const char *v, const struct cr_where *at)
{
	int rc = cr_violation_parse(v, &p->violation);

	return rc == 0 ? 0 : no_action(rc, "violation", v, "kill, log, ask, stop", at);
}

static int read_horizon(struct cr_policy *p, const char *v, const struct cr_where *at)
{
	size_t kernel = strcspn(v, " \t");
	const char *end;
	uint64_t n;
	int rc;

	if (!cr_value_number(skip(v + kernel), CR_NR_MAX - 1, &n, &end) || *end || !n) {
		rc = cr_wrong(at, "horizon is not a kernel release and a call number: \"%s\"", v);
		cr_err_hint(at->err, "as in: horizon = 6.18.0 450");
		return rc;
	}
	rc = replace(&p->horizon_kernel, strndup(v, kernel));
	if (rc == 0)
		p->horizon_nr = (uint32_t)n;
	return rc;
}

static int read_runs(const char *v, enum cr_header head, uint32_t *runs, const struct cr_where *at)
{
	const char *end;
	uint64_t n;

	if (!cr_value_number(v, UINT32_MAX, &n, &end) || *end)
		return cr_wrong(at, "%s is not a number: \"%s\"", cr_header_names[head], v);
	*runs = (uint32_t)n;
	return 0;
}

static int read_digest(struct cr_policy *p, const char *v, const struct cr_where *at)
{
	size_t n = strspn(v, "0123456789abcdef");

	if (v[n] || n + 1 != CR_DIGEST_MAX)
		return cr_wrong(at, "digest is not %d hex digits: \"%.80s\"", CR_DIGEST_MAX - 1, v);
	return replace(&p->digest, strdup(v));
}

static int read_outside(struct cr_policy *p, const char *v, const struct cr_where *at)
{
	int rc;

	p->outside_any = strcmp(v, "any") == 0;
	if (p->outside_any || strcmp(v, "rules") == 0)
		return 0;
	rc = cr_wrong(at, "outside cannot be \"%s\"", v);
	cr_err_hint(at->err, "there are: rules, and any");
	return rc;
}

static int read_arguments(struct cr_policy *p, const char *v, const struct cr_where *at)
{
	int rc;

	p->args_any = strcmp(v, "any") == 0;
	if (p->args_any || strcmp(v, "learned") == 0)
		return 0;
	rc = cr_wrong(at, "arguments cannot be \"%s\"", v);
	cr_err_hint(at->err, "there are: learned, and any");
	return rc;
}

static int read_include(struct cr_policy *p, const char *v)
{
	char **grown;
	size_t n;

	for (v += strspn(v, ", \t"); *v; v += n + strspn(v + n, ", \t")) {
		n = strcspn(v, ", \t");
		grown = realloc(p->include, (p->n_include + 1) * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		p->include = grown;
		p->include[p->n_include] = cr_value_unescape(v, n);
		if (!p->include[p->n_include])
			return -ENOMEM;
		p->n_include++;
	}
	return 0;
}

int cr_value_header(struct cr_policy *p, enum cr_header head, const char *value,
		    const struct cr_where *at)
{
	switch (head) {
	case CR_HEAD_FORMAT:
		return read_format(value, at);
	case CR_HEAD_PROGRAM:
		return read_program(p, value, at);
	case CR_HEAD_BUILD_ID:
		return read_build_id(p, value, at);
	case CR_HEAD_MODE:
		return read_mode(p, value, at);
	case CR_HEAD_VIOLATION:
		return read_violation(p, value, at);
	case CR_HEAD_HORIZON:
		return read_horizon(p, value, at);
	case CR_HEAD_RUNS:
		return read_runs(value, head, &p->runs, at);
	case CR_HEAD_ALL_RUNS:
		return read_runs(value, head, &p->all_runs, at);
	case CR_HEAD_LOST:
		return read_runs(value, head, &p->lost, at);
	case CR_HEAD_OUTSIDE:
		return read_outside(p, value, at);
	case CR_HEAD_ARGUMENTS:
		return read_arguments(p, value, at);
	case CR_HEAD_INCLUDE:
		return read_include(p, value);
	case CR_HEAD_DIGEST:
		return read_digest(p, value, at);
	case CR_HEAD_COUNT:
		break;
	}
	return -EINVAL;
}

static void write_program(const char *program, struct cr_buf *out)
{
	size_t plain = strcspn(program, "\"'#;%\\= \t");
	bool quote = program[plain] != '\0';
	size_t i;

	for (i = 0; program[i]; i++)
		quote |= (unsigned char)program[i] < 0x20 || program[i] == 0x7f;
	cr_buf_add(out, quote ? "\"" : "");
	cr_value_escape(out, program, strlen(program), "");
	cr_buf_add(out, quote ? "\"" : "");
}

static void write_includes(const struct cr_policy *p, struct cr_buf *out)
{
	bool quote = false;
	size_t i;

	for (i = 0; i < p->n_include; i++)
		quote |= p->include[i][strcspn(p->include[i], "\"'#;%\\ \t")] != '\0';
	cr_buf_add(out, quote ? "\"" : "");
	for (i = 0; i < p->n_include; i++) {
		cr_buf_add(out, i ? ", " : "");
		cr_value_escape(out, p->include[i], strlen(p->include[i]), ", \t");
	}
	cr_buf_add(out, quote ? "\"" : "");
}

static void write_header(const struct cr_policy *p, enum cr_header head, struct cr_buf *out)
{
	switch (head) {
	case CR_HEAD_FORMAT:
		cr_buf_addf(out, "%d", FORMAT);
		break;
	case CR_HEAD_PROGRAM:
		if (p->program)
			write_program(p->program, out);
		break;
	case CR_HEAD_BUILD_ID:
		cr_buf_add(out, p->build_id ? p->build_id : "");
		break;
	case CR_HEAD_MODE:
		cr_buf_add(out, cr_mode_name(p->mode));
		break;
	case CR_HEAD_VIOLATION:
		cr_action_print(p->violation.what, p->violation.err, out);
		break;
	case CR_HEAD_HORIZON:
		if (p->horizon_kernel && p->horizon_nr)
			cr_buf_addf(out, "%s %u", p->horizon_kernel, p->horizon_nr);
		break;
	case CR_HEAD_RUNS:
		cr_buf_addf(out, "%u", p->runs);
		break;
	case CR_HEAD_ALL_RUNS:
		cr_buf_addf(out, "%u", p->all_runs);
		break;
	case CR_HEAD_LOST:
		if (p->lost)
			cr_buf_addf(out, "%u", p->lost);
		break;
	case CR_HEAD_OUTSIDE:
		cr_buf_add(out, p->outside_any ? "any" : "rules");
		break;
	case CR_HEAD_ARGUMENTS:
		cr_buf_add(out, p->args_any ? "any" : "learned");
		break;
	case CR_HEAD_INCLUDE:
		write_includes(p, out);
		break;
	case CR_HEAD_DIGEST:
		cr_buf_add(out, p->digest ? p->digest : "");
		break;
	case CR_HEAD_COUNT:
		break;
	}
}

void cr_value_header_text(const struct cr_policy *p, enum cr_header head, struct cr_buf *out)
{
	size_t before = out->len;

	write_header(p, head, out);
	/* The path of a program may be longer than a line: then the policy does without. */
	if (!out->failed && out->len - before > CR_VALUE_MAX) {
		out->len = before;
		out->s[before] = '\0';
	}
}

/* "if" as a word of its own, in front of a condition; NULL when there is none. */
static const char *find_if(const char *v)
{
	const char *at = v;

	while ((at = strstr(at, "if"))) {
		if (at > v && blank(at[-1]) && (blank(at[2]) || !at[2]))
			return at;
		at += 2;
	}
	return NULL;
}

static int read_action(const char *value, enum cr_action *act, int *err, const struct cr_where *at)
{
	int rc = cr_action_parse(value, act, err);

	return rc == 0 ? 0 :
	       no_action(rc, "rule", value, "allow, log, ask, stop, kill, never", at);
}

/* "arg0 == AF_UNIX else errno EPERM". The lowest layer has the words, this one the line. */
static int read_condition(const char *v, struct cr_rule *r, const struct cr_where *at)
{
	struct cr_err why = { "", "" };
	const char *rest;
	int rc;

	/* A "?call" that is unknown here: nobody knows its arguments, either. */
	if (r->nr >= CR_NR_MAX)
		return 0;
	rc = cr_conds_parse(r->abi, r->nr, v, &r->cond, &rest, &why);
	if (rc < 0) {
		if (rc == -EINVAL)
			cr_wrong(at, "%s", why.text);
		else
			cr_err_set(at->err, rc, "%s", why.text);
		if (why.hint[0])
			cr_err_hint(at->err, "%s", why.hint);
		return rc;
	}
	if (!*rest)
		return 0;
	rc = read_action(skip(rest + strlen("else")), &r->other, &r->other_err, at);
	if (rc == 0 && r->other == r->act && r->other_err == r->err) {
		rc = cr_wrong(at, "the condition makes no difference: \"else\" says the same");
		cr_err_hint(at->err, "leave it out from \"if\" on");
	}
	return rc;
}

int cr_value_rule(const char *value, struct cr_rule *r, const struct cr_where *at)
{
	const char *cond = find_if(value);
	size_t n = cond ? (size_t)(cond - value) : strlen(value);
	cr_auto_free char *action = NULL;
	int rc;

	while (n && blank(value[n - 1]))
		n--;
	action = strndup(value, n);
	if (!action)
		return -ENOMEM;
	rc = read_action(action, &r->act, &r->err, at);
	if (rc < 0 || !cond)
		return rc;
	rc = read_condition(cond + 2, r, at);
	if (rc < 0) {
		cr_conds_free(r->cond);
		r->cond = NULL;
	}
	return rc;
}
