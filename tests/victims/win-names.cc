/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Functions with names that only a demangler can read, some of which share one.
 *
 * BUILD: -O2
 * BUILD: -O2 -gdwarf-4 -no-pie -fno-pie
 * WINDOW: ns::load(int) ns::shape<char>::area ns::shape<*>::name* operator+(ns::point,*
 * WINDOW: (anonymous*::hidden*
 * IN: ns::load(int): getuid=10
 * IN: ns::shape<char>::area(): getgid=10
 * IN: ns::shape<int>::name() const: geteuid=10
 * IN: ns::shape<char>::name() const: geteuid=10
 * IN: operator+(ns::point, ns::point): getegid=10
 * IN: (anonymous namespace)::hidden(int): getppid=10
 * AFTER: getpgrp
 */
#include "win.h"

static volatile int zero;

namespace ns {

struct point {
	int x;
};

NOINLINE int load(int x)
{
	mark(SYS_getuid);
	evil();
	return x + zero;
}

NOINLINE int load(const char *s)
{
	mark(SYS_getpgrp);
	return s[0] + zero;
}

template <typename T> struct shape {
	T side;
	NOINLINE int area();
	NOINLINE int name() const;
};

template <typename T> int shape<T>::area()
{
	if (sizeof(T) == 1)
		mark(SYS_getgid);
	else
		mark(SYS_getpgrp);
	return side + zero;
}

template <typename T> int shape<T>::name() const
{
	mark(SYS_geteuid);
	return side * 2 + zero;
}

}

NOINLINE int operator+(ns::point a, ns::point b)
{
	mark(SYS_getegid);
	return a.x + b.x + zero;
}

namespace {

NOINLINE int hidden(int x)
{
	mark(SYS_getppid);
	return x + zero;
}

}

int main(int argc, char **argv)
{
	ns::shape<int> a = { 3 };
	ns::shape<char> b = { 4 };
	int i, sum = 0;

	win_start(argc, argv);
	for (i = 0; i < 10; i++) {
		sum += ns::load(i) + ns::load("a") + a.area() + b.area() + a.name() + b.name();
		sum += (ns::point{i} + ns::point{1}) + hidden(i);
	}
	printf("names: %d\n", sum);
	outside(SYS_getuid);
	return 0;
}
