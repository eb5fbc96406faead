#!/usr/bin/env bash
# Layers, layout, static analysis. Prints what is wrong; non-zero when anything is.
set -u
cd "$(dirname "$0")/.."
bad=0
bash tests/layers.sh || bad=1
mapfile -t files < <(git ls-files '*.c' '*.h')
clang-format --dry-run -Werror "${files[@]}" 2>&1 | head -40
[ "${PIPESTATUS[0]}" = 0 ] || bad=1
cppcheck --quiet --std=c11 --enable=warning,portability --inline-suppr --error-exitcode=1 -Iinclude -D_GNU_SOURCE \
	--suppress=missingIncludeSystem src || bad=1
# Every header compiles alone.
for h in include/ice/*.h; do
	${CC:-cc} -std=c11 -D_GNU_SOURCE -Iinclude -Wall -Wextra -Werror -fsyntax-only -x c "$h" || bad=1
done
[ $bad = 0 ] && echo "lint: ok"
exit $bad
