/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A container runtime hands the profile to libseccomp, name by name. The same is done here with the
 * text that was just written, and the program that comes out is run for every number. So what is
 * proved is the profile, not what we meant to write.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <json-c/json.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "export-int.h"

static const char *text_of(struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	return json_object_object_get_ex(o, key, &v) ? json_object_get_string(v) : "";
}

static uint16_t errno_of(struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	/* The runtime-spec's default. */
	return json_object_object_get_ex(o, key, &v) ? (uint16_t)json_object_get_int(v) : EPERM;
}

static uint32_t action_of(const char *name, uint16_t err)
{
	if (strcmp(name, "SCMP_ACT_ALLOW") == 0)
		return SCMP_ACT_ALLOW;
	if (strcmp(name, "SCMP_ACT_LOG") == 0)
		return SCMP_ACT_LOG;
	if (strcmp(name, "SCMP_ACT_ERRNO") == 0)
		return SCMP_ACT_ERRNO(err);
	return SCMP_ACT_KILL_PROCESS;
}

static int add_entry(scmp_filter_ctx ctx, struct json_object *entry)
{
	uint32_t action = action_of(text_of(entry, "action"), errno_of(entry, "errnoRet"));
	struct json_object *names = NULL;
	size_t i;
	int rc = 0, nr;

	if (!json_object_object_get_ex(entry, "names", &names))
		return -EBADMSG;
	for (i = 0; i < json_object_array_length(names) && rc == 0; i++) {
		nr = seccomp_syscall_resolve_name(
			json_object_get_string(json_object_array_get_idx(names, i)));
		rc = nr == __NR_SCMP_ERROR ? -EBADMSG : seccomp_rule_add(ctx, action, nr, 0);
	}
	return rc;
}

static int read_back(scmp_filter_ctx ctx, struct cr_filter *f)
{
	cr_auto_close int fd = memfd_create("profile", MFD_CLOEXEC);
	struct stat st;
	int rc;

	if (fd < 0)
		return -errno;
	rc = seccomp_export_bpf(ctx, fd);
	if (rc < 0)
		return rc;
	if (fstat(fd, &st) < 0 || st.st_size > (off_t)(BPF_MAXINSNS * sizeof(*f->insn)))
		return -E2BIG;
	f->insn = malloc((size_t)st.st_size);
	if (!f->insn)
		return -ENOMEM;
	f->len = (unsigned short)((size_t)st.st_size / sizeof(*f->insn));
	return pread(fd, f->insn, (size_t)st.st_size, 0) == st.st_size ? cr_bpf_check(f) : -EIO;
}

static int compile(struct json_object *profile, struct cr_filter *f)
{
	scmp_filter_ctx ctx = seccomp_init(action_of(text_of(profile, "defaultAction"),
						     errno_of(profile, "defaultErrnoRet")));
	struct json_object *list = NULL;
	size_t i;
	int rc = ctx ? 0 : -EINVAL;

	if (rc == 0 && !json_object_object_get_ex(profile, "syscalls", &list))
		rc = -EBADMSG;
	for (i = 0; list && rc == 0 && i < json_object_array_length(list); i++)
		rc = add_entry(ctx, json_object_array_get_idx(list, i));
	if (rc == 0)
		rc = read_back(ctx, f);
	if (ctx)
		seccomp_release(ctx);
	return rc;
}

static uint32_t run(const struct cr_filter *f, uint32_t nr, uint32_t arch)
{
	struct seccomp_data d = { .nr = (int)nr, .arch = arch };

	return cr_bpf_run(f, &d, NULL);
}

/* A call that has no name gets the default answer; a sentence among the losses says so. */
static int compare(const struct cr_export *x, const struct cr_filter *f, struct cr_err *err)
{
	char name[CR_NAME_MAX];
	uint32_t nr, want, got;
	enum cr_abi abi;

	for (nr = 0; nr < CR_NR_MAX; nr++) {
		cr_nr_to_name(CR_ABI_NATIVE, nr, name);
		want = strncmp(name, "nr:", 3) == 0 ? x->violation : x->ret[CR_ABI_NATIVE][nr];
		got = run(f, nr, cr_abi_facts[CR_ABI_NATIVE].audit_arch);
		if (got != want)
			return cr_err_set(err, -EBADMSG, "the profile is wrong: it answers %s with "
					  "%#x, the policy with %#x", name, got, want);
		for (abi = 0; abi < CR_ABI_COUNT; abi++) {
			if (abi != CR_ABI_NATIVE &&
			    cr_export_passes(run(f, nr | cr_abi_facts[abi].nr_bit,
						 cr_abi_facts[abi].audit_arch)))
				return cr_err_set(err, -EBADMSG, "the profile is wrong: it lets "
						  "call %u of %s pass", nr, cr_abi_facts[abi].name);
		}
	}
	return 0;
}

int cr_export_replay(const struct cr_export *x, const char *json, struct cr_err *err)
{
	struct json_object *profile = json_tokener_parse(json);
	struct cr_filter f = { NULL, 0 };
	int rc = profile ? compile(profile, &f) : -EBADMSG;

	if (rc < 0)
		cr_err_sys(err, rc, "libseccomp cannot compile the profile");
	else
		rc = compare(x, &f, err);
	cr_filter_fini(&f);
	json_object_put(profile);
	return rc;
}
