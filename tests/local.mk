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

unit_tests = test-base test-core test-options test-filter
check_PROGRAMS += $(unit_tests)
TESTS = $(unit_tests)

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
