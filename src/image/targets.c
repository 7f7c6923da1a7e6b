/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>
#include <sys/stat.h>

#include "cr/targets.h"
#include "image-int.h"

/* What is wanted of some files. */
struct want {
	char *object;		/* owned; NULL: the program itself */
	char *pattern;		/* owned */
	unsigned int number;
	bool mark;
	enum cr_site_kind where;	/* of a mark */
	bool seen;		/* such a file was there */
	bool optional;		/* a file that it is meant for need not have it */
	bool found;		/* one had it */
};

/* A file that was looked at. */
struct known {
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec changed;
	bool own;
	cr_addr entry;		/* not 0: what an IFUNC resolved to */
	unsigned int number;
	struct cr_target_file file;
};

struct cr_targets {
	cr_targets_number *number;
	cr_targets_numbered *numbered;
	void *ctx;		/* borrowed: for these */
	struct want *want;	/* owned */
	size_t n_want;
	bool optional;		/* what is added is */
	struct known **known;	/* owned, and each owned */
	size_t n_known;
};

struct cr_targets *cr_targets_new(cr_targets_number *number, cr_targets_numbered *numbered,
				  void *ctx)
{
	struct cr_targets *t = calloc(1, sizeof(*t));

	if (t) {
		t->number = number;
		t->numbered = numbered;
		t->ctx = ctx;
	}
	return t;
}

static void known_free(struct known *k)
{
	free(k->file.path);
	free(k->file.site);
	free(k->file.slot);
	cr_functions_fini(&k->file.fns);
	free(k);
}

void cr_targets_free(struct cr_targets *t)
{
	size_t i;

	if (!t)
		return;
	for (i = 0; i < t->n_want; i++) {
		free(t->want[i].object);
		free(t->want[i].pattern);
	}
	for (i = 0; i < t->n_known; i++)
		known_free(t->known[i]);
	free(t->want);
	free(t->known);
	free(t);
}

static int want(struct cr_targets *t, const char *object, const char *pattern, struct want w)
{
	w.object = object ? strdup(object) : NULL;
	w.pattern = strdup(pattern);
	w.optional = t->optional;
	if (!w.pattern || (object && !w.object) || CR_GROW(t->want, t->n_want) < 0) {
		free(w.object);
		free(w.pattern);
		return -ENOMEM;
	}
	t->want[t->n_want++] = w;
	return 0;
}

/* (What is known of a file does not grow: all is added before the first one is looked at.) */
int cr_targets_add(struct cr_targets *t, const char *object, const char *pattern,
		   unsigned int number)
{
	return want(t, object, pattern, (struct want){ .number = number });
}

void cr_targets_optional(struct cr_targets *t)
{
	t->optional = true;
}

int cr_targets_mark(struct cr_targets *t, const char *object, const char *function,
		    unsigned int mark, enum cr_site_kind where)
{
	return want(t, object, function,
		    (struct want){ .number = mark, .mark = true, .where = where });
}

/* ---- which patterns are for a file */

/* "libz" and "libz.so.1" are in libz.so.1.2.13; with a slash it is the path, or its end. */
static bool is_called(const char *object, const char *path)
{
	const char *base = strrchr(path, '/');
	size_t n = strlen(object), len = strlen(path);

	base = base ? base + 1 : path;
	if (strchr(object, '/'))
		return n <= len && strcmp(path + len - n, object) == 0 &&
		       (n == len || object[0] == '/' || path[len - n - 1] == '/');
	if (strncmp(base, object, n) == 0 && (!base[n] || base[n] == '.'))
		return true;
	return fnmatch(object, base, 0) == 0;
}

static bool meant(const struct want *w, const char *path, bool own)
{
	return w->object ? is_called(w->object, path) : own;
}

/* ---- sites */

static int add_site(struct cr_object *obj, struct cr_target_file *f, cr_addr at,
		    struct cr_target_site site)
{
	if (CR_GROW(f->site, f->n_site) < 0)
		return -ENOMEM;
	site.at = at;
	site.n = (uint8_t)cr_object_read(obj, at, site.text, sizeof(site.text));
	f->site[f->n_site++] = site;
	return 0;
}

