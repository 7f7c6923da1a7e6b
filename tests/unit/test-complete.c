/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The estimates of completeness, on formulas that are known and on simulated programs whose truth
 * is known. The seed is fixed, so the figures that are printed are always the same.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <math.h>

#include "cr-test.h"
#include "cr/complete.h"
#include "cr/ini.h"

#define CALLS_MAX 400
#define REPEATS 1000
#define KINDS 7

static uint64_t state;

/* xorshift64: Marsaglia, "Xorshift RNGs", 2003 */
static double chance(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (double)(state >> 11) / 9007199254740992.0;
}

#define CHECK_NEAR(got, want, by) do { \
	double got_ = (got), want_ = (want); \
	if (!(fabs(got_ - want_) <= (by))) \
		CR_FAIL("%s is %.9g, not %.9g", #got, got_, want_); \
} while (0)

CR_TEST(quantiles)
{
	double x;

	for (x = 0.01; x < 1; x += 0.01)
		CHECK_NEAR(cr_gamma_quantile(1, x), -log(1 - x), 1e-10);
	/* Tables of chi-squared: half of it, half of its degrees of freedom. */
	CHECK_NEAR(cr_gamma_quantile(0.5, 0.975), 5.0238862 / 2, 1e-6);
	CHECK_NEAR(cr_gamma_quantile(0.5, 0.025), 0.00098206912 / 2, 1e-9);
	CHECK_NEAR(cr_gamma_quantile(10, 0.025), 9.5907774 / 2, 1e-6);
	CHECK_NEAR(cr_gamma_quantile(10, 0.975), 34.169607 / 2, 1e-6);
	CHECK_NEAR(cr_gamma_quantile(50, 0.95), 124.34211 / 2, 1e-4);
}

static void estimate(uint32_t runs, uint32_t once, uint32_t twice, struct cr_completeness *c)
{
	struct cr_incidence in = {
		.runs = runs, .calls = 40, .once = once, .twice = twice, .squares = once,
	};

	cr_completeness(&in, c);
}

CR_TEST(by_hand)
{
	struct cr_completeness c;

	estimate(12, 3, 1, &c);
	CR_CHECK(c.known);
	CHECK_NEAR(c.next, 0.25, 1e-12);
	CHECK_NEAR(c.unseen, 11.0 / 12 * 3 * 2 / (2 * 2), 1e-12);
	CR_CHECK(c.low > 0 && c.low < 0.25 && c.high > 0.25 && c.high < 1.2);
	estimate(12, 3, 0, &c);
	CHECK_NEAR(c.unseen, 11.0 / 12 * 3 * 2 / 2, 1e-12);
	/* Without calls seen twice the interval is Garwood's of a Poisson variable. */
	CHECK_NEAR(c.low * 12, 0.6186721, 1e-6);
	CHECK_NEAR(c.high * 12, 8.7672731, 1e-6);
	estimate(12, 1, 0, &c);
	CHECK_NEAR(c.unseen, 0, 0);
}

CR_TEST(rule_of_three)
{
	struct cr_completeness c;

	estimate(30, 0, 4, &c);
	CR_CHECK(c.known && c.next <= 0 && c.low <= 0 && c.unseen <= 0);
	CHECK_NEAR(c.high, 0.1, 0.0005);
	estimate(2, 0, 0, &c);
	CHECK_NEAR(c.high, 1, 0);
}

CR_TEST(one_execution)
{
	struct cr_completeness c;

	estimate(1, 40, 0, &c);
	CR_CHECK(!c.known);
	estimate(0, 0, 0, &c);
	CR_CHECK(!c.known);
}

static struct cr_policy *read_in(const char *text)
{
	struct cr_policy *p = NULL;
	struct cr_err err;

	if (cr_ini_parse("x", text, strlen(text), &p, &err) < 0)
		CR_FAIL("%s", err.text);
	return p;
}

CR_TEST(counting)
{
	struct cr_policy *p = read_in("[policy]\nruns = 9\n[syscalls]\nread = allow\nopen = allow\n"
				      "close = allow\nstat = allow\nbrk = never\npoll = allow\n"
				      "mmap = allow\nlseek = allow\n[evidence]\n"
				      "read = \"3+, first in 1, 9 calls\"\n"
				      "open = \"1, first in 4, 1 call\"\n"
				      "close = \"1, first in 4, 1/1 all, 1 call\"\n"
				      "stat = \"2, 3 calls\"\n"
				      "brk = \"1, 1 call\"\npoll = \"1+, first in 7, 1 call\"\n"
				      "mmap = \"2+, 9 calls\"\n");
	struct cr_incidence in;

	CR_CHECK_INT(cr_incidence_count(p->rules, p->n_own, p->runs, &in), 0);
	CR_CHECK_INT(in.runs, 9);
	CR_CHECK_INT(in.calls, 6);
	CR_CHECK_INT(in.once, 3);
	CR_CHECK_INT(in.twice, 2);
	CR_CHECK_INT(in.stopped, 2);
	CR_CHECK_INT(in.squares, 5);
	cr_policy_free(p);
}

