/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <string.h>

#include <Zydis/Zydis.h>

#include "over-parts.h"

struct insn {
	ZydisDecodedInstruction i;
	ZydisDecodedOperand ops[ZYDIS_MAX_OPERAND_COUNT];
	cr_addr at;
	bool is32;
};

static bool has_prefix(const struct insn *in, uint8_t byte)
{
	unsigned int k;

	for (k = 0; k < in->i.raw.prefix_count; k++)
		if (in->i.raw.prefixes[k].value == byte)
			return true;
	return false;
}

/* The number and the width of a general register; false for any other. */
static bool general(ZydisRegister reg, uint8_t *nr, uint8_t *size, bool *high)
{
	int id = ZydisRegisterGetId(reg);

	*high = false;
	switch ((int)ZydisRegisterGetClass(reg)) {
	case ZYDIS_REGCLASS_GPR8:
		/* al cl dl bl ah ch dh bh spl bpl … */
		*high = id >= 4 && id < 8;
		*nr = (uint8_t)(id < 4 ? id : id - 4);
		*size = 1;
		return true;
	case ZYDIS_REGCLASS_GPR16:
		*size = 2;
		break;
	case ZYDIS_REGCLASS_GPR32:
		*size = 4;
		break;
	case ZYDIS_REGCLASS_GPR64:
		*size = 8;
		break;
	default:
		return false;
	}
	*nr = (uint8_t)id;
	return true;
}

static bool address_part(ZydisRegister reg, uint8_t *nr)
{
	uint8_t size;
	bool high;

	*nr = CR_OVER_NO_REG;
	return reg == ZYDIS_REGISTER_NONE || general(reg, nr, &size, &high);
}

/* fs and gs have bases that we are not given, and through cs nothing can be written. */
static bool memory(const struct insn *in, const ZydisDecodedOperandMem *m, struct cr_over_arg *a)
{
	a->kind = KIND_MEM;
	a->value = m->disp.has_displacement ? (uint64_t)m->disp.value : 0;
	a->scale = m->index == ZYDIS_REGISTER_NONE ? 0 : m->scale;
	if ((m->type != ZYDIS_MEMOP_TYPE_MEM && m->type != ZYDIS_MEMOP_TYPE_AGEN) ||
	    in->i.address_width == 16)
		return false;
	if (m->type == ZYDIS_MEMOP_TYPE_MEM &&
	    (has_prefix(in, 0x64) || has_prefix(in, 0x65) || (in->is32 && has_prefix(in, 0x2e))))
		return false;
	if (m->base == ZYDIS_REGISTER_RIP || m->base == ZYDIS_REGISTER_EIP) {
		a->reg = a->index = CR_OVER_NO_REG;
		a->value += in->at + in->i.length;
		return true;
	}
	return address_part(m->base, &a->reg) && address_part(m->index, &a->index);
}

static bool operand(const struct insn *in, unsigned int k, struct cr_over_arg *a)
{
	const ZydisDecodedOperand *op = &in->ops[k];

	*a = (struct cr_over_arg){ .size = (uint8_t)(op->size / 8) };
	switch ((int)op->type) {
	case ZYDIS_OPERAND_TYPE_REGISTER:
		a->kind = KIND_REG;
		return general(op->reg.value, &a->reg, &a->size, &a->high);
	case ZYDIS_OPERAND_TYPE_MEMORY:
		return memory(in, &op->mem, a);
	case ZYDIS_OPERAND_TYPE_IMMEDIATE:
		a->kind = KIND_IMM;
		a->value = op->imm.value.u;
		if (op->imm.is_relative)
			a->value += in->at + in->i.length;
		if (op->imm.is_relative && in->is32)
			a->value &= UINT32_MAX;
		return true;
	default:
		return false;
	}
}

/* Two operands, or one; false: not the simple form that we work out. A result in memory is left
 * to the CPU: read, change and write from outside would take far longer than in one instruction. */
static bool operands(const struct insn *in, struct cr_over *o, bool may_store)
{
	if (!operand(in, 0, &o->dst))
		return false;
	if (o->dst.kind == KIND_MEM && !may_store)
		return false;
	return in->i.operand_count_visible < 2 || operand(in, 1, &o->src);
}

static const struct {
	ZydisMnemonic name;
	uint8_t op;
	bool may_store;
} plain_ops[] = {
	{ ZYDIS_MNEMONIC_MOV, OP_MOV, true },	{ ZYDIS_MNEMONIC_MOVZX, OP_MOV, false },
	{ ZYDIS_MNEMONIC_MOVSX, OP_MOVSX, false }, { ZYDIS_MNEMONIC_MOVSXD, OP_MOVSX, false },
	{ ZYDIS_MNEMONIC_LEA, OP_LEA, false },
	{ ZYDIS_MNEMONIC_ADD, OP_ADD, false },	{ ZYDIS_MNEMONIC_SUB, OP_SUB, false },
	{ ZYDIS_MNEMONIC_CMP, OP_CMP, true },	{ ZYDIS_MNEMONIC_TEST, OP_TEST, true },
	{ ZYDIS_MNEMONIC_AND, OP_AND, false },	{ ZYDIS_MNEMONIC_OR, OP_OR, false },
	{ ZYDIS_MNEMONIC_XOR, OP_XOR, false },
	{ ZYDIS_MNEMONIC_INC, OP_INC, false },	{ ZYDIS_MNEMONIC_DEC, OP_DEC, false },
};

