#!/usr/bin/env bash
# `ice prove` in network namespaces: what keeps the promises is proven, each broken one is caught by its name, other programs' frames are
# nobody's fault, a capture with drops proves nothing.
cd "$(dirname "$0")/../.."
. tests/e2e/lib.sh
if [ "$(id -u)" != 0 ] || ! ip netns add ice-try-$$ 2>/dev/null; then
	printf '[server]\nenrolment = none\n' >"$tmp/ice.ini"
	[ "$(id -u)" = 0 ] || { "$B/ice" prove -c "$tmp/ice.ini" 2>"$tmp/err"; same "who is not root is told so" "$? $(grep -c 'only root' "$tmp/err")" "77 1"; }
	skip "network namespaces need root"
	finish
	exit
fi
ip netns del ice-try-$$
a=ice-a-$$ b=ice-b-$$
trap 'ip netns del $a 2>/dev/null; ip netns del $b 2>/dev/null; e2e_end' EXIT
ip netns add $a; ip netns add $b
ip -n $a link add eth0 type veth peer name eth0 netns $b
for n in $a $b; do ip netns exec $n sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1; ip -n $n link set lo up; ip -n $n link set eth0 up; done
ip -n $a addr add 10.77.0.1/24 dev eth0
ip -n $b addr add 10.77.0.2/24 dev eth0
ip -n $a route add 10.78.0.0/16 via 10.77.0.2
ip -n $b route add local 10.78.0.0/22 dev lo
ip -n $a route add 224.0.0.0/4 dev eth0

# The office and the lab, each with its own community.
ip netns exec $b "$B/printer-fleet" --port 161 --site 10.78.0.0/23 --recordings config/demo/printers --count 100 --others config/demo/devices \
	--other-count 50 --community office-secret --truth "$tmp/truth" >"$tmp/fleet.out" 2>&1 &
pids+=($!)
line "$tmp/fleet.out" "port " >/dev/null || { cat "$tmp/fleet.out"; exit 1; }
ip netns exec $b "$B/facilities-manager" serve --data "$tmp/fm" --listen 10.77.0.2:8443 >"$tmp/fm.out" 2>&1 &
pids+=($!)
url=$(line "$tmp/fm.out" "listening ") || { cat "$tmp/fm.out"; exit 1; }
enrol fm proof "$url"
chmod 755 "$tmp"
mkdir -m 700 "$tmp/state"
(umask 077; echo office-secret >"$tmp/office"; echo lab-secret >"$tmp/lab")
cat >"$tmp/ice.ini" <<-INI
	[server]
	enrolment = proof.enrolment
	[state]
	directory = state
	[sweep]
	rate = 20000
	timeout = 100ms
	retries = 0
	subnet_cap = 0
	[profiles]
	directory = $PWD/config/profiles
	[range office]
	addresses = 10.78.0.0/23
	exclude = 10.78.1.77
	communities = office
	[range lab]
	addresses = 10.78.2.0/24
	communities = lab
INI
chown nobody "$tmp/proof.enrolment" "$tmp/state" "$tmp/office" "$tmp/lab"

# A leak check at the end of a sanitized program is a process of its own, which is what the proof must find.
case $B in *san*) export ASAN_OPTIONS=detect_leaks=0 ;; esac

# prove NAME PROGRAM ARGS...: the report in $tmp/NAME, sets status.
prove() {
	local name=$1 program=$2; shift 2
	ip netns exec $a timeout 60 "$program" prove -q -c "$tmp/ice.ini" "$@" >"$tmp/$name" 2>"$tmp/$name.err"
	status=$?
}
verdicts() { awk '$3 == "FAIL" { printf "%s ", $1 }' "$tmp/$1"; }
shown() { sed 's/^/    /' "$tmp/$1" "$tmp/$1.err"; }

prove whole "$B/ice" --pcap "$tmp/whole.pcapng"
same "a sweep that keeps them is proven" "$status $(verdicts whole)$(grep -c '^PROVEN' "$tmp/whole")" "0 1" || shown whole
[ $status = 0 ] || shown whole
check "every promise was held against something but that of names" \
	awk '$3 == "PASS" { n++ } $3 == "-" && $1 != "names" { bad = 1 } END { exit n != 10 || bad }' "$tmp/whole"
"$B/facilities-manager" export --data "$tmp/fm" --format ndjson >"$tmp/held"
check "it was a real sweep: all printers are at the server" python3 tests/e2e/compare.py "$tmp/truth" "$tmp/held"
same "the capture's digest is that of the file" "$(sed -n 's/.*all.*sha256 //p; s/^capture.*sha256 //p' "$tmp/whole")" "$(sha256sum <"$tmp/whole.pcapng" | cut -d' ' -f1)"
same "the capture is its owner's alone" "$(stat -c %a "$tmp/whole.pcapng")" 600
if command -v tcpdump >/dev/null; then
	sent=$(sed -nE 's/^sweep .* with ([0-9]+) datagrams.*/\1/p' "$tmp/whole")
	same "another program reads every datagram of the sweep from it" \
		"$(tcpdump -nr "$tmp/whole.pcapng" 'src host 10.77.0.1 and udp dst port 161' 2>/dev/null | wc -l)" "$sent"
