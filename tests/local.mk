# Unit tests need no kernel feature; live tests trace real programs. scripts/check reads LIVE_TESTS
# (left out of distcheck, which is about what a release holds) and NO_SANITIZE_TESTS.
TEST_EXTENSIONS = .sh
tap_driver = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
LOG_DRIVER = $(tap_driver)
SH_LOG_DRIVER = $(tap_driver)
SH_LOG_COMPILER = bash
AM_TESTS_ENVIRONMENT = \
	top_srcdir='$(abs_top_srcdir)'; export top_srcdir; \
	top_builddir='$(abs_top_builddir)'; export top_builddir; \
	CC='$(CC)'; export CC;

test_cppflags = $(AM_CPPFLAGS) -I$(top_srcdir)/tests

unit_programs = test-actions test-base test-bp test-commands test-complete test-cond test-core \
	test-decode test-digest test-edit test-exits test-export test-filter test-find \
	test-functions \
	test-guard test-import test-ini test-judge test-judge-window test-lint test-merge \
	test-names test-options test-over test-policy test-policy-window test-store \
	test-verdicts test-window
live_programs = test-bpf-kernel test-live-over test-probe test-unwind \
	test-unwind-files
live_scripts = tests/live/test-abi.sh tests/live/test-actions.sh tests/live/test-apps.sh \
	tests/live/test-args.sh tests/live/test-attach.sh tests/live/test-attach-windows.sh \
	tests/live/test-cases.sh tests/live/test-consumers.sh tests/live/test-escape.sh \
	tests/live/test-front.sh tests/live/test-handoff.sh \
	tests/live/test-inherit.sh tests/live/test-kill9.sh tests/live/test-parallel.sh \
	tests/live/test-pipeline.sh tests/live/test-pty.sh \
	tests/live/test-redis-complete.sh tests/live/test-redis-suite.sh \
	tests/live/test-report.sh \
	tests/live/test-status.sh tests/live/test-strict.sh tests/live/test-syslog.sh \
	tests/live/test-traps.sh tests/live/test-tree.sh \
	tests/live/test-tree-windows.sh tests/live/test-user.sh
live_scripts += tests/live/test-verdicts.sh tests/live/test-windows-apps.sh \
	tests/live/test-windows-find.sh \
	tests/live/test-windows-go.sh tests/live/test-windows-room.sh \
	tests/live/test-windows.sh
# Tests that hold us against the kernel's probes: not every kernel and not everybody has them, so
# scripts/check asks each of them ("--possible") whether it can run.
PROBE_TESTS = tests/live/test-windows-truth.sh
LIVE_TESTS = $(live_programs) $(live_scripts)
# In a program built with ASan: its leak checker cannot run under ptrace, its shadow memory does not
# fit into the small address spaces that some of these set, and it makes calls under a filter.
NO_SANITIZE_TESTS = test-live-over tests/live/test-apps.sh tests/live/test-handoff.sh \
	tests/live/test-kill9.sh \
	tests/live/test-redis-complete.sh tests/live/test-redis-suite.sh
house_tests = tests/unit/test-checks.sh tests/unit/test-exits-objdump.sh \
	tests/fuzz/replay.sh tests/golden/run.sh tests/unit/test-completion.sh \
	tests/unit/test-manage.sh \
	tests/unit/test-show.sh tests/unit/test-window-commands.sh
TESTS = $(unit_programs) $(house_tests) $(LIVE_TESTS)
check_PROGRAMS += $(unit_programs) $(live_programs) fuzz-cond fuzz-image fuzz-import fuzz-ini \
	fuzz-report

test_actions_SOURCES = tests/unit/test-actions.c src/cli/edit.c src/cli/json.c src/cli/lint.c \
	src/cli/find.c src/cli/many.c src/cli/options.c src/cli/tables.c src/cli/violation.c
