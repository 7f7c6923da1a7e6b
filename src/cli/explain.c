/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * explain - why a call is in a policy, who needs it, and what would be lost and won without it
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "cr/cli.h"
#include "cr/filter.h"
#include "cr/ini.h"
#include "cr/log.h"
#include "cr/names.h"
#include "cr/rule.h"

enum { OPT_JSON = CR_OPT_FIRST };

static const struct cr_option options[] = {
	{ 0, "json", NULL, "print one JSON object", OPT_JSON },
	CR_OPTIONS_COMMON
};

static const char *const usage[] = {
	"Usage: chestnut explain [options] POLICY|DIR [ABI:]CALL",
	"Show why a system call is in a policy, and what would be lost and won without it.",
	"POLICY is a file, or the name of a program; DIR stands for all its policies.",
	"ABI: x86-64 (default), i386, x32.",
	"",
	NULL
};

/* What is known of one call. */
struct subject {
	struct cr_policy *p;	/* owned */
	enum cr_abi abi;
	uint32_t nr;
	struct cr_lint_rows rows;	/* owned */
	bool *open;		/* owned; rows that are open as the policy is */
	bool *shut;		/* owned; of these, rows that are not without the call */
};

static void subject_fini(struct subject *s)
{
	cr_policy_free(s->p);
	cr_lint_rows_fini(&s->rows);
	free(s->open);
	free(s->shut);
}

/* Does a word of a table, "?openat2" or "i386:mmap2", mean the call? */
static bool means(const struct subject *s, const char *word, size_t len)
{
	const char *abi = cr_abi_facts[s->abi].name;
	size_t n = strlen(abi);
	char name[CR_NAME_MAX];

	if (len && *word == '?') {
		word++;
		len--;
	}
	if (memchr(word, ':', len)) {
		if (len <= n || memcmp(word, abi, n) != 0 || word[n] != ':')
			return false;
		word += n + 1;
		len -= n + 1;
	}
	if (len >= sizeof(name))
		return false;
	memcpy(name, word, len);
	name[len] = '\0';
	return cr_name_to_nr(s->abi, name) == (int)s->nr;
}

static const char *next_word(const char **at, size_t *len)
{
	const char *word = *at + strspn(*at, " |");

	*len = strcspn(word, " |");
	*at = word + *len;
	return *len ? word : NULL;
}

static bool mentions(const struct subject *s, const char *words)
{
	const char *word;
	size_t len;

	while ((word = next_word(&words, &len)))
		if (means(s, word, len))
			return true;
	return false;
}

/* Which payloads and holes the tables' rows say are open, with and without the call. Its rule is
 * another one afterwards. */
static int weigh(struct subject *s)
{
	struct cr_lint_report report;
	size_t i;
	int rc;

	s->open = calloc(s->rows.n + 1, sizeof(*s->open));
	s->shut = calloc(s->rows.n + 1, sizeof(*s->shut));
	rc = s->open && s->shut ? cr_lint(s->p, &s->rows, &report) : -ENOMEM;
	if (rc < 0)
		return rc;
	cr_lint_fini(&report);
	for (i = 0; i < s->rows.n; i++)
		s->open[i] = s->rows.row[i].open;
	rc = cr_policy_set(s->p, NULL, s->abi, s->nr, CR_ACT_KILL, 0);
	if (rc == 0)
		rc = cr_lint(s->p, &s->rows, &report);
	if (rc < 0)
		return rc;
	cr_lint_fini(&report);
	for (i = 0; i < s->rows.n; i++)
		s->shut[i] = s->open[i] && !s->rows.row[i].open;
	return 0;
}

static void print_stack(const char *stack)
{
	const char *end;

	for (printf("  at          "); (end = strstr(stack, " < ")); stack = end + 3)
		printf("%.*s\n            < ", (int)(end - stack), stack);
	printf("%s\n", stack);
}

