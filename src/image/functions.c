/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From what a person calls a function to the functions that are meant. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "cr/lookup.h"
#include "image-int.h"

#define FEW 16u			/* functions whose inlined copies are counted, too */
#define RANGES_MAX 64u

/* A function that was chosen, and by which of its names. */
struct pick {
	cr_addr at;
	const struct cr_symbol *sym;	/* NULL: it has none */
	bool variant;
};

struct picks {
	struct pick *v;		/* owned */
	size_t n;
};

bool cr_function_has(const struct cr_function *fn, cr_addr at)
{
	size_t i;

	for (i = 0; i < fn->n_range; i++)
		if (at >= fn->range[i].start && at < fn->range[i].end)
			return true;
	return false;
}

int cr_function_add_range(struct cr_function *fn, cr_addr start, cr_addr end)
{
	int rc;

	if (end <= start || fn->n_range >= RANGES_MAX || cr_function_has(fn, start))
		return 0;
	rc = CR_GROW(fn->range, fn->n_range);
	if (!rc)
		fn->range[fn->n_range++] = (struct cr_range){ start, end };
	return rc;
}

struct cr_function *cr_functions_add(struct cr_functions *list)
{
	if (CR_GROW(list->fn, list->n) < 0)
		return NULL;
	list->fn[list->n] = (struct cr_function){ 0 };
	return &list->fn[list->n++];
}

void cr_functions_fini(struct cr_functions *list)
{
	size_t i;

	for (i = 0; i < list->n; i++) {
		free(list->fn[i].name);
		free(list->fn[i].linkage);
		free(list->fn[i].range);
		free(list->fn[i].exit);
		free(list->fn[i].file);
	}
	free(list->fn);
	*list = (struct cr_functions){ NULL, 0 };
}

/* Names end up on terminals; the file may have been made for that. */
static void clean(char *s)
{
	for (; s && *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			*s = '?';
}

/* Where the symbol behind @at begins. */
static cr_addr next_symbol(struct cr_object *obj, cr_addr at, bool functions_only)
{
	size_t i;

	for (i = cr_symbols_from(obj, at + 1); i < obj->n_sym && cr_object_spend(obj, 1); i++)
		if (cr_symbol_is_function(&obj->sym[i]) ||
		    (!functions_only && obj->sym[i].bind != STB_LOCAL))
			return obj->sym[i].at;
	return UINT64_MAX;
}

static cr_addr section_end(const struct cr_object *obj, cr_addr at)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;

	while ((scn = elf_nextscn(obj->self.elf, scn)))
		if (gelf_getshdr(scn, &sh) && sh.sh_flags & SHF_ALLOC && at >= sh.sh_addr &&
		    at - sh.sh_addr < sh.sh_size && sh.sh_size <= UINT64_MAX - sh.sh_addr)
			return sh.sh_addr + sh.sh_size;
	return UINT64_MAX;
}

static cr_addr least(cr_addr a, cr_addr b)
{
	return a < b ? a : b;
}

/* The end of the function at @at, by what says it best. */
static cr_addr end_of(struct cr_object *obj, cr_addr at, unsigned int *flags)
{
	cr_addr end = cr_object_text_end(obj, at);
	const struct cr_fde *f;
	uint64_t size = 0;
	size_t i;

	for (i = cr_symbols_from(obj, at); i < obj->n_sym && obj->sym[i].at == at; i++)
		if (obj->sym[i].size > size)
			size = obj->sym[i].size;
	if (size)
		return size < end - at ? at + size : end;
	f = cr_fde_of(obj, at);
	if (f)
		return least(least(end, f->end), next_symbol(obj, at, true));
	*flags |= CR_FN_GUESSED;
	return least(least(end, section_end(obj, at)), next_symbol(obj, at, false));
}

static int name_it(struct cr_function *fn, const struct cr_symbol *sym)
{
	char *plain;

	if (!sym) {
		if (asprintf(&fn->name, "0x%llx", (unsigned long long)fn->entry) < 0) {
			fn->name = NULL;
			return -ENOMEM;
		}
		fn->linkage = strdup(fn->name);
		return fn->linkage ? 0 : -ENOMEM;
	}
	plain = cr_demangle(sym->name);
	fn->linkage = strdup(sym->name);
	fn->name = plain ? plain : strdup(sym->name);
	return fn->linkage && fn->name ? 0 : -ENOMEM;
}

static int make(struct cr_object *obj, const struct pick *p, struct cr_functions *list)
{
	struct cr_function *fn = cr_functions_add(list);
	int rc;

	if (!fn)
		return -ENOMEM;
	fn->entry = p->at;
	fn->flags = (p->variant ? CR_FN_VARIANT : 0) | (obj->word == 4 ? CR_FN_I386 : 0);
	if (p->sym && p->sym->type == STT_GNU_IFUNC)
		fn->flags |= CR_FN_IFUNC;
	if (obj->go)
		fn->flags |= CR_FN_GO;
	rc = name_it(fn, p->sym);
	if (!rc)
		rc = cr_function_add_range(fn, p->at, end_of(obj, p->at, &fn->flags));
	if (!rc)
		rc = cr_dwarf_describe(obj, fn);
	if (!rc)
		rc = cr_exits_find(obj, fn);
	return rc;
}

