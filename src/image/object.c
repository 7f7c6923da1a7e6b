/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An ELF file: its segments, the bytes at an address, what it consists of. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cr/lookup.h"
#include "image-int.h"

#define SEGMENTS_MAX 256u
#define PATIENCE_MIN (1u << 22)
#define PATIENCE_BYTE 16u	/* of code */

int cr_grow(void **v, size_t n, size_t size)
{
	void *more;

	/* The capacity is the next power of two, which @n reaches just now. */
	if (n & (n - 1))
		return 0;
	more = reallocarray(*v, n ? 2 * n : 1, size);
	if (!more)
		return -ENOMEM;
	*v = more;
	return 0;
}

Elf_Scn *cr_object_section(Elf *elf, const char *name, GElf_Shdr *sh)
{
	Elf_Scn *scn = NULL;
	const char *is;
	size_t names;

	if (!elf || elf_getshdrstrndx(elf, &names) < 0)
		return NULL;
	while ((scn = elf_nextscn(elf, scn))) {
		is = gelf_getshdr(scn, sh) ? elf_strptr(elf, names, sh->sh_name) : NULL;
		if (is && strcmp(is, name) == 0)
			return scn;
	}
	return NULL;
}

static int read_segments(struct cr_object *obj, uint64_t size)
{
	struct cr_segment *s;
	GElf_Phdr ph;
	size_t n, i;
	int rc;

	if (elf_getphdrnum(obj->self.elf, &n) < 0)
		return -ENOEXEC;
	for (i = 0; i < n && obj->n_seg < SEGMENTS_MAX; i++) {
		if (!gelf_getphdr(obj->self.elf, (int)i, &ph) || ph.p_type != PT_LOAD ||
		    ph.p_offset > size || !ph.p_filesz)
			continue;
		if (ph.p_filesz > size - ph.p_offset)
			ph.p_filesz = size - ph.p_offset;
		if (ph.p_vaddr > UINT64_MAX - ph.p_filesz)
			continue;
		rc = CR_GROW(obj->seg, obj->n_seg);
		if (rc < 0)
			return rc;
		s = &obj->seg[obj->n_seg++];
		*s = (struct cr_segment){ ph.p_vaddr, ph.p_vaddr + ph.p_filesz, ph.p_offset,
					  ph.p_flags & PF_X };
		/* Twice the code, and some: clones and aliases are counted once, but parts
		 * overlap. */
		if (s->exec) {
			obj->budget += 2 * ph.p_filesz;
			obj->patience += PATIENCE_BYTE * ph.p_filesz;
		}
	}
	obj->budget += 1u << 20;
	obj->patience += PATIENCE_MIN;
	return obj->n_seg ? 0 : -ENOEXEC;
}

static const struct cr_segment *segment_of(const struct cr_object *obj, cr_addr at)
{
	size_t i;

	for (i = 0; i < obj->n_seg; i++)
		if (at >= obj->seg[i].start && at < obj->seg[i].end)
			return &obj->seg[i];
	return NULL;
}

size_t cr_object_read(const struct cr_object *obj, cr_addr at, void *to, size_t len)
{
	const struct cr_segment *s = segment_of(obj, at);
	ssize_t n;

	if (!s)
		return 0;
	if (len > s->end - at)
		len = s->end - at;
	n = pread(obj->self.fd, to, len, (off_t)(s->off + (at - s->start)));
	return n > 0 ? (size_t)n : 0;
}

bool cr_object_spend(struct cr_object *obj, uint64_t steps)
{
	if (steps > obj->patience) {
		obj->patience = 0;
		return false;
	}
	obj->patience -= steps;
	return true;
}

cr_addr cr_object_text_end(const struct cr_object *obj, cr_addr at)
{
	const struct cr_segment *s = segment_of(obj, at);

	return s && s->exec ? s->end : 0;
}

bool cr_object_is_text(const struct cr_object *obj, cr_addr at)
{
	return cr_object_text_end(obj, at) != 0;
}

/* Linkage stubs look like parts of functions in the unwind table. */
bool cr_object_in_plt(const struct cr_object *obj, cr_addr at)
{
	Elf *elf = obj->self.elf;
	Elf_Scn *scn = NULL;
	const char *name;
	GElf_Shdr sh;
	size_t names;

	if (elf_getshdrstrndx(elf, &names) < 0)
		return false;
	while ((scn = elf_nextscn(elf, scn))) {
		if (!gelf_getshdr(scn, &sh) || at < sh.sh_addr || at - sh.sh_addr >= sh.sh_size)
			continue;
		name = elf_strptr(elf, names, sh.sh_name);
		if (name && (strncmp(name, ".plt", 4) == 0 || strcmp(name, ".iplt") == 0))
			return true;
	}
	return false;
}

bool cr_object_is_pie(const struct cr_object *obj)
{
	return obj->dyn;
}

