/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Between two borders of what is compared, all arguments are alike. So each border and its
 * neighbours are tried, in all combinations, since one argument may decide whether another one is
 * looked at.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "guard.h"

#define ARGS 6
/* More would be felt when a program starts. */
#define COMBINATIONS_MAX 20000u
#define VALUES_MAX 2048u

struct values {
	uint64_t *v;		/* owned */
	size_t n;
};

struct borders {
	struct values of[ARGS];
	uint64_t masks[ARGS];	/* bits that some test looks at */
};

static int add(struct values *l, uint64_t v)
{
	uint64_t *grown;
	size_t i;

	for (i = 0; i < l->n; i++)
		if (l->v[i] == v)
			return 0;
	if (l->n == VALUES_MAX)
		return -E2BIG;
	grown = realloc(l->v, (l->n + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	l->v = grown;
	grown[l->n++] = v;
	return 0;
}

/* A range's ends and the numbers beside them, as the mask lets them be. */
static int add_ends(struct values *l, uint64_t mask, const struct cr_interval *r)
{
	const uint64_t near[] = {
		r->lo & mask, r->hi & mask, (r->lo - 1) & mask, ((r->hi | ~mask) + 1) & mask,
	};
	size_t i;
	int rc = 0;

	for (i = 0; i < CR_ARRAY_SIZE(near) && rc == 0; i++)
		rc = add(l, near[i]);
	return rc;
}

/* Each of @l with each of @more in the bits of @mask. */
static int cross(struct values *l, uint64_t mask, const struct values *more)
{
	struct values sum = { NULL, 0 };
	size_t i, k;
	int rc = 0;

	for (i = 0; i < l->n && rc == 0; i++)
		for (k = 0; k < more->n && rc == 0; k++)
			rc = add(&sum, (l->v[i] & ~mask) | more->v[k]);
	free(l->v);
	*l = sum;
	return rc;
}

typedef int each_test(void *ctx, const struct cr_test *t);

static int for_tests(const struct cr_filter_guard *g, size_t n, each_test *each, void *ctx)
{
	size_t i, k, t;
	int rc = 0;

	for (i = 0; i < n; i++)
		for (k = 0; k < g[i].cond->n; k++)
			for (t = 0; t < g[i].cond->alt[k].n && rc == 0; t++)
				rc = each(ctx, &g[i].cond->alt[k].test[t]);
	return rc;
}

/* The values of one argument under one mask. */
struct gathering {
	unsigned int arg;
	uint64_t mask;
	struct values l;
};

static int gather(void *ctx, const struct cr_test *t)
{
	struct gathering *to = ctx;
	size_t i;
	int rc = 0;

	if (t->arg != to->arg || t->mask != to->mask)
		return 0;
	for (i = 0; i < t->in.n && rc == 0; i++)
		rc = add_ends(&to->l, t->mask, &t->in.v[i]);
	return rc;
}

/* The masks of one argument. */
static int gather_mask(void *ctx, const struct cr_test *t)
{
	struct gathering *to = ctx;

	return t->arg == to->arg ? add(&to->l, t->mask) : 0;
}

static int fill_argument(const struct cr_filter_guard *g, size_t n, unsigned int arg,
			 struct borders *b)
{
	struct gathering masks = { .arg = arg };
	size_t i;
	int rc = for_tests(g, n, gather_mask, &masks);

	if (rc == 0)
		rc = add(&b->of[arg], 0);
	for (i = 0; i < masks.l.n && rc == 0; i++) {
		struct gathering values = { .arg = arg, .mask = masks.l.v[i] };

		b->masks[arg] |= values.mask;
		rc = for_tests(g, n, gather, &values);
		if (rc == 0)
			rc = cross(&b->of[arg], values.mask, &values.l);
		free(values.l.v);
	}
	free(masks.l.v);
	return rc;
}

static void borders_fini(struct borders *b)
{
	unsigned int arg;

	for (arg = 0; arg < ARGS; arg++)
		free(b->of[arg].v);
}

/* -E2BIG: there would be too many combinations. */
static int fill(const struct cr_filter_guard *g, size_t n, struct borders *b)
{
	size_t all = 1;
	unsigned int arg;
	int rc = 0;

	memset(b, 0, sizeof(*b));
	for (arg = 0; arg < ARGS && rc == 0; arg++) {
		rc = fill_argument(g, n, arg, b);
		if (rc == 0 && b->of[arg].n > COMBINATIONS_MAX / all)
			rc = -E2BIG;
		all *= b->of[arg].n;
	}
	if (rc < 0)
		borders_fini(b);
	return rc;
}

/* The next combination; false when that was the last. */
static bool next(const struct borders *b, size_t at[ARGS])
{
	unsigned int arg;

	for (arg = 0; arg < ARGS; arg++) {
		if (++at[arg] < b->of[arg].n)
			return true;
		at[arg] = 0;
	}
	return false;
}

static int try(const struct borders *b, const size_t at[ARGS],
	       int (*each)(void *ctx, const uint64_t args[6]), void *ctx)
{
	uint64_t args[ARGS];
	unsigned int arg;
	int rc;

	for (arg = 0; arg < ARGS; arg++)
		args[arg] = b->of[arg].v[at[arg]];
	rc = each(ctx, args);
	for (arg = 0; arg < ARGS; arg++)
		args[arg] |= ~b->masks[arg];
	return rc ? rc : each(ctx, args);
}

int cr_guard_borders(const struct cr_filter_guard *g, size_t n,
		     int (*each)(void *ctx, const uint64_t args[6]), void *ctx)
{
	size_t at[ARGS] = { 0 };
	struct borders b;
	int rc = fill(g, n, &b);

	if (rc < 0)
		return rc;
	do {
		rc = try(&b, at, each, ctx);
	} while (rc == 0 && next(&b, at));
	borders_fini(&b);
	return rc;
}

/* Long code for one call would leave no room for others. */
#define CODE_MAX 1000

static int code_fits(const struct cr_filter_guard *g, size_t n)
{
	struct cr_code c = { .at = CODE_MAX };
	int fits;

	c.insn = calloc(CODE_MAX, sizeof(*c.insn));
	if (!c.insn)
		return -ENOMEM;
	cr_code_ret(&c, 0);
	cr_code_ret(&c, 0);
	cr_guard_code(&c, g, n, c.at, c.at + 1);
	fits = !c.full && !c.far;
	free(c.insn);
	return fits;
}

int cr_guard_fits(const struct cr_filter_guard *g, size_t n)
{
	struct borders b;
	int rc = code_fits(g, n);

	if (rc <= 0)
		return rc;
	rc = fill(g, n, &b);
	if (rc == 0)
		borders_fini(&b);
	return rc == -E2BIG ? 0 : rc < 0 ? rc : 1;
}

struct asking {
	const struct cr_filter_guarded *g;
	int (*each)(void *ctx, const uint64_t args[6], bool opens);
	void *ctx;
};

static int ask(void *ctx, const uint64_t args[6])
{
	const struct asking *a = ctx;

	return a->each(a->ctx, args, cr_guard_opens(a->g->guard, a->g->n, args));
}

int cr_filter_borders(const struct cr_filter_guarded *g,
		      int (*each)(void *ctx, const uint64_t args[6], bool opens), void *ctx)
{
	struct asking a = { .g = g, .each = each, .ctx = ctx };

	return cr_guard_borders(g->guard, g->n, ask, &a);
}
