/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cr/ini.h"
#include "cr/names.h"
#include "text.h"
#include "value.h"

/* What becomes of one line of the old text; the last one stands for its end. */
struct slot {
	struct cr_buf before;	/* new lines in front of it */
	struct cr_buf instead;	/* replaces it when not empty */
	bool drop;
};

struct edit {
	struct cr_scan s;
	struct cr_policy *have;	/* owned; what the old text means */
	const struct cr_policy *want;
	struct slot *slots;	/* owned; s.n + 1 */
	const char *eol;
	bool fresh;		/* there is no old text */
	bool begun;		/* the new section of a window: its head is there already */
};

static const struct cr_line *line_at(const struct edit *e, unsigned int line)
{
	return &e->s.lines[line - 1];
}

static size_t eol_len(struct cr_span t)
{
	if (!t.len || t.s[t.len - 1] != '\n')
		return 0;
	return t.len > 1 && t.s[t.len - 2] == '\r' ? 2 : 1;
}

/* Puts a new value into a line; all around it stays, but for a comment that no longer fits. */
static void replace_value(struct edit *e, unsigned int line, const char *value)
{
	const struct cr_line *l = line_at(e, line);
	struct cr_buf *b = &e->slots[line - 1].instead;
	size_t head = (size_t)(l->raw.s - l->text.s);
	size_t tail = l->text.len - head - l->raw.len, eol = eol_len(l->text);

	cr_buf_clear(b);
	cr_buf_addn(b, l->text.s, head);
	cr_buf_add(b, value);
	if (b->len + tail - eol > CR_LINE_MAX)
		cr_buf_addn(b, l->text.s + l->text.len - eol, eol);
	else
		cr_buf_addn(b, l->raw.s + l->raw.len, tail);
}

/* Comments directly above a line belong to it: new lines go above them, too. Not above the "#!"
 * line. */
static size_t above_comments(const struct edit *e, size_t i)
{
	while (i > 0 && e->s.lines[i - 1].kind == CR_LINE_COMMENT) {
		if (i == 1 && strncmp(e->s.lines[0].text.s, "#!", 2) == 0)
			break;
		i--;
	}
	return i;
}

/* In which order sections stand: header, rules, evidence, then one window behind the other, each
 * with its rules and its evidence. */
static unsigned int heading_rank(unsigned int window, enum cr_section sec)
{
	return window * CR_SEC_COUNT + (unsigned int)sec;
}

/* Where a section that is not there yet goes: behind those that its window has already, else in
 * front of the first that comes later in that order. */
static size_t section_place(const struct edit *e, unsigned int window, enum cr_section sec)
{
	unsigned int rank = heading_rank(window, sec);
	bool has = window && e->s.part[window], behind = false;
	size_t i;

	for (i = 0; i < e->s.n; i++) {
		const struct cr_line *l = &e->s.lines[i];
		bool later = heading_rank(l->window, l->section) > rank;

		if (l->kind != CR_LINE_SECTION)
			continue;
		if (has ? behind && (later || l->window != window) : later)
			return above_comments(e, i);
		behind |= l->window == window && !later;
	}
	return e->s.n;
}

/* At the end of the text a blank line goes in front of a new section, elsewhere behind it. */
static void open_section(struct edit *e, unsigned int window, enum cr_section sec, size_t at)
{
	struct cr_buf *b = &e->slots[at].before;
	bool apart = b->len == 0 && (at == 0 || e->s.lines[at - 1].kind == CR_LINE_BLANK);
	char name[CR_SECTION_MAX];

	if (at == e->s.n && !apart)
		cr_buf_add(b, e->eol);
	cr_buf_addf(b, "[%s]%s", cr_section_name(window, sec, name), e->eol);
}

static void close_section(struct edit *e, size_t at)
{
	if (at < e->s.n)
		cr_buf_add(&e->slots[at].before, e->eol);
}

static void title(struct edit *e)
{
	cr_buf_addf(&e->slots[0].before,
		    "# What %s may ask of the kernel: a policy of chestnut-run(1).%s"
		    "# The format is chestnut-policy(5). Rules with evidence were learned; rules "
		    "and comments%s"
		    "# written by hand stay as they are.%s",
		    e->want->program ? "this program" : "a program", e->eol, e->eol, e->eol);
}

/* Behind the last header that comes before @head in the usual order. */
static size_t header_place(const struct edit *e, enum cr_header head)
{
	unsigned int after = cr_scan_section(&e->s, 0, CR_SEC_POLICY);
	int h;

	for (h = 0; h < (int)head; h++)
		if (e->s.header[h] > after)
			after = e->s.header[h];
	return after;
}

