/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A test asks whether masked bits of an argument are in a set of ranges. Of 32 bits that is a load,
 * perhaps a mask, and comparisons with the borders, lowest first. Of 64, the upper word chooses
 * which set the lower one has to be in. libseccomp compares whole arguments, once for each
 * rule, and was known to weaken such comparisons when it merged rules (before 2.6.1); here each
 * argument is loaded once, and an int is the word that the kernel takes for it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "guard.h"

void cr_code_put(struct cr_code *c, struct sock_filter insn)
{
	if (c->at == 0) {
		c->full = true;
		return;
	}
	c->insn[--c->at] = insn;
}

void cr_code_ret(struct cr_code *c, uint32_t ret)
{
	cr_code_put(c, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, ret));
}

void cr_code_load(struct cr_code *c, size_t offset)
{
	cr_code_put(c, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

void cr_code_if(struct cr_code *c, uint16_t op, uint32_t k, size_t yes, size_t no)
{
	c->far |= yes - c->at > 255 || no - c->at > 255;
	cr_code_put(c, (struct sock_filter)BPF_JUMP(BPF_JMP | op | BPF_K, k,
						    (uint8_t)(yes - c->at),
						    (uint8_t)(no - c->at)));
}

/* "from @lo to @hi, go to @yes". */
struct step {
	uint32_t lo;
	uint32_t hi;
	size_t yes;
};

/* The word at @offset, masked, in the steps that fit; @no where none does. Sorted: what is below
 * the next step is in none. */
static void put_steps(struct cr_code *c, size_t offset, uint32_t mask, const struct step *s,
		      size_t n, size_t no)
{
	size_t next = no;

	while (n--) {
		if (s[n].lo == s[n].hi) {
			cr_code_if(c, BPF_JEQ, s[n].lo, s[n].yes, next);
		} else {
			if (s[n].hi < mask)
				cr_code_if(c, BPF_JGT, s[n].hi, next, s[n].yes);
			if (s[n].hi >= mask)
				cr_code_if(c, BPF_JGE, s[n].lo, s[n].yes, no);
			else if (s[n].lo)
				cr_code_if(c, BPF_JGE, s[n].lo, c->at, no);
		}
		next = c->at;
	}
	if (mask != UINT32_MAX)
		cr_code_put(c, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask));
	cr_code_load(c, offset);
}

static size_t low_word(unsigned int arg)
{
	return offsetof(struct seccomp_data, args) + arg * sizeof(uint64_t);
}

/* The ranges of a set that is not wider than a word. */
static int put_narrow(struct cr_code *c, const struct cr_test *t, size_t yes, size_t no)
{
	struct step *s = calloc(t->in.n + 1, sizeof(*s));
	size_t i;

	if (!s)
		return -ENOMEM;
	for (i = 0; i < t->in.n; i++)
		s[i] = (struct step){ (uint32_t)t->in.v[i].lo, (uint32_t)t->in.v[i].hi, yes };
	put_steps(c, low_word(t->arg), (uint32_t)t->mask, s, t->in.n, no);
	free(s);
	return 0;
}

/* Upper words that have one answer: a set of lower ones, or all of these. */
struct segment {
	uint32_t lo;
	uint32_t hi;
	struct step *low;	/* owned; NULL: all */
	size_t n_low;
};

static void free_segments(struct segment *s, size_t n)
{
	while (n--)
		free(s[n].low);
	free(s);
}

/* Lower words @lo to @hi under the one upper word @up; @max: how many there may be. */
static int add_part(struct segment *s, size_t *n, uint32_t up, uint32_t lo, uint32_t hi,
		    size_t max)
{
	struct segment *last = *n ? &s[*n - 1] : NULL;

	if (!last || last->lo != up || last->hi != up || !last->low) {
		last = &s[(*n)++];
		*last = (struct segment){ up, up, calloc(max, sizeof(struct step)), 0 };
		if (!last->low)
			return -ENOMEM;
	}
	last->low[last->n_low++] = (struct step){ lo, hi, 0 };
	return 0;
}

/* A range begins within one upper word, has all lower ones of the next, and ends within one. */
static int add_segments(struct segment *s, size_t *n, const struct cr_interval *r, uint64_t mask,
			size_t max)
{
	uint32_t from = (uint32_t)(r->lo >> 32), to = (uint32_t)(r->hi >> 32);
	uint32_t low = (uint32_t)mask, lo = (uint32_t)r->lo, hi = (uint32_t)r->hi;
	int rc = 0;

	if (from == to && (lo || hi < low))
		return add_part(s, n, from, lo, hi, max);
	if (lo) {
		rc = add_part(s, n, from, lo, low, max);
		from++;
	}
	if (hi < low)
		to--;
	if (from <= to)
		s[(*n)++] = (struct segment){ from, to, NULL, 0 };
	if (hi < low && rc == 0)
		rc = add_part(s, n, (uint32_t)(r->hi >> 32), 0, hi, max);
	return rc;
}

static int put_segments(struct cr_code *c, const struct cr_test *t, struct segment *s, size_t n,
			size_t yes, size_t no)
{
	struct step *up = calloc(n + 1, sizeof(*up));
	size_t i, k;

	if (!up)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		up[i] = (struct step){ s[i].lo, s[i].hi, yes };
		if (!s[i].low)
			continue;
		for (k = 0; k < s[i].n_low; k++)
			s[i].low[k].yes = yes;
		put_steps(c, low_word(t->arg), (uint32_t)t->mask, s[i].low, s[i].n_low, no);
		up[i].yes = c->at;
	}
	put_steps(c, low_word(t->arg) + sizeof(uint32_t), (uint32_t)(t->mask >> 32), up, n, no);
	free(up);
	return 0;
}

