/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Conditions on arguments for formats that only know "these arguments have these values", several
 * of which are alternatives: OCI's args, minijail's expressions. What cannot be spelled out in a
 * handful of these is not held.
 */
#include <errno.h>
#include <string.h>

#include "export-int.h"

/* So many alternatives for one call; more is no profile that somebody reads. */
#define CASES_MAX 64

struct spelling {
	cr_export_case *each;	/* NULL: they are only counted */
	void *ctx;
	unsigned int count;
	bool ranged;		/* some test is no equality */
	struct cr_export_test test[6];
	size_t n;
};

/* Two tests of one argument are one, when both ask for bits to have values. -EDOM: not then;
 * -ENOENT: they contradict each other. */
static int join(struct cr_export_test *to, const struct cr_export_test *t)
{
	if (to->op != CR_EXPORT_BITS || t->op != CR_EXPORT_BITS)
		return -EDOM;
	if ((to->value ^ t->value) & to->mask & t->mask)
		return -ENOENT;
	to->mask |= t->mask;
	to->value |= t->value;
	return 0;
}

static int spell(struct spelling *s, const struct cr_alternative *alt, size_t i);

/* With @t for test @i of @alt, go on with the next. */
static int with(struct spelling *s, const struct cr_alternative *alt, size_t i,
		const struct cr_export_test *t)
{
	const struct spelling keep = *s;
	int rc = 0;

	if (s->n && s->test[s->n - 1].arg == t->arg)
		rc = join(&s->test[s->n - 1], t);
	else
		s->test[s->n++] = *t;
	if (rc == 0)
		rc = spell(s, alt, i + 1);
	memcpy(s->test, keep.test, sizeof(s->test));
	s->n = keep.n;
	return rc == -ENOENT ? 0 : rc;
}

static int with_interval(struct spelling *s, const struct cr_alternative *alt, size_t i,
			 const struct cr_interval *in)
{
	const struct cr_test *test = &alt->test[i];
	struct cr_export_test t = {
		.arg = test->arg, .bits = test->bits, .op = CR_EXPORT_BITS, .mask = test->mask,
	};
	uint64_t v;
	int rc = 0;

	if (test->mask == UINT64_MAX && in->lo != in->hi &&
	    (in->lo == 0 || in->hi == UINT64_MAX)) {
		s->ranged = true;
		t.op = in->lo == 0 ? CR_EXPORT_AT_MOST : CR_EXPORT_AT_LEAST;
		t.value = in->lo == 0 ? in->hi : in->lo;
		return with(s, alt, i, &t);
	}
	if (in->hi - in->lo >= CASES_MAX)
		return -EDOM;
	for (v = in->lo; rc == 0; v++) {
		/* Numbers that the mask cannot leave are in no set of them. */
		t.value = v;
		if (!(v & ~test->mask))
			rc = with(s, alt, i, &t);
		if (v == in->hi)
			break;
	}
	return rc;
}

static int spell(struct spelling *s, const struct cr_alternative *alt, size_t i)
{
	size_t k;
	int rc = 0;

	if (i == alt->n) {
		if (s->count++ >= CASES_MAX)
			return -EDOM;
		return s->each ? s->each(s->ctx, s->test, s->n) : 0;
	}
	for (k = 0; k < alt->test[i].in.n && rc == 0; k++)
		rc = with_interval(s, alt, i, &alt->test[i].in.v[k]);
	return rc;
}

int cr_export_cases(const struct cr_conds *c, cr_export_case *each, void *ctx)
{
	struct spelling s = { .each = each, .ctx = ctx };
	size_t i;
	int rc = 0;

	for (i = 0; i < c->n && rc == 0; i++)
		rc = spell(&s, &c->alt[i], 0);
	/* libseccomp 2.5 never returns from some profiles that have inequalities and alternatives
	 * for one call. */
	if (rc == 0 && (!s.count || (s.ranged && s.count > 1)))
		rc = -EDOM;
	return rc;
}

const struct cr_conds *cr_export_conds(const struct cr_export *x, uint32_t nr)
{
	return cr_filter_guards(&x->plan, CR_ABI_NATIVE, nr)->guard[0].cond;
}

static int look(void *ctx, const uint64_t args[6], bool opens)
{
	(void)ctx;
	(void)args;
	(void)opens;
	return 0;
}

/* Otherwise the call must be what all others are, or denied as they are: a profile has one default.
 * Who cannot say everything (minijail) only says what passes. What has too many borders to be
 * proved is not said. */
void cr_export_spell(struct cr_export *x)
{
	uint32_t nr;

	for (nr = 0; nr < CR_NR_MAX; nr++) {
		const struct cr_filter_guarded *g = cr_filter_guards(&x->plan, CR_ABI_NATIVE, nr);
		uint32_t otherwise = cr_filter_otherwise(&x->plan, CR_ABI_NATIVE, nr);

		x->cases[nr] = g && (x->holds & CR_HOLDS_CASES) && g->n == 1 &&
			       !g->guard[0].unless && g->yes != x->violation &&
			       (!x->can || cr_export_passes(g->yes)) &&
			       (otherwise == x->violation ||
				(!cr_export_passes(otherwise) &&
				 !cr_export_passes(x->violation))) &&
			       cr_export_cases(g->guard[0].cond, x->can, NULL) == 0 &&
			       cr_filter_borders(g, look, NULL) == 0;
		if (x->cases[nr])
			x->ret[CR_ABI_NATIVE][nr] = g->yes;
	}
}

const char *cr_export_op(const struct cr_export_test *t)
{
	switch (t->op) {
	case CR_EXPORT_AT_MOST:
		return "SCMP_CMP_LE";
	case CR_EXPORT_AT_LEAST:
		return "SCMP_CMP_GE";
	case CR_EXPORT_BITS:
		break;
	}
	return t->mask == UINT64_MAX ? "SCMP_CMP_EQ" : "SCMP_CMP_MASKED_EQ";
}
