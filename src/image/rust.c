/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rust's newer names ("v0", RFC 2603): _RNvMs_NtCs1234_4demo5shapeNtB4_6Square4area is
 * <demo::shape::Square>::area. Lifetimes and the values of constants are not shown in full.
 */
#include "config.h"

#include <ctype.h>
#include <string.h>

#include "cr/buf.h"
#include "image-int.h"

#define DEPTH_MAX 64u
#define PLAIN_MAX 4096u		/* names that refer back to themselves would grow for ever */

struct mangled {
	const char *s;		/* behind "_R" */
	size_t at;
	size_t len;
	unsigned int depth;
	bool bad;
	bool quiet;		/* read, but print nothing */
	struct cr_buf *out;
};

static void path(struct mangled *m, bool in_value);
static void type(struct mangled *m);

static char peek(const struct mangled *m)
{
	return m->at < m->len ? m->s[m->at] : '\0';
}

static char next(struct mangled *m)
{
	if (m->at < m->len)
		return m->s[m->at++];
	m->bad = true;
	return '\0';
}

static bool eat(struct mangled *m, char c)
{
	if (peek(m) != c)
		return false;
	m->at++;
	return true;
}

static void print(struct mangled *m, const char *s, size_t n)
{
	if (m->quiet)
		return;
	cr_buf_addn(m->out, s, n);
	if (m->out->len > PLAIN_MAX)
		m->bad = true;
}

static void say(struct mangled *m, const char *s)
{
	print(m, s, strlen(s));
}

/* "_" is 0, "0_" is 1, digits are 0-9a-zA-Z. */
static uint64_t base62(struct mangled *m)
{
	uint64_t v = 0;
	char c;

	if (eat(m, '_'))
		return 0;
	while (!m->bad && (c = next(m)) != '_') {
		v *= 62;
		if (isdigit((unsigned char)c))
			v += (uint64_t)(c - '0');
		else if (islower((unsigned char)c))
			v += (uint64_t)(c - 'a' + 10);
		else if (isupper((unsigned char)c))
			v += (uint64_t)(c - 'A' + 36);
		else
			m->bad = true;
	}
	return v + 1;
}

static void disambiguator(struct mangled *m)
{
	if (eat(m, 's'))
		base62(m);
}

/* An identifier: its length, perhaps "_", its letters. */
static struct cr_slice ident(struct mangled *m)
{
	struct cr_slice id = { m->s, 0 };
	size_t n = 0;

	eat(m, 'u');	/* punycode, shown as it is */
	if (!isdigit((unsigned char)peek(m)))
		m->bad = true;
	while (isdigit((unsigned char)peek(m)) && n < PLAIN_MAX)
		n = 10 * n + (size_t)(next(m) - '0');
	eat(m, '_');
	if (m->bad || n > m->len - m->at) {
		m->bad = true;
		return id;
	}
	id = (struct cr_slice){ m->s + m->at, n };
	m->at += n;
	return id;
}

/* "B" and where to: reads that place again with @what, then goes on here. */
static void again(struct mangled *m, void (*what)(struct mangled *m))
{
	size_t from = m->at - 1, here;
	uint64_t to = base62(m);

	if (m->bad || to >= from) {
		m->bad = true;
		return;
	}
	here = m->at;
	m->at = (size_t)to;
	what(m);
	m->at = here;
}

static void path_of_type(struct mangled *m)
{
	path(m, false);
}

static void path_of_value(struct mangled *m)
{
	path(m, true);
}

static void constant(struct mangled *m)
{
	if (eat(m, 'B')) {
		again(m, constant);
		return;
	}
	if (eat(m, 'p')) {
		say(m, "_");
		return;
	}
	next(m);	/* its type */
	if (eat(m, 'n'))
		say(m, "-");
	say(m, "0x");
	while (!m->bad && peek(m) != '_')
		print(m, m->s + m->at++, 1), m->bad = m->at >= m->len;
	next(m);
}

static void generic(struct mangled *m)
{
	if (eat(m, 'L'))
		base62(m);
	else if (eat(m, 'K'))
		constant(m);
	else
		type(m);
}

/* Up to "E": @one, with commas. */
static size_t many(struct mangled *m, void (*one)(struct mangled *m))
{
	size_t n = 0;

	while (!m->bad && !eat(m, 'E')) {
		if (n++)
			say(m, ", ");
		one(m);
	}
	return n;
}

/* The path of an impl block is where it stands; of interest is what it is for. */
static void skip_path(struct mangled *m)
{
	bool quiet = m->quiet;

	disambiguator(m);
	m->quiet = true;
	path(m, false);
	m->quiet = quiet;
}

static void nested(struct mangled *m, bool in_value)
{
	char space = next(m);
	struct cr_slice id;

	path(m, in_value);
	disambiguator(m);
	id = ident(m);
	if (isupper((unsigned char)space)) {
		say(m, space == 'C' ? "::{closure" : "::{shim");
		if (id.len)
			say(m, ":");
		print(m, id.s, id.len);
		say(m, "}");
	} else if (id.len) {
		say(m, "::");
		print(m, id.s, id.len);
	}
}