static int put_wide(struct cr_code *c, const struct cr_test *t, size_t yes, size_t no)
{
	struct segment *s = calloc(3 * t->in.n + 1, sizeof(*s));
	size_t i, n = 0;
	int rc = s ? 0 : -ENOMEM;

	for (i = 0; i < t->in.n && rc == 0; i++)
		rc = add_segments(s, &n, &t->in.v[i], t->mask, 2 * t->in.n);
	if (rc == 0)
		rc = put_segments(c, t, s, n, yes, no);
	free_segments(s, n);
	return rc;
}

static void put_test(struct cr_code *c, const struct cr_test *t, size_t yes, size_t no)
{
	int rc = t->mask >> 32 ? put_wide(c, t, yes, no) : put_narrow(c, t, yes, no);

	if (rc < 0)
		c->full = true;
}

static void put_jump(struct cr_code *c, size_t to)
{
	cr_code_put(c, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, (uint32_t)(to - c->at)));
}

static void put_alternative(struct cr_code *c, const struct cr_alternative *a, size_t yes,
			    size_t no)
{
	size_t i;

	if (!a->n)
		put_jump(c, yes);
	for (i = a->n; i--; yes = c->at)
		put_test(c, &a->test[i], yes, no);
}

static void put_conds(struct cr_code *c, const struct cr_conds *cond, size_t yes, size_t no)
{
	size_t i;

	if (!cond->n)
		put_jump(c, no);
	for (i = cond->n; i--; no = c->at)
		put_alternative(c, &cond->alt[i], yes, no);
}

void cr_guard_code(struct cr_code *c, const struct cr_filter_guard *g, size_t n, size_t yes,
		   size_t no)
{
	while (n--) {
		if (g[n].unless)
			put_conds(c, g[n].cond, no, yes);
		else
			put_conds(c, g[n].cond, yes, no);
		yes = c->at;
	}
}

bool cr_guard_opens(const struct cr_filter_guard *g, size_t n, const uint64_t args[6])
{
	while (n--)
		if (cr_conds_hold(g[n].cond, args) == g[n].unless)
			return false;
	return true;
}