/* Must a header that the old text lacks be written? */
static bool header_missing(const struct edit *e, enum cr_header head, const char *have,
			   const char *want)
{
	if (!*want)
		return false;
	if (strcmp(have, want) != 0)
		return true;
	return e->fresh && (head == CR_HEAD_FORMAT || head == CR_HEAD_VIOLATION);
}

static void edit_header(struct edit *e, enum cr_header head, size_t *opened)
{
	cr_auto_buf struct cr_buf have = CR_BUF_INIT, want = CR_BUF_INIT;
	unsigned int line = e->s.header[head];
	size_t at;

	cr_value_header_text(e->have, head, &have);
	cr_value_header_text(e->want, head, &want);
	if (line && strcmp(cr_buf_str(&have), cr_buf_str(&want)) != 0) {
		if (want.len)
			replace_value(e, line, want.s);
		else
			e->slots[line - 1].drop = true;
	}
	if (line || !header_missing(e, head, cr_buf_str(&have), cr_buf_str(&want)))
		return;
	if (cr_scan_section(&e->s, 0, CR_SEC_POLICY)) {
		at = header_place(e, head);
	} else {
		at = section_place(e, 0, CR_SEC_POLICY);
		if (*opened == SIZE_MAX)
			open_section(e, 0, CR_SEC_POLICY, at);
		*opened = at;
	}
	cr_buf_addf(&e->slots[at].before, "%s = %s%s", cr_header_names[head], cr_buf_str(&want),
		    e->eol);
}

static void edit_headers(struct edit *e)
{
	size_t opened = SIZE_MAX;
	int h;

	if (e->fresh)
		title(e);
	for (h = 0; h < CR_HEAD_COUNT; h++)
		edit_header(e, (enum cr_header)h, &opened);
	if (opened != SIZE_MAX)
		close_section(e, opened);
}

static int by_name(const void *a, const void *b)
{
	const struct cr_rule *x = *(const struct cr_rule *const *)a;
	const struct cr_rule *y = *(const struct cr_rule *const *)b;
	char m[CR_NAME_MAX], n[CR_NAME_MAX];

	return strcmp(cr_nr_to_name(x->abi, x->nr, m), cr_nr_to_name(y->abi, y->nr, n));
}

static bool sorts_behind(const struct cr_line *l, const char *name)
{
	struct cr_span k = l->key;
	char key[CR_LINE_MAX + 1];

	if (k.len && k.s[0] == '?') {
		k.s++;
		k.len--;
	}
	snprintf(key, sizeof(key), "%.*s", (int)k.len, k.s);
	return strcmp(key, name) > 0;
}

/* The slot in front of which @name stands sorted in the section that line @section opens. A section
 * in an order of its own keeps it: nothing that is there moves. */
static size_t entry_place(const struct edit *e, unsigned int section, const char *name)
{
	size_t i = section, behind;

	while (i < e->s.n && e->s.lines[i].kind == CR_LINE_COMMENT)
		i++;
	behind = i;
	for (; i < e->s.n && e->s.lines[i].kind != CR_LINE_SECTION; i++) {
		if (e->s.lines[i].kind != CR_LINE_ENTRY)
			continue;
		if (e->s.lines[i].section != CR_SEC_WINDOW && sorts_behind(&e->s.lines[i], name))
			return above_comments(e, i);
		behind = i + 1;
	}
	return behind;
}

/* The text of a rule's line in section @sec. */
static void entry_text(const struct cr_rule *r, enum cr_section sec, size_t max, struct cr_buf *out)
{
	if (cr_section_is_evidence(sec))
		cr_value_evidence_text(r->ev, max, out);
	else
		cr_rule_print(r, out);
}

static bool has_entry(const struct cr_rule *r, enum cr_section sec)
{
	return r && (r->ev || !cr_section_is_evidence(sec));
}

/* The entries that section @sec of @window lacks, sorted. */
static void add_entries(struct edit *e, unsigned int window, enum cr_section sec,
			const struct cr_rule **add, size_t n)
{
	unsigned int section = cr_scan_section(&e->s, window, sec);
	char name[CR_NAME_MAX];
	size_t i, at;

	if (!n)
		return;
	qsort(add, n, sizeof(*add), by_name);
	at = section ? 0 : section_place(e, window, sec);
	if (!section && !e->begun)
		open_section(e, window, sec, at);
	for (i = 0; i < n; i++) {
		struct cr_buf *b;

		cr_nr_to_name(add[i]->abi, add[i]->nr, name);
		if (section)
			at = entry_place(e, section, name);
		b = &e->slots[at].before;
		cr_buf_addf(b, "%s = ", name);
		entry_text(add[i], sec, CR_LINE_MAX - strlen(name) - 3, b);
		cr_buf_add(b, e->eol);
	}
	if (!section && !e->begun)
		close_section(e, at);
}

