/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * targets - which functions of which files are windows, and where traps go for them
 *
 * In:    what a person or a policy calls a function; files, as processes map them
 * Out:   for each file the places to trap, each with the number of its window
 * Never: a process; says what a window's number means: the caller's function hands it out
 *
 * A file is looked at once, however many processes map it. Its addresses are those of the file.
 */
#ifndef CR_TARGETS_H
#define CR_TARGETS_H

#include "cr/functions.h"

#define CR_SITE_BYTES 15u	/* of the longest instruction */

enum cr_site_kind {
	CR_SITE_ENTRY,
	CR_SITE_RET,
	CR_SITE_JUMP,		/* may leave the function, see cr_exit */
	CR_SITE_RESOLVED,	/* a ret of an IFUNC's resolver: it returns the function */
	CR_SITE_MARK,		/* no window's: number is the mark's */
	CR_SITE_LATER,		/* a mark at an entry, for now and then only */
};

/* A place for a trap. */
struct cr_target_site {
	cr_addr at;
	enum cr_site_kind kind;
	unsigned int number;		/* of the window, or of the mark */
	const struct cr_function *fn;	/* borrowed: from the file */
	uint8_t text[CR_SITE_BYTES];	/* what the file has there */
	uint8_t n;			/* bytes of it */
};

/* A word that holds the address that an IFUNC's resolver has returned, once it has. */
struct cr_target_slot {
	cr_addr at;
	unsigned int number;	/* of the window */
};

struct cr_target_file {
	cr_addr base;	/* of the file's first segment, as cr_object_base() */
	/* Behind the code, in its last page: nothing runs there. Empty when lo == hi */
	cr_addr spare_lo, spare_hi;
	bool is32;
	bool go;
	char *path;		/* owned; as it was first opened */
	struct cr_target_site *site;	/* owned; by address */
	size_t n_site;
	struct cr_target_slot *slot;	/* owned */
	size_t n_slot;
	struct cr_functions fns;	/* owned; those that are windows */
};

/* A number for the window of @function of @object (NULL: the program's own executable). Negative
 * errno and a sentence when it cannot be one. */
typedef int cr_targets_number(void *ctx, const char *object, const char *function,
			      struct cr_err *err);

/* All windows of one more file have numbers now. Negative errno and a sentence: they cannot be. */
typedef int cr_targets_numbered(void *ctx, struct cr_err *err);

struct cr_targets;

/* Both may be NULL when each cr_targets_add() has a number. NULL when out of memory. */
struct cr_targets *cr_targets_new(cr_targets_number *number, cr_targets_numbered *numbered,
				  void *ctx) CR_MUST_CHECK;
void cr_targets_free(struct cr_targets *t);

/* Functions that are windows: @pattern (see cr_functions_find) of @object, a file's name, the start
 * of one that ends before a dot ("libz", "libz.so.1"), or a glob; NULL: of the program's own
 * executable. @number: all of them are this window; 0: each is one of its own. Before the first
 * cr_targets_of(). -ENOMEM. */
int cr_targets_add(struct cr_targets *t, const char *object, const char *pattern,
		   unsigned int number) CR_MUST_CHECK;

/* What is added from here on need not be in each file that it is meant for. */
void cr_targets_optional(struct cr_targets *t);

/* Has such a function been found in a file? */
bool cr_targets_found(const struct cr_targets *t, const char *object, const char *pattern);

/* Traps that belong to no window: at the entry of @function of @object (as above), then or later,
 * or at its rets.
 * A file that has none is no error. */
int cr_targets_mark(struct cr_targets *t, const char *object, const char *function,
		    unsigned int mark, enum cr_site_kind where) CR_MUST_CHECK;

/* What to trap in the file @fd, which a process has mapped; @path is for messages and for names of
 * objects. @own: it is the executable of the program that was asked for. *@file is borrowed until
 * the free, NULL when nothing is to be trapped. As cr_functions_find() for patterns that match
 * nothing in a file they are meant for; also -EOPNOTSUPP for functions that exist only inlined. */
int cr_targets_of(struct cr_targets *t, int fd, const char *path, bool own,
		  const struct cr_target_file **file, struct cr_err *err) CR_MUST_CHECK;

/* The function that an IFUNC's resolver has chosen: the sites of the one at @entry, for window
 * @number. As above. */
int cr_targets_resolved(struct cr_targets *t, int fd, const char *path, cr_addr entry,
			unsigned int number, const struct cr_target_file **file,
			struct cr_err *err) CR_MUST_CHECK;

/* From here on files are those that processes map. */
void cr_targets_begin(struct cr_targets *t);

/* The next pattern that has an object which no file was so far; NULL at the end. *@i starts at
 * 0. */
const char *cr_targets_missing(const struct cr_targets *t, size_t *i);

#endif
