#!/bin/sh
# Prints the files it is given as C, for asset.c.
set -eu
n=0
for f; do
	printf 'static const char asset_%d[] = {' $n
	od -An -v -td1 "$f" | sed 's/ \{1,\}/,/g; s/^,//; s/$/,/'
	printf '0};\n'
	n=$((n + 1))
done
printf 'static const struct window_asset asset_table[] = {\n'
n=0
for f; do
	printf '\t{"%s", asset_%d, sizeof asset_%d - 1},\n' "$(basename "$f")" $n $n
	n=$((n + 1))
done
printf '\t{0, 0, 0}};\n'