test_actions_CPPFLAGS = $(test_cppflags)
test_actions_LDADD = $(cr_libs)
test_base_SOURCES = tests/unit/test-base.c
test_base_CPPFLAGS = $(test_cppflags)
test_base_LDADD = $(cr_libs)
test_bp_SOURCES = tests/unit/test-bp.c
test_bp_CPPFLAGS = $(test_cppflags)
test_bp_LDADD = $(cr_libs)
test_commands_SOURCES = tests/unit/test-commands.c \
	src/cli/options.c src/cli/find.c src/cli/show.c src/cli/finalize.c src/cli/json.c \
	src/cli/many.c src/cli/plot.c src/cli/rule.c src/cli/trust.c
test_commands_CPPFLAGS = $(test_cppflags)
test_commands_LDADD = $(cr_libs)
test_complete_SOURCES = tests/unit/test-complete.c
test_complete_CPPFLAGS = $(test_cppflags)
test_complete_LDADD = $(cr_libs)
test_cond_SOURCES = tests/unit/test-cond.c
test_cond_CPPFLAGS = $(test_cppflags)
test_cond_LDADD = $(cr_libs)
test_core_SOURCES = tests/unit/test-core.c
test_core_CPPFLAGS = $(test_cppflags)
test_core_LDADD = $(cr_libs)
test_decode_SOURCES = tests/unit/test-decode.c
test_decode_CPPFLAGS = $(test_cppflags)
test_decode_LDADD = $(cr_libs)
test_digest_SOURCES = tests/unit/test-digest.c
test_digest_CPPFLAGS = $(test_cppflags)
test_digest_LDADD = $(cr_libs)
test_edit_SOURCES = tests/unit/test-edit.c
test_edit_CPPFLAGS = $(test_cppflags)
test_edit_LDADD = $(cr_libs)
test_exits_SOURCES = tests/unit/test-exits.c
test_exits_CPPFLAGS = $(test_cppflags)
test_exits_LDADD = $(cr_libs)
test_export_SOURCES = tests/unit/test-export.c src/cli/export.c src/cli/json.c \
	src/cli/options.c src/cli/find.c
test_export_CPPFLAGS = $(test_cppflags)
test_export_LDADD = $(cr_libs)
test_filter_SOURCES = tests/unit/test-filter.c
test_filter_CPPFLAGS = $(test_cppflags)
test_filter_LDADD = $(cr_libs)
test_find_SOURCES = tests/unit/test-find.c src/cli/find.c
test_find_CPPFLAGS = $(test_cppflags)
test_find_LDADD = $(cr_libs)
test_functions_SOURCES = tests/unit/test-functions.c
test_functions_CPPFLAGS = $(test_cppflags)
test_functions_LDADD = $(cr_libs)
test_import_SOURCES = tests/unit/test-import.c src/cli/import.c src/cli/json.c \
	src/cli/options.c src/cli/find.c
test_import_CPPFLAGS = $(test_cppflags)
test_import_LDADD = $(cr_libs)
test_guard_SOURCES = tests/unit/test-guard.c
test_guard_CPPFLAGS = $(test_cppflags)
test_guard_LDADD = $(cr_libs)
test_ini_SOURCES = tests/unit/test-ini.c
test_ini_CPPFLAGS = $(test_cppflags)
test_ini_LDADD = $(cr_libs)
test_judge_SOURCES = tests/unit/test-judge.c
test_judge_CPPFLAGS = $(test_cppflags)
test_judge_LDADD = $(cr_libs)
test_judge_window_SOURCES = tests/unit/test-judge-window.c
test_judge_window_CPPFLAGS = $(test_cppflags)
test_judge_window_LDADD = $(cr_libs)
test_lint_SOURCES = tests/unit/test-lint.c src/cli/lint.c src/cli/json.c \
	src/cli/options.c src/cli/find.c src/cli/tables.c
