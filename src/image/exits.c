/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where a function is left: found by following its code from the entry and from where exceptions
 * land. Bytes that nothing leads to are not looked at, since they may be data.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "walk.h"

#define PIECE_MAX (16u << 20)
#define LOCK 0xf0u

struct cr_piece *cr_walk_piece(struct cr_walk *w, cr_addr at)
{
	size_t i;

	for (i = 0; i < w->n_piece; i++)
		if (at >= w->piece[i].start && at - w->piece[i].start < w->piece[i].len)
			return &w->piece[i];
	return NULL;
}

enum cr_mark cr_walk_mark(struct cr_walk *w, cr_addr at)
{
	struct cr_piece *p = cr_walk_piece(w, at);

	return p ? (enum cr_mark)p->mark[at - p->start] : CR_MARK_NONE;
}

int cr_walk_seed(struct cr_walk *w, cr_addr at, cr_addr from)
{
	int rc = CR_GROW(w->seed, w->n_seed);

	if (!rc)
		w->seed[w->n_seed++] = (struct cr_seed){ at, from };
	return rc;
}

static int on_pad(void *ctx, cr_addr pad)
{
	struct cr_walk *w = ctx;

	return cr_walk_piece(w, pad) ? cr_walk_seed(w, pad, 0) : 0;
}

static int seed_pads(struct cr_walk *w, const struct cr_piece *p)
{
	const struct cr_fde *f = cr_fde_of(w->obj, p->start), *end;
	int rc = 0;

	if (!f)
		return 0;
	end = w->obj->fde + w->obj->n_fde;
	for (; !rc && f < end && f->start < p->start + p->len && cr_object_spend(w->obj, 1); f++)
		if (f->lsda)
			rc = cr_fde_pads(w->obj, f, on_pad, w);
	return rc;
}

/* 1: taken in; 0: there is no room for it, or it is no code. */
static int add_piece(struct cr_walk *w, cr_addr start, cr_addr end)
{
	struct cr_piece p = { start, 0, NULL, NULL, NULL };
	size_t len = end - start;

	if (end <= start || w->n_piece == CR_WALK_PIECES || len > PIECE_MAX ||
	    len > w->obj->budget) {
		w->doubt = true;
		return 0;
	}
	w->obj->budget -= len;
	p.bytes = malloc(len);
	p.mark = calloc(1, len);
	if (!p.bytes || !p.mark) {
		free(p.bytes);
		free(p.mark);
		return -ENOMEM;
	}
	p.len = cr_object_read(w->obj, start, p.bytes, len);
	w->piece[w->n_piece++] = p;
	return 1;
}

/* Is @cold the "f.cold" of this function? It may have other names than the one it was asked for
 * by. */
static bool is_ours(const struct cr_walk *w, const struct cr_symbol *cold)
{
	const struct cr_object *obj = w->obj;
	size_t i, len = strlen(cold->name);
	bool is_cold;

	cr_symbol_stem(cold->name, &is_cold);
	if (!is_cold)
		return false;
	for (i = cr_symbols_from(obj, w->fn->entry);
	     i < obj->n_sym && obj->sym[i].at == w->fn->entry; i++) {
		const char *name = obj->sym[i].name;
		size_t n = strlen(name);

		if (n < len && strncmp(cold->name, name, n) == 0 &&
		    strncmp(cold->name + n, ".cold", 5) == 0)
			return true;
	}
	return false;
}

/* The part of the function that was moved elsewhere and that @at is in. */
static bool part_around(struct cr_walk *w, cr_addr at, bool branch, struct cr_range *part)
{
	const struct cr_symbol *s = cr_symbol_around(w->obj, at);
	const struct cr_fde *f = cr_fde_of(w->obj, at);

	if (s && is_ours(w, s)) {
		*part = (struct cr_range){ s->at, s->at + s->size };
		if (!s->size && f)
			part->end = f->end;
		return part->end > at;
	}
	/* Without symbols the unwind table is asked: a part begins in the middle of a call. One
	 * that does not
	 * look so is still a part if it is branched to, which compilers do not do to functions
	 * that have no name. */
	if (s || !f || cr_symbol_around(w->obj, f->start) || w->fn->flags & CR_FN_GO ||
	    cr_object_in_plt(w->obj, at))
		return false;
	if (!cr_fde_is_part(w->obj, f) && !branch)
		return false;
	*part = (struct cr_range){ f->start, f->end };
	return true;
}

