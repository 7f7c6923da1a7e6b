#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What reads exported policies reads ours: crun, runc, bubblewrap, systemd, the C compiler, the
# published schema of the OCI runtime specification. The program works as long as its policy is
# whole; a call that is taken out is refused.
# shellcheck disable=SC2016 # $ is for the inner shell
. "$(dirname "$0")/lib.sh"
must_be_built
PATH=$PATH:/usr/sbin:/sbin
P=$T/p.policy
bb=$(command -v busybox)
statically() {
	[ -n "$bb" ] && ! ldd "$bb" >/dev/null 2>&1	# no dynamic executable
}

# The program of all containers: it makes a directory, which a policy can take away, and tells.
learn() {
	"$RUN" -q --learn -p "$P" -- "$bb" mkdir "$T/made" && rmdir "$T/made" &&
		"$RUN" -q --learn -p "$P" -- "$bb" echo >/dev/null
}

# A policy that has mkdir taken away: "deny" makes the call fail, "never" kills.
variant() {	# deny|never
	cp "$P" "$T/$1.policy" && "$TOOL" "$1" "$T/$1.policy" mkdir >/dev/null
}

# ... and one where it depends on the mode, which is 0777.
on_condition() {	# mode
	sed "s/^mkdir = allow.*/mkdir = allow if arg1 == $1/" "$P" >"$T/mode-$1.policy"
}

# The OCI bundle for profile $1 ("": none), with the arguments as its command.
bundle() {
	local profile=$1

	shift
	rm -rf "$T/bundle"
	mkdir -p "$T/bundle/rootfs/bin" "$T/bundle/rootfs/tmp" "$T/bundle/rootfs/proc" \
		"$T/bundle/rootfs/dev" "$T/bundle/rootfs/sys"
	cp "$bb" "$T/bundle/rootfs/bin/busybox"
	(cd "$T/bundle" && "$runtime" spec) || return 1
	python3 - "$T/bundle/config.json" "$profile" "$@" <<-'END'
		import json, sys
		path, profile, args = sys.argv[1], sys.argv[2], sys.argv[3:]
		c = json.load(open(path))
		c['process'].update(args=args, terminal=False, noNewPrivileges=False)
		c['root']['readonly'] = False
		c['linux']['namespaces'] = [n for n in c['linux']['namespaces']
					    if n['type'] != 'cgroup']
		c['linux'].pop('seccomp', None)
		if profile:
		    c['linux']['seccomp'] = json.load(open(profile))
		json.dump(c, open(path, 'w'))
	END
}

# Runs the bundle. crun reads the cgroups and does not like some; it sees none of them then.
contained() {
	local id=cr-$$-$RANDOM

	case $how in
	plain) (cd "$T/bundle" && limited "$runtime" --root "$T/$runtime" run $id) ;;
	hidden)
		(cd "$T/bundle" && limited unshare -m sh -c '
			mount -t tmpfs none /sys/fs/cgroup &&
			exec "$1" --root "$2" --cgroup-manager=disabled run "$3"
		' sh "$runtime" "$T/$runtime" $id) ;;
	esac >"$T/box.out" 2>"$T/box.err" </dev/null
}

# How a container can be run here: $how.
find_a_way() {
	for how in plain hidden; do
		[ $how = hidden ] && [ "$runtime" != crun ] && break
		contained && return 0
	done
	return 1
}

export_for() {	# policy, base set
	"$TOOL" export oci --base "$2" -o "$T/profile.json" "$1" 2>"$T/export.err"
}

