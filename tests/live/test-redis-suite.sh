#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Redis's own test suite against a supervised server: as many tests pass as natively.
. "$(dirname "$0")/lib.sh"
must_be_built
cases=${CHESTNUT_CASES:-$top_srcdir/../shared/cases}
cache=${CHESTNUT_CACHE:-$top_builddir/redis-source}
if [ ! -f "$cases/redis-external.sh" ]; then
	skip "redis's suite" "no directory of cases: set CHESTNUT_CASES"
	finish
fi
for p in redis-server redis-cli redis-benchmark tclsh; do
	need_program $p || { skip "redis's suite" "$p is not installed"; finish; }
done
S=$(bash "$here/fetch-redis.sh" "$cache" 2>"$T/fetch.err") || {
	skip "redis's suite" "no source: $(tail -1 "$T/fetch.err")"
	finish
}
cp -r "$S" "$T/redis"		# the suite writes into its source
export S=$T/redis TERM=dumb	# no colours: the words are counted
export XDG_CONFIG_HOME=$T/config
mkdir -p "$XDG_CONFIG_HOME"
cd "$T" || exit 99

# result RUNNER: "ok=N err=N rc=N", also "server_rc" is left out: the suite's shutdown decides it.
result() {
	RUNNER=$1 OUT=$T/suite.out limited bash "$cases/redis-external.sh" 2>"$T/suite.err" |
		sed 's/ rc=.*//'
}

LIMIT=300
want=$(result '')
comment <<<"natively: $want"
case $want in
ok=[1-9][0-9][0-9]*) ok "natively the suite runs ($want)" ;;
*) not_ok "natively the suite runs" "$want" "$(tail -20 "$T/suite.out")"; finish ;;
esac
for how in --learn --strict --strict --strict; do
	got=$(result "$RUN -q $how")
	is "the same with a server under $how" "$got" "$want"
	[ "$got" = "$want" ] || {
		grep -A5 '^\[err\]\|exception' "$T/suite.out"
		tail -5 "$T/suite.err"
	} | comment
done
finish
