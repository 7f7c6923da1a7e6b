/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finding functions by what people call them. */
#include "config.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "fn-build.h"

static struct cr_object *obj;
static struct cr_functions list;
static struct cr_err err;

static void drop(void)
{
	cr_functions_fini(&list);
	cr_object_free(obj);
	obj = NULL;
}

static int find(const char *file, const char *pattern)
{
	drop();
	err = (struct cr_err){ "", "" };
	obj = fn_open(file);
	return cr_functions_find(obj, pattern, &list, &err);
}

static void names(const char *flags)
{
	fn_build("names", "fn-names.c", flags);
}

/* @pattern means the functions whose linker's names are @want, joined by spaces. */
static void means(const char *pattern, const char *want)
{
	char got[1024] = "";
	size_t i;

	if (find("names", pattern) < 0)
		CR_FAIL("%s: %s", pattern, err.text);
	for (i = 0; i < list.n; i++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%s", i ? " " : "",
			 list.fn[i].linkage);
	if (strcmp(got, want) != 0)
		CR_FAIL("%s means \"%s\", not \"%s\"", pattern, got, want);
}

CR_TEST(cxx_names)
{
	names("-O1");
	means("_ZN2ns4loadEi", "_ZN2ns4loadEi");
	means("ns::load(int)", "_ZN2ns4loadEi");
	means("ns::load(char const*)", "_ZN2ns4loadEPKc");
	means("ns::load(char const *)", "_ZN2ns4loadEPKc");
	means("ns::load", "_ZN2ns4loadEi _ZN2ns4loadEPKc");
	means("ns::cast", "_ZN2ns4castIiEEiT_");
	means("ns::cast<int>", "_ZN2ns4castIiEEiT_");
	CR_CHECK_STR(list.fn[0].name, "int ns::cast<int>(int)");
}

CR_TEST(rust_names)
{
	static const char trait[] =
		"_ZN50_$LT$demo..Thing$u20$as$u20$core..fmt..Display$GT$3fmt17h0123456789abcdefE";

	names("-O1");
	means("demo::Thing::run", "_ZN4demo5Thing3run17h0123456789abcdefE");
	CR_CHECK_STR(list.fn[0].name, "demo::Thing::run");
	means("<demo::Thing as core::fmt::Display>::fmt", trait);
	means("<demo::shape::Square>::area", "_RNvMs_NtCs1234_4demo5shapeNtB4_6Square4area");
	means("demo::shape::Square::area", "_RNvMs_NtCs1234_4demo5shapeNtB4_6Square4area");
}

CR_TEST(go_names)
{
	names("-O1");
	means("os.(*File).ReadAt", "os.(*File).ReadAt");
	means("example.com/pkg/sub.Run.func1", "example.com/pkg/sub.Run.func1");
	means("os.(*File).*", "os.(*File).ReadAt");
}

CR_TEST(globs)
{
	names("-O1");
	means("ns::l*", "_ZN2ns4loadEi _ZN2ns4loadEPKc");
	means("*hidd?n", "hidden");
}

CR_TEST(clones)
{
	names("-O1");
	means("work", "work work.constprop.0");
	CR_CHECK(!(list.fn[0].flags & CR_FN_VARIANT));
	CR_CHECK(list.fn[1].flags & CR_FN_VARIANT);
	means("work.constprop.0", "work.constprop.0");
	CR_CHECK(!(list.fn[0].flags & CR_FN_VARIANT));
}

CR_TEST(aliases)
{
	names("-O1");
	means("aliased", "aliased");
	means("other_name", "other_name");
	means("[ao][lt][ih][ae][sr]*", "aliased");
}

CR_TEST(ifuncs)
{
	cr_addr slot;

	names("-O1");
	means("picked", "picked");
	CR_CHECK(list.fn[0].flags & CR_FN_IFUNC);
	CR_CHECK_INT(list.fn[0].n_exit, 1);
	CR_CHECK_INT(cr_object_ifunc_slots(obj, list.fn[0].entry, &slot, 1), 1);
}

CR_TEST(inlined)
{
	names("-O1 -g");
	means("everywhere", "everywhere");
	CR_CHECK_INT(list.fn[0].flags, CR_FN_INLINED);
	CR_CHECK_INT(list.fn[0].n_inlined, 2);
	CR_CHECK_INT(list.fn[0].n_exit, 0);
	CR_CHECK(list.fn[0].n_range >= 1);
	CR_CHECK_HAS(list.fn[0].file, "fn-names.c");
}

