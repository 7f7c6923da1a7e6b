/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * scan - a policy file as physical lines
 *
 * In:    text
 * Out:   what each line is and where its key and value lie, or the first line that is wrong
 * Never: looks into a value, allocates per line, changes the text
 *
 * Private to the policy room. It refuses everything that iniparser 4.1 would lose or bend without a
 * word, so that what is left means the same to both.
 */
#ifndef CR_POLICY_SCAN_H
#define CR_POLICY_SCAN_H

#include "cr/arch.h"
#include "cr/buf.h"
#include "cr/err.h"

/* iniparser 4.1 gives up on the whole file at a line of 1023 bytes. */
#define CR_LINE_MAX 1000
/* iniparser looks its keys up one by one: a bound keeps a hostile file from costing minutes. */
#define CR_KEYS_MAX 8192
#define CR_LINES_MAX 65536
#define CR_TEXT_MAX (4u << 20)

enum cr_section {
	CR_SEC_NONE,
	CR_SEC_POLICY,
	CR_SEC_SYSCALLS,				/* + enum cr_abi */
	CR_SEC_EVIDENCE = CR_SEC_SYSCALLS + CR_ABI_COUNT,	/* + enum cr_abi */
	CR_SEC_COUNT = CR_SEC_EVIDENCE + CR_ABI_COUNT,
};

enum cr_header {
	CR_HEAD_FORMAT,
	CR_HEAD_PROGRAM,
	CR_HEAD_BUILD_ID,
	CR_HEAD_MODE,
	CR_HEAD_VIOLATION,
	CR_HEAD_HORIZON,
	CR_HEAD_RUNS,
	CR_HEAD_ALL_RUNS,
	CR_HEAD_INCLUDE,
	CR_HEAD_COUNT,
};

/* A piece of the text. */
struct cr_span {
	const char *s;		/* borrowed: from the text */
	size_t len;
};

/* What a sentence about a file begins with. */
struct cr_where {
	const char *path;	/* borrowed */
	unsigned int line;	/* counted from 1 */
	struct cr_err *err;	/* borrowed; may be NULL */
};

/* "PATH:LINE: …". Gives -EINVAL back. */
int cr_wrong(const struct cr_where *at, const char *fmt, ...) CR_PRINTF(2, 3);

struct cr_line {
	enum { CR_LINE_BLANK, CR_LINE_COMMENT, CR_LINE_SECTION, CR_LINE_ENTRY } kind;
	enum cr_section section;	/* of a section line: the one it opens */
	struct cr_span text;	/* with its end of line */
	struct cr_span key;
	struct cr_span value;	/* without quotes; never empty in an entry */
	struct cr_span raw;	/* the value with its quotes */
	int nr;			/* call number; [policy]: enum cr_header; -1: an unknown "?name" */
};

struct cr_scan {
	struct cr_line *lines;	/* owned */
	size_t n;
	size_t n_keys;
	unsigned int section[CR_SEC_COUNT];	/* line that opens it, counted from 1; 0: none */
	unsigned int header[CR_HEAD_COUNT];	/* line of each header, likewise */
	unsigned int rule[CR_ABI_COUNT][CR_NR_MAX];
	unsigned int evidence[CR_ABI_COUNT][CR_NR_MAX];
};

extern const char *const cr_section_names[CR_SEC_COUNT];
extern const char *const cr_header_names[CR_HEAD_COUNT];

/* 0, or -EINVAL with "PATH:LINE: …", or -ENOMEM. On failure @s is empty. @text must outlive @s. */
int cr_scan_text(const char *path, const char *text, size_t len, struct cr_scan *s,
		 struct cr_err *err) CR_MUST_CHECK;
void cr_scan_fini(struct cr_scan *s);

/* Are the keys of this section calls? */
static inline bool cr_section_of_calls(enum cr_section sec)
{
	return sec >= CR_SEC_SYSCALLS && sec < CR_SEC_COUNT;
}

static inline bool cr_section_is_evidence(enum cr_section sec)
{
	return sec >= CR_SEC_EVIDENCE && sec < CR_SEC_COUNT;
}

static inline enum cr_abi cr_section_abi(enum cr_section sec)
{
	return (enum cr_abi)(sec -
			     (cr_section_is_evidence(sec) ? CR_SEC_EVIDENCE : CR_SEC_SYSCALLS));
}

#endif