test_lint_CPPFLAGS = $(test_cppflags)
test_lint_LDADD = $(cr_libs)
test_merge_SOURCES = tests/unit/test-merge.c
test_merge_CPPFLAGS = $(test_cppflags)
test_merge_LDADD = $(cr_libs)
test_names_SOURCES = tests/unit/test-names.c
test_names_CPPFLAGS = $(test_cppflags)
test_names_LDADD = $(cr_libs)
test_options_SOURCES = tests/unit/test-options.c src/cli/options.c
test_options_CPPFLAGS = $(test_cppflags)
test_options_LDADD = $(cr_libs)
test_over_SOURCES = tests/unit/test-over.c
test_over_CPPFLAGS = $(test_cppflags)
test_over_LDADD = $(cr_libs)
test_policy_window_SOURCES = tests/unit/test-policy-window.c
test_policy_window_CPPFLAGS = $(test_cppflags)
test_policy_window_LDADD = $(cr_libs)
test_policy_SOURCES = tests/unit/test-policy.c
test_policy_CPPFLAGS = $(test_cppflags)
test_policy_LDADD = $(cr_libs)
test_store_SOURCES = tests/unit/test-store.c
test_store_CPPFLAGS = $(test_cppflags)
test_store_LDADD = $(cr_libs)
test_verdicts_SOURCES = tests/unit/test-verdicts.c
test_verdicts_CPPFLAGS = $(test_cppflags)
test_verdicts_LDADD = $(cr_libs)
test_window_SOURCES = tests/unit/test-window.c
test_window_CPPFLAGS = $(test_cppflags)
test_window_LDADD = $(cr_libs)
fuzz_cond_SOURCES = tests/fuzz/fuzz-cond.c tests/fuzz/fuzz.h
fuzz_cond_CPPFLAGS = $(test_cppflags)
fuzz_cond_LDADD = $(cr_libs)
fuzz_image_SOURCES = tests/fuzz/fuzz-image.c tests/fuzz/fuzz.h
fuzz_image_CPPFLAGS = $(test_cppflags)
fuzz_image_LDADD = $(cr_libs)
fuzz_import_SOURCES = tests/fuzz/fuzz-import.c tests/fuzz/fuzz.h
fuzz_import_CPPFLAGS = $(test_cppflags)
fuzz_import_LDADD = $(cr_libs)
fuzz_ini_SOURCES = tests/fuzz/fuzz-ini.c tests/fuzz/fuzz.h
fuzz_ini_CPPFLAGS = $(test_cppflags)
fuzz_ini_LDADD = $(cr_libs)
fuzz_report_SOURCES = tests/fuzz/fuzz-report.c tests/fuzz/fuzz.h src/cli/records.c \
	src/cli/edit.c src/cli/find.c src/cli/json.c src/cli/logger.c src/cli/many.c \
	src/cli/options.c
fuzz_report_CPPFLAGS = $(test_cppflags)
fuzz_report_LDADD = $(cr_libs)
test_bpf_kernel_SOURCES = tests/live/test-bpf-kernel.c
test_bpf_kernel_CPPFLAGS = $(test_cppflags)
test_bpf_kernel_LDADD = $(cr_libs)
test_live_over_SOURCES = tests/live/test-over.c
test_live_over_CPPFLAGS = $(test_cppflags)
test_live_over_LDADD = $(cr_libs)
test_probe_SOURCES = tests/live/test-probe.c
test_probe_CPPFLAGS = $(test_cppflags)
test_probe_LDADD = $(cr_libs)
test_unwind_SOURCES = tests/live/test-unwind.c tests/stack-victim.h
test_unwind_CPPFLAGS = $(test_cppflags)
test_unwind_LDADD = $(cr_libs)
test_unwind_files_SOURCES = tests/live/test-unwind-files.c tests/stack-victim.h
test_unwind_files_CPPFLAGS = $(test_cppflags)
test_unwind_files_LDADD = $(cr_libs)

