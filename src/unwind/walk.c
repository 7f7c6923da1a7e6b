/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 *  * Native frames, by libunwind.
 *
 * Not by libunwind-ptrace: that opens the mapped files by name, where the target may have put
 * a FIFO, reads the stack by a request a word and the registers in the 64-bit layout only.
 * libunwind lets us bring our own access. The unwind tables are read from the target's memory,
 * where every program has them mapped (PT_GNU_EH_FRAME): no file is needed, not even one that
 * still exists.
 */
#include "config.h"

#include <elf.h>
#include <errno.h>
#include <libunwind.h>
#include <string.h>

#include "unwind-int.h"

/* Exported for the unwinders of other tools (perf(1) does the same), but in no header. */
#define search_table UNW_OBJ(dwarf_search_unwind_table)
int search_table(unw_addr_space_t as, unw_word_t ip, unw_dyn_info_t *di, unw_proc_info_t *pi,
		 int need_info, void *arg);

struct walker {
	struct cr_uw_mem *mem;	/* borrowed */
	bool *guessed;		/* borrowed: of the caller */
};

#define PHDRS_MAX 64

static int read_phdrs(struct cr_uw_mem *mem, const struct cr_module *mod, Elf64_Phdr *ph,
		      size_t *n)
{
	Elf64_Ehdr eh;

	if (!mod->whole || cr_uw_mem_read(mem, mod->start, &eh, sizeof(eh)) < 0)
		return -ENOENT;
	if (memcmp(eh.e_ident, ELFMAG, SELFMAG) != 0 || eh.e_ident[EI_CLASS] != ELFCLASS64 ||
	    eh.e_phentsize != sizeof(*ph) || !eh.e_phnum)
		return -ENOENT;
	*n = eh.e_phnum < PHDRS_MAX ? eh.e_phnum : PHDRS_MAX;
	return cr_uw_mem_read(mem, mod->start + eh.e_phoff, ph, *n * sizeof(*ph));
}

/* The address of the .eh_frame_hdr of @mod in the target, or 0. */
static cr_addr eh_frame_hdr(struct cr_uw_mem *mem, const struct cr_module *mod)
{
	Elf64_Phdr ph[PHDRS_MAX];
	const Elf64_Phdr *load = NULL, *hdr = NULL;
	size_t i, n;

	if (read_phdrs(mem, mod, ph, &n) < 0)
		return 0;
	for (i = 0; i < n; i++) {
		if (ph[i].p_type == PT_LOAD && !load)
			load = &ph[i];
		if (ph[i].p_type == PT_GNU_EH_FRAME)
			hdr = &ph[i];
	}
	if (!load || !hdr)
		return 0;
	return mod->start - (load->p_vaddr & ~(cr_addr)(CR_UW_PAGE - 1)) + hdr->p_vaddr;
}

/* The header of the search table (Linux Standard Base, "DWARF Extensions"). Everyone writes
 * the same encodings; a table in others is not looked at. */
struct hdr {
	uint8_t version;
	uint8_t frame_enc;
	uint8_t count_enc;
	uint8_t table_enc;
	int32_t frame;
	uint32_t count;
} __attribute__((packed));

#define ENC_PCREL_SDATA4 0x1b
#define ENC_UDATA4 0x03
#define ENC_DATAREL_SDATA4 0x3b

static int find_proc_info(unw_addr_space_t as, unw_word_t ip, unw_proc_info_t *pi, int need,
			  void *arg)
{
	struct walker *w = arg;
	const struct cr_module *mod = cr_maps_find(w->mem->maps, ip);
	unw_dyn_info_t di = { .format = UNW_INFO_FORMAT_REMOTE_TABLE };
	cr_addr at = mod ? eh_frame_hdr(w->mem, mod) : 0;
	struct hdr h;

	if (mod && !at)
		*w->guessed = true;
	if (!at || cr_uw_mem_read(w->mem, at, &h, sizeof(h)) < 0)
		return -UNW_ENOINFO;
	if (h.version != 1 ||
	    (h.frame_enc != ENC_PCREL_SDATA4 && h.frame_enc != ENC_DATAREL_SDATA4) ||
	    h.count_enc != ENC_UDATA4 || h.table_enc != ENC_DATAREL_SDATA4 || !h.count)
		return -UNW_ENOINFO;
	di.start_ip = mod->start;
	di.end_ip = mod->end;
	di.u.rti.segbase = at;
	di.u.rti.table_data = at + sizeof(h);
	di.u.rti.table_len = (unw_word_t)h.count * 8 / sizeof(unw_word_t);
	return search_table(as, ip, &di, pi, need, arg);
}