bool cr_walk_inside(struct cr_walk *w, cr_addr at, bool branch)
{
	struct cr_range part;

	if (cr_walk_piece(w, at))
		return true;
	if (w->guess || !cr_object_is_text(w->obj, at) || !part_around(w, at, branch, &part) ||
	    cr_walk_piece(w, part.start))
		return false;
	if (add_piece(w, part.start, part.end) <= 0 ||
	    cr_function_add_range(w->fn, part.start, part.end) < 0 ||
	    seed_pads(w, &w->piece[w->n_piece - 1]) < 0) {
		w->doubt = true;
		return false;
	}
	return cr_walk_piece(w, at) != NULL;
}

bool cr_walk_decode(struct cr_walk *w, cr_addr at, struct cr_insn *in)
{
	struct cr_piece *p = cr_walk_piece(w, at);
	size_t off;

	if (!p)
		return false;
	off = at - p->start;
	in->at = at;
	return ZYAN_SUCCESS(ZydisDecoderDecodeFull(&w->decoder, p->bytes + off, p->len - off,
						   &in->is, in->op));
}

int cr_walk_exit(struct cr_walk *w, const struct cr_exit *e)
{
	int rc = CR_GROW(w->fn->exit, w->fn->n_exit);

	if (!rc)
		w->fn->exit[w->fn->n_exit++] = *e;
	return rc;
}

static int leave(struct cr_walk *w, const struct cr_insn *in, enum cr_exit_kind kind, cr_addr to)
{
	struct cr_exit e = { .at = in->at, .to = to, .kind = kind, .len = in->is.length };

	e.conditional = in->is.meta.category == ZYDIS_CATEGORY_COND_BR;
	if (kind == CR_EXIT_BY_RET && in->op[0].type == ZYDIS_OPERAND_TYPE_IMMEDIATE)
		e.pops = (uint16_t)in->op[0].imm.value.u;
	return cr_walk_exit(w, &e);
}

static cr_addr destination(const struct cr_walk *w, const struct cr_insn *in)
{
	cr_addr to = in->at + in->is.length + (cr_addr)in->op[0].imm.value.s;

	return w->obj->word == 4 ? (uint32_t)to : to;
}

/* Compilers have stubs, one a register, that jump where that register says. */
static bool is_thunk(const struct cr_object *obj, cr_addr at)
{
	static const char *const stubs[] = { "__x86_indirect_thunk_", "__llvm_retpoline_" };
	size_t i, k;

	for (i = cr_symbols_from(obj, at); i < obj->n_sym && obj->sym[i].at == at; i++)
		for (k = 0; k < CR_ARRAY_SIZE(stubs); k++)
			if (strncmp(obj->sym[i].name, stubs[k], strlen(stubs[k])) == 0)
				return true;
	return false;
}

/* A jump to @to, known. */
static int jump_to(struct cr_walk *w, const struct cr_insn *in, cr_addr to)
{
	if (cr_walk_inside(w, to, in->is.meta.category == ZYDIS_CATEGORY_COND_BR))
		return cr_walk_seed(w, to, in->at);
	if (is_thunk(w->obj, to)) {
		w->thunk = true;
		return leave(w, in, CR_EXIT_BY_POINTER, 0);
	}
	return leave(w, in, CR_EXIT_BY_JUMP, to);
}

static int jump(struct cr_walk *w, const struct cr_insn *in)
{
	int rc;

	if (in->op[0].type == ZYDIS_OPERAND_TYPE_IMMEDIATE && in->op[0].imm.is_relative)
		return jump_to(w, in, destination(w, in));
	if (in->is.meta.branch_type == ZYDIS_BRANCH_TYPE_FAR)
		return leave(w, in, CR_EXIT_BY_POINTER, 0);
	rc = CR_GROW(w->jump, w->n_jump);
	if (!rc)
		w->jump[w->n_jump++] = in->at;
	return rc;
}