static bool same_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

/* Most entries do not change from one save to the next: no need to write them out to see that. */
static bool same_entry(const struct cr_rule *a, const struct cr_rule *b, enum cr_section sec)
{
	if (!cr_section_is_evidence(sec))
		return cr_rule_same(a, b);
	return a->ev->seen == b->ev->seen && a->ev->more == b->ev->more &&
	       a->ev->first == b->ev->first &&
	       a->ev->all_seen == b->ev->all_seen && a->ev->all_runs == b->ev->all_runs &&
	       a->ev->calls == b->ev->calls && same_text(a->ev->exe, b->ev->exe) &&
	       same_text(a->ev->stack, b->ev->stack);
}

/* Lines that are in the old text already. */
static void edit_entry(struct edit *e, unsigned int line)
{
	cr_auto_buf struct cr_buf have_text = CR_BUF_INIT, want_text = CR_BUF_INIT;
	const struct cr_line *l = line_at(e, line);
	enum cr_section sec = l->section;
	enum cr_abi abi = cr_section_abi(sec);
	const struct cr_rule *have = cr_policy_own_in(e->have, l->window, abi, (uint32_t)l->nr);
	const struct cr_rule *want = cr_policy_own_in(e->want, l->window, abi, (uint32_t)l->nr);
	size_t max = CR_LINE_MAX - (size_t)(l->raw.s - l->text.s);

	if (!has_entry(want, sec)) {
		/* Evidence of a rule that a person has deleted is that person's to delete. */
		e->slots[line - 1].drop = have || want;
		return;
	}
	if (has_entry(have, sec) && same_entry(have, want, sec))
		return;
	if (has_entry(have, sec))
		entry_text(have, sec, max, &have_text);
	entry_text(want, sec, max, &want_text);
	if (strcmp(cr_buf_str(&have_text), cr_buf_str(&want_text)) != 0)
		replace_value(e, line, cr_buf_str(&want_text));
}

static int add_section(struct edit *e, unsigned int window, enum cr_section sec)
{
	cr_auto_free const struct cr_rule **add = NULL;
	struct cr_rule *const *rules;
	size_t i, k = 0, n;

	rules = cr_policy_rules_in(e->want, window, &n);
	add = malloc((n + 1) * sizeof(*add));
	if (!add)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		if (rules[i]->abi == cr_section_abi(sec) && has_entry(rules[i], sec) &&
		    !cr_scan_entry(&e->s, window, sec, rules[i]->nr))
			add[k++] = rules[i];
	add_entries(e, window, sec, add, k);
	return 0;
}

static int add_sections(struct edit *e, unsigned int window)
{
	int sec, rc = 0;

	for (sec = CR_SEC_SYSCALLS; sec < CR_SEC_COUNT && rc == 0; sec++)
		rc = add_section(e, window, (enum cr_section)sec);
	return rc;
}

/* A window that the old text lacks: [window N] is there even without a rule. */
static int add_window(struct edit *e, const struct cr_policy_window *w)
{
	const enum cr_section sec = CR_SEC_SYSCALLS + CR_ABI_NATIVE;
	size_t at = section_place(e, w->number, sec);
	int k, rc;

	open_section(e, w->number, sec, at);
	for (k = 0; k < CR_WINDOW_KEY_COUNT; k++) {
		cr_auto_buf struct cr_buf text = CR_BUF_INIT;

		cr_value_window_text(w, (enum cr_window_key)k, &text);
		if (k == CR_WINDOW_SCOPE && w->scope == CR_SCOPE_THREAD)
			continue;
		e->slots[at].before.failed |= !cr_buf_ok(&text);
		if (text.len)
			cr_buf_addf(&e->slots[at].before, "%s = %s%s", cr_window_key_names[k],
				    text.s, e->eol);
	}
	e->begun = true;
	rc = add_section(e, w->number, sec);
	e->begun = false;
	close_section(e, at);
	for (k = sec + 1; k < CR_SEC_COUNT && rc == 0; k++)
		rc = add_section(e, w->number, (enum cr_section)k);
	return rc;
}

