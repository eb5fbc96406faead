#!/usr/bin/env bash
# Communities and the site key are looked for in everything that ice and the server write, log, show of themselves or leave when they die.
cd "$(dirname "$0")/../.."
. tests/e2e/lib.sh
root=$PWD B=$(realpath "$B")
community=canary-$(od -An -N8 -tx1 /dev/urandom | tr -d ' \n')
other=canary-$(od -An -N8 -tx1 /dev/urandom | tr -d ' \n')
out=$tmp/out
mkdir "$out" "$out/state"
(umask 077; printf '# the office\n%s\n%s\n' "$other" "$community" >"$tmp/communities")

clean() { check "$1" python3 "$root/tests/e2e/find_secrets.py" "$tmp/needles" "${@:2}"; }
holds() { # holds WORDS PATH...: the control: it is found where it has to be
	if python3 "$root/tests/e2e/find_secrets.py" "$tmp/needles" "${@:2}" >"$tmp/check.out" 2>&1; then bad "$1" "$(cat "$tmp/check.out")"; else ok "$1"; fi
}

fleet site --site 127.86.0.0/22 --recordings config/demo/printers --count 40 --community "$community" --seed 9
server fm
enrol fm hq "$server_url"
key=$(python3 -c '
import base64, json, sys
text = open(sys.argv[1]).read().strip().split(".", 1)[1]
print(json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))["key"])' "$tmp/hq.enrolment")
printf 'community %s\ncommunity %s\nkey %s\n' "$community" "$other" "$key" >"$tmp/needles"
[ -z "${ICE_WIRETAP:-}" ] || cat "$tmp/needles" >>"$ICE_WIRETAP/canaries"
# The three that hold them by right: this shows that the search finds what is there.
holds "the search finds a community in its file" "$tmp/communities"
holds "and the key in the enrolment line" "$tmp/hq.enrolment"
holds "and the key, as bytes, in the server's database" "$tmp/fm"

# --- what a sweep prints and leaves
scan() { "$B/ice" scan --port "$fleet_port" --rate max --timeout 300ms "$@"; }
for format in table json ndjson csv; do
	scan 127.86.0.0/22 --community-file "$tmp/communities" --format $format --stats "$out/stats.$format" >"$out/scan.$format" 2>"$out/scan.$format.err"
done
same "the printers answer to the second community of the file" "$(wc -l <"$out/scan.ndjson")" 40
scan 127.86.0.0/22 --community-file "$tmp/communities" --enrolment "$tmp/hq.enrolment" --outbox "$out/scan.outbox" --upload \
	--stats "$out/stats" >"$out/upload" 2>"$out/upload.err"
same "a sweep that delivers ends well" $? 0
address=$(python3 -c 'import json, sys; print(json.loads(open(sys.argv[1]).readline())["ip"])' "$out/scan.ndjson")
"$B/ice" probe --port "$fleet_port" --timeout 200ms --community-file "$tmp/communities" "$address" >"$out/probe" 2>"$out/probe.err"
same "a device explained" $? 0
clean "neither community nor key is in what scan and probe printed, in figures or outbox" "$out"

# --- the list of processes
"$B/ice" scan 127.86.0.0/22 --port "$fleet_port" --rate 300 --community="$other" --community "$community" --format ndjson >"$out/argv" 2>"$out/argv.err" &
scan_pid=$!; pids+=($scan_pid)
await 10 test -s "$out/argv"
same "a community given as an argument is used" "$([ -s "$out/argv" ] && echo yes)" yes
tr '\0' '\n' <"/proc/$scan_pid/cmdline" >"$out/cmdline"
check "the list of processes shows the sweep" grep -q 127.86.0.0/22 "$out/cmdline"
kill -INT $scan_pid; wait $scan_pid 2>/dev/null
clean "and not its communities, nor does anything else" "$out"

