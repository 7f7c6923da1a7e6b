#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The files of scripts/pipeline do what they say: the commands of the workflow are run as it has
# them, on a project of three test suites, and what the pod's init container runs.
. "$(dirname "$0")/lib.sh"
must_be_built "$VICTIMS/calls"
P=$top_srcdir/scripts/pipeline
if ! python3 -c 'import yaml' 2>/dev/null; then
	skip 'the pipeline works' 'python3-yaml is not installed'
	finish
fi
mkdir -p "$T/bin" "$T/project/ci" "$T/project/seccomp"
ln -s "$(dirname "$RUN")/chestnut-run" "$TOOL" "$T/bin/"
PATH=$T/bin:$PATH
cp "$P/chestnut-ci" "$T/project/ci/"
cp "$VICTIMS/calls" "$T/project/server"
cd "$T/project" || exit 99
# Each suite finds the program in another way.
cat >Makefile <<'END'
test-unit:
	server some 0 3
	server some 0 3 & server some 0 3; wait
test-integration:
	$(CHESTNUT_PROGRAM) some 1 3
test-upgrade:
	cd /tmp && server some 2 3
test-broken:
	server some 0 3 && exit 7
END
cat >"$T/steps.py" <<'END'
import sys, yaml
jobs = yaml.safe_load(open(sys.argv[1]))["jobs"]
if len(sys.argv) == 3:
    print("\n".join(jobs["learn"]["strategy"]["matrix"]["suite"]))
else:
    for step in jobs[sys.argv[2]]["steps"]:
        if step.get("name") == sys.argv[3]:
            print(step["run"])
END

# step JOB NAME: the command of a step of the workflow.
step() {
	python3 "$T/steps.py" "$P/github-workflow.yml" "$1" "$2"
}

learn=$(step learn 'Test, and learn')
has 'the workflow has a step that learns' <(echo "$learn") '^ci/chestnut-ci learn '
jobs=
for suite in $(python3 "$T/steps.py" "$P/github-workflow.yml" suites); do
	limited sh -ec "${learn//\$\{\{ matrix.suite \}\}/$suite}" >"$T/$suite.log" 2>&1 &
	jobs="$jobs $!"
done
failed=
for job in $jobs; do
	wait "$job" || failed="$failed $?"
done
is 'three jobs learn at once' "$failed$(find learned -name '*.policy' | wc -l)" 3 ||
	cat "$T"/*.log | comment
has 'runs of one job that overlap are all counted' learned/unit.policy '^runs = 3$'
ci/chestnut-ci learn ./server learned/broken.policy make -s test-broken >out 2>&1
is 'the exit status is that of the tests' $? 2
rm learned/broken.policy
ci/chestnut-ci learn sh learned/nested.policy sh -c 'sh -c "echo inner"; echo outer' >out 2>err
is 'a program that starts itself is learned once' "$(tr '\n' ' ' <out)$(cat err)" 'inner outer '
rm learned/nested.policy

gate=$(step profile 'What is new')
update=$(step profile 'What it would be')
sh -ec "$gate" >out 2>&1
is 'without a policy the gate is in trouble' $? 2
check 'the first policy is made of what was learned' sh -ec "$update"
has 'of all executions' seccomp/server.policy '^runs = 5$'
missing=
for name in $(./server names); do
	grep -q "^$name = allow" seccomp/server.policy || missing="$missing $name"
done
is 'with the calls of all jobs' "$missing" ''
check 'then the gate lets pass' sh -ec "$gate"
"$TOOL" drop seccomp/server.policy getpgrp sysinfo >out
sed -i 's/^mode = .*/mode = strict/' seccomp/server.policy
printf '\n# reviewed\n' >>seccomp/server.policy
sh -ec "$gate" >out 2>&1
is 'and not when a call is missing' $? 1
has 'which it names' out '^\+ '
check 'the update has it' sh -ec "$update"
check 'and the gate is content' sh -ec "$gate"
has 'what a person wrote is kept' seccomp/server.policy '^# reviewed$'
has 'also the mode' seccomp/server.policy '^mode = strict$'
CHESTNUT_BELOW=0.0001 sh -ec "$gate" >out 2>&1
is 'the gate may ask for completeness, too' $? 1

check 'the profile is published' sh -ec "$(step profile Publish)"
check 'as valid JSON' python3 -c '
import json
p = json.load(open("server.json"))
names = [n for s in p["syscalls"] for n in s["names"] if s["action"] == "SCMP_ACT_ALLOW"]
assert "execve" in names and p["defaultAction"] != "SCMP_ACT_ALLOW"'

# The init container: its command, with its two directories elsewhere.
python3 - "$P/pod.yaml" >"$T/init.sh" <<'END'
import sys, yaml
pod = yaml.safe_load(open(sys.argv[1]))["spec"]
(init,), (main,) = pod["initContainers"], pod["containers"]
assert init["command"][:2] == ["/bin/sh", "-ec"] and len(init["command"]) == 3
assert main["securityContext"]["seccompProfile"]["localhostProfile"] == "profiles/server.json"
assert pod["volumes"][0]["hostPath"]["path"] == "/var/lib/kubelet/seccomp"
assert "seccompProfile" not in pod.get("securityContext", {})
print(init["command"][2])
END
mkdir -p "$T/profile" "$T/node"
cp server.json "$T/profile/"
for i in first second; do
	check "the init container puts the profile onto the node, a $i time" \
		sh -ec "$(sed "s|/profile/|$T/profile/|g; s|/node/|$T/node/|g" "$T/init.sh")"
done
check 'where the pod expects it' cmp server.json "$T/node/profiles/server.json"
is 'and nothing else' "$(find "$T/node" -type f | wc -l)" 1
finish
