#!/usr/bin/env bash
# Prints the figures of README "Figures": installs the peers it can, then runs bench/run.py.
set -u
cd "$(dirname "$0")/.."
B=${B:-build}
sudo=
[ "$(id -u)" = 0 ] || sudo=sudo
for p in braa onesixtyone zmap snmp python3; do
	dpkg-query -W -f '${db:Status-Status}' $p 2>/dev/null | grep -qx installed && continue
	echo "bench: installing $p"
	DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $p >/dev/null 2>&1 || echo "bench: $p could not be installed"
done
ulimit -n 20000 2>/dev/null || ulimit -n "$(ulimit -Hn)"
exec env B="$B" python3 bench/run.py "$@"