/* The stack's word is the only one that we push and pop. */
static bool is_word(const struct insn *in, const struct cr_over_arg *a)
{
	return a->kind == KIND_IMM || a->size == (in->is32 ? 4 : 8);
}

static bool stack_op(const struct insn *in, struct cr_over *o)
{
	switch ((int)in->i.mnemonic) {
	case ZYDIS_MNEMONIC_PUSH:
		o->op = OP_PUSH;
		return operand(in, 0, &o->src) && is_word(in, &o->src) && !has_prefix(in, 0x66);
	case ZYDIS_MNEMONIC_POP:
		o->op = OP_POP;
		return operand(in, 0, &o->dst) && o->dst.kind == KIND_REG && is_word(in, &o->dst);
	case ZYDIS_MNEMONIC_LEAVE:
		o->op = OP_LEAVE;
		return !has_prefix(in, 0x66);
	default:
		return false;
	}
}

/* ret, ret imm16, jmp, call: false when the operand is not one that we know. */
static bool branch_op(const struct insn *in, struct cr_over *o)
{
	switch ((int)in->i.mnemonic) {
	case ZYDIS_MNEMONIC_RET:
		o->op = OP_RET;
		return in->i.operand_count_visible == 0 || operand(in, 0, &o->src);
	case ZYDIS_MNEMONIC_JMP:
		o->op = OP_JMP;
		return operand(in, 0, &o->src);
	case ZYDIS_MNEMONIC_CALL:
		o->op = OP_CALL;
		return operand(in, 0, &o->src);
	default:
		return false;
	}
}

static bool is_nop(const struct insn *in)
{
	switch ((int)in->i.mnemonic) {
	case ZYDIS_MNEMONIC_NOP:
	case ZYDIS_MNEMONIC_PAUSE:
		/* A prefetch of a register is called a nop, and faults; so is, behind a rep, an
		 * xchg of %r8 and %rax. */
		return in->i.opcode_map == ZYDIS_OPCODE_MAP_0F ? in->i.opcode != 0x0d :
			in->i.opcode == 0x90 && !in->i.raw.rex.B;
	case ZYDIS_MNEMONIC_ENDBR32:
	case ZYDIS_MNEMONIC_ENDBR64:
		return true;
	default:
		return false;
	}
}

/* Can it be worked out, and as what? */
static bool plan_emulation(const struct insn *in, struct cr_over *o)
{
	size_t k;

	if (in->i.attributes & (ZYDIS_ATTRIB_HAS_LOCK | ZYDIS_ATTRIB_HAS_XACQUIRE |
				ZYDIS_ATTRIB_HAS_XRELEASE))
		return false;
	if (is_nop(in)) {
		o->op = OP_NOP;
		return true;
	}
	if (in->i.meta.category == ZYDIS_CATEGORY_COND_BR) {
		/* loop and jrcxz look at a register instead of flags. */
		o->op = OP_JCC;
		o->cond = in->i.opcode & 0xf;
		if (in->i.opcode >> 4 != (in->i.opcode_map == ZYDIS_OPCODE_MAP_0F ? 8 : 7))
			return false;
		return operand(in, 0, &o->src);
	}
	for (k = 0; k < CR_ARRAY_SIZE(plain_ops); k++) {
		if (plain_ops[k].name != in->i.mnemonic)
			continue;
		o->op = plain_ops[k].op;
		return operands(in, o, plain_ops[k].may_store);
	}
	return stack_op(in, o) || branch_op(in, o);
}

static bool is_branch(const struct insn *in)
{
	return in->i.meta.category == ZYDIS_CATEGORY_COND_BR ||
	       in->i.meta.category == ZYDIS_CATEGORY_UNCOND_BR ||
	       in->i.meta.category == ZYDIS_CATEGORY_CALL ||
	       in->i.meta.category == ZYDIS_CATEGORY_RET;
}

