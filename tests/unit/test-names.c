/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <sys/syscall.h>

#include "../cr-test.h"
#include "cr/names.h"

CR_TEST(names_are_found)
{
	CR_CHECK_INT(cr_name_to_nr(CR_ABI_X86_64, "read"), SYS_read);
	CR_CHECK_INT(cr_name_to_nr(CR_ABI_X86_64, "openat"), SYS_openat);
	CR_CHECK_INT(cr_name_to_nr(CR_ABI_I386, "read"), 3);
	CR_CHECK_INT(cr_name_to_nr(CR_ABI_X32, "ioctl"), 514);
}

CR_TEST(names_of_another_abi_are_not_found)
{
	CR_CHECK_INT(cr_name_to_nr(CR_ABI_X86_64, "socketcall"), -ENOENT);
	CR_CHECK_INT(cr_name_to_nr(CR_ABI_I386, "newfstatat"), -ENOENT);
	CR_CHECK_INT(cr_name_to_nr(CR_ABI_X86_64, "opeanat"), -ENOENT);
	CR_CHECK_INT(cr_name_to_nr(CR_ABI_X86_64, ""), -ENOENT);
	CR_CHECK_INT(cr_name_to_nr(CR_ABI_X86_64, "READ"), -ENOENT);
}

CR_TEST(spread_calls_have_the_kernels_number)
{
	CR_CHECK_INT(cr_name_to_nr(CR_ABI_I386, "socket"), 359);
	CR_CHECK_INT(cr_name_to_nr(CR_ABI_I386, "shmget"), 395);
	CR_CHECK_INT(cr_name_to_nr(CR_ABI_I386, "recv"), -ENOENT);
}

CR_TEST(numbers_are_names_too)
{
	CR_CHECK_INT(cr_name_to_nr(CR_ABI_X86_64, "nr:462"), 462);
	CR_CHECK_INT(cr_name_to_nr(CR_ABI_X86_64, "nr:0"), 0);
	CR_CHECK_INT(cr_name_to_nr(CR_ABI_X86_64, "nr:1023"), 1023);
	CR_CHECK_INT(cr_name_to_nr(CR_ABI_X86_64, "nr:1024"), -EINVAL);
	CR_CHECK_INT(cr_name_to_nr(CR_ABI_X86_64, "nr:99999999999999999999"), -EINVAL);
	CR_CHECK_INT(cr_name_to_nr(CR_ABI_X86_64, "nr:007"), -EINVAL);
	CR_CHECK_INT(cr_name_to_nr(CR_ABI_X86_64, "nr:"), -EINVAL);
	CR_CHECK_INT(cr_name_to_nr(CR_ABI_X86_64, "nr:-1"), -EINVAL);
	CR_CHECK_INT(cr_name_to_nr(CR_ABI_X86_64, "nr:1x"), -EINVAL);
}

CR_TEST(every_number_comes_back)
{
	char name[CR_NAME_MAX];
	uint32_t nr;
	int abi, named;

	for (abi = 0; abi < CR_ABI_COUNT; abi++) {
		for (named = 0, nr = 0; nr < CR_NR_MAX; nr++) {
			cr_nr_to_name((enum cr_abi)abi, nr, name);
			named += strncmp(name, "nr:", 3) != 0;
			if (cr_name_to_nr((enum cr_abi)abi, name) != (int)nr)
				CR_FAIL("%s %u is called %s, which is %d", cr_abi_facts[abi].name,
					nr, name, cr_name_to_nr((enum cr_abi)abi, name));
			/* the second answer comes from the cache */
			CR_CHECK_INT(cr_name_to_nr((enum cr_abi)abi,
						   cr_nr_to_name((enum cr_abi)abi, nr, name)), nr);
		}
		CR_CHECK(named > 300);
	}
}

