/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A filter for a process that runs already: its thread makes the call for us, between two of its
 * own.
 *
 * The instruction is one that the kernel maps into every process (vdso), so nothing is written to
 * text that others run; the filter lies below the stack pointer while it is loaded. Each step is a
 * stop of the session's loop. What the thread finds afterwards is what it had: registers, memory,
 * signal mask.
 */
#include "config.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>

#define CR_LOG_DOMAIN "inject"
#include "cr/log.h"
#include "cr/maps.h"
#include "cr/mem.h"
#include "cr/ptrace.h"
#include "parts.h"

#define RED_ZONE 128u		/* a function may use that much below its stack pointer */
#define VDSO_MAX 16384u

struct cr_inject {
	enum { AT_EXIT, BEGINS, ENDS } step;	/* the stop that is awaited */
	struct cr_machine regs;		/* to be given back */
	uint64_t mask;			/* likewise */
	cr_addr insn;			/* a system call instruction */
	cr_addr at;			/* where the filter lies … */
	size_t size;
	uint8_t *before;		/* … and what was there; owned */
	bool is32;
	bool all;			/* for all threads of the process */
	bool privs;			/* no_new_privs first, then the filter once more */
	int sig;			/* came meanwhile: SIGSTOP cannot be blocked */
};

void cr_inject_free(struct cr_inject *in)
{
	if (in)
		free(in->before);
	free(in);
}

/* Any place in executable memory whose two bytes say it will do. */
static int find_insn(pid_t tid, bool is32, cr_addr *at)
{
	const uint8_t want[2] = { is32 ? 0xcd : 0x0f, is32 ? 0x80 : 0x05 };
	cr_auto_free uint8_t *code = malloc(VDSO_MAX);
	struct cr_maps maps;
	const uint8_t *found = NULL;
	size_t i;
	int rc = code ? cr_maps_read(&maps, tid, cr_maps_shm()) : -ENOMEM;

	if (rc < 0)
		return rc;
	for (i = 0; i < maps.n_mods && !found; i++) {
		const struct cr_module *mod = &maps.mods[i];
		size_t size = mod->end - mod->start;
		ssize_t n;

		if (strcmp(mod->path, "[vdso]") != 0)
			continue;
		n = cr_mem_read(tid, mod->start, code, size < VDSO_MAX ? size : VDSO_MAX);
		found = n > 0 ? memmem(code, (size_t)n, want, sizeof(want)) : NULL;
		if (found)
			*at = mod->start + (cr_addr)(found - code);
	}
	cr_maps_fini(&maps);
	return found ? 0 : -ENOENT;
}

/* Writes the filter below the stack pointer, its head in front of it, as the kernel wants both. */
static int put_filter(struct cr_session *s, struct cr_tracee *t, struct cr_inject *in)
{
	cr_addr sp = in->regs.word[cr_machine_layout.gpr[4]], lo, hi, insns;
	size_t len = s->plan.filter_len * sizeof(struct sock_filter), head = 16;
	cr_auto_free uint8_t *bytes = calloc(1, head + len);
	uint16_t n = s->plan.filter_len;
	int rc;

	in->size = head + len;
	in->at = (sp - RED_ZONE - in->size) & ~(cr_addr)15;
	rc = bytes ? cr_maps_around(t->tid, sp - 1, &lo, &hi) : -ENOMEM;
	if (rc == 0 && in->at < lo)
		rc = -ENOSPC;
	in->before = rc == 0 ? malloc(in->size) : NULL;
	if (rc == 0 && !in->before)
		rc = -ENOMEM;
	if (rc < 0)
		return rc;
	insns = in->at + head;
	memcpy(bytes, &n, sizeof(n));
	memcpy(bytes + (in->is32 ? 4 : 8), &insns, in->is32 ? 4 : 8);
	memcpy(bytes + head, s->plan.filter, len);
	if (cr_mem_read(t->tid, in->at, in->before, in->size) != (ssize_t)in->size)
		return -EFAULT;
	return cr_mem_write(t->tid, in->at, bytes, in->size);
}

/* The thread makes this call next. */
static int set_call(struct cr_tracee *t, const struct cr_inject *in, uint32_t nr,
		    const uint64_t args[5])
{
	const struct cr_regs *r = &cr_regs[in->is32 ? CR_ABI_I386 : CR_ABI_X86_64];
	struct cr_machine m = in->regs;
	unsigned int i;

	for (i = 0; i < 5; i++)
		m.word[r->arg[i] / sizeof(uint64_t)] = args[i];
	m.word[r->ret / sizeof(uint64_t)] = nr;
	m.word[r->nr / sizeof(uint64_t)] = (uint64_t)-1;	/* nothing is to be restarted */
	m.word[cr_machine_layout.ip] = in->insn;
	return cr_ptrace_setregs(t->tid, &m);
}

