/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * .gopclntab: what Go's runtime needs for its stack traces, and so what is left when a Go program
 * is stripped. The layout is that of Go 1.18 and later, on a 64-bit little-endian machine.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "image-int.h"

#define MAGIC_118 0xfffffff0u
#define MAGIC_120 0xfffffff1u
#define NAME_LEN_MAX 4096u

struct header {
	uint32_t magic;
	uint8_t zero[2];
	uint8_t quantum;
	uint8_t word;
	uint64_t n_funcs;
	uint64_t n_files;
	uint64_t text;		/* zero in a PIE whose relocations are elsewhere */
	uint64_t names;
	uint64_t units;
	uint64_t files;
	uint64_t pcs;
	uint64_t funcs;
};

struct entry {
	uint32_t at;		/* from text */
	uint32_t func;		/* from header.funcs */
};

struct tab {
	const char *base;
	size_t len;
	struct header h;
};

static bool fetch(const struct tab *t, uint64_t off, void *to, size_t len)
{
	if (off > t->len || len > t->len - off)
		return false;
	memcpy(to, t->base + off, len);
	return true;
}

static const char *name_at(const struct tab *t, uint64_t off)
{
	size_t left;

	if (off >= t->len)
		return NULL;
	/* All entries may point at one name that goes on to the file's end. */
	left = t->len - off < NAME_LEN_MAX ? t->len - off : NAME_LEN_MAX;
	if (!memchr(t->base + off, 0, left))
		return NULL;
	return t->base + off;
}

static const char *name_of(const struct tab *t, const struct entry *e)
{
	uint32_t func[2];	/* entry offset, name offset */

	if (t->h.funcs > t->len || !fetch(t, t->h.funcs + e->func, func, sizeof(func)) ||
	    t->h.names > t->len)
		return NULL;
	return name_at(t, t->h.names + func[1]);
}

static int add(struct cr_object *obj, const struct tab *t, uint64_t i)
{
	struct entry e, next = { 0, 0 };
	uint64_t off = t->h.funcs + i * sizeof(e);
	const char *name;
	int rc;

	/* Behind the last entry there is one more address, where the text ends. */
	if (!fetch(t, off, &e, sizeof(e)) || !fetch(t, off + sizeof(e), &next.at, sizeof(next.at)))
		return -ENOEXEC;
	name = name_of(t, &e);
	if (!name || !*name || next.at <= e.at || !cr_object_is_text(obj, t->h.text + e.at))
		return 0;
	rc = CR_GROW(obj->sym, obj->n_sym);
	if (rc < 0)
		return rc;
	obj->sym[obj->n_sym++] = (struct cr_symbol){
		.at = t->h.text + e.at,
		.size = next.at - e.at,
		.name = name,
		.type = STT_LOPROC,
		.bind = STB_LOCAL,
	};
	return 0;
}

static bool open_tab(struct cr_object *obj, struct tab *t)
{
	const struct cr_reloc *rel;
	Elf_Data *data;
	GElf_Shdr sh, text;
	Elf_Scn *scn;

	scn = cr_object_section(obj->self.elf, ".gopclntab", &sh);
	if (!scn)
		scn = cr_object_section(obj->self.elf, ".data.rel.ro.gopclntab", &sh);
	data = scn ? elf_getdata(scn, NULL) : NULL;
	if (!data || !data->d_buf)
		return false;
	t->base = data->d_buf;
	t->len = data->d_size;
	if (!fetch(t, 0, &t->h, sizeof(t->h)) || t->h.word != 8 ||
	    (t->h.magic != MAGIC_118 && t->h.magic != MAGIC_120))
		return false;
	if (!t->h.text && cr_relocs_read(obj) == 0) {
		rel = cr_reloc_at(obj, sh.sh_addr + offsetof(struct header, text));
		if (rel)
			t->h.text = rel->value;
		else if (cr_object_section(obj->self.elf, ".text", &text))
			t->h.text = text.sh_addr;
	}
	return true;
}

/* The last entry at or before @at. */
static bool entry_of(const struct tab *t, cr_addr at, struct entry *e)
{
	uint64_t lo = 0, hi = t->h.n_funcs, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (!fetch(t, t->h.funcs + mid * sizeof(*e), e, sizeof(*e)))
			return false;
		if (t->h.text + e->at <= at)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo && fetch(t, t->h.funcs + (lo - 1) * sizeof(*e), e, sizeof(*e));
}

cr_addr cr_gotab_defer(struct cr_object *obj, cr_addr entry)
{
	uint32_t func[4];	/* entry offset, name offset, size of arguments, deferreturn */
	struct entry e;
	struct tab t;

	if (!obj->go || !open_tab(obj, &t) || t.h.n_funcs > t.len / sizeof(e) ||
	    t.h.funcs > t.len || !entry_of(&t, entry, &e) || t.h.text + e.at != entry ||
	    !fetch(&t, t.h.funcs + e.func, func, sizeof(func)) || !func[3])
		return 0;
	return entry + func[3];
}

int cr_gotab_read(struct cr_object *obj)
{
	GElf_Shdr sh;
	struct tab t;
	uint64_t i;
	int rc = 0;

	if (obj->word != 8 || !open_tab(obj, &t))
		return 0;
	obj->go = true;
	/* A symbol table has the same functions and, with cgo, more. */
	if (cr_object_section(obj->self.elf, ".symtab", &sh))
		return 0;
	if (t.h.n_funcs > t.len / sizeof(struct entry))
		return 0;
	for (i = 0; !rc && i < t.h.n_funcs && i < CR_SYMBOLS_MAX; i++)
		rc = add(obj, &t, i);
	return rc == -ENOEXEC ? 0 : rc;
}
