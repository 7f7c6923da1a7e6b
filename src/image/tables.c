/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Jump tables. From an indirect jump we look back along the code for where its operand comes from:
 *
 *	jmp *table(,%rax,8)				absolute entries
 *	mov table(,%rax,8),%rax; jmp *%rax
 *	lea table(%rip),%rdx; movslq (%rdx,%rax,4),%rax; add %rdx,%rax; jmp *%rax	relative
 *	mov table@GOTOFF(%ebx,%eax,4),%eax; add %ebx,%eax; jmp *%eax		to the GOT
 *
 * and for the comparison that keeps the index within the table.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "walk.h"

#define LOOK_BACK 48u
#define ENTRIES_MAX 65536u
#define ENTRIES_UNBOUNDED 1024u
#define BASES_MAX 64u

struct table {
	cr_addr at;
	cr_addr base;		/* added to each entry */
	unsigned int width;
	bool relative;
	size_t n;		/* 0: unknown */
};

static ZydisRegister whole(const struct cr_walk *w, ZydisRegister r)
{
	return ZydisRegisterGetLargestEnclosing(w->decoder.machine_mode, r);
}

/* The instruction before @in on a way that leads to it; @taken: by a jump. */
static bool back(struct cr_walk *w, struct cr_insn *in, bool *taken)
{
	cr_addr at = in->at;
	size_t k, i;

	*taken = false;
	if (!cr_object_spend(w->obj, 1))
		return false;
	for (k = 1; k <= ZYDIS_MAX_INSTRUCTION_LENGTH && k <= at; k++)
		if (cr_walk_mark(w, at - k) != CR_MARK_INSIDE)
			break;
	if (cr_walk_mark(w, at - k) == CR_MARK_START && cr_walk_decode(w, at - k, in) &&
	    in->is.length == k && in->is.mnemonic != ZYDIS_MNEMONIC_JMP &&
	    in->is.mnemonic != ZYDIS_MNEMONIC_RET)
		return true;
	*taken = true;
	if (!cr_object_spend(w->obj, w->n_seed / 16))
		return false;
	for (i = 0; i < w->n_seed; i++)
		if (w->seed[i].at == at && w->seed[i].from)
			return cr_walk_decode(w, w->seed[i].from, in);
	return false;
}

static bool writes(const struct cr_walk *w, const struct cr_insn *in, ZydisRegister reg)
{
	unsigned int i;

	for (i = 0; i < in->is.operand_count; i++)
		if (in->op[i].type == ZYDIS_OPERAND_TYPE_REGISTER &&
		    in->op[i].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE &&
		    whole(w, in->op[i].reg.value) == reg)
			return true;
	return false;
}

/* The last instruction before @in that writes @reg becomes @in. */
static bool writer(struct cr_walk *w, struct cr_insn *in, ZydisRegister reg)
{
	unsigned int i;
	bool taken;

	for (i = 0; i < LOOK_BACK && back(w, in, &taken); i++)
		if (writes(w, in, reg))
			return true;
	return false;
}

static bool lea_address(const struct cr_insn *in, cr_addr *value)
{
	ZyanU64 to;

	if (in->is.mnemonic != ZYDIS_MNEMONIC_LEA || in->op[1].mem.base != ZYDIS_REGISTER_RIP ||
	    !ZYAN_SUCCESS(ZydisCalcAbsoluteAddress(&in->is, &in->op[1], in->at, &to)))
		return false;
	*value = to;
	return true;
}

/* What @reg holds before @from, if that is an address which the code itself says. */
static bool constant(struct cr_walk *w, const struct cr_insn *from, ZydisRegister reg,
		     cr_addr *value)
{
	struct cr_insn in = *from;
	unsigned int i;

	reg = whole(w, reg);
	for (i = 0; i < 4 && writer(w, &in, reg); i++) {
		if (lea_address(&in, value))
			return true;
		if (in.is.mnemonic != ZYDIS_MNEMONIC_MOV)
			return false;
		if (in.op[1].type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
			*value = in.op[1].imm.value.u;
			return true;
		}
		if (in.op[1].type != ZYDIS_OPERAND_TYPE_REGISTER)
			return false;
		reg = whole(w, in.op[1].reg.value);
	}
	return false;
}

/* Loops have the address of their table loaded before they begin: all that the function loads
 * into @reg. */
static size_t loaded(struct cr_walk *w, ZydisRegister reg, cr_addr *value, size_t max)
{
	struct cr_insn in;
	size_t i, off, k, n = 0;
	cr_addr at;

	for (i = 0; i < w->n_piece && cr_object_spend(w->obj, w->piece[i].len / 4); i++) {
		for (off = 0; off < w->piece[i].len && n < max; off++) {
			if (w->piece[i].mark[off] != CR_MARK_START ||
			    !cr_walk_decode(w, w->piece[i].start + off, &in) ||
			    !lea_address(&in, &at) || whole(w, in.op[0].reg.value) != reg)
				continue;
			for (k = 0; k < n && value[k] != at; k++)
				;
			if (k == n)
				value[n++] = at;
		}
	}
	return n;
}

