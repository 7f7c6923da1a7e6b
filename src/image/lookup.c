/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "cr/lookup.h"
#include "dies.h"

#define ALIASES_MAX 64u

int cr_object_open_mapped(int fd, const char *path, bool trusted, struct cr_object **obj)
{
	struct cr_err err = { 0 };
	struct cr_open_how how = { .mapped = true, .distrust = !trusted };

	return cr_object_open_how(fd, path, how, obj, &err);
}

static size_t underscores(const char *name)
{
	return strspn(name, "_");
}

/* Of two names of one address the one that people write: a function's, known outside,
 * "write" before "__write". */
static bool better(const struct cr_symbol *a, const struct cr_symbol *b)
{
	bool fa = cr_symbol_is_function(a), fb = cr_symbol_is_function(b);

	if (fa != fb)
		return fa;
	if ((a->bind == STB_LOCAL) != (b->bind == STB_LOCAL))
		return a->bind != STB_LOCAL;
	return underscores(a->name) < underscores(b->name);
}

/* Assembly's labels have no size: the last one before @at goes on until something else is said. */
static const struct cr_symbol *label_before(const struct cr_object *obj, cr_addr at)
{
	size_t i = at < UINT64_MAX ? cr_symbols_from(obj, at + 1) : obj->n_sym;
	const struct cr_symbol *s = i ? &obj->sym[i - 1] : NULL;

	return s && !s->size && cr_object_text_end(obj, s->at) > at ? s : NULL;
}

static const struct cr_symbol *symbol_of(const struct cr_object *obj, cr_addr at)
{
	const struct cr_symbol *s = cr_symbol_around(obj, at), *best;
	size_t i, end;

	if (!s)
		s = label_before(obj, at);
	if (!s)
		return NULL;
	best = s;
	i = cr_symbols_from(obj, s->at);
	end = i + ALIASES_MAX < obj->n_sym ? i + ALIASES_MAX : obj->n_sym;
	for (; i < end && obj->sym[i].at == s->at; i++) {
		if ((!obj->sym[i].size || at - s->at < obj->sym[i].size) &&
		    better(&obj->sym[i], best))
			best = &obj->sym[i];
	}
	return best;
}

static bool is_program(const struct cr_object *obj)
{
	Elf_Scn *scn = NULL;
	Elf_Data *data;
	GElf_Shdr sh;
	GElf_Dyn dyn;
	int i;

	if (!obj->dyn)
		return true;
	while ((scn = elf_nextscn(obj->self.elf, scn))) {
		if (!gelf_getshdr(scn, &sh) || sh.sh_type != SHT_DYNAMIC)
			continue;
		data = elf_getdata(scn, NULL);
		for (i = 0; data && gelf_getdyn(data, i, &dyn) && dyn.d_tag != DT_NULL; i++) {
			if (dyn.d_tag == DT_FLAGS_1)
				return dyn.d_un.d_val & DF_1_PIE;
		}
	}
	return false;
}

/* Is the DWARF in a separate file, packed? Who installs that of a program wants to see it; that of
 * the C library is on many machines, and libdw unpacks all of it before it tells anything. */
static bool is_dear(const struct cr_object *obj)
{
	GElf_Shdr sh;

	return obj->debug.elf && cr_object_section(obj->debug.elf, ".debug_info", &sh) &&
	       sh.sh_flags & SHF_COMPRESSED && !is_program(obj);
}

static void line_of(struct cr_object *obj, cr_addr at, bool thorough, struct cr_lookup *found)
{
	Dwarf_Line *line;
	Dwarf_Die cu;
	bool end;
	int no;

	if ((!thorough && !obj->dw_tried && is_dear(obj)) || !cr_dwarf_unit(obj, at, &cu))
		return;
	line = dwarf_getsrc_die(&cu, at);
	if (!line || dwarf_lineendsequence(line, &end) != 0 || end ||
	    dwarf_lineno(line, &no) != 0 || no <= 0)
		return;
	found->file = dwarf_linesrc(line, NULL, NULL);
	if (found->file)
		found->line = (unsigned int)no;
}

void cr_object_lookup(struct cr_object *obj, cr_addr at, bool thorough, struct cr_lookup *found)
{
	const struct cr_symbol *s = cr_object_is_text(obj, at) ? symbol_of(obj, at) : NULL;

	*found = (struct cr_lookup){ 0 };
	if (!s)
		return;
	found->func = s->name;
	found->offset = at - s->at;
	line_of(obj, at, thorough, found);
}

/* What libelf has read of @elf: the tables of symbols, and with @dwarf what libdw works on. */
static size_t weight_of(Elf *elf, bool dwarf)
{
	Elf_Scn *scn = NULL;
	const char *name;
	size_t names, sum = 0;
	GElf_Shdr sh;
	bool debug;

	if (!elf || elf_getshdrstrndx(elf, &names) < 0)
		return 0;
	while ((scn = elf_nextscn(elf, scn))) {
		if (!gelf_getshdr(scn, &sh) || sh.sh_type == SHT_NOBITS)
			continue;
		name = elf_strptr(elf, names, sh.sh_name);
		/* Once unpacked, a section's header has its real size. */
		debug = dwarf && name && strncmp(name, ".debug_", 7) == 0;
		if (debug || sh.sh_type == SHT_SYMTAB || sh.sh_type == SHT_DYNSYM ||
		    sh.sh_type == SHT_STRTAB)
			sum += sh.sh_size;
	}
	return sum;
}

size_t cr_object_weight(const struct cr_object *obj)
{
	bool dwarf = obj->dw != NULL;

	return sizeof(*obj) + obj->n_sym * sizeof(*obj->sym) + weight_of(obj->self.elf, dwarf) +
	       weight_of(obj->debug.elf, dwarf) + weight_of(obj->alt.elf, dwarf) +
	       weight_of(obj->mini.elf, false);
}
