#!/usr/bin/env python3
"""Kills engines and their server with SIGKILL at random points, again and again, and counts what was lost and what came twice.

usage: kills.py [-n KILLS] [--seed S] [--build DIR] [--engine FILE] [--server FILE] [--power SHIM] [--seconds MAX]

Three engines (`ice run`), each with a site of its own, sweep a simulated fleet and deliver to one server
(`facilities-manager serve`). Each life of each of them ends by SIGKILL after a random time that is kept around the time of
sweep, commit and upload, and the next begins at once. After every end of an engine its outbox is read, from a copy: what is
committed there, and how many batches there ever were. At the end the engines may finish, and every batch that was ever
committed must be at the server once, with just the readings it was committed with, and every printer of the fleet too.

With --power each end is a power cut as well: SHIM (powercut.so) keeps a copy of every file as it was when it was last synced,
and of what was written since, any part or nothing survives. With the engine ice-witness, which notes each batch that it was
told is committed, losing one that nobody had seen yet is noticed, too.

Prints one line of figures; exit status 0 when nothing was lost and nothing doubled, 1 otherwise, 2 when it could not try.
"""
import argparse
import collections
import gzip
import hashlib
import heapq
import itertools
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

ENGINES = 3
PRINTERS = 24
BLOCK = 512  # of a disk: survives a power cut whole or not at all


def read_copy(path, scratch, queries):
    """Rows of each query, from a copy of a database and its log: reading the original would fold its log. None when there are no
    tables yet."""
    copy = os.path.join(scratch, "copy.db")
    for suffix in ("", "-wal", "-shm"):
        if os.path.exists(copy + suffix):
            os.unlink(copy + suffix)
    for suffix in ("", "-wal"):
        if os.path.exists(path + suffix):
            shutil.copyfile(path + suffix, copy + suffix)
    if not os.path.exists(copy):
        return None
    db = sqlite3.connect(copy)
    try:
        if db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0:
            return None
        return [db.execute(q).fetchall() for q in queries]
    finally:
        db.close()


def cut_file(live, synced, rng):
    """What a power cut leaves of a file that held `synced` when it was last synced, and holds `live` now."""
    how = rng.randrange(3)
    if how == 0:
        return synced
    if how == 1:
        return live
    length = rng.choice((len(live), len(synced), rng.randint(min(len(live), len(synced)), max(len(live), len(synced)))))
    out = bytearray(synced[:length].ljust(length, b"\0"))
    for at in range(0, min(len(live), length), BLOCK):
        end = min(at + BLOCK, length)
        if live[at:end] != synced[at:end] and rng.random() < 0.5:
            out[at:end] = live[at:end].ljust(end - at, b"\0")
    return bytes(out)


