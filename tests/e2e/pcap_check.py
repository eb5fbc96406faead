#!/usr/bin/env python3
"""Holds a capture against the promises: usage: pcap_check.py CAPTURE.pcap SOURCE-MAC RANGE[,RANGE...] ALLOWED-OIDS [SERVER:PORT]

Every frame that left SOURCE-MAC must be ARP, neighbour discovery, UDP to port 161 of an address inside the ranges (never a network
or broadcast address of them, never multicast, never a broadcast frame), or TCP to SERVER:PORT. Every SNMP request must be a GET, GETNEXT
or GETBULK whose names all stand in, or below, a line of ALLOWED-OIDS (a file, as "ice check --oids" prints it), and below 484 bytes. Prints the counts and what broke a promise; status 1 then.
"""
import ipaddress
import struct
import sys


def frames(path):
    data = open(path, "rb").read()
    magic = struct.unpack("<I", data[:4])[0]
    order = "<" if magic in (0xA1B2C3D4, 0xA1B23C4D) else ">"
    at = 24
    while at + 16 <= len(data):
        _, _, captured, _ = struct.unpack(order + "IIII", data[at : at + 16])
        yield data[at + 16 : at + 16 + captured]
        at += 16 + captured


def element(b, at):
    tag, n = b[at], b[at + 1]
    at += 2
    if n & 0x80:
        k = n & 0x7F
        n = int.from_bytes(b[at : at + k], "big")
        at += k
    return tag, b[at : at + n], at + n


def oid(b):
    arcs, value = [], 0
    for byte in b:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            arcs.append(value)
            value = 0
    return [arcs[0] // 40, arcs[0] % 40] + arcs[1:]


def names(message):
    """(pdu tag, [oid, ...]) of an SNMP message."""
    _, body, _ = element(message, 0)
    _, _, at = element(body, 0)
    _, _, at = element(body, at)
    tag, pdu, _ = element(body, at)
    at = 0
    for _ in range(3):
        _, _, at = element(pdu, at)
    _, binds, _ = element(pdu, at)
    out, at = [], 0
    while at < len(binds):
        _, bind, at = element(binds, at)
        _, name, _ = element(bind, 0)
        out.append(oid(name))
    return tag, out


def main():
    capture, source = sys.argv[1], bytes.fromhex(sys.argv[2].replace(":", ""))
    ranges = [ipaddress.ip_network(r) for r in sys.argv[3].split(",")]
    allowed = {tuple(int(a) for a in line.split()[0].strip(".").split(".")) for line in open(sys.argv[4]) if line.strip()}
    server = sys.argv[5] if len(sys.argv) > 5 else None
    count = {"arp": 0, "snmp": 0, "server": 0}
    wrong = []
    for f in frames(capture):
        if f[6:12] != source:
            continue
        kind = struct.unpack("!H", f[12:14])[0]
        if kind == 0x0806:
            count["arp"] += 1
            continue
        if kind == 0x86DD and f[20] == 58:
            count["arp"] += 1  # neighbour discovery and router solicitation of the kernel
            continue
        if f[0] & 1:
            wrong.append(f"broadcast or multicast frame of type {kind:#x} to {f[0:6].hex(':')}")
            continue
        if kind != 0x0800:
            wrong.append(f"frame of type {kind:#x}")
            continue
        ip = f[14:]
        length = (ip[0] & 15) * 4
        to = ipaddress.ip_address(ip[16:20])
        if ip[9] == 6:
            port = struct.unpack("!H", ip[length + 2 : length + 4])[0]
            if f"{to}:{port}" != server:
                wrong.append(f"TCP to {to}:{port}")
            count["server"] += 1
            continue
        if ip[9] != 17:
            wrong.append(f"IP protocol {ip[9]} to {to}")
            continue
        port = struct.unpack("!H", ip[length + 2 : length + 4])[0]
        inside = [r for r in ranges if to in r]
        if port != 161 or not inside or any(r.num_addresses > 2 and to in (r.network_address, r.broadcast_address) for r in inside):
            wrong.append(f"UDP to {to}:{port}")
            continue
        count["snmp"] += 1
        message = ip[length + 8 :]
        if len(message) > 484:
            wrong.append(f"a request of {len(message)} bytes to {to}")
        tag, asked = names(message)
        if tag not in (0xA0, 0xA1, 0xA5):
            wrong.append(f"a PDU {tag:#x} to {to}")
        for name in asked:
            # v1 asks for an instance by the GETNEXT of what stands just before it.
            after = (tuple(name), tuple(name) + (0,), tuple(name[:-1]) + (name[-1] + 1,))
            if not any(x[: len(a)] == a for a in allowed for x in after):
                wrong.append(f"asked {'.'.join(map(str, name))}, which is not in the table")
    print(f"frames that left: {count['snmp']} SNMP requests, {count['server']} to the server, {count['arp']} ARP/ND, broken promises: {len(wrong)}")
    for w in wrong[:20]:
        print("  " + w)
    return 1 if wrong or count["snmp"] == 0 else 0


sys.exit(main())