# Victims are what they are: no sanitizer, whatever the rest is built with.
victim_cflags = -std=gnu11 -O1 -g -pthread -Wall -Wextra -Wno-array-bounds
victim_cppflags = -I$(top_srcdir)/include
victims = tests/victims/abi tests/victims/attached tests/victims/attached-win \
	tests/victims/affinity \
	tests/victims/args tests/victims/calls \
	tests/victims/denied tests/victims/die tests/victims/escape-abi \
	tests/victims/escape-filters tests/victims/escape-super tests/victims/escape-tasks \
	tests/victims/escape-tree \
	tests/victims/exec tests/victims/families \
	tests/victims/fault tests/victims/filters tests/victims/forks tests/victims/heard \
	tests/victims/ignored tests/victims/inherit tests/victims/ptracer tests/victims/restart \
	tests/victims/sig tests/victims/spaces tests/victims/stop tests/victims/threads \
	tests/victims/waits
live_drivers = tests/live/pty tests/live/start
check_PROGRAMS += $(victims) $(live_drivers)
tests_victims_abi_SOURCES = tests/victims/abi.c tests/victims/victim.h
tests_victims_abi_CPPFLAGS = $(victim_cppflags)
tests_victims_abi_CFLAGS = $(victim_cflags)
tests_victims_attached_SOURCES = tests/victims/attached.c
tests_victims_attached_CPPFLAGS = $(victim_cppflags)
tests_victims_attached_CFLAGS = $(victim_cflags)
tests_victims_attached_win_SOURCES = tests/victims/attached-win.c
tests_victims_attached_win_CPPFLAGS = $(victim_cppflags)
tests_victims_attached_win_CFLAGS = $(victim_cflags)
tests_victims_affinity_SOURCES = tests/victims/affinity.c tests/victims/victim.h
tests_victims_affinity_CPPFLAGS = $(victim_cppflags)
tests_victims_affinity_CFLAGS = $(victim_cflags)
tests_victims_args_SOURCES = tests/victims/args.c tests/victims/victim.h
tests_victims_args_CPPFLAGS = $(victim_cppflags)
tests_victims_args_CFLAGS = $(victim_cflags)
tests_victims_calls_SOURCES = tests/victims/calls.c tests/victims/victim.h
tests_victims_calls_CPPFLAGS = $(victim_cppflags)
tests_victims_calls_CFLAGS = $(victim_cflags)
tests_victims_denied_SOURCES = tests/victims/denied.c tests/victims/victim.h
tests_victims_denied_CPPFLAGS = $(victim_cppflags)
tests_victims_denied_CFLAGS = $(victim_cflags)
tests_victims_die_SOURCES = tests/victims/die.c tests/victims/victim.h
tests_victims_die_CPPFLAGS = $(victim_cppflags)
tests_victims_die_CFLAGS = $(victim_cflags)
tests_victims_escape_abi_SOURCES = tests/victims/escape-abi.c tests/victims/escape.h \
	tests/victims/victim.h
tests_victims_escape_abi_CPPFLAGS = $(victim_cppflags)
tests_victims_escape_abi_CFLAGS = $(victim_cflags)
tests_victims_escape_filters_SOURCES = tests/victims/escape-filters.c tests/victims/escape.h \
	tests/victims/victim.h
tests_victims_escape_filters_CPPFLAGS = $(victim_cppflags)
tests_victims_escape_filters_CFLAGS = $(victim_cflags)
tests_victims_escape_super_SOURCES = tests/victims/escape-super.c tests/victims/escape.h \
	tests/victims/victim.h
tests_victims_escape_super_CPPFLAGS = $(victim_cppflags)
tests_victims_escape_super_CFLAGS = $(victim_cflags)
tests_victims_escape_tasks_SOURCES = tests/victims/escape-tasks.c tests/victims/escape.h \
	tests/victims/victim.h