static void print_evidence(const struct subject *s, const struct cr_evidence *ev)
{
	printf("  made by     %u%s of %u execution%s", ev->seen, ev->more ? " or more" : "",
	       s->p->runs, s->p->runs == 1 ? "" : "s");
	if (ev->first)
		printf(", first by number %u", ev->first);
	printf("; %llu call%s counted\n", (unsigned long long)ev->calls,
	       ev->calls == 1 ? "" : "s");
	if (ev->all_runs)
		printf("              %u of the %u that traced every call since it was learned\n",
		       ev->all_seen, ev->all_runs);
	if (ev->exe)
		printf("  first       %s\n", ev->exe);
	if (ev->stack)
		print_stack(ev->stack);
}

/* The comment that belongs to a rule's line, if its file can be read. */
static void print_comment(const struct subject *s, const struct cr_rule *r)
{
	cr_auto_buf struct cr_buf words = CR_BUF_INIT;

	cr_rule_comment(s->p, r, &words);
	if (words.len)
		printf("  comment     %s\n", cr_buf_str(&words));
}

/* Its comment tells which component needs the call. */
static void print_hidden(const struct subject *s, const struct cr_rule *r)
{
	cr_auto_buf struct cr_buf words = CR_BUF_INIT;
	char action[CR_ACTION_WORDS_MAX];

	cr_rule_comment(s->p, r, &words);
	printf("  hides       \"%s\" of %s%s%s\n", cr_action_words(r, action), r->base,
	       words.len ? ": " : "", cr_buf_str(&words));
}

static void print_rule(const struct subject *s, const struct cr_policy_window *w,
		       const struct cr_rule *r)
{
	cr_auto_buf struct cr_buf where = CR_BUF_INIT;
	const struct cr_rule *own = w ? NULL : cr_policy_own(s->p, s->abi, s->nr);
	char action[CR_ACTION_WORDS_MAX];

	cr_window_words(w, &where);
	printf("\n%s\n", cr_buf_str(&where));
	if (!r) {
		printf("  rule        none\n");
		return;
	}
	printf("  rule        %s, %s%s%s, line %u\n", cr_action_words(r, action), cr_rule_origin(r),
	       r->base ? " " : "", r->base ? r->base : "", r->line);
	print_comment(s, r);
	if (cr_rule_learned(r))
		print_evidence(s, r->ev);
	if (own && cr_policy_base(s->p, s->abi, s->nr))
		print_hidden(s, cr_policy_base(s->p, s->abi, s->nr));
}

/* What strict mode makes of a call that has no rule. */
static void unknown_words(const struct subject *s, char *out, size_t size)
{
	char fate[CR_FATE_MAX];

	if (s->nr > cr_filter_horizon(s->p))
		snprintf(out, size, "fails with ENOSYS, as it is newer than the policy");
	else
		snprintf(out, size, "%s", cr_fate_words(&s->p->violation, true, fate));
}

static void print_loss(const struct subject *s, const struct cr_rule *r)
{
	const struct cr_rule *hidden = cr_policy_base(s->p, s->abi, s->nr);
	char words[128], action[CR_ACTION_WORDS_MAX];

	unknown_words(s, words, sizeof(words));
	printf("\n%s\n", r ? "without the rule" : "as it is");
	if (r && !r->base && hidden)
		printf("  the call    is still \"%s\", by %s\n", cr_action_words(hidden, action),
		       hidden->base);
	else if (s->p->outside_any)
		printf("  the call    passes outside of windows, as all calls do\n");
	else
		printf("  the call    %s in strict mode\n", words);
	if (!cr_rule_learned(r) || hidden)
		return;
	printf("  affected    %u%s of the %u execution%s that %s learned from\n", r->ev->seen,
	       r->ev->more ? " or more" : "", s->p->runs, s->p->runs == 1 ? "" : "s",
	       s->p->runs == 1 ? "it was" : "were");
}

/* "openat (allow), openat2 (no rule)" */
static void twin_words(const struct subject *s, const char *words, struct cr_buf *out)
{
	char name[CR_NAME_MAX], action[CR_ACTION_WORDS_MAX];
	struct subject other = *s;
	const char *word;
	size_t len;

	while ((word = next_word(&words, &len))) {
		if (means(s, word, len))
			continue;
		for (other.nr = 0; other.nr < CR_NR_MAX && !means(&other, word, len); other.nr++)
			;
		if (other.nr == CR_NR_MAX)
			continue;
		cr_buf_addf(out, "%s%s (%s)", out->len ? ", " : "",
			    cr_nr_to_name(s->abi, other.nr, name),
			    cr_action_words(cr_policy_find(s->p, s->abi, other.nr), action));
	}
}