else
	skip "tcpdump is not installed"
fi
prove again "$B/ice" --pcap "$tmp/whole.pcapng"
same "a file that is there is not replaced" "$status $(grep -c 'File exists' "$tmp/again.err")" "1 1"
prove json "$B/ice" --json lab
check "the report as JSON tells the same" python3 -c '
import json, sys
r = json.load(open(sys.argv[1]))
assert r["verdict"] == "PROVEN" and not r["objections"], r
assert len(r["promises"]) == 11 and all(p["verdict"] in ("PASS", None) for p in r["promises"])
assert r["run"]["user"] == "nobody" and len(r["run"]["configuration_sha256"]) == 64 and r["seen"]["to_devices"] == 254, r' "$tmp/json"
check "no secret stands in a report" sh -c '! grep -qE "office-secret|lab-secret" "$1/whole" "$1/json"' sh "$tmp"

# Other programs on the same machine may do what they like meanwhile.
ip netns exec $a python3 - >"$tmp/noise.out" 2>&1 <<-'PY' &
	import socket, time
	udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	udp.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
	held = socket.socket(); held.bind(("127.0.0.1", 0)); held.listen()
	end = time.time() + 30
	while time.time() < end:
	    for to in (("10.77.0.255", 161), ("10.78.0.5", 161), ("10.78.0.5", 9100), ("10.78.9.9", 53)):
	        udp.sendto(b"office-secret lab-secret", to)
	    s = socket.socket(); s.setblocking(False)
	    s.connect_ex(("10.78.0.6", 9100)); s.close()
	    short = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); short.sendto(b"x", ("10.78.0.7", 161)); short.close()
	    time.sleep(0.01)
PY
noise=$!
pids+=($noise)
prove noisy "$B/ice"
same "other programs' frames are not held against it" "$status $(verdicts noisy)$(grep -c '^PROVEN' "$tmp/noisy")" "0 1"
[ $status = 0 ] || shown noisy
frames() { sed -nE 's/^seen +([0-9]+) frames.*/\1/p' "$tmp/$1"; }
check "they still come" kill -0 $noise
check "they were seen" test "$(frames noisy)" -gt $(($(frames whole) + 100))

# Each promise broken once, while the others go on making noise; the second column is where, the third what must be caught.
if [ -x "$B/kills/ice-broken-promise" ] || make -s B="$B" "$B/kills/ice-broken-promise" >"$tmp/make.out" 2>&1; then
	while read -r what at caught; do
		export BREAK=$what BREAK_AT=$at
		prove "break-$what" "$B/kills/ice-broken-promise" lab
		same "caught: $what" "$status $(verdicts "break-$what")$(grep -c '^BROKEN' "$tmp/break-$what")" "1 $caught 1" || shown "break-$what"
	done <<-'ROWS'
		broadcast 10.77.0.255 unicast targets read_only sockets
		datagram 224.0.0.251 unicast targets communities
		datagram 10.78.9.1 targets communities
		datagram 10.78.2.255 targets communities
		datagram 10.78.1.77 targets communities
		port 10.78.0.5 targets secrets
		tcp 10.78.0.5 tcp
		plain 10.77.0.2 encrypted
		name 10.78.0.5 names
		set 10.78.0.5 read_only
		object 10.78.0.5 objects
		community 10.78.0.5 communities
		leak 10.78.0.5 secrets
		key 10.78.0.5 secrets
		listen - sockets
		ping - sockets
		early 10.78.0.5 confined
		unconfined - confined
		process 10.78.0.5 confined
	ROWS
	unset BREAK BREAK_AT
	check "the offending frame stands in the report, its community covered" grep -qE '^    [0-9a-f]{84}[0-9a-f]*\*{26}a3' "$tmp/break-set"
else
	skip "the wrong engines are not built (make wrong)"
fi
kill $noise 2>/dev/null

# A prover that cannot keep up says so.
ip netns exec $a "$B/ice" prove -q -c "$tmp/ice.ini" >"$tmp/drops" 2>"$tmp/drops.err" &
prover=$!
pids+=($prover)
capturing() { ip netns exec $a ss -0nlp 2>/dev/null | grep -q "pid=$prover,"; }
await 10 capturing || bad "the capture begins"
kill -STOP $prover
ip netns exec $a python3 -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(150000):
    s.sendto(b"x" * 1000, ("127.0.0.1", 9))'
kill -CONT $prover
wait $prover
same "a capture that lost frames proves nothing" "$? $(grep -c '^NOT PROVEN' "$tmp/drops") $(grep -c 'the capture lost' "$tmp/drops")" "1 1 1"

# What stands in the way is said before anything is sent.
ip netns exec $a "$B/ice" prove -c "$tmp/ice.ini" -u nobody-there 2>"$tmp/err"; same "an unknown user" "$? $(grep -c 'no such user' "$tmp/err")" "64 1"
ip netns exec $a "$B/ice" prove -c "$tmp/ice.ini" -u root 2>"$tmp/err"; same "root is no ordinary user" "$? $(grep -c 'is root' "$tmp/err")" "64 1"
"$B/ice" prove 2>"$tmp/err"; same "without a configuration" $? 64
finish
