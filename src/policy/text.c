/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "cr/ini.h"
#include "text.h"
#include "value.h"

static int check_kind(const char *path, const struct stat *st, struct cr_err *err)
{
	if (S_ISDIR(st->st_mode))
		return cr_err_sys(err, -EISDIR, "cannot read %s", path);
	if (!S_ISREG(st->st_mode)) {
		cr_err_set(err, -EINVAL, "%s is no regular file", path);
		cr_err_hint(err, "a policy is read more than once: store it in a file");
		return -EINVAL;
	}
	if (st->st_size > (off_t)CR_TEXT_MAX)
		return cr_err_set(err, -EFBIG, "%s: too large for a policy (%lld bytes)", path,
				  (long long)st->st_size);
	return 0;
}

static int read_all(int fd, struct cr_buf *text)
{
	char piece[16384];
	ssize_t n;

	cr_buf_clear(text);
	for (;;) {
		n = read(fd, piece, sizeof(piece));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return cr_buf_ok(text) ? 0 : -ENOMEM;
		cr_buf_addn(text, piece, (size_t)n);
		if (text->len > CR_TEXT_MAX)
			return -EFBIG;	/* it grew under our eyes */
	}
}

int cr_text_read(const char *path, struct cr_buf *text, struct stat *st, struct cr_err *err)
{
	cr_auto_close int fd = -1;
	int rc;

	do {
		fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	} while (fd < 0 && errno == EINTR);
	if (fd < 0 || fstat(fd, st) < 0) {
		rc = errno == ENXIO ? -EINVAL : -errno;	/* a socket */
		cr_err_sys(err, rc, "cannot read %s", path);
		if (rc == -EACCES)
			cr_err_hint(
				err,
				"see the permissions of the file and of the directories above it");
		return rc;
	}
	rc = check_kind(path, st, err);
	if (rc < 0)
		return rc;
	rc = read_all(fd, text);
	return rc < 0 ? cr_err_sys(err, rc, "cannot read %s", path) : 0;
}

static int take_evidence(struct cr_policy *p, const struct cr_line *l, const char *value,
			 const struct cr_where *at)
{
	enum cr_abi abi = cr_section_abi(l->section);
	struct cr_evidence ev;
	struct cr_rule *r;
	int rc = cr_value_evidence(value, &ev, at);

	if (rc < 0)
		return rc;
	/* A person who deletes a rule need not care for its evidence. */
	r = l->nr < 0 ? NULL : cr_policy_own_in(p, l->window, abi, (uint32_t)l->nr);
	rc = r ? cr_rule_witness(r, &ev) : 0;
	free(ev.exe);
	free(ev.stack);
	return rc;
}

static int take_rule(struct cr_policy *p, const struct cr_line *l, const char *value,
		     const struct cr_where *at)
{
	struct cr_rule r = { .abi = cr_section_abi(l->section), .nr = (uint32_t)l->nr };
	int rc;

	if (l->nr < 0)
		r.nr = CR_NR_MAX;	/* a "?call" that is unknown here */
	rc = cr_value_rule(value, &r, at);
	if (rc == 0 && l->nr >= 0)
		rc = cr_policy_put_in(p, l->window, &r);
	if (rc == 0 && l->nr >= 0)
		cr_policy_own_in(p, l->window, r.abi, r.nr)->line = at->line;
	cr_conds_free(r.cond);
	return rc;
}

static const char *value_of(const struct cr_line *l, char value[CR_LINE_MAX + 1])
{
	memcpy(value, l->value.s, l->value.len);
	value[l->value.len] = '\0';
	return value;
}

static int take_line(struct cr_policy *p, const struct cr_line *l, const struct cr_where *at)
{
	char value[CR_LINE_MAX + 1];

	if (l->section == CR_SEC_POLICY)
		return cr_value_header(p, (enum cr_header)l->nr, value_of(l, value), at);
	if (cr_section_is_evidence(l->section))
		return take_evidence(p, l, value_of(l, value), at);
	return cr_section_of_calls(l->section) ? take_rule(p, l, value_of(l, value), at) : 0;
}

