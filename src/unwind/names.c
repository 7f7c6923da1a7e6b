/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Addresses to names, by libdw. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "cr/mem.h"
#include "unwind-int.h"

#define VDSO "[vdso]"
#define VDSO_MAX (64u << 10)
#define KNOWN 256u

struct cr_uw_space {
	struct cr_maps maps;		/* the modules are those of dwfl */
	Dwfl *dwfl;			/* owned; NULL while empty */
	void *vdso;			/* owned; the image that dwfl works on */
	pid_t tid;			/* a thread to look at, of those that share the space */
	/* A search for a symbol looks at every symbol there is, so answers are kept. */
	struct known {
		bool used;
		bool exact;
		struct cr_frame frame;	/* strings owned */
	} known[KNOWN];
};

/* The vDSO is a whole ELF file in memory. */
static int vdso_elf(struct cr_uw_space *s, const struct cr_module *mod, Elf **elf)
{
	size_t size = mod->end - mod->start;
	ssize_t n;

	if (s->vdso || size > VDSO_MAX)
		return -1;
	s->vdso = calloc(1, size);
	if (!s->vdso)
		return -1;
	n = cr_mem_read(s->tid, mod->start, s->vdso, size);
	if (n > 0)
		*elf = elf_memory(s->vdso, (size_t)n);
	if (*elf && !cr_uw_file_vet(*elf)) {
		elf_end(*elf);
		*elf = NULL;
	}
	return -1;
}

static int find_elf(Dwfl_Module *dm, void **data, const char *name, Dwarf_Addr base, char **file,
		    Elf **elf)
{
	const struct cr_module *mod = *data;
	bool trusted;
	int fd;

	(void)dm;
	(void)name;
	(void)base;
	*elf = NULL;
	if (!mod)
		return -1;
	if (strcmp(mod->path, VDSO) == 0)
		return vdso_elf(mod->owner, mod, elf);
	fd = cr_maps_open(mod, ((struct cr_uw_space *)mod->owner)->tid, &trusted);
	if (fd < 0)
		return -1;
	*file = strdup(mod->path);
	/* Not mapped: a file that is truncated meanwhile would be a SIGBUS in us. */
	*elf = elf_begin(fd, ELF_C_READ, NULL);
	if (*elf && (trusted || cr_uw_file_vet(*elf)))
		return fd;
	elf_end(*elf);
	*elf = NULL;
	close(fd);
	return -1;
}

/* By build ID below the system's directory only. The standard callback goes on to files beside
 * the program, which the target may have put there, and then to servers on the network. */
static int find_debuginfo(Dwfl_Module *dm, void **data, const char *name, Dwarf_Addr base,
			  const char *file, const char *link, GElf_Word crc, char **found)
{
	const unsigned char *id;
	GElf_Addr at;

	if (dwfl_module_build_id(dm, &id, &at) <= 0)
		return -1;
	return dwfl_build_id_find_debuginfo(dm, data, name, base, file, link, crc, found);
}

static char debug_dir[] = "/usr/lib/debug";
static char *debug_path = debug_dir;

static const Dwfl_Callbacks callbacks = {
	.find_elf = find_elf,
	.find_debuginfo = find_debuginfo,
	.debuginfo_path = &debug_path,
};

static void forget_known(struct cr_uw_space *s)
{
	size_t i;

	for (i = 0; i < KNOWN; i++) {
		cr_frames_fini(&s->known[i].frame, 1);
		s->known[i].used = false;
	}
}

static int report_one(struct cr_uw_space *s, struct cr_module *mod)
{
	cr_auto_free char *name = NULL;
	Dwfl_Module *dm;
	void **data;

	/* The file is part of the name: libdw keeps what it knows of a module that is reported
	 * again with the same name and place. */
	if (asprintf(&name, "%x:%x:%llu %s", major(mod->dev), minor(mod->dev),
		     (unsigned long long)mod->ino, mod->path) < 0) {
		name = NULL;
		return -ENOMEM;
	}
	mod->owner = s;
	dm = dwfl_report_module(s->dwfl, name, mod->start, mod->end);
	if (!dm)
		return -ENOMEM;
	dwfl_module_info(dm, &data, NULL, NULL, NULL, NULL, NULL, NULL);
	*data = mod;
	return 0;
}

