#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Every file that a fuzzer found worth keeping is read without harm. Prints TAP.
set -u
cd "$(dirname "$0")" || exit 99
n=0
for corpus in corpus-*; do
	for file in "$corpus"/*; do
		n=$((n + 1))
		if out=$(timeout 20 "$top_builddir/fuzz-${corpus#corpus-}" "$file" 2>&1); then
			echo "ok $n - $file"
		else
			echo "not ok $n - $file"
			printf '%s\n' "$out" | head -20 | sed 's/^/# /'
		fi
	done
done
echo "1..$n"
