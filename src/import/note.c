/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <elf.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "import-int.h"

/*
 * What the tools of the Chestnut paper leave in a binary: a note section with call numbers, by
 * the compiler as text (type 0x402), by the patcher as three bytes for each number, one for each
 * decimal digit (type 0); or, behind the end of the ELF file, a policy as JSON and its length.
 * Numbers are of the binary's own ABI.
 */
#define NOTE_TEXT 0x402u
#define NOTE_DIGITS 0u

struct image {
	const unsigned char *s;	/* borrowed */
	size_t len;
	enum cr_abi abi;
};

/* The facts of one section. */
struct part {
	uint64_t name, type, at, len;
};

static uint64_t get(const unsigned char *s, size_t n)
{
	uint64_t v = 0;

	while (n--)
		v = v << 8 | s[n];
	return v;
}

static bool inside(const struct image *im, uint64_t at, uint64_t len)
{
	return at <= im->len && len <= im->len - at;
}

static int add_number(struct cr_reader *r, const struct image *im, unsigned long nr)
{
	if (nr >= CR_NR_MAX)
		return cr_reader_bad(r, "%lu is no call number", nr);
	return cr_reader_allow(r, im->abi, (uint32_t)nr, NULL);
}

static int read_text(struct cr_reader *r, const struct image *im, const unsigned char *s, size_t n)
{
	unsigned long nr;
	size_t i = 0;
	int rc = 0;

	while (rc == 0 && i < n) {
		if (s[i] == ' ' || s[i] == '\n' || s[i] == '\0') {
			i++;
			continue;
		}
		for (nr = 0; i < n && s[i] >= '0' && s[i] <= '9' && nr < CR_NR_MAX; i++)
			nr = nr * 10 + s[i] - '0';
		if (i < n && s[i] != ' ' && s[i] != '\n' && s[i] != '\0') {
			rc = cr_reader_bad(r, "the note has something else than numbers in it");
			while (i < n && s[i] != ' ')
				i++;
			continue;
		}
		rc = add_number(r, im, nr);
	}
	return rc;
}

static int read_digits(struct cr_reader *r, const struct image *im, const unsigned char *s,
		       size_t n)
{
	unsigned int digit, nr, k;
	size_t i;
	int rc = n % 3 ? cr_reader_bad(r, "the note is cut off in a number") : 0;

	for (i = 0; rc == 0 && i + 3 <= n; i += 3) {
		nr = 0;
		for (k = 0; k < 3; k++) {
			digit = s[i + k] >= '0' ? s[i + k] - '0' : s[i + k];
			nr = digit > 9 ? CR_NR_MAX : nr * 10 + digit;
		}
		rc = add_number(r, im, nr);
	}
	return rc;
}

static int read_notes(struct cr_reader *r, const struct image *im, const struct part *sec)
{
	uint64_t at = sec->at, left = sec->len, name, desc, type, head;
	int rc = 0;

	while (rc == 0 && left >= sizeof(Elf32_Nhdr)) {
		name = get(im->s + at, 4);
		desc = get(im->s + at + 4, 4);
		type = get(im->s + at + 8, 4);
		head = sizeof(Elf32_Nhdr) + ((name + 3) & ~3ull);
		if (head > left || desc > left - head)
			return cr_reader_bad(r, "the note is longer than its section");
		if (type == NOTE_TEXT)
			rc = read_text(r, im, im->s + at + head, desc);
		else if (type == NOTE_DIGITS)
			rc = read_digits(r, im, im->s + at + head, desc);
		else
			cr_reader_loss(r, "a note of type %#llx is left out",
				       (unsigned long long)type);
		head += (desc + 3) & ~3ull;
		head = head < left ? head : left;
		at += head;
		left -= head;
	}
	return rc;
}

static bool section(const struct image *im, uint64_t table, unsigned int i, struct part *sec)
{
	bool wide = im->s[EI_CLASS] == ELFCLASS64;
	size_t size = wide ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);
	const unsigned char *s;

	if (!inside(im, table, (uint64_t)size * (i + 1)))
		return false;
	s = im->s + table + size * i;
	sec->name = get(s, 4);
	sec->type = get(s + 4, 4);
	sec->at = get(s + (wide ? 24 : 16), wide ? 8 : 4);
	sec->len = get(s + (wide ? 32 : 20), wide ? 8 : 4);
	return sec->type == SHT_NOBITS || inside(im, sec->at, sec->len);
}

