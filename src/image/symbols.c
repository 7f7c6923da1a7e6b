/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The functions that symbol tables tell of. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "image-int.h"

#define COMPARED_MAX 256u	/* of two names: a file may have many that differ late */

struct table {
	Elf *elf;
	Elf_Data *data;
	Elf_Data *versions;	/* of .dynsym */
	size_t strings;		/* section index of the names */
	size_t n;
};

/* Each name that is asked for would be followed to the section's end otherwise. */
static bool names_end(Elf *elf, size_t strings)
{
	Elf_Scn *scn = elf_getscn(elf, strings);
	Elf_Data *data = scn ? elf_getdata(scn, NULL) : NULL;

	return data && data->d_buf && data->d_size &&
	       ((const char *)data->d_buf)[data->d_size - 1] == '\0';
}

static bool table_open(Elf *elf, unsigned int type, struct table *t)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;

	*t = (struct table){ .elf = elf };
	while (elf && (scn = elf_nextscn(elf, scn))) {
		if (!gelf_getshdr(scn, &sh) || sh.sh_type != type || !sh.sh_entsize)
			continue;
		t->data = elf_getdata(scn, NULL);
		t->strings = sh.sh_link;
		t->n = t->data ? t->data->d_size / sh.sh_entsize : 0;
		return t->n > 0;
	}
	return false;
}

/* Is @sym in a section of code? A linker that makes few segments puts constants beside the code. */
static bool in_code(Elf *elf, const GElf_Sym *sym)
{
	Elf_Scn *scn = elf_getscn(elf, sym->st_shndx);
	GElf_Shdr sh;

	return scn && gelf_getshdr(scn, &sh) && sh.sh_flags & SHF_EXECINSTR &&
	       sym->st_value >= sh.sh_addr && sym->st_value - sh.sh_addr < sh.sh_size;
}

/* What can be entered: functions, and labels in text as assembly files have them. */
static bool wanted(const struct cr_object *obj, Elf *elf, const GElf_Sym *sym, const char *name)
{
	unsigned int type = GELF_ST_TYPE(sym->st_info);

	if (sym->st_shndx == SHN_UNDEF || sym->st_shndx == SHN_ABS || !name || !*name)
		return false;
	if (type != STT_FUNC && type != STT_GNU_IFUNC && type != STT_NOTYPE)
		return false;
	/* Labels of the assembler's own, and annotations of where what was built. */
	if (type == STT_NOTYPE && (name[0] == '.' || name[0] == '$'))
		return false;
	return cr_object_is_text(obj, sym->st_value) && in_code(elf, sym);
}

static int add(struct cr_object *obj, const GElf_Sym *sym, const char *name)
{
	int rc = CR_GROW(obj->sym, obj->n_sym);

	if (rc < 0)
		return rc;
	obj->sym[obj->n_sym++] = (struct cr_symbol){
		.at = sym->st_value,
		.size = sym->st_size,
		.name = name,
		.type = GELF_ST_TYPE(sym->st_info),
		.bind = GELF_ST_BIND(sym->st_info),
	};
	return 0;
}

static int table_read(struct cr_object *obj, Elf *elf, unsigned int type)
{
	const char *name;
	struct table t;
	GElf_Sym sym;
	size_t i;
	int rc = 0;

	if (!table_open(elf, type, &t) || !names_end(elf, t.strings))
		return 0;
	for (i = 1; !rc && i < t.n && obj->n_sym < CR_SYMBOLS_MAX; i++) {
		if (!gelf_getsym(t.data, (int)i, &sym))
			break;
		name = elf_strptr(elf, t.strings, sym.st_name);
		if (wanted(obj, elf, &sym, name))
			rc = add(obj, &sym, name);
	}
	return rc;
}

/* By address; of those at one address functions first, global ones first. */
static int order(const void *a, const void *b)
{
	const struct cr_symbol *x = a, *y = b;
	bool fx = cr_symbol_is_function(x), fy = cr_symbol_is_function(y);

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	if (fx != fy)
		return fx ? -1 : 1;
	if ((x->bind == STB_LOCAL) != (y->bind == STB_LOCAL))
		return x->bind == STB_LOCAL ? 1 : -1;
	return x->name == y->name ? 0 : strncmp(x->name, y->name, COMPARED_MAX);
}

static bool same_name(const char *a, const char *b)
{
	return a == b || (strncmp(a, b, COMPARED_MAX) == 0 && memchr(a, '\0', COMPARED_MAX));
}

