/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A container runtime hands the profile to libseccomp, name by name. The same is done here with the
 * text that was just written, and the program that comes out is run for every number. So what is
 * proved is the profile, not what we meant to write.
 */
#include "config.h"

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

static uint64_t number_of(struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	return json_object_object_get_ex(o, key, &v) ? json_object_get_uint64(v) : 0;
}

static enum scmp_compare op_of(const char *name)
{
	static const struct {
		const char *name;
		enum scmp_compare op;
	} ops[] = {
		{ "SCMP_CMP_EQ", SCMP_CMP_EQ }, { "SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ },
		{ "SCMP_CMP_LE", SCMP_CMP_LE }, { "SCMP_CMP_GE", SCMP_CMP_GE },
	};
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(ops); i++) {
		if (strcmp(ops[i].name, name) == 0)
			return ops[i].op;
	}
	return _SCMP_CMP_MIN;
}

/* How many. */
static unsigned int args_of(struct json_object *entry, struct scmp_arg_cmp args[6])
{
	struct json_object *list = NULL, *o;
	size_t i, n = json_object_object_get_ex(entry, "args", &list) ?
		      json_object_array_length(list) : 0;

	for (i = 0; i < n && i < 6; i++) {
		o = json_object_array_get_idx(list, i);
		args[i] = (struct scmp_arg_cmp){
			.arg = (unsigned int)number_of(o, "index"), .op = op_of(text_of(o, "op")),
			.datum_a = number_of(o, "value"), .datum_b = number_of(o, "valueTwo"),
		};
	}
	return (unsigned int)i;
}

static int add_entry(scmp_filter_ctx ctx, struct json_object *entry)
{
	uint32_t action = action_of(text_of(entry, "action"), errno_of(entry, "errnoRet"));
	struct json_object *names = NULL;
	struct scmp_arg_cmp args[6];
	unsigned int n = args_of(entry, args);
	size_t i;
	int rc = 0, nr;

	if (!json_object_object_get_ex(entry, "names", &names))
		return -EBADMSG;
	for (i = 0; i < json_object_array_length(names) && rc == 0; i++) {
		nr = seccomp_syscall_resolve_name(
			json_object_get_string(json_object_array_get_idx(names, i)));
		rc = nr == __NR_SCMP_ERROR ? -EBADMSG :
					     seccomp_rule_add_array(ctx, action, nr, n, args);
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

/* The words of seccomp_data that a call without conditions may be judged by. */
#define PLAIN (1u << (offsetof(struct seccomp_data, nr) / 4) | \
	       1u << (offsetof(struct seccomp_data, arch) / 4))

static uint32_t run(const struct cr_filter *f, uint32_t nr, uint32_t arch, uint32_t *loaded)
{
	struct seccomp_data d = { .nr = (int)nr, .arch = arch };

	return cr_bpf_run(f, &d, loaded);
}

static int wrong(uint32_t nr, uint32_t got, uint32_t want, struct cr_err *err)
{
	char name[CR_NAME_MAX];

	return cr_err_set(err, -EBADMSG, "the profile is wrong: it answers %s with %#x, the policy "
			  "with %#x", cr_nr_to_name(CR_ABI_NATIVE, nr, name), got, want);
}

/* A call under conditions. */
struct judging {
	const struct cr_export *x;	/* borrowed */
	const struct cr_filter *f;	/* borrowed */
	uint32_t nr;
	struct cr_err *err;		/* borrowed */
};

static int compare_case(void *ctx, const uint64_t args[6], bool opens)
{
	const struct judging *j = ctx;
	struct seccomp_data d = {
		.nr = (int)j->nr, .arch = cr_abi_facts[CR_ABI_NATIVE].audit_arch,
	};
	uint32_t want = opens ? j->x->ret[CR_ABI_NATIVE][j->nr] : j->x->violation, got;

	memcpy(d.args, args, sizeof(d.args));
	got = cr_bpf_run(j->f, &d, NULL);
	return got == want ? 0 : wrong(j->nr, got, want, j->err);
}

/* A call that has no name gets the default answer; a sentence among the losses says so. */
static int compare_call(const struct cr_export *x, const struct cr_filter *f, uint32_t nr,
			struct cr_err *err)
{
	struct judging j = { x, f, nr, err };
	uint32_t want = x->ret[CR_ABI_NATIVE][nr], got, loaded;
	char name[CR_NAME_MAX];

	if (x->cases[nr])
		return cr_filter_borders(cr_filter_guards(&x->plan, CR_ABI_NATIVE, nr),
					 compare_case, &j);
	if (strncmp(cr_nr_to_name(CR_ABI_NATIVE, nr, name), "nr:", 3) == 0)
		want = x->violation;
	got = run(f, nr, cr_abi_facts[CR_ABI_NATIVE].audit_arch, &loaded);
	return got == want && !(loaded & ~PLAIN) ? 0 : wrong(nr, got, want, err);
}

static int compare(const struct cr_export *x, const struct cr_filter *f, struct cr_err *err)
{
	enum cr_abi abi;
	uint32_t nr;
	int rc = 0;

	for (nr = 0; nr < CR_NR_MAX && rc == 0; nr++) {
		rc = compare_call(x, f, nr, err);
		for (abi = 0; abi < CR_ABI_COUNT && rc == 0; abi++) {
			if (abi != CR_ABI_NATIVE &&
			    cr_export_passes(run(f, nr | cr_abi_facts[abi].nr_bit,
						 cr_abi_facts[abi].audit_arch, NULL)))
				rc = cr_err_set(err, -EBADMSG, "the profile is wrong: it lets call "
						"%u of %s pass", nr, cr_abi_facts[abi].name);
		}
	}
	return rc;
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