static int make_all(struct cr_object *obj, const struct picks *picks, struct cr_functions *list)
{
	size_t i;
	int rc = picks->n > FEW ? cr_dwarf_all(obj) : 0;

	for (i = 0; i < picks->n && !rc; i++)
		rc = make(obj, &picks->v[i], list);
	for (i = 0; i < list->n && picks->n <= FEW && !rc; i++)
		rc = cr_dwarf_also_inlined(obj, &list->fn[i]);
	/* Only now: until here names were compared with those of the file. */
	for (i = 0; i < list->n; i++) {
		clean(list->fn[i].name);
		clean(list->fn[i].linkage);
		clean(list->fn[i].file);
	}
	return rc;
}

static int pick(struct picks *picks, cr_addr at, const struct cr_symbol *sym, bool variant)
{
	struct pick *last = picks->n ? &picks->v[picks->n - 1] : NULL;
	int rc;

	/* Symbols come by address, so another name of the same function comes right after. The
	 * one to show: a function's, without a leading underscore. */
	if (last && last->at == at) {
		if (last->sym && sym && last->sym->name[0] == '_' && sym->name[0] != '_' &&
		    cr_symbol_is_function(sym) && sym->type == last->sym->type)
			last->sym = sym;
		last->variant = last->variant && variant;
		return 0;
	}
	rc = CR_GROW(picks->v, picks->n);
	if (!rc)
		picks->v[picks->n++] = (struct pick){ at, sym, variant };
	return rc;
}

/* Is a label that is no function's somewhere inside of one? */
static bool is_inner(const struct cr_object *obj, const struct cr_symbol *label)
{
	return cr_symbol_around(obj, label->at) != NULL;
}

/* What is no function of its own is meant only by its very name. */
static bool eligible(const struct cr_object *obj, const struct cr_symbol *s, const char *exact)
{
	bool cold;

	cr_symbol_stem(s->name, &cold);
	if (cold)
		return exact && strcmp(exact, s->name) == 0;
	if (cr_symbol_is_function(s))
		return true;
	if (is_inner(obj, s))
		return false;
	return exact || s->bind != STB_LOCAL;
}

static int by_name(struct cr_object *obj, const struct cr_pattern *p, bool glob,
		   struct picks *picks)
{
	enum cr_match m = CR_MATCH_YES;
	size_t i;
	int rc = 0;

	for (i = 0; i < obj->n_sym && !rc; i++) {
		if (p)
			m = cr_pattern_match(p, obj->sym[i].name, glob);
		if (m != CR_MATCH_NO && eligible(obj, &obj->sym[i], p && !glob ? p->text : NULL))
			rc = pick(picks, obj->sym[i].at, &obj->sym[i], m == CR_MATCH_VARIANT);
	}
	return rc;
}

/* The function that has @at: where it begins. 0: there is none. */
static cr_addr start_of(struct cr_object *obj, cr_addr at)
{
	const struct cr_symbol *s = cr_symbol_around(obj, at);
	const struct cr_fde *f;
	bool cold;

	if (!s) {
		f = cr_fde_of(obj, at);
		return f ? f->start : 0;
	}
	cr_symbol_stem(s->name, &cold);
	return cold ? cr_dwarf_owner(obj, s->at) : s->at;
}

static const struct cr_symbol *symbol_at(const struct cr_object *obj, cr_addr at)
{
	size_t i = cr_symbols_from(obj, at);

	return i < obj->n_sym && obj->sym[i].at == at ? &obj->sym[i] : NULL;
}

static int pick_address(struct cr_object *obj, cr_addr at, struct picks *picks,
			struct cr_err *err)
{
	const struct cr_symbol *sym = symbol_at(obj, at), *around;
	cr_addr start;

	if (!cr_object_is_text(obj, at)) {
		cr_err_set(err, -ENOENT, "there is no code at 0x%llx in %s",
			   (unsigned long long)at, obj->path);
		cr_err_hint(err, "the address is that of the file, as nm and objdump show it");
		return -ENOENT;
	}
	start = start_of(obj, at);
	if (start && start != at && !(sym && !is_inner(obj, sym))) {
		around = symbol_at(obj, start);
		cr_err_set(err, -EINVAL, "no function begins at 0x%llx in %s",
			   (unsigned long long)at, obj->path);
		cr_err_hint(err, "it is inside of %.200s, which begins at 0x%llx",
			    around ? around->name : "one", (unsigned long long)start);
		return -EINVAL;
	}
	return pick(picks, at, sym, false);
}

static int by_address(struct cr_object *obj, const char *text, struct picks *picks,
		      struct cr_err *err)
{
	unsigned long long at;
	char *end;

