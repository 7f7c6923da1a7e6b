/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "cond-int.h"

/* Numbers under a mask with more bits than that are not counted one by one. */
#define FEW_BITS 8

/* Of the bits from the lowest on without a hole, every number can be. */
static bool no_holes(uint64_t mask)
{
	return (mask & (mask + 1)) == 0;
}

/* All numbers that @mask can give, or, of many bits, all up to the largest. */
static int mask_all(uint64_t mask, struct cr_ranges *all)
{
	uint64_t value = 0;
	int rc;

	*all = (struct cr_ranges){ NULL, 0 };
	if (no_holes(mask) || __builtin_popcountll(mask) > FEW_BITS)
		return cr_ranges_add(all, 0, mask);
	do {
		rc = cr_ranges_add(all, value, value);
		value = (value - mask) & mask;	/* the next one that fits the mask */
	} while (value && rc == 0);
	if (rc < 0)
		cr_ranges_fini(all);
	return rc;
}

/* The smallest number that @mask can give and that is not below *@v; false when there is none. */
static bool next_up(uint64_t mask, uint64_t *v)
{
	uint64_t wrong = *v & ~mask, low;

	if (!wrong)
		return true;
	low = UINT64_MAX >> __builtin_clzll(wrong);	/* the highest wrong bit and all below */
	*v = ((*v | ~mask | low) + 1) & mask;
	return *v != 0;
}

/* The largest one that is not above @v. */
static uint64_t next_down(uint64_t mask, uint64_t v)
{
	uint64_t wrong = v & ~mask, low;

	if (!wrong)
		return v;
	low = UINT64_MAX >> __builtin_clzll(wrong);
	return (v & ~low) | (mask & low);
}

/* Ranges under a mask with many holes begin and end where the mask lets them, and have no gap
 * between them that it does not know. */
static int tidy_ranges(struct cr_ranges *r, uint64_t mask)
{
	struct cr_ranges tidy = { NULL, 0 };
	size_t i;
	int rc = 0;

	for (i = 0; i < r->n && rc == 0; i++) {
		uint64_t lo = r->v[i].lo, hi = next_down(mask, r->v[i].hi), after;

		if (!next_up(mask, &lo) || lo > hi)
			continue;
		after = tidy.n ? tidy.v[tidy.n - 1].hi + 1 : 0;
		if (tidy.n && next_up(mask, &after) && after == lo)
			tidy.v[tidy.n - 1].hi = hi;
		else
			rc = cr_ranges_add(&tidy, lo, hi);
	}
	if (rc < 0) {
		cr_ranges_fini(&tidy);
		return rc;
	}
	cr_ranges_fini(r);
	*r = tidy;
	return 0;
}

int cr_test_tidy(struct cr_test *t)
{
	struct cr_ranges all;
	enum cr_tidied left = CR_TEST_SOMETIMES;
	int rc = mask_all(t->mask, &all);

	if (rc < 0)
		return rc;
	rc = cr_ranges_cut(&t->in, &all);
	if (rc == 0 && !no_holes(t->mask) && __builtin_popcountll(t->mask) > FEW_BITS)
		rc = tidy_ranges(&t->in, t->mask);
	if (t->in.n == 0)
		left = CR_TEST_NEVER;
	else if (cr_ranges_order(&t->in, &all) == 0)
		left = CR_TEST_ALWAYS;
	cr_ranges_fini(&all);
	return rc < 0 ? rc : (int)left;
}

void cr_alternative_fini(struct cr_alternative *a)
{
	size_t i;

	for (i = 0; i < a->n; i++)
		cr_ranges_fini(&a->test[i].in);
	free(a->test);
	*a = (struct cr_alternative){ NULL, 0 };
}

static int key_order(const struct cr_test *a, const struct cr_test *b)
{
	if (a->arg != b->arg)
		return a->arg < b->arg ? -1 : 1;
	return (a->mask > b->mask) - (a->mask < b->mask);
}

int cr_alternative_add(struct cr_alternative *a, struct cr_test *t)
{
	struct cr_test *grown;
	size_t i = 0;
	int rc = 0;

	while (i < a->n && key_order(&a->test[i], t) < 0)
		i++;
	if (i < a->n && key_order(&a->test[i], t) == 0) {
		rc = cr_ranges_cut(&a->test[i].in, &t->in);
		cr_ranges_fini(&t->in);
		return rc;
	}
	grown = realloc(a->test, (a->n + 1) * sizeof(*grown));
	if (!grown) {
		cr_ranges_fini(&t->in);
		return -ENOMEM;
	}
	a->test = grown;
	memmove(&grown[i + 1], &grown[i], (a->n - i) * sizeof(*grown));
	grown[i] = *t;
	a->n++;
	return 0;
}

