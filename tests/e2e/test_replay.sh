#!/usr/bin/env bash
# ice replay: recordings in, one line each out; what is no recording is told and not believed.
cd "$(dirname "$0")/../.."
. tests/e2e/lib.sh
replay() { "$B/ice" replay --profiles config/profiles "$@"; }
# field LINE PYTHON: an expression over the parsed line d
field() { python3 -c 'import json,sys; d=json.loads(sys.argv[1]); print(eval(sys.argv[2]))' "$1" "$2"; }

cat >"$tmp/printer.snmprec" <<'R'
1.3.6.1.2.1.1.1.0|4|Example LaserWriter 9000
1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.99999.1
1.3.6.1.2.1.1.5.0|4|reception
1.3.6.1.2.1.1.6.0|4|ground floor
1.3.6.1.2.1.2.2.1.3.1|2|24
1.3.6.1.2.1.2.2.1.3.2|2|6
1.3.6.1.2.1.2.2.1.6.1|4|
1.3.6.1.2.1.2.2.1.6.2|4x|02a1b2c3d4e5
1.3.6.1.2.1.2.2.1.8.1|2|1
1.3.6.1.2.1.2.2.1.8.2|2|1
1.3.6.1.2.1.4.20.1.1.10.20.30.40|64|10.20.30.40
1.3.6.1.2.1.4.20.1.1.127.0.0.1|64|127.0.0.1
1.3.6.1.2.1.4.20.1.2.10.20.30.40|2|2
1.3.6.1.2.1.4.20.1.2.127.0.0.1|2|1
1.3.6.1.2.1.25.3.2.1.2.1|6|1.3.6.1.2.1.25.3.1.5
1.3.6.1.2.1.25.3.2.1.3.1|4|Example LaserWriter 9000
1.3.6.1.2.1.25.3.2.1.5.1|2|2
1.3.6.1.2.1.25.3.5.1.1.1|2|3
1.3.6.1.2.1.25.3.5.1.2.1|4x|00
1.3.6.1.2.1.43.5.1.1.16.1|4|Example LaserWriter
1.3.6.1.2.1.43.5.1.1.17.1|4|XYZ123456
1.3.6.1.2.1.43.10.2.1.3.1.1|2|7
1.3.6.1.2.1.43.10.2.1.4.1.1|65|4711
1.3.6.1.2.1.43.11.1.1.3.1.1|2|1
1.3.6.1.2.1.43.11.1.1.4.1.1|2|3
1.3.6.1.2.1.43.11.1.1.5.1.1|2|3
1.3.6.1.2.1.43.11.1.1.6.1.1|4|Black Cartridge
1.3.6.1.2.1.43.11.1.1.7.1.1|2|7
1.3.6.1.2.1.43.11.1.1.8.1.1|2|10000
1.3.6.1.2.1.43.11.1.1.9.1.1|2|4300
1.3.6.1.2.1.43.12.1.1.4.1.1|4|black
R
cat >"$tmp/switch.snmprec" <<'R'
1.3.6.1.2.1.1.1.0|4|A switch with 24 ports
1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.99999.2
1.3.6.1.2.1.1.5.0|4|switch-1
1.3.6.1.2.1.2.2.1.3.1|2|6
R
cat >"$tmp/walk.txt" <<'R'
.1.3.6.1.2.1.1.1.0 = STRING: "A walked switch"
.1.3.6.1.2.1.1.2.0 = OID: .1.3.6.1.4.1.99999.2
.1.3.6.1.2.1.1.5.0 = STRING: "switch-2"
R

out=$(replay "$tmp/printer.snmprec"); same "a printer's recording ends with 0" $? 0
same "it is one line" "$(wc -l <<<"$out")" 1
same "its source is the file" "$(field "$out" 'd["source"]')" "$tmp/printer.snmprec"
same "it is a printer" "$(field "$out" 'd["printer"]')" True
same "name" "$(field "$out" 'd["record"]["name"]')" reception
same "location" "$(field "$out" 'd["record"]["location"]')" "ground floor"
same "serial" "$(field "$out" 'd["record"]["serial"]')" XYZ123456
same "address: the first that is no loopback" "$(field "$out" 'd["record"]["ip"]')" 10.20.30.40
same "MAC of the interface that owns it" "$(field "$out" 'd["record"]["mac"]')" 02:a1:b2:c3:d4:e5
same "pages" "$(field "$out" 'd["record"]["pages"]["total"]')" 4711
same "toner" "$(field "$out" 'd["record"]["supplies"][0]["percent"]')" 43
same "status" "$(field "$out" 'd["record"]["status"]')" idle
same "two runs say the same" "$(replay "$tmp/printer.snmprec")" "$out"
same "by v1 it says the same" "$(replay --v1 "$tmp/printer.snmprec")" "$out"
same "the time can be told" "$(field "$(replay --at 2026-11-22T09:41:00Z "$tmp/printer.snmprec")" 'd["record"]["read_at"]')" 2026-11-22T09:41:00Z

out=$(replay "$tmp/switch.snmprec"); same "a switch's recording ends with 0" $? 0
same "it is no printer, with a reason" "$(field "$out" 'd["printer"], len(d["reason"]) > 0')" "(False, True)"
same "a walk is read as well" "$(field "$(replay "$tmp/walk.txt")" 'd["printer"]')" False

printf 'not a recording at all\n' >"$tmp/nonsense"
head -c 4096 /dev/urandom >"$tmp/noise"
: >"$tmp/empty"
replay "$tmp/printer.snmprec" "$tmp/nonsense" "$tmp/absent" "$tmp/noise" "$tmp/empty" "$tmp/switch.snmprec" >"$tmp/out" 2>"$tmp/err"
same "files that cannot be read end with 1" $? 1
same "and every file still has its line" "$(wc -l <"$tmp/out")" 6
check "each of them valid JSON" python3 -c 'import json,sys; [json.loads(l) for l in open(sys.argv[1])]' "$tmp/out"
same "with the reason why" "$(field "$(sed -n 3p "$tmp/out")" 'd["printer"], "absent" in d["reason"]')" "(False, True)"
cp "$tmp/printer.snmprec" "$tmp"/$'odd\xff"name'
check "a file name need not be UTF-8" python3 -c 'import json,sys; json.loads(sys.stdin.buffer.read().decode())' < <(replay "$tmp"/$'odd\xff"name')

replay --explain "$tmp/printer.snmprec" >"$tmp/out" 2>"$tmp/err"
check "--explain shows the questions" grep -q -- "-> GETNEXT" "$tmp/err"
check "and the answers by their names" grep -q 'sysName.0 = "reception"' "$tmp/err"
same "on standard error only" "$(wc -l <"$tmp/out")" 1

corpus=../shared/corpus
if [ -d $corpus/printers ]; then
	replay $corpus/printers/*.snmprec >"$tmp/printers" 2>"$tmp/err"; same "every printer of the corpus can be read" $? 0
	same "and has its line" "$(wc -l <"$tmp/printers")" "$(ls $corpus/printers/*.snmprec | wc -l)"
	replay $corpus/devices/*.snmprec >"$tmp/devices" 2>"$tmp/err"; same "every other device of the corpus can be read" $? 0
else
	skip "the corpus of real recordings is not here"
fi
finish
