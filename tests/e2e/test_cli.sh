#!/usr/bin/env bash
# The command line of ice: refusals before anything is sent, exit statuses, pipes, terminals, secrets.
cd "$(dirname "$0")/../.."
. tests/e2e/lib.sh
ice() { "$B/ice" "$@"; }

# ends WORDS STATUS ERROR-PATTERN COMMAND...: the command ends so and says so.
ends() {
	local words=$1 status=$2 pattern=$3; shift 3
	"$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	local got=$?
	if [ $got != "$status" ]; then bad "$words" "ended with $got, not $status" "$(cat "$tmp/err")"
	elif ! grep -qiE -- "$pattern" "$tmp/out" "$tmp/err"; then bad "$words" "did not say: $pattern" "$(cat "$tmp/err")"
	else ok "$words"; fi
}

# What hears every datagram that would be sent to the port: nobody may ask it anything in the first part.
cat >"$tmp/ear.py" <<'P'
import socket, struct
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IP, 8, 1)  # IP_PKTINFO
s.bind(("0.0.0.0", 0))
print("port", s.getsockname()[1], flush=True)
while True:
    d, info, flags, a = s.recvmsg(65536, 64)
    to = socket.inet_ntoa(info[0][2][8:12])
    at = 2 + (d[1] & 0x7f if d[1] & 0x80 else 0) + 3  # behind the version
    print("heard", to, d[at + 2:at + 2 + d[at + 1]].decode(), flush=True)
P
python3 "$tmp/ear.py" >"$tmp/ear" & pids+=($!)
port=$(line "$tmp/ear" "port ")
here="127.1.2.3 --port $port --timeout 50ms --retries 0"

ends "no command" 64 "Usage: ice COMMAND" ice
ends "help" 0 "Usage: ice COMMAND" ice --help
ends "version" 0 "^ice [0-9]" ice --version
ends "an unknown command has a hint" 64 'did you mean "ice scan"' ice scna
ends "an unknown option of ice itself" 64 "no such option" ice --nonsense
for c in scan run probe replay check outbox; do
	ends "ice $c --help" 0 "Usage: ice $c" ice $c --help
	ends "ice help $c" 0 "Usage: ice $c" ice help $c
	ends "ice $c refuses an unknown option" 64 "ice $c: --zzyzx: no such option" ice $c --zzyzx
done
ends "a misspelt option has a hint" 64 "did you mean --timeout" ice scan $here --timeuot 2s
ends "an option without its value" 64 "needs a value" ice scan $here --format
ends "an unknown format" 64 "table, json, ndjson, csv" ice scan $here --format xml
ends "a rate that is none" 64 "gentle, normal, max" ice scan $here --rate fast
ends "a rate beyond all" 64 "1 to 10000000" ice scan $here --rate 999999999999
ends "a shard that is none" 64 "1/4 to 4/4" ice scan $here --shard 5/4
ends "a shard of an order that nobody else knows" 64 "one --seed" ice scan $here --shard 2/4
ends "no range" 64 "RANGE" ice scan
ends "a bad range" 64 "not an address" ice scan $here nonsense
ends "a public range" 64 "not an internal network" ice scan $here 8.8.8.0/24
printf '127.0.0.1\n# nothing\n10.0.0.0/33\n' >"$tmp/ranges"
ends "a bad range in a file" 64 "ranges:3:" ice scan --range-file "$tmp/ranges"
ends "a range file that is not there" 64 "absent" ice scan --range-file "$tmp/absent"
ends "a broadcast" 64 "." ice scan $here 255.255.255.255
ends "multicast" 64 "." ice scan $here 224.0.0.1
ends "all excluded" 64 "no address is left" ice scan $here --exclude 127.0.0.0/8
ends "upload without an enrolment" 64 "enrolment" ice scan $here --upload
ends "two devices for probe" 64 "one ADDR" ice probe 127.0.0.1 127.0.0.2
ends "a range for probe" 64 "more than one address" ice probe 127.0.0.0/24
ends "a broadcast address of this machine's own for probe" 64 "broadcast" ice probe 127.255.255.255 --port "$port" --timeout 50ms --retries 0
ends "run without a configuration" 64 "-c FILE" ice run
ends "check of nothing" 64 "-c FILE" ice check

