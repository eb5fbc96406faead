#!/usr/bin/env bash
# Runs the tests of a tier and closes with "N passed, N failed": check, test, or "e2e NAME...", the end-to-end scripts alone, of these names or
# all. Every cmocka case counts; a script of tests/e2e counts its own checks by the same closing line; anything else passes or
# fails as a whole.
# Lines that begin with "| " are shown: figures and tables a test wants seen. What took a second or more says how many.
set -u
cd "$(dirname "$0")/.."
tier=${1:-check}
shift
B=${B:-build}
export B
passed=0 failed=0 skipped=0
failures=()
tmp=$(mktemp -d)
: >"$tmp/witnessed"
trap '[ -z "${line:-}" ] || kill "$line" 2>/dev/null; rm -rf "$tmp"' EXIT

# report NAME OUTPUT STATUS SECONDS: counts what the output says, and shows it when anything failed.
report() {
	local name=$1 out=$2 status=$3 seconds=$4 p f s
	if grep -qE '^[0-9]+ passed, [0-9]+ failed' "$out"; then
		read -r p f s < <(grep -E '^[0-9]+ passed, [0-9]+ failed' "$out" | tail -1 | sed -E 's/^([0-9]+) passed, ([0-9]+) failed(, ([0-9]+) skipped)?.*/\1 \2 0\4/')
	elif grep -q '^\[==========\]' "$out"; then
		p=$(grep -c '^\[       OK \]' "$out")
		f=$(sed -nE 's/^\[  FAILED  \] (.* )?([0-9]+) test\(s\), listed below.*/\2/p' "$out" | awk '{n += $1} END {print n + 0}')
		s=$(sed -nE 's/^\[  SKIPPED \] (.* )?([0-9]+) test\(s\), listed below.*/\2/p' "$out" | awk '{n += $1} END {print n + 0}')
		[ $((p + f + s)) = 0 ] && { f=1; echo "(it ran no test)" >>"$out"; }
	else
		p=$((status == 0)) f=$((status != 0)) s=0
	fi
	[ "$status" != 0 ] && [ "$f" = 0 ] && f=1
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + 10#$s))
	local more=
	[ "$((10#$s))" -gt 0 ] && more=", $((10#$s)) skipped"
	[ "$seconds" -gt 0 ] && more+=", $seconds s"
	grep '^witnessed: ' "$out" >>"$tmp/witnessed" && more+=", $(awk '/^witnessed: / { n += $2 } END { print n }' "$out") frames witnessed"
	if [ "$f" = 0 ]; then
		echo "ok    $name ($p passed$more)"
		[ "$((10#$s))" -gt 0 ] && grep -iE 'skipp' "$out" | grep -vE '^[0-9]+ passed|listed below' | sed 's/^/      /' | sort -u | head -8
	else
		failures+=("$name")
		echo "FAIL  $name ($p passed, $f failed$more; status $status)"
		tail -60 "$out"
	fi
	grep '^| ' "$out"
	return 0
}

# one NAME COMMAND...: runs it now and reports.
one() {
	local name=$1 began=$SECONDS; shift
	"$@" >"$tmp/out" 2>&1 </dev/null
	report "$name" "$tmp/out" $? $((SECONDS - began))
}

# seen NAME COMMAND...: as `one`, with every frame that ICE sends held against the promises, where this machine lets us (tests/wiretap).
seen() {
	local name=$1; shift
	one "$name" ${tapped:+bash tests/wiretap/under.sh} "$@"
}

# Whether it does, and why it does not.
tapped=
try_tap() {
	bash tests/wiretap/under.sh true >"$tmp/tap" 2>&1
	local status=$?
	[ $status != 0 ] || { tapped=1; return; }
	[ $status = 77 ] && sed -i -e 's/^/skipped: capture of every frame of the end-to-end tests: /' -e '$a 0 passed, 0 failed, 1 skipped' "$tmp/tap"
	report "capture" "$tmp/tap" $((status == 77 ? 0 : status)) 0
}