/* The number of entries that a comparison and the jump after it, @cond, leave. 0: it says
 * nothing. */
static size_t entries(const struct cr_insn *cond, const struct cr_insn *cmp, bool taken)
{
	uint64_t imm = cmp->op[1].imm.value.u & 0xffffffffu;

	switch ((int)cond->is.mnemonic) {
	case ZYDIS_MNEMONIC_JNBE:
		return taken ? 0 : imm + 1;
	case ZYDIS_MNEMONIC_JBE:
		return taken ? imm + 1 : 0;
	case ZYDIS_MNEMONIC_JNB:
		return taken ? 0 : imm;
	case ZYDIS_MNEMONIC_JB:
		return taken ? imm : 0;
	default:
		return 0;
	}
}

/* What is followed back: a register, or a place in memory that it was loaded from. */
struct index {
	bool in_memory;
	ZydisRegister reg;
	ZydisDecodedOperandMem mem;
};

static bool is_index(const struct cr_walk *w, const struct index *x, const ZydisDecodedOperand *op)
{
	if (op->type == ZYDIS_OPERAND_TYPE_REGISTER)
		return !x->in_memory && whole(w, op->reg.value) == x->reg;
	return op->type == ZYDIS_OPERAND_TYPE_MEMORY && x->in_memory &&
	       op->mem.base == x->mem.base && op->mem.index == x->mem.index &&
	       op->mem.scale == x->mem.scale && op->mem.disp.value == x->mem.disp.value;
}

/* @in writes the index: from where? */
static bool index_from(const struct cr_walk *w, const struct cr_insn *in, struct index *x)
{
	const ZydisDecodedOperand *src = &in->op[1];

	switch ((int)in->is.mnemonic) {
	case ZYDIS_MNEMONIC_CDQE:
		return true;
	case ZYDIS_MNEMONIC_LEA:
		if (src->mem.base != ZYDIS_REGISTER_NONE || src->mem.disp.value)
			return false;
		x->reg = whole(w, src->mem.index);
		return true;
	case ZYDIS_MNEMONIC_MOV:
	case ZYDIS_MNEMONIC_MOVZX:
	case ZYDIS_MNEMONIC_MOVSX:
	case ZYDIS_MNEMONIC_MOVSXD:
		x->in_memory = src->type == ZYDIS_OPERAND_TYPE_MEMORY;
		if (x->in_memory)
			x->mem = src->mem;
		else if (src->type == ZYDIS_OPERAND_TYPE_REGISTER)
			x->reg = whole(w, src->reg.value);
		else
			return false;
		return true;
	default:
		return false;
	}
}

/* How many entries the comparison or mask @in leaves to the index that it is of. */
static size_t limit(const struct cr_insn *in, const struct cr_insn *cond, bool taken)
{
	if (in->op[1].type != ZYDIS_OPERAND_TYPE_IMMEDIATE)
		return 0;
	if (in->is.mnemonic == ZYDIS_MNEMONIC_AND)
		return in->op[1].imm.value.u < 1024 ? (size_t)in->op[1].imm.value.u + 1 : 0;
	if (in->is.mnemonic == ZYDIS_MNEMONIC_CMP || in->is.mnemonic == ZYDIS_MNEMONIC_SUB)
		return entries(cond, in, taken);
	return 0;
}

/* How many entries the code before @from allows, which reads one by @op. 0: it does not say. */
static size_t bound(struct cr_walk *w, const struct cr_insn *from, ZydisRegister by)
{
	struct index x = { .reg = whole(w, by) };
	struct cr_insn in = *from, cond = *from;
	bool taken, cond_taken = false;
	unsigned int i;
	size_t n;

	for (i = 0; i < LOOK_BACK && back(w, &in, &taken); i++) {
		if (is_index(w, &x, &in.op[0])) {
			n = limit(&in, &cond, cond_taken);
			if (n)
				return n <= ENTRIES_MAX ? n : 0;
		}
		if (!x.in_memory && writes(w, &in, x.reg) && !index_from(w, &in, &x))
			return 0;
		/* Of several, the one right behind the comparison. */
		if (in.is.meta.category == ZYDIS_CATEGORY_COND_BR) {
			cond = in;
			cond_taken = taken;
		}
	}
	return 0;
}