printf 'not-for-others\n' >"$tmp/open"; chmod 644 "$tmp/open"
printf 'only-mine\n' >"$tmp/mine"; chmod 600 "$tmp/mine"
ends "a secret file that others can read" 78 "open" ice scan $here --community-file "$tmp/open"
ends "a secret file that is not there" 78 "absent" ice scan $here --community-file "$tmp/absent"
ends "probe looks at secret files, too" 78 "open" ice probe 127.1.2.3 --port "$port" --community-file "$tmp/open"
ends "an enrolment that others can read" 78 "open" ice scan $here --upload --enrolment "$tmp/open"
check "and no secret is told" bash -c "! grep -r not-for-others '$tmp/out' '$tmp/err'"

cat >"$tmp/ice.ini" <<I
[sweep]
intervall = 1h
port = $port
[range a]
addresses = 127.1.2.3
addresses = 8.8.8.8
communities = open
[range b]
I
ends "an unknown key, all mistakes at once" 78 "ice.ini:2:.*interval" ice check -c "$tmp/ice.ini" --offline
for p in ":6:.*addresses" ":7:.*communities" ":8:.*addresses"; do check "the same run tells $p" grep -qE "ice.ini$p" "$tmp/err"; done
ends "run refuses it, too" 78 "ice.ini:2:" ice run -c "$tmp/ice.ini"
ends "scan refuses it, too" 78 "ice.ini:2:" ice scan -c "$tmp/ice.ini"
ends "a configuration that is not there" 78 "absent.ini" ice check -c "$tmp/absent.ini"
printf '[range a]\naddresses = 127.1.2.3\n' >"$tmp/bare.ini"
ends "run needs an enrolment" 78 "enrolment" ice run -c "$tmp/bare.ini"
ends "check says so as well" 78 "enrolment" ice check -c "$tmp/bare.ini" --offline
ends "nonsense for an enrolment" 1 "enrol" bash -c "echo nonsense | '$B/ice' check --enrol --enrolment '$tmp/e'"
check "and no file is left of it" bash -c "! ls '$tmp'/e* 2>/dev/null | grep -q /e$"
ends "profiles can be checked alone" 0 "generic" ice check --profiles --offline
mkdir "$tmp/profiles"; printf '[profile]\nnonsense = 1\n' >"$tmp/profiles/bad.ini"
ends "a bad profile is told with its line" 78 "bad.ini:" ice scan $here --profiles "$tmp/profiles"
ends "a dry run tells what a sweep would ask" 0 "packets" ice scan $here --dry-run
same "in all of this nothing was sent" "$(grep -c heard "$tmp/ear")" 0

ends "a silent address is no failure" 0 "0 printers" ice scan $here
check "but now it was asked" await 5 grep -q heard "$tmp/ear"
same "quiet says nothing on either stream" "$(ice scan $here --quiet 2>&1)" ""
ends "probe of a silent address" 1 "does not answer" ice probe 127.1.2.3 --port "$port" --timeout 50ms --retries 0
ends "json of nothing is an empty array" 0 '^\[\]' ice scan $here --format json
ends "csv of nothing is its header" 0 '^ip,mac,name' ice scan $here --format csv
ends "a figure file that cannot be written" 1 "stats" ice scan $here --stats "$tmp/no/such/folder"

ice scan $here --stats "$tmp/stats" --seed 7 >/dev/null 2>&1
check "the figures have every promised key" python3 - "$tmp/stats" <<'P'
import json, sys
s = json.load(open(sys.argv[1]))
for k in "addresses probes_sent replies strays printers devices seconds probes_per_second bytes_sent bytes_received rtt_ms peak_in_flight rss_kib".split():
    assert k in s, k
assert isinstance(s["strays"], dict) and s["addresses"] == 1 and s["probes_sent"] == 1
P

