/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * functions - what a function of a program is called, where it is, and where it is left
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cr/cli.h"
#include "cr/functions.h"
#include "cr/json.h"
#include "cr/log.h"

enum { OPT_EXITS = CR_OPT_FIRST, OPT_JSON, OPT_NAMES };

static const struct cr_option options[] = {
	{ 'e', "exits", NULL, "show each exit and each part as well", OPT_EXITS },
	{ 0, "json", NULL, "print one JSON object", OPT_JSON },
	{ 'n', "names", NULL, "only the names, one a line", OPT_NAMES },
	CR_OPTIONS_COMMON
};

static const char *const usage[] = {
	"Usage: chestnut functions [options] BINARY [PATTERN]",
	"List the functions of a program or library: name, address, size, number of exits, source",
	"line. PATTERN: a name, mangled or not, with or without parameters; a glob; FILE:LINE;",
	"0xADDR.",
	NULL
};

static uint64_t size_of(const struct cr_function *fn)
{
	uint64_t size = 0;
	size_t i;

	for (i = 0; i < fn->n_range; i++)
		size += fn->range[i].end - fn->range[i].start;
	return size;
}

static void print_notes(const struct cr_function *fn)
{
	static const struct {
		unsigned int flag;
		const char *text;
	} notes[] = {
		{ CR_FN_IFUNC, "the resolver of an IFUNC" },
		{ CR_FN_VARIANT, "a clone" },
		{ CR_FN_GUESSED, "its end is a guess" },
		{ CR_FN_INCOMPLETE, "may have more exits" },
	};
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(notes); i++)
		if (fn->flags & notes[i].flag)
			printf(" [%s]", notes[i].text);
	if (fn->flags & CR_FN_INLINED)
		printf(" [only inlined, in %u place%s]", fn->n_inlined,
		       fn->n_inlined == 1 ? "" : "s");
	if (fn->flags & CR_FN_ALSO_INLINED)
		printf(" [also inlined, in %u place%s]", fn->n_inlined,
		       fn->n_inlined == 1 ? "" : "s");
}

static void print_exit(const struct cr_exit *e)
{
	const char *when = e->conditional ? ", conditional" : "";

	switch (e->kind) {
	case CR_EXIT_BY_RET:
		if (e->pops)
			printf("    %#llx ret, pops %u bytes\n", (unsigned long long)e->at,
			       e->pops);
		else
			printf("    %#llx ret\n", (unsigned long long)e->at);
		return;
	case CR_EXIT_BY_JUMP:
		printf("    %#llx jump to %#llx%s\n", (unsigned long long)e->at,
		       (unsigned long long)e->to, when);
		return;
	case CR_EXIT_BY_POINTER:
		printf("    %#llx jump by pointer%s\n", (unsigned long long)e->at, when);
		return;
	}
}

static void print_one(const struct cr_function *fn, bool exits)
{
	size_t i;

	printf("%#14llx %7llu %5zu  %s", (unsigned long long)fn->entry,
	       (unsigned long long)size_of(fn), fn->n_exit, fn->name);
	if (fn->file)
		printf(" (%s:%u)", fn->file, fn->line);
	print_notes(fn);
	putchar('\n');
	for (i = 1; exits && i < fn->n_range; i++)
		printf("    part %#llx-%#llx\n", (unsigned long long)fn->range[i].start,
		       (unsigned long long)fn->range[i].end);
	for (i = 0; exits && i < fn->n_exit; i++)
		print_exit(&fn->exit[i]);
}

static void print_all(const struct cr_functions *list, int how)
{
	size_t i;

	if (how != OPT_NAMES && list->n)
		printf("%14s %7s %5s  %s\n", "ADDRESS", "SIZE", "EXITS", "NAME");
	for (i = 0; i < list->n; i++)
		if (how == OPT_NAMES)
			puts(list->fn[i].linkage);
		else
			print_one(&list->fn[i], how == OPT_EXITS);
}

static void json_exit(const struct cr_exit *e, struct cr_json *j, struct json_object *list)
{
	static const char *const kinds[] = {
		[CR_EXIT_BY_RET] = "ret", [CR_EXIT_BY_JUMP] = "jump",
		[CR_EXIT_BY_POINTER] = "jump by pointer",
	};
	struct json_object *o = cr_json_object(j, list, NULL);

	cr_json_count(j, o, "address", e->at);
	cr_json_text(j, o, "kind", kinds[e->kind]);
	cr_json_bool(j, o, "conditional", e->conditional);
	if (e->kind == CR_EXIT_BY_JUMP)
		cr_json_count(j, o, "to", e->to);
}

static void json_one(const struct cr_function *fn, struct cr_json *j, struct json_object *list)
{
	struct json_object *o = cr_json_object(j, list, NULL), *exits;
	size_t i;

	cr_json_text(j, o, "name", fn->name);
	cr_json_text(j, o, "linkage", fn->linkage);
	cr_json_count(j, o, "address", fn->entry);
	cr_json_count(j, o, "size", size_of(fn));
	cr_json_text(j, o, "file", fn->file);
	cr_json_count(j, o, "line", fn->line);
	cr_json_bool(j, o, "only-inlined", fn->flags & CR_FN_INLINED);
	cr_json_bool(j, o, "incomplete", fn->flags & CR_FN_INCOMPLETE);
	exits = cr_json_array(j, o, "exits");
	for (i = 0; i < fn->n_exit; i++)
		json_exit(&fn->exit[i], j, exits);
}

static int print_json(const char *path, const struct cr_functions *list)
{
	struct json_object *all;
	struct cr_json j;
	size_t i;

	cr_json_begin(&j);
	cr_json_text(&j, j.top, "binary", path);
	all = cr_json_array(&j, j.top, "functions");
	for (i = 0; i < list->n; i++)
		json_one(&list->fn[i], &j, all);
	return cr_json_end(&j, stdout);
}

static int list_functions(const char *path, const char *pattern, int how)
{
	struct cr_functions list = { NULL, 0 };
	struct cr_err err = { "", "" };
	struct cr_object *obj;
	int rc;

	rc = cr_object_open(path, &obj, &err);
	if (!rc) {
		rc = cr_functions_find(obj, pattern, &list, &err);
		cr_object_free(obj);
	}
	if (rc < 0) {
		cr_log_err(&err);
		return CR_EXIT_FAIL;
	}
	if (how != OPT_JSON)
		print_all(&list, how);
	else
		rc = print_json(path, &list);
	cr_functions_fini(&list);
	if (rc < 0) {
		cr_error("cannot print the list: %s", strerror(-rc));
		return CR_EXIT_FAIL;
	}
	if (fflush(stdout) != 0) {
		cr_error("cannot write the list: %s", strerror(errno));
		return CR_EXIT_FAIL;
	}
	return CR_EXIT_OK;
}

int cr_cmd_functions(int argc, char **argv)
{
	struct cr_options it = CR_OPTIONS_INIT(options, argc, argv);
	struct cr_err err = { "", "" };
	int id, how = 0;

	while ((id = cr_options_next(&it, &err)) > 0) {
		if (cr_options_common(&it, id, usage))
			return CR_EXIT_OK;
		how = id;
	}
	if (id == 0 && (argc - it.at < 1 || argc - it.at > 2)) {
		id = cr_err_set(&err, -EINVAL, "a program, and at most one pattern, are needed");
		cr_err_hint(&err, "chestnut functions BINARY [PATTERN]");
	}
	if (id < 0) {
		cr_log_err(&err);
		return CR_EXIT_USAGE;
	}
	return list_functions(argv[it.at], argc - it.at == 2 ? argv[it.at + 1] : NULL, how);
}
