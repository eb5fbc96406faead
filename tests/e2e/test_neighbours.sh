#!/usr/bin/env bash
# A flat subnet with more living hosts than the kernel's neighbour table has room for: all are found, and the table never overflows.
# The hosts forget each other in seconds instead of a minute, so that the test need not wait; gc_thresh3 stays as it is.
cd "$(dirname "$0")/../.."
. tests/e2e/lib.sh
if [ "$(id -u)" != 0 ] || ! ip netns add ice-try-$$ 2>/dev/null; then
	skip "network namespaces need root"
	finish
	exit
fi
ip netns del ice-try-$$
a=ice-na-$$ b=ice-nb-$$
trap 'ip netns del $a 2>/dev/null; ip netns del $b 2>/dev/null; e2e_end' EXIT
ip netns add $a; ip netns add $b
ip -n $a link add eth0 type veth peer name eth0 netns $b
for n in $a $b; do ip -n $n link set lo up; ip -n $n link set eth0 up; done
ip -n $a addr add 10.77.0.1/19 dev eth0
ip -n $b addr add 10.77.0.2/19 dev eth0
ip -n $b route add local 10.77.16.0/21 dev lo
ip netns exec $a sh -c 'cd /proc/sys/net/ipv4/neigh/eth0 && echo 1000 >base_reachable_time_ms && echo 0 >delay_first_probe_time'
tap $a
# The table is one for all network namespaces, but only the machine's first one tells of it.
first() { if [ -n "${ICE_WIRETAP:-}" ]; then nsenter --net="$ICE_WIRETAP/outside" "$@"; else "$@"; fi; }
limit=$(first cat /proc/sys/net/ipv4/neigh/default/gc_thresh3 2>/dev/null || echo 1024)
if [ "$limit" -gt 2048 ]; then
	skip "gc_thresh3 is $limit here: no table to overflow"
	finish
	exit
fi

# The column has a name in the first line of every kernel's file; the rows are one per processor, in hexadecimal.
fulls() {
	local rows x n=0
	rows=$(first awk 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "table_fulls") c = i; next } { print $c }' /proc/net/stat/arp_cache) || return
	for x in $rows; do n=$((n + 16#$x)); done
	echo $n
}
entries() { ip -n $a neigh show dev eth0 | grep -vc PERMANENT; }

ip netns exec $b "$B/printer-fleet" --port 161 --site 10.77.16.0/21 --recordings config/demo/printers --count 900 --others config/demo/devices \
	--other-count 800 --truth "$tmp/near" >"$tmp/near.out" 2>&1 &
pids+=($!)
line "$tmp/near.out" "port " >/dev/null || { cat "$tmp/near.out"; exit 1; }
near=$(wc -l <"$tmp/near")

before=$(fulls) began=$SECONDS
timeout 75 ip netns exec $a "$B/ice" scan 10.77.16.0/21 --discover --rate max --timeout 1s --retries 1 --format ndjson --stats "$tmp/stats" >"$tmp/out" 2>"$tmp/err" &
scan=$!
pids+=($scan)
most=0
while kill -0 $scan 2>/dev/null; do
	n=$(entries)
	[ "$n" -gt $most ] && most=$n
	read -rt 0.2 <> <(:) || true
done
wait $scan
same "the sweep ends well" $? 0
took=$((SECONDS - began))
found=$(sed -n 's/.*"ip":"\([0-9.]*\)".*/\1/p' "$tmp/out" | sort)
wanted=$(sed -n 's/.*"ip": *"\([0-9.]*\)".*/\1/p' "$tmp/near" | sort)
same "every one of $near living neighbours is found" "$(echo "$found" | md5sum)" "$(echo "$wanted" | md5sum)"
check "the neighbour table did not overflow" test "$(fulls)" = "${before:-not told}"
echo "    2,046 addresses in $took s; at most $most entries of $limit"
check "it took a minute at most" test $took -le 60
check "the figures tell that the neighbour table was what bounded it" grep -q '"neighbours": 0\.[0-9]*[1-9]' "$tmp/stats"
finish