static void print_twins(const struct subject *s)
{
	size_t i;

	for (i = 0; i < s->rows.n; i++) {
		const struct cr_lint_row *row = &s->rows.row[i];
		cr_auto_buf struct cr_buf twins = CR_BUF_INIT;

		if (row->table != CR_LINT_TWINS || !mentions(s, row->key))
			continue;
		twin_words(s, row->key, &twins);
		if (twins.len)
			printf("  twins       %s: %s [%s]\n", cr_buf_str(&twins), row->why,
			       row->source);
	}
}

static void print_danger(const struct subject *s)
{
	size_t i;

	for (i = 0; i < s->rows.n; i++) {
		const struct cr_lint_row *row = &s->rows.row[i];

		if (row->table == CR_LINT_CALLS && mentions(s, row->key))
			printf("  danger      %s [%s]\n", row->why, row->source);
	}
}

static void print_shut(const struct subject *s, enum cr_lint_table table, const char *what)
{
	const char *between = "";
	size_t i;

	for (i = 0; i < s->rows.n; i++) {
		if (s->rows.row[i].table != table || !s->shut[i])
			continue;
		printf("%s%s", *between ? between : what, s->rows.row[i].key);
		between = ", ";
	}
	printf("%s", *between ? "\n" : "");
}

static bool any_row(const struct subject *s)
{
	bool any = false;
	size_t i;

	for (i = 0; i < s->rows.n; i++)
		any |= s->shut[i] || (!s->rows.row[i].need && mentions(s, s->rows.row[i].key));
	return any;
}

static int print_all(struct subject *s)
{
	const struct cr_rule *r = cr_policy_find(s->p, s->abi, s->nr);
	char name[CR_NAME_MAX];
	size_t i;
	int rc;

	printf("%s (%s, number %u)\n", cr_nr_to_name(s->abi, s->nr, name),
	       cr_abi_facts[s->abi].name, s->nr);
	print_rule(s, NULL, r);
	for (i = 0; i < s->p->n_windows; i++)
		print_rule(s, s->p->windows[i],
			   cr_policy_find_in(s->p, s->p->windows[i]->number, s->abi, s->nr));
	print_loss(s, r);
	rc = weigh(s);
	if (rc < 0)
		return rc;
	if (any_row(s))
		printf("\nabout the call\n");
	print_twins(s);
	print_danger(s);
	print_shut(s, CR_LINT_PAYLOADS, "  to deny it  cuts off ");
	print_shut(s, CR_LINT_CVES, "  to deny it  closes ");
	return 0;
}

static void json_place(const struct subject *s, const struct cr_policy_window *w,
		       struct cr_json *j, struct json_object *list)
{
	const struct cr_rule *r = cr_policy_find_in(s->p, w ? w->number : 0, s->abi, s->nr);
	cr_auto_buf struct cr_buf words = CR_BUF_INIT;
	struct json_object *o = cr_json_object(j, list, NULL), *rules;

	if (w)
		cr_json_count(j, o, "window", w->number);
	else
		cr_json_text(j, o, "window", NULL);
	cr_json_text(j, o, "function", w ? w->function : NULL);
	cr_json_text(j, o, "object", w ? w->object : NULL);
	rules = cr_json_array(j, o, "rules");
	if (r)
		cr_rule_json(r, j, rules);
	if (r)
		cr_rule_comment(s->p, r, &words);
	cr_json_text(j, o, "comment", words.len ? words.s : NULL);
}

