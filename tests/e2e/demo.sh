#!/usr/bin/env bash
# A simulated site, a server and the engine, on this machine's loopback: sweep, upload, fleet table, and the proof that
# the server holds exactly the fleet's truth. Leaves nothing behind but build/.
set -u
cd "$(dirname "$0")/../.."
. tests/e2e/lib.sh

site=127.77.0.0/16
echo
echo "== a simulated site: $site with 2,000 printers among 3,000 other devices"
fleet demo --site $site --recordings config/demo/printers --count 2000 --others config/demo/devices --other-count 3000 --seed 1 --latency 2 --jitter 3

echo "== a Facilities Manager server"
server fm
enrol fm demo "$server_url" || exit 1
echo "   $server_url"

echo "== one sweep of the /16, read and uploaded"
echo "   \$ ice scan $site --port $fleet_port --rate max --timeout 300ms --enrolment FILE --upload"
"$B/ice" scan $site --port "$fleet_port" --rate max --timeout 300ms --retries 1 --enrolment "$tmp/demo.enrolment" --upload \
	--stats "$tmp/stats.json" >"$tmp/table"
status=$?
echo
head -26 "$tmp/table"
rows=$(wc -l <"$tmp/table")
[ "$rows" -gt 29 ] && { echo "  ... $((rows - 29)) more rows ..."; tail -3 "$tmp/table"; }
echo
echo "== the figures"
python3 - "$tmp/stats.json" <<'P'
import json, sys
s = json.load(open(sys.argv[1]))
print(f"   {s['addresses']:,} addresses in {s['seconds']:.1f} s: {s['probes_per_second']:,.0f} datagrams/s, {s['printers']:,} printers, "
      f"{s['devices']:,} devices, {s['rss_kib'] / 1024:.0f} MiB")
r = s["rtt_ms"]
print(f"   round trip p50 {r['p50']} ms, p99 {r['p99']} ms; strays {sum(s['strays'].values())}")
P
echo
echo "== what the server holds against the fleet's truth"
"$B/facilities-manager" export --data "$tmp/fm" --format ndjson >"$tmp/held.ndjson" || status=1
if python3 tests/e2e/compare.py "$tmp/demo.truth" "$tmp/held.ndjson" && [ $status = 0 ]; then
	echo
	echo "All matches: every printer found, read, delivered and stored once; nothing else."
	exit 0
fi
echo
echo "It does NOT match (ice ended with status $status)."
exit 1