# --- mistakes are told without the secret
long=$(printf 'x%.0s' {1..300})
(umask 077; printf '%s%s\n' "$community" "$long" >"$tmp/long"; printf '%s\n%s\n' "$community" $'\001' | tr '\001' '\000' >"$tmp/nul"
	tr -d '\n' <"$tmp/hq.enrolment" | sed 's/.$//' >"$tmp/cut"
	python3 - "$tmp/hq.enrolment" "$tmp/short" <<'P'
import base64, json, sys
text = open(sys.argv[1]).read().strip().split(".", 1)[1]
e = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
e["key"] += "00"
open(sys.argv[2], "w").write("ice-enrol-1." + base64.urlsafe_b64encode(json.dumps(e).encode()).decode().rstrip("=") + "\n")
P
)
cp "$tmp/communities" "$tmp/open"; chmod 644 "$tmp/open"
for f in long nul open; do scan 127.86.0.1 --community-file "$tmp/$f" >>"$out/mistakes" 2>&1 && bad "--community-file $f is refused"; done
for f in cut short communities; do scan 127.86.0.1 --community-file "$tmp/communities" --upload --enrolment "$tmp/$f" >>"$out/mistakes" 2>&1 && bad "--enrolment $f is refused"; done
scan 127.86.0.1 --community "$community$long" >>"$out/mistakes" 2>&1
scan 127.86.0.1 --comunity="$community" >>"$out/mistakes" 2>&1
"$B/ice" check --enrol --enrolment "$tmp/new" <"$tmp/cut" >>"$out/mistakes" 2>&1
"$B/ice" check --enrol --enrolment "$tmp/new" <"$tmp/hq.enrolment" >>"$out/mistakes" 2>&1
same "an enrolment that was taken in is for its owner alone" "$(stat -c %a "$tmp/new")" 600
check "mistakes in secret files are told" test "$(wc -l <"$out/mistakes")" -ge 8
clean "without the secrets" "$out"

# --- the service, at its most talkative
cat >"$out/ice.ini" <<I
[server]
enrolment = $tmp/hq.enrolment
[state]
directory = $out/state
[sweep]
interval = 1h
rate = max
timeout = 300ms
subnet_cap = 0
port = $fleet_port
[log]
level = debug
[range site]
addresses = 127.86.0.0/22
communities = $tmp/communities
I
"$B/ice" check -c "$out/ice.ini" >"$out/check" 2>&1
same "the configuration is good, the round trip works" $? 0
# The server is away at first, so that the readings lie in the outbox.
kill $server_pid; wait $server_pid 2>/dev/null
(ulimit -c unlimited 2>/dev/null; cd "$out" && exec "$B/ice" run -c "$out/ice.ini" >"$out/run.out" 2>"$out/run.err") &
run_pid=$!; pids+=($run_pid)
check "the service sweeps while the server is away" await 30 grep -q "sweep ended range=site printers=40" "$out/run.err"
tr '\0' '\n' <"/proc/$run_pid/cmdline" >"$out/run.cmdline"
tr '\0' '\n' <"/proc/$run_pid/environ" >"$out/run.environ" 2>/dev/null
cat "/proc/$run_pid/limits" >"$out/run.limits" 2>/dev/null
check "it may not write core files, whatever the shell allows" grep -qE '^Max core file size +0 +0' "$out/run.limits"
kill -SEGV $run_pid; wait $run_pid 2>/dev/null
same "and a crash leaves none" "$(find "$out" "$tmp" -name 'core*' -o -name '*.core' | wc -l)" 0
clean "the log of every detail, the outbox and what the crash left hold no secret" "$out"
server fm "127.0.0.1:${server_url##*:}"
"$B/ice" run -c "$out/ice.ini" >"$out/run2.out" 2>"$out/run2.err" &
run_pid=$!; pids+=($run_pid)
# A round of questions to the known ones: a pulse, or, where the hour's slot of the inventory fell between the two runs, that one.
asked() { grep -qE "(pulse|inventory) ended range=site asked=40 " "$out/run2.err"; }
delivered() { [ "$("$B/facilities-manager" export --data "$tmp/fm" --format ndjson | wc -l)" = 40 ] && asked; }
check "the readings arrive when the server is back" await 60 delivered
kill $run_pid; wait $run_pid
same "it stops cleanly" $? 0

# --- the server's side
cp "$tmp/fm.out" "$tmp/fm.err" "$out"
tr '\0' '\n' <"/proc/$server_pid/cmdline" >"$out/server.cmdline"
"$B/facilities-manager" export --data "$tmp/fm" --format ndjson >"$out/export.ndjson" 2>"$out/export.err"
"$B/facilities-manager" export --data "$tmp/fm" --format csv >"$out/export.csv" 2>>"$out/export.err"
"$B/facilities-manager" site list --data "$tmp/fm" >"$out/sites" 2>&1
same "the server holds the printers" "$(wc -l <"$out/export.ndjson")" 40
clean "the server's log, lists and exports hold no secret" "$out"
# Communities never reach it; its database holds the key by right.
grep '^community' "$tmp/needles" >"$tmp/needles.communities"
mv "$tmp/needles.communities" "$tmp/needles"
clean "and no community is in its database, packed or not" "$tmp/fm"
finish