/* Entry @i of @t: where it leads. */
static bool entry(const struct cr_walk *w, const struct table *t, size_t i, cr_addr *to)
{
	cr_addr at = t->at + i * t->width;
	const struct cr_reloc *rel;
	uint64_t v = 0;

	if (cr_object_read(w->obj, at, &v, t->width) < t->width)
		return false;
	if (t->relative) {
		*to = t->base + (t->width == 4 ? (uint64_t)(int32_t)v : v);
	} else {
		rel = w->obj->dyn ? cr_reloc_at(w->obj, at) : NULL;
		*to = rel ? rel->value : v;
	}
	if (w->obj->word == 4)
		*to = (uint32_t)*to;
	return true;
}

/* clang has a case that cannot be lead just behind the function. */
static bool just_behind(const struct cr_walk *w, cr_addr to)
{
	size_t i;

	for (i = 0; i < w->n_piece; i++)
		if (w->piece[i].start + w->piece[i].len == to)
			return true;
	return false;
}

static bool good(struct cr_walk *w, cr_addr to)
{
	if (!cr_walk_inside(w, to, false))
		return just_behind(w, to);
	return cr_walk_mark(w, to) == CR_MARK_START || cr_walk_border(w, to);
}

/* A table may be in the text, and then it is no code. */
static void mark_data(struct cr_walk *w, const struct table *t, size_t n, bool undo)
{
	struct cr_piece *p = cr_walk_piece(w, t->at);
	size_t off = p ? t->at - p->start : 0, end;

	if (!p)
		return;
	end = n * t->width < p->len - off ? off + n * t->width : p->len;
	for (; off < end; off++)
		if (p->mark[off] == (undo ? CR_MARK_DATA : CR_MARK_NONE))
			p->mark[off] = undo ? CR_MARK_NONE : CR_MARK_DATA;
	free(p->border);
	p->border = NULL;
}

static int take_bounded(struct cr_walk *w, const struct table *t, cr_addr from)
{
	cr_addr to;
	size_t i;
	int rc = 0;

	if (!cr_object_spend(w->obj, 2 * t->n))
		return 0;
	mark_data(w, t, t->n, false);
	for (i = 0; i < t->n; i++) {
		if (entry(w, t, i, &to) && good(w, to))
			continue;
		mark_data(w, t, t->n, true);
		return 0;
	}
	for (i = 0; i < t->n && !rc; i++)
		if (entry(w, t, i, &to) && cr_walk_piece(w, to))
			rc = cr_walk_seed(w, to, from);
	return rc < 0 ? rc : 1;
}

/* Of a table of unknown size only what reads well as code is believed. A word too many does no
 * harm: it leads to where an instruction begins, or nowhere. */
static int take_unbounded(struct cr_walk *w, const struct table *t, cr_addr from)
{
	cr_addr to;
	size_t n = 0, i;
	int rc = 0;

	while (n < ENTRIES_UNBOUNDED && cr_object_spend(w->obj, 2) && entry(w, t, n, &to) &&
	       good(w, to))
		n++;
	if (n < 2)
		return 0;
	mark_data(w, t, n, false);
	for (i = 0; i < n && !rc; i++)
		if (entry(w, t, i, &to) && cr_walk_mark(w, to) == CR_MARK_NONE &&
		    cr_walk_piece(w, to))
			rc = cr_walk_guess(w, to, from);
	return rc < 0 ? rc : 1;
}

static int take(struct cr_walk *w, const struct table *t, cr_addr from)
{
	if (!t->relative && t->width < w->obj->word && w->obj->dyn)
		return 0;
	if (!w->sized)
		return take_unbounded(w, t, from);
	return t->n ? take_bounded(w, t, from) : 0;
}

/* Where the table is that @in's operand @mem reads; several guesses. */
static size_t places(struct cr_walk *w, const struct cr_insn *in,
		     const ZydisDecodedOperand *op, cr_addr *at, size_t max)
{
	const ZydisDecodedOperandMem *mem = &op->mem;
	cr_addr disp = mem->disp.has_displacement ? (cr_addr)mem->disp.value : 0;
	size_t n = 0, i;

	if (mem->base == ZYDIS_REGISTER_NONE) {
		at[n++] = w->obj->word == 4 ? (uint32_t)disp : disp;
		return n;
	}
	if (constant(w, in, mem->base, &at[0]) ||
	    (mem->scale == 1 && constant(w, in, mem->index, &at[0])))
		n = 1;
	else if (w->obj->word == 4 && cr_object_got(w->obj))
		at[n++] = cr_object_got(w->obj);
	else
		n = loaded(w, whole(w, mem->base), at, max);
	for (i = 0; i < n; i++) {
		at[i] += disp;
		if (w->obj->word == 4)
			at[i] = (uint32_t)at[i];
	}
	return n;
}

/* The load @in, of operand @op, is of an absolute entry, or of one to which @plus is added before
 * the jump. */
