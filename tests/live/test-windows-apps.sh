#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Windows in programs that nobody here wrote: one that writes its own code while it runs, and a
# database of which only the engine is confined more narrowly than the rest.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-windows.sh"
must_be_built
cd "$T" || exit 99

# ---- JavaScript: machine code for hot functions, for patterns, for WebAssembly

cat >hot.js <<'END'
const fs = require('fs');
function mix(a, b) { return ((a * 31) ^ (b + (a >>> 3))) | 0; }
let x = 7, words = 0;
for (let i = 0; i < 2000000; i++) x = mix(x, i);
const text = fs.readFileSync(process.argv[2], 'utf8');
for (let i = 0; i < 200; i++) words += (text.match(/[a-z]+/g) || []).length;
const wasm = new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 7, 1, 96, 2,
	127, 127, 1, 127, 3, 2, 1, 0, 7, 7, 1, 3, 97, 100, 100, 0, 0, 10, 9, 1, 7, 0, 32, 0, 32, 1,
	106, 11]));
const add = new WebAssembly.Instance(wasm).exports.add;
for (let i = 0; i < 500000; i++) x = add(x, i);
console.log(x, words);
END
if need_program node; then
	shot native node hot.js "$top_srcdir/README"
	node=(-f libc.so.6:open64 -f libc.so.6:getaddrinfo)
	for i in 1 2; do
		shot learn "$RUN" -q --learn --windows-only -p node.policy "${node[@]}" -- \
			node hot.js "$top_srcdir/README"
		is "a program that writes code works beside windows, run $i" \
			"$(differs native learn)" ''
	done
	is 'and what was called in them is learned' \
		"$(learned node.policy | cut -f 1,2 | tr '\t' ' ')" 'open64 openat'
	shot strict "$RUN" -q --strict -p node.policy -- node hot.js "$top_srcdir/README"
	is 'it works when they are confined' "$(differs native strict)" ''
else
	skip 'a program that writes code works beside windows' 'node is not installed'
fi

# ---- SQL: what the engine does inside of sqlite3_step(), in a library

cat >usual.sql <<'END'
create table t(a, b);
insert into t values (1, 2), (3, 4);
select sum(a * b) from t;
END
echo "select count(*) > 0 from fsdir('.');" >odd.sql
if need_program sqlite3; then
	sql() {	# mode, input
		rm -f db
		shot run "$RUN" --"$1" -p sql.policy "${@:3}" -- sh -c "exec sqlite3 db <$2"
	}
	for i in 1 2 3; do
		sql learn usual.sql -f libsqlite3.so.0:sqlite3_step
	done
	is 'the engine of a database works in a window' "$(cat run.out)" 14
	learned sql.policy | cut -f 1,2 | tr '\t' ' ' >calls
	has 'it writes to its file inside' calls '^sqlite3_step pwrite64$'
	has_not 'and not outside' calls '^- pwrite64$'
	sql strict usual.sql
	is 'it works when it is confined' "$(cat run.out run.rc)" "14
0"
	rm -f db
	shot native sh -c 'exec sqlite3 db <odd.sql'
	is 'natively a query may list a directory' "$(cat native.out)" 1
	sql strict odd.sql
	is 'confined it may not: the query never did that' "$(cat run.out run.rc)" 159
	has 'and the window is named' run.err \
		'denied getdents64\(.* inside sqlite3_step \(libsqlite3\.so\.0'
else
	skip 'the engine of a database works in a window' 'sqlite3 is not installed'
fi
finish
