# SPDX-License-Identifier: LGPL-2.1-or-later
#
# c-code - C source without what the compiler does not read
#
# Prints FILE:LINE:CODE for each line, comments gone and what stands in quotes blanked, so that
# the checks do not stumble over a word in a sentence. An #include keeps its file name.

FNR == 1 {
	in_comment = 0
}

function strip(s,	out, c, two, quote, i, n)
{
	n = length(s)
	for (i = 1; i <= n; i++) {
		c = substr(s, i, 1)
		two = substr(s, i, 2)
		if (in_comment) {
			if (two == "*/") {
				in_comment = 0
				i++
			}
		} else if (quote != "") {
			if (c == "\\") {
				i++
			} else if (c == quote) {
				quote = ""
				out = out c
			}
		} else if (two == "/*") {
			in_comment = 1
			out = out " "
			i++
		} else if (two == "//") {
			break
		} else {
			if (c == "\"" || c == "'")
				quote = c
			out = out c
		}
	}
	return out
}

{
	if (!in_comment && $0 ~ /^[ \t]*#[ \t]*include/)
		print FILENAME ":" FNR ":" $0
	else
		print FILENAME ":" FNR ":" strip($0)
}
