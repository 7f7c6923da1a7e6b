/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * .gnu_debugdata: a symbol table in an xz file in a section. libdwfl would unpack it too, but
 * into as much memory as it asks for, and a kilobyte of xz can ask for seven megabytes.
 */
#include "config.h"

#include <lzma.h>

#include "image-int.h"

#define UNPACKED_MIN (1u << 20)
#define UNPACKED_MAX (256u << 20)
#define DICTIONARY_MAX (128u << 20)

Elf *cr_mini_open(const void *packed, size_t len, void **mem)
{
	uint64_t limit = DICTIONARY_MAX;
	size_t room = UNPACKED_MIN, in = 0, out = 0;
	lzma_ret rc = LZMA_BUF_ERROR;
	unsigned char *buf = NULL, *more;
	Elf *elf = NULL;

	while (rc == LZMA_BUF_ERROR && room <= UNPACKED_MAX) {
		more = realloc(buf, room);
		if (!more)
			break;
		buf = more;
		in = out = 0;
		rc = lzma_stream_buffer_decode(&limit, 0, NULL, packed, &in, len, buf, &out, room);
		room *= 4;
	}
	if (rc == LZMA_OK)
		elf = elf_memory((char *)buf, out);
	if (elf && (elf_kind(elf) != ELF_K_ELF || !cr_debug_vet(elf))) {
		elf_end(elf);
		elf = NULL;
	}
	if (!elf)
		free(buf);
	else
		*mem = buf;
	return elf;
}
