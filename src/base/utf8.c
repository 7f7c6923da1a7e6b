/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "cr/utf8.h"

size_t cr_utf8_length(const char *s)
{
	static const struct {
		unsigned char low, high;	/* of the first byte */
		unsigned char low2, high2;	/* of the second: nothing overlong, no surrogates */
		size_t n;
	} forms[] = {
		{ 0x00, 0x7f, 0x00, 0x00, 1 }, { 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};
	const unsigned char *u = (const unsigned char *)s;
	size_t f, i;

	for (f = 0; f < CR_ARRAY_SIZE(forms); f++)
		if (u[0] >= forms[f].low && u[0] <= forms[f].high)
			break;
	if (f == CR_ARRAY_SIZE(forms))
		return 0;
	for (i = 1; i < forms[f].n; i++)
		if (u[i] < (i == 1 ? forms[f].low2 : 0x80) ||
		    u[i] > (i == 1 ? forms[f].high2 : 0xbf))
			return 0;
	return forms[f].n;
}

/* U+0000 to U+001F, U+007F to U+009F; U+200E, U+200F, U+2028 to U+202E, U+2066 to U+2069. */
static bool controls(const unsigned char *u, size_t n)
{
	if (n == 1)
		return u[0] < 0x20 || u[0] == 0x7f;
	if (n == 2)
		return u[0] == 0xc2 && u[1] < 0xa0;
	if (n != 3 || u[0] != 0xe2)
		return false;
	if (u[1] == 0x80)
		return u[2] == 0x8e || u[2] == 0x8f || (u[2] >= 0xa8 && u[2] <= 0xae);
	return u[1] == 0x81 && u[2] >= 0xa6 && u[2] <= 0xa9;
}

void cr_utf8_clean(char *s)
{
	size_t n;

	for (; *s; s += n) {
		n = cr_utf8_length(s);
		if (!n || controls((const unsigned char *)s, n)) {
			n = n ? n : 1;
			memset(s, '?', n);
		}
	}
}