static int report(struct cr_uw_space *s)
{
	size_t i;
	int rc = 0;

	dwfl_report_begin(s->dwfl);
	for (i = 0; !rc && i < s->maps.n_mods; i++)
		rc = report_one(s, &s->maps.mods[i]);
	if (dwfl_report_end(s->dwfl, NULL, NULL) != 0)
		rc = -ENOMEM;
	return rc;
}

static void clear(struct cr_uw_space *s)
{
	forget_known(s);
	if (s->dwfl)
		dwfl_end(s->dwfl);
	s->dwfl = NULL;
	free(s->vdso);
	s->vdso = NULL;
	cr_maps_fini(&s->maps);
}

int cr_uw_space_update(struct cr_uw_space *s, struct cr_maps *take)
{
	struct cr_maps old = s->maps;
	int rc;

	s->maps = *take;
	*take = (struct cr_maps){ 0 };
	forget_known(s);
	if (!s->dwfl)
		s->dwfl = dwfl_begin(&callbacks);
	rc = s->dwfl ? report(s) : -ENOMEM;
	/* Only now does no module of libdw's point into the old list any more. */
	cr_maps_fini(&old);
	if (rc < 0)
		clear(s);
	return rc;
}

struct cr_uw_space *cr_uw_space_new(struct cr_maps *take)
{
	struct cr_uw_space *s = calloc(1, sizeof(*s));

	if (s && cr_uw_space_update(s, take) < 0) {
		free(s);
		s = NULL;
	}
	return s;
}

void cr_uw_space_free(struct cr_uw_space *s)
{
	if (!s)
		return;
	clear(s);
	free(s);
}

const struct cr_maps *cr_uw_space_maps(const struct cr_uw_space *s)
{
	return &s->maps;
}

Dwfl *cr_uw_space_dwfl(struct cr_uw_space *s, pid_t tid)
{
	s->tid = tid;
	return s->dwfl;
}

static int name_line(Dwfl_Module *dm, cr_addr at, struct cr_frame *f)
{
	Dwfl_Line *line = dwfl_module_getsrc(dm, at);
	const char *file;
	int no = 0;

	file = line ? dwfl_lineinfo(line, NULL, &no, NULL, NULL, NULL) : NULL;
	if (!file || no <= 0)
		return 0;
	f->line = (unsigned int)no;
	f->file = cr_uw_clean_path(file);
	return f->file ? 0 : -ENOMEM;
}

/* @at: where to look, which for a caller is inside the call instruction. */
static int look_up(struct cr_uw_space *s, cr_addr at, struct cr_frame *f)
{
	const struct cr_module *mod = cr_maps_find(&s->maps, at);
	Dwfl_Module *dm = mod ? dwfl_addrmodule(s->dwfl, at) : NULL;
	const char *func;
	GElf_Off off;
	GElf_Sym sym;

	if (!mod)
		return 0;
	f->object = cr_uw_clean_path(mod->path);
	if (!f->object)
		return -ENOMEM;
	f->offset = f->pc - mod->start;
	func = dm ? dwfl_module_addrinfo(dm, at, &off, &sym, NULL, NULL, NULL) : NULL;
	if (!func || !*func)
		return 0;
	f->func = cr_uw_clean_symbol(func);
	if (!f->func)
		return -ENOMEM;
	f->offset = off + (f->pc - at);
	return name_line(dm, at, f);
}

static char *copy(const char *s, int *rc)
{
	char *c = s ? strdup(s) : NULL;

	if (s && !c)
		*rc = -ENOMEM;
	return c;
}

static int copy_frame(struct cr_frame *to, const struct cr_frame *from)
{
	int rc = 0;

	*to = *from;
	to->func = copy(from->func, &rc);
	to->object = copy(from->object, &rc);
	to->file = copy(from->file, &rc);
	return rc;
}

int cr_uw_space_name(struct cr_uw_space *s, pid_t tid, bool exact, struct cr_frame *f)
{
	struct known *k = &s->known[(f->pc ^ f->pc >> 8) % KNOWN];
	cr_addr pc = f->pc;
	int rc;

	s->tid = tid;
	if (!k->used || k->frame.pc != pc || k->exact != exact) {
		cr_frames_fini(&k->frame, 1);
		k->used = false;
		k->exact = exact;
		k->frame = (struct cr_frame){ .pc = pc };
		rc = look_up(s, exact ? pc : pc - 1, &k->frame);
		if (rc < 0)
			return rc;
		k->used = true;
	}
	return copy_frame(f, &k->frame);
}
