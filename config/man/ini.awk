# Turns a documented configuration into the text of its manual page: remarks become the text of the option or section behind them.

function roff(text) {
	gsub(/\\/, "\\e", text)
	gsub(/-/, "\\-", text)
	gsub(/`/, "\\(ga", text)
	gsub(/'/, "\\(aq", text)
	gsub(/\^/, "\\(ha", text)
	gsub(/~/, "\\(ti", text)
	if (text ~ /^\./)
		text = "\\&" text
	return text
}
function flush() {
	for (i = 1; i <= remarks; i++)
		print roff(remark[i])
	if (remarks)
		heading = 0
	remarks = 0
}

/^# ?/ {
	sub(/^# ?/, "")
	remark[++remarks] = $0
	next
}
/^$/ {
	# A block of remarks that no option follows belongs to the file or to its section.
	if (remarks) {
		if (!heading)
			print ".PP"
		flush()
	}
	next
}
/^;?\[/ {
	sub(/^;/, "")
	print ".SH " roff($0)
	heading = 1
	flush()
	next
}
/^;?[a-z0-9_]+ *=/ {
	sub(/^;/, "")
	print ".TP"
	print ".B " roff($0)
	flush()
	next
}
{
	print FILENAME ":" FNR ": what is this?" >"/dev/stderr"
	failed = 1
}
END { exit failed }