/* A program, as a statistician sees it: features, each with its chance to be used by an execution
 * and the number of calls that come with it. */
struct program {
	const char *name;
	size_t n;
	double chance[CALLS_MAX];
	unsigned int calls[CALLS_MAX];
};

static void feature(struct program *p, double how_likely, unsigned int calls)
{
	p->chance[p->n] = how_likely;
	p->calls[p->n++] = calls;
}

/* From 1 on, on average @mean. */
static unsigned int burst(double mean)
{
	unsigned int n = 1;

	while (n < 12 && chance() > 1 / mean)
		n++;
	return n;
}

static void make_program(struct program *p, int kind)
{
	static const char *const names[] = {
		"Zipf's law", "Zipf's law, bursts", "ten rare calls", "ten rare bursts",
		"260 very rare calls", "beta distribution", "one rare burst of twelve",
	};
	int i;

	p->name = names[kind];
	p->n = 0;
	for (i = 0; i < 40; i++)
		feature(p, kind == 0 || kind == 1 ? 1 / (1 + i * 0.15) : 0.98, 1);
	for (i = 0; kind == 0 && i < 60; i++)
		feature(p, 1 / (7 + i * 0.15), 1);
	for (i = 0; kind == 1 && i < 40; i++)
		feature(p, 1 / (7 + i * 0.3), burst(3));
	for (i = 0; (kind == 2 || kind == 3) && i < 10; i++)
		feature(p, kind == 2 ? 0.03 : 0.05, kind == 2 ? 1 : burst(4));
	for (i = 0; kind == 4 && i < 260; i++)
		feature(p, 0.004, 1);
	for (i = 0; kind == 5 && i < 80; i++)
		feature(p, pow(chance(), 1 / 0.3) * pow(chance(), 0.5), 1);
	if (kind == 6)
		feature(p, 0.1, 12);
}

/* What came of many learnings of one program, each from @runs executions. */
struct outcome {
	double next, expected;	/* estimated on average; as it is on average (formula) */
	double spread;		/* standard deviation of the estimate */
	double unseen, chao;	/* calls unseen on average; estimated */
	unsigned int intervals;	/* learnings with calls that were seen just once */
	unsigned int held;	/* of these, intervals that hold the true expectation */
	unsigned int over;	/* of these, where more is missing than the upper end says */
	unsigned int threes;	/* learnings without, where something new is likelier than 3/m */
};

static struct cr_evidence evidence[CALLS_MAX * 4];
static struct cr_rule rule[CALLS_MAX * 4], *rules[CALLS_MAX * 4];

/* One learning. How many calls there are. */
static size_t learn(const struct program *p, uint32_t runs, uint32_t *seen)
{
	uint32_t first[CALLS_MAX];
	size_t i, n = 0;
	uint32_t run;
	unsigned int k;

	memset(seen, 0, p->n * sizeof(*seen));
	for (run = 1; run <= runs; run++)
		for (i = 0; i < p->n; i++)
			if (chance() < p->chance[i] && seen[i]++ == 0)
				first[i] = run;
	for (i = 0; i < p->n; i++) {
		for (k = 0; seen[i] && k < p->calls[i]; k++, n++) {
			evidence[n] = (struct cr_evidence){
				.seen = seen[i] > 3 ? 3 : seen[i], .more = seen[i] > 3,
				.first = first[i],
			};
			rule[n] = (struct cr_rule){ .act = CR_ACT_ALLOW, .ev = &evidence[n] };
			rules[n] = &rule[n];
		}
	}
	return n;
}

/* Adds what one learning says, beside the truth. */
static void judge(const struct program *p, uint32_t runs, struct outcome *o)
{
	double missing = 0, nothing = 1;
	uint32_t seen[CALLS_MAX];
	struct cr_completeness c;
	struct cr_incidence in;
	size_t i;

	CR_CHECK_INT(cr_incidence_count(rules, learn(p, runs, seen), runs, &in), 0);
	cr_completeness(&in, &c);
	for (i = 0; i < p->n; i++) {
		o->unseen += seen[i] ? 0 : p->calls[i];
		missing += seen[i] ? 0 : p->calls[i] * p->chance[i];
		nothing *= seen[i] ? 1 : 1 - p->chance[i];
	}
	o->next += c.next;
	o->spread += c.next * c.next;
	o->chao += c.unseen;
	if (in.once) {
		o->intervals++;
		o->held += c.low <= o->expected && o->expected <= c.high;
		o->over += missing > c.high;
	} else {
		o->threes += 1 - nothing > c.high;
	}
}

