#!/usr/bin/env bash
# Runs the tests of a tier (check or test) and closes with "N passed, N failed". Every cmocka case counts, and
# every script of tests/e2e counts its own checks by the same closing line.
set -u
cd "$(dirname "$0")/.."
tier=${1:-check}
B=${B:-build}
export B
passed=0 failed=0 skipped=0
failures=()
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

one() { # one NAME COMMAND...: a thing that passes or fails as a whole
	local name=$1; shift
	if "$@" >"$tmp/out" 2>&1; then
		passed=$((passed + 1)); echo "ok    $name"
	else
		failed=$((failed + 1)); failures+=("$name"); echo "FAIL  $name"; tail -40 "$tmp/out"
	fi
}

suite() { # suite NAME COMMAND...: prints "N passed, N failed[, N skipped]" as its last such line, or is a cmocka program
	local name=$1 p f s rc; shift
	"$@" >"$tmp/out" 2>&1; rc=$?
	if grep -qE '^[0-9]+ passed, [0-9]+ failed' "$tmp/out"; then
		read -r p f s < <(grep -E '^[0-9]+ passed, [0-9]+ failed' "$tmp/out" | tail -1 | sed -E 's/^([0-9]+) passed, ([0-9]+) failed(, ([0-9]+) skipped)?.*/\1 \2 \4/')
	else
		p=$(grep -c '^\[       OK \]' "$tmp/out"); f=$(grep -c '^\[  FAILED  \] [a-z_0-9]*$' "$tmp/out"); s=$(grep -c '^\[  SKIPPED \] [a-z_0-9]*$' "$tmp/out")
		grep -q 'FAILED  .*test(s), listed below' "$tmp/out" && f=$(sed -nE 's/^\[  FAILED  \] .* ([0-9]+) test\(s\), listed below.*/\1/p' "$tmp/out" | awk '{n+=$1} END {print n+0}')
	fi
	[ $rc -ne 0 ] && [ "${f:-0}" = 0 ] && f=1
	[ $rc -eq 0 ] && [ "${p:-0}" = 0 ] && [ "${s:-0}" = 0 ] && { f=1; echo "(it ran no test)" >>"$tmp/out"; }
	passed=$((passed + ${p:-0})); failed=$((failed + ${f:-0})); skipped=$((skipped + ${s:-0}))
	if [ "${f:-0}" = 0 ]; then
		echo "ok    $name ($p passed$([ "${s:-0}" != 0 ] && echo ", $s skipped"))"
	else
		failures+=("$name"); echo "FAIL  $name ($p passed, $f failed)"; tail -60 "$tmp/out"
	fi
	if grep -q '^| ' "$tmp/out"; then grep '^| ' "$tmp/out"; fi
}

one "layers" bash tests/layers.sh
for t in "$B"/tests/unit/test_* "$B"/tests/replay/test_*; do
	case $t in *.d | *\**) continue ;; esac
	suite "${t#"$B"/tests/}" "$t"
done
for f in "$B"/fuzz/fuzz_*; do
	case $f in *.d | *\**) continue ;; esac
	n=$(basename "$f")
	one "corpus of $n" "$f" "tests/fuzz/corpus/${n#fuzz_}"
done
if [ "$tier" = test ]; then
	for s in tests/e2e/test_*.sh; do
		[ -f "$s" ] && suite "$(basename "$s")" timeout 600 bash "$s"
	done
	if [ "$B" = build ]; then
		one "demo" timeout 300 bash tests/e2e/demo.sh
		one "sanitized build" make -s -j"$(nproc)" SAN=address,undefined all sanitized-tests
		suite "sanitized check" env B=build/san bash tests/run.sh check
		[ -f tests/e2e/test_pipeline.sh ] && suite "sanitized pipeline" env B=build/san timeout 600 bash tests/e2e/test_pipeline.sh
	fi
fi
echo
[ ${#failures[@]} -gt 0 ] && printf 'failed: %s\n' "${failures[@]}"
if [ $skipped -gt 0 ]; then echo "$passed passed, $failed failed, $skipped skipped"; else echo "$passed passed, $failed failed"; fi
[ $failed = 0 ]
