#!/usr/bin/env bash
# Installs the Debian packages that building and testing ICE need, and says which. Does nothing when all are there.
set -euo pipefail
build="gcc make pkg-config libc6-dev libevent-dev libsnmp-dev libcurl4-openssl-dev libssl-dev libinih-dev libjansson-dev libsqlite3-dev zlib1g-dev"
tests="libcmocka-dev snmpd snmp snmpsim curl openssl sqlite3 iproute2 tcpdump python3 git clang libclang-rt-dev clang-format cppcheck"
missing=()
for p in $build $tests; do
	dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null | grep -qx installed || missing+=("$p")
done
if [ ${#missing[@]} -eq 0 ]; then
	echo "deps: all packages are installed"
	exit 0
fi
echo "deps: installing ${missing[*]}"
sudo=
if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null || { echo "deps: run as root, or install: ${missing[*]}" >&2; exit 1; }
	sudo=sudo
fi
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -qq
$sudo apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
# The real snmpd is only a test peer: its packaged service must not run.
if command -v systemctl >/dev/null && [ -d /run/systemd/system ]; then
	case " ${missing[*]} " in *" snmpd "*) $sudo systemctl disable --now snmpd >/dev/null 2>&1 || true ;; esac
fi
echo "deps: done"