cr_addr cr_object_base(const struct cr_object *obj)
{
	return obj->seg[0].start & ~(cr_addr)4095;
}

/* What position-independent i386 code counts from. */
cr_addr cr_object_got(const struct cr_object *obj)
{
	GElf_Shdr sh;

	if (cr_object_section(obj->self.elf, ".got.plt", &sh))
		return sh.sh_addr;
	return cr_object_section(obj->self.elf, ".got", &sh) ? sh.sh_addr : 0;
}

static int look(struct cr_object *obj, bool distrust, struct cr_err *err)
{
	const char *path = obj->path;
	struct stat st;
	GElf_Ehdr eh;
	int rc;

	if (fstat(obj->self.fd, &st) < 0)
		return cr_err_sys(err, -errno, "cannot read %s", path);
	if (!S_ISREG(st.st_mode))
		return cr_err_set(err, -ENOEXEC, "%s is not a regular file", path);
	elf_version(EV_CURRENT);
	/* Not mapped: a file that is truncated meanwhile would kill us. */
	obj->self.elf = elf_begin(obj->self.fd, ELF_C_READ, NULL);
	if (!obj->self.elf || elf_kind(obj->self.elf) != ELF_K_ELF ||
	    !gelf_getehdr(obj->self.elf, &eh))
		return cr_err_set(err, -ENOEXEC, "%s is not an ELF file", path);
	if (eh.e_machine != EM_X86_64 && eh.e_machine != EM_386)
		return cr_err_set(err, -ENOEXEC, "%s is for another kind of machine", path);
	if (eh.e_type != ET_EXEC && eh.e_type != ET_DYN)
		return cr_err_set(err, -ENOEXEC, "%s is neither a program nor a shared library",
				  path);
	obj->word = eh.e_machine == EM_X86_64 ? 8 : 4;
	obj->dyn = eh.e_type == ET_DYN;
	rc = read_segments(obj, (uint64_t)st.st_size);
	if (rc < 0)
		return cr_err_set(err, rc, rc == -ENOMEM ? "out of memory" :
				  "%s has nothing that could be loaded", path);
	if (!cr_debug_vet(obj->self.elf) || (distrust && !cr_elf_vet(obj->self.elf)))
		return cr_err_set(err, -ENOEXEC, "%s is damaged: its sections make no sense", path);
	return 0;
}

static int symbols(struct cr_object *obj, struct cr_err *err)
{
	int rc = cr_debug_open(obj);

	if (!rc)
		rc = cr_symbols_read(obj);
	return rc < 0 ? cr_err_set(err, rc, "out of memory") : 0;
}

int cr_object_open_how(int fd, const char *path, struct cr_open_how how, struct cr_object **out,
		       struct cr_err *err)
{
	struct cr_object *obj = calloc(1, sizeof(*obj));
	int rc;

	*out = NULL;
	if (!obj)
		return cr_err_set(err, -ENOMEM, "out of memory");
	obj->debug.fd = obj->mini.fd = obj->alt.fd = -1;
	obj->self.fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	obj->path = strdup(path);
	obj->mapped = how.mapped;
	if (obj->self.fd < 0)
		rc = cr_err_sys(err, -errno, "cannot read %s", path);
	else if (!obj->path)
		rc = cr_err_set(err, -ENOMEM, "out of memory");
	else
		rc = look(obj, how.distrust, err);
	if (!rc)
		rc = symbols(obj, err);
	if (rc < 0)
		cr_object_free(obj);
	else
		*out = obj;
	return rc;
}

int cr_object_open_fd(int fd, const char *path, struct cr_object **out, struct cr_err *err)
{
	return cr_object_open_how(fd, path, (struct cr_open_how){ 0 }, out, err);
}

int cr_object_open(const char *path, struct cr_object **obj, struct cr_err *err)
{
	/* A FIFO must not keep us waiting. */
	cr_auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	*obj = NULL;
	if (fd < 0)
		return cr_err_sys(err, -errno, "cannot open %s", path);
	return cr_object_open_fd(fd, path, obj, err);
}

void cr_object_free(struct cr_object *obj)
{
	size_t i;

	if (!obj)
		return;
	if (obj->dw)
		dwarf_end(obj->dw);
	if (obj->cfi)
		dwarf_cfi_end(obj->cfi);
	if (obj->alt_dw)
		dwarf_end(obj->alt_dw);
	cr_debug_fini(&obj->alt);
	cr_debug_fini(&obj->mini);
	cr_debug_fini(&obj->debug);
	cr_debug_fini(&obj->self);
	for (i = 0; i < obj->n_made; i++)
		free(obj->made[i]);
	free(obj->made);
	free(obj->sym);
	free(obj->seg);
	free(obj->fde);
	free(obj->rel);
	free(obj->sub);
	free(obj->seen);
	free(obj->path);
	free(obj);
}
