/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <elfutils/libdwelf.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cr/image.h"

static enum cr_image_kind by_loader(Elf *elf, int fd)
{
	char loader[256] = "";
	size_t n, i;
	GElf_Phdr ph;
	ssize_t got;

	if (elf_getphdrnum(elf, &n) < 0)
		return CR_IMAGE_OTHER;
	for (i = 0; i < n; i++) {
		if (!gelf_getphdr(elf, (int)i, &ph) || ph.p_type != PT_INTERP)
			continue;
		got = pread(fd, loader, sizeof(loader) - 1, (off_t)ph.p_offset);
		return got > 0 && strstr(loader, "/ld-musl-") ? CR_IMAGE_MUSL : CR_IMAGE_DYNAMIC;
	}
	return CR_IMAGE_STATIC;
}

static bool has_section(Elf *elf, const char *wanted)
{
	Elf_Scn *scn = NULL;
	const char *name;
	GElf_Shdr sh;
	size_t names;

	if (elf_getshdrstrndx(elf, &names) < 0)
		return false;
	while ((scn = elf_nextscn(elf, scn))) {
		name = gelf_getshdr(scn, &sh) ? elf_strptr(elf, names, sh.sh_name) : NULL;
		if (name && strcmp(name, wanted) == 0)
			return true;
	}
	return false;
}

static void build_id(Elf *elf, struct cr_image *image)
{
	const unsigned char *id;
	const void *bits;
	ssize_t n, i;

	n = dwelf_elf_gnu_build_id(elf, &bits);
	id = bits;
	for (i = 0; i < n && i < 32; i++)
		snprintf(image->build_id + 2 * i, 3, "%02x", id[i]);
}

int cr_image_look(const char *path, struct cr_image *image)
{
	cr_auto_close int fd = -1;
	struct stat st;
	Elf *elf;

	*image = (struct cr_image){ .kind = CR_IMAGE_OTHER };
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!elf || elf_kind(elf) != ELF_K_ELF)
		goto end;
	image->kind = by_loader(elf, fd);
	if (has_section(elf, ".go.buildinfo"))
		image->kind = CR_IMAGE_GO;
	image->is_32bit = gelf_getclass(elf) == ELFCLASS32;
	build_id(elf, image);
end:
	elf_end(elf);
	return 0;
}
