/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Addresses of a process to names: which file is there, and what that file says. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "cr/mem.h"
#include "unwind-int.h"

#define NOTHING UINT64_MAX	/* instead of a file's number: there is none to read */

struct cr_uw_space {
	struct cr_maps maps;		/* the modules are those of dwfl */
	struct cr_uw_files *files;	/* borrowed */
	uint64_t *file;			/* owned; of each module; 0: not looked at yet */
	Dwfl *dwfl;			/* owned; NULL: no walk has needed it yet */
	pid_t tid;			/* a thread to look at, of those that share the space */
};

static void clear(struct cr_uw_space *s)
{
	if (s->dwfl)
		dwfl_end(s->dwfl);
	s->dwfl = NULL;
	free(s->file);
	s->file = NULL;
	cr_maps_fini(&s->maps);
}

int cr_uw_space_update(struct cr_uw_space *s, struct cr_maps *take)
{
	clear(s);
	s->file = calloc(take->n_mods + 1, sizeof(*s->file));
	if (!s->file)
		return -ENOMEM;
	s->maps = *take;
	*take = (struct cr_maps){ 0 };
	return 0;
}

struct cr_uw_space *cr_uw_space_new(struct cr_uw_files *fs, struct cr_maps *take)
{
	struct cr_uw_space *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->files = fs;
	if (cr_uw_space_update(s, take) < 0) {
		free(s);
		return NULL;
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
	if (!s->dwfl)
		s->dwfl = cr_uw_dwfl_new(&s->maps, &s->tid);
	return s->dwfl;
}

/* NULL: none that could be read. */
static struct cr_uw_file *file_of(struct cr_uw_space *s, const struct cr_module *mod)
{
	uint64_t *id = &s->file[mod - s->maps.mods];
	struct cr_uw_file *file;

	if (*id == NOTHING)
		return NULL;
	file = *id ? cr_uw_files_again(s->files, *id) : NULL;
	if (!file)
		file = cr_uw_files_get(s->files, mod, s->tid);
	*id = file ? cr_uw_file_id(file) : NOTHING;
	return file;
}

int cr_uw_space_name(struct cr_uw_space *s, pid_t tid, bool exact, struct cr_frame *f)
{
	/* Where to look for a caller is inside of its call instruction. */
	cr_addr at = exact ? f->pc : f->pc - 1;
	const struct cr_module *mod = cr_maps_find(&s->maps, at);

	s->tid = tid;
	if (!mod)
		return 0;
	f->object = cr_uw_clean_path(mod->path);
	if (!f->object)
		return -ENOMEM;
	f->offset = f->pc - mod->start;
	return cr_uw_file_name(file_of(s, mod), at - mod->start, exact ? 0 : 1, f);
}