static void path_inner(struct mangled *m, bool in_value)
{
	struct cr_slice id;

	switch (next(m)) {
	case 'C':
		disambiguator(m);
		id = ident(m);
		print(m, id.s, id.len);
		return;
	case 'M':
		skip_path(m);
		say(m, "<");
		type(m);
		say(m, ">");
		return;
	case 'X':
		skip_path(m);
		/* fall through */
	case 'Y':
		say(m, "<");
		type(m);
		say(m, " as ");
		path(m, false);
		say(m, ">");
		return;
	case 'N':
		nested(m, in_value);
		return;
	case 'I':
		path(m, in_value);
		say(m, in_value ? "::<" : "<");
		many(m, generic);
		say(m, ">");
		return;
	case 'B':
		again(m, in_value ? path_of_value : path_of_type);
		return;
	default:
		m->bad = true;
	}
}

static void path(struct mangled *m, bool in_value)
{
	if (m->bad || ++m->depth > DEPTH_MAX) {
		m->bad = true;
		return;
	}
	path_inner(m, in_value);
	m->depth--;
}

static const char *const basic[26] = {
	['a' - 'a'] = "i8", ['b' - 'a'] = "bool", ['c' - 'a'] = "char", ['d' - 'a'] = "f64",
	['e' - 'a'] = "str", ['f' - 'a'] = "f32", ['h' - 'a'] = "u8", ['i' - 'a'] = "isize",
	['j' - 'a'] = "usize", ['l' - 'a'] = "i32", ['m' - 'a'] = "u32", ['n' - 'a'] = "i128",
	['o' - 'a'] = "u128", ['p' - 'a'] = "_", ['s' - 'a'] = "i16", ['t' - 'a'] = "u16",
	['u' - 'a'] = "()", ['v' - 'a'] = "...", ['x' - 'a'] = "i64", ['y' - 'a'] = "u64",
	['z' - 'a'] = "!",
};

static void function_type(struct mangled *m)
{
	struct cr_slice abi;

	if (eat(m, 'G'))
		base62(m);
	if (eat(m, 'U'))
		say(m, "unsafe ");
	if (eat(m, 'K')) {
		say(m, "extern \"");
		if (eat(m, 'C')) {
			say(m, "C");
		} else {
			abi = ident(m);
			print(m, abi.s, abi.len);
		}
		say(m, "\" ");
	}
	say(m, "fn(");
	many(m, type);
	say(m, ")");
	if (eat(m, 'u'))
		return;
	say(m, " -> ");
	type(m);
}

static void dyn_trait(struct mangled *m)
{
	struct cr_slice id;

	path(m, false);
	while (!m->bad && eat(m, 'p')) {
		id = ident(m);
		say(m, "<");
		print(m, id.s, id.len);
		say(m, " = ");
		type(m);
		say(m, ">");
	}
}

static void dyn(struct mangled *m)
{
	size_t n = 0;

	if (eat(m, 'G'))
		base62(m);
	say(m, "dyn ");
	while (!m->bad && !eat(m, 'E')) {
		if (n++)
			say(m, " + ");
		dyn_trait(m);
	}
	if (eat(m, 'L'))
		base62(m);
}

static void reference(struct mangled *m, const char *how)
{
	if (eat(m, 'L'))
		base62(m);
	say(m, how);
	type(m);
}

static void compound(struct mangled *m, char c)
{
	size_t n;

	switch (c) {
	case 'A':
	case 'S':
		say(m, "[");
		type(m);
		if (c == 'A') {
			say(m, "; ");
			constant(m);
		}
		say(m, "]");
		return;
	case 'T':
		say(m, "(");
		n = many(m, type);
		say(m, n == 1 ? ",)" : ")");
		return;
	case 'R':
		reference(m, "&");
		return;
	case 'Q':
		reference(m, "&mut ");
		return;
	case 'P':
		reference(m, "*const ");
		return;
	case 'O':
		reference(m, "*mut ");
		return;
	case 'F':
		function_type(m);
		return;
	case 'D':
		dyn(m);
		return;
	case 'B':
		again(m, type);
		return;
	default:
		m->at--;
		path(m, false);
	}
}

static void type(struct mangled *m)
{
	char c = next(m);

	if (m->bad || ++m->depth > DEPTH_MAX) {
		m->bad = true;
		return;
	}
	if (islower((unsigned char)c)) {
		if (basic[c - 'a'])
			say(m, basic[c - 'a']);
		else
			m->bad = true;
	} else {
		compound(m, c);
	}
	m->depth--;
}

char *cr_demangle_rust(const char *name)
{
	struct cr_buf out = CR_BUF_INIT;
	struct mangled m = { .s = name + 2, .out = &out };

	m.len = strcspn(m.s, ".");
	path(&m, true);
	if (!m.bad && out.len)
		return cr_buf_take(&out);
	cr_buf_fini(&out);
	return NULL;
}