/* What must run at its own address, and the reason; NULL for the rest. */
static const char *only_there(const struct insn *in)
{
	switch ((int)in->i.mnemonic) {
	case ZYDIS_MNEMONIC_SYSCALL:
	case ZYDIS_MNEMONIC_SYSENTER:
		return "a system call tells the kernel, and the program, its address";
	case ZYDIS_MNEMONIC_INT:
	case ZYDIS_MNEMONIC_INT1:
	case ZYDIS_MNEMONIC_INT3:
	case ZYDIS_MNEMONIC_INTO:
		return "an interrupt instruction tells the kernel its address";
	case ZYDIS_MNEMONIC_XBEGIN:
	case ZYDIS_MNEMONIC_XABORT:
	case ZYDIS_MNEMONIC_XEND:
		return "a transaction starts again at an address of its own";
	case ZYDIS_MNEMONIC_IRET:
	case ZYDIS_MNEMONIC_IRETD:
	case ZYDIS_MNEMONIC_IRETQ:
	case ZYDIS_MNEMONIC_SYSRET:
	case ZYDIS_MNEMONIC_SYSEXIT:
	case ZYDIS_MNEMONIC_UIRET:
		return "a return from an interrupt changes more than registers";
	default:
		break;
	}
	if (is_branch(in) && in->i.meta.branch_type == ZYDIS_BRANCH_TYPE_FAR)
		return "a far branch may change the mode of the CPU";
	if (is_branch(in) && in->i.encoding != ZYDIS_INSTRUCTION_ENCODING_LEGACY)
		return "it is a branch on few CPUs, and a fault on the others";
	/* Unless REX.W overrules it. */
	if (is_branch(in) && has_prefix(in, 0x66) && !in->i.raw.rex.W)
		return "CPUs disagree about a branch with a 16-bit operand size";
	return NULL;
}

static void plan_slot(const struct insn *in, struct cr_over *o)
{
	if (in->i.meta.category == ZYDIS_CATEGORY_COND_BR)
		o->shape = SHAPE_COND;
	else if (in->i.meta.category == ZYDIS_CATEGORY_RET)
		o->shape = SHAPE_AWAY;
	else if (in->i.meta.category == ZYDIS_CATEGORY_UNCOND_BR)
		o->shape = in->i.raw.imm[0].is_relative ? SHAPE_JUMP : SHAPE_AWAY;
	if (in->i.raw.imm[0].is_relative)
		/* Where it goes, also for what cannot be worked out. */
		(void)operand(in, 0, &o->src);
	else if (in->i.attributes & ZYDIS_ATTRIB_IS_RELATIVE)
		o->fix_at = in->i.raw.disp.offset;
	o->fix_wraps = in->i.address_width == 32;
}

/* Is the emulation a matter of registers alone? */
static bool registers_only(const struct cr_over *o)
{
	if (o->op == OP_LEA || o->op == OP_NOP)
		return true;
	return o->op != OP_PUSH && o->op != OP_POP && o->op != OP_LEAVE && o->op != OP_RET &&
	       o->dst.kind != KIND_MEM && o->src.kind != KIND_MEM;
}

static void choose(const struct insn *in, unsigned int flags, struct cr_over *o)
{
	bool call = in->i.meta.category == ZYDIS_CATEGORY_CALL;
	bool real = (flags & CR_OVER_SHSTK) && (call || in->i.meta.category == ZYDIS_CATEGORY_RET);

	o->why = only_there(in);
	if (o->why)
		return;
	if (plan_emulation(in, o) && !real)
		o->can |= CR_OVER_EMULATE;
	else
		o->op = OP_NONE;
	if (!call) {
		plan_slot(in, o);
		o->can |= CR_OVER_DISPLACE;
	}
	if ((o->can & CR_OVER_EMULATE) && (call || registers_only(o)))
		o->how = CR_OVER_EMULATE;
	else if (o->can & CR_OVER_DISPLACE)
		o->how = CR_OVER_DISPLACE;
	else
		o->why = real ? "with a shadow stack a call must push its own return address" :
				"a call through a segment register needs its base";
}

int cr_over_plan(const uint8_t *insn, size_t n, cr_addr at, unsigned int flags,
		 struct cr_over *over)
{
	struct insn in = { .at = at, .is32 = flags & CR_OVER_IS32 };
	ZydisDecoder decoder;
	ZyanStatus rc;

	if (flags & CR_OVER_RSEQ)
		return -EOPNOTSUPP;
	rc = in.is32 ? ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_COMPAT_32,
					ZYDIS_STACK_WIDTH_32) :
		       ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	if (ZYAN_SUCCESS(rc))
		rc = ZydisDecoderDecodeFull(&decoder, insn, n < CR_OVER_INSN ? n : CR_OVER_INSN,
					    &in.i, in.ops);
	if (!ZYAN_SUCCESS(rc))
		return -EINVAL;
	*over = (struct cr_over){ .at = at, .how = CR_OVER_STEP, .can = CR_OVER_STEP,
				  .len = in.i.length, .is32 = in.is32,
				  .addr32 = in.i.address_width == 32 };
	memcpy(over->bytes, insn, over->len);
	choose(&in, flags, over);
	return 0;
}
