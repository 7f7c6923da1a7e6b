/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * names - system calls and errnos, by name and by number
 *
 * In:    names as people write them, numbers as the kernel counts them
 * Out:   the other one; the nearest name when there is none
 * Never: guesses: an unknown name is an error, an unknown number is "nr:462"
 *
 * The names are libseccomp's (seccomp_syscall_resolve_name_arch(3)). A call that
 * the library does not know is written and read as "nr:N".
 */
#ifndef CR_NAMES_H
#define CR_NAMES_H

#include "cr/arch.h"

#define CR_NAME_MAX 64

/* The number of @name ("openat", "nr:462") in @abi, below CR_NR_MAX; -ENOENT when no such
 * call exists in that ABI; -EINVAL for a malformed "nr:". */
int cr_name_to_nr(enum cr_abi abi, const char *name) CR_MUST_CHECK;

/* Writes the name of (@abi, @nr), or "nr:N", and gives @name back. */
const char *cr_nr_to_name(enum cr_abi abi, uint32_t nr, char name[CR_NAME_MAX]);

/* The known name nearest to @name, or NULL when nothing is near. Static storage of the table. */
const char *cr_name_nearest(enum cr_abi abi, const char *name, char near[CR_NAME_MAX]);

/* How many letters to change, add, leave out or swap to make @b of @a. Names longer than
 * CR_NAME_MAX are cut off. */
unsigned int cr_name_distance(const char *a, const char *b);

/* The highest number that this build knows a name for in @abi. */
uint32_t cr_nr_highest(enum cr_abi abi);

/* "EPERM" or "1" → 1; -EINVAL for what is neither (1..4095). */
int cr_errno_of(const char *name) CR_MUST_CHECK;

/* 1 → "EPERM"; a decimal number for one without a name. Writes into @name, gives it back. */
const char *cr_errno_name(int e, char name[CR_NAME_MAX]);

#endif