CR_TEST(the_nearest_name_is_offered)
{
	char near[CR_NAME_MAX];

	CR_CHECK_STR(cr_name_nearest(CR_ABI_X86_64, "opeanat", near), "openat");
	CR_CHECK_STR(cr_name_nearest(CR_ABI_X86_64, "OpenAt", near), "openat");
	CR_CHECK_STR(cr_name_nearest(CR_ABI_X86_64, "raed", near), "read");
	CR_CHECK_STR(cr_name_nearest(CR_ABI_X86_64, "waitpid", near), "wait4");
	CR_CHECK_STR(cr_name_nearest(CR_ABI_X86_64, "fstatat", near), "newfstatat");
	CR_CHECK_STR(cr_name_nearest(CR_ABI_I386, "newfstatat", near), "fstatat64");
	CR_CHECK(!cr_name_nearest(CR_ABI_X86_64, "make_me_a_sandwich", near));
	CR_CHECK(!cr_name_nearest(CR_ABI_X86_64, "", near));
}

CR_TEST(long_names_are_harmless)
{
	char near[CR_NAME_MAX], name[4096];

	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	CR_CHECK(!cr_name_nearest(CR_ABI_X86_64, name, near));
	CR_CHECK_INT(cr_name_to_nr(CR_ABI_X86_64, name), -ENOENT);
	CR_CHECK_INT(cr_errno_of(name), -EINVAL);
}

CR_TEST(the_highest_number_has_a_name)
{
	uint32_t high = cr_nr_highest(CR_ABI_X86_64), nr;
	char name[CR_NAME_MAX];

	CR_CHECK(high >= 448);	/* process_mrelease, in every libseccomp that we accept */
	CR_CHECK(strncmp(cr_nr_to_name(CR_ABI_X86_64, high, name), "nr:", 3) != 0);
	for (nr = high + 1; nr < CR_NR_MAX; nr++)
		CR_CHECK(strncmp(cr_nr_to_name(CR_ABI_X86_64, nr, name), "nr:", 3) == 0);
}

CR_TEST(errnos_have_names)
{
	char name[CR_NAME_MAX];
	int e;

	CR_CHECK_INT(cr_errno_of("EPERM"), EPERM);
	CR_CHECK_INT(cr_errno_of("ENOSYS"), ENOSYS);
	CR_CHECK_INT(cr_errno_of("EWOULDBLOCK"), EAGAIN);
	CR_CHECK_INT(cr_errno_of("1"), 1);
	CR_CHECK_INT(cr_errno_of("4095"), 4095);
	CR_CHECK_INT(cr_errno_of("4096"), -EINVAL);
	CR_CHECK_INT(cr_errno_of("0"), -EINVAL);
	CR_CHECK_INT(cr_errno_of("eperm"), -EINVAL);
	CR_CHECK_INT(cr_errno_of(""), -EINVAL);
	CR_CHECK_STR(cr_errno_name(EAGAIN, name), "EAGAIN");
	CR_CHECK_STR(cr_errno_name(4000, name), "4000");
	for (e = 1; e <= 4095; e++)
		CR_CHECK_INT(cr_errno_of(cr_errno_name(e, name)), e);
	for (e = 1; e <= 133; e++)
		if (e != 41 && e != 58)	/* Linux has no such errnos */
			CR_CHECK(cr_errno_name(e, name)[0] == 'E');
}

int main(void)
{
	CR_RUN(names_are_found, "a name is found in its ABI");
	CR_RUN(names_of_another_abi_are_not_found, "a name that the ABI lacks is not found");
	CR_RUN(spread_calls_have_the_kernels_number, "i386 socket calls have the kernel's numbers");
	CR_RUN(numbers_are_names_too, "nr:N is a name below 1024 and nothing else is");
	CR_RUN(every_number_comes_back, "every number of every ABI comes back from its name");
	CR_RUN(the_nearest_name_is_offered,
	       "a misspelt name finds its neighbour, nonsense finds none");
	CR_RUN(long_names_are_harmless, "a name of 4095 letters is only unknown");
	CR_RUN(the_highest_number_has_a_name,
	       "the highest number has a name and none above it has");
	CR_RUN(errnos_have_names, "every errno comes back from its name");
	return cr_done();
}