/* Rules first: evidence may stand above them in the file. */
static int take_lines(struct cr_policy *p, const struct cr_scan *s, struct cr_where *at,
		      bool evidence)
{
	size_t i;
	int rc;

	for (i = 0; i < s->n; i++) {
		const struct cr_line *l = &s->lines[i];

		if (l->kind != CR_LINE_ENTRY || cr_section_is_evidence(l->section) != evidence)
			continue;
		at->line = (unsigned int)i + 1;
		rc = take_line(p, l, at);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int read_head(struct cr_policy_window *w, const struct cr_scan *s,
		     const struct cr_part *part, struct cr_where *at)
{
	char value[CR_LINE_MAX + 1];
	int k, rc;

	for (k = 0; k < CR_WINDOW_KEY_COUNT; k++) {
		if (!part->key[k])
			continue;
		at->line = part->key[k];
		rc = cr_value_window(w, (enum cr_window_key)k,
				     value_of(&s->lines[at->line - 1], value), at);
		if (rc < 0)
			return rc;
	}
	at->line = part->section[CR_SEC_SYSCALLS + CR_ABI_NATIVE];
	if (w->function)
		return 0;
	rc = cr_wrong(at, "[window %u] does not say which function it is about", w->number);
	cr_err_hint(at->err, "as in: function = \"parse_header\"");
	return rc;
}

/* @w, as read, into @p. */
static int add_window(struct cr_policy *p, const struct cr_policy_window *w,
		      const struct cr_where *at)
{
	struct cr_window_name name = { w->function, w->object, w->scope };
	unsigned int first = cr_policy_window_find(p, w->object, w->function);
	int rc;

	if (!first) {
		rc = cr_policy_window_add(p, w->number, &name);
		if (rc > 0)
			p->windows[p->n_windows - 1]->line = at->line;
		return rc < 0 ? rc : 0;
	}
	rc = cr_wrong(at, "[window %u] is about the same function as [window %u]", w->number,
		      first);
	cr_err_hint(at->err, "the first is on line %u: put the rules together",
		    cr_policy_window(p, first)->line);
	return rc;
}

/* A section of a window that has no [window N] itself. */
static int orphan(const struct cr_part *part, unsigned int number, struct cr_where *at)
{
	int sec = CR_SEC_SYSCALLS, rc;
	char name[CR_SECTION_MAX];

	while (!part->section[sec])
		sec++;
	at->line = part->section[sec];
	rc = cr_wrong(at, "there is no [window %u] to [%s]", number,
		      cr_section_name(number, (enum cr_section)sec, name));
	cr_err_hint(at->err, "take this section away, too, or say which function it is about");
	return rc;
}

static int take_windows(struct cr_policy *p, const struct cr_scan *s, struct cr_where *at)
{
	unsigned int n;
	int rc = 0;

	for (n = 1; n <= CR_WINDOW_NR_MAX && rc == 0; n++) {
		struct cr_policy_window w = { .number = n };

		if (!s->part[n])
			continue;
		if (!cr_scan_section(s, n, CR_SEC_SYSCALLS + CR_ABI_NATIVE))
			return orphan(s->part[n], n, at);
		rc = read_head(&w, s, s->part[n], at);
		if (rc == 0)
			rc = add_window(p, &w, at);
		free(w.function);
		free(w.object);
	}
	return rc;
}

int cr_text_model(const char *path, const struct cr_scan *s, struct cr_policy **policy,
		  struct cr_err *err)
{
	struct cr_where at = { path, 0, err };
	struct cr_policy *p = cr_policy_new();
	int rc = -ENOMEM;

	if (!p)
		goto out;
	p->path = strdup(path);
	if (!p->path)
		goto out;
	rc = take_windows(p, s, &at);
	if (rc == 0)
		rc = take_lines(p, s, &at, false);
	if (rc == 0)
		rc = take_lines(p, s, &at, true);
out:
	if (rc == -ENOMEM)
		cr_err_sys(err, rc, "cannot read %s", path);
	if (rc < 0)
		cr_policy_free(p);
	else
		*policy = p;
	return rc;
}
