#!/usr/bin/env bash
# ice outbox, and batches that the server refuses for good: set aside, shown, exported, tried again; the rest flows.
cd "$(dirname "$0")/../.."
. tests/e2e/lib.sh

fleet site --site 127.95.0.0/26 --recordings config/demo/printers --count 20 --seed 4
server fm 127.95.1.1:0
enrol fm hq "$server_url"
cat >"$tmp/ice.ini" <<I
[server]
enrolment = $tmp/hq.enrolment
[state]
directory = $tmp/state
[sweep]
interval = 1h
rate = max
timeout = 200ms
retries = 1
port = $fleet_port
[range site]
addresses = 127.95.0.0/26
I
run() { : >"$tmp/run.err"; "$B/ice" run -c "$tmp/ice.ini" >"$tmp/run.out" 2>"$tmp/run.err" & run_pid=$!; pids+=($run_pid); }
stop() { kill -TERM $run_pid; wait $run_pid; }
swept() { grep -q 'sweep ended' "$tmp/run.err"; }
outbox() { "$B/ice" outbox "$@" -c "$tmp/ice.ini" >"$tmp/out" 2>"$tmp/err"; }
aside() { outbox list --format ndjson; grep -c '"set aside"' "$tmp/out"; }
pending() { outbox list --format ndjson; grep -c '"pending"' "$tmp/out"; }
# says WORDS STATUS PATTERN ARGS...: ice outbox ends so and says so on standard error
says() {
	local words=$1 status=$2 pattern=$3; shift 3
	outbox "$@"; local got=$?
	if [ $got = "$status" ] && { [ -z "$pattern" ] || grep -qE -- "$pattern" "$tmp/err"; }; then ok "$words"; else bad "$words" "status $got" "$(cat "$tmp/err")"; fi
}
stored() { [ "$(sqlite3 "$tmp/fm/facilities-manager.db" 'select count(*) from batch')" = "$1" ]; }

says "without an outbox there is nothing to show" 1 "there is no outbox" list
check "and none is made" test ! -e "$tmp/state/outbox.db"

kill $server_pid; wait $server_pid 2>/dev/null
run
check "with the server away a sweep ends" await 20 swept
says "while the service runs the outbox is its own" 1 "stop it first" retry --all
says "and can be looked at" 0 "^1 batch pending" list
stop
says "what waits can be listed" 0 "^1 batch pending \(20 readings" list
check "with a header and one row" test "$(wc -l <"$tmp/out")" = 2
same "nothing is set aside" "$(aside)" 0
says "a batch is exported by its number" 0 "" export 1
check "as its readings, one JSON object a line" python3 - "$tmp/out" "$tmp/site.truth" <<'P'
import json, sys
held = {json.loads(l)["ip"] for l in open(sys.argv[1])}
assert held == {json.loads(l)["ip"] for l in open(sys.argv[2])} and len(held) == 20
P
says "one that is not there is told" 1 "77: no such batch" export 77
says "a pending batch needs no retry" 0 "pending already" retry 1
says "words that are none" 64 "list, show, export and retry" sing
says "one batch is shown at a time" 64 "which batch" show --all
says "which batches? must be said" 64 "BATCH" retry
"$B/ice" outbox list >/dev/null 2>&1; same "which outbox? must be said" $? 64

# Batches that no server can read, between the one that waits and those to come; and one that rotted.
python3 - "$tmp/state/outbox.db" <<'P'
import gzip, hashlib, json, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
for sequence in (2, 3, 4):
    body = json.dumps({"schema": 1, "site": "hq", "sequence": sequence, "readings": [{"colour of the carpet": sequence}]}).encode()
    packed = gzip.compress(body)
    if sequence == 4:
        packed = packed[:-9] + b"123456789"
    db.execute("INSERT INTO batch (sequence, id, state, readings, packed, made_at) VALUES (?,?,0,1,?,1)",
               (sequence, hashlib.sha256(body).hexdigest(), packed))
db.execute("UPDATE counter SET value = 4 WHERE name = 'sequence'")
db.commit()
P
server fm "${server_url#https://}"
run
check "the batches before and behind them are delivered" await 20 stored 2
settled() { grep -q 'batch rejected' "$tmp/run.err" && grep -q 'damaged on disk' "$tmp/run.err"; }
check "the others are told of" await 10 settled
await 10 swept
stop
same "and set aside" "$(aside)" 3
same "none waits" "$(pending)" 0
check "with the reasons" test "$(grep -c '"reason":"server says: 422"' "$tmp/out")" = 2 -a "$(grep -c '"reason":"damaged on disk"' "$tmp/out")" = 1
says "what was refused can be exported" 0 "" export 2 3
same "with its readings" "$(cat "$tmp/out")" '{"colour of the carpet":2}
{"colour of the carpet":3}'
says "what rotted cannot, and the others can" 1 "batch 4 is damaged" export --all
same "they are there" "$(wc -l <"$tmp/out")" 2
outbox list --format ndjson; id=$(sed -n 's/.*"sequence":2,"id":"\([0-9a-f]*\)".*/\1/p' "$tmp/out")
says "a batch is tried again by its id" 0 "^1 batch is pending again" retry "$id"
outbox list --format ndjson
check "and keeps it" grep -q "\"sequence\":2,\"id\":\"$id\",\"state\":\"pending\"" "$tmp/out"
says "all of them; what rotted stays" 1 "batch 4 is damaged" retry --all
same "the other is pending" "$(pending)" 2
run
rejected() { [ "$(grep -c 'batch rejected' "$tmp/run.err")" = 2 ]; }
check "they are sent once more, and refused once more" await 20 rejected
check "a sweep can be asked for meanwhile" "$B/ice" now sweep -c "$tmp/ice.ini"
check "and its batch is delivered" await 20 stored 3
stop
same "so they are set aside again" "$(aside)" 3
finish