/* .symtab has all of .dynsym; what is in both is dropped here. */
static void unique(struct cr_object *obj)
{
	struct cr_symbol *s = obj->sym;
	size_t i, n = 0;

	for (i = 0; i < obj->n_sym; i++) {
		if (n && s[n - 1].at == s[i].at && same_name(s[n - 1].name, s[i].name)) {
			if (!s[n - 1].size)
				s[n - 1].size = s[i].size;
			continue;
		}
		s[n++] = s[i];
	}
	obj->n_sym = n;
}

static void note_sized(struct cr_object *obj)
{
	unsigned int last = 0;
	size_t i;

	for (i = 0; i < obj->n_sym; i++) {
		if (obj->sym[i].size && cr_symbol_is_function(&obj->sym[i]))
			last = (unsigned int)i + 1;
		obj->sym[i].sized = last;
	}
}

int cr_symbols_read(struct cr_object *obj)
{
	int rc;

	rc = table_read(obj, obj->self.elf, SHT_SYMTAB);
	if (!rc)
		rc = table_read(obj, obj->self.elf, SHT_DYNSYM);
	if (!rc)
		rc = table_read(obj, obj->debug.elf, SHT_SYMTAB);
	if (!rc)
		rc = table_read(obj, obj->mini.elf, SHT_SYMTAB);
	if (!rc)
		rc = cr_gotab_read(obj);
	if (rc < 0)
		return rc;
	if (obj->n_sym)
		qsort(obj->sym, obj->n_sym, sizeof(*obj->sym), order);
	unique(obj);
	note_sized(obj);
	return 0;
}

bool cr_symbol_is_function(const struct cr_symbol *s)
{
	return s->type == STT_FUNC || s->type == STT_GNU_IFUNC || s->type == STT_LOPROC;
}

size_t cr_symbols_from(const struct cr_object *obj, cr_addr at)
{
	size_t lo = 0, hi = obj->n_sym, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (obj->sym[mid].at < at)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

const struct cr_symbol *cr_symbol_around(const struct cr_object *obj, cr_addr at)
{
	size_t i = cr_symbols_from(obj, at);
	const struct cr_symbol *s;

	/* Functions come first of those at one address. */
	if (i < obj->n_sym && obj->sym[i].at == at && cr_symbol_is_function(&obj->sym[i]))
		return &obj->sym[i];
	/* They do not nest, so the last one with a size decides. */
	if (!i || !obj->sym[i - 1].sized)
		return NULL;
	s = &obj->sym[obj->sym[i - 1].sized - 1];
	return at - s->at < s->size ? s : NULL;
}

static const char *other_in(Elf *elf, unsigned int type, const char *wanted_name)
{
	const char *name;
	struct table t;
	GElf_Sym sym;
	size_t i;

	if (!table_open(elf, type, &t))
		return NULL;
	for (i = 1; i < t.n && gelf_getsym(t.data, (int)i, &sym); i++) {
		name = elf_strptr(elf, t.strings, sym.st_name);
		if (!name || strcmp(name, wanted_name) != 0)
			continue;
		if (sym.st_shndx == SHN_UNDEF)
			return "imported";
		switch (GELF_ST_TYPE(sym.st_info)) {
		case STT_OBJECT:
		case STT_COMMON:
		case STT_TLS:
		case STT_NOTYPE:
			return "data";
		default:
			break;
		}
	}
	return NULL;
}

const char *cr_symbols_other(const struct cr_object *obj, const char *name)
{
	const char *is = other_in(obj->self.elf, SHT_SYMTAB, name);

	if (!is)
		is = other_in(obj->self.elf, SHT_DYNSYM, name);
	if (!is)
		is = other_in(obj->debug.elf, SHT_SYMTAB, name);
	return is;
}

/* One ".part.0" at the end of @name[0..len): the length without it, @len when there is none. */
static size_t without_clone(const char *name, size_t len, bool *cold)
{
	static const char *const kinds[] = { ".constprop", ".isra", ".part", ".cold", ".lto_priv",
					     ".localalias", ".llvm", ".specialized" };
	size_t i, k, dot = len;

	while (dot && name[dot - 1] >= '0' && name[dot - 1] <= '9')
		dot--;
	if (dot == len || !dot || name[dot - 1] != '.')
		dot = len;
	else
		dot--;
	for (i = 0; i < CR_ARRAY_SIZE(kinds); i++) {
		k = strlen(kinds[i]);
		if (dot <= k || strncmp(name + dot - k, kinds[i], k) != 0)
			continue;
		if (strcmp(kinds[i], ".cold") == 0)
			*cold = true;
		return dot - k;
	}
	return len;
}

size_t cr_symbol_stem(const char *name, bool *cold)
{
	size_t len = strlen(name), shorter;

	*cold = false;
	while ((shorter = without_clone(name, len, cold)) < len)
		len = shorter;
	return len;
}
