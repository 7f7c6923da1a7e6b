noinst_LIBRARIES += libcr.a
libcr_a_SOURCES = \
	include/cr/action.h include/cr/add.h include/cr/apart.h include/cr/arch.h \
	include/cr/args.h include/cr/base.h include/cr/bp.h include/cr/buf.h include/cr/cli.h \
	include/cr/complete.h include/cr/cond.h include/cr/decode.h include/cr/diff.h \
	include/cr/enforce.h include/cr/err.h include/cr/event.h include/cr/export.h \
	include/cr/filter.h include/cr/front.h include/cr/functions.h include/cr/image.h \
	include/cr/import.h include/cr/ini.h include/cr/json.h include/cr/judge.h \
	include/cr/launch.h include/cr/learn.h include/cr/lint.h include/cr/log.h \
	include/cr/lookup.h include/cr/map.h include/cr/maps.h include/cr/mem.h \
	include/cr/merge.h include/cr/names.h include/cr/over.h include/cr/place.h \
	include/cr/policy.h include/cr/probe.h include/cr/proc.h include/cr/ptrace.h \
	include/cr/pulse.h include/cr/regs.h include/cr/rule.h include/cr/session.h \
	include/cr/sha256.h include/cr/store.h include/cr/tally.h include/cr/targets.h \
	include/cr/tracee.h include/cr/trust.h include/cr/unwind.h include/cr/utf8.h \
	include/cr/wait.h include/cr/wake.h include/cr/window.h \
	src/base/buf.c src/base/err.c src/base/log.c src/base/map.c src/base/sha256.c \
	src/base/utf8.c \
	src/arch/abi.c src/arch/regs.c \
	src/sys/apart.c src/sys/front.c src/sys/launch.c src/sys/maps-open.c \
	src/sys/maps-slow.c src/sys/maps.c src/sys/mem.c src/sys/place.c src/sys/probe.c \
	src/sys/proc.c src/sys/ptrace.c src/sys/pulse.c src/sys/wait.c src/sys/wake.c \
	src/image/cxx.c src/image/debug.c src/image/demangle.c src/image/dies.c \
	src/image/dies.h src/image/dwarf-find.c src/image/dwarf.c src/image/exits.c \
	src/image/frames.c src/image/functions.c src/image/gotab.c src/image/image-int.h \
	src/image/image.c src/image/lookup.c src/image/mini.c src/image/object.c \
	src/image/pattern.c src/image/relocs.c src/image/rust.c src/image/sweep.c \
	src/image/symbols.c src/image/tables.c src/image/targets.c src/image/vet.c \
	src/image/walk.h \
	src/unwind/clean.c src/unwind/dwfl.c src/unwind/files.c src/unwind/mem.c \
	src/unwind/names.c src/unwind/print.c src/unwind/unwind-int.h src/unwind/unwind.c \
	src/unwind/walk-dw.c src/unwind/walk.c \
	src/policy/action.c src/policy/add.c src/policy/args.c src/policy/complete.c \
	src/policy/cond-int.h src/policy/cond-learn.c src/policy/cond-parse.c \
	src/policy/cond-parse.h src/policy/cond-print.c src/policy/cond-value.c \
	src/policy/cond.c src/policy/diff.c src/policy/digest.c src/policy/disk.c \
	src/policy/disk.h src/policy/edit.c src/policy/errno.c src/policy/evidence.c \
	src/policy/flags-net.c src/policy/flags-ops.c src/policy/flags.c src/policy/flags.h \
	src/policy/includes.c src/policy/includes.h src/policy/ini.c src/policy/lint.c \
	src/policy/load.c src/policy/merge.c src/policy/model.c src/policy/names.c \
	src/policy/proof.c src/policy/ranges.c src/policy/ranges.h src/policy/rule.c \
	src/policy/save.c src/policy/scan.c src/policy/scan.h src/policy/section.c \
	src/policy/seen.c src/policy/seen.h src/policy/signatures.c src/policy/splice.c \
	src/policy/splice.h src/policy/store-int.h src/policy/store.c src/policy/text.c \
	src/policy/text.h src/policy/value-window.c src/policy/value.c src/policy/value.h \
	src/filter/borders.c src/filter/bpf.c src/filter/build.c src/filter/constants.c \
	src/filter/guard.c src/filter/guard.h src/filter/plan.c src/filter/prove.c \
	src/filter/reach.c \
	src/core/bp.c src/core/event.c src/core/over-parts.h src/core/over-run.c \
	src/core/over-slot.c src/core/over.c src/core/tally.c src/core/tracee.c \
	src/core/window.c \
	src/learn/learn.c \
	src/enforce/ask.c src/enforce/decode.c src/enforce/enforce-int.h src/enforce/enforce.c \
	src/enforce/report.c src/enforce/told.c \
	src/export/answers.c src/export/args.c src/export/bpf.c src/export/export-int.h \
	src/export/export.c src/export/flatten.c src/export/k8s.c src/export/lists.c \
	src/export/losses.c src/export/oci.c src/export/replay.c src/export/words.c \
	src/import/audit.c src/import/conds.c src/import/import-int.h src/import/import.c \
	src/import/minijail.c src/import/names.c src/import/note.c src/import/oci.c \
	src/import/strace.c \
	src/session/attach.c src/session/birth.c src/session/clone.c src/session/gather.c \
	src/session/goroutine.c src/session/inject.c src/session/leave.c src/session/mark.c \
	src/session/parts.h src/session/reporter.c src/session/restart.c src/session/session.c \
	src/session/signals.c src/session/site.c src/session/slot.c src/session/space.c \
	src/session/tame.c src/session/watch.c src/session/watch.h