class Process:
    """One program that is started, killed and started again."""

    def __init__(self, name, argv, folder, args):
        self.name, self.argv, self.folder = name, argv, folder
        self.log = os.path.join(args.folder, name + ".log")
        self.env = dict(os.environ)
        self.synced = None
        if args.power:
            # In the one folder that a confined program may write to.
            self.synced = os.path.join(folder, "synced")
            names = os.listdir(folder)
            os.mkdir(self.synced)
            for file in names:
                if os.path.isfile(os.path.join(folder, file)):
                    shutil.copyfile(os.path.join(folder, file), os.path.join(self.synced, file))
            self.env.update(LD_PRELOAD=os.path.abspath(args.power), POWERCUT_LIVE=folder, POWERCUT_SYNCED=self.synced,
                            KILLS_WITNESS=os.path.join(self.synced, "witness"))
        self.process = None
        self.born = 0.0

    def start(self):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.env)
        self.born = time.monotonic()

    def end(self, how=signal.SIGKILL):
        """Its exit status; a process that ended by itself is a failure, since nobody asked it to."""
        early = self.process.poll()
        if early is None:
            self.process.send_signal(how)
        status = self.process.wait(timeout=20)
        self.process = None
        if early is not None:
            sys.stderr.write(f"{self.name} ended by itself, status {status}:\n{self.said()}")
        return early is None

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def power_cut(self, rng):
        for name in os.listdir(self.folder):
            path = os.path.join(self.folder, name)
            if name.endswith("-shm"):  # not a file of the disk in any way that counts: it is made anew
                os.unlink(path)
                continue
            if not os.path.isfile(path):
                continue
            with open(path, "rb") as f:
                live = f.read()
            synced = b""
            if os.path.exists(os.path.join(self.synced, name)):
                with open(os.path.join(self.synced, name), "rb") as f:
                    synced = f.read()
            left = live if live == synced else cut_file(live, synced, rng)
            for to in (path, os.path.join(self.synced, name)):
                with open(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as f:
                    f.write(left)


class Site:
    """An engine and all that its outbox was ever seen to hold."""

    def __init__(self, number, args):
        self.name = f"site{number}"
        self.committed = {}  # sequence -> (id, readings)
        self.marks = set()  # (device, when it was read)
        self.last = 0  # sequence number of the last batch ever committed
        self.pending = 0
        self.asked = None  # the process that was asked to sweep
        self.clashes = []
        self.witnessed = False
        self.folder = os.path.join(args.folder, self.name + ".state")
        self.scratch = os.path.join(args.folder, self.name + ".scratch")
        os.mkdir(self.scratch)
        os.mkdir(self.folder, 0o700)
        self.config = os.path.join(args.folder, self.name + ".ini")
        self.engine = Process(self.name, [args.engine, "run", "-c", self.config], self.folder, args)

    def hear_witness(self):
        """What an engine that takes notes was told is committed (ice-witness, with --power): more than any later look can show."""
        path = self.engine.env.get("KILLS_WITNESS", "")
        if os.path.exists(path):
            with open(path, encoding="ascii") as f:
                self.last = max([self.last] + [int(line) for line in f])
                self.witnessed = True

    def ask(self):
        """Has the engine sweep as soon as it can be asked, so that it is killed at work and not while it waits for its time."""
        if self.asked is not self.engine.process and "service started" in self.engine.said():
            self.asked = self.engine.process
            self.asked.send_signal(signal.SIGUSR1)

    def look(self):
        """Writes down what the outbox holds. The engine must not be running."""
        self.hear_witness()
        rows = read_copy(os.path.join(self.folder, "outbox.db"), self.scratch,
                         ("SELECT sequence, id, packed FROM batch ORDER BY sequence",
                          "SELECT name, read_at FROM device UNION SELECT device, read_at FROM place WHERE read_at <> 0",
                          "SELECT value FROM counter WHERE name = 'sequence'"))
        if rows is None:
            self.pending = 0
            if self.last:
                self.clashes.append(f"{self.name}: {self.last} batches were committed, and the outbox is empty")
            return
        batches, marks, counter = rows
        self.pending = len(batches)
        self.marks.update(marks)
        for sequence, batch, packed in batches:
            held = self.committed.get(sequence)
            if held is None:
                readings = json.loads(gzip.decompress(packed))["readings"]
                self.committed[sequence] = (batch, readings)
            elif held[0] != batch:
                self.clashes.append(f"{self.name}: batch {sequence} is another one now")
        if counter[0][0] < self.last:
            self.clashes.append(f"{self.name}: {self.last} batches were committed, and {counter[0][0]} are remembered")
        self.last = max(self.last, counter[0][0])


def launch_fleet(args):
    """One fleet for all sites; each printer's own addresses are the range."""
    truth = os.path.join(args.folder, "fleet.truth")
    out = open(os.path.join(args.folder, "fleet.out"), "wb")
    fleet = subprocess.Popen(
        [os.path.join(args.build, "printer-fleet"), "--port", "0", "--site", "127.94.0.0/24", "--recordings",
         "config/demo/printers", "--count", str(PRINTERS), "--seed", "5", "--latency", "3", "--jitter", "3",
         "--pages-per-hour", "20000", "--truth", truth],
        stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.DEVNULL)
    port = wait_for(os.path.join(args.folder, "fleet.out"), "port ", fleet)
    with open(truth, encoding="utf-8") as f:
        return fleet, port, [json.loads(line) for line in f]


def wait_for(path, start, process, seconds=30):
    """What follows `start` in the first line that begins so."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        with open(path, encoding="utf-8", errors="replace") as f:
            for line in f:
                if line.startswith(start) and line.endswith("\n"):
                    return line[len(start):].strip()
        time.sleep(0.002)
    raise SystemExit(f"no line {start!r} in {path}: " + open(path).read())


def prepare(args):
    """Fleet, server and engines, configured; only the fleet runs."""
    data = os.path.join(args.folder, "fm")
    listen = ["serve", "--data", data, "--listen"]
    first = Process("first", [args.server] + listen + ["127.94.1.1:0"], data, argparse.Namespace(folder=args.folder, power=None))
    first.start()
    url = wait_for(first.log, "listening ", first.process)
    first.end(signal.SIGTERM)
    fleet, port, truth = launch_fleet(args)
    sites = []
    for number in range(ENGINES):
        site = Site(number, args)
        sites.append(site)
        enrolment = os.path.join(args.folder, site.name + ".enrolment")
        line = subprocess.run([args.server, "site", "add", site.name, "--data", data, "--server", url],
                              check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        with open(os.open(enrolment, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as f:
            f.write(line)
        if "ICE_WIRETAP" in os.environ:  # a secret that no frame may show (tests/wiretap/canaries.h)
            with open(os.environ["ICE_WIRETAP"] + "/canaries", "ab") as f:
                f.write(b"enrolment " + line)
        with open(site.config, "w", encoding="utf-8") as f:
            rounds = "off" if number == 0 else "1s"
            f.write(f"[server]\nenrolment = {enrolment}\n[state]\ndirectory = {site.folder}\n[sweep]\ninterval = 1s\n"
                    f"rate = max\ntimeout = 500ms\nretries = 3\nsubnet_cap = 0\nport = {port}\n"
                    f"[inventory]\ninterval = {rounds}\nfull_read = {'0' if number == 0 else '24h'}\n"
                    f"[pulse]\ninterval = {rounds}\nerror_interval = {rounds}\n[range all]\n")
            f.writelines(f"addresses = {t['ip']}\n" for t in truth)
    server = Process("server", [args.server] + listen + [url.split("/")[-1]], data, args)
    return fleet, truth, server, sites


def kill_them(args, rng, server, sites, counts):
    """The killing. A life is a random share of `span`, which follows what the engines need to get their readings delivered."""
    span = {site.name: 0.08 for site in sites}
    until = time.monotonic() + args.seconds
    turns, number = [], itertools.count()

    def rise(what, life):
        (what.engine if isinstance(what, Site) else what).start()
        heapq.heappush(turns, (time.monotonic() + life, next(number), what))

    rise(server, rng.uniform(0.05, 0.4))
    for site in sites:
        rise(site, rng.uniform(0.3, 1.3) * span[site.name])
    good = True
    while good and counts["engine"] + counts["server"] < args.kills and time.monotonic() < until:
        when, _, what = heapq.heappop(turns)
        while (wait := when - time.monotonic()) > 0:
            for site in sites:
                site.ask()
            time.sleep(min(wait, 0.004))
        if what is server:
            good = server.end()
            counts["server"] += 1
            if args.power:
                server.power_cut(rng)
            rise(server, rng.uniform(0.3, 4) * max(span.values()))
            continue
        good = what.engine.end()
        counts["engine"] += 1
        said = what.engine.said()
        if args.power:
            what.engine.power_cut(rng)
        what.look()
        swept = "inventory ended" in said  # it reads the known printers, whom the sweep passes over
        phase = "sweep" if "sweep began" in said or "sweep resumed" in said else "start"
        phase = phase if not swept else "upload" if what.pending else "idle"
        counts["at " + phase] += 1
        span[what.name] *= {"start": 1.15, "sweep": 1.05, "upload": 0.98, "idle": 0.92}[phase]
        span[what.name] = min(max(span[what.name], 0.01), 5)
        rise(what, rng.uniform(0.3, 1.3) * span[what.name])
    for _, _, what in turns:
        if what is not server:
            good = what.engine.end() and good
            counts["engine"] += 1
            if args.power:
                what.engine.power_cut(rng)
            what.look()
    return good


def settle(server, sites):
    """Lets every engine finish a sweep, the last one, and deliver all it has. True when they could."""
    end = time.monotonic() + 60
    for site in sites:
        with open(site.config, encoding="utf-8") as f:
            text = f.read()
        with open(site.config, "w", encoding="utf-8") as f:
            f.write(text.replace("interval = 1s", "interval = 1h"))
    rest = list(sites)
    while rest and time.monotonic() < end:
        for site in rest:
            site.engine.start()
        time.sleep(0.3)
        waiting = []
        for site in rest:
            while "service started" not in site.engine.said() and site.engine.process.poll() is None:
                time.sleep(0.01)
            site.engine.process.send_signal(signal.SIGUSR1)
            while "sweep ended" not in site.engine.said() and time.monotonic() < end and site.engine.process.poll() is None:
                time.sleep(0.01)
            time.sleep(0.3)
            site.engine.end(signal.SIGTERM)
            site.look()
            if site.pending:
                waiting.append(site)
        rest = waiting
    for site in rest:
        sys.stderr.write(f"{site.name} does not deliver its {site.pending} batches:\n{site.engine.said()}")
    return not rest


def key(reading):
    return json.dumps(reading, sort_keys=True)


def patched(old, patch):
    """What a change makes of a value (include/ice/change.h)."""
    if not isinstance(patch, dict) or not isinstance(old, (dict, list)):
        return patch
    new = old.copy()
    for name, value in patch.items():
        at = name if isinstance(old, dict) else int(name)
        if value is None and isinstance(old, dict):
            del new[at]
        elif value is None:
            del new[at:]
        elif isinstance(old, list) and at == len(new):
            new.append(value)
        else:
            new[at] = patched(new[at], value) if isinstance(old, list) or at in new else value
    return new


def whole(reading, bases):
    """The record that a reading is or stands for; None when its base is not at the server."""
    if "base" not in reading:
        return reading
    return patched(bases[reading["base"]], reading["set"]) if reading["base"] in bases else None


def compare(site, batches, readings, bases, complaints):
    """What is wrong between all that a site committed and what the server holds of it: (lost, doubled) readings."""
    lost = doubled = 0
    held = collections.defaultdict(list)
    for row, sequence, batch in batches:
        held[sequence].append((row, batch))
    for sequence in range(1, site.last + 1):
        if sequence not in held:
            n = len(site.committed[sequence][1]) if sequence in site.committed else 1
            lost += n
            complaints.append(f"{site.name}: batch {sequence} of {site.last} never arrived ({n} readings)")
    for sequence, rows in held.items():
        if len(rows) > 1 or sequence > site.last or sequence < 1:
            doubled += sum(len(readings[row]) for row, _ in rows[1:]) or 1
            complaints.append(f"{site.name}: batch {sequence} of {site.last} is there {len(rows)} times")
        if sequence in site.committed and all(batch != site.committed[sequence][0] for _, batch in rows):
            lost += len(site.committed[sequence][1])
            complaints.append(f"{site.name}: batch {sequence} is not the one that was committed")
    for sequence, (batch, wanted) in site.committed.items():
        for row, found in held.get(sequence, ()):
            if found != batch:
                continue
            told = [whole(reading, bases) for reading in wanted]
            a, b = collections.Counter(map(key, told)), collections.Counter(map(key, readings[row]))
            lost += sum((a - b).values())
            doubled += sum((b - a).values())
            if a != b:
                complaints.append(f"{site.name}: batch {sequence} has other readings than those that were committed")
    return lost, doubled


def judge(server, sites, truth, complaints):
    """Server against engines. (batches, readings, lost, doubled)."""
    db = sqlite3.connect(os.path.join(server.folder, "facilities-manager.db"))
    lost = doubled = 0
    total = [db.execute("SELECT count(*) FROM " + t).fetchone()[0] for t in ("batch", "reading")]
    if db.execute("PRAGMA integrity_check").fetchone()[0] != "ok":
        complaints.append("the server's database is damaged")
        lost += 1
    for site in sites:
        batches = db.execute("SELECT batch, sequence, id FROM batch WHERE site = (SELECT site FROM site WHERE name = ?)",
                             (site.name,)).fetchall()
        readings = collections.defaultdict(list)
        seen, addresses, bases = set(), set(), {}
        for row, identity, at, text in db.execute(
                "SELECT r.batch, d.identity, r.read_at, r.json FROM reading r JOIN device d USING(device)"
                " WHERE d.site = (SELECT site FROM site WHERE name = ?)", (site.name,)):
            record = json.loads(text)
            readings[row].append(record)
            bases[hashlib.sha256(text.encode()).hexdigest()[:16]] = record
            seen.add((identity, at))
            addresses.add(record["ip"])
        a, b = compare(site, batches, readings, bases, complaints)
        lost, doubled = lost + a, doubled + b
        # Marked as read, or only asked since whether it has changed, and not delivered: a device that would be missed.
        missing = site.marks - seen
        unread = {t["ip"] for t in truth} - addresses
        lost += len(missing) + len(unread) + len(site.clashes)
        complaints += [f"{site.name}: {m[0]} was marked as read at {m[1]}, and that reading is not there" for m in missing]
        complaints += [f"{site.name}: the printer at {ip} was never delivered" for ip in unread] + site.clashes
    db.close()
    return total[0], total[1], lost, doubled


def run(args):
    rng = random.Random(args.seed)
    counts = collections.Counter()
    complaints = []
    began = time.monotonic()
    server, sites, fleet = None, [], None
    try:
        fleet, truth, server, sites = prepare(args)
        good = kill_them(args, rng, server, sites, counts)
        if server.process is None:
            server.start()
        wait_for(server.log, "listening ", server.process)
        good = settle(server, sites) and good
        server.end(signal.SIGTERM)
        batches, readings, lost, doubled = judge(server, sites, truth, complaints)
    finally:
        for process in [server] + [site.engine for site in sites]:
            if process and process.process:
                process.process.kill()
                process.process.wait()
        if fleet:
            fleet.kill()
            fleet.wait()
    for line in complaints[:20]:
        sys.stderr.write(line + "\n")
    kills = counts["engine"] + counts["server"]
    witnessed = ", witnessed" if any(site.witnessed for site in sites) else ""
    print(f"kills {kills} lost {lost} doubled {doubled} (engines {counts['engine']}, server {counts['server']}; in mid-start "
          f"{counts['at start']}, mid-sweep {counts['at sweep']}, mid-upload {counts['at upload']}, idle {counts['at idle']}; "
          f"{batches} batches{witnessed}, {readings} readings; seed {args.seed}, {time.monotonic() - began:.0f} s)")
    return 0 if good and lost + doubled == 0 else 1


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1].split("\n")[0])
    parser.add_argument("-n", "--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=1e9)
    parser.add_argument("--build", default="build")
    parser.add_argument("--engine")
    parser.add_argument("--server")
    parser.add_argument("--power")
    args = parser.parse_args()
    args.engine = args.engine or os.path.join(args.build, "ice")
    args.server = args.server or os.path.join(args.build, "facilities-manager")
    # Where a sync costs nothing; what is tested is not the disk.
    args.folder = tempfile.mkdtemp(prefix="kills.", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))
    try:
        return run(args)
    finally:
        shutil.rmtree(args.folder, ignore_errors=True)


sys.exit(main())