static int mark_sites(struct cr_object *obj, struct cr_target_file *f, const struct want *w,
		      const struct cr_function *fn)
{
	struct cr_target_site site = { .kind = CR_SITE_MARK, .number = w->number };
	size_t i;
	int rc = 0;

	if (w->where == CR_SITE_LATER)
		site.kind = CR_SITE_LATER;
	if (w->where != CR_SITE_RET)
		return add_site(obj, f, fn->entry, site);
	/* Some compilers write a ret as "pop %rcx; jmp *%rcx". */
	for (i = 0; i < fn->n_exit && !rc; i++)
		if (fn->exit[i].kind != CR_EXIT_BY_JUMP)
			rc = add_site(obj, f, fn->exit[i].at, site);
	return rc;
}

#define SLOTS_MAX 16u

static int resolver_slots(struct cr_object *obj, struct cr_target_file *f,
			  const struct cr_function *fn, unsigned int number)
{
	cr_addr at[SLOTS_MAX];
	ssize_t n = cr_object_ifunc_slots(obj, fn->entry, at, SLOTS_MAX), i;

	for (i = 0; i < n && i < (ssize_t)SLOTS_MAX; i++) {
		if (CR_GROW(f->slot, f->n_slot) < 0)
			return -ENOMEM;
		f->slot[f->n_slot++] = (struct cr_target_slot){ at[i], number };
	}
	return n < 0 ? (int)n : 0;
}

static int window_sites(struct cr_object *obj, struct cr_target_file *f,
			const struct cr_function *fn, unsigned int number)
{
	struct cr_target_site site = { .kind = CR_SITE_ENTRY, .number = number, .fn = fn };
	bool resolver = fn->flags & CR_FN_IFUNC;
	size_t i;
	int rc = 0;

	if (resolver)
		rc = resolver_slots(obj, f, fn, number);
	else
		rc = add_site(obj, f, fn->entry, site);
	for (i = 0; i < fn->n_exit && !rc; i++) {
		bool ret = fn->exit[i].kind == CR_EXIT_BY_RET;

		site.kind = resolver ? CR_SITE_RESOLVED : ret ? CR_SITE_RET : CR_SITE_JUMP;
		if (ret || !resolver)
			rc = add_site(obj, f, fn->exit[i].at, site);
	}
	return rc;
}

/* ---- one file */

/* The window's name: as the linker has it, without what a clone adds. */
static int name_of(const struct cr_function *fn, char **name)
{
	bool cold;
	size_t n = strlen(fn->linkage);

	if (fn->flags & CR_FN_VARIANT)
		n = cr_symbol_stem(fn->linkage, &cold);
	*name = strndup(fn->linkage, n);
	return *name ? 0 : -ENOMEM;
}

static int number_of(struct cr_targets *t, const struct want *w, const struct cr_function *fn,
		     struct cr_err *err)
{
	cr_auto_free char *name = NULL;

	if (w->number)
		return (int)w->number;
	if (name_of(fn, &name) < 0)
		return cr_err_set(err, -ENOMEM, "out of memory");
	return t->number(t->ctx, w->object, name, err);
}

static int only_inlined(const struct cr_function *fn, const struct cr_target_file *f,
			struct cr_err *err)
{
	cr_err_set(err, -EOPNOTSUPP, "%s has no code of its own in %s: it was inlined in "
		   "%u place%s", fn->name, f->path, fn->n_inlined, fn->n_inlined == 1 ? "" : "s");
	cr_err_hint(err, "choose the functions that it was inlined into, or build it with %s",
		    f->go ? "//go:noinline" : "__attribute__((noinline))");
	return -EOPNOTSUPP;
}

/* Moves the functions found into the file's list: those that are windows already stay once. */
static int take(struct cr_targets *t, struct cr_target_file *f, const struct want *w,
		struct cr_functions *list, unsigned int **numbers, struct cr_err *err)
{
	size_t i, k;
	int rc;

