/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "cr/ini.h"
#include "scan.h"
#include "splice.h"
#include "text.h"

/* Where the sections of a window stand: from the heading of the first to the comments above what
 * follows. */
struct block {
	size_t from, to;	/* bytes; to is 0: there is none */
	unsigned int above;	/* lines in front of it */
	unsigned int lines;	/* its own */
	bool together;
	bool last;		/* nothing follows */
};

/* Stands for what follows, so that a new section gets its blank line. */
static const char follows[] = "[syscalls]";

static struct cr_span strip(const char *s, size_t len)
{
	while (len && strchr(" \t", s[0]))
		s++, len--;
	while (len && strchr(" \t\r\n", s[len - 1]))
		len--;
	return (struct cr_span){ s, len };
}

static bool in_window(struct cr_span heading, unsigned int window)
{
	const struct cr_where nobody = { "", 0, NULL };
	struct cr_heading at;
	struct cr_span name;

	if (heading.len < 2)
		return false;
	name = strip(heading.s + 1, heading.len - 2);
	return cr_section_read(name, &at, &nobody) == 0 && at.window == window;
}

/* One line after the other, looking for headings. */
struct search {
	unsigned int window;
	unsigned int line;	/* lines so far */
	size_t comments;	/* where the comments directly above begin ... */
	unsigned int n_comments;	/* ... and how many these are */
	bool inside;
	bool found;
};

static void heading(struct search *s, struct cr_span t, size_t at, struct block *b)
{
	bool inside = in_window(t, s->window);

	if (inside && !s->found) {
		b->from = at;
		b->above = s->line;
	} else if (inside && !s->inside) {
		b->together = false;
	} else if (!inside && s->inside) {
		b->to = s->comments;
		b->lines = s->line - s->n_comments - b->above;
	}
	s->found |= inside;
	s->inside = inside;
}

static void find_block(const struct cr_buf *text, unsigned int window, struct block *b)
{
	const char *at = cr_buf_str(text), *end = at + text->len, *nl;
	struct search s = { .window = window };
	struct cr_span t;

	*b = (struct block){ .together = true };
	for (; at < end; at = nl) {
		nl = memchr(at, '\n', (size_t)(end - at));
		nl = nl ? nl + 1 : end;
		t = strip(at, (size_t)(nl - at));
		if (!s.n_comments)
			s.comments = (size_t)(at - text->s);
		if (t.len && t.s[0] == '[')
			heading(&s, t, (size_t)(at - text->s), b);
		s.n_comments = t.len && strchr("#;", t.s[0]) ? s.n_comments + 1 : 0;
		s.line++;
	}
	b->last = s.inside;
	if (b->last) {
		b->to = text->len;
		b->lines = s.line - b->above;
	}
}

static unsigned int count_lines(const struct cr_buf *b)
{
	unsigned int n = 0;
	size_t i;

	for (i = 0; i < b->len; i++)
		n += b->s[i] == '\n';
	return n + (b->len && b->s[b->len - 1] != '\n');
}

/* What stood behind the block has moved by @by lines; what the block says has been counted from
 * its own first line. */
static void move_lines(struct cr_policy *p, unsigned int number, const struct block *b,
		       unsigned int by)
{
	struct cr_rule *const *rules;
	size_t i, k, n;

	for (i = 0; i <= p->n_windows; i++) {
		struct cr_policy_window *w = i < p->n_windows ? p->windows[i] : NULL;
		bool mine = w && w->number == number;

		if (w && (mine || w->line > b->above))
			w->line += mine ? b->above : by;
		rules = cr_policy_rules_in(p, w ? w->number : 0, &n);
		for (k = 0; k < n; k++)
			if (mine || rules[k]->line > b->above)
				rules[k]->line += mine ? b->above : by;
	}
}

/* The block as @w says it, proved. */
static int edit_block(const char *path, const struct cr_buf *text, const struct block *b,
		      struct cr_policy_window *w, struct cr_buf *out, struct cr_err *err)
{
	cr_auto_buf struct cr_buf old = CR_BUF_INIT;
	struct cr_policy only = { .windows = &w, .n_windows = 1 };
	int rc;

	cr_buf_addn(&old, text->s + b->from, b->to - b->from);
	cr_buf_add(&old, b->last ? "" : follows);
	rc = cr_buf_ok(&old) ? cr_ini_edit(cr_buf_str(&old), old.len, &only, out) : -ENOMEM;
	if (rc < 0)
		return cr_err_sys(err, rc, "cannot write %s", path);
	rc = cr_text_prove(path, out, &only, &only, err);
	if (rc == 0 && !b->last) {
		out->len -= strlen(follows);
		out->s[out->len] = '\0';
	}
	return rc;
}

static struct cr_policy_window *window_of(const struct cr_policy *p, unsigned int number)
{
	const struct cr_policy_window *w = cr_policy_window(p, number);
	size_t i;

	for (i = 0; w && i < p->n_windows; i++)
		if (p->windows[i] == w)
			return p->windows[i];
	return NULL;
}

int cr_text_splice(const char *path, struct cr_policy *p, unsigned int number, struct cr_buf *text,
		   struct cr_err *err)
{
	cr_auto_buf struct cr_buf part = CR_BUF_INIT;
	struct cr_policy_window *w = window_of(p, number);
	struct cr_buf out = CR_BUF_INIT;
	struct block b;
	int rc;

	find_block(text, number, &b);
	if (!w || !b.to || !b.together)
		return 0;
	rc = edit_block(path, text, &b, w, &part, err);
	if (rc < 0)
		return rc;
	cr_buf_addn(&out, text->s, b.from);
	cr_buf_addn(&out, cr_buf_str(&part), part.len);
	cr_buf_addn(&out, text->s + b.to, text->len - b.to);
	if (!cr_buf_ok(&out)) {
		cr_buf_fini(&out);
		return cr_err_sys(err, -ENOMEM, "cannot write %s", path);
	}
	move_lines(p, number, &b, count_lines(&part) - b.lines);
	cr_buf_fini(text);
	*text = out;
	return 1;
}
