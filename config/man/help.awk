# Turns what a program prints for --help into the text of a manual page, so that the two cannot disagree.
# A line that ends with a colon is a heading; a row of options is two blanks, then dashes; other rows with two blanks are shown as they are.

function roff(text) {
	gsub(/\\/, "\\e", text)
	gsub(/-/, "\\-", text)
	gsub(/`/, "\\(ga", text)
	gsub(/'/, "\\(aq", text)
	gsub(/\^/, "\\(ha", text)
	gsub(/~/, "\\(ti", text)
	return text
}
function line(text) {
	text = roff(text)
	if (text ~ /^\./)
		text = "\\&" text
	print text
}
function shown(on) {
	if (on && !literal)
		print ".RS 4\n.nf"
	if (!on && literal)
		print ".fi\n.RE"
	literal = on
}
function paragraph() {
	if (wanted && !literal)
		print ".PP"
	wanted = 0
}

/^[Uu]sage: / || (usage && /^       [^ ]/) {
	sub(/^[Uu]sage: /, "")
	sub(/^ +/, "")
	shown(0)
	if (usage || NR > 1)
		print usage ? ".br" : ".PP"
	print ".B " roff($0)
	usage = 1
	wanted = 1
	next
}
{ usage = 0 }
/^$/ {
	if (literal) {
		shown(0)
	}
	options = 0
	wanted = 1
	next
}
/^  +(-., )?--?[a-zA-Z0-9]/ {
	options = 1
	shown(0)
	match($0, /^  +(-., )?--?[a-zA-Z0-9-]+( [^ ]+)?/)
	name = substr($0, 1, RLENGTH)
	rest = substr($0, RLENGTH + 1)
	sub(/^ +/, "", name)
	sub(/^ +/, "", rest)
	print ".TP"
	print ".B " roff(name)
	if (rest != "")
		line(rest)
	wanted = 0
	next
}
options && /^                    / {
	sub(/^ +/, "")
	line($0)
	next
}
/^  / {
	paragraph()
	options = 0
	shown(1)
	sub(/^  /, "")
	line($0)
	next
}
{
	shown(0)
	options = 0
	paragraph()
	if ($0 ~ /^[A-Z][A-Za-z ]*:$/)
		print ".B " roff($0)
	else
		line($0)
}
END { shown(0) }
