/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A program has constants for hundreds of calls; of one call only few matter. With its number and
 * architecture known, the program is followed to wherever the arguments may lead: jumps go
 * forward, so one pass from its beginning sees each instruction after all that lead to it.
 */
#include <errno.h>
#include <stdlib.h>

#include "guard.h"

/* What the accumulator holds: a word of seccomp_data, masked. */
struct state {
	uint8_t word;
	uint32_t mask;
};

#define STATES_MAX 4	/* in which an instruction may be reached */
#define NOTHING 0xff

struct place {
	struct state state[STATES_MAX];
	uint8_t n;
};

struct pass {
	const struct cr_filter *f;		/* borrowed */
	const struct seccomp_data *d;	/* borrowed */
	struct place *at;		/* owned; for each instruction */
	struct cr_compared *out;	/* owned */
	size_t n;
};

static int arrive(struct pass *p, uint32_t pc, struct state s)
{
	unsigned int class = BPF_CLASS(p->f->insn[pc].code);
	struct place *here = &p->at[pc];
	unsigned int i;

	/* These do not look at it. */
	if (class == BPF_RET || class == BPF_LD)
		s = (struct state){ NOTHING, 0 };
	for (i = 0; i < here->n; i++)
		if (here->state[i].word == s.word && here->state[i].mask == s.mask)
			return 0;
	if (here->n == STATES_MAX)
		return -EBADMSG;
	here->state[here->n++] = s;
	return 0;
}

static bool taken(const struct sock_filter *i, uint32_t a)
{
	switch (BPF_OP(i->code)) {
	case BPF_JEQ:
		return a == i->k;
	case BPF_JGT:
		return a > i->k;
	}
	return a >= i->k;	/* BPF_JGE */
}

/* The number and the architecture are known: the jump goes one way. */
static int jump(struct pass *p, uint32_t pc, struct state s)
{
	const struct sock_filter *i = &p->f->insn[pc];
	bool yes;
	int rc;

	if (BPF_OP(i->code) == BPF_JA)
		return arrive(p, pc + 1 + i->k, s);
	if (s.word < 2) {
		yes = taken(i, s.mask & (s.word ? p->d->arch : (uint32_t)p->d->nr));
		return arrive(p, pc + 1 + (yes ? i->jt : i->jf), s);
	}
	p->out[p->n++] = (struct cr_compared){ s.word, i->k };
	rc = arrive(p, pc + 1 + i->jt, s);
	return rc < 0 ? rc : arrive(p, pc + 1 + i->jf, s);
}

static int step(struct pass *p, uint32_t pc, struct state s)
{
	const struct sock_filter *i = &p->f->insn[pc];

	switch (BPF_CLASS(i->code)) {
	case BPF_RET:
		return 0;
	case BPF_LD:
		s = (struct state){ (uint8_t)(i->k / sizeof(uint32_t)), UINT32_MAX };
		break;
	case BPF_ALU:
		s.mask &= i->k;
		break;
	case BPF_JMP:
		return s.word == NOTHING && BPF_OP(i->code) != BPF_JA ? -EBADMSG : jump(p, pc, s);
	}
	return arrive(p, pc + 1, s);
}

int cr_bpf_compared(const struct cr_filter *f, const struct seccomp_data *d,
		    struct cr_compared **out, size_t *n)
{
	struct pass p = { .f = f, .d = d };
	unsigned int i;
	uint32_t pc;
	int rc = -ENOMEM;

	p.at = calloc(f->len, sizeof(*p.at));
	p.out = calloc((size_t)f->len * STATES_MAX, sizeof(*p.out));
	if (p.at && p.out)
		rc = arrive(&p, 0, (struct state){ NOTHING, 0 });
	for (pc = 0; pc < f->len && rc == 0; pc++)
		for (i = 0; i < p.at[pc].n && rc == 0; i++)
			rc = step(&p, pc, p.at[pc].state[i]);
	free(p.at);
	if (rc < 0) {
		free(p.out);
		return rc;
	}
	*out = p.out;
	*n = p.n;
	return 0;
}