/* The number of the line that has @text. */
static unsigned int line_of(const char *text)
{
	char path[PATH_MAX], line[512];
	unsigned int no = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/tests/victims/fn-names.c", fn_env("top_srcdir", "."));
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f)) {
		no++;
		if (strstr(line, text))
			break;
	}
	if (f)
		fclose(f);
	return no;
}

CR_TEST(lines)
{
	char text[64];

	names("-O1 -g");
	snprintf(text, sizeof(text), "fn-names.c:%u", line_of("LINE: hidden"));
	means(text, "hidden");
	CR_CHECK_INT(list.fn[0].line, line_of("LINE: hidden") - 2);
	snprintf(text, sizeof(text), "victims/fn-names.c:%u", line_of("LINE: everywhere"));
	means(text, "main");
	CR_CHECK_INT(find("names", "fn-names.c:9999"), -ENOENT);
	CR_CHECK_INT(find("names", "other.c:12"), -ENOENT);
	CR_CHECK_HAS(err.text, "line 12 of a file called other.c");
}

CR_TEST(addresses)
{
	char text[64];
	cr_addr entry;

	names("-O1");
	means("hidden", "hidden");
	entry = list.fn[0].entry;
	snprintf(text, sizeof(text), "0x%llx", (unsigned long long)entry);
	means(text, "hidden");
	snprintf(text, sizeof(text), "0x%llx", (unsigned long long)entry + 1);
	CR_CHECK_INT(find("names", text), -EINVAL);
	CR_CHECK_HAS(err.hint, "inside of hidden");
	CR_CHECK_INT(find("names", "0x7fffffff0000"), -ENOENT);
	CR_CHECK_INT(find("names", "0xyz"), -EINVAL);
}

CR_TEST(no_functions)
{
	names("-O1");
	CR_CHECK_INT(find("names", "table"), -EINVAL);
	CR_CHECK_HAS(err.text, "table is data");
	CR_CHECK_INT(find("names", "puts"), -ENOENT);
	CR_CHECK_HAS(err.hint, "LIBRARY:puts");
	CR_CHECK_INT(find("names", "hiden"), -ENOENT);
	CR_CHECK_HAS(err.hint, "hidden");
	CR_CHECK_INT(find("names", "laod"), -ENOENT);
	CR_CHECK_HAS(err.hint, "ns::load");
	CR_CHECK_INT(find("names", "no_such_thing_at_all"), -ENOENT);
	CR_CHECK_STR(err.hint, "");
}

CR_TEST(evil_names)
{
	names("-O1");
	CR_CHECK_INT(find("names", "evil*"), 0);
	CR_CHECK_STR(list.fn[0].name, "evil?[31mname");
}

CR_TEST(debuglink)
{
	names("-O1 -g -Wl,--build-id=none");
	if (!fn_sh("cd '%s' && objcopy --only-keep-debug names names.debug && "
		   "strip names && objcopy --add-gnu-debuglink=names.debug names", fn_dir))
		CR_SKIP("objcopy and strip do not work");
	means("hidden", "hidden");
	CR_CHECK_HAS(list.fn[0].file, "fn-names.c");
	/* Another file of that name is not this program's. */
	CR_CHECK(fn_sh("cd '%s' && printf x >>names.debug", fn_dir));
	CR_CHECK_INT(find("names", "hidden"), -ENOENT);
}

CR_TEST(minidebuginfo)
{
	names("-O1");
	if (!fn_sh("cd '%s' && objcopy --only-keep-debug names mini && xz -f mini && "
		   "strip names && objcopy --add-section .gnu_debugdata=mini.xz names", fn_dir))
		CR_SKIP("objcopy, strip or xz do not work");
	means("hidden", "hidden");
}

CR_TEST(stripped)
{
	char text[64];
	cr_addr entry;

	names("-O1 -Wl,--build-id=none");
	means("hidden", "hidden");
	entry = list.fn[0].entry;
	CR_CHECK(fn_sh("strip '%s/names'", fn_dir));
	CR_CHECK_INT(find("names", "hidden"), -ENOENT);
	snprintf(text, sizeof(text), "0x%llx", (unsigned long long)entry);
	means(text, text);
	CR_CHECK_INT(list.fn[0].n_exit, 1);
	snprintf(text, sizeof(text), "0x%llx", (unsigned long long)entry + 1);
	CR_CHECK_INT(find("names", text), -EINVAL);
}