/* A call into the function itself is a jump: "call 1f; 1: pop" and retpolines. */
static int call(struct cr_walk *w, const struct cr_insn *in)
{
	cr_addr to;

	if (in->op[0].type != ZYDIS_OPERAND_TYPE_IMMEDIATE || !in->op[0].imm.is_relative)
		return 0;
	to = destination(w, in);
	return cr_walk_piece(w, to) ? cr_walk_seed(w, to, in->at) : 0;
}

/* int3 once is a breakpoint in the program; in a row it is padding. */
static bool padding_int3(struct cr_walk *w, const struct cr_insn *in)
{
	struct cr_piece *p = cr_walk_piece(w, in->at + 1);

	return !p || p->bytes[in->at + 1 - p->start] == 0xcc;
}

/* 1: goes on behind it; 0: does not. */
static int step(struct cr_walk *w, const struct cr_insn *in)
{
	int rc;

	switch ((int)in->is.mnemonic) {
	case ZYDIS_MNEMONIC_RET:
		return leave(w, in, in->is.meta.branch_type == ZYDIS_BRANCH_TYPE_FAR ?
			     CR_EXIT_BY_POINTER : CR_EXIT_BY_RET, 0);
	case ZYDIS_MNEMONIC_IRET:
	case ZYDIS_MNEMONIC_IRETD:
	case ZYDIS_MNEMONIC_IRETQ:
	case ZYDIS_MNEMONIC_SYSRET:
	case ZYDIS_MNEMONIC_SYSEXIT:
		return leave(w, in, CR_EXIT_BY_POINTER, 0);
	case ZYDIS_MNEMONIC_UD0:
	case ZYDIS_MNEMONIC_UD1:
	case ZYDIS_MNEMONIC_UD2:
	case ZYDIS_MNEMONIC_HLT:
		return 0;
	case ZYDIS_MNEMONIC_INT3:
		return !padding_int3(w, in);
	case ZYDIS_MNEMONIC_JMP:
		return jump(w, in);
	case ZYDIS_MNEMONIC_CALL:
		rc = call(w, in);
		return rc < 0 ? rc : 1;
	case ZYDIS_MNEMONIC_XBEGIN:
		return 1;
	default:
		break;
	}
	if (in->is.meta.category == ZYDIS_CATEGORY_COND_BR) {
		rc = jump_to(w, in, destination(w, in));
		return rc < 0 ? rc : 1;
	}
	return 1;
}

/* Claims the bytes of an instruction. False: they are claimed otherwise. */
static bool claim(struct cr_walk *w, struct cr_piece *p, const struct cr_insn *in)
{
	size_t off = in->at - p->start, i;
	bool clean = p->mark[off] == CR_MARK_NONE;

	for (i = 1; i < in->is.length; i++)
		clean = clean && p->mark[off + i] == CR_MARK_NONE;
	if (!clean && w->guess)
		return false;
	/* Old libraries jump behind a lock prefix: both ways to read it are right. */
	if (!clean && p->bytes[off] != LOCK && (!off || p->bytes[off - 1] != LOCK))
		w->doubt = true;
	p->mark[off] = CR_MARK_START;
	for (i = 1; i < in->is.length; i++)
		if (p->mark[off + i] == CR_MARK_NONE)
			p->mark[off + i] = CR_MARK_INSIDE;
	return true;
}

/* What an instruction reads relative to itself, in the function: data there. */
static int note_ref(struct cr_walk *w, const struct cr_insn *in)
{
	cr_addr to;
	int rc;

	if (!(in->is.attributes & ZYDIS_ATTRIB_IS_RELATIVE) || !in->is.raw.disp.size)
		return 0;
	to = in->at + in->is.length + (cr_addr)in->is.raw.disp.value;
	if (!cr_walk_piece(w, to))
		return 0;
	rc = CR_GROW(w->ref, w->n_ref);
	if (!rc)
		w->ref[w->n_ref++] = to;
	return rc;
}

/* What no program does in user mode; data read as code does it soon. */
static bool absurd(const struct cr_insn *in)
{
	switch ((int)in->is.meta.category) {
	case ZYDIS_CATEGORY_IO:
	case ZYDIS_CATEGORY_IOSTRINGOP:
	case ZYDIS_CATEGORY_SEGOP:
		return true;
	default:
		return in->is.attributes & ZYDIS_ATTRIB_IS_PRIVILEGED ||
		       in->is.meta.branch_type == ZYDIS_BRANCH_TYPE_FAR;
	}
}

