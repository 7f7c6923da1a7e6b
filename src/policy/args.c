/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "cr/names.h"
#include "flags.h"

/* From this number on, x32 has calls of its own: they come in by i386's entries, which take longs
 * of 32 bits (arch/x86/entry/syscalls/syscall_64.tbl). */
#define X32_OWN 512

int cr_arg_decider(enum cr_arg kind)
{
	if (kind == CR_ARG_SOCKOPT)
		return 1;
	return kind == CR_ARG_PROTOCOL ? 0 : -1;
}

static enum cr_arg option_of(uint64_t level)
{
	switch ((uint32_t)level) {
	case SOL_SOCKET:
		return CR_ARG_SO_SOCKET;
	case IPPROTO_IP:
		return CR_ARG_SO_IP;
	case IPPROTO_IPV6:
		return CR_ARG_SO_IPV6;
	case IPPROTO_TCP:
		return CR_ARG_SO_TCP;
	case SOL_NETLINK:
		return CR_ARG_SO_NETLINK;
	case SOL_PACKET:
		return CR_ARG_SO_PACKET;
	}
	return CR_ARG_SOCKOPT;
}

static enum cr_arg protocol_of(uint64_t domain)
{
	switch ((uint32_t)domain) {
	case AF_INET:
	case AF_INET6:
		return CR_ARG_IPPROTO;
	case AF_NETLINK:
		return CR_ARG_NETLINK;
	}
	return CR_ARG_INT;
}

enum cr_arg cr_arg_decided(enum cr_arg kind, const uint64_t *value)
{
	if (!value)
		return kind;
	if (kind == CR_ARG_SOCKOPT)
		return option_of(*value);
	return kind == CR_ARG_PROTOCOL ? protocol_of(*value) : kind;
}

unsigned int cr_arg_bits(enum cr_abi abi, uint32_t nr, enum cr_arg kind)
{
	unsigned int bits = cr_kinds[kind].bits;

	if (bits == 64 && (cr_abi_facts[abi].word == 4 || (abi == CR_ABI_X32 && nr >= X32_OWN)))
		return 32;
	return bits;
}

bool cr_arg_signed(enum cr_arg kind)
{
	return cr_kinds[kind].sign;
}

static void print_number(struct cr_buf *out, const struct cr_kind *k, unsigned int bits,
			 uint64_t value)
{
	/* Moved to the top and back, the highest of @bits becomes the sign. */
	unsigned int shift = 64 - bits;

	if (k->base == 10 && k->sign)
		cr_buf_addf(out, "%lld", (long long)((int64_t)(value << shift) >> shift));
	else if (k->base == 10)
		cr_buf_addf(out, "%llu", (unsigned long long)value);
	else if (k->base == 8)
		cr_buf_addf(out, "%#llo", (unsigned long long)value);
	else if (value && value == UINT64_MAX >> shift && k->sign)
		cr_buf_add(out, "-1");
	else
		cr_buf_addf(out, "0x%llx", (unsigned long long)value);
}

/* The name of the one-of-several part, taken off @value. */
static const char *take_one(const struct cr_kind *k, uint64_t *value)
{
	const struct cr_flag *f;
	/* Without such a part the only one to be named is the word 0. */
	uint64_t part = k->mask ? *value & k->mask : *value;

	for (f = k->one; f && f->name; f++) {
		if (f->value == part) {
			*value -= part;
			return f->name;
		}
	}
	return NULL;
}

/* @first is what was printed of it already, or NULL. */
static void print_flags(struct cr_buf *out, const struct cr_kind *k, unsigned int bits,
			uint64_t value, const char *first)
{
	const struct cr_flag *f;
	const char *bar = first ? "|" : "";

	if (first)
		cr_buf_add(out, first);
	for (f = k->flags; f && f->name; f++) {
		if (!f->value || (value & f->value) != f->value)
			continue;
		cr_buf_addf(out, "%s%s", bar, f->name);
		value &= ~f->value;
		bar = "|";
	}
	if (value) {
		cr_buf_add(out, bar);
		print_number(out, k, bits, value);
	} else if (!*bar) {
		cr_buf_add(out, "0");
	}
}

void cr_arg_print(struct cr_buf *out, enum cr_arg kind, unsigned int bits, uint64_t value,
		  uint64_t mask)
{
	const struct cr_kind *k = &cr_kinds[kind];
	uint64_t whole = bits ? UINT64_MAX >> (64 - bits) : UINT64_MAX;
	const char *one = NULL;

	if (!bits)
		bits = 64;
	value &= whole;
	mask &= whole;
	/* "All bits" is a word of its own (personality), not a list of all names. */
	if ((!k->one && !k->flags) || (k->flags && value == whole)) {
		print_number(out, k, bits, value);
		return;
	}
	/* A part that was masked in part may have the number of another name. */
	if (k->mask ? (mask & k->mask & whole) == (k->mask & whole) : mask == whole)
		one = take_one(k, &value);
	print_flags(out, k, bits, value, one);
}

void cr_arg_print_mask(struct cr_buf *out, enum cr_arg kind, unsigned int bits, uint64_t mask)
{
	const struct cr_kind *k = &cr_kinds[kind];
	const char *first = NULL;

	if (k->mask_name && (mask & k->mask) == k->mask) {
		first = k->mask_name;
		mask &= ~k->mask;
	} else if (mask & k->mask) {
		first = take_one(k, &mask);
	}
	if (first || k->flags)
		print_flags(out, k, bits, mask, first);
	else
		cr_buf_addf(out, "0x%llx", (unsigned long long)mask);
}

static bool find(const struct cr_flag *f, const char *name, uint64_t *value)
{
	for (; f && f->name; f++) {
		if (strcmp(f->name, name) != 0)
			continue;
		*value = f->value;
		return true;
	}
	return false;
}

int cr_arg_value(enum cr_arg kind, const char *name, uint64_t *value)
{
	const struct cr_kind *k = &cr_kinds[kind];

	if (find(k->one, name, value) || find(k->flags, name, value))
		return 0;
	if (!k->mask_name || strcmp(k->mask_name, name) != 0)
		return -ENOENT;
	*value = k->mask;
	return 0;
}

enum cr_arg cr_arg_with(const char *name)
{
	uint64_t value;
	int kind;

	for (kind = CR_ARG_SETS; kind < CR_ARG_COUNT; kind++)
		if (cr_arg_value((enum cr_arg)kind, name, &value) == 0)
			return (enum cr_arg)kind;
	return CR_ARG_END;
}

const char *cr_arg_nearest(enum cr_arg kind, const char *name)
{
	const struct cr_flag *lists[] = { cr_kinds[kind].one, cr_kinds[kind].flags }, *f;
	unsigned int best = (unsigned int)strlen(name) / 4 + 2, d;
	const char *near = NULL;
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(lists); i++) {
		for (f = lists[i]; f && f->name; f++) {
			d = cr_name_distance(name, f->name);
			if (d >= best || d >= strlen(name))
				continue;
			best = d;
			near = f->name;
		}
	}
	return near;
}
