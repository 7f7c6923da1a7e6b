#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Every exporter, byte for byte: NAME.policy in, NAME.FORMAT out, its warnings in
# NAME.FORMAT.losses. Prints TAP.
#
# usage: run.sh [--update]	writes the files instead, for a person to read the difference
#
# Environment: top_builddir (default: .)

set -u
tool=$(cd "${top_builddir:-.}" && pwd)/chestnut
cd "$(dirname "$0")" || exit 99
tmp=$(mktemp -d "${TMPDIR:-/tmp}/chestnut-golden.XXXXXX") || exit 99
trap 'rm -rf "$tmp"' EXIT
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0}
n=0
failed=0

# Nothing of one machine is in a message: chestnut says the file as it was spelled.
made() {	# name, format
	"$tool" export "$2" "$1.policy" >"$tmp/out" 2>"$tmp/losses"
}

compare() {	# name, format
	made "$1" "$2" || return 1
	cmp "$tmp/out" "$1.$2" && cmp "$tmp/losses" "$1.$2.losses"
}

# Where a denied call fails, minijail has to be told so of every call that libseccomp knows.
version=2.5.4
elsewhere() {	# name, format
	case $1.$2 in
	args.minijail | asked.minijail | open.minijail | worker.minijail)
		[ "$(pkg-config --modversion libseccomp)" != $version ] ;;
	*) false ;;
	esac
}

formats=$("$tool" export --help | sed -n '/^Formats:/,$ s/^  \([a-z0-9-]*\) .*/\1/p')
for policy in *.policy; do
	name=${policy%.policy}
	for format in $formats; do
		if [ "${1-}" = --update ]; then
			made "$name" "$format" && cp "$tmp/out" "$name.$format" &&
				cp "$tmp/losses" "$name.$format.losses" || exit 1
			continue
		fi
		n=$((n + 1))
		if elsewhere "$name" "$format" && [ "${CR_MUST_RUN:-}" != 1 ]; then
			echo "ok $n - $name.policy as $format # SKIP kept for libseccomp $version"
		elif compare "$name" "$format" >"$tmp/said" 2>&1; then
			echo "ok $n - $name.policy as $format is the file that is kept"
		else
			failed=1
			echo "not ok $n - $name.policy as $format is the file that is kept"
			sed 's/^/# /' "$tmp/said" "$tmp/losses" | head -20
		fi
	done
done
echo "1..$n"
exit $failed