static void simulate(const struct program *p, uint32_t runs, struct outcome *o)
{
	size_t i;

	*o = (struct outcome){ 0 };
	for (i = 0; i < p->n; i++)
		o->expected += p->calls[i] * p->chance[i] * pow(1 - p->chance[i], runs);
	for (i = 0; i < REPEATS; i++)
		judge(p, runs, o);
	o->next /= REPEATS;
	o->unseen /= REPEATS;
	o->chao /= REPEATS;
	o->spread = sqrt(o->spread / REPEATS - o->next * o->next);
}

static const uint32_t sizes[] = { 3, 6, 12, 30, 100 };
static struct program programs[KINDS];
static struct outcome outcomes[KINDS][CR_ARRAY_SIZE(sizes)];

static void simulate_all(void)
{
	size_t k, s;

	state = 88172645463325252ull;
	for (k = 0; k < KINDS; k++) {
		make_program(&programs[k], (int)k);
		for (s = 0; s < CR_ARRAY_SIZE(sizes); s++)
			simulate(&programs[k], sizes[s], &outcomes[k][s]);
	}
}

/* Good-Turing's number is what it promises: the expectation for the last of these executions. */
CR_TEST(unbiased)
{
	size_t k, s, i;
	double want;

	simulate_all();
	for (k = 0; k < KINDS; k++) {
		for (s = 0; s < CR_ARRAY_SIZE(sizes); s++) {
			const struct program *p = &programs[k];
			const struct outcome *o = &outcomes[k][s];

			for (want = 0, i = 0; i < p->n; i++)
				want += p->calls[i] * p->chance[i] *
					pow(1 - p->chance[i], sizes[s] - 1.0);
			if (fabs(o->next - want) > 4 * o->spread / sqrt(REPEATS) + 1e-4)
				CR_FAIL("%s, %u executions: %.4f on average, not %.4f", p->name,
					sizes[s], o->next, want);
		}
	}
}

/* The figures that chestnut(1) gives. */
CR_TEST(coverage)
{
	double n = 0, held = 0, over = 0, threes = 0;
	double worst_held = 1, worst_over = 0, worst_three = 0;
	size_t k, s;

	for (k = 0; k < KINDS; k++) {
		for (s = 0; s < CR_ARRAY_SIZE(sizes); s++) {
			const struct outcome *o = &outcomes[k][s];
			double of = o->intervals ? o->intervals : 1;

			printf("# %-23s %3u executions: %4u intervals, right %5.1f %%, too low "
			       "%4.1f %%; rule of three wrong %3.1f %%\n", programs[k].name,
			       sizes[s], o->intervals, 100 * o->held / of, 100 * o->over / of,
			       100.0 * o->threes / REPEATS);
			n += o->intervals;
			held += o->held;
			over += o->over;
			threes += o->threes;
			worst_three = fmax(worst_three, (double)o->threes / REPEATS);
			if (o->intervals < REPEATS / 10)
				continue;
			worst_held = fmin(worst_held, o->held / of);
			worst_over = fmax(worst_over, o->over / of);
		}
	}
	printf("# in all: right %.1f %% (worst %.1f), too low %.1f %% (worst %.1f), rule of three "
	       "wrong %.1f %% (worst %.1f)\n", 100 * held / n, 100 * worst_held, 100 * over / n,
	       100 * worst_over, 100 * threes / (KINDS * CR_ARRAY_SIZE(sizes) * REPEATS),
	       100 * worst_three);
	CR_CHECK(held / n > 0.97 && worst_held > 0.9);
	CR_CHECK(over / n < 0.03 && worst_over < 0.15);
	CR_CHECK(threes / (KINDS * CR_ARRAY_SIZE(sizes) * REPEATS) < 0.02 && worst_three < 0.08);
}

CR_TEST(lower_bound)
{
	size_t k, s;

	for (k = 0; k < KINDS; k++) {
		for (s = 0; s < CR_ARRAY_SIZE(sizes); s++) {
			const struct outcome *o = &outcomes[k][s];

			printf("# %-23s %3u executions: %6.2f unseen, at least %6.2f said\n",
			       programs[k].name, sizes[s], o->unseen, o->chao);
			CR_CHECK(o->chao <= o->unseen);
		}
	}
	/* It is no empty promise: where there is much to see it sees much. */
	CR_CHECK(outcomes[4][4].chao > 0.9 * outcomes[4][4].unseen);
}

int main(void)
{
	CR_RUN(quantiles, "the quantiles of the gamma distribution are those of the tables");
	CR_RUN(by_hand, "the estimates are those of their formulas");
	CR_RUN(rule_of_three, "when no call was seen just once the rule of three holds");
	CR_RUN(one_execution, "one execution says nothing about the next one");
	CR_RUN(counting, "calls are counted by how often they were seen, and in bursts");
	CR_RUN(unbiased, "the estimate of simulated programs is right on average");
	CR_RUN(coverage, "the intervals hold the truth of simulated programs as often as promised");
	CR_RUN(lower_bound, "of what is unseen, on average not more is promised than there is");
	return cr_done();
}
