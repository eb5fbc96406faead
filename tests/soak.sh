#!/usr/bin/env bash
# What the tests do, for as long as one likes: rounds of kills, power cuts, simulated histories, a simulated year and the service over two thousand printers, each
# round with seeds of its own, until MINUTES are over or N rounds are done. One line of figures a step; stops at the first that does not
# hold, and tells how to have it again. A round takes some seven minutes.
set -u
cd "$(dirname "$0")/.."
B=${B:-build} first=${SEED:-1} rounds=${N:-0} minutes=${MINUTES:-0}
out=$(mktemp)
trap 'rm -f "$out"' EXIT
trap 'exit 130' INT TERM

# step WORDS AGAIN COMMAND...: its lines of figures; ends the soak when it fails.
step() {
	local words=$1 again=$2; shift 2
	if "$@" >"$out" 2>&1; then
		printf '%s round %d, %s: ' "$(date -u +%FT%TZ)" "$round" "$words"
		grep -E '^(\| |kills )' "$out" | tail -1 | sed 's/^| //'
		return
	fi
	printf '%s round %d, %s: FAILED; again: %s\n' "$(date -u +%FT%TZ)" "$round" "$words" "$again"
	tail -40 "$out"
	exit 1
}

simulated() { env -u SEED FROM=$((seed * 10000)) SEEDS=10000 "$B/tests/replay/test_simulation"; }
kills() { python3 tests/kills/kills.py --build "$B" --seed "$seed" "$@"; }

round=0
while [ "$rounds" -gt 0 ] && [ $round -lt "$rounds" ] || { [ "$rounds" = 0 ] && [ $SECONDS -lt $((minutes * 60)) ]; }; do
	round=$((round + 1)) seed=$((first + round - 1))
	step "kills" "make kills N=1000 SEED=$seed" kills -n 1000
	step "power cuts" "make powercuts N=300 SEED=$seed" kills -n 300 --power "$B/kills/powercut.so" --engine "$B/kills/ice-witness"
	step "simulated histories" "FROM=$((seed * 10000)) SEEDS=10000 $B/tests/replay/test_simulation" simulated
	step "a year" "DAYS=366 SEED=$seed $B/tests/replay/test_year" env DAYS=366 SEED="$seed" "$B/tests/replay/test_year"
	step "memory" "SWEEPS=30 bash tests/e2e/test_memory.sh" env MINUTES=0 SWEEPS=30 bash tests/e2e/test_memory.sh
done
echo "$round rounds: nothing lost, nothing doubled, nothing grown"
