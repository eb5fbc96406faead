#!/usr/bin/env bash
# What the commands tell programs: the shapes that the headers of the subcommands promise, and that they hold what people are shown.
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh

# holds WORDS FILE EXPRESSION: of the object (or, for lines, the list of objects) in the file.
holds() {
	check "$1" python3 - "$2" "$3" <<'P'
import json, sys
text = open(sys.argv[1]).read()
try:
    o = json.loads(text)
except ValueError:
    o = [json.loads(l) for l in text.splitlines()]
assert eval("(" + sys.argv[2] + ")"), json.dumps(o, indent=1)[:3000]
P
}

mkdir "$tmp/recordings"
cp config/demo/printers/*.snmprec "$tmp/recordings/"
fleet site --site 127.98.0.0/24 --recordings "$tmp/recordings" --count 12
printer=$(sed -nE 's/.*"ip": *"([0-9.]+)".*/\1/p' "$tmp/site.truth" | head -1)

# --- a configuration with mistakes: all of them, taken apart
printf '[sweep]\nrate = fast\n[range a]\naddresses = 8.8.8.0/24\n' >"$tmp/bad.ini"
"$B/ice" check -c "$tmp/bad.ini" --offline --format json >"$tmp/out" 2>"$tmp/err"
same "mistakes end with status 78" $? 78
check "nothing is on standard error" test ! -s "$tmp/err"
holds "each with file, line, option and message" "$tmp/out" \
	'not o["good"] and {(m.get("line"), m["option"]) for m in o["mistakes"]} >= {(2, "sweep.rate"), (4, "range a.addresses")}
	 and all(m["file"].endswith("bad.ini") and m["message"] for m in o["mistakes"])'

