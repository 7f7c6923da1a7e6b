# SPDX-License-Identifier: LGPL-2.1-or-later
# What a policy has learned, a line each: FUNCTION <tab> CALL <tab> CALLS; FUNCTION is "-" outside
# of all windows, and a call of another ABI is written ABI:CALL.
function unquote(s) {
	sub(/^"/, "", s)
	sub(/"$/, "", s)
	return s
}

/^\[/ {
	n = split(substr($0, 2, index($0, "]") - 2), word, " ")
	window = evidence = abi = ""
	for (i = 1; i <= n; i++) {
		if (word[i] == "window")
			window = word[++i]
		else if (word[i] == "evidence")
			evidence = "yes"
		else if (word[i] == "i386" || word[i] == "x32")
			abi = word[i] ":"
	}
	next
}

/^[a-z_0-9:]+ *= */ {
	key = $1
	value = $0
	sub(/^[^=]*= */, "", value)
	if (window != "" && !evidence && key == "function") {
		name[window] = unquote(value)
		next
	}
	if (!evidence)
		next
	calls = value
	if (!sub(/ calls?,.*/, "", calls))
		sub(/ calls?"?$/, "", calls)
	sub(/.*[ "]/, "", calls)
	count[window, abi key] = calls
	order[++total] = window SUBSEP abi key
}

END {
	for (i = 1; i <= total; i++) {
		split(order[i], part, SUBSEP)
		print (part[1] == "" ? "-" : name[part[1]]) "\t" part[2] "\t" count[order[i]]
	}
}
