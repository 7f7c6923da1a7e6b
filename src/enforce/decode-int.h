/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * decode-int - the tables of the decoder
 *
 * In:    a system call's name
 * Out:   what its arguments are
 * Never: a number that a header has a name for
 */
#ifndef CR_DECODE_INT_H
#define CR_DECODE_INT_H

#include "cr/base.h"

/* What an argument is. From CR_ARG_SETS on: a set of names. */
enum cr_arg {
	CR_ARG_END,	/* no argument */
	CR_ARG_INT,
	CR_ARG_UINT,
	CR_ARG_LONG,
	CR_ARG_SIZE,
	CR_ARG_HEX,
	CR_ARG_PTR,
	CR_ARG_PATH,
	CR_ARG_FD,
	CR_ARG_DIRFD,
	CR_ARG_MODE,
	CR_ARG_PID,
	CR_ARG_SIGNAL,	/* has a set of names, but numbers beside them are decimal */
	CR_ARG_SETS,
	CR_ARG_OPEN = CR_ARG_SETS,
	CR_ARG_AT,
	CR_ARG_PROT,
	CR_ARG_MMAP,
	CR_ARG_DOMAIN,
	CR_ARG_SOCKTYPE,
	CR_ARG_IPPROTO,
	CR_ARG_CLONE,
	CR_ARG_FCNTL,
	CR_ARG_IOCTL,
	CR_ARG_PRCTL,
	CR_ARG_MADVISE,
	CR_ARG_FUTEX,
	CR_ARG_SOL,
	CR_ARG_SOCKOPT,
	CR_ARG_WHENCE,
	CR_ARG_ACCESS,
	CR_ARG_WAIT,
	CR_ARG_EPOLL,
	CR_ARG_RLIMIT,
	CR_ARG_CLOCK,
	CR_ARG_MSG,
	CR_ARG_PIPE,
	CR_ARG_EFD,
	CR_ARG_RANDOM,
	CR_ARG_SIGHOW,
	CR_ARG_SHUT,
	CR_ARG_MEMFD,
	CR_ARG_MOUNT,
	CR_ARG_UMOUNT,
	CR_ARG_PTRACE,
	CR_ARG_SECCOMP,
	CR_ARG_COUNT,
};

struct cr_signature {
	const char *name;
	enum cr_arg args[6];
};

/* NULL when it is not in the table. */
const struct cr_signature *cr_signature_find(const char *name);

struct cr_flag {
	uint64_t value;
	const char *name;
};

/* A word is one of @one (those bits that @mask has), and any of @bits. */
struct cr_flag_set {
	uint64_t mask;			/* of the part that is one of several; 0: bits only */
	const struct cr_flag *one;	/* ends with a NULL name; NULL: none */
	const struct cr_flag *bits;	/* ends with a NULL name; NULL: none */
	bool wide;			/* the kernel looks at 64 bits, not at an int */
};

extern const struct cr_flag_set cr_flag_sets[CR_ARG_COUNT];

#endif
