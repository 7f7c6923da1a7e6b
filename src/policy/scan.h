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
#include "cr/policy.h"

/* iniparser 4.1 gives up on the whole file at a line of 1023 bytes. */
#define CR_LINE_MAX 1000
#define CR_LINES_MAX 65536
#define CR_TEXT_MAX (4u << 20)

/* [syscalls] and [evidence], and with a window's number [window N] and [window N evidence]. */
enum cr_section {
	CR_SEC_NONE,
	CR_SEC_POLICY,
	CR_SEC_WINDOW,					/* of [window N] what is no rule */
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
	CR_HEAD_LOST,
	CR_HEAD_OUTSIDE,
	CR_HEAD_ARGUMENTS,
	CR_HEAD_INCLUDE,
	CR_HEAD_DIGEST,
	CR_HEAD_COUNT,
};

enum cr_window_key {
	CR_WINDOW_FUNCTION,
	CR_WINDOW_OBJECT,
	CR_WINDOW_SCOPE,
	CR_WINDOW_KEY_COUNT,
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

/* A section: of [syscalls] (0), or of a window. */
struct cr_heading {
	unsigned int window;
	enum cr_section section;
};

struct cr_line {
	enum { CR_LINE_BLANK, CR_LINE_COMMENT, CR_LINE_SECTION, CR_LINE_ENTRY } kind;
	unsigned int window;
	enum cr_section section;	/* of a section line: the one it opens */
	struct cr_span text;	/* with its end of line */
	struct cr_span key;
	struct cr_span value;	/* without quotes; never empty in an entry */
	struct cr_span raw;	/* the value with its quotes */
	int nr;			/* call number, cr_header or cr_window_key; -1: unknown "?name" */
};

/* Where the sections and entries of one window are, or (window 0) of all the others. */
struct cr_part {
	unsigned int section[CR_SEC_COUNT];	/* line that opens it, counted from 1; 0: none */
	unsigned int key[CR_WINDOW_KEY_COUNT];	/* line of each, likewise */
	unsigned int *entry[CR_SEC_COUNT];	/* owned; by call number, likewise; may be NULL */
};

struct cr_scan {
	struct cr_line *lines;	/* owned */
	size_t n;
	size_t n_keys;
	unsigned int header[CR_HEAD_COUNT];	/* line of each header, counted from 1; 0: none */
	struct cr_part *part[CR_WINDOW_NR_MAX + 1];	/* owned; by window; NULL: none */
};

#define CR_SECTION_MAX 64

/* "syscalls i386", "window 3 i386". Writes into @out, gives it back. */
const char *cr_section_name(unsigned int window, enum cr_section sec, char out[CR_SECTION_MAX]);

/* The way back. -EINVAL with a sentence at @where. */
int cr_section_read(struct cr_span name, struct cr_heading *at, const struct cr_where *where)
	CR_MUST_CHECK;

extern const char *const cr_window_key_names[CR_WINDOW_KEY_COUNT];
extern const char *const cr_header_names[CR_HEAD_COUNT];

/* 0, or -EINVAL with "PATH:LINE: …", or -ENOMEM. On failure @s is empty. @text must outlive @s. */
int cr_scan_text(const char *path, const char *text, size_t len, struct cr_scan *s,
		 struct cr_err *err) CR_MUST_CHECK;
void cr_scan_fini(struct cr_scan *s);

/* The line of a section, or of an entry in it; 0 when there is none. */
unsigned int cr_scan_section(const struct cr_scan *s, unsigned int window, enum cr_section sec);
unsigned int cr_scan_entry(const struct cr_scan *s, unsigned int window, enum cr_section sec,
			   uint32_t nr);

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
