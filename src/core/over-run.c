/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>

#include "over-parts.h"

#define CF 0x001u
#define PF 0x004u
#define AF 0x010u
#define ZF 0x040u
#define SF 0x080u
#define TF 0x100u
#define OF 0x800u

/* One run of one instruction: @regs is a copy until it has succeeded. */
struct run {
	const struct cr_over *o;
	struct cr_over_regs regs;
	const struct cr_target_mem *mem;	/* borrowed: from the caller */
};

static uint64_t mask(unsigned int size)
{
	return size >= 8 ? UINT64_MAX : ((uint64_t)1 << (8 * size)) - 1;
}

static unsigned int word(const struct run *r)
{
	return r->o->is32 ? 4 : 8;
}

static cr_addr address(const struct run *r, const struct cr_over_arg *a)
{
	uint64_t at = a->value;

	if (a->reg != CR_OVER_NO_REG)
		at += r->regs.gpr[a->reg];
	if (a->index != CR_OVER_NO_REG)
		at += r->regs.gpr[a->index] * a->scale;
	return r->o->addr32 || r->o->is32 ? at & UINT32_MAX : at;
}

/* Little-endian, as the only targets with these instructions are. */
static int load(const struct run *r, cr_addr at, unsigned int size, uint64_t *value)
{
	uint8_t b[8];
	unsigned int k;

	if (r->mem->read(r->mem->arg, at, b, size) < 0)
		return -EFAULT;
	for (*value = 0, k = 0; k < size; k++)
		*value |= (uint64_t)b[k] << (8 * k);
	return 0;
}

static int store(const struct run *r, cr_addr at, unsigned int size, uint64_t value)
{
	uint8_t b[8];
	unsigned int k;

	for (k = 0; k < size; k++)
		b[k] = (uint8_t)(value >> (8 * k));
	return r->mem->write(r->mem->arg, at, b, size) < 0 ? -EFAULT : 0;
}

static int get(const struct run *r, const struct cr_over_arg *a, uint64_t *value)
{
	switch ((enum over_kind)a->kind) {
	case KIND_REG:
		*value = (r->regs.gpr[a->reg] >> (a->high ? 8 : 0)) & mask(a->size);
		return 0;
	case KIND_MEM:
		return load(r, address(r, a), a->size, value);
	case KIND_IMM:
	case KIND_NONE:
		break;
	}
	*value = a->value;
	return 0;
}

/* A 32-bit result clears the upper half; smaller ones leave the rest as it is. */
static int set(struct run *r, const struct cr_over_arg *a, uint64_t value)
{
	uint64_t *reg = &r->regs.gpr[a->reg & 15];
	unsigned int shift = a->high ? 8 : 0;
	uint64_t bits = mask(a->size) << shift;

	if (a->kind == KIND_MEM)
		return store(r, address(r, a), a->size, value);
	if (a->size >= 4)
		*reg = value & mask(a->size);
	else
		*reg = (*reg & ~bits) | ((value << shift) & bits);
	return 0;
}

static void result_flags(struct run *r, uint64_t res, unsigned int size, uint64_t more)
{
	uint64_t f = r->regs.eflags & ~(uint64_t)(PF | ZF | SF);

	if (!(res & mask(size)))
		f |= ZF;
	if ((res >> (8 * size - 1)) & 1)
		f |= SF;
	if (!__builtin_parity((unsigned int)(res & 0xff)))
		f |= PF;
	r->regs.eflags = f | more;
}

static uint64_t sum(struct run *r, uint64_t a, uint64_t b, unsigned int size)
{
	uint64_t res = (a + b) & mask(size), f;

	f = ((a ^ b ^ res) & AF) | (res < a ? CF : 0) |
	    (((a ^ res) & (b ^ res)) >> (8 * size - 1) & 1 ? OF : 0);
	r->regs.eflags &= ~(uint64_t)(CF | AF | OF);
	result_flags(r, res, size, f);
	return res;
}

static uint64_t difference(struct run *r, uint64_t a, uint64_t b, unsigned int size)
{
	uint64_t res = (a - b) & mask(size), f;

	f = ((a ^ b ^ res) & AF) | (a < b ? CF : 0) |
	    (((a ^ b) & (a ^ res)) >> (8 * size - 1) & 1 ? OF : 0);
	r->regs.eflags &= ~(uint64_t)(CF | AF | OF);
	result_flags(r, res, size, f);
	return res;
}

static uint64_t logic(struct run *r, uint64_t res, unsigned int size)
{
	r->regs.eflags &= ~(uint64_t)(CF | AF | OF);
	result_flags(r, res, size, 0);
	return res;
}

/* Those that set flags. */
static int arithmetic(struct run *r)
{
	unsigned int size = r->o->dst.size;
	uint64_t a, b, carry = r->regs.eflags & CF;
	int rc = get(r, &r->o->dst, &a);

	if (!rc)
		rc = get(r, &r->o->src, &b);
	if (rc < 0)
		return rc;
	b &= mask(size);
	switch ((int)r->o->op) {
	case OP_CMP:
		difference(r, a, b, size);
		return 0;
	case OP_TEST:
		logic(r, a & b, size);
		return 0;
	case OP_ADD:
		return set(r, &r->o->dst, sum(r, a, b, size));
	case OP_SUB:
		return set(r, &r->o->dst, difference(r, a, b, size));
	case OP_AND:
		return set(r, &r->o->dst, logic(r, a & b, size));
	case OP_OR:
		return set(r, &r->o->dst, logic(r, a | b, size));
	case OP_XOR:
		return set(r, &r->o->dst, logic(r, a ^ b, size));
	default:
		break;
	}
	/* inc and dec leave the carry alone. */
	a = r->o->op == OP_INC ? sum(r, a, 1, size) : difference(r, a, 1, size);
	r->regs.eflags = (r->regs.eflags & ~(uint64_t)CF) | carry;
	return set(r, &r->o->dst, a);
}

