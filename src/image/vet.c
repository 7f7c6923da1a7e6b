/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What of a file that the target may have written libdw may be let loose on. */
#include "config.h"

#include <gelf.h>
#include <string.h>

#include "cr/lookup.h"

#define UNPACKED_MAX (512u << 20)
#define LINES_MAX (32u << 20)
#define MINIDEBUG_MAX (32u << 10)	/* lzma: up to 7000 times that in memory */

/* How much @scn is in memory. */
static uint64_t unpacked(Elf_Scn *scn, const GElf_Shdr *sh, const char *name)
{
	GElf_Chdr ch;

	if (sh->sh_type == SHT_NOBITS)
		return 0;
	if ((sh->sh_flags & SHF_COMPRESSED) && gelf_getchdr(scn, &ch))
		return ch.ch_size;
	/* The older way writes the size into the data; no one needs it today. */
	return strncmp(name, ".zdebug", 7) == 0 ? UNPACKED_MAX : sh->sh_size;
}

/* libdw would follow a link to a supplementary file to wherever the link says, and unpack
 * whatever is packed. */
bool cr_elf_vet(Elf *elf)
{
	uint64_t size, total = 0;
	Elf_Scn *scn = NULL;
	const char *name;
	GElf_Shdr sh;
	size_t names;

	if (elf_kind(elf) != ELF_K_ELF)
		return false;
	if (elf_getshdrstrndx(elf, &names) < 0)
		return true;
	while ((scn = elf_nextscn(elf, scn))) {
		if (!gelf_getshdr(scn, &sh))
			return false;
		name = elf_strptr(elf, names, sh.sh_name);
		if (!name)
			continue;
		size = unpacked(scn, &sh, name);
		total += size;
		if (total < size || total > UNPACKED_MAX ||
		    strcmp(name, ".gnu_debugaltlink") == 0 ||
		    (strcmp(name, ".gnu_debugdata") == 0 && size > MINIDEBUG_MAX) ||
		    (strcmp(name, ".debug_line") == 0 && size > LINES_MAX))
			return false;
	}
	return true;
}