test_runtime() {
	runtime=$1
	if ! need_program "$runtime"; then
		skip "$runtime takes an exported profile" "there is no $runtime"
		return
	fi
	bundle "" /bin/busybox true
	if ! find_a_way; then
		skip "$runtime takes an exported profile" \
			"it runs no container here: $(head -3 "$T/box.err" | tr '\n' ' ')"
		return
	fi
	export_for "$P" "$runtime"
	bundle "$T/profile.json" /bin/busybox mkdir /tmp/made
	contained
	is "$runtime: the program works under the exported profile" \
		"$?$(ls "$T/bundle/rootfs/tmp")" "0made"
	export_for "$T/deny.policy" "$runtime"
	bundle "$T/profile.json" /bin/busybox mkdir /tmp/made
	contained
	is "$runtime: a call that is denied fails, and the program goes on" \
		"$?$(ls "$T/bundle/rootfs/tmp")" "1"
	has "$runtime: and it sees the error that the policy says" "$T/box.err" \
		"Operation not permitted"
	export_for "$T/never.policy" "$runtime"
	bundle "$T/profile.json" /bin/busybox mkdir /tmp/made
	contained
	is "$runtime: a call that is taken out kills by SIGSYS" \
		"$?$(ls "$T/bundle/rootfs/tmp")" "159"
	for mode in 0777 0700; do
		export_for "$T/mode-$mode.policy" "$runtime"
		bundle "$T/profile.json" /bin/busybox mkdir /tmp/made
		contained
		is "$runtime: a call with mode 0777 may be made only with mode $mode" \
			"$?$(ls "$T/bundle/rootfs/tmp")" \
			"$([ $mode = 0777 ] && echo 0made || echo 159)"
	done
}

test_schema() {
	local schema=/usr/share/gocode/src/github.com/opencontainers/runtime-spec/schema

	if [ ! -f $schema/config-schema.json ] || ! python3 -c 'import jsonschema' 2>/dev/null; then
		skip "exported profiles meet the published schema" \
			"no golang-github-opencontainers-specs-dev, or no python3-jsonschema"
		return
	fi
	runtime=$(command -v runc || command -v crun)
	export_for "$P" runc
	bundle "$T/profile.json" /bin/busybox true
	cat >"$T/valid.py" <<-'END'
		import json, sys, jsonschema
		schema = json.load(open(sys.argv[1]))
		base = jsonschema.RefResolver('file://' + sys.argv[1], schema)
		c = json.load(open(sys.argv[2]))
		jsonschema.Draft4Validator(schema, resolver=base).validate(c)
		c['linux']['seccomp']['syscalls'][0]['action'] = 'SCMP_ACT_WHATEVER'
		try:
		    jsonschema.Draft4Validator(schema, resolver=base).validate(c)
		except jsonschema.ValidationError:
		    sys.exit(0)
		sys.exit('the schema takes anything')
	END
	check "exported profiles meet the published schema of the runtime specification" \
		python3 "$T/valid.py" $schema/config-schema.json "$T/bundle/config.json"
}

# bwrap_run POLICY: its status and whether the directory was made.
bwrap_run() {
	local rc

	"$TOOL" export bpf --base bwrap -o "$T/filter" "$1" 2>/dev/null || return 1
	rm -rf "$T/tmp" && mkdir "$T/tmp"
	limited bwrap --ro-bind / / --proc /proc --bind "$T/tmp" "$T/tmp" --unshare-pid \
		--seccomp 9 -- "$bb" mkdir "$T/tmp/made" 9<"$T/filter" >"$T/box.out" 2>"$T/box.err"
	rc=$?
	echo "$rc$(ls "$T/tmp")"
}

test_bwrap() {
	if ! need_program bwrap; then
		skip "bubblewrap takes an exported filter" "there is no bwrap"
		return
	fi
	if ! bwrap --ro-bind / / --proc /proc --unshare-pid true 2>"$T/box.err"; then
		skip "bubblewrap takes an exported filter" \
			"it does not work here: $(head -1 "$T/box.err")"
		return
	fi
	is "bubblewrap: the program works under the exported filter" "$(bwrap_run "$P")" "0made"
	is "bubblewrap: a call that is denied fails" "$(bwrap_run "$T/deny.policy")" "1"
	is "bubblewrap: a call that is taken out kills" "$(bwrap_run "$T/never.policy")" "159"
	is "bubblewrap: a condition that is met lets it pass" "$(bwrap_run "$T/mode-0777.policy")" \
		"0made"
	is "bubblewrap: one that is not kills" "$(bwrap_run "$T/mode-0700.policy")" "159"
}

unit() {	# policy
	mkdir -p "$T/units/web.service.d"
	printf '[Unit]\nDefaultDependencies=no\n[Service]\nExecStart=%s true\n' "$bb" \
		>"$T/units/web.service"
	"$TOOL" export systemd -o "$T/units/web.service.d/calls.conf" "$1" 2>"$T/export.err"
}

analyze() {
	SYSTEMD_UNIT_PATH=$T/units systemd-analyze "$@" >"$T/analyze.out" 2>&1
}

