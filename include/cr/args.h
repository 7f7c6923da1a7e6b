/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * args - what the arguments of a system call are, and what people call their values
 *
 * In:    a call's name, registers as the kernel gets them, names of values
 * Out:   what an argument is, how much of its register the kernel looks at, a value as text
 * Never: reads a target's memory, knows a policy
 *
 * Reports show arguments by this, and rules on arguments compare them by it. So how many bits an
 * argument has here is not a matter of taste: it is the type in the kernel's own
 * SYSCALL_DEFINE, or less where the kernel cuts it down at once (clone's flags, mmap's descriptor).
 */
#ifndef CR_ARGS_H
#define CR_ARGS_H

#include "cr/arch.h"
#include "cr/buf.h"

#define CR_ARGS_MAX 6

/* What an argument is. From CR_ARG_SETS on its values have names. */
enum cr_arg {
	CR_ARG_END,	/* no argument */
	CR_ARG_INT,
	CR_ARG_UINT,
	CR_ARG_LONG,
	CR_ARG_SIZE,
	CR_ARG_HEX,	/* 32 bits, flags mostly */
	CR_ARG_WORD,	/* as wide as a register */
	CR_ARG_PTR,
	CR_ARG_PATH,
	CR_ARG_FD,
	CR_ARG_MODE,
	CR_ARG_PID,
	CR_ARG_UID,
	CR_ARG_UID16,	/* i386's first user IDs */
	CR_ARG_SETS,
	CR_ARG_DIRFD = CR_ARG_SETS,
	CR_ARG_SIGNAL,
	CR_ARG_OPEN,
	CR_ARG_AT,
	CR_ARG_PROT,
	CR_ARG_MMAP,
	CR_ARG_MREMAP,
	CR_ARG_DOMAIN,
	CR_ARG_SOCKTYPE,
	CR_ARG_PROTOCOL,	/* one of the next two, or a number: the domain decides */
	CR_ARG_IPPROTO,
	CR_ARG_NETLINK,
	CR_ARG_CLONE,
	CR_ARG_UNSHARE,
	CR_ARG_FCNTL,
	CR_ARG_IOCTL,
	CR_ARG_PRCTL,
	CR_ARG_ARCH,
	CR_ARG_MADVISE,
	CR_ARG_FUTEX,
	CR_ARG_SOL,
	CR_ARG_SOCKOPT,		/* one of the next six, or a number: the level decides */
	CR_ARG_SO_SOCKET,
	CR_ARG_SO_IP,
	CR_ARG_SO_IPV6,
	CR_ARG_SO_TCP,
	CR_ARG_SO_NETLINK,
	CR_ARG_SO_PACKET,
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
	CR_ARG_SECFLAG,
	CR_ARG_KEYCTL,
	CR_ARG_PERSONALITY,
	CR_ARG_BPF,
	CR_ARG_COUNT,
};

struct cr_signature {
	const char *name;
	enum cr_arg args[CR_ARGS_MAX];	/* CR_ARG_END behind the last */
};

/* NULL when it is not in the table. i386 has calls of the same name with other arguments. */
const struct cr_signature *cr_signature_find(enum cr_abi abi, const char *name);

/* The index of the argument that decides what @kind is; -1: none has to. */
int cr_arg_decider(enum cr_arg kind);
/* What @kind is when the argument that decides has @value; @value NULL: nobody knows it. */
enum cr_arg cr_arg_decided(enum cr_arg kind, const uint64_t *value);

/* How many bits of the register the kernel looks at in call (@abi, @nr): 16, 32, 64; 0: it is a
 * pointer or an address. */
unsigned int cr_arg_bits(enum cr_abi abi, uint32_t nr, enum cr_arg kind);
/* Does the kernel take it as a number with a sign? */
bool cr_arg_signed(enum cr_arg kind);

/* A value of @bits bits, by names where there are some: "SOCK_STREAM|SOCK_CLOEXEC", "-1", "0x63".
 * Of a value that was masked with @mask nothing is said about other bits; UINT64_MAX: the whole. */
void cr_arg_print(struct cr_buf *out, enum cr_arg kind, unsigned int bits, uint64_t value,
		  uint64_t mask);
/* The same for @mask itself. */
void cr_arg_print_mask(struct cr_buf *out, enum cr_arg kind, unsigned int bits, uint64_t mask);

/* What @name stands for where an argument is @kind; -ENOENT. */
int cr_arg_value(enum cr_arg kind, const char *name, uint64_t *value) CR_MUST_CHECK;
/* A kind that has the name, beside those that have it by accident; CR_ARG_END: none. */
enum cr_arg cr_arg_with(const char *name);
/* The name nearest to @name, or NULL. Static storage. */
const char *cr_arg_nearest(enum cr_arg kind, const char *name);

#endif
