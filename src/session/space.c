/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One address space: which files of it hold windows, the traps planted there, and the slots in
 * which instructions run that a trap hides. Threads and a vfork child share it, a fork child has a
 * copy of it as it has a copy of the memory (TRAPS 12, 13).
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define CR_LOG_DOMAIN "space"
#include "cr/log.h"
#include "cr/maps.h"
#include "cr/mem.h"
#include "watch.h"

struct cr_space *cr_space_new(struct cr_targets *targets)
{
	struct cr_space *sp = calloc(1, sizeof(*sp));

	if (!sp)
		return NULL;
	sp->shares = 1;
	sp->targets = targets;
	sp->bps = cr_bps_new();
	sp->scope = cr_scope_new();
	if (!sp->bps || !sp->scope) {
		cr_space_put(sp);
		return NULL;
	}
	return sp;
}

struct cr_space *cr_space_share(struct cr_space *sp)
{
	sp->shares++;
	return sp;
}

void cr_space_put(struct cr_space *sp)
{
	if (!sp || --sp->shares > 0)
		return;
	cr_goroutines_fini(sp);
	cr_bps_put(sp->bps);
	cr_scope_free(sp->scope);
	free(sp->objects);
	free(sp->slots);
	free(sp);
}

static void *copy_of(const void *v, size_t n, size_t size)
{
	void *copy = calloc(n ? n : 1, size);

	if (copy && n)
		memcpy(copy, v, n * size);
	return copy;
}

struct cr_space *cr_space_copy(const struct cr_space *sp)
{
	struct cr_space *copy = cr_space_new(sp->targets);

	if (!copy)
		return NULL;
	cr_bps_put(copy->bps);
	copy->bps = cr_bps_copy(sp->bps);
	copy->objects = copy_of(sp->objects, sp->n_objects, sizeof(*sp->objects));
	copy->slots = copy_of(sp->slots, sp->n_slots, sizeof(*sp->slots));
	if (!copy->bps || !copy->objects || !copy->slots) {
		cr_space_put(copy);
		return NULL;
	}
	copy->n_objects = sp->n_objects;
	copy->n_slots = sp->n_slots;
	copy->room_lo = sp->room_lo;
	copy->room_hi = sp->room_hi;
	copy->switches = sp->switches;
	copy->own_dev = sp->own_dev;
	copy->own_ino = sp->own_ino;
	return copy;
}

/* ---- the target's memory, as traps need it */

static pid_t tid_of(void *arg)
{
	return *(const pid_t *)arg;
}

static int read_all(void *arg, cr_addr at, void *to, size_t n)
{
	ssize_t rc = cr_mem_read(tid_of(arg), at, to, n);

	return rc < 0 ? (int)rc : (size_t)rc == n ? 0 : -EFAULT;
}

/* As the target itself could. */
static int write_all(void *arg, cr_addr at, const void *from, size_t n)
{
	return cr_mem_write(tid_of(arg), at, from, n);
}

static int patch_all(void *arg, cr_addr at, const void *from, size_t n)
{
	return cr_mem_patch(tid_of(arg), at, from, n);
}

struct cr_target_mem cr_space_mem(pid_t *tid)
{
	return (struct cr_target_mem){ read_all, write_all, tid };
}

static struct cr_target_mem text_mem(pid_t *tid)
{
	return (struct cr_target_mem){ read_all, patch_all, tid };
}

/* ---- planting */

static const enum cr_bp_kind kind_of[] = {
	[CR_SITE_ENTRY] = CR_BP_ENTRY,
	[CR_SITE_RET] = CR_BP_RET,
	[CR_SITE_JUMP] = CR_BP_TAIL,
	[CR_SITE_RESOLVED] = CR_BP_MARK,
	[CR_SITE_MARK] = CR_BP_MARK,
	[CR_SITE_LATER] = CR_BP_MARK,
};

/* Those for now and then, or all others. */
static int add_sites(struct cr_space *sp, const struct cr_space_object *o, bool later,
		     struct cr_err *err)
{
	const struct cr_target_file *f = o->file;
	size_t i;
	int rc = 0;

	for (i = 0; i < f->n_site && !rc; i++) {
		const struct cr_target_site *t = &f->site[i];
		struct cr_bp_site site = {
			.at = t->at + o->bias,
			.owner = { t->number, kind_of[t->kind] },
			.text = t->text, .n = t->n,
			.flags = f->is32 ? CR_OVER_IS32 : 0,
		};

		if (later == (t->kind == CR_SITE_LATER))
			rc = cr_bps_add(sp->bps, &site, err);
	}
	return rc;
}

static int add_object(struct cr_space *sp, const struct cr_space_object *o)
{
	struct cr_space_object *more = reallocarray(sp->objects, sp->n_objects + 1, sizeof(*more));

	if (!more)
		return -ENOMEM;
	sp->objects = more;
	sp->objects[sp->n_objects++] = *o;
	return 0;
}

/* All of an object's traps, or none of them. */
static int plant(struct cr_space *sp, pid_t tid, const struct cr_space_object *o,
		 struct cr_err *err)
{
	struct cr_target_mem mem = text_mem(&tid);
	int rc;

