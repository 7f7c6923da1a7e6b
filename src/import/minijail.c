/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "cr/args.h"
#include "import-int.h"

#define DEPTH_MAX 8
#define FILES_MAX 64
#define LOGICAL_MAX (64u << 10)

static int read_file(struct cr_reader *r);	/* a file may include a file */

static char *trim(char *s)
{
	char *end;

	s += strspn(s, " \t");
	end = s + strlen(s);
	while (end > s && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = '\0';
	return s;
}

/* "1", "allow", "log", "kill", "trap", "return ERRNO": what it becomes. -ENOENT for what is a
 * condition. */
static int plain_action(struct cr_reader *r, const char *s, struct cr_rule *rule)
{
	int e;

	*rule = (struct cr_rule){ .act = CR_ACT_NEVER };
	if (strcmp(s, "1") == 0 || strcmp(s, "allow") == 0) {
		rule->act = CR_ACT_ALLOW;
	} else if (strcmp(s, "log") == 0) {
		rule->act = CR_ACT_LOG;
	} else if (strncmp(s, "return ", 7) == 0) {
		e = cr_errno_of(s + 7 + strspn(s + 7, " \t"));
		if (e < 0)
			return cr_reader_bad(r, "no errno is called \"%.60s\"", s + 7) < 0 ?
				       -EINVAL : -ENOTSUP;
		rule->act = CR_ACT_ERRNO;
		rule->err = e;
	} else if (strcmp(s, "trap") == 0) {
		cr_reader_loss(r, "trap ends the program: it raises no signal");
	} else if (strcmp(s, "trace") == 0 || strcmp(s, "user-notify") == 0) {
		cr_reader_loss(r, "%s is not held: such calls are as if not listed", s);
		return -ENOTSUP;
	} else if (strcmp(s, "kill") != 0 && strcmp(s, "kill-process") != 0 &&
		   strcmp(s, "kill-thread") != 0) {
		return -ENOENT;
	}
	return 0;
}

/* What stands behind the colon. */
struct filter {
	struct cr_rule rule;
	char *expression;	/* borrowed; NULL: it has no condition */
};

/* An action, or conditions and what becomes of a call that does not meet them: "; return ERRNO". */
static int filter_of(struct cr_reader *r, char *text, struct filter *f)
{
	char *semicolon = strchr(text, ';');
	struct cr_rule other = { .act = CR_ACT_NONE };
	int rc = plain_action(r, text, &f->rule);

	f->expression = NULL;
	if (rc != -ENOENT)
		return rc;
	if (strncmp(text, "arg", 3) != 0)
		return cr_reader_bad(r, "\"%.80s\" is no filter", text) < 0 ? -EINVAL : -ENOTSUP;
	if (semicolon) {
		*semicolon = '\0';
		rc = plain_action(r, trim(semicolon + 1), &other);
		if (rc == -ENOENT)
			rc = cr_reader_bad(r, "\"%.80s\" is no filter", semicolon + 1) < 0 ?
				     -EINVAL : -ENOTSUP;
		if (rc < 0)
			return rc;
	}
	f->rule = (struct cr_rule){
		.act = CR_ACT_ALLOW, .other = other.act, .other_err = other.err,
	};
	f->expression = trim(text);
	return 0;
}

/* "0x5401", "PROT_READ|PROT_WRITE", "~PROT_EXEC": false for what is no value of that argument. */
static bool value_of(uint32_t nr, unsigned int arg, char *text, uint64_t *value)
{
	char name[CR_NAME_MAX], *part, *end;
	const struct cr_signature *sig =
		cr_signature_find(CR_ABI_NATIVE, cr_nr_to_name(CR_ABI_NATIVE, nr, name));
	bool not = *(text += strspn(text, " \t(")) == '~';
	uint64_t one;

	text += not + strspn(text + not, " \t(");
	text[strcspn(text, ")")] = '\0';
	*value = 0;
	while ((part = strsep(&text, "|"))) {
		part = trim(part);
		one = strtoull(part, &end, 0);
		if ((!*part || *end || *part == '-') &&
		    !(sig && cr_arg_value(sig->args[arg], part, &one) == 0))
			return false;
		*value |= one;
	}
	*value = not ? ~*value : *value;
	return true;
}

/* "argN OP VALUE" */
static bool test_of(uint32_t nr, char *text, struct cr_reader_test *t)
{
	static const struct {
		const char *op;
		unsigned int means;
	} ops[] = {
		{ "==", CR_READER_EQ }, { "!=", CR_READER_NE }, { "<=", CR_READER_LE },
		{ ">=", CR_READER_GE }, { "<", CR_READER_LT }, { ">", CR_READER_GT },
		{ "&", CR_READER_ANY }, { "in", CR_READER_IN },
	};
	size_t i;

	text = trim(text);
	if (strncmp(text, "arg", 3) != 0 || text[3] < '0' || text[3] > '5')
		return false;
	t->arg = (unsigned int)(text[3] - '0');
	text = trim(text + 4);
	for (i = 0; i < CR_ARRAY_SIZE(ops); i++) {
		if (strncmp(text, ops[i].op, strlen(ops[i].op)) != 0)
			continue;
		t->op = (__typeof__(t->op))ops[i].means;
		return value_of(nr, t->arg, text + strlen(ops[i].op), &t->value);
	}
	return false;
}

/* The next of several with @mark between them; NULL behind the last. */
static char *next_part(char **at, const char *mark)
{
	char *part = *at, *end = part ? strstr(part, mark) : NULL;

	*at = end ? end + strlen(mark) : NULL;
	if (end)
		*end = '\0';
	return part;
}

/* "A && B || C", which is changed. -ENOTSUP when a policy cannot say it. */
static int cond_of(struct cr_reader *r, uint32_t nr, char *text, struct cr_conds **c)
{
	struct cr_reader_test test[6];
	char *one, *part;
	size_t n;
	int rc = 0;

	while (rc == 0 && (part = next_part(&text, "||"))) {
		for (n = 0; (one = next_part(&part, "&&")); n++) {
			if (n == CR_ARRAY_SIZE(test) || !test_of(nr, one, &test[n]))
				return -ENOTSUP;
		}
		rc = cr_reader_case(r, CR_ABI_NATIVE, nr, test, n, c);
	}
	return rc;
}

static int add_filter(struct cr_reader *r, uint32_t nr, const struct filter *f)
{
	cr_auto_buf struct cr_buf words = CR_BUF_INIT;
	cr_auto_free char *text = NULL;
	struct cr_rule rule = f->rule;
	int rc;

	if (!f->expression)
		return cr_reader_rule(r, CR_ABI_NATIVE, nr, &rule, NULL);
	text = strdup(f->expression);
	if (!text)
		return cr_err_sys(r->err, -ENOMEM, "cannot read %s", r->path);
	rc = cond_of(r, nr, text, &rule.cond);
	/* What is never true allows nothing. */
	if (rc == 0 && !rule.cond && rule.other != CR_ACT_NONE) {
		rule = (struct cr_rule){ .act = rule.other, .err = rule.other_err };
		rc = cr_reader_rule(r, CR_ABI_NATIVE, nr, &rule, NULL);
	} else if (rc == 0 && rule.cond) {
		rc = cr_reader_conditional(r, CR_ABI_NATIVE, nr, &rule, NULL);
	}
	cr_conds_free(rule.cond);
	if (rc != -ENOTSUP)
		return rc;
	cr_buf_addf(&words, "only if %s", f->expression);
	return cr_reader_unsaid(r, CR_ABI_NATIVE, nr, &f->rule, cr_buf_str(&words));
}

static int add_call(struct cr_reader *r, char *name, const struct filter *f)
{
	char *meta = strchr(name, '[');
	int nr;

	if (meta) {
		*meta = '\0';	/* name[arch=x86_64] of the compiler of policies */
		if (strstr(meta + 1, "arch=") && !strstr(meta + 1, "x86_64"))
			return 0;
		name = trim(name);
	}
	nr = cr_reader_nr(r, CR_ABI_NATIVE, name);
	if (nr < 0)
		return cr_reader_bad(r, "no syscall is called \"%.80s\" in %s", name,
				     cr_abi_facts[CR_ABI_NATIVE].name);
	return add_filter(r, (uint32_t)nr, f);
}

/* "name: filter", "{a, b}: filter". */
static int on_rule(struct cr_reader *r, char *line)
{
	char *brace = *line == '{' ? strchr(line, '}') : line;
	char *colon = brace ? strchr(brace, ':') : NULL, *name;
	struct filter f;
	int rc;

	/* nr:462 has one of its own. */
	if (colon && strncmp(line, "nr:", 3) == 0)
		colon = strchr(line + 3, ':');
	if (!colon)
		return cr_reader_bad(r, "this is no \"name: filter\"");
	*colon = '\0';
	rc = filter_of(r, trim(colon + 1), &f);
	if (rc == -ENOTSUP)
		return 0;
	if (rc < 0 || *line != '{')
		return rc < 0 ? rc : add_call(r, trim(line), &f);
	line++;
	*strchr(line, '}') = '\0';
	while (rc == 0 && (name = strsep(&line, ","))) {
		name = trim(name);
		if (*name)
			rc = add_call(r, name, &f);
	}
	return rc;
}

static int include(struct cr_reader *r, const char *name)
{
	const char *slash = strrchr(r->path, '/');
	cr_auto_buf struct cr_buf path = CR_BUF_INIT;
	cr_auto_close int fd = -1;
	struct cr_reader inner = *r;
	int rc;

	if (r->depth >= DEPTH_MAX || r->included >= FILES_MAX)
		return cr_reader_bad(r, "more than %d includes, or %d inside each other", FILES_MAX,
				     DEPTH_MAX);
	if (*name != '/' && slash)
		cr_buf_addn(&path, r->path, (size_t)(slash - r->path) + 1);
	cr_buf_add(&path, name);
	fd = open(cr_buf_str(&path), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return cr_reader_bad(r, "cannot include %.200s: %s", name, strerror(errno));
	inner.fd = fd;
	inner.path = cr_buf_str(&path);
	inner.line = 0;
	inner.depth++;
	inner.included++;
	inner.lines = calloc(1, sizeof(*inner.lines));
	if (!inner.lines)
		return cr_err_sys(r->err, -ENOMEM, "cannot read %s", r->path);
	rc = read_file(&inner);
	r->included = inner.included;
	free(inner.lines);
	return rc;
}

static int on_directive(struct cr_reader *r, char *line)
{
	struct cr_policy *p = r->to->policy;
	struct cr_rule rule;
	char *value = line + strcspn(line, " \t");
	int rc;

	if (*value)
		*value++ = '\0';
	value = trim(value);
	if (strcmp(line, "@include") == 0)
		return include(r, value);
	if (strcmp(line, "@frequency") == 0)
		return 0;	/* only orders the checks */
	if (strcmp(line, "@denylist") == 0)
		return cr_err_set(r->err, -EINVAL, "%s:%llu: a @denylist cannot be a policy: it "
				  "allows what it does not name", r->path, r->line);
	if (strcmp(line, "@default") != 0)
		return cr_reader_bad(r, "there is no directive %.60s", line);
	rc = plain_action(r, value, &rule);
	if (rc < 0 || rule.act == CR_ACT_ALLOW)
		return rc == -EINVAL ? rc : cr_reader_bad(r, "a policy cannot have the default "
							     "\"%.60s\"", value);
	if (rule.act == CR_ACT_LOG || rule.act == CR_ACT_ERRNO)
		p->violation = (struct cr_violation){ rule.act, rule.err };
	return 0;
}

static int on_line(struct cr_reader *r, char *line)
{
	line = trim(line);
	if (!*line)
		return 0;
	return *line == '@' ? on_directive(r, line) : on_rule(r, line);
}

/* A line that ends in a backslash goes on in the next one; each may end in a comment. */
static int read_file(struct cr_reader *r)
{
	cr_auto_buf struct cr_buf whole = CR_BUF_INIT;
	char *line;
	size_t len;
	int rc, got;

	do {
		got = cr_reader_line(r, &line, &len);
		if (got < 0)
			return got;
		if (got)
			line[strcspn(line, "#")] = '\0';
		len = got ? strlen(line) : 0;
		if (len && line[len - 1] == '\\' && whole.len < LOGICAL_MAX) {
			cr_buf_addn(&whole, line, len - 1);
			continue;
		}
		cr_buf_addn(&whole, got ? line : "", len);
		if (!cr_buf_ok(&whole))
			return cr_err_sys(r->err, -ENOMEM, "cannot read %s", r->path);
		rc = whole.len ? on_line(r, whole.s) : 0;
		cr_buf_clear(&whole);
		if (rc < 0)
			return rc;
	} while (got);
	return 0;
}

int cr_read_minijail(struct cr_reader *r)
{
	int rc = read_file(r);

	if (rc == 0)
		cr_reader_kills(r);
	return rc;
}
