/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "cr/filter.h"

struct machine {
	uint32_t a;
	uint32_t x;
	uint32_t mem[BPF_MEMWORDS];
};

/* The instructions that seccomp takes: less than a socket filter may use (no packet bytes, no
 * modulo, no ancillary data). */
static bool known(uint16_t code)
{
	switch (code) {
	case BPF_LD | BPF_W | BPF_ABS:
	case BPF_LD | BPF_W | BPF_LEN:
	case BPF_LDX | BPF_W | BPF_LEN:
	case BPF_LD | BPF_IMM:
	case BPF_LDX | BPF_IMM:
	case BPF_LD | BPF_MEM:
	case BPF_LDX | BPF_MEM:
	case BPF_ST:
	case BPF_STX:
	case BPF_MISC | BPF_TAX:
	case BPF_MISC | BPF_TXA:
	case BPF_RET | BPF_K:
	case BPF_RET | BPF_A:
	case BPF_ALU | BPF_NEG:
	case BPF_JMP | BPF_JA:
		return true;
	}
	if (code & ~(uint16_t)(0x07 | 0xf0 | BPF_X))
		return false;
	if (BPF_CLASS(code) == BPF_JMP)
		return BPF_OP(code) > BPF_JA && BPF_OP(code) <= BPF_JSET;
	return BPF_CLASS(code) == BPF_ALU && BPF_OP(code) <= BPF_XOR &&
	       BPF_OP(code) != BPF_NEG && BPF_OP(code) != BPF_MOD;
}

/* Is the constant of @i one that makes sense for its instruction? */
static bool constant_ok(const struct sock_filter *i)
{
	switch (i->code) {
	case BPF_LD | BPF_W | BPF_ABS:
		return i->k < sizeof(struct seccomp_data) && i->k % sizeof(uint32_t) == 0;
	case BPF_LD | BPF_MEM:
	case BPF_LDX | BPF_MEM:
	case BPF_ST:
	case BPF_STX:
		return i->k < BPF_MEMWORDS;
	case BPF_ALU | BPF_DIV | BPF_K:
		return i->k != 0;
	case BPF_ALU | BPF_LSH | BPF_K:
	case BPF_ALU | BPF_RSH | BPF_K:
		return i->k < 32;
	}
	return true;
}

/* Only forward, and never past the end: @left instructions follow @i. */
static bool jump_ok(const struct sock_filter *i, uint32_t left)
{
	if (BPF_CLASS(i->code) != BPF_JMP)
		return true;
	if (BPF_OP(i->code) == BPF_JA)
		return i->k < left;
	return i->jt < left && i->jf < left;
}

/* May nobody read scratch memory that was not written on every way there? */
static bool memory_ok(const struct cr_filter *f)
{
	uint16_t at[BPF_MAXINSNS];	/* written on all jumps that lead to an instruction */
	uint16_t now = 0;		/* written on the straight way */
	const struct sock_filter *i;
	uint32_t pc;

	memset(at, 0xff, sizeof(at));
	for (pc = 0; pc < f->len; pc++) {
		i = &f->insn[pc];
		now &= at[pc];
		if (i->code == BPF_ST || i->code == BPF_STX)
			now |= (uint16_t)(1u << i->k);
		if (i->code == (BPF_LD | BPF_MEM) || i->code == (BPF_LDX | BPF_MEM)) {
			if (!(now & (1u << i->k)))
				return false;
		}
		if (BPF_CLASS(i->code) != BPF_JMP)
			continue;
		if (BPF_OP(i->code) == BPF_JA) {
			at[pc + 1 + i->k] &= now;
		} else {
			at[pc + 1 + i->jt] &= now;
			at[pc + 1 + i->jf] &= now;
		}
		now = 0xffff;		/* nothing falls through a jump */
	}
	return true;
}

