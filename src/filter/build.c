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

#include "cr/names.h"
#include "guard.h"

struct span {
	uint32_t from;		/* this number and all up to the next span's */
	uint32_t ret;		/* without a look at the arguments, or when they do not fit */
	enum cr_pass pass;
	enum cr_abi abi;	/* for a call whose arguments count */
	uint32_t nr;
	const struct cr_filter_guarded *guards;	/* borrowed: from the plan; NULL: none */
};

struct maker {
	const struct cr_filter_plan *plan;	/* borrowed */
	struct span *spans;	/* owned; of the ABIs that share one architecture */
	size_t n;
	struct cr_code code;
	bool told;		/* err says what is too long */
	struct cr_err *err;	/* borrowed */
};

static bool by_arguments(const struct span *s)
{
	return s->pass == CR_PASS_UNLESS_MASK || s->pass == CR_PASS_WITH_KEY || s->guards;
}

static void add_span(struct maker *m, const struct span *s)
{
	const struct span *last = m->n ? &m->spans[m->n - 1] : NULL;

	if (last && last->ret == s->ret && !by_arguments(last) && !by_arguments(s))
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
		s.guards = cr_filter_guards(m->plan, abi, nr);
		add_span(m, &s);
	}
	s = (struct span){ .from = CR_NR_MAX | bit, .abi = abi,
			   .ret = cr_filter_otherwise(m->plan, abi, CR_NR_MAX) };
	add_span(m, &s);
}

/* "if it is so, go on behind the next @n instructions". A conditional jump reaches 255. */
static void jump_over(struct cr_code *c, uint16_t op, uint32_t k, size_t n)
{
	if (n <= 255) {
		cr_code_put(c, (struct sock_filter)BPF_JUMP(BPF_JMP | op | BPF_K, k, (uint8_t)n,
							    0));
		return;
	}
	cr_code_put(c, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, (uint32_t)n));
	cr_code_put(c, (struct sock_filter)BPF_JUMP(BPF_JMP | op | BPF_K, k, 0, 1));
}

/* "unless (the word at @offset) & @mask is @value, go to @no". */
static void put_word(struct cr_code *c, size_t offset, uint32_t mask, uint32_t value, size_t no)
{
	if (!mask)
		return;
	cr_code_if(c, BPF_JEQ, value, c->at, no);
	if (mask != UINT32_MAX)
		cr_code_put(c, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask));
	cr_code_load(c, offset);
}

/* "unless args[@arg] & @mask is @value, go to @no". Low halves come first in memory. */
static void put_if(struct cr_code *c, unsigned int arg, uint64_t mask, uint64_t value, size_t no)
{
	size_t low = offsetof(struct seccomp_data, args) + arg * sizeof(uint64_t);

	put_word(c, low + sizeof(uint32_t), (uint32_t)(mask >> 32), (uint32_t)(value >> 32), no);
	put_word(c, low, (uint32_t)mask, (uint32_t)value, no);
}

/* The first condition that no filter can hold is told. */
static void too_long(struct maker *m, const struct span *s)
{
	char name[CR_NAME_MAX];

	if (m->told)
		return;
	m->told = true;
	cr_err_set(m->err, -E2BIG, "the condition of %s (%s) is too long for a filter",
		   cr_nr_to_name(s->abi, s->nr, name), cr_abi_facts[s->abi].name);
	cr_err_hint(m->err, "ranges are short where single values are many: arg0 in 0..1023");
}

/* Without a key. */
static void put_policy(struct cr_code *c, const struct span *s)
{
	unsigned int arg;
	uint64_t mask;
	size_t no;

	cr_code_ret(c, s->ret);
	no = c->at;
	if (!s->guards && s->pass != CR_PASS_UNLESS_MASK)
		return;
	cr_code_ret(c, s->guards ? s->guards->yes : SECCOMP_RET_ALLOW);
	if (s->guards)
		cr_guard_code(c, s->guards->guard, s->guards->n, c->at, no);
	if (s->pass == CR_PASS_UNLESS_MASK) {
		cr_filter_mask(s->abi, s->nr, &arg, &mask);
		put_if(c, arg, mask, 0, no);
	}
}

static void put_answer(struct maker *m, const struct span *s)
{
	struct cr_code *c = &m->code;
	unsigned int i;
	size_t no;

	put_policy(c, s);
	no = c->at;
	if (s->pass == CR_PASS_WITH_KEY)
		cr_code_ret(c, SECCOMP_RET_ALLOW);
	for (i = 0; s->pass == CR_PASS_WITH_KEY && i < CR_FILTER_KEYS; i++)
		put_if(c, CR_FILTER_KEY_ARG + i, UINT64_MAX, m->plan->key[i], no);
	if (c->far)
		too_long(m, s);
}

static void put_tree(struct maker *m, const struct span *s, size_t n)
{
	size_t half = n / 2, after;

	if (n == 1) {
		put_answer(m, s);
		return;
	}
	put_tree(m, s + half, n - half);
	after = m->code.at;
	put_tree(m, s, half);
	jump_over(&m->code, BPF_JGE, s[half].from, after - m->code.at);
}

/* "if the architecture is @arch, decide by number; else go on behind". */
static void put_arch(struct maker *m, uint32_t arch)
{
	struct cr_code *c = &m->code;
	size_t after = c->at;

	put_tree(m, m->spans, m->n);
	cr_code_load(c, offsetof(struct seccomp_data, nr));
	cr_code_put(c, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, (uint32_t)(after - c->at)));
	cr_code_put(c, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, arch, 1, 0));
	m->n = 0;
}

static void make(struct maker *m)
{
	struct span negative = { .from = 0x80000000u, .abi = CR_ABI_X86_64,
				 .ret = cr_filter_otherwise(m->plan, CR_ABI_X86_64, CR_NR_MAX) };

	cr_code_ret(&m->code, cr_filter_foreign(m->plan));
	add_abi(m, CR_ABI_I386);
	put_arch(m, cr_abi_facts[CR_ABI_I386].audit_arch);
	add_abi(m, CR_ABI_X86_64);
	add_abi(m, CR_ABI_X32);
	/* Negative numbers are of no ABI: they are x86-64's largest ones. */
	add_span(m, &negative);
	put_arch(m, cr_abi_facts[CR_ABI_X86_64].audit_arch);
	cr_code_load(&m->code, offsetof(struct seccomp_data, arch));
}

static int make_all(struct maker *m)
{
	make(m);
	if (m->told)
		return -E2BIG;
	if (m->code.full)
		return cr_err_set(m->err, -E2BIG, "the filter would have more than %d "
				  "instructions, which the kernel does not take", BPF_MAXINSNS);
	return 0;
}

static int compile(const struct cr_filter_plan *plan, struct cr_filter *f, struct cr_err *err)
{
	struct maker m = { .plan = plan, .code = { .at = BPF_MAXINSNS }, .err = err };
	int rc;

	m.spans = calloc(2 * CR_NR_MAX + 3, sizeof(*m.spans));
	m.code.insn = calloc(BPF_MAXINSNS, sizeof(*m.code.insn));
	if (m.spans && m.code.insn)
		rc = make_all(&m);
	else
		rc = cr_err_sys(err, -ENOMEM, "cannot hold the filter");
	free(m.spans);
	if (rc < 0) {
		free(m.code.insn);
		return rc;
	}
	f->len = (unsigned short)(BPF_MAXINSNS - m.code.at);
	memmove(m.code.insn, m.code.insn + m.code.at, f->len * sizeof(*m.code.insn));
	f->insn = m.code.insn;
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
