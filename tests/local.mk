# Unit tests need no kernel feature; live tests trace real programs.
TEST_EXTENSIONS = .sh
tap_driver = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
LOG_DRIVER = $(tap_driver)
SH_LOG_DRIVER = $(tap_driver)
SH_LOG_COMPILER = bash
AM_TESTS_ENVIRONMENT = \
	top_srcdir='$(abs_top_srcdir)'; export top_srcdir; \
	top_builddir='$(abs_top_builddir)'; export top_builddir; \
	CC='$(CC)'; export CC;

unit_tests = test-base test-core test-options test-filter test-find test-commands test-decode
live_tests = test-bpf-kernel test-probe test-unwind
check_PROGRAMS += $(unit_tests) $(live_tests)
TESTS = $(unit_tests) $(live_tests)

AM_TEST_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests

test_base_SOURCES = tests/unit/test-base.c tests/cr-test.h
test_base_CPPFLAGS = $(AM_TEST_CPPFLAGS)
test_base_LDADD = $(cr_libs)
test_core_SOURCES = tests/unit/test-core.c
test_core_CPPFLAGS = $(AM_TEST_CPPFLAGS)
test_core_LDADD = $(cr_libs)
test_options_SOURCES = tests/unit/test-options.c src/cli/options.c
test_options_CPPFLAGS = $(AM_TEST_CPPFLAGS)
test_options_LDADD = $(cr_libs)
test_filter_SOURCES = tests/unit/test-filter.c
test_filter_CPPFLAGS = $(AM_TEST_CPPFLAGS)
test_filter_LDADD = $(cr_libs)
test_find_SOURCES = tests/unit/test-find.c src/cli/find.c
test_find_CPPFLAGS = $(AM_TEST_CPPFLAGS)
test_find_LDADD = $(cr_libs)
test_commands_SOURCES = tests/unit/test-commands.c src/cli/options.c src/cli/find.c src/cli/show.c src/cli/finalize.c
test_commands_CPPFLAGS = $(AM_TEST_CPPFLAGS)
test_commands_LDADD = $(cr_libs)
test_decode_SOURCES = tests/unit/test-decode.c
test_decode_CPPFLAGS = $(AM_TEST_CPPFLAGS)
test_decode_LDADD = $(cr_libs)
test_bpf_kernel_SOURCES = tests/live/test-bpf-kernel.c
test_bpf_kernel_CPPFLAGS = $(AM_TEST_CPPFLAGS)
test_bpf_kernel_LDADD = $(cr_libs)
test_probe_SOURCES = tests/live/test-probe.c
test_probe_CPPFLAGS = $(AM_TEST_CPPFLAGS)
test_probe_LDADD = $(cr_libs)
test_unwind_SOURCES = tests/live/test-unwind.c
test_unwind_CPPFLAGS = $(AM_TEST_CPPFLAGS)
test_unwind_LDADD = $(cr_libs)
