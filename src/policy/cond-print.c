/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "cond-int.h"
#include "cr/names.h"

/* A test that is about to be written. */
struct printing {
	const struct cr_test *t;
	enum cr_arg kind;
	bool sign;		/* numbers are in the order of signed ones */
	bool masked;
	struct cr_buf *out;
};

static void put_value(const struct printing *p, uint64_t value)
{
	cr_arg_print(p->out, p->kind, p->t->bits, value, p->masked ? p->t->mask : UINT64_MAX);
}

/* In the order of the argument's type, where -1 comes before 0. */
static uint64_t rank(const struct printing *p, uint64_t value)
{
	return p->sign ? value ^ 1ull << (p->t->bits - 1) : value;
}

static int ranked(const struct printing *p, const struct cr_ranges *in, struct cr_ranges *out)
{
	uint64_t half = 1ull << (p->t->bits - 1);
	size_t i;
	int rc = 0;

	*out = (struct cr_ranges){ NULL, 0 };
	for (i = 0; i < in->n && rc == 0; i++) {
		struct cr_interval r = in->v[i];

		if (p->sign && r.lo < half && r.hi >= half) {
			rc = cr_ranges_add(out, rank(p, r.lo), rank(p, half - 1));
			r.lo = half;
		}
		if (rc == 0)
			rc = cr_ranges_add(out, rank(p, r.lo), rank(p, r.hi));
	}
	if (rc < 0)
		cr_ranges_fini(out);
	return rc;
}

/* Has each of these a name, so that they say more one by one? */
static bool named(const struct printing *p, const struct cr_interval *r)
{
	cr_auto_buf struct cr_buf text = CR_BUF_INIT;
	struct printing one = *p;
	uint64_t v;

	one.out = &text;
	for (v = r->lo; v - r->lo <= r->hi - r->lo; v++) {
		cr_buf_clear(&text);
		put_value(&one, rank(p, v));
		if (cr_buf_str(&text)[0] < 'A')
			return false;
	}
	return true;
}

static void put_range(const struct printing *p, const struct cr_interval *r)
{
	uint64_t v, n = r->hi - r->lo;

	if (n >= 2 && (n >= CR_LEARN_VALUES || !named(p, r))) {
		cr_buf_add(p->out, " ");
		put_value(p, rank(p, r->lo));
		cr_buf_add(p->out, "..");
		put_value(p, rank(p, r->hi));
		return;
	}
	for (v = r->lo; v - r->lo <= n; v++) {
		cr_buf_add(p->out, " ");
		put_value(p, rank(p, v));
	}
}

static bool single(const struct cr_ranges *r)
{
	return r->n == 1 && r->v[0].lo == r->v[0].hi;
}

/* How much there is to read: one number, or two for a range. */
static size_t cost(const struct cr_ranges *r)
{
	size_t i, n = 0;

	for (i = 0; i < r->n; i++)
		n += r->v[i].lo == r->v[i].hi ? 1 : 2;
	return n;
}

/* @in: the numbers; @not: those it lacks; both by rank. */
static void put_set(const struct printing *p, const struct cr_ranges *in,
		    const struct cr_ranges *not)
{
	uint64_t max = UINT64_MAX >> (64 - p->t->bits);
	size_t i;

	if (single(in)) {
		cr_buf_add(p->out, " == ");
		put_value(p, rank(p, in->v[0].lo));
	} else if (single(not)) {
		cr_buf_add(p->out, " != ");
		put_value(p, rank(p, not->v[0].lo));
	} else if (!p->masked && in->n == 1 && in->v[0].lo == 0) {
		cr_buf_add(p->out, " <= ");
		put_value(p, rank(p, in->v[0].hi));
	} else if (!p->masked && in->n == 1 && in->v[0].hi == max) {
		cr_buf_add(p->out, " >= ");
		put_value(p, rank(p, in->v[0].lo));
	} else if (cost(not) < cost(in)) {
		cr_buf_add(p->out, " not in");
		for (i = 0; i < not->n; i++)
			put_range(p, &not->v[i]);
	} else {
		cr_buf_add(p->out, " in");
		for (i = 0; i < in->n; i++)
			put_range(p, &in->v[i]);
	}
}

/* Is that no bit of the mask, and not a value that has a name (O_RDONLY, FUTEX_WAIT)? */
static bool no_bit(const struct printing *p, const struct cr_ranges *r)
{
	return p->masked && single(r) && r->v[0].lo == 0 && !named(p, &r->v[0]);
}

/* @not: the numbers that the test lacks. */
static int put_test(const struct printing *p, const struct cr_ranges *not)
{
	struct cr_ranges in, out;
	const struct cr_test *t = p->t;
	int rc;

	cr_buf_addf(p->out, "%sarg%u", no_bit(p, &t->in) ? "not " : "", t->arg);
	if (p->masked) {
		cr_buf_add(p->out, " & ");
		cr_arg_print_mask(p->out, p->kind, t->bits, t->mask);
		if (no_bit(p, &t->in) || no_bit(p, not))
			return 0;
	}
	rc = ranked(p, &t->in, &in);
	if (rc < 0)
		return rc;
	rc = ranked(p, not, &out);
	if (rc == 0)
		put_set(p, &in, &out);
	cr_ranges_fini(&in);
	cr_ranges_fini(&out);
	return rc;
}

