/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <linux/ptrace.h>
#include <sys/syscall.h>

#include "cr/ptrace.h"
#include "cr/regs.h"

long cr_ptrace(long request, pid_t tid, uintptr_t addr, uintptr_t data)
{
	long rc = syscall(SYS_ptrace, request, (long)tid, addr, data);

	return rc == -1 ? -errno : rc;
}

int cr_ptrace_attach(pid_t tid, bool kill)
{
	unsigned long options = (kill ? PTRACE_O_EXITKILL : 0) |
				PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACESECCOMP |
				PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
				PTRACE_O_TRACEEXEC;

	return (int)cr_ptrace(PTRACE_SEIZE, tid, 0, options);
}

int cr_ptrace_seize(pid_t tid)
{
	return cr_ptrace_attach(tid, true);
}

int cr_ptrace_interrupt(pid_t tid)
{
	return (int)cr_ptrace(PTRACE_INTERRUPT, tid, 0, 0);
}

int cr_ptrace_resume(pid_t tid, enum cr_resume how, int sig)
{
	switch (how) {
	case CR_RESUME_CONT:
		return (int)cr_ptrace(PTRACE_CONT, tid, 0, (uintptr_t)sig);
	case CR_RESUME_CALLS:
		return (int)cr_ptrace(PTRACE_SYSCALL, tid, 0, (uintptr_t)sig);
	case CR_RESUME_DETACH:
		return (int)cr_ptrace(PTRACE_DETACH, tid, 0, (uintptr_t)sig);
	case CR_RESUME_LISTEN:
		return (int)cr_ptrace(PTRACE_LISTEN, tid, 0, 0);
	}
	return -EINVAL;
}

int cr_ptrace_message(pid_t tid, unsigned long *message)
{
	return (int)cr_ptrace(PTRACE_GETEVENTMSG, tid, 0, (uintptr_t)message);
}

static int fill(const struct ptrace_syscall_info *info, uint64_t nr, const __u64 *args,
		struct cr_call *call)
{
	enum cr_abi abi;
	uint32_t plain;
	int rc, i;

	rc = cr_abi_of(info->arch, (uint32_t)nr, &abi, &plain);
	if (rc < 0)
		return rc;
	call->abi = abi;
	call->nr = plain;
	for (i = 0; i < 6; i++)
		call->args[i] = args[i];
	call->ip = info->instruction_pointer;
	call->sp = info->stack_pointer;
	return 0;
}

static int look(pid_t tid, struct ptrace_syscall_info *info)
{
	return (int)cr_ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof(*info), (uintptr_t)info);
}

int cr_ptrace_call(pid_t tid, struct cr_call *call, uint32_t *data)
{
	struct ptrace_syscall_info info;
	int rc = look(tid, &info);

	if (rc < 0)
		return rc;
	if (info.op != PTRACE_SYSCALL_INFO_SECCOMP)
		return -EINVAL;
	rc = fill(&info, info.seccomp.nr, info.seccomp.args, call);
	if (rc == 0)
		*data = info.seccomp.ret_data;
	return rc;
}

