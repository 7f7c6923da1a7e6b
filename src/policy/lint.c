/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cr/buf.h"
#include "cr/lint.h"
#include "cr/names.h"
#include "ranges.h"

#define COLUMNS_MAX 5
#define VALUES_MAX 65536u

static const char *const files[CR_LINT_TABLES] = {
	[CR_LINT_CALLS] = "lint-calls.tsv",
	[CR_LINT_TWINS] = "lint-twins.tsv",
	[CR_LINT_PAYLOADS] = "lint-payloads.tsv",
	[CR_LINT_CVES] = "lint-cves.tsv",
};

const char *cr_lint_file(enum cr_lint_table table)
{
	return files[table];
}

/* The calls that a word like "mmap", "i386:mmap2", "?io_pgetevents" or "clone!" means: its number
 * in each ABI, or -1. How many there are. */
static unsigned int calls_of(const char *word, size_t len, int nr[CR_ABI_COUNT])
{
	char name[CR_NAME_MAX];
	unsigned int i, n = 0;
	size_t prefix;

	for (i = 0; i < CR_ABI_COUNT; i++)
		nr[i] = -1;
	if (len && *word == '?') {
		word++;
		len--;
	}
	len -= len && word[len - 1] == '!';
	for (i = 0; i < CR_ABI_COUNT; i++) {
		const char *abi = cr_abi_facts[i].name;

		prefix = strlen(abi);
		if (len > prefix && strncmp(word, abi, prefix) == 0 && word[prefix] == ':')
			break;
	}
	prefix = i < CR_ABI_COUNT ? prefix + 1 : 0;
	if (len - prefix >= sizeof(name))
		return 0;
	memcpy(name, word + prefix, len - prefix);
	name[len - prefix] = '\0';
	if (i < CR_ABI_COUNT) {
		nr[i] = cr_name_to_nr((enum cr_abi)i, name);
		return nr[i] >= 0;
	}
	for (i = 0; i < CR_ABI_COUNT; i++) {
		nr[i] = cr_name_to_nr((enum cr_abi)i, name);
		n += nr[i] >= 0;
	}
	return n;
}

/* The words of a field: blanks and bars stand between them. NULL at the end. */
static const char *next_word(const char **at, size_t *len)
{
	const char *word = *at + strspn(*at, " |");

	*len = strcspn(word, " |");
	*at = word + *len;
	return *len ? word : NULL;
}

struct reading {
	enum cr_lint_table table;
	const char *path;	/* borrowed: from the caller */
	unsigned int line;
	struct cr_err *err;	/* borrowed; may be NULL */
};

static int check_names(const struct reading *r, const char *field)
{
	int nr[CR_ABI_COUNT];
	const char *word;
	size_t len;

	while ((word = next_word(&field, &len))) {
		if (*word != '?' && !calls_of(word, len, nr))
			return cr_err_set(r->err, -EINVAL, "%s:%u: no syscall is called \"%.*s\"",
					  r->path, r->line, (int)len, word);
	}
	return 0;
}

static int level_of(const char *word, enum cr_lint_level *level)
{
	static const struct {
		const char *word;
		enum cr_lint_level level;
	} levels[] = {
		{ "note", CR_LINT_NOTE }, { "warn", CR_LINT_WARN }, { "loud", CR_LINT_LOUD },
	};
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(levels); i++) {
		if (strcmp(levels[i].word, word) == 0) {
			*level = levels[i].level;
			return 0;
		}
	}
	return -EINVAL;
}

static void row_fini(struct cr_lint_row *row)
{
	unsigned int i;

	for (i = 0; i < CR_ABI_COUNT; i++)
		cr_conds_free(row->harmless[i]);
	free(row->key);
	free(row->need);
	free(row->why);
	free(row->source);
}

/* A call may have other arguments in other ABIs, and nothing harmless there (i386's mmap). */
static int read_harmless(const struct reading *r, const char *call, const char *text,
			 struct cr_lint_row *row)
{
	struct cr_err err = { "", "" };
	int nr[CR_ABI_COUNT], rc = -EINVAL;
	unsigned int i;

	calls_of(call, strlen(call), nr);
	for (i = 0; i < CR_ABI_COUNT; i++) {
		if (nr[i] >= 0 && cr_conds_parse((enum cr_abi)i, (uint32_t)nr[i], text,
						 &row->harmless[i], NULL,
						 rc < 0 ? &err : NULL) == 0)
			rc = 0;
	}
	return rc == 0 ? 0 : cr_err_set(r->err, rc, "%s:%u: %s", r->path, r->line, err.text);
}