static void json_tables(const struct subject *s, struct cr_json *j)
{
	struct json_object *list = cr_json_array(j, j->top, "tables"), *o;
	static const char *const kinds[] = {
		[CR_LINT_CALLS] = "danger", [CR_LINT_TWINS] = "twins",
		[CR_LINT_PAYLOADS] = "cuts-off", [CR_LINT_CVES] = "closes",
	};
	size_t i;

	for (i = 0; i < s->rows.n; i++) {
		const struct cr_lint_row *row = &s->rows.row[i];

		if (row->need ? !s->shut[i] : !mentions(s, row->key))
			continue;
		o = cr_json_object(j, list, NULL);
		cr_json_text(j, o, "kind", kinds[row->table]);
		cr_json_text(j, o, "name", row->key);
		cr_json_text(j, o, "why", row->why);
		cr_json_text(j, o, "source", row->source);
	}
}

static int print_json(struct subject *s)
{
	const struct cr_rule *r = cr_policy_find(s->p, s->abi, s->nr);
	const struct cr_rule *hidden = cr_policy_base(s->p, s->abi, s->nr);
	struct json_object *list;
	char words[128];
	struct cr_json j;
	size_t i;
	int rc;

	cr_json_begin(&j);
	cr_json_text(&j, j.top, "policy", s->p->path);
	cr_json_text(&j, j.top, "abi", cr_abi_facts[s->abi].name);
	cr_json_text(&j, j.top, "call", cr_nr_to_name(s->abi, s->nr, words));
	cr_json_count(&j, j.top, "nr", s->nr);
	list = cr_json_array(&j, j.top, "places");
	json_place(s, NULL, &j, list);
	for (i = 0; i < s->p->n_windows; i++)
		json_place(s, s->p->windows[i], &j, list);
	if (r && !r->base && hidden)
		snprintf(words, sizeof(words), "%s", hidden->base);
	else
		unknown_words(s, words, sizeof(words));
	cr_json_text(&j, j.top, "without", words);
	rc = weigh(s);
	if (rc == 0)
		json_tables(s, &j);
	j.failed |= rc < 0;
	return cr_json_end(&j, stdout);
}

struct asked {
	enum cr_abi abi;
	uint32_t nr;
	bool json;
	bool many;		/* the policies of a directory: each is named */
	unsigned int shown;
};

static int explain_one(const char *path, void *ctx, struct cr_err *err)
{
	struct asked *asked = ctx;
	struct subject s = { .abi = asked->abi, .nr = asked->nr };
	int rc = cr_ini_load(path, &s.p, err);

	if (rc == 0)
		rc = cr_lint_tables(NULL, &s.rows, err);
	if (rc == 0 && asked->shown++ && !asked->json)
		printf("\n");
	if (rc == 0 && asked->many && !asked->json)
		printf("%s: ", path);
	if (rc == 0 && (asked->json ? print_json(&s) : print_all(&s)) < 0)
		rc = cr_err_sys(err, -ENOMEM, "cannot explain %s", path);
	subject_fini(&s);
	return rc;
}

static int explain(const char *policy, const char *call, bool json, struct cr_err *err)
{
	struct asked asked = { .json = json, .many = cr_is_directory(policy) };
	int nr = cr_call_parse(call, &asked.abi, err);

	if (nr < 0)
		return nr;
	asked.nr = (uint32_t)nr;
	return cr_policy_each(policy, explain_one, &asked, err);
}

int cr_cmd_explain(int argc, char **argv)
{
	struct cr_options it = CR_OPTIONS_INIT(options, argc, argv);
	struct cr_err err = { "", "" };
	bool json = false;
	int id;

	while ((id = cr_options_next(&it, &err)) > 0) {
		if (cr_options_common(&it, id, usage))
			return CR_EXIT_OK;
		json |= id == OPT_JSON;
	}
	if (id == 0 && argc - it.at != 2) {
		id = cr_err_set(&err, -EINVAL, "explain wants a policy and a call");
		cr_err_hint(&err, "chestnut explain POLICY CALL");
	}
	if (id < 0) {
		cr_log_err(&err);
		return CR_EXIT_USAGE;
	}
	if (explain(argv[it.at], argv[it.at + 1], json, &err) == 0)
		return CR_EXIT_OK;
	cr_log_err(&err);
	return CR_EXIT_FAIL;
}