# behind NAME COMMAND...: takes a place in the line of those that need a processor and no clock: they run one after the other, beside
# the rest and niced, and are reported by `await_behind`.
behind_names=()
behind() {
	local n=${#behind_names[@]}
	behind_names+=("$1"); shift
	{
		printf 'began=$SECONDS; '
		printf '%q ' nice "$@"
		printf '>%q 2>&1 </dev/null; echo $? $((SECONDS - began)) >%q\n' "$tmp/behind.$n" "$tmp/behind.$n.status"
	} >>"$tmp/behind"
}
await_behind() {
	wait "$line"
	for n in "${!behind_names[@]}"; do
		report "${behind_names[$n]}" "$tmp/behind.$n" $(cat "$tmp/behind.$n.status" 2>/dev/null || echo 255 0)
	done
}

# The end-to-end scripts once more, sanitized, in the folder that their build made. Whoever comes takes the next that nobody has taken, until
# none is left: the line behind when its own are done, and at the end who has nothing else to do. In namespaces of their own (tests/wiretap) they
# are not in each other's way; where there are none, they wait until they are alone, as those do that have a clock in them, and test_neighbours,
# since the neighbour table is one for all namespaces. What they cannot do sanitized they say themselves. The browser is left out: two minutes, most of them its own, over pages that test_window asks for, too.
sanitized=$tmp/sanitized
clocked=$(echo tests/e2e/test_{crowd,hostile,neighbours,prove,server}.sh)
unclocked=$(ls tests/e2e/test_*.sh | grep -vxF "$(printf '%s\n' tests/e2e/test_browser.sh $clocked)")
take_sanitized() {
	local s of began
	for s in "$@"; do
		of=$sanitized/${s##*/}
		mkdir "$of" 2>/dev/null || continue
		began=$SECONDS
		B=build/san ${tapped:+bash tests/wiretap/under.sh} timeout 600 bash "$s" >"$of/out" 2>&1 </dev/null
		echo $? $((SECONDS - began)) >"$of/status"
	done
}
report_sanitized() {
	local s of
	[ -d "$sanitized" ] || return # it could not be built, which is said already
	for s in $unclocked $clocked; do
		of=$sanitized/${s##*/}
		report "sanitized ${s#tests/}" "$of/out" $(cat "$of/status" 2>/dev/null || echo 255 0)
	done
	printf '%s\n' "skipped: e2e/test_browser.sh: two minutes, most of them the browser's; the same pages are in test_window" "0 passed, 0 failed, 1 skipped" >"$tmp/out"
	report "sanitized e2e/test_browser.sh" "$tmp/out" 0 0
}

# The quick ones are independent of each other: as many at once as there are processors, reported in order.
quick() {
	local quick=() t f n i
	for t in "$B"/tests/unit/test_* "$B"/tests/replay/test_*; do
		case $t in *.d | *\**) continue ;; esac
		quick+=("${t#"$B"/tests/}|$t")
	done
	for f in "$B"/fuzz/fuzz_*; do
		case $f in *.d | *\**) continue ;; esac
		n=$(basename "$f")
		quick+=("corpus of $n|$f tests/fuzz/corpus/${n#fuzz_}")
	done
	one "layers" bash tests/layers.sh
	for i in "${!quick[@]}"; do printf '%s\0' "$i ${quick[$i]#*|}"; done |
		xargs -0 -n 1 -P "$(nproc)" bash -c 'n=${2%% *}; ${2#* } >"$1/$n" 2>&1 </dev/null; echo $? $SECONDS >"$1/$n.status"' bash "$tmp"
	for i in "${!quick[@]}"; do
		report "${quick[$i]%%|*}" "$tmp/$i" $(cat "$tmp/$i.status" 2>/dev/null || echo 255 0)
	done
}

[ "$tier" = e2e ] || quick
if [ "$tier" = e2e ]; then
	try_tap
	[ $# -gt 0 ] || set -- $(ls tests/e2e/test_*.sh | sed 's/.*test_\(.*\)\.sh/\1/')
	for s in "$@"; do seen "e2e/test_$s.sh" timeout 600 bash "tests/e2e/test_$s.sh"; done
elif [ "$tier" = test ]; then
	try_tap
	behind "more seeds of replay/test_simulation" env SEEDS="${SEEDS:-10000}" "$B/tests/replay/test_simulation"
	behind "a whole year of replay/test_year" env DAYS=366 "$B/tests/replay/test_year"
	if [ "$B" = build ]; then
		behind "sanitized build" sh -c 'make -s -j1 SAN=address,undefined all sanitized-tests && mkdir "$1"' sh "$sanitized"
		behind "sanitized check" env B=build/san bash tests/run.sh check
		behind "seconds of fuzzing" env JOBS=1 make -s fuzz MINUTES=1.5 SEED="${SEED:-1}"
	fi
	(bash "$tmp/behind"; renice -n 10 $BASHPID >/dev/null; [ -z "$tapped" ] || take_sanitized $unclocked) &
	line=$!
	for s in tests/e2e/test_*.sh; do
		seen "${s#tests/}" timeout 600 bash "$s"
	done
	if [ "$B" = build ]; then
		seen "demo" timeout 300 bash tests/e2e/demo.sh
		one "valgrind" timeout 600 bash tests/e2e/valgrind.sh
		[ -z "$tapped" ] || take_sanitized $unclocked
		await_behind
		take_sanitized $unclocked $clocked
		report_sanitized
	else
		await_behind
	fi
fi
awk '{ frames += $2; requests += $4; connections += $6; broken += $(NF - 1) } END { if (NR)
	printf "| witnessed: %d frames of ICE in %d captures, %d requests and %d connections; promises broken: %d\n", frames, NR, requests, connections, broken }' "$tmp/witnessed"
echo
[ ${#failures[@]} -gt 0 ] && printf 'failed: %s\n' "${failures[@]}"
if [ $skipped -gt 0 ]; then echo "$passed passed, $failed failed, $skipped skipped"; else echo "$passed passed, $failed failed"; fi
[ $failed = 0 ]
