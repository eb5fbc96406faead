#!/usr/bin/env python3
"""Delivers small batches one after the other, each over a connection of its own, as an engine does, and tells how long the server took:
honest_uploads.py ENROLMENT COUNT ROUNDS LIMIT-MS

Each round prints the median, the 99th percentile and the most, in milliseconds from the connection's beginning to the acknowledgement. What
else this machine does makes a round slower and never faster, so the best round counts: status 0 when its 99th percentile is
below the limit. Any batch that is not acknowledged makes it 2."""
import base64, gzip, hashlib, hmac, http.client, json, ssl, sys, time
from urllib.parse import urlparse

text = open(sys.argv[1]).read().strip().split(".", 1)[1]
site = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
count, rounds, limit = int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
key, at = bytes.fromhex(site["key"]), urlparse(site["server"])
context = ssl.create_default_context(cadata=site["ca"])


def upload(sequence):
    """Milliseconds until the batch was acknowledged."""
    reading = {"ip": "10.0.0.1", "make": "HP", "serial": f"S{sequence}", "read_at": "2026-11-22T09:41:00Z"}
    body = json.dumps({"schema": 1, "site": site["site"], "sequence": sequence, "readings": [reading]}).encode()
    packed = gzip.compress(body)
    batch = hashlib.sha256(body).hexdigest()
    proof = hmac.new(key, b"ack" + batch.encode(), "sha256").hexdigest()
    began = time.monotonic()
    link = http.client.HTTPSConnection(at.hostname, at.port, timeout=20, context=context)
    link.request("POST", "/v1/batches", packed, {
        "Content-Type": "application/json", "Content-Encoding": "gzip", "ICE-Site": site["site"], "ICE-Batch": batch,
        "ICE-Signature": hmac.new(key, packed, "sha256").hexdigest()})
    answer = link.getresponse()
    said = answer.status, answer.read(200).decode().strip()
    took = (time.monotonic() - began) * 1000
    link.close()
    if said != (200, f"ack {proof}"):
        print(f"batch {sequence} was answered {said}")
        sys.exit(2)
    return took


best = float("inf")
for r in range(rounds):
    took = sorted(upload(1 + r * count + i) for i in range(count))
    p99 = took[min(count - 1, int(count * 0.99))]
    best = min(best, p99)
    print(f"{count} uploads: median {took[count // 2]:.1f} ms, p99 {p99:.1f} ms, most {took[-1]:.1f} ms", flush=True)
    if best < limit:
        break
sys.exit(best >= limit)
