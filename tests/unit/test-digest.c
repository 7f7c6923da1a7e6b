/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "cr-test.h"
#include "cr/ini.h"
#include "cr/sha256.h"

static const char *hex_of(const void *data, size_t len)
{
	static char hex[2 * CR_SHA256_SIZE + 1];
	unsigned char sum[CR_SHA256_SIZE];
	size_t i;

	cr_sha256(data, len, sum);
	for (i = 0; i < sizeof(sum); i++)
		snprintf(hex + 2 * i, 3, "%02x", sum[i]);
	return hex;
}

/* The examples of FIPS 180-2, and what sha256sum(1) says of one more block length. */
CR_TEST(known_sums)
{
	const char *two_blocks = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
	char *million = malloc(1000000);

	CR_CHECK(million != NULL);
	memset(million, 'a', 1000000);
	CR_CHECK_STR(hex_of("", 0),
		     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	CR_CHECK_STR(hex_of("abc", 3),
		     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	CR_CHECK_STR(hex_of(two_blocks, 56),
		     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	CR_CHECK_STR(hex_of(million, 1000000),
		     "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	CR_CHECK_STR(hex_of(million, 55),
		     "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318");
	CR_CHECK_STR(hex_of(million, 64),
		     "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb");
	free(million);
}

static struct cr_policy *read_in(const char *text)
{
	struct cr_policy *p = NULL;
	struct cr_err err;

	if (cr_ini_parse("x", text, strlen(text), &p, &err) < 0)
		CR_FAIL("%s", err.text);
	return p;
}

static const char *digest_of(const char *text)
{
	static char digest[CR_DIGEST_MAX];
	struct cr_policy *p = read_in(text);

	CR_CHECK_INT(cr_policy_digest(p, digest), 0);
	cr_policy_free(p);
	return digest;
}

#define HEAD "[policy]\nmode = strict\nviolation = kill\nhorizon = 6.1.0 450\n"
#define RULES "[syscalls]\nread = allow\nmkdir = errno EPERM\n[syscalls i386]\nwrite = allow\n"
#define WINDOWS "[window 1]\nfunction = f\nread = allow\n[window 2]\nfunction = g\nopen = allow\n"

static char original[CR_DIGEST_MAX];

CR_TEST(what_is_enforced_counts)
{
	static const char *const others[] = {
		"[policy]\nmode = audit\nviolation = kill\nhorizon = 6.1.0 450\n" RULES WINDOWS,
		"[policy]\nmode = strict\nviolation = errno EPERM\nhorizon = 6.1.0 450\n"
		RULES WINDOWS,
		"[policy]\nmode = strict\nviolation = kill\nhorizon = 6.1.0 451\n" RULES WINDOWS,
		HEAD "outside = any\n" RULES WINDOWS,
		HEAD RULES "open = allow\n" WINDOWS,
		HEAD "[syscalls]\nread = allow\nmkdir = errno EPERM\n" WINDOWS,
		HEAD "[syscalls]\nread = log\nmkdir = errno EPERM\n[syscalls i386]\n"
		"write = allow\n" WINDOWS,
		HEAD "[syscalls]\nread = allow\nmkdir = errno ENOENT\n[syscalls i386]\n"
		"write = allow\n" WINDOWS,
		HEAD "[syscalls]\nread = allow\nmkdir = errno EPERM\n[syscalls x32]\n"
		"write = allow\n" WINDOWS,
		HEAD RULES,
		HEAD RULES "[window 1]\nfunction = f\nread = allow\n"
		"[window 2]\nfunction = g\nopen = never\n",
		HEAD RULES "[window 1]\nfunction = f\nread = allow\n"
		"[window 2]\nfunction = g\nscope = process\nopen = allow\n",
		HEAD RULES "[window 1]\nfunction = f\nread = allow\n"
		"[window 2]\nfunction = g\nobject = libc.so.6\nopen = allow\n",
		HEAD "include = base-dynamic\n" RULES WINDOWS,
		HEAD "[syscalls]\nread = allow if arg0 == 0\nmkdir = errno EPERM\n"
		"[syscalls i386]\nwrite = allow\n" WINDOWS,
	};
	size_t i;

	strcpy(original, digest_of(HEAD RULES WINDOWS));
	for (i = 0; i < CR_ARRAY_SIZE(others); i++)
		if (strcmp(digest_of(others[i]), original) == 0)
			CR_FAIL("nobody sees the change in %s", others[i]);
}

CR_TEST(conditions_count)
{
	static const char *const others[] = {
		"allow if arg0 == 1 else never", "allow if arg0 == 2", "allow if arg0 & 1",
		"allow if arg0 == 1 or arg1 == 1", "allow if arg0 == 1 and arg1 == 1",
		"allow if arg1 == 1", "allow", "allow if arg0 in 1 3",
	};
	struct cr_buf text = CR_BUF_INIT;
	size_t i;

	strcpy(original, digest_of("[syscalls]\nsocket = allow if arg0 == 1\n"));
	for (i = 0; i < CR_ARRAY_SIZE(others); i++) {
		cr_buf_clear(&text);
		cr_buf_addf(&text, "[syscalls]\nsocket = %s\n", others[i]);
		if (strcmp(digest_of(cr_buf_str(&text)), original) == 0)
			CR_FAIL("nobody sees the change to %s", others[i]);
	}
	cr_buf_fini(&text);
	CR_CHECK_STR(digest_of("[syscalls]\nsocket = allow if arg0 in AF_UNIX\n"), original);
}

CR_TEST(nothing_else_counts)
{
	strcpy(original, digest_of(HEAD RULES WINDOWS));
	CR_CHECK_STR(digest_of("# comment\n[syscalls i386]\nnr:4=allow\n[syscalls]\n"
			       "mkdir = errno 1\nread = allow # mine\n[window 7]\nfunction = g\n"
			       "open = allow\n[window 9]\nfunction = f\nread = allow\n"
			       "[policy]\nhorizon = 6.8.0 450\nmode = strict\nruns = 7\n"
			       "program = /bin/x\nlost = 3\n[evidence]\nread = \"1, 1 call\"\n"),
		     original);
}

CR_TEST(changes_are_seen)
{
	struct cr_policy *p = read_in(HEAD RULES);

	CR_CHECK(!cr_policy_changed(p));
	CR_CHECK_INT(cr_policy_seal(p), 0);
	CR_CHECK(!cr_policy_changed(p));
	CR_CHECK_INT(cr_policy_set(p, NULL, CR_ABI_NATIVE, 2, CR_ACT_ALLOW, 0), 0);
	CR_CHECK(cr_policy_changed(p));
	CR_CHECK_INT(cr_policy_seal(p), 0);
	CR_CHECK(!cr_policy_changed(p));
	cr_policy_free(p);
}

int main(void)
{
	CR_RUN(known_sums, "SHA-256 gives the sums that are published");
	CR_RUN(what_is_enforced_counts, "each change of what is enforced gives another digest");
	CR_RUN(conditions_count, "each change of a condition does, its spelling does not");
	CR_RUN(nothing_else_counts, "comments, order, numbers and evidence do not");
	CR_RUN(changes_are_seen, "a policy that was sealed tells whether it was changed");
	return cr_done();
}