# A community is never sent outside its range, an address in two ranges is the first one's, and no broadcast address of either
# subnet is asked.
printf '[sweep]\nport = %s\ntimeout = 50ms\nretries = 0\nrate = max\n[range inner]\naddresses = 127.1.2.0/29\ncommunities = mine\n[range outer]\naddresses = 127.1.2.0/28\n' "$port" >"$tmp/two.ini"
: >"$tmp/ear" # it goes on where it was: what is read below is what comes from now on
ice scan -c "$tmp/two.ini" --quiet --stats "$tmp/two.json" >/dev/null
same "and counted once" "$(jq -r '"\(.addresses) \(.addresses_done) \(.probes_sent)"' "$tmp/two.json")" "13 13 13"
all() { [ "$(tr -d '\0' <"$tmp/ear" | grep -c heard)" = 13 ]; }
check "two ranges that overlap: each address is asked once" await 5 all
want=$(for i in 1 2 3 4 5 6; do echo "127.1.2.$i only-mine"; done; for i in 8 9 10 11 12 13 14; do echo "127.1.2.$i public"; done)
same "with the community of its own range" "$(tr -d '\0' <"$tmp/ear" | sed -n 's/^heard //p' | sort -V)" "$want"
: >"$tmp/ear"
ice scan -c "$tmp/two.ini" inner --quiet >/dev/null
same "a range can be swept by its name" "$(tr -d '\0' <"$tmp/ear" | grep -c only-mine)" 6
ends "names and addresses do not mix" 64 "not both" ice scan -c "$tmp/two.ini" inner 127.1.2.9

# ended PID: waits for it, but not for ever; its status
ended() { await 10 bash -c "! [ -e /proc/$1 ] || grep -q 'State:.Z' /proc/$1/status" || kill -KILL "$1"; wait "$1"; }
# asked N: so many datagrams were heard by now
asked() { [ "$(grep -c heard "$tmp/ear")" -ge "$1" ]; }

# A community on the command line is wiped where `ps` looks for it.
canary community <(echo canary-in-argv)
before=$(grep -c heard "$tmp/ear")
"$B/ice" scan 127.1.0.0/16 --community canary-in-argv --port "$port" --rate 100 -q >/dev/null 2>&1 & p=$!; pids+=($p)
check "a community is wiped from the arguments" await 5 bash -c "tr '\0' ' ' </proc/$p/cmdline | grep -q -- '--community  '"
check "and cannot be seen there" bash -c "! grep -q canary-in-argv /proc/$p/cmdline"
await 5 asked $((before + 20))
kill -INT $p; ended $p; same "Ctrl-C ends with 130" $? 130

before=$(grep -c heard "$tmp/ear")
start=$EPOCHREALTIME
"$B/ice" scan 127.0.0.0/9 --port "$port" --rate gentle --format json >"$tmp/out" 2>"$tmp/err" & p=$!; pids+=($p)
await 5 asked $((before + 20)) # then it can be interrupted: signals are looked after before the first datagram
kill -INT $p; ended $p; same "an endless sweep is interrupted" $? 130
check "at once" python3 -c "import sys; sys.exit(float('$EPOCHREALTIME') - float('$start') > 6)"
same "and what was found is still whole" "$(tr -d '\n' <"$tmp/out")" "[]"

if command -v script >/dev/null; then
	# in_terminal COLUMNS COMMAND: what the command shows on a terminal of that width
	in_terminal() { script -qec "stty cols $1 rows 24; $2" /dev/null </dev/null 2>&1; }
	check "a terminal gets a progress line" bash -c "$(declare -f in_terminal); export B=$B; in_terminal 100 '$B/ice scan 127.1.0.0/22 --port $port --timeout 200ms --rate 2000' | grep -q 'in flight'"
	check "a pipe gets none" bash -c "! '$B/ice' scan $here 2>&1 | grep -q ETA"
	check "nor does --quiet" bash -c "$(declare -f in_terminal); ! in_terminal 100 '$B/ice scan 127.1.0.0/22 --port $port --timeout 200ms --rate 2000 -q' | grep -q ETA"
else
	skip "no script(1): terminals are not tried"
fi