static int read_sections(struct cr_reader *r, struct image *im)
{
	static const char want[] = ".note.syscalls";
	bool wide = im->s[EI_CLASS] == ELFCLASS64;
	uint64_t table = get(im->s + (wide ? 40 : 32), wide ? 8 : 4);
	unsigned int n = (unsigned int)get(im->s + (wide ? 60 : 48), 2), i;
	unsigned int strings = (unsigned int)get(im->s + (wide ? 62 : 50), 2);
	uint64_t machine = get(im->s + 18, 2);
	struct part names, sec;
	int rc = 0;

	if (im->s[EI_DATA] != ELFDATA2LSB || (machine != EM_X86_64 && machine != EM_386))
		return cr_err_set(r->err, -EINVAL, "%s is for another machine", r->path);
	im->abi = machine == EM_386 ? CR_ABI_I386 : wide ? CR_ABI_X86_64 : CR_ABI_X32;
	if (!n || !section(im, table, strings, &names) || names.type == SHT_NOBITS)
		return 0;
	for (i = 0; rc == 0 && i < n && section(im, table, i, &sec); i++) {
		if (sec.type == SHT_NOBITS || sec.name > names.len ||
		    names.len - sec.name < sizeof(want) ||
		    memcmp(im->s + names.at + sec.name, want, sizeof(want)) != 0)
			continue;
		rc = read_notes(r, im, &sec);
	}
	return rc;
}

static int read_policy(struct cr_reader *r, const struct image *im, struct json_object *top)
{
	struct json_object *list, *v;
	const char *enforce;
	size_t i;
	int rc = 0;

	if (!json_object_object_get_ex(top, "syscalls", &list) ||
	    !json_object_is_type(list, json_type_array))
		return cr_reader_bad(r, "the policy at the end has no list of syscalls");
	if (json_object_object_get_ex(top, "version", &v) && json_object_get_int(v) != 1)
		return cr_reader_bad(r, "the policy at the end is of version %d, not 1",
				     json_object_get_int(v));
	enforce = json_object_object_get_ex(top, "enforce", &v) ? json_object_get_string(v) : "";
	if (enforce && strcmp(enforce, "log") == 0)
		r->to->policy->mode = CR_MODE_AUDIT;
	else if (enforce && strcmp(enforce, "trap") == 0)
		cr_reader_loss(r, "\"enforce\": \"trap\" becomes kill: it raises no signal");
	for (i = 0; rc == 0 && i < json_object_array_length(list); i++) {
		v = json_object_array_get_idx(list, i);
		if (!json_object_is_type(v, json_type_int) || json_object_get_int64(v) < 0 ||
		    json_object_get_int64(v) >= CR_NR_MAX)
			rc = cr_reader_bad(r, "syscalls[%zu] is no call number", i);
		else
			rc = add_number(r, im, (unsigned long)json_object_get_int64(v));
	}
	return rc;
}

/* The length is either that of the JSON or of both together: what it points to begins with "{". */
static int read_trailer(struct cr_reader *r, const struct image *im)
{
	struct json_tokener *tok;
	struct json_object *top;
	uint64_t len, at;
	int rc = 0;

	if (im->len < 8)
		return 0;
	len = get(im->s + im->len - 4, 4);
	if (len < 2 || len > im->len - 4 || len > CR_IMPORT_MAX)
		return 0;
	at = im->len - 4 - len;
	if (im->s[at] != '{')
		return 0;
	tok = json_tokener_new_ex(8);
	if (!tok)
		return cr_err_sys(r->err, -ENOMEM, "cannot read %s", r->path);
	top = json_tokener_parse_ex(tok, (const char *)im->s + at, (int)len);
	if (!json_object_is_type(top, json_type_object))
		rc = cr_reader_bad(r, "the policy at the end is no JSON: %s",
				   json_tokener_error_desc(json_tokener_get_error(tok)));
	else
		rc = read_policy(r, im, top);
	json_object_put(top);
	json_tokener_free(tok);
	return rc;
}

static int read_image(struct cr_reader *r, struct image *im)
{
	int rc = 0;

	if (im->len >= sizeof(Elf64_Ehdr) && memcmp(im->s, ELFMAG, SELFMAG) == 0)
		rc = read_sections(r, im);
	return rc < 0 ? rc : read_trailer(r, im);
}

/* A binary may be large, so it is mapped, not read; a pipe is read. */
int cr_read_note(struct cr_reader *r)
{
	cr_auto_buf struct cr_buf all = CR_BUF_INIT;
	struct image im = { .abi = CR_ABI_NATIVE };
	struct stat st;
	void *map;
	int rc;

	if (fstat(r->fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size == 0) {
		rc = cr_reader_all(r, &all);
		im.s = (const unsigned char *)cr_buf_str(&all);
		im.len = all.len;
		return rc < 0 ? rc : read_image(r, &im);
	}
	im.len = (size_t)st.st_size;
	map = mmap(NULL, im.len, PROT_READ, MAP_PRIVATE, r->fd, 0);
	if (map == MAP_FAILED)
		return cr_err_sys(r->err, -errno, "cannot read %s", r->path);
	im.s = map;
	rc = read_image(r, &im);
	munmap(map, im.len);
	return rc;
}
