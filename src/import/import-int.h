/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * import-int - what the readers share: lines, names, rules, broken records
 *
 * In:    a descriptor; calls by name or number
 * Out:   rules in the policy that is made; sentences
 * Never: knows a format
 *
 * Private to the import room.
 */
#ifndef CR_IMPORT_INT_H
#define CR_IMPORT_INT_H

#include "cr/import.h"
#include "cr/names.h"

#define CR_RECORD_MAX 8192	/* of a longer line, this much is looked at */

/* What has been read and not been handed out. */
struct cr_lines {
	char buf[65536];
	size_t at, end;
	char line[CR_RECORD_MAX + 1];
};

struct cr_lookup {
	char name[CR_NAME_MAX];
	int nr;
};

struct cr_reader {
	const struct cr_import_format *format;	/* borrowed */
	int fd;			/* borrowed */
	const char *path;	/* borrowed */
	unsigned long long line;
	const struct cr_import_how *how;	/* borrowed */
	unsigned int depth;	/* of files that include files ... */
	unsigned int included;	/* ... and how many there were */
	struct cr_imported *to;	/* borrowed */
	struct cr_err *err;	/* borrowed; may be NULL */
	struct cr_lookup (*lookup)[1024];	/* owned; for each ABI */
	struct cr_lines *lines;	/* owned */
};

struct cr_import_format {
	const char *name;
	const char *help;
	enum cr_mode mode;	/* of a new policy */
	bool has_exe;		/* its records name the executable */
	bool has_abi;		/* its records may not say their ABI */
	int (*read)(struct cr_reader *r);
};

int cr_read_oci(struct cr_reader *r);
int cr_read_strace(struct cr_reader *r);
int cr_read_audit(struct cr_reader *r);
int cr_read_note(struct cr_reader *r);
int cr_read_names(struct cr_reader *r);
int cr_read_minijail(struct cr_reader *r);

/* The next line without its end, cut to CR_RECORD_MAX bytes, NUL bytes as they are; valid until
 * the next call. 1, 0 at the end, or a negative errno. */
int cr_reader_line(struct cr_reader *r, char **line, size_t *len) CR_MUST_CHECK;

/* All of the rest. -EFBIG beyond CR_IMPORT_MAX. */
int cr_reader_all(struct cr_reader *r, struct cr_buf *out) CR_MUST_CHECK;

/* As cr_name_to_nr(), but fast. */
int cr_reader_nr(struct cr_reader *r, enum cr_abi abi, const char *name);

/* A record that is broken: 0 when it is to be skipped, else -EINVAL with a sentence. */
int cr_reader_bad(struct cr_reader *r, const char *fmt, ...) CR_PRINTF(2, 3) CR_MUST_CHECK;

/* A sentence about what a policy cannot hold; each is told once. */
void cr_reader_loss(struct cr_reader *r, const char *fmt, ...) CR_PRINTF(2, 3);

/* At the end of a profile: where it kills, but not by default, it is not for a violation. */
void cr_reader_kills(struct cr_reader *r);

/* A call gets a rule, unless it has one: then that one stays, and a conflict is told. @more: for
 * the note, may be NULL. 0 or a negative errno. */
int cr_reader_rule(struct cr_reader *r, enum cr_abi abi, uint32_t nr,
		   const struct cr_rule *rule, const char *more) CR_MUST_CHECK;
/* A test of one argument, as other tools have it: unsigned, of the whole register. */
struct cr_reader_test {
	unsigned int arg;
	enum { CR_READER_EQ, CR_READER_NE, CR_READER_LT, CR_READER_LE, CR_READER_GT, CR_READER_GE,
	       CR_READER_MASKED_EQ,	/* arg & mask is value */
	       CR_READER_ANY,		/* some bit of value is set */
	       CR_READER_IN,		/* no bit but those of value is set */
	} op;
	uint64_t mask;
	uint64_t value;
};

/* Adds to *@c (NULL at first) that all of @test may be true, which changes nothing when they never
 * are. -ENOTSUP: a policy cannot say that, or it is always so; another errno with a sentence. */
int cr_reader_case(struct cr_reader *r, enum cr_abi abi, uint32_t nr,
		   const struct cr_reader_test *test, size_t n, struct cr_conds **c) CR_MUST_CHECK;

/* As cr_reader_rule(), for one under a condition; the conditions of several that do the same are
 * alternatives. */
int cr_reader_conditional(struct cr_reader *r, enum cr_abi abi, uint32_t nr,
			  const struct cr_rule *rule, const char *more) CR_MUST_CHECK;

/* The same, where a policy cannot say the condition, which is in @words: a call that is allowed is
 * so without it, a denial is left out. */
int cr_reader_unsaid(struct cr_reader *r, enum cr_abi abi, uint32_t nr, const struct cr_rule *rule,
		     const char *words) CR_MUST_CHECK;

/* The same, for a call that is allowed. */
int cr_reader_allow(struct cr_reader *r, enum cr_abi abi, uint32_t nr, const char *more)
	CR_MUST_CHECK;

#endif
