/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What only DWARF can find: the code of a source line, functions that exist only inlined. */
#include "config.h"

#include <dwarf.h>
#include <errno.h>
#include <string.h>

#include "cr/lookup.h"
#include "dies.h"

/* A line without code means the next one that has some, as debuggers take it. */
#define LINES_AHEAD 30

struct line {
	const char *file;
	int wanted;
	int best;		/* of those seen: nearest at or behind the wanted one */
	cr_addr *at;
	size_t n;
};

/* "net.c" and "src/net.c" for "/build/src/net.c". */
static bool same_file(const char *path, const char *wanted)
{
	size_t n = strlen(path), k = strlen(wanted);

	while (k > 2 && wanted[0] == '.' && wanted[1] == '/') {
		wanted += 2;
		k -= 2;
	}
	return n >= k && strcmp(path + n - k, wanted) == 0 &&
	       (n == k || path[n - k - 1] == '/' || wanted[0] == '/');
}

static int on_line(struct line *l, Dwarf_Line *line)
{
	const char *file;
	Dwarf_Addr at;
	bool begin, end;
	int no, rc;

	if (!line || dwarf_lineno(line, &no) != 0 || no < l->wanted || no > l->best ||
	    dwarf_lineaddr(line, &at) != 0 || dwarf_linebeginstatement(line, &begin) != 0 ||
	    !begin || dwarf_lineendsequence(line, &end) != 0 || end)
		return 0;
	file = dwarf_linesrc(line, NULL, NULL);
	if (!file || !same_file(file, l->file))
		return 0;
	if (no < l->best) {
		l->best = no;
		l->n = 0;
		free(l->at);
		l->at = NULL;
	}
	rc = CR_GROW(l->at, l->n);
	if (!rc)
		l->at[l->n++] = at;
	return rc;
}

static bool has_file(Dwarf_Die *cu, const char *wanted)
{
	Dwarf_Files *files;
	const char *path;
	size_t n, i;

	if (dwarf_getsrcfiles(cu, &files, &n) != 0)
		return false;
	for (i = 0; i < n; i++) {
		path = dwarf_filesrc(files, i, NULL, NULL);
		if (path && same_file(path, wanted))
			return true;
	}
	return false;
}

int cr_dwarf_line(struct cr_object *obj, const char *file, unsigned int no, cr_addr **at,
		  size_t *n)
{
	struct line l = { .file = file, .wanted = (int)no };
	struct cr_units it = { .obj = obj };
	Dwarf_Lines *lines;
	Dwarf_Die cu;
	size_t count, i;
	int rc = 0;

	if (no == 0 || no > 1u << 30)
		return 0;
	l.best = l.wanted + LINES_AHEAD;
	while (!rc && cr_units_next(&it, &cu)) {
		if (!has_file(&cu, file) || dwarf_getsrclines(&cu, &lines, &count) != 0)
			continue;
		for (i = 0; i < count && !rc; i++)
			rc = on_line(&l, dwarf_onesrcline(lines, i));
	}
	*at = l.at;
	*n = l.n;
	return rc;
}

struct inlined {
	struct cr_object *obj;
	const struct cr_pattern *p;
	bool glob;
	struct cr_functions *list;
};

static const char *text_of(Dwarf_Die *die, unsigned int name)
{
	Dwarf_Attribute attr;

	return dwarf_attr_integrate(die, name, &attr) ? dwarf_formstring(&attr) : NULL;
}

static struct cr_function *entry_for(struct cr_functions *list, const char *linkage,
				     const char *file, unsigned int line)
{
	struct cr_function *fn;
	size_t i;

	for (i = 0; i < list->n; i++) {
		fn = &list->fn[i];
		if (strcmp(fn->linkage, linkage) == 0 && fn->line == line &&
		    (!file || (fn->file && strcmp(fn->file, file) == 0)))
			return fn;
	}
	fn = cr_functions_add(list);
	if (!fn)
		return NULL;
	fn->flags = CR_FN_INLINED;
	fn->line = line;
	fn->linkage = strdup(linkage);
	fn->name = cr_demangle(linkage);
	if (!fn->name)
		fn->name = strdup(linkage);
	fn->file = file ? strdup(file) : NULL;
	/* An entry without a name would crash the next comparison. */
	if (fn->linkage && fn->name)
		return fn;
	free(fn->linkage);
	free(fn->name);
	free(fn->file);
	list->n--;
	return NULL;
}

static int add_place(const struct cr_object *obj, struct cr_function *fn, Dwarf_Die *die)
{
	Dwarf_Addr base, start, end;
	ptrdiff_t off = 0;
	int rc = 0;

	fn->n_inlined++;
	/* Its first range; cold bits of it do not matter to people. */
	off = dwarf_ranges(die, off, &base, &start, &end);
	if (off > 0 && cr_object_is_text(obj, start))
		rc = cr_function_add_range(fn, start, end);
	return rc;
}

static int on_inlined(struct cr_dies *d, Dwarf_Die *die, unsigned int tag)
{
	struct inlined *in = d->ctx;
	const char *linkage, *file;
	struct cr_function *fn;
	int line = 0, rc;

	if (tag != DW_TAG_inlined_subroutine)
		return cr_dies_has_code(tag);
	linkage = text_of(die, DW_AT_linkage_name);
	if (!linkage)
		linkage = text_of(die, DW_AT_name);
	if (!linkage || cr_pattern_match(in->p, linkage, in->glob) == CR_MATCH_NO)
		return 1;
	/* The line attribute of the place itself would be that of the call. */
	file = dwarf_decl_file(die);
	if (dwarf_decl_line(die, &line) != 0 || line < 0)
		line = 0;
	fn = entry_for(in->list, linkage, file, (unsigned int)line);
	if (!fn)
		return -ENOMEM;
	rc = add_place(in->obj, fn, die);
	return rc < 0 ? rc : 1;
}

int cr_dwarf_inlined(struct cr_object *obj, const struct cr_pattern *p, bool glob,
		     struct cr_functions *list)
{
	struct inlined in = { obj, p, false, list };
	struct cr_dies d = { .visit = on_inlined, .ctx = &in };
	int rc;

	if (!cr_dwarf(obj))
		return 0;
	rc = cr_dies_all(&d, obj);
	if (rc || list->n || !glob)
		return rc;
	in.glob = true;
	return cr_dies_all(&d, obj);
}