/* @column: the fields of one row, each not empty. */
static int fill_row(const struct reading *r, char **column, unsigned int n,
		    struct cr_lint_row *row)
{
	bool twins = r->table == CR_LINT_TWINS;
	const char *calls = twins || r->table == CR_LINT_CALLS ? column[0] : column[1];
	int rc = check_names(r, calls);

	row->table = r->table;
	if (rc == 0 && r->table == CR_LINT_CALLS && level_of(column[1], &row->level) < 0)
		rc = cr_err_set(r->err, -EINVAL, "%s:%u: a level is note, warn or loud", r->path,
				r->line);
	if (rc == 0 && n == COLUMNS_MAX)
		rc = read_harmless(r, calls, column[4], row);
	if (rc < 0) {
		row_fini(row);
		return rc;
	}
	row->key = strdup(column[0]);
	row->why = strdup(column[twins ? 1 : 2]);
	row->source = strdup(column[twins ? 2 : 3]);
	if (calls == column[1])
		row->need = strdup(calls);
	if (row->key && row->why && row->source && (row->need || calls != column[1]))
		return 0;
	row_fini(row);
	return cr_err_sys(r->err, -ENOMEM, "cannot read %s", r->path);
}

static int add_row(const struct reading *r, char *line, struct cr_lint_rows *rows)
{
	unsigned int n = 0, want = r->table == CR_LINT_TWINS ? 3 : 4;
	unsigned int most = r->table == CR_LINT_CALLS ? COLUMNS_MAX : want;
	char *column[COLUMNS_MAX + 1], *field;
	struct cr_lint_row row = { 0 }, *more;
	int rc;

	while (n <= COLUMNS_MAX && (field = strsep(&line, "\t")) && *field)
		column[n++] = field;
	if (n < want || n > most || line)
		return cr_err_set(r->err, -EINVAL, "%s:%u: a row has %u fields with tabs between",
				  r->path, r->line, want);
	rc = fill_row(r, column, n, &row);
	if (rc < 0)
		return rc;
	more = reallocarray(rows->row, rows->n + 1, sizeof(*rows->row));
	if (!more) {
		row_fini(&row);
		return cr_err_sys(r->err, -ENOMEM, "cannot read %s", r->path);
	}
	rows->row = more;
	rows->row[rows->n++] = row;
	return 0;
}

int cr_lint_read(struct cr_lint_rows *rows, enum cr_lint_table table, const char *path,
		 const char *text, struct cr_err *err)
{
	struct reading r = { .table = table, .path = path, .err = err };
	cr_auto_free char *copy = strdup(text);
	char *rest = copy, *line;
	int rc = 0;

	if (!copy)
		return cr_err_sys(err, -ENOMEM, "cannot read %s", path);
	while (rc == 0 && (line = strsep(&rest, "\n"))) {
		r.line++;
		if (*line && *line != '#')
			rc = add_row(&r, line, rows);
	}
	return rc;
}

void cr_lint_rows_fini(struct cr_lint_rows *rows)
{
	size_t i;

	for (i = 0; i < rows->n; i++)
		row_fini(&rows->row[i]);
	free(rows->row);
	*rows = (struct cr_lint_rows){ NULL, 0 };
}

/* Whatever fits @t, does it fit @h? Where that are too many numbers to look at, it is not said. */
static bool implies(const struct cr_test *t, const struct cr_test *h)
{
	uint64_t v, left = VALUES_MAX;
	size_t i;

	if (t->arg != h->arg || (h->mask & ~t->mask))
		return false;
	for (i = 0; i < t->in.n; i++) {
		if (t->in.v[i].hi - t->in.v[i].lo >= left)
			return false;
		left -= t->in.v[i].hi - t->in.v[i].lo + 1;
		for (v = t->in.v[i].lo; ; v++) {
			if (!cr_ranges_has(&h->in, v & h->mask))
				return false;
			if (v == t->in.v[i].hi)
				break;
		}
	}
	return true;
}

static bool alternative_implies(const struct cr_alternative *a, const struct cr_alternative *h)
{
	size_t i, k;

	for (i = 0; i < h->n; i++) {
		for (k = 0; k < a->n && !implies(&a->test[k], &h->test[i]); k++)
			;
		if (k == a->n)
			return false;
	}
	return true;
}

/* Does @r let pass only what is harmless? */
static bool harmless(const struct cr_rule *r, const struct cr_conds *h)
{
	size_t i, k;

	if (!h || !r->cond || r->other == CR_ACT_ALLOW || r->other == CR_ACT_LOG)
		return false;
	for (i = 0; i < r->cond->n; i++) {
		for (k = 0; k < h->n && !alternative_implies(&r->cond->alt[i], &h->alt[k]); k++)
			;
		if (k == h->n)
			return false;
	}
	return true;
}

