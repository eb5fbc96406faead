#!/usr/bin/env python3
"""Compares what a server (or a scan) holds with the truth of a simulated fleet.

usage: compare.py TRUTH.ndjson HELD.ndjson

Every printer of the truth must be held exactly once with its own name, serial number and MAC, at its own address and with a page count
that is not behind the truth's; nothing else may be held. Prints the counts and every difference (the first twenty);
exit status 1 when there is any.
"""
import json
import sys


def read(path):
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f if line.strip()]


def main():
    truth = {}
    others = set()
    for t in read(sys.argv[1]):
        if t["printer"]:
            truth[t["ip"]] = t
        else:
            others.add(t["ip"])
    held = {}
    wrong = []
    for r in read(sys.argv[2]):
        ip = r.get("ip")
        if ip in held:
            wrong.append(f"{ip}: held twice")
        held[ip] = r
        if ip in others:
            wrong.append(f"{ip}: is not a printer, but is held as one")
        elif ip not in truth:
            wrong.append(f"{ip}: is nobody's address")
    for ip, t in truth.items():
        r = held.get(ip)
        if r is None:
            wrong.append(f"{ip}: {t.get('recording')} is missing")
            continue
        for key in ("name", "serial", "mac"):
            if t.get(key) is not None and r.get(key) != t[key]:
                wrong.append(f"{ip}: {key} is {r.get(key)!r}, true is {t[key]!r} ({t.get('recording')})")
        pages = t.get("pages_total")
        if pages is not None and r.get("pages", {}).get("total", -1) < pages:
            wrong.append(f"{ip}: {r.get('pages', {}).get('total')} pages, true is at least {pages} ({t.get('recording')})")
    makes = {r.get("make") for r in held.values()}
    print(f"printers in truth: {len(truth)}, held: {len(held)}, makes: {len(makes)}, other devices: {len(others)}, differences: {len(wrong)}")
    for w in wrong[:20]:
        print("  " + w)
    return 1 if wrong or not truth else 0


sys.exit(main())
