#!/usr/bin/env bash
# Installs the Debian packages that building and testing ICE need, and says which. Does nothing when all are there.
set -euo pipefail
# The modules that drive the browser, in build/browser. Without the registry the tests are skipped, visibly.
browser() {
	cmp -s tests/browser/package-lock.json build/browser/package-lock.json && [ -d build/browser/node_modules ] && return 0
	mkdir -p build/browser
	cp tests/browser/package.json tests/browser/package-lock.json tests/browser/.npmrc build/browser/
	echo "deps: installing the browser tests' modules into build/browser"
	(cd build/browser && npm ci --ignore-scripts --silent) ||
		{ rm -rf build/browser; echo "deps: they could not be had: the tests in a browser will be skipped" >&2; }
}

build="gcc make pkg-config libc6-dev libevent-dev libsnmp-dev libcurl4-openssl-dev libssl-dev libinih-dev libjansson-dev libsqlite3-dev zlib1g-dev"
tests="mandoc man-db lintian libcmocka-dev snmpd snmp snmpsim curl openssl sqlite3 iproute2 nftables tcpdump valgrind python3 git clang libclang-rt-dev clang-format cppcheck"
missing=()
# The configuration window's tests want a browser and what drives it; node and npm may have come from elsewhere.
command -v chromium >/dev/null || tests="$tests chromium"
command -v node >/dev/null || tests="$tests nodejs"
command -v npm >/dev/null || tests="$tests npm"
for p in $build $tests; do
	dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null | grep -qx installed || missing+=("$p")
done
if [ ${#missing[@]} -eq 0 ]; then
	echo "deps: all packages are installed"
	browser
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
browser
echo "deps: done"
