/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz-ini - policy files that nobody would write
 *
 * What is accepted must survive being edited: unchanged when nothing is wanted, and still valid,
 * with the same rules and one more, when a rule is added. Built with -fsanitize=fuzzer -DCR_FUZZER
 * it is a libFuzzer target; else it replays the files it is given.
 */
#include <string.h>

#include "cr/ini.h"
#include "fuzz.h"

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : !a && !b;
}

static void check_windows(const struct cr_policy *a, const struct cr_policy *b)
{
	size_t i;

	must(a->n_windows == b->n_windows, "there are as many windows");
	for (i = 0; i < a->n_windows; i++) {
		const struct cr_policy_window *x = a->windows[i], *y = b->windows[i];

		must(x->number == y->number && x->scope == y->scope && x->n_rules == y->n_rules &&
		     same_text(x->function, y->function) && same_text(x->object, y->object),
		     "the windows are the same");
		must(cr_policy_window_find(a, x->object, x->function) == x->number,
		     "a window is found by its name");
	}
}

/* A condition is written in one way, and read as the same. */
static void check_condition(const struct cr_rule *r)
{
	cr_auto_buf struct cr_buf text = CR_BUF_INIT;
	struct cr_conds *again = NULL;
	struct cr_err err;

	cr_conds_print(r->abi, r->nr, r->cond, &text);
	must(cr_buf_ok(&text), "a condition can be written");
	must(cr_conds_parse(r->abi, r->nr, cr_buf_str(&text), &again, NULL, &err) == 0,
	     "what was written can be read");
	must(cr_conds_equal(r->cond, again), "and is the same");
	cr_conds_free(again);
}

static void check_conditions(const struct cr_policy *p)
{
	size_t i;

	for (i = 0; i < p->n_rules; i++)
		if (p->rules[i]->cond)
			check_condition(p->rules[i]);
}

/* What was edited, read again; NULL for a file that was full to the brim. */
static struct cr_policy *again(const struct cr_buf *text)
{
	struct cr_policy *p = NULL;
	struct cr_err err;

	if (cr_ini_parse("fuzz", cr_buf_str(text), text->len, &p, &err) < 0)
		must(strstr(err.text, "too large"), err.text);
	return p;
}

static void witness(struct cr_rule *r)
{
	struct cr_evidence ev = { .seen = 1, .calls = 1, .stack = (char *)"f \"x\" \\ < g" };

	must(cr_rule_witness(r, &ev) == 0, "a rule takes evidence");
}

static void grow(struct cr_policy *p, const char *text, size_t size)
{
	struct cr_window_name name = { "f \"x\" \\ [y];%", "#o", CR_SCOPE_PROCESS };
	cr_auto_buf struct cr_buf out = CR_BUF_INIT;
	struct cr_policy *got;
	int n = cr_policy_window_add(p, 0, &name);

	if (n < 0)
		n = (int)cr_policy_window_find(p, name.object, name.function);
	must(cr_policy_set(p, NULL, CR_ABI_X32, 1000, CR_ACT_ALLOW, 0) == 0, "a rule can be set");
	witness(cr_policy_own(p, CR_ABI_X32, 1000));
	if (n) {
		must(cr_policy_set_in(p, (unsigned int)n, CR_ABI_I386, 1001, CR_ACT_ALLOW, 0) == 0,
		     "so can one in a window");
		witness(cr_policy_own_in(p, (unsigned int)n, CR_ABI_I386, 1001));
	}
	must(cr_ini_edit(text, size, p, &out) == 0, "a longer policy can be written");
	got = again(&out);
	if (!got)
		return;
	must(got->n_own == p->n_own && got->n_rules == p->n_rules, "the rules are the same");
	must(cr_rule_learned(cr_policy_own(got, CR_ABI_X32, 1000)), "the new rule is learned");
	must(!n || cr_rule_learned(cr_policy_own_in(got, (unsigned int)n, CR_ABI_I386, 1001)),
	     "and the one in the window");
	check_windows(p, got);
	cr_policy_free(got);
}

static void shrink(struct cr_policy *p, const char *text, size_t size)
{
	cr_auto_buf struct cr_buf out = CR_BUF_INIT;
	struct cr_policy *got;
	int i;

	for (i = 0; i < 3 && p->n_windows; i++) {
		cr_policy_window_remove(p, p->windows[p->n_windows / 2]->number);
		must(cr_ini_edit(text, size, p, &out) == 0, "a shorter policy can be written");
		got = again(&out);
		must(got != NULL, "and read");
		check_windows(p, got);
		cr_policy_free(got);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cr_auto_buf struct cr_buf out = CR_BUF_INIT;
	struct cr_policy *p = NULL;
	struct cr_err err = { "", "" };
	const char *text = size ? (const char *)data : "";
	int rc = cr_ini_parse("fuzz", text, size, &p, &err);

	if (rc < 0) {
		must(err.text[0] && !p, "a refusal has words and gives nothing");
		return 0;
	}
	must(cr_ini_edit(text, size, p, &out) == 0, "what is read can be edited");
	must(!size || (out.len == size && memcmp(out.s, text, size) == 0), "and stays as it is");
	check_conditions(p);
	grow(p, text, size);
	shrink(p, text, size);
	cr_policy_free(p);
	return 0;
}
