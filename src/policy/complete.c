/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <math.h>

#include "cr/complete.h"

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* @first: the executions that the calls seen once come from; 0 is not known. */
static void count_bursts(uint32_t *first, struct cr_incidence *out)
{
	uint32_t i, from = 0;

	if (out->once)
		qsort(first, out->once, sizeof(*first), by_number);
	for (i = 1; i <= out->once; i++) {
		uint32_t size = i - from;

		if (i < out->once && first[i] == first[from])
			continue;
		out->squares += (uint64_t)size * size;
		from = i;
	}
}

int cr_incidence_count(struct cr_rule *const *rules, size_t n, uint32_t runs,
		       struct cr_incidence *out)
{
	cr_auto_free uint32_t *first = calloc(n + 1, sizeof(*first));
	size_t i;

	*out = (struct cr_incidence){ 0 };
	if (!first)
		return -ENOMEM;
	out->runs = runs;
	for (i = 0; i < n; i++) {
		const struct cr_evidence *ev = rules[i]->ev;

		if (!cr_rule_learned(rules[i]))
			continue;
		out->calls++;
		out->stopped += ev->more && ev->seen < CR_SEEN_ENOUGH;
		out->twice += ev->seen == 2;
		if (ev->seen == 1)
			first[out->once++] = ev->first;
	}
	count_bursts(first, out);
	return 0;
}

/* The lower incomplete gamma function over the complete one: its power series for small @x, the
 * continued fraction of the upper one (by Lentz's method) for others. DLMF 8.7.1 and 8.9.2. */
static double gamma_below(double shape, double x)
{
	double front, term, sum, b, c, d, h;
	int i, sign;

	if (x <= 0)
		return 0;
	front = exp(shape * log(x) - x - lgamma_r(shape, &sign));
	if (x < shape + 1) {
		sum = term = 1 / shape;
		for (i = 1; term > sum * 1e-15; i++)
			sum += term *= x / (shape + i);
		return front * sum;
	}
	b = x + 1 - shape;
	c = 1e300;
	h = d = 1 / b;
	for (i = 1; i < 10000; i++) {
		term = i * (shape - i);
		b += 2;
		c = b + term / c;
		d = 1 / (b + term * d);
		h *= c * d;
		if (fabs(c * d - 1) < 1e-15)
			break;
	}
	return 1 - front * h;
}

double cr_gamma_quantile(double shape, double p)
{
	double low = 0, high = shape + 1, mid;
	int i;

	while (gamma_below(shape, high) < p)
		high *= 2;
	for (i = 0; i < 100; i++) {
		mid = (low + high) / 2;
		if (gamma_below(shape, mid) < p)
			low = mid;
		else
			high = mid;
	}
	return high;
}

/* How many calls a burst has, for the variance: the jackknife's variance of the calls seen once,
 * taken over the executions, divided by what it would be if each call came alone. */
static double burst_size(const struct cr_incidence *in)
{
	double once = in->once, runs = in->runs;

	return in->once ? fmax(1, (in->squares / once - once / runs) * runs / (runs - 1)) : 1;
}

/*
 * The number of calls seen once is a sum of bursts, which come as often as a Poisson variable says:
 * Fay and Feuer's interval for such weighted sums (Statistics in Medicine 16, 1997); for bursts of
 * one call it is the exact one of a Poisson variable. What is still unseen varies of its own, too:
 * Esty (Annals of Statistics 11, 1983) gives the variance of the difference. How often all this is
 * right is measured in tests/unit/test-complete.c.
 */
static void interval(const struct cr_incidence *in, double burst, struct cr_completeness *out)
{
	double once = in->once, tail = (1 - CR_CONFIDENCE) / 2;
	double variance = burst * (once + 2.0 * in->twice), scale;

	scale = variance / once;
	out->low = scale * cr_gamma_quantile(once / scale, tail) / in->runs;
	scale = (variance + burst * burst) / (once + burst);
	out->high = scale * cr_gamma_quantile((once + burst) / scale, 1 - tail) / in->runs;
}

void cr_completeness(const struct cr_incidence *in, struct cr_completeness *out)
{
	double burst, once;

	*out = (struct cr_completeness){ .known = in->runs > 1 };
	if (!out->known)
		return;
	burst = burst_size(in);
	once = in->once / burst;
	out->next = (double)in->once / in->runs;
	/* Chao (Biometrics 43, 1987), the form without bias. It counts pairs, and two calls of one
	 * burst are no pair: so bursts are counted, and calls made of them again. */
	out->unseen = burst * (in->runs - 1) / in->runs * once * fmax(0, once - 1) /
		      (2 * (in->twice / burst + 1));
	if (in->once)
		interval(in, burst, out);
	else
		out->high = fmin(1, -log(1 - CR_CONFIDENCE) / in->runs);
}

double cr_expected_calls(const struct cr_incidence *in, double further)
{
	struct cr_completeness c;
	double rate;

	cr_completeness(in, &c);
	if (c.unseen <= 0)
		return in->calls;
	/* Colwell and others, Journal of Plant Ecology 5, 2012 */
	rate = in->once / (in->runs * c.unseen + in->once);
	return in->calls + c.unseen * (1 - pow(1 - rate, further));
}