CR_TEST(go_stripped)
{
	fn_build("gotab", "fn-gotab.S", "-nostdlib -static -no-pie");
	CR_CHECK(fn_sh("strip '%s/gotab'", fn_dir));
	CR_CHECK_INT(find("gotab", "os.(*File).ReadAt"), 0);
	CR_CHECK_INT(list.fn[0].n_exit, 1);
	CR_CHECK(list.fn[0].flags & CR_FN_GO);
	CR_CHECK_INT(find("gotab", "main.main*"), 0);
	CR_CHECK_INT(list.n, 2);
	/* The ret in the middle is reached by the runtime only, after recover(). */
	CR_CHECK_INT(list.fn[1].n_exit, 3);
}

CR_TEST(other_files)
{
	struct cr_object *o;

	fn_build("names.o", "fn-names.c", "-c");
	CR_CHECK_INT(cr_object_open(fn_path("names.o"), &o, &err), -ENOEXEC);
	CR_CHECK_HAS(err.text, "neither a program nor a shared library");
	CR_CHECK_INT(cr_object_open(fn_dir, &o, &err), -ENOEXEC);
	CR_CHECK_INT(mkfifo(fn_path("fifo"), 0600), 0);
	CR_CHECK_INT(cr_object_open(fn_path("fifo"), &o, &err), -ENOEXEC);
	CR_CHECK_INT(cr_object_open(fn_path("absent"), &o, &err), -ENOENT);
	CR_CHECK(fn_sh("echo text >'%s'", fn_path("text")));
	CR_CHECK_INT(cr_object_open(fn_path("text"), &o, &err), -ENOEXEC);
	CR_CHECK_HAS(err.text, "not an ELF file");
}

/* The whole way, whatever comes of it. */
static void try_file(const char *name)
{
	static const char *const patterns[] = { NULL, "everywhere", "fn-names.c:40", "picked" };
	struct cr_object *o;
	size_t i;

	drop();
	for (i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		if (cr_object_open(fn_path(name), &o, &err) < 0)
			return;
		if (cr_functions_find(o, patterns[i], &list, &err) == 0)
			cr_functions_fini(&list);
		cr_object_free(o);
	}
}

/* A quarter of the damage is done to the headers and tables at both ends. */
static size_t somewhere(unsigned int *seed, size_t n)
{
	switch (rand_r(seed) % 8) {
	case 0:
		return (size_t)rand_r(seed) % 1024;
	case 1:
		return n - 1 - (size_t)rand_r(seed) % 4096;
	default:
		return (size_t)rand_r(seed) % n;
	}
}

/* Damages the file @rounds times and tries each. */
static void damage(const char *whole, unsigned int rounds)
{
	static unsigned char bytes[1 << 20];
	unsigned int seed = (unsigned int)atoi(fn_env("CR_SEED", "1")), count, k;
	unsigned char was;
	size_t at[8], n;
	FILE *f = fopen(fn_path(whole), "rb");
	int fd;

	n = f ? fread(bytes, 1, sizeof(bytes), f) : 0;
	if (f)
		fclose(f);
	CR_CHECK(n > 1000 && n < sizeof(bytes));
	fd = open(fn_path("damaged"), O_RDWR | O_CREAT | O_TRUNC, 0600);
	CR_CHECK(fd >= 0 && write(fd, bytes, n) == (ssize_t)n);
	while (rounds--) {
		count = 1 + (unsigned int)rand_r(&seed) % 8;
		for (k = 0; k < count; k++) {
			at[k] = somewhere(&seed, n);
			was = rand_r(&seed) % 4 ? (unsigned char)rand_r(&seed) : 0xff;
			if (pwrite(fd, &was, 1, (off_t)at[k]) != 1)
				CR_FAIL("cannot write");
		}
		try_file("damaged");
		for (k = 0; k < count; k++)
			if (pwrite(fd, &bytes[at[k]], 1, (off_t)at[k]) != 1)
				CR_FAIL("cannot write");
	}
	close(fd);
}

CR_TEST(damaged_files)
{
	unsigned int rounds = (unsigned int)atoi(fn_env("CR_FUZZ_ROUNDS", "100"));

	names("-O1 -g");
	damage("names", rounds);
	fn_build("gotab", "fn-gotab.S", "-nostdlib -static -no-pie");
	damage("gotab", rounds);
}

