/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From a mapping to its file. The path that /proc/PID/maps shows is a claim: by now there may be
 * a FIFO, a device or another file. What is opened is looked at before it is opened for
 * reading, and never waits on the way.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "unwind-int.h"

/* Of files that the target may have written. */
#define SIZE_MAX_UNTRUSTED (512l << 20)
#define UNPACKED_MAX (512u << 20)
#define LINES_MAX (32u << 20)
#define MINIDEBUG_MAX (32u << 10)	/* lzma: up to 7000 times that in memory */

/* Reads @path_fd's file, if it is the one that is mapped. Takes @path_fd. */
static int open_checked(int path_fd, const struct cr_uw_module *mod, bool *trusted)
{
	cr_auto_close int fd = path_fd;
	char self[64];
	struct stat st;

	/* The device is not compared: btrfs and overlayfs show others in maps than in stat. */
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_ino != mod->ino)
		return -1;
	*trusted = st.st_uid == 0 && !(st.st_mode & (S_IWGRP | S_IWOTH));
	if (!*trusted && st.st_size > SIZE_MAX_UNTRUSTED)
		return -1;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	return open(self, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

/* In the root directory of @tid, by what the kernel has in its caches: the target may have
 * mounted a file system of its own on the way. The file is mapped, so the caches know it. */
static int path_open(pid_t tid, const char *path)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_CACHED,
	};
	char root_path[64];
	cr_auto_close int root = -1;
	int fd;

	snprintf(root_path, sizeof(root_path), "/proc/%d/root", tid);
	root = open(root_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return -1;
	fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
	/* Linux before 5.12 does not know RESOLVE_CACHED, before 5.6 not openat2. */
	if (fd < 0 && (errno == ENOSYS || errno == EINVAL))
		fd = openat(root, path + strspn(path, "/"), O_PATH | O_CLOEXEC);
	return fd;
}

int cr_uw_file_open(const struct cr_uw_module *mod, pid_t tid, bool *trusted)
{
	char link[96];
	int fd;

	if (mod->path[0] != '/' || mod->slow)
		return -1;
	/* The mapped file itself, deleted or not; needs a privilege. */
	snprintf(link, sizeof(link), "/proc/%d/map_files/%llx-%llx", tid,
		 (unsigned long long)mod->start, (unsigned long long)mod->first_end);
	fd = open_checked(open(link, O_PATH | O_CLOEXEC), mod, trusted);
	if (fd >= 0)
		return fd;
	/* The same for the executable; needs none. */
	snprintf(link, sizeof(link), "/proc/%d/exe", tid);
	fd = open_checked(open(link, O_PATH | O_CLOEXEC), mod, trusted);
	if (fd >= 0)
		return fd;
	return open_checked(path_open(tid, mod->path), mod, trusted);
}

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
bool cr_uw_file_vet(Elf *elf)
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