# What systemd allows always, as far as x86-64 has it.
always() {
	systemd-analyze syscall-filter @default | sed -n 's/^    \([a-z0-9_]*\)$/\1/p' >"$T/default"
	"$TOOL" import --skip-bad names "$T/default" 2>/dev/null | sed -n 's/ = allow.*//p' | sort
}

test_systemd() {
	if ! need_program systemd-analyze; then
		skip "systemd takes an exported drop-in" "there is no systemd-analyze"
		return
	fi
	unit "$P"
	analyze verify web.service
	is "systemd-analyze verify has nothing against an exported drop-in" \
		"$?$(cat "$T/analyze.out")" "0"
	analyze --offline=true security web.service
	has "and security sees what it takes away" "$T/analyze.out" '^\+ SystemCallFilter=~@mount'
	has_not "and nothing of it is left open" "$T/analyze.out" \
		'^- (SystemCallFilter=|SystemCallArchitectures=|NoNewPrivileges=)'
	sed -i 's/mkdir/mdkir/' "$T/units/web.service.d/calls.conf"
	analyze verify web.service
	has "which would not be so if a word in it were wrong" "$T/analyze.out" \
		'Failed to parse system call.*mdkir'
	printf '[syscalls]\n' >"$T/empty.policy"
	unit "$T/empty.policy"
	sed -n 's/.*whatever the policy says: //p' "$T/export.err" >"$T/told"
	is "what systemd allows whatever the policy says is what the export tells of" \
		"$(tr ' ' '\n' <"$T/told" | sort)" "$(always | grep -vx restart_syscall)"
}

test_header() {
	cp "$P" "$T/lib.policy"
	"$TOOL" export c-header --base bwrap -o "$T/filter.h" "$T/lib.policy" 2>/dev/null
	cat >"$T/load.c" <<-'END'
		#include <stdio.h>
		#include <sys/prctl.h>
		#include <sys/stat.h>
		#include <unistd.h>
		#include <linux/seccomp.h>
		#include "filter.h"
		int main(int argc, char **argv)
		{
			struct sock_fprog p = { sizeof(filter_lib) / sizeof(filter_lib[0]),
						(struct sock_filter *)filter_lib };
			if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
			    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &p, 0, 0) != 0)
				return 1;
			if (mkdir(argv[1], 0700) != 0)
				return 2;
			if (argc > 2)
				rmdir(argv[1]);
			return write(1, "well\n", 5) == 5 ? 0 : 3;
		}
	END
	check "the C header compiles without a warning" \
		${CC:-cc} -Wall -Wextra -Werror -o "$T/load" "$T/load.c"
	is "a program that loads it makes the calls of the policy" "$("$T/load" "$T/h1"; echo $?)" \
		"well
0"
	{ "$T/load" "$T/h2" more; rc=$?; } >/dev/null 2>&1
	is "and is killed for another one" "$rc" 159
}

test_kubernetes() {
	if ! python3 -c 'import yaml' 2>/dev/null; then
		skip "the Kubernetes resource is what the profile is" "there is no python3-yaml"
		return
	fi
	"$TOOL" export k8s -o "$T/p.yaml" "$P" 2>/dev/null
	"$TOOL" export k8s-pod -o "$T/pod.yaml" "$P" 2>/dev/null
	"$TOOL" export oci -o "$T/profile.json" "$P" 2>/dev/null
	cat >"$T/resource.py" <<-'END'
		import json, sys, yaml
		k = yaml.safe_load(open(sys.argv[1]))
		pod = yaml.safe_load(open(sys.argv[2]))
		oci = json.load(open(sys.argv[3]))
		def calls(p):
		    return sorted((n, e['action'], e.get('errnoRet'))
				  for e in p['syscalls'] for n in e['names'])
		assert k['kind'] == 'SeccompProfile' and k['metadata']['name'] == 'p'
		assert calls(k['spec']) == calls(oci) and calls(oci)
		assert k['spec']['defaultAction'] == oci['defaultAction']
		assert k['spec']['architectures'] == oci['architectures']
		assert pod['spec']['securityContext']['seccompProfile'] == \
			{'type': 'Localhost', 'localhostProfile': 'profiles/p.json'}
	END
	check "the Kubernetes resource says what the profile says, the pod where it lies" \
		python3 "$T/resource.py" "$T/p.yaml" "$T/pod.yaml" "$T/profile.json"
}

