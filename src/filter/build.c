/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A plan as BPF. libseccomp cannot say it: it has no words for "all numbers above N" (ENOSYS there,
 * death below), none for an i386 call without a name or behind socketcall, none for x32 beside
 * x86-64, and one default for all ABIs. What it would add is a tree over the numbers, which is what
 * is built here: neighbours with one answer are one span, and each step halves the spans. On the
 * way to an answer that the number alone decides nothing but the number and the architecture is
 * looked at, so the kernel finds out by itself which calls always pass, and does not run the
 * program for these at all (Linux 5.11). prove.c proves the result.
 *
 * Jumps lead forward, so the program is built from its end: where they lead is known then.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cr/filter.h"

struct span {
	uint32_t from;		/* this number and all up to the next span's */
	uint32_t ret;		/* without a look at the arguments, or when they do not fit */
	enum cr_pass pass;
	enum cr_abi abi;	/* for a call whose arguments count */
	uint32_t nr;
};

struct maker {
	const struct cr_filter_plan *plan;	/* borrowed */
	struct span *spans;	/* owned; of the ABIs that share one architecture */
	size_t n;
	struct sock_filter *insn;	/* owned; filled from the end */
	size_t at;			/* the first instruction so far */
	bool full;
};

static bool by_arguments(enum cr_pass pass)
{
	return pass == CR_PASS_UNLESS_MASK || pass == CR_PASS_WITH_KEY;
}

static void add_span(struct maker *m, const struct span *s)
{
	const struct span *last = m->n ? &m->spans[m->n - 1] : NULL;

	if (last && last->ret == s->ret && !by_arguments(last->pass) && !by_arguments(s->pass))
		return;
	m->spans[m->n++] = *s;
}

static void add_abi(struct maker *m, enum cr_abi abi)
{
	uint32_t bit = cr_abi_facts[abi].nr_bit, nr;
	struct span s = { .abi = abi };

	for (nr = 0; nr < CR_NR_MAX; nr++) {
		s.from = nr | bit;
		s.nr = nr;
		s.pass = (enum cr_pass)m->plan->abi[abi].pass[nr];
		s.ret = cr_filter_otherwise(m->plan, abi, nr);
		add_span(m, &s);
	}
	s = (struct span){ .from = CR_NR_MAX | bit, .abi = abi,
			   .ret = cr_filter_otherwise(m->plan, abi, CR_NR_MAX) };
	add_span(m, &s);
}

static void put(struct maker *m, struct sock_filter insn)
{
	if (m->at == 0) {
		m->full = true;
		return;
	}
	m->insn[--m->at] = insn;
}

/* "if it is so, go on behind the next @n instructions". A conditional jump reaches 255. */
static void jump_over(struct maker *m, uint16_t op, uint32_t k, size_t n)
{
	if (n <= 255) {
		put(m, (struct sock_filter)BPF_JUMP(BPF_JMP | op | BPF_K, k, (uint8_t)n, 0));
		return;
	}
	put(m, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, (uint32_t)n));
	put(m, (struct sock_filter)BPF_JUMP(BPF_JMP | op | BPF_K, k, 0, 1));
}

static void put_ret(struct maker *m, uint32_t ret)
{
	put(m, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, ret));
}

static void put_load(struct maker *m, size_t offset)
{
	put(m, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

/* "unless (the word at @offset) & @mask is @value, go to @no". */
static void put_word(struct maker *m, size_t offset, uint32_t mask, uint32_t value, size_t no)
{
	if (!mask)
		return;
	put(m, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0,
					    (uint8_t)(no - m->at)));
	if (mask != UINT32_MAX)
		put(m, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask));
	put_load(m, offset);
}

/* "unless args[@arg] & @mask is @value, go to @no". Low halves come first in memory. */
static void put_if(struct maker *m, unsigned int arg, uint64_t mask, uint64_t value, size_t no)
{
	size_t low = offsetof(struct seccomp_data, args) + arg * sizeof(uint64_t);

	put_word(m, low + sizeof(uint32_t), (uint32_t)(mask >> 32), (uint32_t)(value >> 32), no);
	put_word(m, low, (uint32_t)mask, (uint32_t)value, no);
}

