#!/usr/bin/env python3
"""The figures of ICE: one run, one machine, contenders interleaved, medians with minimum and maximum.

usage: bench/run.sh [--rounds N] [SECTION...]      sections: sweep million collect pace upload scale (all but scale unless told)

The contender runs on CPU 0, the simulated fleet on the last CPU. Every row names what it measured; ratios are against the bare
sendmmsg/recvmmsg loop (the machine's limit) of the same round.
"""
import http.client
import json
import os
import platform
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

B = os.environ.get("B", "build")
TMP = tempfile.mkdtemp(prefix="ice-bench-")
CPUS = sorted(os.sched_getaffinity(0))
ROUNDS = 5
COLLECTIONS = 4  # in each round: half a second and some, which differ by a third


def pinned(cpu, argv):
    return ["taskset", "-c", str(cpu)] + argv


class Fleet:
    """A simulated site on the last CPU."""

    def __init__(self, site, printers, others):
        self.truth = os.path.join(TMP, "truth.ndjson")
        argv = [f"{B}/printer-fleet", "--port", "0", "--site", site, "--recordings", "config/demo/printers", "--count", str(printers),
                "--others", "config/demo/devices", "--other-count", str(others), "--seed", "7", "--truth", self.truth, "--awake"]
        self.p = subprocess.Popen(pinned(CPUS[-1], argv), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for line in self.p.stdout:
            if line.startswith("port "):
                self.port = int(line.split()[1])
                return
        raise SystemExit("bench: printer-fleet did not start")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.p.terminate()
        self.p.wait()

    def addresses(self, printers_only=True):
        with open(self.truth) as f:
            rows = [json.loads(line) for line in f]
        return [r["ip"] for r in rows if r["printer"] or not printers_only]


def wire():
    """What this network namespace has sent, both ends of the loopback interface together: (UDP datagrams, octets with IP headers)."""
    found = []
    for path, name, key in (("/proc/net/snmp", "Udp:", "OutDatagrams"), ("/proc/net/netstat", "IpExt:", "OutOctets")):
        heads, values = [line.split() for line in open(path) if line.startswith(name)]
        found.append(int(values[heads.index(key)]))
    return found


class Wire:
    """What passed meanwhile. Only in a namespace of its own, where nothing else talks: else both are None."""

    def __enter__(self):
        self.before = wire()
        return self

    def __exit__(self, *_):
        alone = os.environ.get("ICE_BENCH_NAMESPACE")
        self.datagrams, self.octets = [b - a for a, b in zip(self.before, wire())] if alone else (None, None)


def run(argv, stdin=None):
    """Runs a contender on CPU 0: (wall, cpu, peak KiB, stdout, status)."""
    out = tempfile.TemporaryFile(dir=TMP)
    figures = os.path.join(TMP, "time")
    # Through time(1): a child of this interpreter would inherit its peak of resident memory.
    argv = pinned(CPUS[0], ["/usr/bin/time", "-o", figures, "-f", "%e %U %S %M"] + argv)
    status = subprocess.run(argv, stdin=stdin or subprocess.DEVNULL, stdout=out, stderr=subprocess.DEVNULL).returncode
    wall, user, system, rss = map(float, open(figures).read().split("\n")[-2].split())
    out.seek(0)
    return wall, user + system, rss, out.read().decode(errors="replace"), status


def keys(text):
    return {k: float(v) for k, v in re.findall(r"(\w+)=([0-9.]+)", text)}


def spread(values, fmt):
    values = sorted(values)
    return f"{statistics.median(values):{fmt}} ({values[0]:{fmt}}..{values[-1]:{fmt}})"


class Table:
    """Rows of one section: contender -> list of results of the rounds."""

    def __init__(self, title, columns):
        self.title, self.columns, self.rows = title, columns, {}

    def add(self, name, result):
        self.rows.setdefault(name, []).append(result)

    def print(self, base=None, keys_of_ratio=()):
        print(f"\n## {self.title}\n")
        heads = ["contender"] + [c for c, _, _ in self.columns] + [f"{k} / {base}" for k in keys_of_ratio]
        print("| " + " | ".join(heads) + " |")
        print("|" + "---|" * len(heads))
        for name, results in self.rows.items():
            cells = [name]
            for _, key, fmt in self.columns:
                values = [r[key] for r in results if r.get(key) is not None]
                cells.append(spread(values, fmt) if values else "-")
            for key in keys_of_ratio:
                bases = self.rows.get(base, [])
                pairs = [(r, bases[i * len(bases) // len(results)]) for i, r in enumerate(results)] if bases else []  # of the same round
                ratios = [r[key] / b[key] for r, b in pairs if r.get(key) and b.get(key)]
                cells.append(spread(ratios, ".2f") if ratios else "-")
            print("| " + " | ".join(cells) + " |", flush=True)


def ice(fleet, ranges, *more, discover=True, form=None):
    stats = os.path.join(TMP, "stats.json")
    argv = [f"{B}/ice", "scan", *ranges, "--port", str(fleet.port), "--rate", "max", "--format", form or ("csv" if discover else "table"), "--stats", stats, *more]
    if discover:
        argv.append("--discover")
    wall, cpu, rss, out, status = run(argv)
    if status != 0:
        raise SystemExit(f"bench: ice ended with status {status}")
    s = json.load(open(stats))
    return {"wall": wall, "cpu": cpu, "rss": rss, "packets": s["probes_sent"], "pps": s["probes_sent"] / wall, "found": s["devices"] if discover else s["printers"],
            "cpu_per_packet": cpu / s["probes_sent"] * 1e6,
            "user": s.get("cpu_user_seconds", 0), "replies": s["replies"]}


def loop(fleet, cidr, timeout_ms, retries):
    # As many in flight as ice scan has at most: faster, and the simulated fleet loses datagrams, whose sending costs less than that of the others.
    wall, cpu, rss, out, status = run([f"{B}/bench/loop", "--cidr", cidr, "--port", str(fleet.port), "--timeout", str(timeout_ms), "--retries", str(retries),
                                       "--window", "524288"])
    k = keys(out)
    if status != 0 or "packets" not in k:
        raise SystemExit(f"bench: loop ended with status {status}")
    return {"wall": wall, "cpu": cpu, "rss": rss, "packets": k["packets"], "pps": k["packets"] / wall, "found": k["replies"],
            "cpu_per_packet": cpu / k["packets"] * 1e6}


def onesixtyone(fleet, cidr):
    if not shutil.which("onesixtyone"):
        return None
    wall, cpu, rss, out, _ = run(["onesixtyone", "-p", str(fleet.port), "-w", "0", cidr, "public"])
    found = len({m for m in re.findall(r"^(127\.[0-9.]+) \[", out, re.M)})
    return {"wall": wall, "cpu": cpu, "rss": rss, "found": found}


def braa(fleet, cidr):
    if not shutil.which("braa"):
        return None
    net = cidr.split(".")[:2]
    span = f"{net[0]}.{net[1]}.0.1-{net[0]}.{net[1]}.255.254"
    wall, cpu, rss, out, _ = run(["braa", "-2", "-r", "1", "-t", "1", "-d", "0", "-p", "1", f"public@{span}:{fleet.port}:.1.3.6.1.2.1.1.1.0"])
    found = len({m for m in re.findall(r"^(127\.[0-9.]+):", out, re.M)})
    return {"wall": wall, "cpu": cpu, "rss": rss, "found": found}


def zmap(fleet, cidr):
    if not shutil.which("zmap") or not os.environ.get("ICE_BENCH_NAMESPACE"):
        return None
    empty = os.path.join(TMP, "empty.conf")
    open(empty, "w").close()
    probe = os.path.join(TMP, "probe.pkt")
    # GET sysDescr.0, community public, v2c
    with open(probe, "wb") as f:
        f.write(bytes.fromhex("302902010104067075626c6963a01c020440000001020100020100300e300c06082b060102010101000500"))
    wall, cpu, rss, out, status = run(["zmap", "-M", "udp", "-p", str(fleet.port), "--probe-args", f"file:{probe}", "-i", "lo", "-G", "00:00:00:00:00:00",
                                       "--source-mac=02:00:00:00:00:01", "-S", "127.0.0.1", "-b", empty, "-r", "1000000", "-c", "1", "-T", "1", "-q", "-v", "0", "-O", "csv", "-f", "saddr", "-o", "-", cidr])
    found = len(set(re.findall(r"^(127\.[0-9.]+)", out, re.M)))
    return {"wall": wall, "cpu": cpu, "rss": rss, "found": found} if found else None


def netsnmp(fleet, mode, what, retries=0, window=1000):
    wall, cpu, rss, out, status = run([f"{B}/bench/netsnmp_async", mode, what, str(fleet.port), str(window), "1000", str(retries)])
    k = keys(out)
    return {"wall": wall, "cpu": cpu, "rss": rss, "found": k.get("answered"), "requests": k.get("requests"), "varbinds": k.get("varbinds")} if k else None


def bulkwalk(fleet, listing):
    if not shutil.which("snmpbulkwalk"):
        return None
    walk = f"for t in 1.3.6.1.2.1.1 1.3.6.1.2.1.43.5 1.3.6.1.2.1.43.10 1.3.6.1.2.1.43.11; do snmpbulkwalk -v2c -c public -On H:{fleet.port} $t; done"
    with open(listing) as hosts:
        wall, cpu, rss, out, _ = run(["xargs", "-P", "8", "-I", "H", "sh", "-c", walk], stdin=hosts)
    return {"wall": wall, "cpu": cpu, "rss": rss, "found": len(re.findall(r"^\.1\.3\.6\.1\.2\.1\.1\.1\.0 ", out, re.M))}


EXPORTER = """printer:
  walk: [1.3.6.1.2.1.1, 1.3.6.1.2.1.25.3.2.1, 1.3.6.1.2.1.25.3.5.1, 1.3.6.1.2.1.43.5.1.1, 1.3.6.1.2.1.43.10.2.1, 1.3.6.1.2.1.43.11.1.1,
    1.3.6.1.2.1.43.12.1.1.4, 1.3.6.1.2.1.43.18.1.1, 1.3.6.1.2.1.2.2.1.3, 1.3.6.1.2.1.2.2.1.6, 1.3.6.1.2.1.4.20.1.2]
  metrics:
  - {name: prtMarkerSuppliesLevel, oid: 1.3.6.1.2.1.43.11.1.1.9, type: gauge,
     indexes: [{labelname: hrDeviceIndex, type: gauge}, {labelname: prtMarkerSuppliesIndex, type: gauge}]}
  max_repetitions: 25
  timeout: 1s
  retries: 1
  auth: {community: public}
"""


def exporter(fleet, hosts):
    """snmp_exporter, asked for each device over HTTP by eight clients on the fleet's CPU; the CPU time is its own."""
    if not shutil.which("prometheus-snmp-exporter"):
        return None
    config = os.path.join(TMP, "snmp.yml")
    with open(config, "w") as f:
        f.write(EXPORTER)
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    p = subprocess.Popen(pinned(CPUS[0], ["prometheus-snmp-exporter", f"--config.file={config}", f"--web.listen-address=127.0.0.1:{port}"]),
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    read = []

    def client(mine):
        c = http.client.HTTPConnection("127.0.0.1", port)
        for host in mine:
            c.request("GET", f"/snmp?module=printer&target={host}:{fleet.port}")
            read.append(b"prtMarkerSuppliesLevel{" in c.getresponse().read())

    def seconds():
        fields = open(f"/proc/{p.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    try:
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                time.sleep(0.1)
        before, start = seconds(), time.monotonic()
        clients = [threading.Thread(target=client, args=(hosts[k::8],)) for k in range(8)]
        for c in clients:
            c.start()
        for c in clients:
            c.join()
        wall, cpu = time.monotonic() - start, seconds() - before
        rss = next(int(line.split()[1]) for line in open(f"/proc/{p.pid}/status") if line.startswith("VmHWM"))
    finally:
        p.terminate()
        p.wait()
    return {"wall": wall, "cpu": cpu, "rss": rss, "rate": len(hosts) / wall, "cpu_k": cpu / len(hosts) * 1000, "found": sum(read)} if read else None


def fusioninventory(fleet, hosts):
    if not shutil.which("fusioninventory-netinventory"):
        return None
    addresses = [word for h in hosts for word in ("--host", h)]
    wall, cpu, rss, out, _ = run(["fusioninventory-netinventory", "--port", str(fleet.port), "--credentials", "version:2c,community:public",
                                  "--timeout", "1", "--threads", "8", *addresses])
    return {"wall": wall, "cpu": cpu, "rss": rss, "rate": len(hosts) / wall, "cpu_k": cpu / len(hosts) * 1000, "found": out.count("<DEVICE>")}


def section_sweep():
    """/16, 1 % answering, 1 s timeout, no retry: first contact only."""
    t = Table("Sweep of a /16: 65,534 addresses, 655 devices, 1 s timeout, no retry",
              [("wall s", "wall", ".2f"), ("addresses/s", "rate", ",.0f"), ("CPU s", "cpu", ".2f"), ("resident KiB", "rss", ",.0f"),
               ("datagrams", "packets", ",.0f"), ("recall", "recall", ".4f")])

    def add(name, r):
        if r:
            t.add(name, r | {"rate": 65534 / r["wall"], "recall": r["found"] / 655})

    with Fleet("127.77.0.0/16", 300, 355) as fleet:
        for _ in range(ROUNDS):
            add("bare loop", loop(fleet, "127.77.0.0/16", 1000, 0))
            add("ice --discover", ice(fleet, ["127.77.0.0/16"], "--timeout", "1s", "--retries", "0"))
            for name, f in (("zmap", zmap), ("onesixtyone", onesixtyone), ("braa", braa)):
                add(name, f(fleet, "127.77.0.0/16"))
            add("net-snmp async", netsnmp(fleet, "sweep", "127.77.0.0/16", 0, 10000))
    t.print("bare loop", ("wall", "cpu"))


def section_million():
    """/12, 1 % answering, one retry: the rate at the machine's limit."""
    t = Table("Sweep of a /12: 1,048,574 addresses, 10,485 devices, one retry",
              [("datagrams/s", "pps", ",.0f"), ("CPU us a datagram", "cpu_per_packet", ".2f"), ("user CPU s", "user", ".2f"), ("datagrams", "packets", ",.0f"),
               ("resident KiB", "rss", ",.0f"), ("recall", "recall", ".4f")])
    with Fleet("127.16.0.0/12", 5000, 5485) as fleet:
        for _ in range(ROUNDS):
            for name, r in (("bare loop", loop(fleet, "127.16.0.0/12", 1000, 1)),
                            ("ice --discover", ice(fleet, ["127.16.0.0/12"], "--timeout", "1s", "--retries", "1"))):
                t.add(name, r | {"recall": r["found"] / 10485})
    t.print("bare loop", ("pps", "cpu_per_packet"))


def section_collect():
    """10,000 printers, each read whole."""
    t = Table("Collection: 10,000 printers, every fact",
              [("devices/s", "rate", ",.0f"), ("CPU s per 1,000", "cpu_k", ".4f"), ("requests a device", "requests_each", ".2f"),
               ("octets a device, both ways", "octets_each", ",.0f"), ("resident KiB", "rss", ",.0f"), ("recall", "recall", ".4f")])

    def add(name, printers, contender, *args, **options):
        with Wire() as w:
            r = contender(*args, **options)
        if not r:
            return
        each = {"requests_each": w.datagrams / 2 / printers, "octets_each": w.octets / printers} if w.datagrams else {}
        t.add(name, r | each | {"rate": printers / r["wall"], "cpu_k": r["cpu"] / printers * 1000, "recall": r["found"] / printers})

    with Fleet("127.78.0.0/16", 10000, 0) as fleet:
        addresses = fleet.addresses()
        listing, few = os.path.join(TMP, "list"), os.path.join(TMP, "few")
        for path, hosts in ((listing, addresses), (few, addresses[:300])):
            with open(path, "w") as f:
                f.write("\n".join(hosts) + "\n")
        for _ in range(ROUNDS):
            for _ in range(COLLECTIONS):
                add("ice scan", 10000, ice, fleet, ["--range-file", listing], "--timeout", "1s", "--retries", "1", discover=False)
                add("net-snmp async", 10000, netsnmp, fleet, "collect", listing, 1)
            add("snmpbulkwalk by xargs (300 printers)", 300, bulkwalk, fleet, few)
            add("snmp_exporter (1,000 printers)", 1000, exporter, fleet, addresses[:1000])
            add("fusioninventory (40 printers)", 40, fusioninventory, fleet, addresses[:40])
    t.print("net-snmp async", ("rate", "cpu_k"))


def section_pace():
    """How exact and how even is --rate?"""
    t = Table("Pacing over 10 s (to a counting receiver)", [("asked/s", "asked", ",.0f"), ("measured/s", "pps", ",.1f"), ("error %", "error", ".3f"), ("worst 10 ms / asked", "burst", ".2f")])
    for rate, cidr in ((100, "127.79.0.0/20"), (1000, "127.79.0.0/18"), (10000, "127.80.0.0/14"), (100000, "127.128.0.0/10")):
        for _ in range(ROUNDS):
            r = subprocess.Popen(pinned(CPUS[-1], [f"{B}/bench/arrivals", "0", "10"]), stdout=subprocess.PIPE, text=True)
            port = int(r.stdout.readline().split()[1])
            p = subprocess.Popen(pinned(CPUS[0], [f"{B}/ice", "scan", cidr, "--port", str(port), "--rate", str(rate), "--timeout", "100ms", "--retries", "0",
                                                  "--discover", "--format", "ndjson"]), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            k = keys(r.stdout.readline())
            r.wait()
            p.terminate()
            p.wait()
            t.add(f"ice --rate {rate}", {"asked": rate, "pps": k["packets_per_second"], "error": abs(k["packets_per_second"] / rate - 1) * 100,
                                         "burst": k["worst_bin"] / (rate / 100)})
    t.print()


def section_scale():
    """From /16 to /8, once: time, memory, recall."""
    t = Table("Scale: 0.6 % printers, each read whole, one retry", [("targets", "targets", ",.0f"), ("seconds", "wall", ".1f"), ("CPU us/target", "cpu_target", ".2f"),
                                                                    ("resident KiB", "rss", ".0f"), ("printers", "printers", ",.0f"), ("recall", "recall", ".4f")])
    for site, printers in (("127.16.0.0/16", 390), ("127.16.0.0/12", 6250), ("127.0.0.0/8", 100000)):
        with Fleet(site, printers, 0) as fleet:
            r = ice(fleet, [site], "--retries", "1", discover=False, form="ndjson")
            targets = 2 ** (32 - int(site.split("/")[1])) - 2
            r |= {"targets": targets, "cpu_target": r["cpu"] / targets * 1e6, "recall": r["found"] / printers}
            t.add(f"ice scan /{site.split('/')[1]}", r)
    t.print("ice scan /12", ("cpu_target",))


def main():
    global ROUNDS
    args = sys.argv[1:]
    if args[:1] == ["--rounds"]:
        ROUNDS = int(args[1])
        args = args[2:]
    sections = {k[8:]: v for k, v in globals().items() if k.startswith("section_")}
    for name in args:
        if name not in sections:
            raise SystemExit(f"bench: no section {name}; there are: {' '.join(sections)}")
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    missing = [name for name in ("zmap", "onesixtyone", "braa", "snmpbulkwalk", "prometheus-snmp-exporter", "fusioninventory-netinventory")
               if not shutil.which(name)]
    if missing:
        print(f"# not installed, left out: {', '.join(missing)}")
    print(f"# {time.strftime('%Y-%m-%d')}, {model}, {len(CPUS)} CPUs, Linux {platform.release()}, {ROUNDS} interleaved rounds: median (min..max)")
    try:
        for name in args or [s for s in sections if s != "scale"]:
            sections[name]()
    finally:
        shutil.rmtree(TMP, ignore_errors=True)


main()
