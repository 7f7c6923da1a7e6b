/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names by file. Each process of a tree has the C library at another place, but it is the same
 * file: it is read once.
 */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "cr/lookup.h"
#include "cr/mem.h"
#include "unwind-int.h"

/* A file takes up to three descriptors. */
#define FILES_MAX 40u
#define WEIGHT_MAX (96u << 20)
#define VDSO "[vdso]"
#define VDSO_MAX (64u << 10)
#define KNOWN 64u

/* Who writes to a file changes this. */
struct key {
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec ctime;
};

struct cr_uw_file {
	uint64_t id;			/* 0: a free place */
	uint64_t used;			/* by the clock of cr_uw_files */
	struct key key;
	bool thorough;			/* a line of it may cost much */
	struct cr_object *obj;		/* owned; NULL: it tells nothing */
	/* To find a line in DWARF means reading a unit's whole table, so answers are kept. */
	struct known {
		bool used;
		uint64_t delta;
		struct cr_frame frame;	/* strings owned */
	} known[KNOWN];
};

struct cr_uw_files {
	bool thorough;
	struct cr_uw_file *file[FILES_MAX];	/* owned; NULL: free */
	uint64_t clock;
	uint64_t last_id;
};

struct cr_uw_files *cr_uw_files_new(bool thorough)
{
	struct cr_uw_files *fs = calloc(1, sizeof(*fs));

	if (fs)
		fs->thorough = thorough;
	return fs;
}

static void drop(struct cr_uw_file **f)
{
	size_t i;

	if (!*f)
		return;
	for (i = 0; i < KNOWN; i++)
		cr_frames_fini(&(*f)->known[i].frame, 1);
	cr_object_free((*f)->obj);
	free(*f);
	*f = NULL;
}

void cr_uw_files_free(struct cr_uw_files *fs)
{
	size_t i;

	if (!fs)
		return;
	for (i = 0; i < FILES_MAX; i++)
		drop(&fs->file[i]);
	free(fs);
}

unsigned int cr_uw_files_read(const struct cr_uw_files *fs)
{
	return (unsigned int)fs->last_id;
}

uint64_t cr_uw_file_id(const struct cr_uw_file *f)
{
	return f->id;
}

static struct cr_uw_file *touch(struct cr_uw_files *fs, struct cr_uw_file *f)
{
	f->used = ++fs->clock;
	return f;
}

struct cr_uw_file *cr_uw_files_again(struct cr_uw_files *fs, uint64_t id)
{
	size_t i;

	for (i = 0; i < FILES_MAX; i++) {
		if (fs->file[i] && fs->file[i]->id == id)
			return touch(fs, fs->file[i]);
	}
	return NULL;
}

static struct cr_uw_file *same(struct cr_uw_files *fs, const struct key *key)
{
	const struct key *k;
	size_t i;

	for (i = 0; i < FILES_MAX; i++) {
		k = fs->file[i] ? &fs->file[i]->key : NULL;
		if (k && k->dev == key->dev && k->ino == key->ino && k->size == key->size &&
		    k->ctime.tv_sec == key->ctime.tv_sec && k->ctime.tv_nsec == key->ctime.tv_nsec)
			return touch(fs, fs->file[i]);
	}
	return NULL;
}

/* A free place, after what is too much went. DWARF is opened late, so what a file weighs is asked
 * anew each time a place is needed. */
static struct cr_uw_file **place(struct cr_uw_files *fs)
{
	struct cr_uw_file **oldest, **free_one;
	size_t i, weight;

	for (;;) {
		oldest = free_one = NULL;
		weight = 0;
		for (i = 0; i < FILES_MAX; i++) {
			if (!fs->file[i]) {
				free_one = &fs->file[i];
				continue;
			}
			if (fs->file[i]->obj)
				weight += cr_object_weight(fs->file[i]->obj);
			if (!oldest || fs->file[i]->used < (*oldest)->used)
				oldest = &fs->file[i];
		}
		if (free_one && (!oldest || weight <= WEIGHT_MAX))
			return free_one;
		drop(oldest);
	}
}

bool cr_uw_is_vdso(const struct cr_module *mod)
{
	return strcmp(mod->path, VDSO) == 0;
}

int cr_uw_vdso_open(const struct cr_module *mod, pid_t tid)
{
	size_t size = mod->end - mod->start;
	cr_auto_free char *bytes = size <= VDSO_MAX ? malloc(size) : NULL;
	ssize_t n = bytes ? cr_mem_read(tid, mod->start, bytes, size) : -1;
	int fd;

	if (n <= 0)
		return -1;
	fd = memfd_create("vdso", MFD_CLOEXEC);
	if (fd >= 0 && write(fd, bytes, (size_t)n) == n)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

struct cr_uw_file *cr_uw_files_get(struct cr_uw_files *fs, const struct cr_module *mod, pid_t tid)
{
	bool trusted = false;
	cr_auto_close int fd = cr_uw_is_vdso(mod) ? cr_uw_vdso_open(mod, tid)
						  : cr_maps_open(mod, tid, &trusted);
	struct cr_uw_file *f, **at;
	struct key key;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return NULL;
	key = (struct key){ st.st_dev, st.st_ino, st.st_size, st.st_ctim };
	f = same(fs, &key);
	if (f)
		return f;
	f = calloc(1, sizeof(*f));
	if (!f)
		return NULL;
	at = place(fs);
	*at = f;
	f->id = ++fs->last_id;
	f->key = key;
	f->thorough = fs->thorough;
	/* One that is no program tells nothing, and is not opened again to find that out. */
	if (cr_object_open_mapped(fd, mod->path, trusted, &f->obj) < 0)
		f->obj = NULL;
	return touch(fs, f);
}

static int look_up(const struct cr_uw_file *file, uint64_t delta, struct cr_frame *f)
{
	struct cr_lookup found;

	cr_object_lookup(file->obj, cr_object_base(file->obj) + delta, file->thorough, &found);
	if (!found.func)
		return 0;
	f->offset = found.offset;
	f->func = cr_uw_clean_symbol(found.func);
	if (!f->func)
		return -ENOMEM;
	if (!found.file)
		return 0;
	f->line = found.line;
	f->file = cr_uw_clean_path(found.file);
	return f->file ? 0 : -ENOMEM;
}

static char *copy(const char *s, int *rc)
{
	char *c = s ? strdup(s) : NULL;

	if (s && !c)
		*rc = -ENOMEM;
	return c;
}

int cr_uw_file_name(struct cr_uw_file *file, uint64_t delta, unsigned int behind,
		    struct cr_frame *f)
{
	struct known *k;
	int rc = 0;

	if (!file || !file->obj)
		return 0;
	k = &file->known[(delta ^ delta >> 8) % KNOWN];
	if (!k->used || k->delta != delta) {
		cr_frames_fini(&k->frame, 1);
		k->used = false;
		k->delta = delta;
		rc = look_up(file, delta, &k->frame);
		if (rc < 0)
			return rc;
		k->used = true;
	}
	if (!k->frame.func)
		return 0;
	f->func = copy(k->frame.func, &rc);
	f->file = copy(k->frame.file, &rc);
	f->line = k->frame.line;
	f->offset = k->frame.offset + behind;
	return rc;
}