static void put_answer(struct maker *m, const struct span *s)
{
	unsigned int arg, i;
	uint64_t mask;
	size_t no;

	put_ret(m, s->ret);
	no = m->at;
	if (!by_arguments(s->pass))
		return;
	put_ret(m, SECCOMP_RET_ALLOW);
	if (s->pass == CR_PASS_UNLESS_MASK) {
		cr_filter_mask(s->abi, s->nr, &arg, &mask);
		put_if(m, arg, mask, 0, no);
	}
	for (i = 0; s->pass == CR_PASS_WITH_KEY && i < CR_FILTER_KEYS; i++)
		put_if(m, CR_FILTER_KEY_ARG + i, UINT64_MAX, m->plan->key[i], no);
}

static void put_tree(struct maker *m, const struct span *s, size_t n)
{
	size_t half = n / 2, after;

	if (n == 1) {
		put_answer(m, s);
		return;
	}
	put_tree(m, s + half, n - half);
	after = m->at;
	put_tree(m, s, half);
	jump_over(m, BPF_JGE, s[half].from, after - m->at);
}

/* "if the architecture is @arch, decide by number; else go on behind". */
static void put_arch(struct maker *m, uint32_t arch)
{
	size_t after = m->at;

	put_tree(m, m->spans, m->n);
	put_load(m, offsetof(struct seccomp_data, nr));
	put(m, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, (uint32_t)(after - m->at)));
	put(m, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, arch, 1, 0));
	m->n = 0;
}

static void make(struct maker *m)
{
	struct span negative = { .from = 0x80000000u, .abi = CR_ABI_X86_64,
				 .ret = cr_filter_otherwise(m->plan, CR_ABI_X86_64, CR_NR_MAX) };

	put_ret(m, cr_filter_foreign(m->plan));
	add_abi(m, CR_ABI_I386);
	put_arch(m, cr_abi_facts[CR_ABI_I386].audit_arch);
	add_abi(m, CR_ABI_X86_64);
	add_abi(m, CR_ABI_X32);
	/* Negative numbers are of no ABI: they are x86-64's largest ones. */
	add_span(m, &negative);
	put_arch(m, cr_abi_facts[CR_ABI_X86_64].audit_arch);
	put_load(m, offsetof(struct seccomp_data, arch));
}

static int compile(const struct cr_filter_plan *plan, struct cr_filter *f, struct cr_err *err)
{
	struct maker m = { .plan = plan, .at = BPF_MAXINSNS };
	int rc = 0;

	m.spans = calloc(2 * CR_NR_MAX + 3, sizeof(*m.spans));
	m.insn = calloc(BPF_MAXINSNS, sizeof(*m.insn));
	if (!m.spans || !m.insn) {
		rc = cr_err_sys(err, -ENOMEM, "cannot hold the filter");
	} else {
		make(&m);
		if (m.full)
			rc = cr_err_set(err, -E2BIG, "the filter would have more than %d "
					"instructions, which the kernel does not take",
					BPF_MAXINSNS);
	}
	free(m.spans);
	if (rc < 0) {
		free(m.insn);
		return rc;
	}
	f->len = (unsigned short)(BPF_MAXINSNS - m.at);
	memmove(m.insn, m.insn + m.at, f->len * sizeof(*m.insn));
	f->insn = m.insn;
	return 0;
}

int cr_filter_build(const struct cr_filter_plan *plan, struct cr_filter *f, struct cr_err *err)
{
	int rc;

	*f = (struct cr_filter){ NULL, 0 };
	rc = compile(plan, f, err);
	if (rc < 0)
		return rc;
	rc = cr_filter_prove(plan, f, err);
	if (rc < 0)
		cr_filter_fini(f);
	return rc;
}

void cr_filter_fini(struct cr_filter *f)
{
	free(f->insn);
	*f = (struct cr_filter){ NULL, 0 };
}
