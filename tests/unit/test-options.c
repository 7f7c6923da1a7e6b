/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>

#include "cr/cli.h"
#include "cr-test.h"

enum { QUIET = CR_OPT_FIRST, VERBOSE, POLICY, CONFIRM, ALL };

static const struct cr_option table[] = {
	{ 'q', "quiet", NULL, "say less", QUIET },
	{ 'v', "verbose", NULL, "say more", VERBOSE },
	{ 'p', "policy", "FILE", "the policy", POLICY },
	{ 0, "confirm", "N", "executions that confirm", CONFIRM },
	{ 0, "all", NULL, "stop on everything", ALL },
	CR_OPTIONS_COMMON
};

/* Parses @words (blank-separated) and writes "id=value,… rest" into @out. */
static int parse(const char *words, char *out, size_t size, struct cr_err *err)
{
	static char text[256];
	char *argv[32] = { NULL }, *word, *save = NULL;
	struct cr_options it;
	int argc = 0, id;
	size_t n = 0;

	snprintf(text, sizeof(text), "prog %s", words);
	for (word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	it = (struct cr_options)CR_OPTIONS_INIT(table, argc, argv);
	out[0] = '\0';
	while ((id = cr_options_next(&it, err)) > 0) {
		n += (size_t)snprintf(out + n, size - n, "%s%s%s,", it.option->name,
				      it.value ? "=" : "", it.value ? it.value : "");
	}
	for (; id == 0 && it.at < argc; it.at++)
		n += (size_t)snprintf(out + n, size - n, " %s", argv[it.at]);
	return id;
}

static const char *parsed(const char *words)
{
	static char out[512];
	struct cr_err err;

	if (parse(words, out, sizeof(out), &err) < 0)
		CR_FAIL("%s: %s", words, err.text);
	return out;
}

static const struct cr_err *refused(const char *words)
{
	static struct cr_err err;
	char out[512];

	memset(&err, 0, sizeof(err));
	CR_CHECK_INT(parse(words, out, sizeof(out), &err), -EINVAL);
	return &err;
}

CR_TEST(spellings)
{
	CR_CHECK_STR(parsed("-p f"), "policy=f,");
	CR_CHECK_STR(parsed("-pf"), "policy=f,");
	CR_CHECK_STR(parsed("--policy f"), "policy=f,");
	CR_CHECK_STR(parsed("--policy=f"), "policy=f,");
	CR_CHECK_STR(parsed("--policy="), "policy=,");
	CR_CHECK_STR(parsed("--policy=a=b"), "policy=a=b,");
	CR_CHECK_STR(parsed("-p -"), "policy=-,");
	CR_CHECK_STR(parsed("-p -q"), "policy=-q,");
	CR_CHECK_STR(parsed("-p --"), "policy=--,");
}

CR_TEST(clusters)
{
	CR_CHECK_STR(parsed("-qv"), "quiet,verbose,");
	CR_CHECK_STR(parsed("-qvpf x"), "quiet,verbose,policy=f, x");
	CR_CHECK_STR(parsed("-qp f x"), "quiet,policy=f, x");
	CR_CHECK_STR(parsed("-qq"), "quiet,quiet,");
	CR_CHECK_STR(parsed("-pvq"), "policy=vq,");
}

CR_TEST(the_end)
{
	CR_CHECK_STR(parsed(""), "");
	CR_CHECK_STR(parsed("-q ls -v"), "quiet, ls -v");
	CR_CHECK_STR(parsed("-q -- -v"), "quiet, -v");
	CR_CHECK_STR(parsed("- -v"), " - -v");
	CR_CHECK_STR(parsed("-q --"), "quiet,");
	CR_CHECK_STR(parsed("-- -- -q"), " -- -q");
}

CR_TEST(unknown)
{
	CR_CHECK_STR(refused("-z")->text, "there is no option -z");
	CR_CHECK_STR(refused("-qz")->text, "there is no option -z");
	CR_CHECK_STR(refused("--polcy=f")->text, "there is no option --polcy");
	CR_CHECK_STR(refused("--polcy=f")->hint, "did you mean --policy?");
	CR_CHECK_STR(refused("--quite")->hint, "did you mean --quiet?");
	CR_CHECK_STR(refused("--something-else")->hint, "--help lists the options");
	CR_CHECK_STR(refused("--az")->hint, "--help lists the options");
	CR_CHECK_STR(refused("--=f")->text, "there is no option --");
}

CR_TEST(prefixes)
{
	CR_CHECK_STR(refused("--pol f")->text, "there is no option --pol");
	CR_CHECK_STR(refused("--pol f")->hint, "did you mean --policy?");
	CR_CHECK_STR(refused("--policyx f")->hint, "did you mean --policy?");
}

CR_TEST(values)
{
	CR_CHECK_STR(refused("-p")->text, "option -p needs a value");
	CR_CHECK_STR(refused("-p")->hint, "-p FILE: the policy");
	CR_CHECK_STR(refused("-q --policy")->text, "option --policy needs a value");
	CR_CHECK_STR(refused("--quiet=yes")->text, "option --quiet takes no value");
	CR_CHECK_STR(refused("--quiet=")->text, "option --quiet takes no value");
}

CR_TEST(twice)
{
	char *argv[] = { "prog", "-qv", "--all", "x", NULL };
	struct cr_options a = CR_OPTIONS_INIT(table, 4, argv);
	struct cr_options b = CR_OPTIONS_INIT(table, 4, argv);
	struct cr_err err;

	CR_CHECK_INT(cr_options_next(&a, &err), QUIET);
	CR_CHECK_INT(cr_options_next(&b, &err), QUIET);
	CR_CHECK_INT(cr_options_next(&a, &err), VERBOSE);
	CR_CHECK_INT(cr_options_next(&a, &err), ALL);
	CR_CHECK_INT(cr_options_next(&b, &err), VERBOSE);
	CR_CHECK_INT(cr_options_next(&a, &err), 0);
	CR_CHECK_INT(cr_options_next(&a, &err), 0);
	CR_CHECK_INT(a.at, 3);
}

/* What @print writes, as text. Static storage. */
static const char *printed(void (*print)(FILE *out))
{
	static char text[4096];
	FILE *out = tmpfile();
	size_t n;

	CR_CHECK(out != NULL);
	print(out);
	rewind(out);
	n = fread(text, 1, sizeof(text) - 1, out);
	text[n] = '\0';
	fclose(out);
	return text;
}

static void print_help(FILE *out)
{
	static const char *const usage[] = { "usage: prog [options] FILE", "", NULL };

	cr_options_help(table, out, usage);
}

static void print_dump(FILE *out)
{
	cr_options_dump(table, out);
}

CR_TEST(help)
{
	CR_CHECK_STR(printed(print_help),
		     "usage: prog [options] FILE\n"
		     "\n"
		     "  -q, --quiet        say less\n"
		     "  -v, --verbose      say more\n"
		     "  -p, --policy FILE  the policy\n"
		     "      --confirm N    executions that confirm\n"
		     "      --all          stop on everything\n"
		     "  -h, --help         show this help and exit\n"
		     "  -V, --version      show the version and exit\n");
}

CR_TEST(dump)
{
	const char *text = printed(print_dump);

	CR_CHECK_HAS(text, "p\tpolicy\tFILE\tthe policy\n");
	CR_CHECK_HAS(text, "-\tall\t-\tstop on everything\n");
	CR_CHECK(!strstr(text, "dump-options"));
}

CR_TEST(near)
{
	CR_CHECK(cr_words_near("openat", "opeanat", 1));
	CR_CHECK(cr_words_near("a", "", 1));
	CR_CHECK(!cr_words_near("openat", "unlink", 2));
	CR_CHECK(!cr_words_near("abc", "xbz", 1));
	CR_CHECK(cr_words_near("abc", "xbz", 2));
}

int main(void)
{
	CR_RUN(spellings, "a value may be attached, follow, or follow an equals sign");
	CR_RUN(clusters, "letters may be joined, and the last one may take a value");
	CR_RUN(the_end, "the first operand ends the options, and so does --");
	CR_RUN(unknown, "an unknown option is named, with the nearest one as a hint");
	CR_RUN(prefixes, "an abbreviation is refused, and the whole name is shown");
	CR_RUN(values, "a value that is missing or not wanted is an error");
	CR_RUN(twice, "two parsers over one vector do not disturb each other");
	CR_RUN(help, "the help is aligned and hides what is hidden");
	CR_RUN(dump, "the dump has one tab-separated line for each option that is shown");
	CR_RUN(near, "words are near when few letters differ");
	return cr_done();
}
