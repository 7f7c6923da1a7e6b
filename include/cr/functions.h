/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * functions - where the functions of an ELF file are, and where they are left
 *
 * In:    an ELF file (x86-64 or i386), what a person calls a function
 * Out:   entry, ranges, exits, source line of each function that is meant
 * Never: a process; believes that the file is well formed; asks a network for debug files
 *
 * All addresses are the file's own, as the linker gave them. A load bias is the caller's business.
 *
 * What the run time must add, because no file can tell:
 * - CR_EXIT_BY_POINTER, and a conditional exit: carry the instruction out and look where the
 *   thread is. Inside the function's ranges it was a jump table or a branch not taken: no exit.
 * - CR_EXIT_BY_RET: the call is over only if the stack pointer is where it was at the entry;
 *   an inline retpoline uses a ret for a jump within.
 * - CR_FN_IFUNC: entry and exits are those of the resolver. The address that it returns in
 *   its result register is the implementation's: trap its rets, or, when it has run already
 *   (attach), read the word at each of cr_object_ifunc_slots(); then
 *   cr_function_at(implementation - bias).
 */
#ifndef CR_FUNCTIONS_H
#define CR_FUNCTIONS_H

#include "cr/buf.h"
#include "cr/err.h"

struct cr_object;		/* an ELF file and what was read of it */

struct cr_range {
	cr_addr start;
	cr_addr end;		/* behind the last byte */
};

enum cr_exit_kind {
	CR_EXIT_BY_RET,		/* every near ret */
	CR_EXIT_BY_JUMP,	/* a jump whose destination is known and outside */
	CR_EXIT_BY_POINTER,	/* goes where a register or memory says; far returns */
};

struct cr_exit {
	cr_addr at;		/* of an instruction's first byte */
	cr_addr to;		/* CR_EXIT_BY_JUMP: its destination; else 0 */
	enum cr_exit_kind kind;
	uint16_t pops;		/* ret imm16: bytes taken off besides the return address */
	uint8_t len;
	bool conditional;	/* may as well go on with the next instruction */
};

#define CR_FN_IFUNC 0x01u	/* a resolver: see above */
#define CR_FN_INLINED 0x02u	/* no code of its own: range[] is where it was inlined */
#define CR_FN_ALSO_INLINED 0x04u /* besides, in n_inlined places, which have no entry to trap */
#define CR_FN_GO 0x08u
#define CR_FN_VARIANT 0x10u	/* f.constprop.0 and the like, for f */
#define CR_FN_GUESSED 0x20u	/* where it ends is a guess: neither symbol nor unwind table say */
#define CR_FN_INCOMPLETE 0x40u	/* there may be exits that were not found */
#define CR_FN_I386 0x80u

struct cr_function {
	char *name;		/* owned; as people write it: demangled where it was mangled */
	char *linkage;		/* owned; as the linker has it */
	cr_addr entry;
	struct cr_range *range;	/* owned; the first holds the entry, the others are cold parts */
	size_t n_range;
	struct cr_exit *exit;	/* owned; by address */
	size_t n_exit;
	unsigned int flags;	/* CR_FN_* */
	unsigned int n_inlined;	/* CR_FN_INLINED, CR_FN_ALSO_INLINED: in how many places */
	char *file;		/* owned; where it is declared; NULL when unknown */
	unsigned int line;
};

struct cr_functions {
	struct cr_function *fn;	/* owned; by entry address */
	size_t n;
};

/* Opens @path, a regular file: symbols (.symtab, .dynsym, separate debug file, .gnu_debugdata, Go's
 * .gopclntab). -ENOEXEC for what is no x86 program or library. The caller owns *@obj. */
int cr_object_open(const char *path, struct cr_object **obj, struct cr_err *err) CR_MUST_CHECK;
/* The same of an open descriptor, which stays the caller's; @path is for messages and for finding
 * debug files. */
int cr_object_open_fd(int fd, const char *path, struct cr_object **obj, struct cr_err *err)
	CR_MUST_CHECK;
void cr_object_free(struct cr_object *obj);

/* ELF facts a caller needs to place the file in memory. */
bool cr_object_is_pie(const struct cr_object *obj);	/* ET_DYN: addresses need a bias */
cr_addr cr_object_base(const struct cr_object *obj);	/* of the first PT_LOAD, page-aligned */
/* Is there code of this file at @at? */
bool cr_object_is_text(const struct cr_object *obj, cr_addr at);

/*
 * Every function that @pattern means; each once, however many names it has. In this order, the
 * first that matches anything counts:
 *	0xADDR		the function that begins there
 *	FILE:LINE	the one whose code that line is
 *	a name		mangled or not, with or without parameters or template arguments; its
 *			.constprop/.isra/.part clones too (CR_FN_VARIANT)
 *	a glob		fnmatch(3) over mangled and plain names
 *	a name or glob	of functions that exist only inlined
 * NULL or "" means all. -ENOENT when nothing matches, with the nearest names or with what it is
 * instead (data, imported); -EINVAL for a pattern that cannot be right. On failure *@list is empty.
 */
int cr_functions_find(struct cr_object *obj, const char *pattern, struct cr_functions *list,
		      struct cr_err *err) CR_MUST_CHECK;
void cr_functions_fini(struct cr_functions *list);

/* The function that begins at @entry; with or without a name. As cr_functions_find. */
int cr_function_at(struct cr_object *obj, cr_addr entry, struct cr_functions *list,
		   struct cr_err *err) CR_MUST_CHECK;

/* The words of memory that the loader fills with what the IFUNC resolver at @resolver returned. How
 * many there are (at most @max are written), or a negative errno. */
ssize_t cr_object_ifunc_slots(struct cr_object *obj, cr_addr resolver, cr_addr *slot, size_t max)
	CR_MUST_CHECK;

/* "libfoo.so.1:f" is f in libfoo.so.1; "ns::f", "file.c:12" and Go's "type:.eq.T" are in no
 * object that is named. The length of the object's name; 0 when there is none. *@func
 * points into @pattern. */
size_t cr_pattern_split(const char *pattern, const char **func);

#endif