static int ask(struct cr_tracee *t, const struct cr_inject *in)
{
	const struct cr_abi_facts *f = &cr_abi_facts[in->is32 ? CR_ABI_I386 : CR_ABI_X86_64];
	const uint64_t privs[5] = { PR_SET_NO_NEW_PRIVS, 1 };
	const uint64_t filter[5] = { SECCOMP_SET_MODE_FILTER,
				     in->all ? SECCOMP_FILTER_FLAG_TSYNC : 0, in->at };

	return in->privs ? set_call(t, in, f->prctl, privs) :
			   set_call(t, in, f->seccomp, filter);
}

/* At a stop where registers may be changed for good. */
static int begin(struct cr_session *s, struct cr_tracee *t, struct cr_inject *in)
{
	const uint64_t all = ~(uint64_t)0;
	int rc = cr_ptrace_getregs(t->tid, &in->regs);

	if (rc == 0) {
		in->is32 = cr_machine_is32(&in->regs);
		rc = find_insn(t->tid, in->is32, &in->insn);
	}
	if (rc == 0)
		rc = put_filter(s, t, in);
	if (rc == 0)
		rc = cr_ptrace_sigmask(t->tid, &in->mask, &all);
	if (rc == 0)
		rc = ask(t, in);
	in->step = BEGINS;
	return rc;
}

/* Everything as it was. What could not be given back is the thread's end. */
static void give_back(struct cr_tracee *t, struct cr_inject *in)
{
	int rc = cr_mem_write(t->tid, in->at, in->before, in->size);

	if (rc == 0)
		rc = cr_ptrace_setregs(t->tid, &in->regs);
	if (rc == 0)
		rc = cr_ptrace_sigmask(t->tid, NULL, &in->mask);
	if (rc < 0 && rc != -ESRCH)
		kill(t->tgid, SIGKILL);
	/* A call of its own that we have interrupted is made again behind the next such stop. */
	if (in->all && cr_ptrace_interrupt(t->tid) < 0)
		return;
	if (in->sig)
		kill(t->tgid, in->sig);
}

static void filtered(struct cr_session *s, struct cr_tracee *t, bool all)
{
	struct cr_tracee *each;
	size_t at = 0;

	t->calls = false;
	t->filtered = true;
	while (all && (each = cr_map_each(&s->tracees.by_tid, &at)))
		if (each->tgid == t->tgid) {
			each->calls = false;
			each->filtered = true;
		}
}

int cr_inject_start(struct cr_session *s, struct cr_tracee *t, bool all)
{
	struct cr_inject *in = calloc(1, sizeof(*in));
	int rc = 0;

	if (!in)
		return -ENOMEM;
	in->all = all;
	t->inject = in;
	t->state = CR_ST_INJECTING;
	/* After an exec, what the thread's registers will be is settled at the end of the call. */
	if (all)
		rc = begin(s, t, in);
	else
		in->step = AT_EXIT;
	if (rc < 0) {
		t->state = CR_ST_RUNNING;
		t->inject = NULL;
		cr_inject_free(in);
	}
	return rc;
}

/* The call has been made. 1: once more; 0: done; or what went wrong. */
static int result(struct cr_tracee *t, struct cr_inject *in)
{
	struct cr_machine m;
	int64_t ret;
	int rc = cr_ptrace_getregs(t->tid, &m);

	if (rc < 0)
		return rc;
	ret = (int64_t)m.word[cr_regs[CR_ABI_NATIVE].ret / sizeof(uint64_t)];
	if (in->is32)
		ret = (int32_t)ret;
	if (in->privs && ret == 0) {
		in->privs = false;
		return 1;
	}
	/* Only who has a privilege may do without. */
	if (!in->privs && ret == -EACCES) {
		in->privs = true;
		return 1;
	}
	/* With TSYNC a thread that cannot follow is named by its id. */
	return ret > 0 ? -EBUSY : (int)ret;
}

int cr_inject_stop(struct cr_session *s, struct cr_tracee *t)
{
	struct cr_inject *in = t->inject;
	int rc = 0;

	switch (in->step) {
	case AT_EXIT:
		rc = begin(s, t, in);
		break;
	case BEGINS:
		in->step = ENDS;
		break;
	case ENDS:
		rc = result(t, in);
		if (rc == 1) {
			in->step = BEGINS;
			rc = ask(t, in);
			break;
		}
		if (rc == 0)
			filtered(s, t, in->all);
		rc = rc == 0 ? 1 : rc;
		break;
	}
	if (rc == 0)
		return 0;
	if (in->before)
		give_back(t, in);
	t->inject = NULL;
	t->state = CR_ST_RUNNING;
	cr_inject_free(in);
	return rc;
}

void cr_inject_signal(struct cr_tracee *t, int sig)
{
	((struct cr_inject *)t->inject)->sig = sig;
}
