/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The modules of a process for libdw's unwinder, which wants them all in a Dwfl. */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "cr/lookup.h"
#include "unwind-int.h"

static int find_elf(Dwfl_Module *dm, void **data, const char *name, Dwarf_Addr base, char **file,
		    Elf **elf)
{
	const struct cr_module *mod = *data;
	bool trusted = false;
	pid_t tid;
	int fd;

	(void)dm;
	(void)name;
	(void)base;
	*elf = NULL;
	if (!mod)
		return -1;
	tid = *(const pid_t *)mod->owner;
	fd = cr_uw_is_vdso(mod) ? cr_uw_vdso_open(mod, tid) : cr_maps_open(mod, tid, &trusted);
	if (fd < 0)
		return -1;
	*file = strdup(mod->path);
	/* Not mapped: a file that is truncated meanwhile would be a SIGBUS in us. */
	*elf = elf_begin(fd, ELF_C_READ, NULL);
	if (*elf && (trusted || cr_elf_vet(*elf)))
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

static bool report_one(Dwfl *dwfl, struct cr_module *mod, pid_t *tid)
{
	cr_auto_free char *name = NULL;
	Dwfl_Module *dm;
	void **data;

	if (asprintf(&name, "%x:%x:%llu %s", major(mod->dev), minor(mod->dev),
		     (unsigned long long)mod->ino, mod->path) < 0) {
		name = NULL;
		return false;
	}
	mod->owner = tid;
	dm = dwfl_report_module(dwfl, name, mod->start, mod->end);
	if (!dm)
		return false;
	dwfl_module_info(dm, &data, NULL, NULL, NULL, NULL, NULL, NULL);
	*data = mod;
	return true;
}

Dwfl *cr_uw_dwfl_new(struct cr_maps *maps, pid_t *tid)
{
	Dwfl *dwfl = dwfl_begin(&callbacks);
	bool ok = dwfl != NULL;
	size_t i;

	if (!ok)
		return NULL;
	dwfl_report_begin(dwfl);
	for (i = 0; ok && i < maps->n_mods; i++)
		ok = report_one(dwfl, &maps->mods[i], tid);
	if (dwfl_report_end(dwfl, NULL, NULL) == 0 && ok)
		return dwfl;
	dwfl_end(dwfl);
	return NULL;
}