cr_libs = libcr.a $(UNWIND_LIBS) $(DW_LIBS) $(LZMA_LIBS) $(ZYDIS_LIBS) $(SECCOMP_LIBS) \
	$(INIPARSER_LIBS) $(JSON_LIBS) -lm

bin_PROGRAMS += chestnut-run chestnut
chestnut_run_SOURCES = \
	src/cli/edit.c src/cli/find.c src/cli/handoff.c src/cli/json.c src/cli/logger.c \
	src/cli/logger.h src/cli/many.c src/cli/options.c src/cli/parse.c src/cli/plan.c \
	src/cli/plan.h src/cli/records.c src/cli/records.h src/cli/run.c src/cli/seat.c \
	src/cli/seat.h src/cli/tree.c src/cli/tree.h src/cli/windows.c
chestnut_run_LDADD = $(cr_libs)
chestnut_SOURCES = \
	src/cli/check.c src/cli/chestnut.c src/cli/completeness.c src/cli/diff.c \
	src/cli/doctor.c src/cli/edit.c src/cli/explain.c src/cli/export.c src/cli/finalize.c \
	src/cli/find.c src/cli/functions.c src/cli/import.c src/cli/json.c src/cli/lint.c \
	src/cli/many.c src/cli/merge.c src/cli/options.c src/cli/plot.c src/cli/rule.c \
	src/cli/show.c src/cli/tables.c src/cli/trust.c src/cli/violation.c
chestnut_LDADD = $(cr_libs)

# Completion for three shells, made of the option tables by running the programs.
bashcompdir = $(datadir)/bash-completion/completions
zshcompdir = $(datadir)/zsh/site-functions
fishcompdir = $(datadir)/fish/vendor_completions.d
nodist_bashcomp_DATA = completions/bash/chestnut completions/bash/chestnut-run
nodist_zshcomp_DATA = completions/zsh/_chestnut completions/zsh/_chestnut-run
nodist_fishcomp_DATA = completions/fish/chestnut.fish completions/fish/chestnut-run.fish
CLEANFILES += $(nodist_bashcomp_DATA) $(nodist_zshcomp_DATA) $(nodist_fishcomp_DATA)
EXTRA_DIST += scripts/gen-completion
gen_completion = $(AM_V_GEN)$(MKDIR_P) $(@D) && \
	$(SHELL) $(srcdir)/scripts/gen-completion
completion_of = '$(sysconfdir)' >$@.tmp && mv $@.tmp $@
completions/bash/chestnut: chestnut$(EXEEXT) scripts/gen-completion
	$(gen_completion) bash ./chestnut $(completion_of)
completions/bash/chestnut-run: chestnut-run$(EXEEXT) scripts/gen-completion
	$(gen_completion) bash ./chestnut-run $(completion_of)
completions/zsh/_chestnut: chestnut$(EXEEXT) scripts/gen-completion
	$(gen_completion) zsh ./chestnut $(completion_of)
completions/zsh/_chestnut-run: chestnut-run$(EXEEXT) scripts/gen-completion
	$(gen_completion) zsh ./chestnut-run $(completion_of)
completions/fish/chestnut.fish: chestnut$(EXEEXT) scripts/gen-completion
	$(gen_completion) fish ./chestnut $(completion_of)
completions/fish/chestnut-run.fish: chestnut-run$(EXEEXT) scripts/gen-completion
	$(gen_completion) fish ./chestnut-run $(completion_of)

policydir = $(pkgdatadir)/policies
dist_policy_DATA = \
	policies/base-bwrap.ini policies/base-crun.ini policies/base-dynamic-i386.ini \
	policies/base-dynamic.ini policies/base-go-i386.ini policies/base-go.ini \
	policies/base-musl-i386.ini policies/base-musl.ini policies/base-runc.ini \
	policies/base-static-i386.ini policies/base-static.ini policies/lint-calls.tsv \
	policies/lint-cves.tsv policies/lint-payloads.tsv policies/lint-twins.tsv
pipelinedir = $(docdir)/pipeline
dist_pipeline_SCRIPTS = scripts/pipeline/chestnut-ci
dist_pipeline_DATA = scripts/pipeline/Containerfile scripts/pipeline/github-workflow.yml \
	scripts/pipeline/pod.yaml
dist_man_MANS = man/chestnut-run.1 man/chestnut.1 man/chestnut-policy.5
EXTRA_DIST += src/LAYERS src/HACKING

# A program that is run from the build tree finds its base sets and tables there.
# (A rule that depends on these would find the copies, which are never older.)
all-local:
	@$(MKDIR_P) policies
	@test policies -ef $(srcdir)/policies || \
		cp -f $(srcdir)/policies/*.ini $(srcdir)/policies/*.tsv policies
clean-local:
	@test policies -ef $(srcdir)/policies || rm -rf policies