static int from_load(struct cr_walk *w, const struct cr_insn *in, const ZydisDecodedOperand *op,
		     const cr_addr *plus, bool is_sum)
{
	cr_addr at[BASES_MAX];
	struct table t = { .width = op->size / 8, .relative = is_sum };
	size_t i, n;
	int rc = 0;

	if (op->mem.index == ZYDIS_REGISTER_NONE || op->mem.base == ZYDIS_REGISTER_RIP ||
	    (t.width != 4 && t.width != 8) || t.width > w->obj->word)
		return 0;
	n = places(w, in, op, at, BASES_MAX);
	/* Without a size to check it by, a guess at the place is not good enough. */
	if (n > 1 && !w->sized)
		return 0;
	t.n = bound(w, in, op->mem.scale == 1 && constant(w, in, op->mem.index, &t.base) ?
		    op->mem.base : op->mem.index);
	for (i = 0; i < n && !rc; i++) {
		t.at = at[i];
		/* The compilers count entries from the table, or on i386 from the GOT. */
		t.base = plus ? *plus : w->obj->word == 4 ? cr_object_got(w->obj) : at[i];
		rc = take(w, &t, in->at);
	}
	return rc;
}

struct sum {
	bool is;
	bool known;
	cr_addr value;
};

/* Two registers are added before the jump: one is the table's address, the other an entry. */
static ZydisRegister pick(struct cr_walk *w, const struct cr_insn *in, ZydisRegister a,
			  ZydisRegister b, struct sum *s)
{
	s->is = true;
	if (constant(w, in, a, &s->value)) {
		s->known = true;
		return whole(w, b);
	}
	s->known = constant(w, in, b, &s->value);
	return whole(w, a);
}

/* Is it the entry or the address that @reg holds? Not known, so both are tried. */
static int follow(struct cr_walk *w, const struct cr_insn *from, ZydisRegister reg, struct sum *s)
{
	struct cr_insn in = *from;
	unsigned int i;

	for (i = 0; i < 12 && writer(w, &in, reg); i++) {
		const ZydisDecodedOperand *src = &in.op[1];
		ZydisRegister other;

		switch ((int)in.is.mnemonic) {
		case ZYDIS_MNEMONIC_CDQE:
			continue;
		case ZYDIS_MNEMONIC_MOV:
		case ZYDIS_MNEMONIC_MOVSXD:
			if (src->type == ZYDIS_OPERAND_TYPE_MEMORY)
				return from_load(w, &in, src, s->known ? &s->value : NULL, s->is);
			if (src->type != ZYDIS_OPERAND_TYPE_REGISTER)
				return 0;
			reg = whole(w, src->reg.value);
			continue;
		case ZYDIS_MNEMONIC_ADD:
			if (s->is)
				return 0;
			if (src->type == ZYDIS_OPERAND_TYPE_MEMORY)
				return from_load(w, &in, src, constant(w, &in, reg, &s->value) ?
						 &s->value : NULL, true);
			if (src->type != ZYDIS_OPERAND_TYPE_REGISTER)
				return 0;
			other = src->reg.value;
			break;
		case ZYDIS_MNEMONIC_LEA:
			if (s->is || src->mem.scale != 1 || src->mem.disp.value)
				return 0;
			reg = src->mem.base;
			other = src->mem.index;
			break;
		default:
			return 0;
		}
		reg = pick(w, &in, reg, other, s);
	}
	return 0;
}

/* Where the address is not known, because it was loaded long before: the other register may be
 * the entry. */
static int from_register(struct cr_walk *w, const struct cr_insn *jump)
{
	ZydisRegister reg = whole(w, jump->op[0].reg.value);
	struct sum s = { false, false, 0 };
	struct cr_insn in = *jump;
	int rc = follow(w, jump, reg, &s);

	if (rc || !s.is || s.known || !writer(w, &in, reg) ||
	    in.is.mnemonic != ZYDIS_MNEMONIC_ADD ||
	    in.op[1].type != ZYDIS_OPERAND_TYPE_REGISTER)
		return rc;
	return follow(w, &in, whole(w, in.op[1].reg.value), &s);
}

int cr_table_resolve(struct cr_walk *w, cr_addr at)
{
	struct cr_insn in;

	if (!cr_object_spend(w->obj, 8) || !cr_walk_decode(w, at, &in))
		return 0;
	if (in.op[0].type == ZYDIS_OPERAND_TYPE_MEMORY)
		return from_load(w, &in, &in.op[0], NULL, false);
	return from_register(w, &in);
}

bool cr_table_likely(struct cr_walk *w, cr_addr at)
{
	struct cr_insn in;

	if (!cr_walk_decode(w, at, &in))
		return false;
	if (in.op[0].type == ZYDIS_OPERAND_TYPE_MEMORY)
		return in.op[0].mem.index != ZYDIS_REGISTER_NONE;
	return true;
}