int cr_ptrace_call_begins(pid_t tid, struct cr_call *call)
{
	struct ptrace_syscall_info info;
	int rc = look(tid, &info);

	if (rc < 0)
		return rc;
	if (info.op == PTRACE_SYSCALL_INFO_EXIT)
		return 0;
	if (info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return -EINVAL;
	rc = fill(&info, info.entry.nr, info.entry.args, call);
	return rc < 0 ? rc : 1;
}

static int poke(pid_t tid, size_t offset, uint64_t value)
{
	return (int)cr_ptrace(PTRACE_POKEUSR, tid, offset, (uintptr_t)value);
}

int cr_ptrace_skip(pid_t tid, enum cr_abi abi, long ret)
{
	int rc = poke(tid, cr_regs[abi].nr, (uint64_t)-1);

	return rc < 0 ? rc : poke(tid, cr_regs[abi].ret, (uint64_t)ret);
}

int cr_ptrace_set_call(pid_t tid, const struct cr_call *call)
{
	const struct cr_regs *regs = &cr_regs[CR_ABI_NATIVE];
	int rc = poke(tid, regs->nr, call->nr), i;

	for (i = 0; i < 6 && rc == 0; i++)
		rc = poke(tid, regs->arg[i], call->args[i]);
	return rc;
}

int cr_ptrace_last_call(pid_t tid, struct cr_call *call)
{
	const struct cr_regs *regs = &cr_regs[CR_ABI_NATIVE];
	const struct cr_machine_layout *at = &cr_machine_layout;
	struct cr_machine m;
	int rc = cr_ptrace_getregs(tid, &m), i;

	if (rc < 0)
		return rc;
	*call = (struct cr_call){
		.abi = CR_ABI_NATIVE, .nr = (uint32_t)m.word[regs->nr / sizeof(m.word[0])],
		.ip = m.word[at->ip], .sp = m.word[at->sp],
	};
	for (i = 0; i < 6; i++)
		call->args[i] = m.word[regs->arg[i] / sizeof(m.word[0])];
	return 0;
}

int cr_ptrace_set_arg0(pid_t tid, enum cr_abi abi, uint64_t value)
{
	return poke(tid, cr_regs[abi].arg[0], value);
}

static int peek(pid_t tid, size_t offset, uint64_t *value)
{
	/* The kernel's own request stores the word instead of returning it (ptrace(2), C
	 * library/kernel differences). */
	return (int)cr_ptrace(PTRACE_PEEKUSR, tid, offset, (uintptr_t)value);
}

int cr_ptrace_interrupted(pid_t tid, struct cr_call *call)
{
	const struct cr_regs *regs = &cr_regs[CR_ABI_NATIVE];
	struct ptrace_syscall_info info;
	uint64_t nr, ret;
	int rc, i;

	rc = peek(tid, regs->ret, &ret);
	if (rc < 0 || ret != (uint64_t)-EINTR)
		return rc < 0 ? rc : 0;
	rc = look(tid, &info);
	if (rc >= 0)
		rc = peek(tid, regs->nr, &nr);
	if (rc < 0 || info.arch != cr_abi_facts[CR_ABI_NATIVE].audit_arch || nr >= CR_NR_MAX)
		return rc < 0 ? rc : 0;
	*call = (struct cr_call){ .abi = CR_ABI_NATIVE, .nr = (uint32_t)nr };
	for (i = 0; i < 6 && rc >= 0; i++)
		rc = peek(tid, regs->arg[i], &call->args[i]);
	return rc < 0 ? rc : 1;
}

#define ERESTARTNOHAND 514	/* the kernel's own: not in a header for programs */

int cr_ptrace_restart(pid_t tid)
{
	return poke(tid, cr_regs[CR_ABI_NATIVE].ret, (uint64_t)-ERESTARTNOHAND);
}

int cr_ptrace_getregs(pid_t tid, struct cr_machine *m)
{
	return (int)cr_ptrace(PTRACE_GETREGS, tid, 0, (uintptr_t)m);
}

int cr_ptrace_setregs(pid_t tid, const struct cr_machine *m)
{
	return (int)cr_ptrace(PTRACE_SETREGS, tid, 0, (uintptr_t)m);
}

int cr_ptrace_set_ip(pid_t tid, cr_addr ip)
{
	return poke(tid, cr_machine_layout.ip * sizeof(uint64_t), ip);
}

int cr_ptrace_sigmask(pid_t tid, uint64_t *old, const uint64_t *set)
{
	long rc = old ? cr_ptrace(PTRACE_GETSIGMASK, tid, sizeof(*old), (uintptr_t)old) : 0;

	return (int)(rc < 0 ? rc :
		     cr_ptrace(PTRACE_SETSIGMASK, tid, sizeof(*set), (uintptr_t)set));
}

int cr_ptrace_siginfo(pid_t tid, siginfo_t *info)
{
	return (int)cr_ptrace(PTRACE_GETSIGINFO, tid, 0, (uintptr_t)info);
}

#define PENDING_MAX 16

bool cr_ptrace_trap_pending(pid_t tid)
{
	struct ptrace_peeksiginfo_args all = { .off = 0, .flags = 0, .nr = PENDING_MAX };
	siginfo_t info[PENDING_MAX];
	long n = cr_ptrace(PTRACE_PEEKSIGINFO, tid, (uintptr_t)&all, (uintptr_t)info), i;

	for (i = 0; i < n; i++)
		if (info[i].si_signo == SIGTRAP && info[i].si_code == SI_KERNEL)
			return true;
	return false;
}

int cr_ptrace_set_siginfo(pid_t tid, const siginfo_t *info)
{
	return (int)cr_ptrace(PTRACE_SETSIGINFO, tid, 0, (uintptr_t)info);
}