if [ -x "$B/printer-fleet" ] && [ -d config/demo/printers ]; then
	fleet site --site 127.78.0.0/20 --recordings config/demo/printers --count 60 --seed 3
	there="127.78.0.0/20 --port $fleet_port --rate max --timeout 300ms"
	ice scan $there --format ndjson 2>"$tmp/err" | head -1 >"$tmp/head"; status=("${PIPESTATUS[@]}")
	check "a reader that goes away is no crash (${status[0]})" test "${status[0]}" -lt 128
	same "it needs no telling" "$(grep -c 'standard output' "$tmp/err")" 0
	same "and got its line" "$(wc -l <"$tmp/head")" 1
	ice scan $there --format ndjson --stats "$tmp/cut" >/dev/full 2>/dev/null
	same "the figures of a sweep that was cut say so" "$(grep -o '"interrupted": [a-z]*' "$tmp/cut")" '"interrupted": true'
	ice scan $there --format ndjson --stats "$tmp/whole" >/dev/null 2>&1
	same "and those of a whole one" "$(grep -o '"interrupted": [a-z]*' "$tmp/whole")" '"interrupted": false'
	for f in table json ndjson csv; do
		ice scan $there --format $f >/dev/full 2>"$tmp/err"; same "a full disk behind standard output is a failure ($f)" $? 1
		same "and is told, once" "$(grep -c 'standard output: No space left' "$tmp/err")" 1
		ice scan $there --format $f >&- 2>"$tmp/err"; same "so is a closed standard output" $? 1
		same "and is told, too" "$(grep -c 'standard output: Bad file descriptor' "$tmp/err")" 1
	done
	ice scan $there >"$tmp/out" 2>/dev/null
	same "the table has a row for each and a header" "$(wc -l <"$tmp/out")" 61
	check "a file gets no escape sequences" bash -c "! grep -q $'\x1b' '$tmp/out'"
	for f in json ndjson csv; do ice scan $there --format $f --discover >"$tmp/d.$f" 2>/dev/null; done
	same "discover lists all of them as ndjson" "$(grep -c '"printer":true' "$tmp/d.ndjson")" 60
	same "as csv" "$(grep -c ',yes,' "$tmp/d.csv")" 60
	same "each with its make and model" "$(grep -c '"make":"[^"]*","model":"[^"]' "$tmp/d.ndjson") $(python3 -c 'import csv, sys
print(sum(bool(r["make"] and r["model"]) for r in csv.DictReader(open(sys.argv[1]))))' "$tmp/d.csv")" "60 60"
	same "as json" "$(python3 -c 'import json,sys; print(len(json.load(open(sys.argv[1]))))' "$tmp/d.json")" 60
	a=$(ice scan $there --shard 1/3 --seed 9 --discover --format ndjson 2>/dev/null | wc -l)
	b=$(ice scan $there --shard 2/3 --seed 9 --discover --format ndjson 2>/dev/null | wc -l)
	c=$(ice scan $there --shard 3/3 --seed 9 --discover --format ndjson 2>/dev/null | wc -l)
	same "three shards make the whole" $((a + b + c)) 60
	addr=$(ice scan $there --discover --format ndjson 2>/dev/null | head -1 | sed 's/.*"ip":"\([^"]*\)".*/\1/')
	ends "probe explains a printer" 0 '"serial"' ice probe "$addr" --port "$fleet_port"
	check "with what was asked" grep -q -- '-> GETNEXT' "$tmp/err"
	check "and the record alone on standard output" python3 -c 'import json,sys; json.load(open(sys.argv[1]))' "$tmp/out"
	if command -v script >/dev/null; then
		in_terminal 60 "$B/ice scan $there" >"$tmp/narrow"
		check "a terminal gets colours" grep -q $'\x1b\[38;5;' "$tmp/narrow"
		check "and no line wider than it is" python3 - "$tmp/narrow" <<'P'
import re, sys
for l in open(sys.argv[1], encoding="utf-8"):
    l = re.sub(r"\x1b\[[0-9;]*[mK]", "", l.rstrip("\r\n"))
    if "ADDRESS" in l or re.search(r"127\.78\.", l.split("\r")[-1]):
        assert len(l.split("\r")[-1]) <= 60, l
P
		check "NO_COLOR is respected" bash -c "$(declare -f in_terminal); ! NO_COLOR=1 in_terminal 60 '$B/ice scan $there' | grep -q $'\x1b\[38;5;'"
	fi
else
	skip "no recordings to make a fleet of"
fi
# --- a printer that tells its system group and nothing else
mkdir "$tmp/bare"
printf '1.3.6.1.2.1.1.1.0|4|Canon iR-ADV C5235 /P\n1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.1602.4.7\n' >"$tmp/bare/bare.snmprec"
fleet bare --site 127.97.0.0/24 --recordings "$tmp/bare" --count 1 --as-recorded
bare=$(sed -nE 's/.*"ip": *"([0-9.]+)".*/\1/p' "$tmp/bare.truth" | head -1)
"$B/ice" probe "$bare" --port "$fleet_port" --timeout 300ms >"$tmp/bare.out" 2>"$tmp/bare.err"
check "it is a printer all the same" grep -q '"make": "Canon"' "$tmp/bare.out"
check "and is said to tell nothing else" grep -q 'nothing else was readable' "$tmp/bare.err"

finish
