/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include "cr/args.h"
#include "cr/decode.h"
#include "cr/names.h"

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

/* What an argument is, once the one that decides has been looked at. */
static enum cr_arg kind_of(const struct cr_signature *sig, size_t i, const struct cr_call *call)
{
	int by = cr_arg_decider(sig->args[i]);

	return cr_arg_decided(sig->args[i], by < 0 ? NULL : &call->args[by]);
}

static void put_arg(struct cr_buf *out, enum cr_arg kind, uint64_t value,
		    const struct cr_call *call, const struct cr_site *site)
{
	if (kind == CR_ARG_PATH)
		put_string(out, value, site);
	else if (kind == CR_ARG_PTR)
		put_pointer(out, value);
	else
		cr_arg_print(out, kind, cr_arg_bits(call->abi, call->nr, kind), value, UINT64_MAX);
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
	sig = cr_signature_find(call->abi, name);
	if (!sig)
		put_raw(out, call);
	for (i = 0; sig && i < CR_ARRAY_SIZE(sig->args) && sig->args[i] != CR_ARG_END; i++) {
		cr_buf_add(out, i ? ", " : "");
		put_arg(out, kind_of(sig, i, call), call->args[i], call, site);
	}
	cr_buf_add(out, ")");
}
