/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What makes compilers emit jump tables, tail calls, cold parts and computed jumps. */
#include <stdio.h>
#include <stdlib.h>

#define NOINLINE __attribute__((noinline))

NOINLINE int bounded(int x, int y)
{
	switch (x) {
	case 0: return y * 3;
	case 1: puts("a"); return 4;
	case 2: return y - 7;
	case 3: puts("b"); break;
	case 4: return y / 3;
	case 5: return y % 5;
	case 6: puts("c"); return 9;
	case 7: return 77;
	case 8: puts("d");
	}
	return x * y;
}

NOINLINE int masked(const unsigned char *p)
{
	switch (*p & 7) {
	case 0: return p[1] * 3;
	case 1: puts("e"); return 4;
	case 2: return p[2] - 7;
	case 3: puts("f"); break;
	case 4: return p[3] / 3;
	case 5: return p[4] % 5;
	case 6: puts("g"); return 9;
	case 7: return 77;
	}
	return p[9];
}

NOINLINE int unbounded(int x, int y)
{
	switch (x) {
	case 0: return y * 31;
	case 1: puts("h"); return 14;
	case 2: return y - 17;
	case 3: puts("i"); return y;
	case 4: return y / 13;
	case 5: return y % 15;
	default: __builtin_unreachable();
	}
}

NOINLINE int computed(const unsigned char *pc)
{
	static const void *const to[] = { &&add, &&mul, &&say, &&end, &&fail };
	int acc = 0;

	goto *to[*pc];
add:
	acc += 3;
	goto *to[*++pc];
mul:
	acc *= 7;
	goto *to[*++pc];
say:
	puts("j");
	goto *to[*++pc];
end:
	return acc;
fail:
	puts("k");
	return -1;
}

int (*volatile pointer)(int, int) = bounded;

NOINLINE int tail(int x)
{
	if (x > 7)
		return bounded(x, 1);
	puts("l");
	return pointer(x, 3);
}

NOINLINE int cold(int x)
{
	if (__builtin_expect(x == 1234567, 0)) {
		puts("m");
		abort();
	}
	if (__builtin_expect(x == 99, 0)) {
		puts("n");
		return 12;
	}
	return x + 1;
}

int main(int argc, char **argv)
{
	static const unsigned char code[] = { 0, 1, 2, 3 };
	int i, sum = 0;

	for (i = 0; i < argc + 3; i++)
		sum += bounded(i, argc) + masked((unsigned char *)argv[0]) + computed(code) +
		       unbounded(i % 6, argc) + tail(i) + cold(i);
	printf("%d\n", sum);
	return 0;
}