static int print_test(const struct printing *p)
{
	struct cr_test not = *p->t;
	int rc = cr_ranges_copy(&not.in, &p->t->in);

	if (rc == 0)
		rc = cr_ranges_invert(&not.in, not.mask);
	if (rc == 0)
		rc = cr_test_tidy(&not);
	if (rc >= 0)
		rc = put_test(p, &not.in);
	cr_ranges_fini(&not.in);
	return rc;
}

void cr_alternative_print_test(const struct cr_signature *sig, const struct cr_alternative *a,
			       size_t i, struct cr_buf *out)
{
	const struct cr_test *t = &a->test[i];
	struct printing p = { .t = t, .out = out };

	p.kind = cr_alternative_kind(sig, a, t->arg);
	p.masked = t->mask != UINT64_MAX >> (64 - t->bits);
	p.sign = !p.masked && cr_arg_signed(p.kind);
	if (print_test(&p) < 0)
		out->failed = true;
}

void cr_alternative_print(const struct cr_signature *sig, const struct cr_alternative *a,
			  struct cr_buf *out)
{
	size_t i;

	for (i = 0; i < a->n; i++) {
		cr_buf_add(out, i ? " and " : "");
		cr_alternative_print_test(sig, a, i, out);
	}
}

void cr_conds_print(enum cr_abi abi, uint32_t nr, const struct cr_conds *c, struct cr_buf *out)
{
	const struct cr_signature *sig;
	char name[CR_NAME_MAX];
	size_t i;

	sig = cr_signature_find(abi, cr_nr_to_name(abi, nr, name));
	for (i = 0; i < c->n; i++) {
		cr_buf_add(out, i ? " or " : "");
		cr_alternative_print(sig, &c->alt[i], out);
	}
}

/* The alternative of @c in which the fewest tests fail. */
static const struct cr_alternative *nearest(const struct cr_conds *c, const uint64_t args[6])
{
	const struct cr_alternative *best = NULL;
	size_t i, k, fail, least = SIZE_MAX;

	for (i = 0; i < c->n; i++) {
		fail = 0;
		for (k = 0; k < c->alt[i].n; k++) {
			const struct cr_test *t = &c->alt[i].test[k];

			fail += !cr_ranges_has(&t->in, args[t->arg] & t->mask);
		}
		if (fail < least) {
			least = fail;
			best = &c->alt[i];
		}
	}
	return best;
}

/* @a with each test as the call has it. */
static int as_called(const struct cr_alternative *a, const uint64_t args[6],
		     struct cr_alternative *out)
{
	size_t i;
	int rc = 0;

	*out = (struct cr_alternative){ NULL, 0 };
	for (i = 0; i < a->n && rc == 0; i++) {
		struct cr_test t = a->test[i];
		uint64_t value = args[t.arg] & t.mask;

		t.in = (struct cr_ranges){ NULL, 0 };
		rc = cr_ranges_add(&t.in, value, value);
		if (rc == 0)
			rc = cr_alternative_add(out, &t);
	}
	if (rc < 0)
		cr_alternative_fini(out);
	return rc;
}

static void put_failed(const struct cr_signature *sig, const struct cr_alternative *a,
		       const struct cr_alternative *called, size_t i, const uint64_t args[6],
		       struct cr_buf *why)
{
	const struct cr_test *t = &a->test[i];
	uint64_t whole = UINT64_MAX >> (64 - t->bits);

	cr_buf_addf(why, "%sarg%u is ", why->len ? ", " : "", t->arg);
	cr_arg_print(why, cr_alternative_kind(sig, called, t->arg), t->bits, args[t->arg] & whole,
		     UINT64_MAX);
	cr_buf_add(why, ", allowed is ");
	cr_alternative_print_test(sig, a, i, why);
}

int cr_conds_explain(enum cr_abi abi, uint32_t nr, const struct cr_conds *c,
		     const uint64_t args[6], struct cr_buf *why, struct cr_buf *rule)
{
	const struct cr_alternative *a = nearest(c, args);
	const struct cr_signature *sig;
	struct cr_alternative called;
	char name[CR_NAME_MAX];
	size_t i;
	int rc;

	if (!a)
		return 0;
	sig = cr_signature_find(abi, cr_nr_to_name(abi, nr, name));
	rc = as_called(a, args, &called);
	if (rc < 0)
		return rc;
	for (i = 0; i < a->n; i++)
		if (!cr_ranges_has(&a->test[i].in, args[a->test[i].arg] & a->test[i].mask))
			put_failed(sig, a, &called, i, args, why);
	cr_alternative_print(sig, &called, rule);
	cr_alternative_fini(&called);
	return cr_buf_ok(why) && cr_buf_ok(rule) ? 0 : -ENOMEM;
}
