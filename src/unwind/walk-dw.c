/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Frames by libdw: of 32-bit code, and where libunwind finds no way. Unlike walk.c
 * it takes the unwind tables from the files.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "unwind-int.h"

/* The walk that is going on: libdw asks for a space's thread and memory through this. */
static struct walk {
	struct cr_uw_mem *mem;	/* borrowed: during cr_uw_walk_dw */
	struct cr_uw_pc *pcs;	/* borrowed: of its caller */
	size_t n;
	size_t max;
} *walk;

static pid_t next_thread(Dwfl *dwfl, void *arg, void **thread)
{
	(void)dwfl;
	(void)arg;
	if (*thread)
		return 0;
	*thread = walk;
	return walk->mem->tid;
}

static bool get_thread(Dwfl *dwfl, pid_t tid, void *arg, void **thread)
{
	(void)dwfl;
	(void)arg;
	*thread = walk;
	return tid == walk->mem->tid;
}

static bool memory_read(Dwfl *dwfl, Dwarf_Addr at, Dwarf_Word *value, void *arg)
{
	uint32_t half;

	(void)dwfl;
	(void)arg;
	if (walk->mem->regs.wide)
		return cr_uw_mem_read(walk->mem, at, value, sizeof(*value)) == 0;
	if (cr_uw_mem_read(walk->mem, at, &half, sizeof(half)) < 0)
		return false;
	*value = half;
	return true;
}

static bool set_registers(Dwfl_Thread *thread, void *arg)
{
	const struct cr_uw_mem *m = walk->mem;
	/* libdw counts the program counter among the i386 registers only. */
	unsigned int n = m->regs.wide ? m->regs.n - 1 : m->regs.n;

	(void)arg;
	dwfl_thread_state_register_pc(thread, cr_uw_mem_pc(m));
	return dwfl_thread_state_registers(thread, 0, n, m->regs.value);
}

static const Dwfl_Thread_Callbacks callbacks = {
	.next_thread = next_thread,
	.get_thread = get_thread,
	.memory_read = memory_read,
	.set_initial_registers = set_registers,
};

static int on_frame(Dwfl_Frame *frame, void *arg)
{
	struct cr_uw_pc *p = &walk->pcs[walk->n];
	Dwarf_Addr pc;

	(void)arg;
	if (walk->n >= walk->max || !dwfl_frame_pc(frame, &pc, &p->exact) || !pc)
		return DWARF_CB_ABORT;
	if (walk->n && !cr_maps_is_code(walk->mem->maps, pc))
		return DWARF_CB_ABORT;
	p->pc = pc;
	walk->n++;
	return DWARF_CB_OK;
}

/* Which machine it is: that of the module the thread runs in. */
static Elf *machine(Dwfl *dwfl, cr_addr pc)
{
	Dwfl_Module *mod = dwfl_addrmodule(dwfl, pc);
	GElf_Addr bias;

	return mod ? dwfl_module_getelf(mod, &bias) : NULL;
}

size_t cr_uw_walk_dw(struct cr_uw_space *s, struct cr_uw_mem *mem, struct cr_uw_pc *pcs, size_t max)
{
	struct walk w = { .mem = mem, .pcs = pcs, .max = max };
	Dwfl *dwfl = cr_uw_space_dwfl(s, mem->tid);

	if (!dwfl)
		return 0;
	walk = &w;
	if (dwfl_pid(dwfl) >= 0 ||
	    dwfl_attach_state(dwfl, machine(dwfl, cr_uw_mem_pc(mem)), mem->tid, &callbacks, s))
		dwfl_getthread_frames(dwfl, mem->tid, on_frame, NULL);
	walk = NULL;
	return w.n;
}
