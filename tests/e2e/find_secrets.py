#!/usr/bin/env python3
"""Looks for secrets in whatever a program left: find_secrets.py NEEDLES PATH...

NEEDLES has one secret a line: WORD VALUE, a value in hexadecimal standing for bytes as well when WORD is "key". Each is looked for as it
is, in upper case, as base64, as hexadecimal and reversed into bytes, in every file of PATH and below, and inside the packed
batches of every database. Prints the finds; status 1 when there is any."""
import base64, gzip, os, sqlite3, sys


def forms(word, value):
    plain = value.encode()
    every = {plain, value.upper().encode(), plain.hex().encode(), plain.hex().upper().encode()}
    bodies = [plain]
    if word == "key":
        raw = bytes.fromhex(value)
        every.add(raw)
        bodies.append(raw)
    for b in bodies:
        # the same bytes at each of the three places that base64 can begin them, without the ends that the neighbours change
        for shift in range(3):
            for encode in (base64.b64encode, base64.urlsafe_b64encode):
                every.add(encode(b"\0" * shift + b)[4:-4])
    return every


def contents(path):
    with open(path, "rb") as f:
        head = f.read()
    yield "", head
    if not head.startswith(b"SQLite format 3\0"):
        return
    db = sqlite3.connect(path)
    for (table,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
        for row in db.execute(f'SELECT * FROM "{table}"'):
            for value in row:
                if isinstance(value, bytes):
                    try:
                        yield f" ({table}, unpacked)", gzip.decompress(value)
                    except (OSError, EOFError):
                        yield f" ({table})", value
    db.close()


needles = [(w, v, forms(w, v)) for w, v in (line.split(None, 1) for line in open(sys.argv[1]).read().splitlines())]
files = []
for path in sys.argv[2:]:
    if not os.path.exists(path):
        sys.exit(f"{path}: is not there")
    files += [path] if os.path.isfile(path) else [os.path.join(d, n) for d, _, names in os.walk(path) for n in names]
finds = 0
for path in files:
    if not os.path.isfile(path):
        continue
    for where, data in contents(path):
        for word, _, shapes in needles:
            if any(s in data for s in shapes):
                print(f"{path}{where} holds the {word}")
                finds += 1
print(f"{len(files)} files, {finds} finds")
sys.exit(finds > 0)
