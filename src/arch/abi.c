/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <linux/audit.h>
#include <seccomp.h>

#include "cr/arch.h"

/* One header cannot give the numbers of three tables: arch/x86/entry/syscalls/ has them. */
const struct cr_abi_facts cr_abi_facts[CR_ABI_COUNT] = {
	[CR_ABI_X86_64] = {
		.name = "x86-64", .suffix = "", .word = 8,
		.audit_arch = AUDIT_ARCH_X86_64, .scmp_arch = SCMP_ARCH_X86_64,
		.clone = 56, .clone3 = 435, .seccomp = 317, .prctl = 157,
		.setaffinity = 203, .getaffinity = 204,
		.restart_syscall = 219, .sigreturn = 15,
		.ptrace = 101, .vm_readv = 310, .vm_writev = 311,
		.prlimit = 302,
	},
	[CR_ABI_I386] = {
		.name = "i386", .suffix = "i386", .word = 4,
		.audit_arch = AUDIT_ARCH_I386, .scmp_arch = SCMP_ARCH_X86,
		.clone = 120, .clone3 = 435, .seccomp = 354, .prctl = 172,
		.setaffinity = 241, .getaffinity = 242,
		.restart_syscall = 0, .sigreturn = 173,
		.ptrace = 26, .vm_readv = 347, .vm_writev = 348,
		.prlimit = 340,
	},
	[CR_ABI_X32] = {
		.name = "x32", .suffix = "x32", .word = 8,
		.audit_arch = AUDIT_ARCH_X86_64, .scmp_arch = SCMP_ARCH_X32, .nr_bit = CR_X32_BIT,
		.clone = 56, .clone3 = 435, .seccomp = 317, .prctl = 157,
		.setaffinity = 203, .getaffinity = 204,
		.restart_syscall = 219, .sigreturn = 513,
		.ptrace = 521, .vm_readv = 539, .vm_writev = 540,
		.prlimit = 302,
	},
};

int cr_abi_of(uint32_t audit_arch, uint32_t raw_nr, enum cr_abi *abi, uint32_t *nr)
{
	switch (audit_arch) {
	case AUDIT_ARCH_I386:
		*abi = CR_ABI_I386;
		*nr = raw_nr;
		return 0;
	case AUDIT_ARCH_X86_64:
		/* -1 has bit 30 too, but is no number at all: leave it huge. */
		if ((raw_nr & CR_X32_BIT) && !(raw_nr & 0x80000000u)) {
			*abi = CR_ABI_X32;
			*nr = raw_nr & ~CR_X32_BIT;
		} else {
			*abi = CR_ABI_X86_64;
			*nr = raw_nr;
		}
		return 0;
	}
	return -ENOSYS;
}
