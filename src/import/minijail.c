/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

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
		cr_reader_loss(r, "trap becomes a violation: it raises no signal");
	} else if (strcmp(s, "trace") == 0 || strcmp(s, "user-notify") == 0) {
		cr_reader_loss(r, "%s is not held: such calls are as if not listed", s);
		return -ENOTSUP;
	} else if (strcmp(s, "kill") != 0 && strcmp(s, "kill-process") != 0 &&
		   strcmp(s, "kill-thread") != 0) {
		return -ENOENT;
	}
	return 0;
}

/* Behind the colon: an action, or conditions, which a policy cannot hold, and what else. */
static int rule_of(struct cr_reader *r, const char *name, char *filter, struct cr_rule *rule,
		   const char **more)
{
	char *semicolon;
	int rc;

	*more = NULL;
	rc = plain_action(r, filter, rule);
	if (rc != -ENOENT)
		return rc;
	if (strncmp(filter, "arg", 3) != 0)
		return cr_reader_bad(r, "\"%.80s\" is no filter", filter) < 0 ? -EINVAL : -ENOTSUP;
	semicolon = strchr(filter, ';');
	if (semicolon)
		*semicolon = ' ';	/* behind it: what is returned when the condition fails */
	*rule = (struct cr_rule){ .act = CR_ACT_ALLOW };
	*more = filter;
	cr_reader_loss(r, "%s is allowed without its condition: only if %.200s", name, filter);
	return 0;
}

static int add_call(struct cr_reader *r, char *name, const struct cr_rule *rule, const char *more)
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
	return cr_reader_rule(r, CR_ABI_NATIVE, (uint32_t)nr, rule, more);
}

/* "name: filter", "{a, b}: filter". */
static int on_rule(struct cr_reader *r, char *line)
{
	char *brace = *line == '{' ? strchr(line, '}') : line;
	char *colon = brace ? strchr(brace, ':') : NULL, *name;
	struct cr_rule rule;
	const char *more;
	int rc;

	/* nr:462 has one of its own. */
	if (colon && strncmp(line, "nr:", 3) == 0)
		colon = strchr(line + 3, ':');
	if (!colon)
		return cr_reader_bad(r, "this is no \"name: filter\"");
	*colon = '\0';
	rc = rule_of(r, line, trim(colon + 1), &rule, &more);
	if (rc == -ENOTSUP)
		return 0;
	if (rc < 0 || *line != '{')
		return rc < 0 ? rc : add_call(r, trim(line), &rule, more);
	line++;
	*strchr(line, '}') = '\0';
	while (rc == 0 && (name = strsep(&line, ","))) {
		name = trim(name);
		if (*name)
			rc = add_call(r, name, &rule, more);
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
	if (rule.act == CR_ACT_LOG)
		p->mode = CR_MODE_AUDIT;
	if (rule.act == CR_ACT_ERRNO) {
		p->violation.what = CR_VIOLATION_ERRNO;
		p->violation.err = rule.err;
	}
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