/* What find_proc_info gives out is libunwind's own, and libunwind frees it. */
static void put_unwind_info(unw_addr_space_t as, unw_proc_info_t *pi, void *arg)
{
	(void)as;
	(void)pi;
	(void)arg;
}

static int no_dyn_info(unw_addr_space_t as, unw_word_t *list, void *arg)
{
	(void)as;
	(void)list;
	(void)arg;
	return -UNW_ENOINFO;
}

static int access_mem(unw_addr_space_t as, unw_word_t at, unw_word_t *value, int write, void *arg)
{
	struct walker *w = arg;

	(void)as;
	if (write)
		return -UNW_EREADONLYREG;
	return cr_uw_mem_read(w->mem, at, value, sizeof(*value)) < 0 ? -UNW_EINVAL : 0;
}

static int access_reg(unw_addr_space_t as, unw_regnum_t reg, unw_word_t *value, int write,
		      void *arg)
{
	struct walker *w = arg;

	(void)as;
	/* libunwind's numbers are DWARF's. */
	if (write || reg < 0 || (unsigned int)reg >= w->mem->regs.n)
		return -UNW_EBADREG;
	*value = w->mem->regs.value[reg];
	return 0;
}

static int no_fpreg(unw_addr_space_t as, unw_regnum_t reg, unw_fpreg_t *value, int write, void *arg)
{
	(void)as;
	(void)reg;
	(void)value;
	(void)write;
	(void)arg;
	return -UNW_EBADREG;
}

static int no_resume(unw_addr_space_t as, unw_cursor_t *c, void *arg)
{
	(void)as;
	(void)c;
	(void)arg;
	return -UNW_EINVAL;
}

static int no_proc_name(unw_addr_space_t as, unw_word_t ip, char *name, size_t size,
			unw_word_t *offset, void *arg)
{
	(void)as;
	(void)ip;
	(void)name;
	(void)size;
	(void)offset;
	(void)arg;
	return -UNW_ENOINFO;
}

static unw_accessors_t accessors = {
	.find_proc_info = find_proc_info,
	.put_unwind_info = put_unwind_info,
	.get_dyn_info_list_addr = no_dyn_info,
	.access_mem = access_mem,
	.access_reg = access_reg,
	.access_fpreg = no_fpreg,
	.resume = no_resume,
	.get_proc_name = no_proc_name,
};

/* A caller is where code may be; a program counter elsewhere was guessed from garbage. */
static bool plausible(const struct cr_uw_mem *mem, cr_addr pc)
{
	return cr_maps_is_code(mem->maps, pc) || (pc && cr_maps_is_code(mem->maps, pc - 1));
}

static size_t step_all(unw_cursor_t *c, struct cr_uw_mem *mem, struct cr_uw_pc *pcs, size_t max)
{
	unw_word_t pc, sp, last_sp = 0;
	bool in_signal, exact = true;
	size_t n = 0;

	while (n < max && unw_get_reg(c, UNW_REG_IP, &pc) == 0 && pc) {
		if (n && !plausible(mem, pc))
			break;
		/* The trampoline was not called, and what it interrupted did not call it. */
		in_signal = unw_is_signal_frame(c) > 0;
		pcs[n].pc = pc;
		pcs[n++].exact = exact || in_signal;
		exact = in_signal;
		if (unw_get_reg(c, UNW_REG_SP, &sp) < 0 || unw_step(c) <= 0)
			break;
		if (sp == last_sp && n > 2 && pcs[n - 2].pc == pc)
			break;
		last_sp = sp;
	}
	return n;
}

size_t cr_uw_walk(struct cr_uw_mem *mem, struct cr_uw_pc *pcs, size_t max, bool *guessed)
{
	/* Made once. No caching in there: it would have to be told of every dlopen and exec, and
	 * the tables are read through the page cache of the walk anyway. */
	static unw_addr_space_t space;
	struct walker w = { mem, guessed };
	unw_cursor_t c;
	size_t n = 0;

	*guessed = false;
	if (!space) {
		space = unw_create_addr_space(&accessors, 0);
		if (!space)
			return 0;
		unw_set_caching_policy(space, UNW_CACHE_NONE);
	}
	if (unw_init_remote(&c, space, &w) == 0)
		n = step_all(&c, mem, pcs, max);
	return n;
}