/* The head of a window that both have: learning leaves it alone, other commands need not. */
static void edit_window(struct edit *e, const struct cr_policy_window *w)
{
	const struct cr_policy_window *have = cr_policy_window(e->have, w->number);
	const struct cr_part *part = e->s.part[w->number];
	unsigned int after = part->section[CR_SEC_SYSCALLS + CR_ABI_NATIVE];
	int k;

	for (k = 0; k < CR_WINDOW_KEY_COUNT; k++) {
		cr_auto_buf struct cr_buf old = CR_BUF_INIT, text = CR_BUF_INIT;

		cr_value_window_text(have, (enum cr_window_key)k, &old);
		cr_value_window_text(w, (enum cr_window_key)k, &text);
		e->slots[after].before.failed |= !cr_buf_ok(&old) || !cr_buf_ok(&text);
		if (part->key[k] > after)
			after = part->key[k];
		if (strcmp(cr_buf_str(&old), cr_buf_str(&text)) == 0)
			continue;
		if (!part->key[k])
			cr_buf_addf(&e->slots[after].before, "%s = %s%s", cr_window_key_names[k],
				    cr_buf_str(&text), e->eol);
		else if (text.len)
			replace_value(e, part->key[k], text.s);
		else
			e->slots[part->key[k] - 1].drop = true;
	}
}

/* Takes the sections of a window away, with what stands in them and directly above them. */
static void drop_window(struct edit *e, unsigned int window)
{
	bool drop = false, before;
	size_t i, k;

	for (i = 0; i < e->s.n; i++) {
		if (e->s.lines[i].kind == CR_LINE_SECTION) {
			before = drop;
			drop = e->s.lines[i].window == window;
			for (k = above_comments(e, i); k < i && drop != before; k++)
				e->slots[k].drop = drop;
		}
		e->slots[i].drop |= drop;
	}
}

static int edit_windows(struct edit *e)
{
	unsigned int n;
	size_t i;
	int rc = 0;

	for (n = 1; n <= CR_WINDOW_NR_MAX; n++)
		if (e->s.part[n] && !cr_policy_window(e->want, n))
			drop_window(e, n);
	for (i = 0; i < e->want->n_windows && rc == 0; i++) {
		const struct cr_policy_window *w = e->want->windows[i];

		if (!e->s.part[w->number]) {
			rc = add_window(e, w);
			continue;
		}
		edit_window(e, w);
		rc = add_sections(e, w->number);
	}
	return rc;
}

static int edit_lines(struct edit *e)
{
	size_t i;
	int rc;

	for (i = 0; i < e->s.n; i++)
		if (e->s.lines[i].kind == CR_LINE_ENTRY && e->s.lines[i].nr >= 0 &&
		    cr_section_of_calls(e->s.lines[i].section))
			edit_entry(e, (unsigned int)i + 1);
	rc = add_sections(e, 0);
	return rc < 0 ? rc : edit_windows(e);
}

static void put(struct cr_buf *out, const struct edit *e, const char *s, size_t n)
{
	if (n && out->len && out->s[out->len - 1] != '\n')
		cr_buf_add(out, e->eol);
	cr_buf_addn(out, s, n);
}

static int emit(const struct edit *e, struct cr_buf *out)
{
	size_t i;

	cr_buf_clear(out);
	for (i = 0; i <= e->s.n; i++) {
		const struct slot *slot = &e->slots[i];

		if (!cr_buf_ok(&slot->before) || !cr_buf_ok(&slot->instead))
			return -ENOMEM;
		put(out, e, cr_buf_str(&slot->before), slot->before.len);
		if (slot->instead.len)
			put(out, e, slot->instead.s, slot->instead.len);
		else if (!slot->drop && i < e->s.n)
			put(out, e, e->s.lines[i].text.s, e->s.lines[i].text.len);
	}
	return cr_buf_ok(out) ? 0 : -ENOMEM;
}

static void edit_fini(struct edit *e)
{
	size_t i;

	for (i = 0; e->slots && i <= e->s.n; i++) {
		cr_buf_fini(&e->slots[i].before);
		cr_buf_fini(&e->slots[i].instead);
	}
	free(e->slots);
	cr_policy_free(e->have);
	cr_scan_fini(&e->s);
}

int cr_ini_edit(const char *text, size_t len, const struct cr_policy *want, struct cr_buf *out)
{
	struct edit e = { .want = want, .eol = "\n", .fresh = len == 0 };
	int rc = cr_scan_text("policy", text, len, &e.s, NULL);

	if (rc == 0)
		rc = cr_text_model("policy", &e.s, &e.have, NULL);
	if (rc < 0)
		goto out;
	if (e.s.n && eol_len(e.s.lines[0].text) == 2)
		e.eol = "\r\n";
	rc = -ENOMEM;
	e.slots = calloc(e.s.n + 1, sizeof(*e.slots));
	if (!e.slots)
		goto out;
	edit_headers(&e);
	rc = edit_lines(&e);
	if (rc == 0)
		rc = emit(&e, out);
out:
	edit_fini(&e);
	return rc;
}
