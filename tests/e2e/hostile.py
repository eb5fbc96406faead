#!/usr/bin/env python3
"""Holds what a scan found against a fleet of which some devices misbehave.

usage: hostile.py TRUTH.ndjson FOUND.ndjson REPLAYED.ndjson FAULTS

REPLAYED is what `ice replay` reads from the recordings: what a printer of a recording is by itself. FAULTS is how many kinds of
misbehaviour the fleet must hold. A device's true record is that of its recording with its own name, serial number, MAC and page
count. Healthy devices, and those whose fault leaves everything readable ("whole"), must be held completely and exactly; of all
others every fact that is held must be true, but for those that the fault's row declares to be the device's own lies. Nothing
that is held may carry a sign that controls a terminal, turns text around, or is too long. Prints counts and differences;
exit status 1 when there is any.
"""
import json
import re
import sys
import unicodedata

KEYS = {"ip", "mac", "name", "make", "model", "serial", "location", "pages", "supplies", "status", "errors", "alerts",
        "read_at", "complete"}


def read(path):
    with open(path, encoding="utf-8", errors="strict") as f:
        return [json.loads(line) for line in f if line.strip()]


def texts(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for k, v in value.items():
            yield k
            yield from texts(v)
    elif isinstance(value, list):
        for v in value:
            yield from texts(v)


def within(part, of):
    """Each value of the object `part` is that of `of`."""
    return all(k in of and of[k] == v for k, v in part.items())


def rows(part, of):
    """Each row of `part` is one of `of`, in the same order; each may say less. A state "unknown" says nothing."""
    at = 0
    for row in part:
        said = {k: v for k, v in row.items() if (k, v) != ("state", "unknown")}
        while at < len(of) and not within(said, of[at]):
            at += 1
        if at == len(of):
            return row
        at += 1
    return None


def pages(held, device, recorded):
    grown = device["pages_total"] - recorded["total"] if "pages_total" in device else 0
    slack = 2 + device.get("pages_per_hour", 0) // 60  # a minute's worth
    for key, n in held.items():
        if key == "unit":
            if n != recorded.get("unit"):
                return f"pages in {n!r}, true is {recorded.get('unit')!r}"
        elif key not in recorded:
            return f"pages {key} = {n}, true is none"
        elif not any(0 <= n - recorded[key] - g <= (slack if g or key == "total" else 0) for g in (grown, 0)):
            return f"pages {key} = {n}, true is {recorded[key] + grown}"
    return None


def wrong(held, device, recorded, lies, whole):
    """What is not as it should be about one record."""
    true = dict(recorded)
    for key in ("ip", "name", "serial", "mac"):
        if key in device:
            true[key] = device[key]
    for key, value in held.items():
        if key not in KEYS:
            yield f"has a key {key!r}"
        elif key in lies or key in ("read_at", "complete"):
            continue
        elif key == "pages":
            fault = pages(value, device, true.get("pages", {}))
            if fault:
                yield fault
        elif key in ("supplies", "alerts"):
            row = rows(value, true.get(key, []))
            if row:
                yield f"{key} hold {row}, true are {true.get(key)}"
        elif key == "errors":
            if not set(value) <= set(true.get(key, [])):
                yield f"errors are {value}, true are {true.get(key)}"
        elif key == "model" and not whole and re.fullmatch(re.escape(true.get(key, "")) + r"( [^\d ]+)+", value):
            continue  # from another of the device's own texts, which says more words
        elif key == "mac" and not whole and value in device.get("macs", []):
            continue  # of another interface of it, where it does not tell which one has the address
        elif value != true.get(key):
            yield f"{key} is {value!r}, true is {true.get(key)!r}"
    for s in held.get("supplies", []):
        if "percent" in s and abs(s["percent"] - 100 * s["level"] / s["capacity"]) > 0.1:
            yield f"{s['percent']} percent are not {s['level']} of {s['capacity']}"
        if s.get("level", 0) < 0 or s.get("capacity", 1) <= 0:
            yield f"level {s.get('level')} of {s.get('capacity')}"
    for key, n in held.get("pages", {}).items():
        if key != "unit" and n < 0:
            yield f"pages {key} = {n}"
    for text in texts(held):
        if len(text.encode()) > 512:
            yield f"a text of {len(text.encode())} bytes"
        if any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in text):
            yield f"a text with signs that are not to be seen: {text!r}"
    if whole:
        for key, value in true.items():
            if key not in held:
                yield f"{key} is missing"
            elif key in ("supplies", "alerts", "errors") and len(held[key]) != len(value):
                yield f"{key}: {len(held[key])} of {len(value)}"
            elif key in ("supplies", "alerts"):
                for a, b in zip(held[key], value):
                    if a != b:
                        yield f"{key}: {a}, true is {b}"
            elif key == "pages" and set(value) != set(held[key]):
                yield f"pages: {held[key]}, true is {value}"


def main():
    recorded = {}
    for r in read(sys.argv[3]):
        recorded[r["source"].rsplit("/", 1)[-1].rsplit(".", 1)[0]] = r["record"]
    truth = {t["ip"]: t for t in read(sys.argv[1])}
    found, faults = {}, {}
    differences = []
    for r in read(sys.argv[2]):
        if r["ip"] in found:
            differences.append(f"{r['ip']}: held twice")
        found[r["ip"]] = r
        if r["ip"] not in truth:
            differences.append(f"{r['ip']}: is nobody's address")
        elif not truth[r["ip"]]["printer"]:
            differences.append(f"{r['ip']}: is no printer ({truth[r['ip']]['recording']})")
    healthy = facts = 0
    for ip, t in truth.items():
        if not t["printer"]:
            continue
        fault = t.get("fault")
        whole = fault is None or t.get("whole", False)
        held = found.get(ip)
        faults.setdefault(fault, [0, 0])[0] += 1
        faults[fault][1] += held is not None
        name = f"{ip} {fault or 'healthy'} ({t['recording']})"
        if held is None:
            if whole:
                differences.append(f"{name}: is missing")
            continue
        healthy += fault is None
        facts += len(held)
        differences += [f"{name}: {w}" for w in wrong(held, t, recorded[t["recording"]], t.get("lies", "").split(), whole)]
    kinds = len(faults) - (None in faults)
    if kinds != int(sys.argv[4]):
        differences.append(f"{kinds} kinds of misbehaviour, {sys.argv[4]} wanted")
    read_kinds = sum(n > 0 for f, (_, n) in faults.items() if f)
    print(f"{kinds} kinds of misbehaviour on {sum(n for f, (n, _) in faults.items() if f)} devices, something read of {read_kinds} kinds; "
          f"{healthy} healthy neighbours; {facts} facts; differences: {len(differences)}")
    said = {}
    for d in differences:  # one of each kind
        said.setdefault(" ".join(d.split()[1:2] + d.split()[3:5]), []).append(d)
    for d in list(said.values())[:40]:
        print(f"  {len(d)} x {d[0][:900]}")
    return 1 if differences or healthy == 0 else 0


sys.exit(main())
