/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * arch - facts about the system call ABIs a target may use
 *
 * In:    what the kernel reports: audit architecture and raw number
 * Out:   an ABI of ours and a plain number; the facts of each ABI
 * Never: asks the kernel, knows a policy
 *
 * One process may use several ABIs: a 64-bit x86 program reaches the i386
 * table by "int 0x80" and the x32 table by bit 30 of the number. Numbers mean
 * different calls in each, so a call is always (abi, nr), never a bare int.
 */
#ifndef CR_ARCH_H
#define CR_ARCH_H

#include "cr/base.h"

enum cr_abi {
	CR_ABI_X86_64,
	CR_ABI_I386,
	CR_ABI_X32,
	CR_ABI_COUNT,
	CR_ABI_NATIVE = CR_ABI_X86_64,
};

/* Plain numbers at or above this are no system calls in any kernel there is: the
 * kernel answers ENOSYS, a policy cannot hold them. */
#define CR_NR_MAX 1024u

/* Bit 30 marks an x32 call (Linux: __X32_SYSCALL_BIT in asm/unistd.h). */
#define CR_X32_BIT 0x40000000u

struct cr_abi_facts {
	const char *name;	/* "x86-64", "i386", "x32": as in reports */
	const char *suffix;	/* "" or "i386" or "x32": as in [syscalls SUFFIX] */
	uint32_t audit_arch;	/* AUDIT_ARCH_*, as seccomp_data.arch */
	uint32_t scmp_arch;	/* SCMP_ARCH_*, as libseccomp names it */
	uint32_t nr_bit;	/* or-ed into the plain number in a register */
	unsigned int word;	/* bytes of a register argument */
	/* Made by the kernel, to go on with an interrupted call: */
	uint32_t restart_syscall;
	/* Made by a signal handler's end: */
	uint32_t sigreturn;
	/* Calls that could take a task out of a tracer's sight: */
	uint32_t clone;
	uint32_t clone3;
	uint32_t seccomp;
	uint32_t prctl;
	/* Calls that could turn on the tracer itself: */
	uint32_t ptrace;
	uint32_t vm_readv;
	uint32_t vm_writev;
	uint32_t prlimit;
	/* Calls that could see what a tracer does for a moment (see place): */
	uint32_t setaffinity;
	uint32_t getaffinity;
};

extern const struct cr_abi_facts cr_abi_facts[CR_ABI_COUNT];

/* A system call about to be made. Arguments are the raw registers; for a 4-byte
 * word ABI the upper halves are zero. */
struct cr_call {
	enum cr_abi abi;
	uint32_t nr;		/* plain: without the ABI's nr_bit; may be >= CR_NR_MAX */
	uint64_t args[6];
	cr_addr ip;		/* behind the system call instruction */
	cr_addr sp;
};

/* From seccomp's view (audit architecture, raw number) to ours. 0, or -ENOSYS for an
 * architecture we do not know. @abi and @nr are unchanged then. */
int cr_abi_of(uint32_t audit_arch, uint32_t raw_nr, enum cr_abi *abi, uint32_t *nr) CR_MUST_CHECK;

#endif
