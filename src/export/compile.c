/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The answers as BPF. libseccomp cannot say this policy: it has no words for "all numbers above N"
 * (ENOSYS there, death below), none for an i386 call without a name or behind socketcall, and one
 * default for all ABIs. What it would add is a tree over the numbers, which is what is built here:
 * neighbours with one answer are one span, and each step halves the spans. Nothing but numbers and
 * architectures is looked at, so the kernel finds out by itself which calls always pass, and does
 * not run the program for these at all (Linux 5.11). check.c proves the result.
 *
 * Jumps lead forward, so the program is built from its end: where they lead is known then.
 */
#include <errno.h>
#include <string.h>

#include "export-int.h"

struct span {
	uint32_t from;		/* this number and all up to the next span's */
	uint32_t ret;
};

struct maker {
	struct span *spans;	/* owned; of the ABIs that share one architecture */
	size_t n;
	struct sock_filter *insn;	/* owned; filled from the end */
	size_t at;			/* the first instruction so far */
	bool full;
};

static void add_span(struct maker *m, uint32_t from, uint32_t ret)
{
	if (m->n && m->spans[m->n - 1].ret == ret)
		return;
	m->spans[m->n++] = (struct span){ from, ret };
}

static void add_abi(struct maker *m, const struct cr_export *x, enum cr_abi abi)
{
	uint32_t bit = cr_abi_facts[abi].nr_bit, nr;

	for (nr = 0; nr < CR_NR_MAX; nr++)
		add_span(m, nr | bit, x->ret[abi][nr]);
	add_span(m, CR_NR_MAX | bit, x->beyond[abi]);
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

static void put_tree(struct maker *m, const struct span *s, size_t n)
{
	size_t half = n / 2, after;

	if (n == 1) {
		put(m, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, s->ret));
		return;
	}
	put_tree(m, s + half, n - half);
	after = m->at;
	put_tree(m, s, half);
	jump_over(m, BPF_JGE, s[half].from, after - m->at);
}

static void put_load(struct maker *m, uint32_t offset)
{
	put(m, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset));
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

static void make(struct maker *m, const struct cr_export *x)
{
	put(m, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
	add_abi(m, x, CR_ABI_I386);
	put_arch(m, cr_abi_facts[CR_ABI_I386].audit_arch);
	add_abi(m, x, CR_ABI_X86_64);
	add_abi(m, x, CR_ABI_X32);
	/* Negative numbers are of no ABI: the kernel answers ENOSYS as it does to large ones. */
	add_span(m, 0x80000000u, x->beyond[CR_ABI_X86_64]);
	put_arch(m, cr_abi_facts[CR_ABI_X86_64].audit_arch);
	put_load(m, offsetof(struct seccomp_data, arch));
}

int cr_export_compile(const struct cr_export *x, struct cr_filter *f, struct cr_err *err)
{
	struct maker m = { .at = BPF_MAXINSNS };
	int rc = 0;

	*f = (struct cr_filter){ NULL, 0 };
	m.spans = calloc(2 * CR_NR_MAX + 3, sizeof(*m.spans));
	m.insn = calloc(BPF_MAXINSNS, sizeof(*m.insn));
	if (!m.spans || !m.insn) {
		rc = cr_err_sys(err, -ENOMEM, "cannot hold the filter");
	} else {
		make(&m, x);
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
	rc = cr_export_check(x, f, err);
	if (rc < 0)
		cr_filter_fini(f);
	return rc;
}