const struct cr_test *cr_alternative_find(const struct cr_alternative *a, unsigned int arg,
					  uint64_t mask)
{
	size_t i;

	for (i = 0; i < a->n; i++)
		if (a->test[i].arg == arg && a->test[i].mask == mask)
			return &a->test[i];
	return NULL;
}

bool cr_alternative_holds(const struct cr_alternative *a, const uint64_t args[6])
{
	size_t i;

	for (i = 0; i < a->n; i++)
		if (!cr_ranges_has(&a->test[i].in, args[a->test[i].arg] & a->test[i].mask))
			return false;
	return true;
}

bool cr_conds_hold(const struct cr_conds *c, const uint64_t args[6])
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (cr_alternative_holds(&c->alt[i], args))
			return true;
	return false;
}

static int alternative_order(const void *pa, const void *pb)
{
	const struct cr_alternative *a = pa, *b = pb;
	size_t i;
	int rc;

	for (i = 0; i < a->n && i < b->n; i++) {
		rc = key_order(&a->test[i], &b->test[i]);
		if (rc == 0)
			rc = cr_ranges_order(&a->test[i].in, &b->test[i].in);
		if (rc)
			return rc;
	}
	return (a->n > b->n) - (a->n < b->n);
}

/* Is @a true wherever @part is? */
static bool covers(const struct cr_alternative *a, const struct cr_alternative *part)
{
	const struct cr_test *t;
	size_t i;

	for (i = 0; i < a->n; i++) {
		t = cr_alternative_find(part, a->test[i].arg, a->test[i].mask);
		if (!t || !cr_ranges_cover(&a->test[i].in, &t->in))
			return false;
	}
	return true;
}

/* The one test in which @a and @b differ, when they test the same bits; else SIZE_MAX. */
static size_t only_difference(const struct cr_alternative *a, const struct cr_alternative *b)
{
	size_t i, at = SIZE_MAX;

	if (a->n != b->n)
		return SIZE_MAX;
	for (i = 0; i < a->n; i++) {
		if (key_order(&a->test[i], &b->test[i]) != 0)
			return SIZE_MAX;
		if (cr_ranges_order(&a->test[i].in, &b->test[i].in) == 0)
			continue;
		if (at != SIZE_MAX)
			return SIZE_MAX;
		at = i;
	}
	return at;
}

static void drop_test(struct cr_alternative *a, size_t i)
{
	cr_ranges_fini(&a->test[i].in);
	a->n--;
	memmove(&a->test[i], &a->test[i + 1], (a->n - i) * sizeof(*a->test));
}

static void drop(struct cr_conds *c, size_t i)
{
	cr_alternative_fini(&c->alt[i]);
	c->n--;
	memmove(&c->alt[i], &c->alt[i + 1], (c->n - i) * sizeof(*c->alt));
}

/* Tests that say nothing, and alternatives that cannot be. */
static int tidy_tests(struct cr_conds *c)
{
	size_t i, k;
	int left = CR_TEST_SOMETIMES;

	for (i = 0; i < c->n; i++) {
		for (k = 0; k < c->alt[i].n; k++) {
			left = cr_test_tidy(&c->alt[i].test[k]);
			if (left < 0)
				return left;
			if (left == CR_TEST_NEVER)
				break;
			if (left == CR_TEST_ALWAYS)
				drop_test(&c->alt[i], k--);
		}
		if (c->alt[i].n && left == CR_TEST_NEVER)
			drop(c, i--);
		left = CR_TEST_SOMETIMES;
	}
	return 0;
}

/* 1 when two have become one. */
static int unite(struct cr_conds *c, size_t i, size_t k)
{
	size_t at;
	int rc;

	if (covers(&c->alt[i], &c->alt[k])) {
		drop(c, k);
		return 1;
	}
	if (covers(&c->alt[k], &c->alt[i])) {
		drop(c, i);
		return 1;
	}
	at = only_difference(&c->alt[i], &c->alt[k]);
	if (at == SIZE_MAX)
		return 0;
	rc = cr_ranges_join(&c->alt[i].test[at].in, &c->alt[k].test[at].in);
	if (rc < 0)
		return rc;
	drop(c, k);
	rc = cr_test_tidy(&c->alt[i].test[at]);
	if (rc < 0)
		return rc;
	if (rc == CR_TEST_ALWAYS)
		drop_test(&c->alt[i], at);
	return 1;
}

static int unite_any(struct cr_conds *c)
{
	size_t i, k;
	int rc;

	for (i = 0; i < c->n; i++) {
		for (k = i + 1; k < c->n; k++) {
			rc = unite(c, i, k);
			if (rc)
				return rc;
		}
	}
	return 0;
}

