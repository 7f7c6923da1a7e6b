#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Redis is learned from benchmarks, which do not need all that its own suite does: the estimate must
# have warned before the suite is run.
. "$(dirname "$0")/lib.sh"
must_be_built
cache=${CHESTNUT_CACHE:-$top_builddir/redis-source}
for p in redis-server redis-cli redis-benchmark tclsh; do
	need_program $p || { skip "the estimate warns" "$p is not installed"; finish; }
done
S=$(bash "$here/fetch-redis.sh" "$cache" 2>"$T/fetch.err") || {
	skip "the estimate warns" "no source: $(tail -1 "$T/fetch.err")"
	finish
}
cp -r "$S" "$T/redis"		# the suite writes into its source
export TERM=dumb		# no colours: the words are counted
cd "$T" || exit 99
port=18493

# learn POLICY SERVER-OPTIONS COMMAND…: while the command talks to a supervised server.
learn() {
	local policy=$1 options=$2 server

	shift 2
	mkdir -p "$T/data"
	# shellcheck disable=SC2086 # a list of words
	limited "$RUN" -q --learn -p "$policy" -- redis-server --bind 127.0.0.1 --port $port \
		--dir "$T/data" --loglevel warning --enable-debug-command yes --save '' \
		$options >server.log 2>&1 &
	server=$!
	until_true 60 redis-cli -p $port ping >/dev/null 2>&1
	limited "$@" >command.log 2>&1
	redis-cli -p $port shutdown nosave >/dev/null 2>&1
	wait $server
	rm -rf "$T/data"
}

# figure POLICY KEY
figure() {
	"$TOOL" completeness --json "$1" | sed -n "s/^  \"$2\":\"*\([^\",]*\).*/\1/p" | head -1
}

benchmark=(redis-benchmark -p $port -q -n 300 -t 'set,get,lpush,lrange_100,mset')
learn bench.policy '' "${benchmark[@]}"
has 'one benchmark was learned' bench.policy '^runs = 1$'
is 'it says nothing about the next one' "$(figure bench.policy known)" false
learn bench.policy '' "${benchmark[@]}" -c 100
learn bench.policy '--appendonly yes' "${benchmark[@]}"
learn bench.policy '--io-threads 2' "${benchmark[@]}" -P 16
"$TOOL" completeness bench.policy | comment
is 'four were learned' "$(figure bench.policy executions)" 4
is 'some calls were seen in only one' "$(($(figure bench.policy seen-once) > 0))" 1
"$TOOL" completeness --below 0.5 bench.policy >said
is 'so it warns: a new call in every second execution cannot be excluded' $? 1
has 'in words' said '^4 executions, [0-9]+ calls? seen in only one: expect about [0-9]+ new call'

LIMIT=300
cd redis || exit 99
# The suite's helper listens, too: not where the other test's does.
learn "$T/suite.policy" '' ./runtest --host 127.0.0.1 --port $port --baseport 22555 --clients 1 \
	--tags '-slow -needs:repl -cluster' --single unit/scan --single unit/expire \
	--single unit/type/incr --single unit/introspection --single unit/other
grep -c '^\[ok\]' command.log >"$T/passed"
cd "$T" || exit 99
is 'the suite has run' "$(($(cat passed) > 50))" 1
"$TOOL" check --update bench.policy suite.policy >said
is 'and needs calls that no benchmark has made' $? 1
sed 's/  at .*//' said | comment
"$TOOL" merge -o both.policy bench.policy suite.policy >/dev/null
is 'together they are five executions' "$(figure both.policy executions)" 5
new=$(figure bench.policy new-calls-next)
check 'and the estimate has risen' \
	awk -v before="$new" -v after="$(figure both.policy new-calls-next)" \
	'BEGIN { exit !(after > before) }'
finish