int cr_bpf_check(const struct cr_filter *f)
{
	uint32_t pc;

	if (!f->len || f->len > BPF_MAXINSNS)
		return -EINVAL;
	for (pc = 0; pc < f->len; pc++) {
		const struct sock_filter *i = &f->insn[pc];

		if (!known(i->code) || !constant_ok(i) || !jump_ok(i, f->len - pc - 1))
			return -EINVAL;
	}
	if (BPF_CLASS(f->insn[f->len - 1].code) != BPF_RET || !memory_ok(f))
		return -EINVAL;
	return 0;
}

/* *@a = *@a OP @v. False for a division by zero, which ends the program with 0. */
static bool alu(uint16_t op, uint32_t *a, uint32_t v)
{
	switch (op) {
	case BPF_ADD:
		*a += v;
		break;
	case BPF_SUB:
		*a -= v;
		break;
	case BPF_MUL:
		*a *= v;
		break;
	case BPF_DIV:
		if (!v)
			return false;
		*a /= v;
		break;
	case BPF_OR:
		*a |= v;
		break;
	case BPF_AND:
		*a &= v;
		break;
	case BPF_XOR:
		*a ^= v;
		break;
	case BPF_LSH:	/* by X: as the processor, which takes five bits of the count */
		*a <<= v & 31;
		break;
	case BPF_RSH:
		*a >>= v & 31;
		break;
	case BPF_NEG:
		*a = -*a;
		break;
	}
	return true;
}

static bool taken(uint16_t op, uint32_t a, uint32_t v)
{
	switch (op) {
	case BPF_JEQ:
		return a == v;
	case BPF_JGT:
		return a > v;
	case BPF_JGE:
		return a >= v;
	}
	return a & v;	/* BPF_JSET */
}

/* Loads, stores and moves. */
static void move(struct machine *m, const struct sock_filter *i, const uint32_t *words)
{
	switch (i->code) {
	case BPF_LD | BPF_W | BPF_ABS:
		m->a = words[i->k / sizeof(uint32_t)];
		break;
	case BPF_LD | BPF_W | BPF_LEN:
		m->a = sizeof(struct seccomp_data);
		break;
	case BPF_LDX | BPF_W | BPF_LEN:
		m->x = sizeof(struct seccomp_data);
		break;
	case BPF_LD | BPF_IMM:
		m->a = i->k;
		break;
	case BPF_LDX | BPF_IMM:
		m->x = i->k;
		break;
	case BPF_LD | BPF_MEM:
		m->a = m->mem[i->k];
		break;
	case BPF_LDX | BPF_MEM:
		m->x = m->mem[i->k];
		break;
	case BPF_ST:
		m->mem[i->k] = m->a;
		break;
	case BPF_STX:
		m->mem[i->k] = m->x;
		break;
	case BPF_MISC | BPF_TAX:
		m->x = m->a;
		break;
	case BPF_MISC | BPF_TXA:
		m->a = m->x;
		break;
	}
}

uint32_t cr_bpf_run(const struct cr_filter *f, const struct seccomp_data *data, uint32_t *loaded)
{
	uint32_t words[sizeof(*data) / sizeof(uint32_t)];
	struct machine m = { 0 };
	const struct sock_filter *i = f->insn;
	uint32_t seen = 0, v;

	memcpy(words, data, sizeof(words));
	for (;; i++) {
		v = BPF_SRC(i->code) == BPF_X ? m.x : i->k;
		switch (BPF_CLASS(i->code)) {
		case BPF_RET:
			if (loaded)
				*loaded = seen;
			return BPF_RVAL(i->code) == BPF_A ? m.a : i->k;
		case BPF_JMP:
			if (BPF_OP(i->code) == BPF_JA)
				i += i->k;
			else
				i += taken(BPF_OP(i->code), m.a, v) ? i->jt : i->jf;
			break;
		case BPF_ALU:
			if (alu(BPF_OP(i->code), &m.a, v))
				break;
			if (loaded)
				*loaded = seen;
			return 0;
		default:
			if (i->code == (BPF_LD | BPF_W | BPF_ABS))
				seen |= 1u << (i->k / sizeof(uint32_t));
			move(&m, i, words);
		}
	}
}