	/* It counts for slots already. */
	if (add_object(sp, o) < 0)
		return cr_err_set(err, -ENOMEM, "out of memory");
	rc = add_sites(sp, o, false, err);
	if (!rc)
		rc = cr_space_prepare(sp, tid, o, err);
	if (!rc)
		rc = cr_bps_plant(sp->bps, &mem, err);
	if (rc < 0) {
		cr_bps_forget_new(sp->bps);
		sp->n_objects--;
	}
	return rc;
}

/* A trap that is a window's, too, stays. */
static int lift_later(struct cr_space *sp, pid_t tid, const struct cr_space_object *o)
{
	struct cr_target_mem mem = text_mem(&tid);
	const struct cr_bp *bp;
	size_t i;
	int rc = 0;

	for (i = 0; i < o->file->n_site && !rc; i++) {
		if (o->file->site[i].kind != CR_SITE_LATER)
			continue;
		bp = cr_bps_find(sp->bps, o->file->site[i].at + o->bias);
		if (bp && bp->n_owners == 1)
			rc = cr_bps_drop(sp->bps, &mem, bp->at, bp->at + 1);
	}
	return rc;
}

int cr_space_later(struct cr_space *sp, pid_t tid, cr_addr at, bool plant_it, struct cr_err *err)
{
	const struct cr_space_object *o = cr_space_object(sp, at);
	struct cr_target_mem mem = text_mem(&tid);
	int rc;

	if (!o)
		return 0;
	if (!plant_it) {
		rc = lift_later(sp, tid, o);
		return rc < 0 && rc != -ESRCH ? cr_err_sys(err, rc, "cannot lift a trap") : 0;
	}
	rc = add_sites(sp, o, true, err);
	if (!rc)
		rc = cr_space_prepare(sp, tid, o, err);
	if (!rc)
		rc = cr_bps_plant(sp->bps, &mem, err);
	if (rc < 0)
		cr_bps_forget_new(sp->bps);
	return rc;
}

#define LOOK 256u	/* traps that one call of cr_space_tampered() looks at */

/* The next @n entries of windows at @from or behind, one byte each. */
static unsigned int entries(const struct cr_space *sp, cr_addr from, cr_addr *at, unsigned int n)
{
	const struct cr_bp *bp;
	unsigned int k = 0;

	for (bp = cr_bps_from(sp->bps, from); bp && k < n; bp = cr_bps_from(sp->bps, bp->at + 1))
		if (bp->planted && bp->owners[0].kind == CR_BP_ENTRY)
			at[k++] = bp->at;
	return k;
}

cr_addr cr_space_tampered(struct cr_space *sp, pid_t tid)
{
	uint8_t bytes[LOOK];
	cr_addr at[LOOK];
	unsigned int n = entries(sp, sp->looked, at, LOOK), i;
	ssize_t got;

	/* Of very many, another part each time. */
	sp->looked = n == LOOK ? at[n - 1] + 1 : 0;
	got = n ? cr_mem_gather(tid, at, n, bytes) : 0;
	for (i = 0; i < n && (ssize_t)i < got; i++)
		if (bytes[i] != CR_BP_TRAP)
			return at[i];
	return 0;
}

int cr_space_lift(struct cr_space *sp, pid_t tid)
{
	struct cr_target_mem mem = text_mem(&tid);

	return cr_bps_lift(sp->bps, &mem);
}

int cr_space_scrub(struct cr_space *sp, pid_t tid)
{
	struct cr_target_mem mem = text_mem(&tid);

	return cr_bps_scrub(sp->bps, &mem);
}

/* ---- what is mapped */

static bool is_known(const struct cr_space *sp, const struct cr_module *mod)
{
	size_t i;

	for (i = 0; i < sp->n_objects; i++)
		if (sp->objects[i].lo == mod->start && sp->objects[i].hi == mod->end &&
		    sp->objects[i].dev == mod->dev && sp->objects[i].ino == mod->ino)
			return true;
	return false;
}

/* Objects that are no longer where they were: dlclose has unmapped them, and their traps. */
static void forget_unmapped(struct cr_space *sp, const struct cr_maps *maps)
{
	size_t i, k, kept = 0;

	for (i = 0; i < sp->n_objects; i++) {
		struct cr_space_object *o = &sp->objects[i];

		for (k = 0; k < maps->n_mods; k++)
			if (maps->mods[k].start == o->lo && maps->mods[k].ino == o->ino &&
			    maps->mods[k].dev == o->dev)
				break;
		if (k < maps->n_mods) {
			sp->objects[kept++] = *o;
			continue;
		}
		cr_bps_forget(sp->bps, o->lo, o->hi);
		cr_space_forget_slots(sp, o->lo, o->hi);
	}
	sp->n_objects = kept;
}

/* Is @fd the program itself, whatever it is called here? */
static bool is_own(const struct cr_space *sp, int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_dev == sp->own_dev && st.st_ino == sp->own_ino;
}