# Every line of a minijail policy is a comment, or a name with what is allowed or returned.
test_minijail() {
	local test='arg[0-5] (==|<=|>=|&|in) (0|0x[0-9a-f]+)'
	local tests="$test( (&&|\\|\\|) $test)*"

	"$TOOL" export minijail -o "$T/minijail" "$T/deny.policy" 2>/dev/null
	grep -vxE -e '#.*' -e '[a-z0-9_]+: (1|return [0-9]+)' \
		-e "[a-z0-9_]+: $tests(; return [0-9]+)?" "$T/minijail" >"$T/odd"
	is "a minijail policy has no line of another form" "$(cat "$T/odd")" ""
	has "and says the denial" "$T/minijail" '^mkdir: return 1$'
}

# harpoon's way: what a function does while the tests run, and nothing else, is the profile.
test_windows_only() {
	cat >"$T/pkg.c" <<-'END'
		#include <sys/stat.h>
		#include <sys/syscall.h>
		#include <unistd.h>
		__attribute__((noinline)) int work(const char *dir)
		{
			return mkdir(dir, 0700) == 0 && syscall(SYS_getppid) > 0;
		}
		int main(int argc, char **argv)
		{
			syscall(SYS_getpgid, 0);
			return work(argv[argc - 1]) && rmdir(argv[argc - 1]) == 0 ? 0 : 1;
		}
	END
	${CC:-cc} -g -O1 -o "$T/pkg" "$T/pkg.c" || return
	limited "$RUN" -q --learn --windows-only -f work -p "$T/w.policy" -- "$T/pkg" "$T/w" \
		>"$T/w.out" 2>&1
	"$TOOL" export names "$T/w.policy" >"$T/w.names" 2>"$T/w.err"
	is "a function's calls, and no other, are what --windows-only and export make of a run" \
		"$(tr '\n' ' ' <"$T/w.names")" "getppid mkdir restart_syscall "
}

# Of what strace has seen a program lives.
test_strace() {
	if ! need_program strace; then
		skip "what strace has seen of a program is a policy it works under" "no strace"
		return
	fi
	for options in "-f" "-f -tt -T -y" "-f -c"; do
		# shellcheck disable=SC2086 # options are words
		strace $options -o "$T/trace" bash -c 'ls / | sort | wc -l' >"$T/native" 2>&1
		rm -f "$T/s.policy"
		"$TOOL" import -o "$T/s.policy" strace "$T/trace" 2>"$T/import.err"
		case $options in
		*-c) "$TOOL" allow "$T/s.policy" exit_group >/dev/null ;;
		esac
		limited "$RUN" -q --strict -p "$T/s.policy" -- bash -c 'ls / | sort | wc -l' \
			>"$T/strict" 2>&1
		is "what strace $options has seen is a policy that the program works under" \
			"$?$(cat "$T/strict")" "0$(cat "$T/native")"
	done
	if [ ! -x "$VICTIMS/abi32" ]; then
		skip "of a 32-bit program, too" "there is no 32-bit program"
		return
	fi
	strace -f -e quiet=none -o "$T/trace" "$VICTIMS/abi32" >"$T/native" 2>/dev/null
	echo $? >>"$T/native"
	rm -f "$T/s.policy"
	"$TOOL" import -o "$T/s.policy" strace "$T/trace" 2>>"$T/import.err"
	limited "$RUN" -q --strict -p "$T/s.policy" -- "$VICTIMS/abi32" >"$T/strict" 2>&1
	echo $? >>"$T/strict"
	is "of a 32-bit program, too" "$(cat "$T/strict")" "$(cat "$T/native")"
	has "and a summary's lack of calls that do not return is told" "$T/import.err" \
		'leaves out calls that do not return.*exit_group'
}

if ! statically; then
	skip "what exports are for" "there is no static busybox"
	finish
fi
check "a policy is learned" learn
variant deny
variant never
on_condition 0777
on_condition 0700
if [ "$(id -u)" = 0 ]; then
	test_runtime crun
	test_runtime runc
else
	skip "crun and runc take an exported profile" "containers want root here"
fi
test_schema
test_bwrap
test_systemd
test_header
test_kubernetes
test_minijail
test_windows_only
test_strace
finish
