// SPDX-License-Identifier: LGPL-2.1-or-later
// Landing pads, some of which return: nothing in the code itself leads to them.
#include <cstdio>
#include <stdexcept>
#include <string>

#define NOINLINE __attribute__((noinline))

NOINLINE int thrower(int x)
{
	if (x == 3)
		throw std::runtime_error("three");
	if (x == 4)
		throw x;
	return x * 5;
}

NOINLINE int catcher(int x)
{
	std::string s("kept");

	try {
		return thrower(x);
	} catch (const std::exception &e) {
		return e.what()[0] + (int)s.size();
	} catch (int i) {
		return thrower(i + 1);
	}
}

NOINLINE int nested(int x)
{
	try {
		try {
			return catcher(x) + thrower(x + 1);
		} catch (int) {
			std::puts("inner");
			throw;
		}
	} catch (...) {
		return -x;
	}
}

struct shape {
	virtual ~shape() {}
	virtual int area() const { return 1; }
};
struct square : shape {
	int side = 2;
	int area() const override { return side * side; }
};

NOINLINE int by_table(const shape *s)
{
	return s->area();
}

int main(int argc, char **)
{
	square s;
	int i, sum = 0;

	for (i = 0; i < argc + 4; i++)
		sum += nested(i) + by_table(&s);
	std::printf("%d\n", sum);
	return 0;
}