/* One instruction at @at. 1: goes on behind it; 0: the block ends here. */
static int one(struct cr_walk *w, cr_addr at, struct cr_insn *in)
{
	struct cr_piece *p = cr_walk_piece(w, at);
	int rc;

	if (p->mark[at - p->start] == CR_MARK_START)
		return 0;
	if (p->mark[at - p->start] == CR_MARK_DATA || !cr_walk_decode(w, at, in) ||
	    (w->guess && absurd(in)) || !claim(w, p, in)) {
		w->wrong = w->doubt = true;
		return 0;
	}
	if (w->guess) {
		rc = CR_GROW(w->trail, w->n_trail);
		if (rc < 0)
			return rc;
		w->trail[w->n_trail++] = at;
	}
	rc = note_ref(w, in);
	return rc < 0 ? rc : step(w, in);
}

/* As far as the code goes without a jump. */
static int block(struct cr_walk *w, cr_addr at)
{
	struct cr_insn in;
	bool called = true;
	int rc = 1;

	while (rc > 0) {
		if (!cr_walk_piece(w, at)) {
			/* A call that does not return may be the last; else something goes on
			 * in the next function. */
			w->wrong = w->wrong || !called;
			w->doubt = w->doubt || !called;
			return 0;
		}
		rc = one(w, at, &in);
		if (rc <= 0)
			break;
		at += in.is.length;
		called = in.is.mnemonic == ZYDIS_MNEMONIC_CALL ||
			 in.is.mnemonic == ZYDIS_MNEMONIC_SYSCALL ||
			 in.is.meta.category == ZYDIS_CATEGORY_NOP ||
			 in.is.meta.category == ZYDIS_CATEGORY_WIDENOP ||
			 (called && in.is.mnemonic == ZYDIS_MNEMONIC_XCHG);
	}
	return rc;
}

int cr_walk_run(struct cr_walk *w)
{
	int rc = 0;

	while (!rc && w->next < w->n_seed && !(w->guess && w->wrong))
		rc = block(w, w->seed[w->next++].at);
	return rc;
}

static void forget(struct cr_walk *w)
{
	struct cr_piece *p;
	size_t i, off;

	for (i = 0; i < w->n_trail; i++) {
		p = cr_walk_piece(w, w->trail[i]);
		off = w->trail[i] - p->start;
		do {
			p->mark[off++] = CR_MARK_NONE;
		} while (off < p->len && p->mark[off] == CR_MARK_INSIDE);
	}
}

int cr_walk_guess(struct cr_walk *w, cr_addr at, cr_addr from)
{
	size_t n_seed = w->n_seed, n_jump = w->n_jump, n_ref = w->n_ref, n_exit = w->fn->n_exit;
	bool doubt = w->doubt;
	int rc;

	if (!cr_walk_border(w, at))
		return 0;
	w->guess = true;
	w->wrong = false;
	w->n_trail = 0;
	rc = cr_walk_seed(w, at, from);
	if (!rc)
		rc = cr_walk_run(w);
	if (w->wrong) {
		forget(w);
		w->n_seed = w->next = n_seed;
		w->n_jump = n_jump;
		w->n_ref = n_ref;
		w->fn->n_exit = n_exit;
	}
	w->doubt = doubt;
	w->guess = false;
	return rc;
}

static void read_through(struct cr_walk *w, struct cr_piece *p)
{
	struct cr_insn in;
	size_t off = 0;

	while (off < p->len) {
		if (p->mark[off] == CR_MARK_DATA) {
			off++;
			continue;
		}
		p->border[off] = 1;
		off += cr_walk_decode(w, p->start + off, &in) ? in.is.length : 1;
	}
}

bool cr_walk_border(struct cr_walk *w, cr_addr at)
{
	struct cr_piece *p = cr_walk_piece(w, at);

	if (!p)
		return false;
	if (!p->border) {
		p->border = calloc(1, p->len);
		if (!p->border)
			return false;
		read_through(w, p);
	}
	return p->border[at - p->start];
}