tests_victims_escape_tasks_CPPFLAGS = $(victim_cppflags)
tests_victims_escape_tasks_CFLAGS = $(victim_cflags)
tests_victims_escape_tree_SOURCES = tests/victims/escape-tree.c tests/victims/escape.h \
	tests/victims/victim.h
tests_victims_escape_tree_CPPFLAGS = $(victim_cppflags)
tests_victims_escape_tree_CFLAGS = $(victim_cflags)
tests_victims_exec_SOURCES = tests/victims/exec.c tests/victims/victim.h
tests_victims_exec_CPPFLAGS = $(victim_cppflags)
tests_victims_exec_CFLAGS = $(victim_cflags)
tests_victims_families_SOURCES = tests/victims/families.c tests/victims/victim.h
tests_victims_families_CPPFLAGS = $(victim_cppflags)
tests_victims_families_CFLAGS = $(victim_cflags)
tests_victims_fault_SOURCES = tests/victims/fault.c tests/victims/victim.h
tests_victims_fault_CPPFLAGS = $(victim_cppflags)
tests_victims_fault_CFLAGS = $(victim_cflags)
tests_victims_filters_SOURCES = tests/victims/filters.c tests/victims/victim.h
tests_victims_filters_CPPFLAGS = $(victim_cppflags)
tests_victims_filters_CFLAGS = $(victim_cflags)
tests_victims_forks_SOURCES = tests/victims/forks.c tests/victims/victim.h
tests_victims_forks_CPPFLAGS = $(victim_cppflags)
tests_victims_forks_CFLAGS = $(victim_cflags)
tests_victims_heard_SOURCES = tests/victims/heard.c tests/victims/victim.h
tests_victims_heard_CPPFLAGS = $(victim_cppflags)
tests_victims_heard_CFLAGS = $(victim_cflags)
tests_victims_ignored_SOURCES = tests/victims/ignored.c tests/victims/victim.h
tests_victims_ignored_CPPFLAGS = $(victim_cppflags)
tests_victims_ignored_CFLAGS = $(victim_cflags)
tests_victims_inherit_SOURCES = tests/victims/inherit.c tests/victims/victim.h
tests_victims_inherit_CPPFLAGS = $(victim_cppflags)
tests_victims_inherit_CFLAGS = $(victim_cflags)
tests_victims_ptracer_SOURCES = tests/victims/ptracer.c tests/victims/victim.h
tests_victims_ptracer_CPPFLAGS = $(victim_cppflags)
tests_victims_ptracer_CFLAGS = $(victim_cflags)
tests_victims_restart_SOURCES = tests/victims/restart.c tests/victims/victim.h
tests_victims_restart_CPPFLAGS = $(victim_cppflags)
tests_victims_restart_CFLAGS = $(victim_cflags)
tests_victims_sig_SOURCES = tests/victims/sig.c tests/victims/victim.h
tests_victims_sig_CPPFLAGS = $(victim_cppflags)
tests_victims_sig_CFLAGS = $(victim_cflags)
tests_victims_spaces_SOURCES = tests/victims/spaces.c tests/victims/victim.h
tests_victims_spaces_CPPFLAGS = $(victim_cppflags)
tests_victims_spaces_CFLAGS = $(victim_cflags)
tests_victims_stop_SOURCES = tests/victims/stop.c tests/victims/victim.h
tests_victims_stop_CPPFLAGS = $(victim_cppflags)
tests_victims_stop_CFLAGS = $(victim_cflags)
tests_victims_threads_SOURCES = tests/victims/threads.c tests/victims/victim.h
tests_victims_threads_CPPFLAGS = $(victim_cppflags)
tests_victims_threads_CFLAGS = $(victim_cflags)
tests_victims_waits_SOURCES = tests/victims/waits.c tests/victims/victim.h
tests_victims_waits_CPPFLAGS = $(victim_cppflags)
tests_victims_waits_CFLAGS = $(victim_cflags)
tests_live_pty_SOURCES = tests/live/pty.c
tests_live_pty_CPPFLAGS = $(victim_cppflags)
tests_live_pty_CFLAGS = $(victim_cflags)
tests_live_start_SOURCES = tests/live/start.c
tests_live_start_CPPFLAGS = $(victim_cppflags)
tests_live_start_CFLAGS = $(victim_cflags)
function_inputs = tests/victims/fn-exits.S tests/victims/fn-gotab.S \
	tests/victims/fn-names.c tests/victims/fn-switch.c tests/victims/fn-throw.cc