int cr_conds_tidy(struct cr_conds *c)
{
	int rc = tidy_tests(c);

	if (rc < 0)
		return rc;
	/* In one order, so that the same alternatives give the same whatever came first. */
	do {
		if (c->n)
			qsort(c->alt, c->n, sizeof(*c->alt), alternative_order);
		rc = unite_any(c);
	} while (rc > 0);
	return rc;
}

int cr_conds_add(struct cr_conds *c, struct cr_alternative *a)
{
	struct cr_alternative *grown = realloc(c->alt, (c->n + 1) * sizeof(*grown));

	if (!grown) {
		cr_alternative_fini(a);
		return -ENOMEM;
	}
	c->alt = grown;
	grown[c->n++] = *a;
	*a = (struct cr_alternative){ NULL, 0 };
	return 0;
}

void cr_conds_free(struct cr_conds *c)
{
	size_t i;

	if (!c)
		return;
	for (i = 0; i < c->n; i++)
		cr_alternative_fini(&c->alt[i]);
	free(c->alt);
	free(c);
}

static int copy_alternative(struct cr_alternative *to, const struct cr_alternative *from)
{
	size_t i;

	*to = (struct cr_alternative){ calloc(from->n + 1, sizeof(*to->test)), 0 };
	if (!to->test)
		return -ENOMEM;
	for (i = 0; i < from->n; i++) {
		to->test[i] = from->test[i];
		if (cr_ranges_copy(&to->test[i].in, &from->test[i].in) < 0) {
			cr_alternative_fini(to);
			return -ENOMEM;
		}
		to->n++;
	}
	return 0;
}

static int add_copies(struct cr_conds *to, const struct cr_conds *from)
{
	struct cr_alternative a;
	size_t i;
	int rc = 0;

	for (i = 0; i < from->n && rc == 0; i++) {
		rc = copy_alternative(&a, &from->alt[i]);
		if (rc == 0)
			rc = cr_conds_add(to, &a);
	}
	return rc;
}

struct cr_conds *cr_conds_copy(const struct cr_conds *c)
{
	struct cr_conds *copy = calloc(1, sizeof(*copy));

	if (copy && add_copies(copy, c) == 0)
		return copy;
	cr_conds_free(copy);
	return NULL;
}

bool cr_conds_equal(const struct cr_conds *a, const struct cr_conds *b)
{
	size_t i;

	if (!a || !b)
		return a == b;
	if (a->n != b->n)
		return false;
	for (i = 0; i < a->n; i++)
		if (alternative_order(&a->alt[i], &b->alt[i]) != 0)
			return false;
	return true;
}

bool cr_conds_cover(const struct cr_conds *c, const struct cr_conds *part)
{
	size_t i, k;

	for (i = 0; i < part->n; i++) {
		for (k = 0; k < c->n && !covers(&c->alt[k], &part->alt[i]); k++)
			;
		if (k == c->n)
			return false;
	}
	return true;
}

bool cr_conds_always(const struct cr_conds *c)
{
	return c->n == 1 && c->alt[0].n == 0;
}

int cr_conds_join(struct cr_conds **to, const struct cr_conds *more)
{
	struct cr_conds *sum = cr_conds_copy(*to);
	int rc = sum ? add_copies(sum, more) : -ENOMEM;

	if (rc == 0)
		rc = cr_conds_tidy(sum);
	if (rc < 0) {
		cr_conds_free(sum);
		return rc;
	}
	cr_conds_free(*to);
	*to = sum;
	return 0;
}

/* What @kind is when the one that decides may be any of @values. */
static enum cr_arg decided(enum cr_arg kind, const struct cr_ranges *values)
{
	enum cr_arg found = kind, other;
	uint64_t v;
	size_t i;

	if (cr_ranges_count(values) > CR_LEARN_VALUES)
		return kind;
	for (i = 0; i < values->n; i++) {
		for (v = values->v[i].lo; v <= values->v[i].hi; v++) {
			other = cr_arg_decided(kind, &v);
			if (found != kind && other != found)
				return kind;
			found = other;
		}
	}
	return found;
}

enum cr_arg cr_alternative_kind(const struct cr_signature *sig, const struct cr_alternative *a,
				unsigned int arg)
{
	enum cr_arg kind = sig ? sig->args[arg] : CR_ARG_WORD;
	int by = cr_arg_decider(kind);
	size_t i;

	for (i = 0; by >= 0 && i < a->n; i++) {
		const struct cr_test *t = &a->test[i];

		if (t->arg == (unsigned int)by && t->mask == UINT64_MAX >> (64 - t->bits))
			return decided(kind, &t->in);
	}
	return kind;
}
