/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

#include "cr/mem.h"
#include "cr/ptrace.h"
#include "unwind-int.h"

/* A deep stack in a big program takes some ten thousand; a loop takes all there are. */
#define READS_MAX 400000u

/* By DWARF number (System V ABI, AMD64 and Intel386 supplements): where the kernel has it. */
static const size_t wide_regs[] = {
	offsetof(struct user_regs_struct, rax), offsetof(struct user_regs_struct, rdx),
	offsetof(struct user_regs_struct, rcx), offsetof(struct user_regs_struct, rbx),
	offsetof(struct user_regs_struct, rsi), offsetof(struct user_regs_struct, rdi),
	offsetof(struct user_regs_struct, rbp), offsetof(struct user_regs_struct, rsp),
	offsetof(struct user_regs_struct, r8), offsetof(struct user_regs_struct, r9),
	offsetof(struct user_regs_struct, r10), offsetof(struct user_regs_struct, r11),
	offsetof(struct user_regs_struct, r12), offsetof(struct user_regs_struct, r13),
	offsetof(struct user_regs_struct, r14), offsetof(struct user_regs_struct, r15),
	offsetof(struct user_regs_struct, rip),
};

/* The i386 register set is no type of this machine's headers: ebx, ecx, edx, esi, edi, ebp,
 * eax, ds, es, fs, gs, orig_eax, eip, cs, eflags, esp, ss (Linux: arch/x86/kernel/ptrace.c). */
enum { EBX, ECX, EDX, ESI, EDI, EBP, EAX, EIP = 12, ESP = 15, I386_WORDS = 17 };

static const int narrow_regs[] = { EAX, ECX, EDX, EBX, ESP, EBP, ESI, EDI, EIP };

int cr_unwind_regs(pid_t tid, struct cr_unwind_regs *r)
{
	union {
		struct user_regs_struct wide;
		uint32_t narrow[I386_WORDS];
	} regs;
	struct iovec iov = { &regs, sizeof(regs) };
	unsigned int i;
	long rc = cr_ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, (uintptr_t)&iov);

	if (rc < 0)
		return (int)rc;
	/* The kernel answers in the layout of the code that the thread is in. */
	r->wide = iov.iov_len != sizeof(regs.narrow);
	r->n = r->wide ? CR_UNWIND_REGS : CR_ARRAY_SIZE(narrow_regs);
	for (i = 0; i < r->n; i++) {
		if (r->wide)
			memcpy(&r->value[i], (char *)&regs + wide_regs[i], sizeof(r->value[i]));
		else
			r->value[i] = regs.narrow[narrow_regs[i]];
	}
	return 0;
}

void cr_uw_mem_start(struct cr_uw_mem *m, pid_t tid, const struct cr_maps *maps,
		     const struct cr_unwind_regs *regs)
{
	size_t i;

	m->tid = tid;
	m->maps = maps;
	m->regs = *regs;
	m->budget = READS_MAX;
	for (i = 0; i < CR_UW_PAGES; i++)
		m->pages[i].used = false;
}

cr_addr cr_uw_mem_pc(const struct cr_uw_mem *m)
{
	return m->regs.value[m->regs.n - 1];
}

static bool is_slow(const struct cr_uw_mem *m, cr_addr at)
{
	size_t i;

	for (i = 0; i < m->maps->n_slow; i++) {
		if (at >= m->maps->slow[i].start && at < m->maps->slow[i].end)
			return true;
	}
	return false;
}

static struct cr_uw_page *page(struct cr_uw_mem *m, cr_addr at)
{
	struct cr_uw_page *p = &m->pages[at / CR_UW_PAGE % CR_UW_PAGES];
	ssize_t n;

	if (p->used && p->at == at)
		return p;
	p->used = true;
	p->at = at;
	p->len = 0;
	if (is_slow(m, at))
		return p;
	n = cr_mem_read(m->tid, at, p->bytes, CR_UW_PAGE);
	if (n > 0)
		p->len = (unsigned int)n;
	return p;
}

int cr_uw_mem_read(struct cr_uw_mem *m, cr_addr at, void *to, size_t len)
{
	unsigned char *out = to;
	const struct cr_uw_page *p;
	size_t from, n;

	if (!m->budget)
		return -ELOOP;
	m->budget--;
	while (len) {
		from = at % CR_UW_PAGE;
		n = CR_UW_PAGE - from < len ? CR_UW_PAGE - from : len;
		p = page(m, at - from);
		if (from + n > p->len)
			return -EFAULT;
		memcpy(out, p->bytes + from, n);
		out += n;
		at += n;
		len -= n;
	}
	return 0;
}
