/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words that the loader computes from the load address: tables of code addresses among them. */
#include "config.h"

#include <errno.h>

#include "image-int.h"

static int add(struct cr_object *obj, const GElf_Rela *r)
{
	unsigned int type = (unsigned int)GELF_R_TYPE(r->r_info);
	bool ifunc = type == (obj->word == 8 ? (unsigned int)R_X86_64_IRELATIVE :
					       (unsigned int)R_386_IRELATIVE);
	int rc;

	if (!ifunc && type != (obj->word == 8 ? (unsigned int)R_X86_64_RELATIVE :
						(unsigned int)R_386_RELATIVE))
		return 0;
	/* Only those that point at code are of use. */
	if (!cr_object_is_text(obj, (cr_addr)r->r_addend))
		return 0;
	rc = CR_GROW(obj->rel, obj->n_rel);
	if (rc < 0)
		return rc;
	obj->rel[obj->n_rel++] = (struct cr_reloc){ r->r_offset, (cr_addr)r->r_addend, ifunc };
	return 0;
}

/* i386 has the addend in the word itself. */
static void fetch(const struct cr_object *obj, GElf_Rela *r)
{
	uint32_t word = 0;

	if (cr_object_read(obj, r->r_offset, &word, sizeof(word)) < sizeof(word))
		word = 0;
	r->r_addend = word;
}

static int section(struct cr_object *obj, Elf_Scn *scn, const GElf_Shdr *sh)
{
	Elf_Data *data = elf_getdata(scn, NULL);
	GElf_Rela rela;
	GElf_Rel rel;
	size_t i, n;
	int rc = 0;

	n = data && sh->sh_entsize ? data->d_size / sh->sh_entsize : 0;
	for (i = 0; !rc && i < n; i++) {
		if (sh->sh_type == SHT_RELA) {
			if (!gelf_getrela(data, (int)i, &rela))
				break;
		} else {
			if (!gelf_getrel(data, (int)i, &rel))
				break;
			rela = (GElf_Rela){ rel.r_offset, rel.r_info, 0 };
			fetch(obj, &rela);
		}
		rc = add(obj, &rela);
	}
	return rc;
}

static int order(const void *a, const void *b)
{
	const struct cr_reloc *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

int cr_relocs_read(struct cr_object *obj)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;
	int rc;

	if (obj->rel_read)
		return 0;
	obj->rel_read = true;
	while ((scn = elf_nextscn(obj->self.elf, scn))) {
		if (!gelf_getshdr(scn, &sh) || !(sh.sh_flags & SHF_ALLOC) ||
		    (sh.sh_type != SHT_RELA && sh.sh_type != SHT_REL))
			continue;
		rc = section(obj, scn, &sh);
		if (rc < 0)
			return rc;
	}
	if (obj->n_rel)
		qsort(obj->rel, obj->n_rel, sizeof(*obj->rel), order);
	return 0;
}

const struct cr_reloc *cr_reloc_at(const struct cr_object *obj, cr_addr at)
{
	size_t lo = 0, hi = obj->n_rel, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (obj->rel[mid].at < at)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < obj->n_rel && obj->rel[lo].at == at ? &obj->rel[lo] : NULL;
}

ssize_t cr_object_ifunc_slots(struct cr_object *obj, cr_addr resolver, cr_addr *slot, size_t max)
{
	size_t i, n = 0;
	int rc = cr_relocs_read(obj);

	if (rc < 0)
		return rc;
	for (i = 0; i < obj->n_rel; i++)
		if (obj->rel[i].ifunc && obj->rel[i].value == resolver && n++ < max)
			slot[n - 1] = obj->rel[i].at;
	return (ssize_t)n;
}
