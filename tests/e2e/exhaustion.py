#!/usr/bin/env python3
"""Lets the n-th allocation, or the n-th system call, of `ice scan --upload` fail, for many n, and classifies how it ended.

  exhaustion.py ICE SHIM SERVER_DATA PORT ADDRESSES ENROLMENT...      (one enrolment a worker: each has a site of its own)

Whatever fails: no crash (an abort() over a small fixed allocation is a clean death by design), no hang, no success that is none,
no damaged database, and nothing that was committed is lost: at the end each site's batches are at the server without a gap.

EXHAUST_RUNS=n allocations are tried, spread over all of them (300 unless told), and each system call with one errno of three;
EXHAUST_RUNS=all tries every allocation, and every errno."""
import collections, concurrent.futures, contextlib, glob, itertools, json, os, queue, signal, sqlite3, subprocess, sys

ice, shim, data, port, addresses, *enrolments = sys.argv[1:]
addresses = addresses.split()
runs = os.environ.get("EXHAUST_RUNS", "300")
free = queue.Queue()
for e in enrolments:
    free.put(e)
damaged, aside = dict.fromkeys(enrolments, 0), dict.fromkeys(enrolments, 0)
ends, wrong = collections.Counter(), []


def scan(enrolment, how=None, timeout=30):
    env = dict(os.environ, EXHAUST_LOG=enrolment + ".exhaust")
    if how is not None:
        env |= {"LD_PRELOAD": shim, "EXHAUST": how}
    command = [ice, "scan", *addresses, "--port", port, "--rate", "max", "--timeout", "150ms", "--retries", "2", "--upload",
               "--upload-wait", "3s", "--enrolment", enrolment, "--format", "ndjson"]
    return subprocess.run(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout)


def log_of(enrolment):
    try:
        return open(enrolment + ".exhaust").read()
    except OSError:
        return ""


def set_aside(enrolment):
    try:
        with contextlib.closing(sqlite3.connect(enrolment + ".outbox")) as db:
            return db.execute("SELECT count(*) FROM batch WHERE state=1").fetchone()[0]
    except sqlite3.Error:  # not made yet
        return aside[enrolment]


def complete(out):
    try:
        return sorted(json.loads(l)["ip"] for l in out.decode().splitlines()) == sorted(addresses)
    except (ValueError, KeyError):
        return False


def run(how):
    enrolment = free.get()
    try:
        try:
            done = scan(enrolment, how)
        except subprocess.TimeoutExpired:
            return how, "hang", log_of(enrolment)
        log = log_of(enrolment)
        what = log.split("\n")[0] if "failed" in log or "errno" in log else "nothing failed"
        tail = done.stderr.decode(errors="replace")[-300:]
        if len([g for g in glob.glob(enrolment + ".outbox.corrupt*") if g[-1].isdigit()]) > damaged[enrolment]:
            damaged[enrolment] += 1
            return how, "sound outbox taken for damaged", what + "\n" + tail
        if set_aside(enrolment) > aside[enrolment]:
            aside[enrolment] += 1
            return how, "sound batch set aside", what + "\n" + tail
        if done.returncode == -signal.SIGABRT:
            return how, "clean death", what
        if done.returncode < 0:
            return how, "crash by " + signal.Signals(-done.returncode).name, what + "\n" + tail
        if done.returncode == 0 and not complete(done.stdout):
            return how, "success that is none", what + "\n" + tail + done.stdout.decode(errors="replace")[-300:]
        if done.returncode not in (0, 1, 64, 78):
            return how, f"status {done.returncode}", what + "\n" + tail
        return how, "carried on" if done.returncode == 0 else "told and ended", what
    finally:
        free.put(enrolment)


def totals():
    log = open(enrolments[0] + ".exhaust").read().split()
    return int(log[log.index("allocations") + 1]), int(log[log.index("calls") + 1])


first = scan(enrolments[0], "call:1000000000")
if first.returncode != 0 or not complete(first.stdout):
    sys.exit("the scenario itself does not work: " + first.stderr.decode())
allocations, calls = totals()
step = 1 if runs == "all" else max(1, allocations // int(runs))
plan = [f"alloc:{n}:{length}" for n, length in zip(range(0, allocations, step), itertools.cycle((1, 1, 1, 20)))]
plan += [f"call:{n}:1:{variant}" for n in range(calls) for variant in (range(3) if runs == "all" else [n // 3 % 3])]
plan += [f"call:{n}:4:{n % 3}" for n in range(0, calls, 1 if runs == "all" else 5)]
with concurrent.futures.ThreadPoolExecutor(len(enrolments)) as pool:
    for how, end, more in pool.map(run, plan):
        ends[end] += 1
        if end not in ("carried on", "told and ended", "clean death"):
            wrong.append(f"{how}: {end}: {more}")

print(f"| {allocations} allocations, {calls} system calls in the scenario; {len(plan)} runs: " + ", ".join(f"{n} {e}" for e, n in sorted(ends.items())))

# What was committed has arrived: one undisturbed run, then outbox against server.
committed = 0
for enrolment in enrolments:
    last = scan(enrolment, timeout=60)
    if last.returncode != 0 or not complete(last.stdout):
        wrong.append(f"{enrolment}: an undisturbed scan does not work any more: {last.stderr.decode()[-500:]}")
    box = enrolment + ".outbox"
    db = sqlite3.connect(box)
    top = db.execute("SELECT value FROM counter WHERE name='sequence'").fetchone()[0]
    waiting = db.execute("SELECT sequence, state, reason FROM batch").fetchall()
    site = os.path.basename(enrolment).removesuffix(".enrolment")
    fm = sqlite3.connect(f"file:{data}/facilities-manager.db?mode=ro", uri=True)
    rows = [r[0] for r in fm.execute("SELECT sequence FROM batch JOIN site USING(site) WHERE name=? ORDER BY sequence", (site,))]
    if waiting or rows != list(range(1, top + 1)):
        gaps = sorted(set(range(1, top + 1)) - set(rows))
        wrong.append(f"{site}: {top} batches were committed, {waiting} wait or were set aside, {len(rows)} are at the server, missing {gaps[:9]}")
    committed += top
print(f"| {committed} batches were committed on the way, all are at the server once" if not wrong else f"| {committed} batches were committed")
for w in wrong[:40]:
    print("FAILED:", w)
sys.exit(1 if wrong else 0)
