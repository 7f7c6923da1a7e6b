/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Debug information that is elsewhere: by build ID, by .gnu_debuglink, in .gnu_debugdata. libdwfl
 * could search as well, but goes on to servers on the network.
 */
#include "config.h"

#include <elfutils/libdwelf.h>
#include <elfutils/libdwfl.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "image-int.h"

#define DEBUG_DIR "/usr/lib/debug"
#define UNPACKED_MAX (4ull << 30)
#define UNPACKED_RATIO 1100u	/* zlib's best is 1032 */
#define SECTIONS_MAX 4096u	/* they are searched one by one, again and again */

void cr_debug_fini(struct cr_debug *d)
{
	if (d->elf)
		elf_end(d->elf);
	if (d->fd >= 0)
		close(d->fd);
	free(d->mem);
	*d = (struct cr_debug){ -1, NULL, NULL };
}

/* Could a section that is packed take all memory, or their number all time? */
bool cr_debug_vet(Elf *elf)
{
	Elf_Scn *scn = NULL;
	uint64_t total = 0;
	GElf_Shdr sh;
	GElf_Chdr ch;
	size_t n;

	if (elf_getshdrnum(elf, &n) < 0 || n > SECTIONS_MAX)
		return false;
	while ((scn = elf_nextscn(elf, scn))) {
		if (!gelf_getshdr(scn, &sh))
			return false;
		if (!(sh.sh_flags & SHF_COMPRESSED) || sh.sh_type == SHT_NOBITS)
			continue;
		if (!gelf_getchdr(scn, &ch) || ch.ch_size / UNPACKED_RATIO > sh.sh_size)
			return false;
		total += ch.ch_size;
		if (total > UNPACKED_MAX)
			return false;
	}
	return true;
}

static bool same_build_id(Elf *a, Elf *b)
{
	const void *ida, *idb;
	ssize_t n = dwelf_elf_gnu_build_id(a, &ida);

	return n > 0 && dwelf_elf_gnu_build_id(b, &idb) == n && memcmp(ida, idb, (size_t)n) == 0;
}

static bool open_at(struct cr_debug *d, const char *path)
{
	struct stat st;

	d->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (d->fd < 0 || fstat(d->fd, &st) < 0 || !S_ISREG(st.st_mode))
		goto no;
	d->elf = elf_begin(d->fd, ELF_C_READ, NULL);
	if (d->elf && elf_kind(d->elf) == ELF_K_ELF && cr_debug_vet(d->elf))
		return true;
no:
	cr_debug_fini(d);
	return false;
}

/* The checksum of .gnu_debuglink: CRC-32 as in zlib and Ethernet. */
static uint32_t crc_of(int fd)
{
	static uint32_t table[256];
	unsigned char buf[65536];
	uint32_t crc = ~0u, c;
	unsigned int i, k;
	off_t at = 0;
	ssize_t n;

	for (i = 0; i < 256; i++) {
		for (c = i, k = 0; k < 8; k++)
			c = c & 1 ? c >> 1 ^ 0xedb88320u : c >> 1;
		table[i] = c;
	}
	while ((n = pread(fd, buf, sizeof(buf), at)) > 0) {
		for (i = 0; i < (unsigned int)n; i++)
			crc = table[(crc ^ buf[i]) & 0xff] ^ crc >> 8;
		at += n;
	}
	return ~crc;
}

static bool by_build_id(Elf *elf, struct cr_debug *d)
{
	char path[PATH_MAX], hex[2 * 64 + 1];
	const unsigned char *id;
	const void *bits;
	ssize_t n, i;

	n = dwelf_elf_gnu_build_id(elf, &bits);
	if (n < 2 || n > 64)
		return false;
	id = bits;
	for (i = 0; i < n; i++)
		snprintf(hex + 2 * i, 3, "%02x", id[i]);
	snprintf(path, sizeof(path), DEBUG_DIR "/.build-id/%.2s/%s.debug", hex, hex + 2);
	if (!open_at(d, path))
		return false;
	if (same_build_id(elf, d->elf))
		return true;
	cr_debug_fini(d);
	return false;
}

static bool try_link(Elf *elf, struct cr_debug *d, const char *path, uint32_t crc)
{
	if (!open_at(d, path))
		return false;
	if (same_build_id(elf, d->elf) || crc_of(d->fd) == crc)
		return true;
	cr_debug_fini(d);
	return false;
}

static bool by_link(struct cr_object *obj)
{
	char real[PATH_MAX], path[2 * PATH_MAX];
	const char *link;
	GElf_Word crc;
	char *slash;

	link = dwelf_elf_gnu_debuglink(obj->self.elf, &crc);
	if (!link || !*link || strchr(link, '/') || strlen(link) > NAME_MAX ||
	    !realpath(obj->path, real))
		return false;
	slash = strrchr(real, '/');
	*slash = '\0';
	/* A program may name itself. */
	snprintf(path, sizeof(path), "%s/.debug/%s", real, link);
	if (try_link(obj->self.elf, &obj->debug, path, crc))
		return true;
	snprintf(path, sizeof(path), DEBUG_DIR "%s/%s", real, link);
	if (try_link(obj->self.elf, &obj->debug, path, crc))
		return true;
	snprintf(path, sizeof(path), "%s/%s", real, link);
	return strcmp(slash + 1, link) != 0 && try_link(obj->self.elf, &obj->debug, path, crc);
}

/* dwz moves what several files share to another file. libdw would look for it wherever the link
 * says. */
static void alt_open(struct cr_object *obj, Elf *elf)
{
	char path[PATH_MAX], hex[2 * 64 + 1];
	const unsigned char *id;
	const void *bits, *is;
	const char *name;
	ssize_t n, i;
	Dwarf *dw = dwarf_begin_elf(elf, DWARF_C_READ, NULL);

	n = dw ? dwelf_dwarf_gnu_debugaltlink(dw, &name, &bits) : 0;
	if (n >= 2 && n <= 64) {
		id = bits;
		for (i = 0; i < n; i++)
			snprintf(hex + 2 * i, 3, "%02x", id[i]);
		snprintf(path, sizeof(path), DEBUG_DIR "/.build-id/%.2s/%s.debug", hex, hex + 2);
		if (open_at(&obj->alt, path) &&
		    (dwelf_elf_gnu_build_id(obj->alt.elf, &is) != n || memcmp(is, bits, (size_t)n)))
			cr_debug_fini(&obj->alt);
	}
	if (dw)
		dwarf_end(dw);
}

/* Looking at the link means opening all of the DWARF. */
void cr_debug_alt(struct cr_object *obj)
{
	GElf_Shdr sh;

	if (!obj->alt.elf && obj->debug.elf &&
	    cr_object_section(obj->debug.elf, ".gnu_debugaltlink", &sh))
		alt_open(obj, obj->debug.elf);
}

static void mini(struct cr_object *obj)
{
	Elf_Data *data;
	GElf_Shdr sh;
	Elf_Scn *scn;

	scn = cr_object_section(obj->self.elf, ".gnu_debugdata", &sh);
	data = scn ? elf_rawdata(scn, NULL) : NULL;
	if (!data || !data->d_size)
		return;
	obj->mini.elf = cr_mini_open(data->d_buf, data->d_size, &obj->mini.mem);
}

int cr_debug_open(struct cr_object *obj)
{
	GElf_Shdr sh;

	if (!by_build_id(obj->self.elf, &obj->debug) && !obj->mapped)
		by_link(obj);
	if (!cr_object_section(obj->self.elf, ".symtab", &sh) && !obj->debug.elf)
		mini(obj);
	return 0;
}