/* The rule by which a call can be made anywhere with more than harmless (NULL: any) arguments, and
 * the window where that is; NULL when there is none. "outside = any" needs no rule. */
static const struct cr_rule *reach(const struct cr_policy *p, enum cr_abi abi, uint32_t nr,
				   const struct cr_conds *h,
				   const struct cr_policy_window **window)
{
	const struct cr_rule *r = cr_policy_find(p, abi, nr);
	size_t i;

	*window = NULL;
	if (cr_rule_passes(r) && !p->outside_any && !harmless(r, h))
		return r;
	for (i = 0; i < p->n_windows; i++) {
		r = cr_policy_find_in(p, p->windows[i]->number, abi, nr);
		if (!cr_rule_passes(r) || harmless(r, h))
			continue;
		*window = p->windows[i];
		return r;
	}
	return NULL;
}

static const struct cr_lint_row *row_of(const struct cr_lint_rows *rows, const char *word,
					size_t len)
{
	size_t i;

	for (i = 0; i < rows->n; i++) {
		if (rows->row[i].table == CR_LINT_CALLS && strlen(rows->row[i].key) == len &&
		    memcmp(rows->row[i].key, word, len) == 0)
			return &rows->row[i];
	}
	return NULL;
}

static uint32_t horizon_of(const struct cr_policy *p)
{
	return p->horizon_nr ? p->horizon_nr : cr_nr_highest(CR_ABI_NATIVE);
}

/* What no rule names is made, at least outside of windows. */
static bool open_outside(const struct cr_policy *p)
{
	return p->outside_any || p->violation.what == CR_ACT_LOG;
}

/* Is a call made that no rule lets pass? "never" is what all others are. */
static bool made_anyway(const struct cr_policy *p, enum cr_abi abi, uint32_t nr)
{
	const struct cr_rule *r = cr_policy_find(p, abi, nr);

	return p->outside_any || (open_outside(p) && nr <= horizon_of(p) &&
				  (!r || cr_rule_says(r, CR_ACT_NEVER) ||
				   (r->cond && r->other == CR_ACT_NONE)));
}

static bool word_reachable(const struct cr_policy *p, const struct cr_lint_rows *rows,
			   const char *word, size_t len)
{
	bool harmful = word[len - 1] == '!';
	const struct cr_lint_row *row = harmful ? row_of(rows, word, len - 1) : NULL;
	const struct cr_policy_window *window;
	int nr[CR_ABI_COUNT];
	unsigned int i;

	calls_of(word, len, nr);
	for (i = 0; i < CR_ABI_COUNT; i++) {
		enum cr_abi abi = (enum cr_abi)i;
		uint32_t n = (uint32_t)nr[i];

		if (nr[i] >= 0 && (made_anyway(p, abi, n) ||
				   reach(p, abi, n, row ? row->harmless[i] : NULL, &window)))
			return true;
	}
	return false;
}

/* Is one call of each group of "a|b c|d" reachable? */
static bool need_met(const struct cr_policy *p, const struct cr_lint_rows *rows, const char *need)
{
	const char *word, *at = need;
	bool met = true, any;
	size_t len, group;

	while (met && *(at += strspn(at, " "))) {
		group = strcspn(at, " ");
		any = false;
		for (word = at; word < at + group; word += len + 1) {
			len = strcspn(word, " |");
			any |= word_reachable(p, rows, word, len);
		}
		at += group;
		met = any;
	}
	return met;
}

static int add_finding(struct cr_lint_report *report, const struct cr_lint_finding *f)
{
	struct cr_lint_finding *more =
		reallocarray(report->finding, report->n + 1, sizeof(*report->finding));

	if (!more)
		return -ENOMEM;
	report->finding = more;
	report->finding[report->n++] = *f;
	return 0;
}

static int lint_call(const struct cr_policy *p, const struct cr_lint_row *row,
		     struct cr_lint_report *report)
{
	struct cr_lint_finding f = { .level = row->level, .row = row };
	int nr[CR_ABI_COUNT], rc = 0;
	unsigned int i;

	calls_of(row->key, strlen(row->key), nr);
	for (i = 0; rc == 0 && i < CR_ABI_COUNT; i++) {
		f.abi = (enum cr_abi)i;
		f.nr = (uint32_t)nr[i];
		f.rule = nr[i] < 0 ? NULL : reach(p, f.abi, f.nr, row->harmless[i], &f.window);
		if (f.rule)
			rc = add_finding(report, &f);
	}
	return rc;
}