# --- ranges that overlap, a sweep's packets and time
(umask 077 && "$B/facilities-manager" site add hq --data "$tmp/fm" --server https://127.0.0.1:9 >"$tmp/enrolment")
canary enrolment "$tmp/enrolment"
cat >"$tmp/ice.ini" <<E
[server]
enrolment = enrolment
[sweep]
rate = 100
retries = 1
[range a]
addresses = 127.98.0.0/24
exclude = 127.98.0.240-255
[range b]
addresses = 127.98.0.129-127.98.1.10
E
"$B/ice" check -c "$tmp/ice.ini" --offline --format json >"$tmp/out" 2>"$tmp/err"
same "a good one ends with 0" $? 0
holds "ranges are counted, with what was left out and what is shared" "$tmp/out" \
	'[(r["name"], r["addresses"], r["asked"], r["excluded"], r["edges"]) for r in o["ranges"]] ==
	 [("a", 239, 239, 16, 1), ("b", 138 - 1, 26, 0, 1)] and o["ranges"][1]["overlaps"] == [{"range": "a", "addresses": 111}]'
holds "a sweep is estimated" "$tmp/out" \
	'o["sweep"]["packets"] == {"least": 265, "most": 530} and o["sweep"]["rate"] == 100
	 and 26 < o["sweep"]["seconds"] < 28 and o["sweep"]["bound"] == "subnet"'
"$B/ice" check -c "$tmp/ice.ini" --offline >"$tmp/text"
check "people are told the same" grep -q "sweep: 265 addresses, 265 to 530 packets, at 100 a second; 27 s when nobody answers, bounded by the cap per subnet" "$tmp/text"
"$B/ice" scan -c "$tmp/ice.ini" --dry-run --format json >"$tmp/dry"
holds "a dry run tells it, too" "$tmp/dry" 'o["sweep"]["packets"]["most"] == 530 and len(o["ranges"]) == 2'
"$B/ice" scan -c "$tmp/ice.ini" --dry-run --format json b >"$tmp/dry"
holds "of the ranges that are named" "$tmp/dry" '[r["asked"] for r in o["ranges"]] == [137]'

# --- one device
"$B/ice" probe "$printer" --port "$fleet_port" --format json >"$tmp/out" 2>"$tmp/err"
same "a printer is explained with status 0" $? 0
check "in JSON nothing is on standard error" test ! -s "$tmp/err"
"$B/ice" probe -q "$printer" --port "$fleet_port" >"$tmp/record"
holds "the verdict, the trace, the rules" "$tmp/out" \
	'o["answered"] and o["printer"] and o["version"] == "v2c" and o["community"] == 1 and any(l.startswith("-> ") for l in o["trace"])
	 and any(f["fact"] == "serial" and any(r["took"] for r in f["rungs"]) for f in o["facts"])'
check "the record is that of the text" python3 - "$tmp/out" "$tmp/record" <<'P'
import json, sys
a, b = json.load(open(sys.argv[1]))["record"], json.load(open(sys.argv[2]))
a.pop("read_at"), b.pop("read_at")
assert a == b, (a, b)
P
"$B/ice" probe 127.98.3.3 --port "$fleet_port" --format json --timeout 100ms --retries 0 >"$tmp/out"
same "silence is status 1" $? 1
holds "and said so" "$tmp/out" 'not o["answered"] and "record" not in o'

# --- the progress of a sweep
"$B/ice" scan 127.98.0.0/24 127.98.4.0/22 --port "$fleet_port" --rate 2000 --timeout 100ms --retries 0 -q --progress json --format ndjson \
	>"$tmp/out" 2>"$tmp/err"
same "finds are on standard output" "$(wc -l <"$tmp/out")" 12
holds "progress is on standard error, nothing else" "$tmp/err" \
	'isinstance(o, list) and len(o) > 1 and o[-1]["done"] == o[-1]["total"] == 254 + 1022 and o[-1]["found"] == 12
	 and all(a["done"] <= b["done"] for a, b in zip(o, o[1:])) and all(p["what"] == "printers" for p in o)'

# --- what would be sent, while the service runs and cannot deliver
cat >"$tmp/run.ini" <<E
[server]
enrolment = enrolment
[state]
directory = state
[sweep]
port = $fleet_port
rate = normal
[range site]
addresses = 127.98.0.0/24
E
"$B/ice" run -c "$tmp/run.ini" 2>"$tmp/run.err" &
pids+=($!)
mkdir "$tmp/copies"
export TMPDIR="$tmp/copies"
waiting() { "$B/ice" outbox list -c "$tmp/run.ini" --format json >"$tmp/list" 2>"$tmp/err" && grep -q '"pending": [1-9]' "$tmp/list"; }
check "batches wait, which shows while the service runs" await 20 waiting
check "and nothing is on standard error" test ! -s "$tmp/err"
holds "the list is one object" "$tmp/list" \
	'o["pending"] == len(o["batches"]) and o["batches"][0]["state"] == "pending" and o["path"].endswith("state/outbox.db")'
"$B/ice" outbox show next -c "$tmp/run.ini" --format json >"$tmp/out" 2>"$tmp/err"
same "the next batch is shown" $? 0
holds "as it is sent" "$tmp/out" \
	'o["url"] == "https://127.0.0.1:9/v1/batches" and o["body"]["site"] == "hq" and len(o["body"]["readings"]) == o["readings"] > 0
	 and {h["name"]: h["value"] for h in o["headers"]}["ICE-Batch"] == o["id"]
	 and [h["name"] for h in o["headers"]] == ["Content-Type", "Content-Encoding", "ICE-Site", "ICE-Batch", "ICE-Signature"]'
key=$(python3 -c 'import base64,json,sys; t=open(sys.argv[1]).read().strip().split(".",1)[1]; print(json.loads(base64.urlsafe_b64decode(t+"=="))["key"])' "$tmp/enrolment")
check "the key is nowhere in it" bash -c "! grep -q '$key' '$tmp/out' '$tmp/err'"
"$B/ice" outbox show next -c "$tmp/run.ini" >"$tmp/text" 2>/dev/null
check "people see the same" grep -q "^ICE-Batch: $(sed -n 's/.*"id": "\(.*\)",/\1/p' "$tmp/out")" "$tmp/text"
same "no copy is left behind" "$(ls "$tmp/copies")" ""
"$B/ice" outbox retry --all -c "$tmp/run.ini" >/dev/null 2>"$tmp/err"
same "what changes it needs the service stopped" $? 1

# --- the way to the server
server way
enrol way good "$server_url"
enrol way other "${server_url/127.0.0.1/localhost}"
"$B/ice" check --enrolment "$tmp/good.enrolment" --format json >"$tmp/out" 2>"$tmp/err"
same "a server that answers is status 0" $? 0
holds "with name, certificates, protocol, clock and round trip" "$tmp/out" \
	'o["server"]["addresses"] == ["127.0.0.1"] and o["server"]["tls"]["protocol"].startswith("TLSv1.") and o["server"]["tls"]["cipher"]
	 and [c["names"] for c in o["server"]["tls"]["certificates"]] == ["127.0.0.1", ""]
	 and not any("error" in c for c in o["server"]["tls"]["certificates"])
	 and abs(o["server"]["clock_skew"]) < 5 and 0 < o["server"]["round_trip"] < 20 and not o["server"]["sealed"]'
"$B/ice" check --enrolment "$tmp/other.enrolment" --format json >"$tmp/out" 2>"$tmp/err"
same "one whose certificate is another's is status 1" $? 1
holds "and the certificate is told with what is wrong in it" "$tmp/out" \
	'"mismatch" in o["server"]["tls"]["certificates"][0]["error"] and "round_trip" not in o["server"]
	 and [s["result"] for s in o["steps"] if s["topic"] == "round trip"] == ["failed"]'
"$B/ice" check --enrolment "$tmp/enrolment" --format json >"$tmp/out" 2>"$tmp/err"
same "a server that is not there is status 1" $? 1
holds "and no certificate is told" "$tmp/out" 'o["server"].get("tls", {"certificates": []})["certificates"] == []'

finish
