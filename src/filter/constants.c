/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Of a program that only compares (prove.c sees to that), the constants of its comparisons: between
 * two neighbouring ones all values are alike. What is compared with an argument says nothing about
 * numbers, and the other way round.
 */
#include <errno.h>
#include <stdlib.h>

#include "guard.h"

static const uint32_t borders[] = {
	0, CR_NR_MAX - 1, CR_NR_MAX, CR_NR_MAX + 1, 0xffff, 0x10000, CR_X32_BIT - 1, CR_X32_BIT,
	CR_X32_BIT + CR_NR_MAX, 0x7fffffff, 0x80000000, 0xc0000000, 0xfffffffe, 0xffffffff,
};

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

#define ARGS_FROM (offsetof(struct seccomp_data, args) / sizeof(uint32_t))
#define IS_ARG(words) ((words) >> ARGS_FROM)
#define IS_NUMBER(words) ((words) & ((1u << ARGS_FROM) - 1))

/* Which words may be in the accumulator at an instruction, by all ways that lead there. Jumps lead
 * forward. */
static void flow(const struct cr_filter *f, uint16_t *words)
{
	const struct sock_filter *i;
	unsigned int pc;
	uint16_t now;

	for (pc = 0; pc < f->len; pc++) {
		i = &f->insn[pc];
		now = words[pc];
		if (BPF_CLASS(i->code) == BPF_LD)
			now = (uint16_t)(1u << i->k / sizeof(uint32_t));
		if (BPF_CLASS(i->code) == BPF_RET)
			continue;
		if (BPF_CLASS(i->code) != BPF_JMP) {
			words[pc + 1] |= now;
		} else if (BPF_OP(i->code) == BPF_JA) {
			words[pc + 1 + i->k] |= now;
		} else {
			words[pc + 1 + i->jt] |= now;
			words[pc + 1 + i->jf] |= now;
		}
	}
}

static void add(struct cr_constants *c, uint32_t k)
{
	c->k[c->n++] = k - 1;
	c->k[c->n++] = k;
	c->k[c->n++] = k + 1;
}

static void each_once(struct cr_constants *c)
{
	size_t i, n = 1;

	qsort(c->k, c->n, sizeof(*c->k), by_value);
	for (i = 1; i < c->n; i++) {
		if (c->k[i] != c->k[n - 1])
			c->k[n++] = c->k[i];
	}
	c->n = n;
}

int cr_constants_collect(const struct cr_filter *f, struct cr_constants *numbers,
			 struct cr_constants *args)
{
	size_t room = 3u * f->len + CR_ARRAY_SIZE(borders), i;
	cr_auto_free uint16_t *words = calloc(f->len, sizeof(*words));

	numbers->k = malloc(room * sizeof(uint32_t));
	args->k = malloc(room * sizeof(uint32_t));
	if (!words || !numbers->k || !args->k)
		return -ENOMEM;
	for (i = 0; i < CR_ARRAY_SIZE(borders); i++) {
		numbers->k[numbers->n++] = borders[i];
		args->k[args->n++] = borders[i];
	}
	flow(f, words);
	for (i = 0; i < f->len; i++) {
		if (BPF_CLASS(f->insn[i].code) != BPF_JMP)
			continue;
		if (IS_NUMBER(words[i]))
			add(numbers, f->insn[i].k);
		if (IS_ARG(words[i]))
			add(args, f->insn[i].k);
	}
	each_once(numbers);
	each_once(args);
	return 0;
}