window_victims = tests/live/lib-attach.sh tests/live/lib-windows.sh tests/live/win-policy.awk \
	tests/victims/tree-win.c \
	tests/victims/win-go.go tests/victims/win-coro.c tests/victims/win-dl.c \
	tests/victims/win-forks.c tests/victims/win-forms.c tests/victims/win-i386.c \
	tests/victims/win-ifunc.c tests/victims/win-longjmp.c tests/victims/win-names.cc \
	tests/victims/win-paths.c tests/victims/win-rseq.c tests/victims/win-scope.c \
	tests/victims/win-signals.c tests/victims/win-storm.c tests/victims/win-tails.c \
	tests/victims/win-threads.c \
	tests/victims/win-throw.cc tests/victims/win-traps.c tests/victims/win.h

# A 32-bit program, where the compiler makes one; its test says so where it does not.
check-local: tests/victims/abi32.stamp
tests/victims/abi32.stamp: tests/victims/abi32.c tests/victims/victim.h
	@$(MKDIR_P) tests/victims
	$(AM_V_CC)$(CC) -m32 -static -O1 -g -w -D_GNU_SOURCE -o tests/victims/abi32 \
		$(srcdir)/tests/victims/abi32.c 2>/dev/null || rm -f tests/victims/abi32
	@touch $@
CLEANFILES += tests/victims/abi32 tests/victims/abi32.stamp

EXTRA_DIST += $(house_tests) $(live_scripts) $(PROBE_TESTS) tests/live/lib.sh \
	tests/live/fetch-redis.sh \
	tests/cr-test.h tests/over-forms.h tests/unit/fn-build.h \
	tests/unit/judge-site.h tests/unit/window-model.h \
	$(function_inputs) $(window_victims) tests/victims/abi32.c tests/victims/victim.h \
	tests/unit/cli-run.h \
	tests/fuzz/corpus-cond \
	tests/fuzz/corpus-image tests/fuzz/corpus-import tests/fuzz/corpus-ini \
	tests/fuzz/corpus-report tests/golden \
	.clang-format .ci/run README COPYING scripts/c-code.awk scripts/check scripts/check-layers \
	scripts/check-man scripts/check-style scripts/demo scripts/setup tests/bench/bench \
	tests/bench/import tests/bench/lib tests/bench/windows

EXTRA_PROGRAMS = tests/bench/bare tests/bench/work
CLEANFILES += tests/bench/bare$(EXEEXT) tests/bench/work$(EXEEXT)
tests_bench_bare_SOURCES = tests/bench/bare.c
tests_bench_bare_CFLAGS = -std=gnu11 -O2
tests_bench_bare_LDADD = $(SECCOMP_LIBS)
tests_bench_work_SOURCES = tests/bench/work.c
tests_bench_work_CFLAGS = -std=gnu11 -O2 -pthread
bench: all tests/bench/bare$(EXEEXT) tests/bench/work$(EXEEXT)
	$(srcdir)/tests/bench/bench $(BENCHFLAGS) .
	$(srcdir)/tests/bench/windows $(filter --quick --json,$(BENCHFLAGS)) .
.PHONY: bench

# A directory is taken as it is, with what a test has left in the build there.
dist-hook:
	rm -f "$(distdir)"/tests/golden/*.log "$(distdir)"/tests/golden/*.trs
