/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "cr/diff.h"
#include "cr/names.h"
#include "value.h"

/* Evidence is compared whole: only a line of a file has a limit. */
#define NO_LIMIT ((size_t)1 << 24)

struct diffing {
	const struct cr_policy *side[2];
	unsigned int what;
	struct cr_diff *out;
	/* The window that is being compared: NULL, and 0 on each side, outside; NOWHERE on a side
	 * that has it not. */
	const struct cr_policy_window *window;
	unsigned int number[2];
};

#define NOWHERE (CR_WINDOW_NR_MAX + 1)

void cr_diff_fini(struct cr_diff *d)
{
	size_t i;

	for (i = 0; i < d->n; i++) {
		free(d->v[i].a);
		free(d->v[i].b);
	}
	free(d->v);
	*d = (struct cr_diff){ NULL, 0 };
}

/* Notes what differs; an empty text says nothing. */
static int note_texts(struct diffing *d, struct cr_difference *x, struct cr_buf text[2])
{
	struct cr_difference *grown;

	if (!cr_buf_ok(&text[0]) || !cr_buf_ok(&text[1]))
		return -ENOMEM;
	if (strcmp(cr_buf_str(&text[0]), cr_buf_str(&text[1])) == 0)
		return 0;
	grown = realloc(d->out->v, (d->out->n + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	d->out->v = grown;
	x->a = text[0].len ? cr_buf_take(&text[0]) : NULL;
	x->b = text[1].len ? cr_buf_take(&text[1]) : NULL;
	grown[d->out->n++] = *x;
	return 0;
}

/* Eats the texts. */
static int note(struct diffing *d, struct cr_difference *x, struct cr_buf text[2])
{
	int rc = note_texts(d, x, text);

	cr_buf_fini(&text[0]);
	cr_buf_fini(&text[1]);
	return rc;
}

/* The number of executions is evidence: each new run changes it, and no rule with it. */
static bool compared(const struct diffing *d, enum cr_header head)
{
	if (head == CR_HEAD_DIGEST)	/* follows from the rest */
		return false;
	if (head == CR_HEAD_RUNS || head == CR_HEAD_ALL_RUNS || head == CR_HEAD_LOST)
		return d->what & CR_DIFF_EVIDENCE;
	if (head == CR_HEAD_INCLUDE)
		return !(d->what & CR_DIFF_EFFECTIVE);
	return true;
}

static int header(struct diffing *d, enum cr_header head)
{
	struct cr_difference x = { .kind = CR_DIFF_HEADER, .key = cr_header_names[head] };
	struct cr_buf text[2] = { CR_BUF_INIT, CR_BUF_INIT };
	int i;

	if (!compared(d, head))
		return 0;
	for (i = 0; i < 2; i++)
		cr_value_header_text(d->side[i], head, &text[i]);
	return note(d, &x, text);
}

static const struct cr_rule *rule_of(const struct diffing *d, int side, enum cr_abi abi,
				     uint32_t nr)
{
	return d->what & CR_DIFF_EFFECTIVE ?
	       cr_policy_find_in(d->side[side], d->number[side], abi, nr) :
	       cr_policy_own_in(d->side[side], d->number[side], abi, nr);
}

static int rule(struct diffing *d, enum cr_abi abi, uint32_t nr, bool witness)
{
	struct cr_difference x = { .kind = witness ? CR_DIFF_WITNESS : CR_DIFF_RULE,
				   .abi = abi, .nr = nr, .window = d->window };
	struct cr_buf text[2] = { CR_BUF_INIT, CR_BUF_INIT };
	const struct cr_rule *r[2];
	int i;

	for (i = 0; i < 2; i++) {
		r[i] = rule_of(d, i, abi, nr);
		if (r[i] && !witness)
			cr_rule_print(r[i], &text[i]);
		else if (r[i] && r[i]->ev)
			cr_value_evidence_text(r[i]->ev, NO_LIMIT, &text[i]);
	}
	x.ra = r[0];
	x.rb = r[1];
	return note(d, &x, text);
}

static int by_place(const void *pa, const void *pb)
{
	const struct cr_difference *a = pa, *b = pb;
	char na[CR_NAME_MAX], nb[CR_NAME_MAX];
	int rc;

	if (a->abi != b->abi)
		return a->abi < b->abi ? -1 : 1;
	rc = strcmp(cr_nr_to_name(a->abi, a->nr, na), cr_nr_to_name(b->abi, b->nr, nb));
	return rc ? rc : (int)a->kind - (int)b->kind;
}

static int rules(struct diffing *d)
{
	size_t first = d->out->n;
	enum cr_abi abi;
	uint32_t nr;
	int rc = 0;

	for (abi = 0; abi < CR_ABI_COUNT; abi++) {
		for (nr = 0; nr < CR_NR_MAX && rc == 0; nr++) {
			rc = rule(d, abi, nr, false);
			if (rc == 0 && d->what & CR_DIFF_EVIDENCE)
				rc = rule(d, abi, nr, true);
		}
	}
	if (d->out->n > first)
		qsort(d->out->v + first, d->out->n - first, sizeof(*d->out->v), by_place);
	return rc;
}

/* Each side's window of the same function as @w. */
static int window(struct diffing *d, const struct cr_policy_window *w)
{
	struct cr_difference x = { .kind = CR_DIFF_WINDOW, .window = w };
	struct cr_buf text[2] = { CR_BUF_INIT, CR_BUF_INIT };
	const struct cr_policy_window *there;
	int i, rc;

	d->window = w;
	for (i = 0; i < 2; i++) {
		d->number[i] = cr_policy_window_find(d->side[i], w->object, w->function);
		if (!d->number[i])
			d->number[i] = NOWHERE;
		there = cr_policy_window(d->side[i], d->number[i]);
		if (there)
			cr_buf_add(&text[i], cr_scope_name(there->scope));
	}
	rc = note(d, &x, text);
	return rc < 0 ? rc : rules(d);
}

static int windows(struct diffing *d)
{
	const struct cr_policy *a = d->side[0], *b = d->side[1];
	size_t i;
	int rc = 0;

	for (i = 0; i < a->n_windows && rc == 0; i++)
		rc = window(d, a->windows[i]);
	for (i = 0; i < b->n_windows && rc == 0; i++)
		if (!cr_policy_window_find(a, b->windows[i]->object, b->windows[i]->function))
			rc = window(d, b->windows[i]);
	return rc;
}

int cr_diff_policies(const struct cr_policy *a, const struct cr_policy *b, unsigned int what,
		     struct cr_diff *out)
{
	struct diffing d = { .side = { a, b }, .what = what, .out = out };
	int head, rc = 0;

	*out = (struct cr_diff){ NULL, 0 };
	for (head = 0; head < CR_HEAD_COUNT && rc == 0; head++)
		rc = header(&d, (enum cr_header)head);
	if (rc == 0)
		rc = rules(&d);
	if (rc == 0)
		rc = windows(&d);
	if (rc < 0)
		cr_diff_fini(out);
	return rc;
}