	errno = 0;
	at = strtoull(text, &end, 16);
	if (*end || end == text + 2 || errno)
		return cr_err_set(err, -EINVAL, "%s is not an address", text);
	return pick_address(obj, at, picks, err);
}

static int order(const void *a, const void *b)
{
	const cr_addr *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* @colon: where the line's number begins. */
static int by_line(struct cr_object *obj, const char *text, const char *colon,
		   struct picks *picks, struct cr_err *err)
{
	cr_auto_free char *file = strndup(text, (size_t)(colon - text));
	unsigned long line = strtoul(colon + 1, NULL, 10);
	cr_auto_free cr_addr *at = NULL;
	size_t n = 0, i;
	int rc;

	if (!file)
		return -ENOMEM;
	rc = cr_dwarf_line(obj, file, line < UINT32_MAX ? (unsigned int)line : 0, &at, &n);
	if (rc < 0)
		return rc;
	for (i = 0; i < n; i++)
		at[i] = start_of(obj, at[i]);
	if (n)
		qsort(at, n, sizeof(*at), order);
	for (i = 0; i < n && !rc; i++)
		if (at[i])
			rc = pick(picks, at[i], symbol_at(obj, at[i]), false);
	if (rc || picks->n)
		return rc;
	cr_err_set(err, -ENOENT, "no code of %s is from line %lu of a file called %s", obj->path,
		   line, file);
	if (!cr_dwarf(obj))
		cr_err_hint(err, "%.300s has no debug information", obj->path);
	return -ENOENT;
}

static const char *line_of(const char *text)
{
	const char *colon = strrchr(text, ':');

	if (!colon || colon == text || colon[-1] == ':' || !colon[1] ||
	    strspn(colon + 1, "0123456789") != strlen(colon + 1))
		return NULL;
	return colon;
}

static int nothing(struct cr_object *obj, const char *text, struct cr_err *err)
{
	const char *is = cr_symbols_other(obj, text);
	size_t i;

	for (i = 0; !is && i < obj->n_sym; i++)
		if (strcmp(obj->sym[i].name, text) == 0)
			is = "label";
	if (is && strcmp(is, "imported") == 0) {
		cr_err_set(err, -ENOENT, "%s is not in %s, which only calls it", text, obj->path);
		cr_err_hint(err, "name the library that has it: LIBRARY:%.200s", text);
	} else if (is && strcmp(is, "label") == 0) {
		cr_err_set(err, -EINVAL, "%s is a place inside of a function of %s", text,
			   obj->path);
	} else if (is) {
		cr_err_set(err, -EINVAL, "%s is data in %s, not a function", text, obj->path);
	} else {
		cr_err_set(err, -ENOENT, "no function of %s is called %s", obj->path, text);
		/* Looks at every name there is. */
		if (err)
			cr_pattern_hint(obj, text, err);
	}
	return is && strcmp(is, "imported") != 0 ? -EINVAL : -ENOENT;
}

static int by_pattern(struct cr_object *obj, const char *text, struct picks *picks,
		      struct cr_functions *list, struct cr_err *err)
{
	struct cr_pattern p = cr_pattern_of(text);
	int rc = by_name(obj, &p, false, picks);

	if (!rc && !picks->n && p.glob)
		rc = by_name(obj, &p, true, picks);
	if (!rc && !picks->n)
		rc = cr_dwarf_inlined(obj, &p, p.glob, list);
	if (!rc && !picks->n && !list->n)
		return nothing(obj, text, err);
	return rc;
}

static int choose(struct cr_object *obj, const char *text, struct picks *picks,
		  struct cr_functions *list, struct cr_err *err)
{
	if (!text || !*text)
		return by_name(obj, NULL, true, picks);
	if (strncasecmp(text, "0x", 2) == 0)
		return by_address(obj, text, picks, err);
	if (line_of(text))
		return by_line(obj, text, line_of(text), picks, err);
	return by_pattern(obj, text, picks, list, err);
}

int cr_functions_find(struct cr_object *obj, const char *text, struct cr_functions *list,
		      struct cr_err *err)
{
	struct picks picks = { NULL, 0 };
	int rc;

	*list = (struct cr_functions){ NULL, 0 };
	rc = choose(obj, text, &picks, list, err);
	if (!rc)
		rc = make_all(obj, &picks, list);
	if (rc == -ENOMEM)
		cr_err_set(err, rc, "out of memory");
	free(picks.v);
	if (rc < 0)
		cr_functions_fini(list);
	return rc;
}

int cr_function_at(struct cr_object *obj, cr_addr entry, struct cr_functions *list,
		   struct cr_err *err)
{
	struct picks picks = { NULL, 0 };
	int rc;

	*list = (struct cr_functions){ NULL, 0 };
	rc = pick_address(obj, entry, &picks, err);
	if (!rc)
		rc = make_all(obj, &picks, list);
	if (rc == -ENOMEM)
		cr_err_set(err, rc, "out of memory");
	free(picks.v);
	if (rc < 0)
		cr_functions_fini(list);
	return rc;
}