CR_TEST(short_files)
{
	struct stat st;
	off_t len;

	names("-O1 -g");
	CR_CHECK_INT(stat(fn_path("names"), &st), 0);
	for (len = st.st_size - 1; len > 0; len -= len / 40 + 1) {
		CR_CHECK_INT(truncate(fn_path("names"), len), 0);
		try_file("names");
	}
}

/* Without a limit this takes hours. */
CR_TEST(endless_files)
{
	if (!fn_sh("cd '%s' && printf '.globl f\n.type f,@function\nf:\n.rept 300000\nje .+4\n"
		   "jmp *%%%%rax\n.endr\nret\n.size f,.-f\n' >many.s && "
		   "%s -nostdlib -static -no-pie -Wl,-e,f -o many many.s", fn_dir,
		   fn_env("CC", "cc")))
		CR_SKIP("cannot build it");
	CR_CHECK_INT(find("many", "f"), 0);
	CR_CHECK(list.fn[0].flags & CR_FN_INCOMPLETE);
	if (!fn_sh("cd '%s' && { echo '.globl f\nf: ret'; seq 5000 | "
		   "sed 's/.*/.section s&,\"a\"\\n.byte 1/'; } | "
		   "%s -x assembler -c - -o sections.o && "
		   "%s -nostdlib -static -no-pie -Wl,-e,f -o sections sections.o", fn_dir,
		   fn_env("CC", "cc"), fn_env("CC", "cc")))
		CR_SKIP("cannot build one of many sections");
	drop();
	CR_CHECK_INT(cr_object_open(fn_path("sections"), &obj, &err), -ENOEXEC);
	CR_CHECK_HAS(err.text, "its sections make no sense");
}

CR_TEST(splitting)
{
	static const struct {
		const char *text;
		size_t len;
		const char *func;
	} cases[] = {
		{ "libssl.so.3:SSL_read", 11, "SSL_read" },
		{ "/usr/lib/libz.so.1:inflate", 18, "inflate" },
		{ "libx.so:ns::f", 7, "ns::f" },
		{ "libx.so:net.c:12", 7, "net.c:12" },
		{ "ns::f", 0, "ns::f" },
		{ "ns::f(a::b)", 0, "ns::f(a::b)" },
		{ "net.c:12", 0, "net.c:12" },
		{ "type:.eq.main.T", 0, "type:.eq.main.T" },
		{ "os.(*File).ReadAt", 0, "os.(*File).ReadAt" },
		{ "<a as b>::c", 0, "<a as b>::c" },
	};
	const char *func;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CR_CHECK_INT(cr_pattern_split(cases[i].text, &func), cases[i].len);
		CR_CHECK_STR(func, cases[i].func);
	}
}

int main(void)
{
	fn_start();
	CR_RUN(cxx_names, "a C++ function is found mangled, demangled, without its parameters");
	CR_RUN(rust_names, "a Rust function is found by its path");
	CR_RUN(go_names, "a Go function is found as the linker has it, stars and all");
	CR_RUN(globs, "a glob matches mangled and plain names");
	CR_RUN(clones, "a function's clones come with it and are said to be clones");
	CR_RUN(aliases, "a function with two names is one function");
	CR_RUN(ifuncs, "an IFUNC is said to be one, and where its choice is stored");
	CR_RUN(inlined, "a function that exists only inlined is found, without exits");
	CR_RUN(lines, "a source line means the function whose code it is");
	CR_RUN(addresses, "an address means the function that begins there, not one around it");
	CR_RUN(no_functions, "a name of no function gets an answer that helps");
	CR_RUN(evil_names, "a name cannot send a terminal commands");
	CR_RUN(debuglink, "a separate debug file is found by its name and checked by its sum");
	CR_RUN(minidebuginfo, "symbols are found in .gnu_debugdata");
	CR_RUN(stripped, "a stripped program's functions are found by address and unwind table");
	CR_RUN(go_stripped, "a stripped Go program's functions are found in .gopclntab");
	CR_RUN(other_files, "what is no program is told so and keeps nobody waiting");
	CR_RUN(damaged_files, "files with wrong bytes do no harm");
	CR_RUN(short_files, "files that end early do no harm");
	CR_RUN(endless_files, "what is made to take for ever is given up, and said to be");
	CR_RUN(splitting, "OBJECT:FUNC is split, and what only looks like it is not");
	drop();
	return cr_done();
}
