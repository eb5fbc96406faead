#!/usr/bin/env bash
# The whole way, on loopback: simulated site -> ice -> server, with what goes wrong on the way.
cd "$(dirname "$0")/../.."
. tests/e2e/lib.sh

held() { "$B/facilities-manager" export --data "$tmp/$1" --format ndjson; }
count() { held "$1" | wc -l; }
delivered() { [ "$(count "$1")" = "$2" ]; }
scan() { "$B/ice" scan --port "$fleet_port" --rate max --timeout 500ms --retries 1 "$@"; }

printers=config/demo/printers devices=config/demo/devices
fleet site --site 127.81.0.0/20 --recordings $printers --count 300 --others $devices --other-count 200 --seed 3

# --- scan, every format
scan 127.81.0.0/20 --format ndjson --stats "$tmp/stats" >"$tmp/found" 2>"$tmp/err"
same "a sweep of a /20 ends well" $? 0
check "and found exactly the fleet" python3 tests/e2e/compare.py "$tmp/site.truth" "$tmp/found"
check "statistics: counts are exact" python3 - "$tmp/stats" <<'P'
import json, sys
s = json.load(open(sys.argv[1]))
assert s["addresses"] == 4094, s
assert s["printers"] == 300 and s["devices"] == 500, s
silent = s["addresses"] - s["devices"]
assert s["probes_sent"] >= s["addresses"] + silent, s
for k in "replies strays seconds probes_per_second bytes_sent bytes_received rtt_ms peak_in_flight rss_kib".split():
    assert k in s, k
assert set(s["rtt_ms"]) >= {"p50", "p95", "p99", "max"}, s
assert sum(s["strays"].values()) == 0, s
P
same "json is one valid document of 300" "$(scan 127.81.0.0/20 --format json 2>/dev/null | python3 -c 'import json,sys; print(len(json.load(sys.stdin)))')" 300
same "csv has a header and 300 rows" "$(scan 127.81.0.0/20 --format csv 2>/dev/null | python3 -c 'import csv,sys; print(len(list(csv.reader(sys.stdin))))')" 301
scan 127.81.0.0/20 --format table >"$tmp/table" 2>/dev/null
same "the table has no colour in a pipe" "$(grep -c $'\033' "$tmp/table")" 0
check "the table shows the printers" test "$(wc -l <"$tmp/table")" -ge 300
same "excluded addresses are not asked" "$(scan 127.81.0.0/20 --exclude 127.81.0.0/20 --format ndjson 2>/dev/null | wc -l)" 0
same "a wrong community finds nothing" "$(scan 127.81.0.0/22 --community nonsense --format ndjson 2>/dev/null)" ""

# --- upload
server fm
enrol fm hq "$server_url"
scan 127.81.0.0/20 --enrolment "$tmp/hq.enrolment" --upload --format ndjson >/dev/null 2>"$tmp/err"
same "scan --upload ends well" $? 0
held fm >"$tmp/held"
check "the server holds exactly the fleet" python3 tests/e2e/compare.py "$tmp/site.truth" "$tmp/held"
scan 127.81.0.0/20 --enrolment "$tmp/hq.enrolment" --upload --format ndjson >/dev/null 2>&1
same "a second sweep makes no second device" "$(count fm)" 300

# --- the service: its sweep alone, whose readings can be counted (test_operation.sh and replay/test_lanes have the other lanes)
config() { # config NAME ENROLMENT RANGE
	cat >"$tmp/$1.ini" <<-I
		[server]
		enrolment = $tmp/$2.enrolment
		[state]
		directory = $tmp/$1.state
		[sweep]
		interval = 1h
		rate = max
		timeout = 500ms
		retries = 1
		subnet_cap = 0
		port = $fleet_port
		[inventory]
		interval = off
		[pulse]
		interval = off
		[range site]
		addresses = $3
	I
}
run() { "$B/ice" run -c "$tmp/$1.ini" >"$tmp/$1.out" 2>"$tmp/$1.err" & run_pid=$!; pids+=($run_pid); }
depth() { sqlite3 "$tmp/$1.state/outbox.db" 'select coalesce(sum(readings), 0) from batch where state = 0' 2>/dev/null; }
swept() { grep -q 'sweep ended' "$tmp/$1.err"; }

