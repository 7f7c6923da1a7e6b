/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#include "cr/decode.h"
#include "cr/names.h"
#include "decode-int.h"

#define STRING_SHOWN 64

static void put_hex(struct cr_buf *out, uint64_t value)
{
	cr_buf_addf(out, "0x%llx", (unsigned long long)value);
}

/* Whatever is no plain character is escaped: the target must not speak to a terminal. */
static void put_char(struct cr_buf *out, unsigned char c)
{
	static const char special[] = "\a\b\t\n\v\f\r\"\\", letters[] = "abtnvfr\"\\";
	const char *at = c ? strchr(special, c) : NULL;

	if (at)
		cr_buf_addf(out, "\\%c", letters[at - special]);
	else if (c >= ' ' && c <= '~')
		cr_buf_addf(out, "%c", c);
	else
		cr_buf_addf(out, "\\x%02x", c);
}

static void put_pointer(struct cr_buf *out, uint64_t value)
{
	if (value)
		put_hex(out, value);
	else
		cr_buf_add(out, "NULL");
}

static void put_string(struct cr_buf *out, uint64_t at, const struct cr_site *site)
{
	char text[STRING_SHOWN + 2];
	int i, len = -1;

	if (at && site && site->string)
		len = site->string(site, at, text, sizeof(text));
	if (len < 0) {
		put_pointer(out, at);
		return;
	}
	cr_buf_add(out, "\"");
	for (i = 0; i < len && i < STRING_SHOWN; i++)
		put_char(out, (unsigned char)text[i]);
	cr_buf_add(out, len > STRING_SHOWN ? "\"..." : "\"");
}

static void put_signal(struct cr_buf *out, int sig)
{
	const struct cr_flag *f = cr_flag_sets[CR_ARG_SIGNAL].one;

	while (f->name && f->value != (uint32_t)sig)
		f++;
	if (f->name)
		cr_buf_add(out, f->name);
	else
		cr_buf_addf(out, "%d", sig);
}

/* The name of the one-of-several part, taken off @value. */
static const char *take_one(const struct cr_flag_set *set, uint64_t *value)
{
	const struct cr_flag *f;
	/* Without such a part the only one to be named is the word 0. */
	uint64_t part = set->mask ? *value & set->mask : *value;

	for (f = set->one; f && f->name; f++) {
		if (f->value == part) {
			*value -= part;
			return f->name;
		}
	}
	return NULL;
}

static void put_set(struct cr_buf *out, uint64_t value, const struct cr_flag_set *set)
{
	const struct cr_flag *f;
	const char *bar = "", *one;

	if (!set->wide)
		value = (uint32_t)value;
	one = take_one(set, &value);
	if (one) {
		cr_buf_add(out, one);
		bar = "|";
	}
	for (f = set->bits; f && f->name; f++) {
		if (!f->value || (value & f->value) != f->value)
			continue;
		cr_buf_addf(out, "%s%s", bar, f->name);
		value &= ~f->value;
		bar = "|";
	}
	if (value) {
		cr_buf_add(out, bar);
		put_hex(out, value);
	} else if (!*bar) {
		cr_buf_add(out, "0");
	}
}

/* As wide as the ABI's registers, with their sign. */
static long long as_long(const struct cr_call *call, uint64_t value)
{
	return cr_abi_facts[call->abi].word == 4 ? (int32_t)value : (int64_t)value;
}

static bool is_int(enum cr_arg kind)
{
	return kind == CR_ARG_INT || kind == CR_ARG_FD || kind == CR_ARG_DIRFD ||
	       kind == CR_ARG_PID;
}

static void put_arg(struct cr_buf *out, enum cr_arg kind, uint64_t value,
		    const struct cr_call *call, const struct cr_site *site)
{
	/* What the kernel takes for an int is the lower half, whatever the upper one says. */
	int low = (int32_t)value;

	if (kind >= CR_ARG_SETS) {
		put_set(out, value, &cr_flag_sets[kind]);
	} else if (kind == CR_ARG_DIRFD && low == AT_FDCWD) {
		cr_buf_add(out, "AT_FDCWD");
	} else if (is_int(kind)) {
		cr_buf_addf(out, "%d", low);
	} else if (kind == CR_ARG_UINT) {
		cr_buf_addf(out, "%u", (unsigned int)low);
	} else if (kind == CR_ARG_LONG) {
		cr_buf_addf(out, "%lld", as_long(call, value));
	} else if (kind == CR_ARG_SIZE) {
		cr_buf_addf(out, "%llu", (unsigned long long)value);
	} else if (kind == CR_ARG_MODE) {
		cr_buf_addf(out, "%#o", (unsigned int)low);
	} else if (kind == CR_ARG_SIGNAL) {
		put_signal(out, low);
	} else if (kind == CR_ARG_PATH) {
		put_string(out, value, site);
	} else if (kind == CR_ARG_PTR) {
		put_pointer(out, value);
	} else {
		put_hex(out, value);
	}
}

/* The names of socket options are those of SOL_SOCKET; elsewhere they are numbers. */
static enum cr_arg kind_of(const struct cr_signature *sig, size_t i, const struct cr_call *call)
{
	if (sig->args[i] == CR_ARG_SOCKOPT && (int32_t)call->args[1] != SOL_SOCKET)
		return CR_ARG_INT;
	return sig->args[i];
}

static void put_raw(struct cr_buf *out, const struct cr_call *call)
{
	size_t i, n = CR_ARRAY_SIZE(call->args);

	while (n && !call->args[n - 1])
		n--;
	for (i = 0; i < n; i++) {
		cr_buf_add(out, i ? ", " : "");
		put_hex(out, call->args[i]);
	}
}

void cr_decode_call(const struct cr_call *call, const struct cr_site *site, struct cr_buf *out)
{
	const struct cr_signature *sig;
	char name[CR_NAME_MAX];
	size_t i;

	cr_nr_to_name(call->abi, call->nr, name);
	cr_buf_addf(out, "%s(", name);
	sig = cr_signature_find(name);
	if (!sig)
		put_raw(out, call);
	for (i = 0; sig && i < CR_ARRAY_SIZE(sig->args) && sig->args[i] != CR_ARG_END; i++) {
		cr_buf_add(out, i ? ", " : "");
		put_arg(out, kind_of(sig, i, call), call->args[i], call, site);
	}
	cr_buf_add(out, ")");
}