/* The twins in one ABI, outside or in one window. Who has written a rule for one of them, whatever
 * it says, has decided. */
static int lint_twins(const struct cr_policy *p, const struct cr_policy_window *window,
		      const struct cr_lint_row *row, enum cr_abi abi,
		      struct cr_lint_report *report)
{
	struct cr_lint_finding f = {
		.level = CR_LINT_OFFER, .abi = abi, .row = row, .window = window,
	};
	struct cr_buf missing = CR_BUF_INIT;
	const char *word, *at = row->key;
	const struct cr_rule *r;
	int nr[CR_ABI_COUNT];
	char name[CR_NAME_MAX];
	size_t len;

	while ((word = next_word(&at, &len))) {
		calls_of(word, len, nr);
		if (nr[abi] < 0)
			continue;
		r = cr_policy_find_in(p, window ? window->number : 0, abi, (uint32_t)nr[abi]);
		if (cr_rule_passes(r) && !f.rule) {
			f.rule = r;
			f.nr = r->nr;
		} else if (!r) {
			cr_buf_addf(&missing, "%s%s", missing.len ? " " : "",
				    cr_nr_to_name(abi, (uint32_t)nr[abi], name));
		}
	}
	if (!f.rule || !missing.len) {
		cr_buf_fini(&missing);
		return 0;
	}
	f.twins = cr_buf_take(&missing);
	if (f.twins && add_finding(report, &f) == 0)
		return 0;
	free(f.twins);
	return -ENOMEM;
}

/* In each ABI, outside and in each window. */
static int lint_all_twins(const struct cr_policy *p, const struct cr_lint_row *row,
			  struct cr_lint_report *report)
{
	unsigned int abi;
	int rc = 0;
	size_t i;

	for (abi = 0; rc == 0 && abi < CR_ABI_COUNT; abi++) {
		if (!open_outside(p))
			rc = lint_twins(p, NULL, row, (enum cr_abi)abi, report);
		for (i = 0; rc == 0 && i < p->n_windows && p->violation.what != CR_ACT_LOG; i++)
			rc = lint_twins(p, p->windows[i], row, (enum cr_abi)abi, report);
	}
	return rc;
}

static void measure(const struct cr_policy *p, struct cr_lint_report *report)
{
	const struct cr_policy_window *window;
	char name[CR_NAME_MAX];
	unsigned int i;
	uint32_t nr;

	for (i = 0; i < CR_ABI_COUNT; i++) {
		for (nr = 0; nr < CR_NR_MAX; nr++) {
			bool named = strncmp(cr_nr_to_name((enum cr_abi)i, nr, name), "nr:",
					     3) != 0;
			bool open = reach(p, (enum cr_abi)i, nr, NULL, &window);

			open = open || (named && made_anyway(p, (enum cr_abi)i, nr));
			report->reachable[i] += open;
			report->known[i] += open || named;
		}
	}
}

static int by_level(const void *a, const void *b)
{
	const struct cr_lint_finding *x = a, *y = b;

	if (x->level != y->level)
		return x->level > y->level ? -1 : 1;
	if (x->abi != y->abi)
		return x->abi < y->abi ? -1 : 1;
	return x->row < y->row ? -1 : x->row > y->row;
}

int cr_lint(const struct cr_policy *p, struct cr_lint_rows *rows, struct cr_lint_report *report)
{
	int rc = 0;
	size_t i;

	*report = (struct cr_lint_report){ .n = 0 };
	for (i = 0; rc == 0 && i < rows->n; i++) {
		struct cr_lint_row *row = &rows->row[i];

		row->open = row->need && need_met(p, rows, row->need);
		if (row->table == CR_LINT_CALLS)
			rc = lint_call(p, row, report);
		else if (row->table == CR_LINT_TWINS)
			rc = lint_all_twins(p, row, report);
	}
	if (rc < 0) {
		cr_lint_fini(report);
		return rc;
	}
	measure(p, report);
	report->warnings = p->outside_any + (p->violation.what == CR_ACT_LOG);
	for (i = 0; i < report->n; i++)
		report->warnings += report->finding[i].level >= CR_LINT_WARN;
	if (report->n)
		qsort(report->finding, report->n, sizeof(*report->finding), by_level);
	return 0;
}

void cr_lint_fini(struct cr_lint_report *report)
{
	size_t i;

	for (i = 0; i < report->n; i++)
		free(report->finding[i].twins);
	free(report->finding);
	*report = (struct cr_lint_report){ .n = 0 };
}
