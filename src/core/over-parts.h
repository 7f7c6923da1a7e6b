/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * over-parts - what the three files of over share
 *
 * In:    nothing
 * Out:   the private numbers in a struct cr_over
 * Never: seen outside src/core
 */
#ifndef CR_OVER_PARTS_H
#define CR_OVER_PARTS_H

#include "cr/over.h"

enum over_kind {
	KIND_NONE,
	KIND_REG,
	KIND_IMM,
	KIND_MEM,
};

/* What follows the instruction in its slot. */
enum over_shape {
	SHAPE_PLAIN,	/* the instruction, a jump back */
	SHAPE_AWAY,	/* the instruction: it never goes on to the next one */
	SHAPE_JUMP,	/* a jump to where it goes */
	SHAPE_COND,	/* the condition with a short jump, a jump back, a jump to where it goes */
};

enum over_op {
	OP_NONE,
	OP_NOP,
	OP_MOV,		/* the source is extended with zeros */
	OP_MOVSX,
	OP_LEA,
	OP_ADD,
	OP_SUB,
	OP_CMP,
	OP_AND,
	OP_OR,
	OP_XOR,
	OP_TEST,
	OP_INC,
	OP_DEC,
	OP_PUSH,
	OP_POP,
	OP_LEAVE,
	OP_RET,
	OP_JMP,
	OP_JCC,
	OP_CALL,
};

#endif
