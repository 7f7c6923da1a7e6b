/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * walk - one function's code, as far as it was decoded; of exits.c, tables.c and sweep.c
 *
 * In:    the bytes of a function's ranges
 * Out:   which bytes begin instructions, which are inside of one, which are data
 * Never: takes a byte for an instruction that nothing leads to
 */
#ifndef CR_WALK_H
#define CR_WALK_H

#include <Zydis/Zydis.h>

#include "image-int.h"

#define CR_WALK_PIECES 32u

enum cr_mark {
	CR_MARK_NONE,
	CR_MARK_START,
	CR_MARK_INSIDE,
	CR_MARK_DATA,
};

struct cr_piece {
	cr_addr start;
	size_t len;
	uint8_t *bytes;		/* owned */
	uint8_t *mark;		/* owned */
	uint8_t *border;	/* owned; NULL until needed; see cr_walk_border */
};

/* Somewhere to decode from, and which instruction (0: none) leads there. */
struct cr_seed {
	cr_addr at;
	cr_addr from;
};

struct cr_insn {
	cr_addr at;
	ZydisDecodedInstruction is;
	ZydisDecodedOperand op[ZYDIS_MAX_OPERAND_COUNT];
};

struct cr_walk {
	struct cr_object *obj;	/* borrowed */
	struct cr_function *fn;	/* borrowed: gets exits and cold parts */
	ZydisDecoder decoder;
	struct cr_piece piece[CR_WALK_PIECES];
	size_t n_piece;
	struct cr_seed *seed;	/* owned; those before next are done */
	size_t n_seed;
	size_t next;
	cr_addr *jump;		/* owned: indirect ones that are not understood */
	size_t n_jump;
	cr_addr *ref;		/* owned: places in the code that instructions read */
	size_t n_ref;
	cr_addr *trail;		/* owned: instructions decoded since a guess began */
	size_t n_trail;
	bool sized;		/* only tables whose size is known are believed */
	bool thunk;		/* a jump goes by a retpoline, so anywhere */
	bool guess;		/* decoding from where perhaps no code is */
	bool wrong;		/* it was none */
	bool doubt;		/* something was not understood */
};

/* exits.c */
struct cr_piece *cr_walk_piece(struct cr_walk *w, cr_addr at);
enum cr_mark cr_walk_mark(struct cr_walk *w, cr_addr at);
/* Is @at in the function? Takes in the cold part that it is in; @branch: conditional jump. */
bool cr_walk_inside(struct cr_walk *w, cr_addr at, bool branch);
int cr_walk_seed(struct cr_walk *w, cr_addr at, cr_addr from) CR_MUST_CHECK;
/* Decodes from all seeds. 0 or -ENOMEM. */
int cr_walk_run(struct cr_walk *w) CR_MUST_CHECK;
/* Decodes from @at if that makes sense, and forgets it if not. */
int cr_walk_guess(struct cr_walk *w, cr_addr at, cr_addr from) CR_MUST_CHECK;
/* Would an instruction begin at @at if the code were read from front to back? Compilers put no
 * data into
 * code, so what is in the middle of an instruction then was not meant as a destination. */
bool cr_walk_border(struct cr_walk *w, cr_addr at);
bool cr_walk_decode(struct cr_walk *w, cr_addr at, struct cr_insn *in);
int cr_walk_exit(struct cr_walk *w, const struct cr_exit *e) CR_MUST_CHECK;

/* tables.c: the destinations of the indirect jump at @at become seeds. 1: understood; 0: not. */
int cr_table_resolve(struct cr_walk *w, cr_addr at) CR_MUST_CHECK;
/* Could it be a jump within the function, by its looks? */
bool cr_table_likely(struct cr_walk *w, cr_addr at);

/* sweep.c: looks for code in what is left when a jump was not understood. */
int cr_sweep(struct cr_walk *w) CR_MUST_CHECK;

#endif
