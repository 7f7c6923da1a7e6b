/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dlfcn.h>
#include <string.h>

#include "image-int.h"

#define MANGLED_MAX 1024
#define REFERENCES_MAX 20
#define PLAIN_MAX 4096

typedef char *demangler(const char *mangled, char *buf, size_t *len, int *status);

/* The compiler's runtime library has it, and whoever runs C++ programs has that library. Linked to
 * it, every run would pay for its start-up. It is never closed: its names may be in use. */
static demangler *find(void)
{
	static demangler *found;
	static bool tried;
	void *lib;

	if (tried)
		return found;
	tried = true;
	lib = dlopen("libstdc++.so.6", RTLD_LAZY | RTLD_LOCAL);
	if (lib)
		/* ISO C has no conversion from void * to a function; POSIX asks for this one. */
		*(void **)&found = dlsym(lib, "__cxa_demangle");
	return found;
}

/* A mangled name may refer back to its own parts, which multiplies what is there: thirty references
 * make a hundred kilobytes of a hundred bytes, and a file has room for many such names. Of those
 * that people write, one in a thousand has more than twenty. */
static bool harmless(const char *name)
{
	size_t i, refs = 0, len = strnlen(name, MANGLED_MAX);

	for (i = 0; i + 1 < len; i++) {
		if ((name[i] == 'S' || name[i] == 'T') && (name[i + 1] == '_' ||
		    (name[i + 1] >= '0' && name[i + 1] <= '9') ||
		    (name[i + 1] >= 'A' && name[i + 1] <= 'Z')))
			refs++;
	}
	return len < MANGLED_MAX && refs <= REFERENCES_MAX;
}

char *cr_demangle_cxx(const char *name)
{
	demangler *demangle;
	char *plain;

	if (strncmp(name, "_Z", 2) != 0 || !harmless(name))
		return NULL;
	demangle = find();
	plain = demangle ? demangle(name, NULL, NULL, NULL) : NULL;
	if (plain && strlen(plain) < PLAIN_MAX)
		return plain;
	free(plain);
	return NULL;
}