static void drop_jump(struct cr_walk *w, size_t i)
{
	memmove(w->jump + i, w->jump + i + 1, (w->n_jump - i - 1) * sizeof(*w->jump));
	w->n_jump--;
}

/* Tables of jumps lead to code that leads to further tables. */
static int tables(struct cr_walk *w, bool sized)
{
	bool progress = true;
	size_t i;
	int rc = w->n_jump && w->obj->dyn ? cr_relocs_read(w->obj) : 0;

	w->sized = sized;
	while (progress && rc >= 0) {
		progress = false;
		for (i = 0; i < w->n_jump && rc >= 0; i++) {
			rc = cr_table_resolve(w, w->jump[i]);
			if (rc <= 0)
				continue;
			progress = true;
			drop_jump(w, i--);
			rc = cr_walk_run(w);
		}
	}
	return rc < 0 ? rc : 0;
}

static int pointers(struct cr_walk *w)
{
	struct cr_insn in;
	size_t i;
	int rc = 0;

	for (i = 0; i < w->n_jump && !rc; i++)
		if (cr_walk_decode(w, w->jump[i], &in))
			rc = leave(w, &in, CR_EXIT_BY_POINTER, 0);
	return rc;
}

static int order(const void *a, const void *b)
{
	const struct cr_exit *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

/* A trap in the middle of an instruction breaks it: an exit that overlaps another one's bytes is
 * none that could be planted. */
static void sort(struct cr_walk *w)
{
	struct cr_function *fn = w->fn;
	size_t i, k, n = 0;
	cr_addr at;

	if (fn->n_exit)
		qsort(fn->exit, fn->n_exit, sizeof(*fn->exit), order);
	for (i = 0; i < fn->n_exit; i++) {
		struct cr_insn in;
		bool overlaps = false;

		at = fn->exit[i].at;
		if (n && fn->exit[n - 1].at == at)
			continue;
		for (k = 1; k < 15 && k <= at; k++)
			overlaps = overlaps || (cr_walk_mark(w, at - k) == CR_MARK_START &&
						cr_walk_decode(w, at - k, &in) && in.is.length > k);
		if (overlaps)
			w->doubt = true;
		else
			fn->exit[n++] = fn->exit[i];
	}
	fn->n_exit = n;
}

static int start(struct cr_walk *w)
{
	struct cr_function *fn = w->fn;
	cr_addr defer = cr_gotab_defer(w->obj, fn->entry);
	size_t i;
	int rc = cr_walk_seed(w, fn->entry, 0);

	if (!rc && defer && cr_function_has(fn, defer))
		rc = cr_walk_seed(w, defer, 0);
	for (i = 0; i < fn->n_range && rc >= 0; i++)
		rc = add_piece(w, fn->range[i].start, fn->range[i].end);
	for (i = 0; i < w->n_piece && rc >= 0; i++)
		rc = seed_pads(w, &w->piece[i]);
	return rc < 0 ? rc : 0;
}

int cr_exits_find(struct cr_object *obj, struct cr_function *fn)
{
	struct cr_walk w = { .obj = obj, .fn = fn };
	int rc;
	size_t i;

	if (obj->word == 8)
		ZydisDecoderInit(&w.decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	else
		ZydisDecoderInit(&w.decoder, ZYDIS_MACHINE_MODE_LEGACY_32, ZYDIS_STACK_WIDTH_32);
	rc = start(&w);
	if (!rc)
		rc = cr_walk_run(&w);
	if (!rc)
		rc = tables(&w, true);
	if (!rc)
		rc = tables(&w, false);
	if (!rc)
		rc = cr_sweep(&w);
	if (!rc)
		rc = tables(&w, true);
	if (!rc)
		rc = pointers(&w);
	if (!rc)
		sort(&w);
	if (w.doubt || !obj->patience)
		fn->flags |= CR_FN_INCOMPLETE;
	for (i = 0; i < w.n_piece; i++) {
		free(w.piece[i].bytes);
		free(w.piece[i].mark);
		free(w.piece[i].border);
	}
	free(w.seed);
	free(w.jump);
	free(w.ref);
	free(w.trail);
	return rc;
}