	for (i = 0; i < list->n; i++) {
		struct cr_function *fn = &list->fn[i];

		if (fn->flags & CR_FN_INLINED) {
			if (list->n == 1)
				return only_inlined(fn, f, err);
			continue;
		}
		rc = number_of(t, w, fn, err);
		if (rc < 0)
			return rc;
		for (k = 0; k < f->fns.n; k++)
			if (f->fns.fn[k].entry == fn->entry && (*numbers)[k] == (unsigned int)rc)
				break;
		if (k < f->fns.n)
			continue;
		if (CR_GROW(*numbers, f->fns.n) < 0 || CR_GROW(f->fns.fn, f->fns.n) < 0)
			return cr_err_set(err, -ENOMEM, "out of memory");
		(*numbers)[f->fns.n] = (unsigned int)rc;
		f->fns.fn[f->fns.n++] = *fn;
		*fn = (struct cr_function){ 0 };
	}
	return 0;
}

static int find_windows(struct cr_targets *t, struct cr_object *obj, struct known *k,
			struct cr_err *err)
{
	cr_auto_free unsigned int *numbers = NULL;
	struct cr_functions list;
	size_t i;
	int rc = 0;

	for (i = 0; i < t->n_want && !rc; i++) {
		struct want *w = &t->want[i];

		if (w->mark || !meant(w, k->file.path, k->own))
			continue;
		rc = cr_functions_find(obj, w->pattern, &list, err);
		if (!rc)
			rc = take(t, &k->file, w, &list, &numbers, err);
		cr_functions_fini(&list);
		w->found |= !rc;
		if (w->optional && (rc == -ENOENT || rc == -EOPNOTSUPP))
			rc = 0;
	}
	if (!rc && t->numbered)
		rc = t->numbered(t->ctx, err);
	for (i = 0; i < k->file.fns.n && !rc; i++)
		rc = window_sites(obj, &k->file, &k->file.fns.fn[i], numbers[i]);
	return rc;
}

static int find_marks(struct cr_targets *t, struct cr_object *obj, struct known *k)
{
	struct cr_functions list;
	size_t i, n;
	int rc = 0;

	for (i = 0; i < t->n_want && !rc; i++) {
		const struct want *w = &t->want[i];

		if (!w->mark || !meant(w, k->file.path, k->own))
			continue;
		rc = cr_functions_find(obj, w->pattern, &list, NULL);
		for (n = 0; n < list.n && !rc; n++)
			if (!(list.fn[n].flags & (CR_FN_INLINED | CR_FN_IFUNC)))
				rc = mark_sites(obj, &k->file, w, &list.fn[n]);
		cr_functions_fini(&list);
		if (rc != -ENOMEM)
			rc = 0;
	}
	return rc;
}

static int find_resolved(struct cr_object *obj, struct known *k, struct cr_err *err)
{
	int rc;

	/* Not resolved yet: the word leads to the stub that will have it resolved. */
	if (cr_object_in_plt(obj, k->entry))
		return 0;
	rc = cr_function_at(obj, k->entry, &k->file.fns, err);
	if (!rc && k->file.fns.n)
		rc = window_sites(obj, &k->file, &k->file.fns.fn[0], k->number);
	return rc;
}

static bool anything_for(const struct cr_targets *t, const struct known *k)
{
	size_t i;

	for (i = 0; i < t->n_want; i++)
		if (meant(&t->want[i], k->file.path, k->own))
			return true;
	return false;
}

