#!/usr/bin/env bash
# What ICE puts on a network, seen from outside: two network namespaces, a capture of every frame.
cd "$(dirname "$0")/../.."
. tests/e2e/lib.sh
if [ "$(id -u)" != 0 ] || ! ip netns add ice-try-$$ 2>/dev/null; then
	skip "network namespaces need root"
	finish
	exit
fi
ip netns del ice-try-$$
if ! command -v tcpdump >/dev/null; then
	skip "tcpdump is not installed"
	finish
	exit
fi
a=ice-a-$$ b=ice-b-$$
trap 'ip netns del $a 2>/dev/null; ip netns del $b 2>/dev/null; e2e_end' EXIT
ip netns add $a; ip netns add $b
ip -n $a link add eth0 type veth peer name eth0 netns $b
for n in $a $b; do ip netns exec $n sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1; ip -n $n link set lo up; ip -n $n link set eth0 up; done
ip -n $a addr add 10.77.0.1/24 dev eth0
ip -n $b addr add 10.77.0.2/24 dev eth0
ip -n $a route add 10.78.0.0/16 via 10.77.0.2
# Every address of 10.78.0.0/20 and 10.77.0.128/25 lives in the other namespace.
ip -n $b route add local 10.78.0.0/20 dev lo
ip -n $b route add local 10.77.0.128/26 dev lo
mac=$(ip -n $a -br link show eth0 | awk '{print $3}')

ip netns exec $b "$B/printer-fleet" --port 161 --site 10.78.0.0/20 --recordings config/demo/printers --count 300 --others config/demo/devices \
	--other-count 200 --truth "$tmp/truth" >"$tmp/fleet.out" 2>&1 &
pids+=($!)
line "$tmp/fleet.out" "port " >/dev/null || { cat "$tmp/fleet.out"; exit 1; }
ip netns exec $b "$B/facilities-manager" serve --data "$tmp/fm" --listen 10.77.0.2:8443 >"$tmp/fm.out" 2>&1 &
pids+=($!)
url=$(line "$tmp/fm.out" "listening ") || { cat "$tmp/fm.out"; exit 1; }
enrol fm wire "$url"
ip netns exec $a tcpdump -Z root -i eth0 -w "$tmp/all.pcap" -U --immediate-mode -s 0 -B 65536 >"$tmp/tcpdump.out" 2>&1 &
dump=$!
pids+=($dump)
await 20 grep -q "listening on" "$tmp/tcpdump.out" || bad "tcpdump captures" "$(cat "$tmp/tcpdump.out")"

"$B/ice" check --oids >"$tmp/oids" 2>"$tmp/oids.err" || bad "ice check --oids prints what may be asked" "$(cat "$tmp/oids.err")"
# The ranges are written so that they hold network and broadcast addresses.
ip netns exec $a "$B/ice" scan 10.78.0.0/20 10.77.0.0-10.77.0.255 10.78.0.0/24 --rate 5000 --timeout 300ms --retries 1 --format ndjson \
	--enrolment "$tmp/wire.enrolment" --upload >"$tmp/found" 2>"$tmp/scan.err" &
scan=$!
listening=0
while kill -0 $scan 2>/dev/null; do
	ip netns exec $a ss -Hltn | grep -q . && listening=1
	read -rt 0.02 <> <(:)
done
wait $scan
same "the sweep ends well" "$?" 0
same "no listening TCP socket at any time" $listening 0
grown() { local was=$size; size=$(stat -c %s "$tmp/all.pcap"); [ "$size" = "$was" ]; }
size=0
await 10 grown # tcpdump has written all it saw
kill -INT $dump; wait $dump 2>/dev/null
check "the capture lost nothing" grep -q "^0 packets dropped by kernel" "$tmp/tcpdump.out"
python3 tests/e2e/pcap_check.py "$tmp/all.pcap" "$mac" 10.78.0.0/20,10.77.0.0/24,10.78.0.0/24 "$tmp/oids" 10.77.0.2:8443 >"$tmp/verdict"
same "every frame keeps the promises" $? 0
cat "$tmp/verdict"
"$B/facilities-manager" export --data "$tmp/fm" --format ndjson >"$tmp/held"
check "the upload is in it, too" grep -q ' [1-9][0-9]* to the server' "$tmp/verdict"
check "all printers were found and delivered" python3 tests/e2e/compare.py "$tmp/truth" "$tmp/held"
finish
