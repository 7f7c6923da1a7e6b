/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cond-parse - a condition being read
 *
 * In:    text
 * Out:   words, values
 * Never: more than one condition
 *
 * Private to the policy room.
 */
#ifndef CR_POLICY_COND_PARSE_H
#define CR_POLICY_COND_PARSE_H

#include "cond-int.h"
#include "cr/names.h"

struct cr_cond_parser {
	enum cr_abi abi;
	uint32_t nr;
	char call[CR_NAME_MAX];
	const struct cr_signature *sig;	/* borrowed; NULL: nobody knows the call's arguments */
	const char *at;			/* borrowed */
	struct cr_err *err;		/* borrowed */
	/* An alternative is read twice when one of its arguments decides what another one is: the
	 * first time its names are not looked at. */
	bool first;
	bool again;
	const struct cr_alternative *known;	/* borrowed; what the first reading found */
};

/* One test being read. */
struct cr_cond_reading {
	struct cr_test t;
	enum cr_arg kind;
	bool skip;		/* this reading does not know what the argument is */
	bool not;
	bool masked;
};

size_t cr_cond_word_len(const char *at);
void cr_cond_skip_blanks(struct cr_cond_parser *p);
/* Takes @mark when it comes next. */
bool cr_cond_take(struct cr_cond_parser *p, const char *mark);
/* A sentence about what comes next, where @what should; -EINVAL. */
int cr_cond_unexpected(struct cr_cond_parser *p, const char *what, const char *hint);
/* How many arguments a call has. */
unsigned int cr_signature_args(const struct cr_signature *sig);

/* "NAME|NAME|0x10" for the argument of @r. -EINVAL with a sentence. */
int cr_cond_value(struct cr_cond_parser *p, const struct cr_cond_reading *r,
		  uint64_t *value) CR_MUST_CHECK;

#endif