# The server is away at first.
port=${server_url##*:}
kill $server_pid; wait $server_pid 2>/dev/null
rm -rf "$tmp/fm2"
server fm2 127.0.0.1:0
enrol fm2 hq2 "$server_url"; port=${server_url##*:}
kill $server_pid; wait $server_pid 2>/dev/null
config away hq2 127.81.0.0/20
run away
check "with the server away a sweep finishes" await 30 swept away
check "and says why nothing is delivered" await 20 grep -q 'connection refused' "$tmp/away.err"
same "once" "$(grep -c 'connection refused' "$tmp/away.err")" 1
kill -9 $run_pid; wait $run_pid 2>/dev/null
same "the readings wait in the outbox, kill -9 or not" "$(depth away)" 300
server fm2 127.0.0.1:"$port"
run away
check "when the server is back all arrive" await 60 delivered fm2 300
held fm2 >"$tmp/held"
check "each of them true" python3 tests/e2e/compare.py "$tmp/site.truth" "$tmp/held"
started=$SECONDS
kill -TERM $run_pid; wait $run_pid
same "SIGTERM ends the service cleanly" $? 0; ended=$((SECONDS - started))
check "in less than two seconds" test "$ended" -le 2

# Another server's certificate, another site's key.
server other
enrol other hq3 "$server_url"
python3 - "$tmp/hq2.enrolment" "$tmp/hq3.enrolment" "$tmp" "$server_url" <<'P'
import base64, json, os, sys
def load(path):
    text = open(path).read().strip().split(".", 1)[1]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
def save(path, e):
    text = base64.urlsafe_b64encode(json.dumps(e).encode()).decode().rstrip("=")
    with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w") as f:
        f.write("ice-enrol-1." + text + "\n")
a, b = load(sys.argv[1]), load(sys.argv[2])
save(sys.argv[3] + "/wrongca.enrolment", {**b, "ca": a["ca"]})
save(sys.argv[3] + "/wrongkey.enrolment", {**b, "key": a["key"]})
P
config ca wrongca 127.81.0.0/22
run ca
check "a certificate of another authority: one clear line" await 30 grep -qi 'certificate' "$tmp/ca.err"
check "the sweep goes on" await 30 swept ca
kill $run_pid; wait $run_pid 2>/dev/null
config key wrongkey 127.81.0.0/22
run key
check "a wrong site key: one clear line" await 30 grep -qiE 'key|403' "$tmp/key.err"
check "the sweep goes on" await 30 swept key
kill $run_pid; wait $run_pid 2>/dev/null
same "nothing of it was stored" "$(count other)" 0
check "and the readings are still in both outboxes" test "$(depth ca)" -gt 0 -a "$(depth key)" -gt 0

# --- killed again and again in mid-sweep and mid-upload: everything arrives, once
server fm4
enrol fm4 hq4 "$server_url"
config kills hq4 127.81.0.0/20
sed -i 's/^rate = max/rate = 4000/' "$tmp/kills.ini"
for i in 1 2 3 4 5 6 7 8; do
	run kills
	read -rt "0.$((i % 4 + 1))$i" <> <(:)
	kill -9 $run_pid; wait $run_pid 2>/dev/null
done
run kills
check "after eight kills everything arrives" await 60 delivered fm4 300
check "and the sweep ends" await 60 swept kills
kill $run_pid; wait $run_pid 2>/dev/null
held fm4 >"$tmp/held"
check "and every reading is true" python3 tests/e2e/compare.py "$tmp/site.truth" "$tmp/held"

# --- loss: two retries find (nearly) everything; nothing false
fleet lossy --site 127.82.0.0/20 --recordings $printers --count 300 --others $devices --other-count 100 --seed 4 --loss 1
scan 127.82.0.0/20 --retries 4 --format ndjson >"$tmp/found" 2>/dev/null
check "1 % loss: all printers are found and true" python3 tests/e2e/compare.py "$tmp/lossy.truth" "$tmp/found"

# --- latency and jitter
fleet far --site 127.83.0.0/22 --recordings $printers --count 200 --seed 5 --latency 150 --jitter 100
"$B/ice" scan 127.83.0.0/22 --port "$fleet_port" --timeout 1s --format ndjson >"$tmp/found" 2>/dev/null
check "150-250 ms away: all printers are found and true" python3 tests/e2e/compare.py "$tmp/far.truth" "$tmp/found"

# --- real recordings
if [ -d ../shared/corpus/printers ]; then
	fleet real --site 127.84.0.0/22 --recordings ../shared/corpus/printers --count 200 --others ../shared/corpus/devices --other-count 300 --seed 6
	scan 127.84.0.0/22 --format ndjson --stats "$tmp/stats" >"$tmp/found" 2>/dev/null
	same "recordings of real devices: 200 printers of 500 devices" "$(python3 -c 'import json,sys; s = json.load(open(sys.argv[1])); print(s["printers"], s["devices"])' "$tmp/stats")" "200 500"
else
	skip "the corpus of recordings is not here"
fi

# --- the server's data is lost, and the site enrolled anew there: what the old one was told counts for nothing
fleet losing --site 127.81.64.0/26 --recordings $printers --count 20 --seed 9
server lost
enrol lost losing "$server_url"
cat >"$tmp/losing.ini" <<I
[server]
enrolment = $tmp/losing.enrolment
[state]
directory = $tmp/losing.state
[sweep]
rate = max
timeout = 500ms
subnet_cap = 0
port = $fleet_port
[range all]
addresses = 127.81.64.0/26
I
"$B/ice" scan -c "$tmp/losing.ini" --upload >/dev/null 2>"$tmp/err"
same "twenty are delivered" "$(count lost)" 20
kill $server_pid; wait $server_pid 2>/dev/null
rm -rf "$tmp/lost"
at=${server_url#https://}
enrol lost losing "$server_url"
server lost "$at"
"$B/ice" scan -c "$tmp/losing.ini" --upload >/dev/null 2>"$tmp/err"
same "and delivered whole to the one that knows none of them" "$(count lost)" 20
kill $server_pid; wait $server_pid 2>/dev/null

# --- Ctrl-C
"$B/ice" scan 127.81.0.0/16 --port "$fleet_port" --rate 500 --format ndjson >"$tmp/found" 2>/dev/null &
interrupted=$!
read -rt 1 <> <(:)
kill -INT $interrupted; wait $interrupted
same "an interrupted scan ends with status 130" $? 130
finish
