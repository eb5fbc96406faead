#!/usr/bin/env bash
# run.sh [NAME...]: builds the fuzz targets, of these names or all, with libFuzzer, ASan and UBSan (clang) and lets each run its share of
# MINUTES from its committed corpus, the same way for the same SEED (0, unless told: another way each time). New inputs stay in
# build/fuzzing/corpus; a crash stays in build/fuzzing, is shown, and fails the run.
set -euo pipefail
cd "$(dirname "$0")/../.."
minutes=${MINUTES:-1}
command -v clang >/dev/null || { echo "skipped: fuzzing needs clang"; echo "0 passed, 0 failed, 1 skipped"; exit; }
out=build/fuzzing
mkdir -p "$out/obj"
read -ra cflags < <(pkg-config --cflags $PACKAGES)
read -ra libs < <(pkg-config --libs $PACKAGES)
sh src/window/embed.sh src/window/pages/* >"$out/window_pages.h"
flags=(-std=c11 -g -O1 -Iinclude -Isrc "-I$out" -D_GNU_SOURCE -DICE_VERSION='"fuzz"' "${cflags[@]}"
	-fsanitize=address,undefined -fno-sanitize-recover=all)
objects=()
header=$(ls -t include/ice/*.h src/*/*.h | head -1) # what is older than the newest header is built again
for f in src/*/*.c; do
	case $f in */main.c) continue ;; esac
	o=$out/obj/$(echo "$f" | tr / _).o
	[[ $o -nt $f && $o -nt $header ]] || echo "clang ${flags[*]@Q} -fsanitize=fuzzer-no-link -c $f -o $o"
	objects+=("$o")
done | xargs -r -d '\n' -P"${JOBS:-$(nproc)}" -I{} sh -c '{}'
for f in src/*/*.c; do
	case $f in */main.c) continue ;; esac
	objects+=("$out/obj/$(echo "$f" | tr / _).o")
done
rm -f "$out/libparts.a"
ar rcs "$out/libparts.a" "${objects[@]}"
targets=(tests/fuzz/fuzz_*.c)
[ $# = 0 ] || targets=("${@/#/tests/fuzz/fuzz_}") && targets=("${targets[@]%.c}")
seconds=$(awk -v minutes="$minutes" -v targets=${#targets[@]} 'BEGIN { print int(minutes * 60 / targets) }')
[ "$seconds" -ge 1 ] || seconds=1
passed=0 failed=0 failures=()
for t in "${targets[@]}"; do
	name=${t##*/}; short=${name#fuzz_}
	clang "${flags[@]}" -fsanitize=fuzzer "$t.c" "$out/libparts.a" "${libs[@]}" -o "$out/$name"
	mkdir -p "$out/corpus/$short"
	dict=()
	[ -f "tests/fuzz/$short.dict" ] && dict=(-dict="tests/fuzz/$short.dict")
	if "$out/$name" "${dict[@]}" -max_total_time="$seconds" -seed="${SEED:-0}" -timeout=10 -rss_limit_mb=1024 -artifact_prefix="$out/$short-" \
		"$out/corpus/$short" "tests/fuzz/corpus/$short" >"$out/$short.log" 2>&1; then
		passed=$((passed + 1))
		echo "ok    $name: $(grep -oE 'Done [0-9]+ runs in [0-9]+ second' "$out/$short.log" | tail -1)"
	else
		failed=$((failed + 1))
		failures+=("$short")
		echo "FAIL  $name"
	fi
done
for short in "${failures[@]}"; do
	echo "$out/$short.log:"
	tail -30 "$out/$short.log"
	input=$(sed -nE 's/.*Test unit written to //p' "$out/$short.log" | tail -1)
	[ -z "$input" ] || { echo "$input, in base64:"; base64 "$input" | head -20; }
done
echo "$passed passed, $failed failed"
[ $failed = 0 ]