/* The function that an IFUNC's resolver has chosen, at @at in @mod. */
static int plant_resolved(struct cr_space *sp, pid_t tid, struct cr_space_object o, cr_addr at,
			  unsigned int window, struct cr_err *err)
{
	const char *path = o.file->path;
	struct cr_module mod = { .start = o.lo, .end = o.hi, .first_end = o.first_end,
				 .dev = o.dev, .ino = o.ino,
				 .path = (char *)(uintptr_t)path };
	bool trusted;
	cr_auto_close int fd = cr_maps_open(&mod, tid, &trusted);
	int rc;

	if (fd < 0)
		return cr_err_set(err, -ENOENT, "cannot open %s again", path);
	rc = cr_targets_resolved(sp->targets, fd, path, at - o.bias, window, &o.file, err);
	return rc < 0 || !o.file->n_site ? rc : plant(sp, tid, &o, err);
}

/* Resolvers that have run before their object was seen here. */
static int plant_slots(struct cr_space *sp, pid_t tid, struct cr_space_object o,
		       struct cr_err *err)
{
	uint64_t at;
	size_t i;
	int rc = 0;

	for (i = 0; i < o.file->n_slot && !rc; i++)
		if (cr_mem_read(tid, o.file->slot[i].at + o.bias, &at, sizeof(at)) ==
		    (ssize_t)sizeof(at) && at >= o.lo && at < o.hi)
			rc = plant_resolved(sp, tid, o, at, o.file->slot[i].number, err);
	return rc;
}

int cr_space_resolved(struct cr_space *sp, pid_t tid, cr_addr at, unsigned int window,
		      struct cr_err *err)
{
	const struct cr_space_object *o = cr_space_object(sp, at);

	if (!o)
		return cr_err_set(err, -ENOENT, "an IFUNC is resolved to code of another file");
	return plant_resolved(sp, tid, *o, at, window, err);
}

static int plant_module(struct cr_space *sp, pid_t tid, const struct cr_module *mod,
			struct cr_err *err)
{
	struct cr_space_object o = { .lo = mod->start, .hi = mod->end, .dev = mod->dev,
				     .ino = mod->ino, .first_end = mod->first_end };
	bool trusted;
	cr_auto_close int fd = -1;
	int rc;

	if (!mod->whole || mod->path[0] != '/' || is_known(sp, mod))
		return 0;
	fd = cr_maps_open(mod, tid, &trusted);
	if (fd < 0)
		return 0;
	rc = cr_targets_of(sp->targets, fd, mod->path, is_own(sp, fd), &o.file, err);
	/* A file that is no ELF file has no functions. */
	if (rc < 0 || !o.file)
		return rc == -ENOEXEC ? 0 : rc;
	o.bias = mod->start - o.file->base;
	rc = plant(sp, tid, &o, err);
	return rc < 0 ? rc : plant_slots(sp, tid, o, err);
}

int cr_space_look(struct cr_space *sp, pid_t tid, struct cr_err *err)
{
	struct cr_maps maps;
	size_t i;
	int rc;

	rc = cr_maps_read(&maps, tid, cr_maps_shm());
	if (rc < 0)
		return cr_err_sys(err, rc, "cannot see what thread %d has mapped", (int)tid);
	forget_unmapped(sp, &maps);
	cr_space_find_room(sp, tid, &maps);
	for (i = 0; i < maps.n_mods && rc >= 0; i++)
		rc = plant_module(sp, tid, &maps.mods[i], err);
	cr_maps_fini(&maps);
	return rc;
}

const struct cr_space_object *cr_space_object(const struct cr_space *sp, cr_addr at)
{
	size_t i;

	for (i = 0; i < sp->n_objects; i++)
		if (at >= sp->objects[i].lo && at < sp->objects[i].hi)
			return &sp->objects[i];
	return NULL;
}

static const struct cr_target_site *site_in(const struct cr_space_object *o, cr_addr at,
					    unsigned int number)
{
	size_t lo = 0, hi = o->file->n_site, mid;

	at -= o->bias;
	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (o->file->site[mid].at < at)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < o->file->n_site && o->file->site[lo].at == at; lo++)
		if (o->file->site[lo].number == number)
			return &o->file->site[lo];
	return NULL;
}

const struct cr_target_site *cr_space_site(const struct cr_space *sp, cr_addr at,
					   unsigned int number)
{
	const struct cr_target_site *site = NULL;
	size_t i;

	/* What an IFUNC was resolved to is one more object at the same place. */
	for (i = 0; i < sp->n_objects && !site; i++)
		if (at >= sp->objects[i].lo && at < sp->objects[i].hi)
			site = site_in(&sp->objects[i], at, number);
	return site;
}

const struct cr_function *cr_space_function(const struct cr_space *sp, unsigned int number,
					    const char **path)
{
	size_t i, k;

	for (i = 0; i < sp->n_objects; i++) {
		const struct cr_target_file *f = sp->objects[i].file;

		for (k = 0; k < f->n_site; k++) {
			if (f->site[k].number != number || !f->site[k].fn)
				continue;
			*path = f->path;
			return f->site[k].fn;
		}
	}
	return NULL;
}
