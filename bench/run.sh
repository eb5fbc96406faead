#!/usr/bin/env bash
# Prints the figures of README "Figures": installs the peers it can, then runs bench/run.py.
set -u
cd "$(dirname "$0")/.."
B=${B:-build}
sudo=
[ "$(id -u)" = 0 ] || sudo=sudo
for p in python3 time util-linux braa onesixtyone zmap snmp prometheus-snmp-exporter fusioninventory-agent-task-network; do
	dpkg-query -W -f '${db:Status-Status}' $p 2>/dev/null | grep -qx installed && continue
	echo "bench: installing $p"
	DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $p >/dev/null 2>&1 || echo "bench: $p could not be installed"
done
ulimit -n 20000 2>/dev/null || ulimit -n "$(ulimit -Hn)"
export B
# As root in a network namespace of its own: nothing else talks there, and zmap, which sends frames of its own making, needs a loopback that
# believes them.
if [ "$(id -u)" = 0 ] && unshare -n true 2>/dev/null; then
	export ICE_BENCH_NAMESPACE=1
	exec unshare -n sh -c 'ip link set lo up
		for key in route_localnet accept_local; do for dev in all lo; do echo 1 >/proc/sys/net/ipv4/conf/$dev/$key; done; done
		exec python3 bench/run.py "$@"' sh "$@"
fi
exec python3 bench/run.py "$@"
