/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "ranges.h"

void cr_ranges_fini(struct cr_ranges *r)
{
	free(r->v);
	*r = (struct cr_ranges){ NULL, 0 };
}

int cr_ranges_copy(struct cr_ranges *to, const struct cr_ranges *from)
{
	*to = (struct cr_ranges){ calloc(from->n + 1, sizeof(*to->v)), from->n };
	if (!to->v) {
		to->n = 0;
		return -ENOMEM;
	}
	if (from->n)
		memcpy(to->v, from->v, from->n * sizeof(*to->v));
	return 0;
}

/* Does a range that ends at @hi leave no gap before @lo? */
static bool touches(uint64_t hi, uint64_t lo)
{
	return hi >= lo || hi + 1 == lo;
}

int cr_ranges_add(struct cr_ranges *r, uint64_t lo, uint64_t hi)
{
	struct cr_interval *grown = realloc(r->v, (r->n + 1) * sizeof(*grown));
	size_t from = 0, to;

	if (!grown)
		return -ENOMEM;
	r->v = grown;
	while (from < r->n && !touches(r->v[from].hi, lo))
		from++;
	for (to = from; to < r->n && touches(hi, r->v[to].lo); to++) {
		lo = r->v[to].lo < lo ? r->v[to].lo : lo;
		hi = r->v[to].hi > hi ? r->v[to].hi : hi;
	}
	memmove(&r->v[from + 1], &r->v[to], (r->n - to) * sizeof(*r->v));
	r->v[from] = (struct cr_interval){ lo, hi };
	r->n = from + 1 + (r->n - to);
	return 0;
}

int cr_ranges_join(struct cr_ranges *r, const struct cr_ranges *more)
{
	struct cr_ranges sum;
	size_t i;
	int rc = cr_ranges_copy(&sum, r);

	for (i = 0; i < more->n && rc == 0; i++)
		rc = cr_ranges_add(&sum, more->v[i].lo, more->v[i].hi);
	if (rc < 0) {
		cr_ranges_fini(&sum);
		return rc;
	}
	cr_ranges_fini(r);
	*r = sum;
	return 0;
}

int cr_ranges_invert(struct cr_ranges *r, uint64_t max)
{
	struct cr_interval *v = calloc(r->n + 1, sizeof(*v));
	uint64_t lo = 0;
	size_t i, n = 0;
	bool ended = false;

	if (!v)
		return -ENOMEM;
	for (i = 0; i < r->n && r->v[i].lo <= max; i++) {
		if (r->v[i].lo > lo)
			v[n++] = (struct cr_interval){ lo, r->v[i].lo - 1 };
		ended = r->v[i].hi >= max;
		lo = r->v[i].hi + 1;
	}
	if (!ended)
		v[n++] = (struct cr_interval){ lo, max };
	free(r->v);
	*r = (struct cr_ranges){ v, n };
	return 0;
}

int cr_ranges_cut(struct cr_ranges *r, const struct cr_ranges *with)
{
	struct cr_ranges both = { NULL, 0 };
	size_t i, k;
	int rc = 0;

	for (i = 0; i < r->n; i++) {
		for (k = 0; k < with->n && rc == 0; k++) {
			struct cr_interval a = r->v[i], b = with->v[k];
			uint64_t lo = a.lo > b.lo ? a.lo : b.lo, hi = a.hi < b.hi ? a.hi : b.hi;

			if (lo <= hi)
				rc = cr_ranges_add(&both, lo, hi);
		}
	}
	if (rc < 0) {
		cr_ranges_fini(&both);
		return rc;
	}
	cr_ranges_fini(r);
	*r = both;
	return 0;
}

bool cr_ranges_has(const struct cr_ranges *r, uint64_t value)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		if (value <= r->v[i].hi)
			return value >= r->v[i].lo;
	return false;
}

bool cr_ranges_cover(const struct cr_ranges *r, const struct cr_ranges *part)
{
	size_t i, k = 0;

	for (i = 0; i < part->n; i++) {
		while (k < r->n && r->v[k].hi < part->v[i].lo)
			k++;
		if (k == r->n || r->v[k].lo > part->v[i].lo || r->v[k].hi < part->v[i].hi)
			return false;
	}
	return true;
}

int cr_ranges_order(const struct cr_ranges *a, const struct cr_ranges *b)
{
	size_t i;

	for (i = 0; i < a->n && i < b->n; i++) {
		if (a->v[i].lo != b->v[i].lo)
			return a->v[i].lo < b->v[i].lo ? -1 : 1;
		if (a->v[i].hi != b->v[i].hi)
			return a->v[i].hi < b->v[i].hi ? -1 : 1;
	}
	return (a->n > b->n) - (a->n < b->n);
}

uint64_t cr_ranges_count(const struct cr_ranges *r)
{
	uint64_t n = 0, more;
	size_t i;

	for (i = 0; i < r->n; i++) {
		more = r->v[i].hi - r->v[i].lo;
		if (more >= UINT64_MAX - n)
			return UINT64_MAX;
		n += more + 1;
	}
	return n;
}