static int by_address(const void *a, const void *b)
{
	const struct cr_target_site *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

/* The rest of the last page of code: the loader maps whole pages. */
static void find_spare(const struct cr_object *obj, struct cr_target_file *f)
{
	size_t i;

	for (i = 0; i < obj->n_seg; i++) {
		cr_addr end = obj->seg[i].end, page = (end + 4095) & ~(cr_addr)4095;

		if (obj->seg[i].exec && page - end > f->spare_hi - f->spare_lo) {
			f->spare_lo = (end + 15) & ~(cr_addr)15;
			f->spare_hi = page;
		}
	}
}

static int look_at(struct cr_targets *t, int fd, struct known *k, struct cr_err *err)
{
	struct cr_object *obj;
	int rc = cr_object_open_fd(fd, k->file.path, &obj, err);

	if (rc < 0)
		return rc;
	k->file.base = cr_object_base(obj);
	k->file.is32 = obj->word == 4;
	k->file.go = obj->go;
	rc = k->entry ? find_resolved(obj, k, err) : find_windows(t, obj, k, err);
	if (!rc && !k->entry && find_marks(t, obj, k) < 0)
		rc = cr_err_set(err, -ENOMEM, "out of memory");
	if (k->file.n_site)
		qsort(k->file.site, k->file.n_site, sizeof(*k->file.site), by_address);
	find_spare(obj, &k->file);
	cr_object_free(obj);
	return rc;
}

static bool same_file(const struct known *a, const struct known *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size && a->own == b->own &&
	       a->changed.tv_sec == b->changed.tv_sec &&
	       a->changed.tv_nsec == b->changed.tv_nsec && a->entry == b->entry &&
	       a->number == b->number;
}

/* Finds or makes what is known of a file. */
static int know(struct cr_targets *t, int fd, const struct known *key, const char *path,
		const struct cr_target_file **file, struct cr_err *err)
{
	struct known *k;
	struct stat st;
	size_t i;
	int rc;

	*file = NULL;
	if (fstat(fd, &st) < 0)
		return cr_err_sys(err, -errno, "cannot read %s", path);
	k = malloc(sizeof(*k));
	if (!k)
		return cr_err_set(err, -ENOMEM, "out of memory");
	*k = *key;
	k->dev = st.st_dev, k->ino = st.st_ino, k->size = st.st_size, k->changed = st.st_ctim;
	for (i = 0; i < t->n_known; i++) {
		if (same_file(t->known[i], k)) {
			free(k);
			*file = &t->known[i]->file;
			return 0;
		}
	}
	k->file.path = strdup(path);
	if (!k->file.path)
		rc = cr_err_set(err, -ENOMEM, "out of memory");
	else
		rc = key->entry || anything_for(t, k) ? look_at(t, fd, k, err) : 0;
	if (!rc && CR_GROW(t->known, t->n_known) < 0)
		rc = cr_err_set(err, -ENOMEM, "out of memory");
	if (rc < 0) {
		known_free(k);
		return rc;
	}
	t->known[t->n_known++] = k;
	*file = &k->file;
	return 0;
}

void cr_targets_begin(struct cr_targets *t)
{
	size_t i;

	for (i = 0; i < t->n_want; i++)
		t->want[i].seen = false;
}

int cr_targets_of(struct cr_targets *t, int fd, const char *path, bool own,
		  const struct cr_target_file **file, struct cr_err *err)
{
	struct known key = { .own = own };
	size_t i;
	int rc;

	for (i = 0; i < t->n_want; i++)
		t->want[i].seen |= meant(&t->want[i], path, own);
	rc = know(t, fd, &key, path, file, err);

	if (!rc && !(*file)->n_site)
		*file = NULL;
	return rc;
}

int cr_targets_resolved(struct cr_targets *t, int fd, const char *path, cr_addr entry,
			unsigned int number, const struct cr_target_file **file,
			struct cr_err *err)
{
	struct known key = { .entry = entry, .number = number };

	return know(t, fd, &key, path, file, err);
}

bool cr_targets_found(const struct cr_targets *t, const char *object, const char *pattern)
{
	size_t i;

	for (i = 0; i < t->n_want; i++) {
		const struct want *w = &t->want[i];

		if (!w->mark && w->found && strcmp(w->pattern, pattern) == 0 &&
		    !w->object == !object && (!object || strcmp(w->object, object) == 0))
			return true;
	}
	return false;
}

const char *cr_targets_missing(const struct cr_targets *t, size_t *i)
{
	while (*i < t->n_want) {
		const struct want *w = &t->want[(*i)++];

		if (w->object && !w->mark && !w->seen)
			return w->object;
	}
	return NULL;
}
