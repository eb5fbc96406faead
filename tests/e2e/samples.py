"""Holds a file of Prometheus samples (standard input) against the text format and the naming conventions; prints what is wrong."""
import re
import sys

bad = []
text = sys.stdin.read()
if not text.endswith("\n"):
    bad.append("the last line has no end")
name = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
label = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
number = r"(?:[+-]?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|Inf)|NaN)"
sample = re.compile(rf"^({name})(\{{{label}(?:,{label})*\}})? {number}$")
helps, types, seen, family, closed = {}, {}, set(), None, set()
for n, line in enumerate(text.splitlines(), 1):
    if m := re.match(rf"^# HELP ({name}) (\S.*)$", line):
        if m[1] in helps:
            bad.append(f"{n}: a second HELP of {m[1]}")
        if family:
            closed.add(family)
        helps[m[1]], family = m[2], m[1]
    elif m := re.match(rf"^# TYPE ({name}) (counter|gauge)$", line):
        if m[1] != family or m[1] in types:
            bad.append(f"{n}: TYPE of {m[1]} does not follow its HELP")
        types[m[1]] = m[2]
        if (m[2] == "counter") != m[1].endswith("_total"):
            bad.append(f"{n}: {m[1]}: counters, and they alone, end in _total")
        if re.search(r"_(ms|msec|minutes|hours|kb|kib|mb|percent)(_|$)", m[1]):
            bad.append(f"{n}: {m[1]}: not a base unit")
        if "timestamp" in m[1] and not m[1].endswith("_timestamp_seconds"):
            bad.append(f"{n}: {m[1]}: a time ends in _timestamp_seconds")
        if not m[1].startswith("ice_"):
            bad.append(f"{n}: {m[1]}: not of this program")
    elif m := sample.match(line):
        if m[1] != family or m[1] in closed or m[1] not in types:
            bad.append(f"{n}: {m[1]} stands outside its family")
        if (m[1], m[2]) in seen:
            bad.append(f"{n}: {line}: twice")
        seen.add((m[1], m[2]))
    else:
        bad.append(f"{n}: no sample: {line!r}")
if len(seen) < 20:
    bad.append(f"only {len(seen)} samples")
print("\n".join(bad) or f"{len(seen)} samples")
sys.exit(bool(bad))
