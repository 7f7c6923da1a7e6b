/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * import - what other tools have written about a program's calls, as a policy
 *
 * In:    a descriptor with the text or binary of another tool
 * Out:   a policy of hand-written rules, where each comes from, and what could not be held
 * Never: writes a file, believes its input, keeps more of it in memory than one record
 *        (documents, which have no records, are read whole, up to CR_IMPORT_MAX)
 */
#ifndef CR_IMPORT_H
#define CR_IMPORT_H

#include "cr/buf.h"
#include "cr/err.h"
#include "cr/policy.h"

#define CR_IMPORT_MAX (16u << 20)

struct cr_import_format;	/* a reader */

/* The @i-th format; NULL behind the last. */
const struct cr_import_format *cr_import_format(size_t i);
/* The one called @name, or NULL. */
const struct cr_import_format *cr_import_find(const char *name);
const char *cr_import_name(const struct cr_import_format *f);
const char *cr_import_help(const struct cr_import_format *f);

struct cr_imported {
	struct cr_policy *policy;	/* owned; own rules without evidence */
	char *note[CR_ABI_COUNT][CR_NR_MAX];	/* owned; where the rule comes from */
	struct cr_buf losses;		/* what a policy cannot hold, a line each */
	uint64_t records;		/* that said something of a call */
	uint64_t skipped;		/* broken ones; the first are told in losses */
};

struct cr_import_how {
	bool skip_bad;		/* a broken record is skipped, and told in losses */
	const char *exe;	/* borrowed; only records of executables like this; NULL: all */
	bool has_abi;		/* a process whose ABI is not said ... */
	enum cr_abi abi;	/* ... has this one; else x86-64, until that cannot be */
};

/* Do records of @f name the executable? Elsewhere cr_import_how.exe must be NULL. */
bool cr_import_has_exe(const struct cr_import_format *f);
/* Do records of @f need to be told their ABI? Elsewhere cr_import_how.has_abi must be false. */
bool cr_import_has_abi(const struct cr_import_format *f);

/* Reads @fd to its end; @path is for messages. A broken record that is not skipped ends the
 * import: -EINVAL with "PATH:LINE: what". -ENODATA when nothing was found that the format is made
 * of. On failure @out is empty. */
int cr_import(const struct cr_import_format *f, int fd, const char *path,
	      const struct cr_import_how *how, struct cr_imported *out, struct cr_err *err)
	CR_MUST_CHECK;
void cr_imported_fini(struct cr_imported *im);

#endif