static int move(struct run *r)
{
	uint64_t v;
	int rc;

	if (r->o->op == OP_LEA)
		return set(r, &r->o->dst, address(r, &r->o->src));
	rc = get(r, &r->o->src, &v);
	if (rc < 0)
		return rc;
	if (r->o->op == OP_MOVSX && (v >> (8 * r->o->src.size - 1)) & 1)
		v |= ~mask(r->o->src.size);
	return set(r, &r->o->dst, v);
}

static int push(struct run *r, uint64_t value)
{
	uint64_t sp = (r->regs.gpr[CR_GPR_SP] - word(r)) & mask(word(r));

	if (store(r, sp, word(r), value) < 0)
		return -EFAULT;
	r->regs.gpr[CR_GPR_SP] = sp;
	return 0;
}

static int pop(struct run *r, uint64_t *value)
{
	if (load(r, r->regs.gpr[CR_GPR_SP] & mask(word(r)), word(r), value) < 0)
		return -EFAULT;
	r->regs.gpr[CR_GPR_SP] = (r->regs.gpr[CR_GPR_SP] + word(r)) & mask(word(r));
	return 0;
}

/* To an address that user code cannot have the CPU goes in a way of its own: let it. */
static int go(struct run *r, uint64_t to)
{
	if (to >> 47)
		return -EFAULT;
	r->regs.rip = to;
	return 0;
}

static int stack(struct run *r)
{
	uint64_t v;
	int rc;

	switch ((int)r->o->op) {
	case OP_PUSH:
		rc = get(r, &r->o->src, &v);
		return rc < 0 ? rc : push(r, v);
	case OP_POP:
		/* After the pointer has moved: pop %rsp keeps what was popped. */
		rc = pop(r, &v);
		return rc < 0 ? rc : set(r, &r->o->dst, v);
	case OP_LEAVE:
		r->regs.gpr[CR_GPR_SP] = r->regs.gpr[CR_GPR_BP];
		return pop(r, &r->regs.gpr[CR_GPR_BP]);
	case OP_RET:
		rc = pop(r, &v);
		if (rc < 0)
			return rc;
		r->regs.gpr[CR_GPR_SP] = (r->regs.gpr[CR_GPR_SP] + r->o->src.value) & mask(word(r));
		return go(r, v);
	default:
		break;
	}
	/* A call: where it goes is read before the return address may overwrite it. */
	rc = get(r, &r->o->src, &v);
	if (!rc)
		rc = go(r, v);
	return rc < 0 ? rc : push(r, r->o->at + r->o->len);
}

static bool holds(uint64_t f, unsigned int cond)
{
	bool less = !(f & SF) != !(f & OF), yes;

	switch (cond >> 1) {
	case 0: yes = f & OF; break;
	case 1: yes = f & CF; break;
	case 2: yes = f & ZF; break;
	case 3: yes = f & (CF | ZF); break;
	case 4: yes = f & SF; break;
	case 5: yes = f & PF; break;
	case 6: yes = less; break;
	default: yes = less || (f & ZF); break;
	}
	return yes != (cond & 1);
}

static int run(struct run *r)
{
	uint64_t v;
	int rc;

	switch ((enum over_op)r->o->op) {
	case OP_NOP:
		return 0;
	case OP_MOV: case OP_MOVSX: case OP_LEA:
		return move(r);
	case OP_ADD: case OP_SUB: case OP_CMP: case OP_AND: case OP_OR: case OP_XOR:
	case OP_TEST: case OP_INC: case OP_DEC:
		return arithmetic(r);
	case OP_PUSH: case OP_POP: case OP_LEAVE: case OP_RET: case OP_CALL:
		return stack(r);
	case OP_JMP:
		rc = get(r, &r->o->src, &v);
		return rc < 0 ? rc : go(r, v);
	case OP_JCC:
		return holds(r->regs.eflags, r->o->cond) ? go(r, r->o->src.value) : 0;
	case OP_NONE:
		break;
	}
	return -EOPNOTSUPP;
}

int cr_over_emulate(const struct cr_over *over, struct cr_over_regs *regs,
		    const struct cr_target_mem *mem)
{
	struct run r = { over, *regs, mem };
	int rc;

	/* A thread with TF set expects a trap after each instruction. */
	if (!(over->can & CR_OVER_EMULATE) || (regs->eflags & TF))
		return -EOPNOTSUPP;
	r.regs.rip = (over->at + over->len) & mask(word(&r));
	rc = run(&r);
	if (!rc)
		*regs = r.regs;
	return rc;
}

/* To look where an instruction goes, what it stores is dropped. */
static int drop(void *arg, cr_addr at, const void *from, size_t n)
{
	(void)arg, (void)at, (void)from, (void)n;
	return 0;
}

int cr_over_next(const struct cr_over *over, const struct cr_over_regs *regs,
		 const struct cr_target_mem *mem, cr_addr *next)
{
	struct cr_target_mem look = { mem->read, drop, mem->arg };
	struct cr_over_regs copy = *regs;
	int rc;

	if ((over->can & CR_OVER_DISPLACE) && over->shape == SHAPE_PLAIN) {
		*next = over->at + over->len;
		return 0;
	}
	copy.eflags &= ~(uint64_t)TF;
	rc = cr_over_emulate(over, &copy, &look);
	if (!rc)
		*next = copy.rip;
	return rc;
}
