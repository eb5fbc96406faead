#!/usr/bin/env python3
"""Behaves as ICE must not, in one way, as seen by the kernel: usage: break.py WHAT [GROUP] (under.sh around it; GROUP is ice, unless told)."""
import base64
import os
import socket
import sys
import time

DEVICE, HERE = "127.9.9.9", "127.0.0.1"
SECRET = b"canary-of-a-break"
ALLOWED, CONTACT = "1.3.6.1.2.1.1.1.0", "1.3.6.1.2.1.1.4.0"
folder, group = os.environ["ICE_WIRETAP"], (sys.argv[2:] or ["ice"])[0]

# Sockets of before are others'.
peer = socket.create_server((HERE, 0))
stranger = socket.socket()
with open(f"{folder}/{group}/cgroup.procs", "w") as procs:
    procs.write("0")


def element(tag, content):
    return bytes([tag, len(content)]) + content


def request(tag=0xA0, name=ALLOWED, community=b"public"):
    arcs = [int(a) for a in name.split(".")]
    bind = element(6, bytes([arcs[0] * 40 + arcs[1]] + arcs[2:])) + element(5, b"")
    number = element(2, b"\0")
    pdu = element(tag, element(2, b"\x01") + number + number + element(0x30, element(0x30, bind)))
    return element(0x30, element(2, b"\x01") + element(4, community) + pdu)


def send(what, to=DEVICE, broadcast=0):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, broadcast)
    s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(HERE))
    s.sendto(what, (to, 161))
    s.close()


def call(says, at=None, then=b""):
    with socket.create_connection(at or peer.getsockname()) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        s.sendall(says)
        s.sendall(then)


def flood():
    for _ in range(100000):
        send(request())


def tcp():
    send(request())
    socket.socket().connect_ex((DEVICE, 9100))


def listen(host=HERE, answer=b"", family=socket.AF_INET):
    with socket.create_server((host, 0), family=family) as s:
        if not answer:
            time.sleep(1)  # two hundred looks of the wiretap
            return
        stranger.connect(s.getsockname())
        s.accept()[0].sendall(answer)


def ping():
    s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    s.sendto(b"\x08\0\xf7\xff\0\0\0\0", (DEVICE, 0))


def key(form):
    with open(f"{folder}/canaries", "ab") as f:
        f.write(b"key " + SECRET.hex().encode() + b"\n")
    call(b"\x16\x03" + form(SECRET))


def key_as_community():
    key(lambda s: b"")
    send(request(community=SECRET))


def community():
    send(request(community=SECRET))
    call(b"\x16\x03" + SECRET)


def sealed(also=b""):
    call(b"POST /v1/batches HTTP/1.1\r\nContent-Type: application/cms\r\n\r\n" + also)


{
    "nothing": lambda: (send(request()), send(request(0xA1)), call(b"\x16\x03\x01"), sealed(), call(b"CONNECT a:1 HTTP/1.1\r\n\r\n")),
    "broadcast": lambda: send(request(), "127.255.255.255", 1),
    "multicast": lambda: send(request(), "239.1.2.3"),
    "set": lambda: send(request(0xA3)),
    "response": lambda: send(request(0xA2)),
    "noise": lambda: send(b"M-SEARCH * HTTP/1.1\r\n\r\n"),
    "long": lambda: send(request() + bytes(484)),
    "object": lambda: send(request(name=CONTACT)),
    "tcp": tcp,
    "plain": lambda: call(b"POST /v1/batches HTTP/1.1\r\nContent-Type: application/json\r\n\r\n"),
    "proxy": lambda: call(b"GET http://127.0.0.1/ HTTP/1.1\r\n\r\n"),
    "listen": listen,
    "listen6": lambda: listen("::1", family=socket.AF_INET6),
    "accept": lambda: listen(answer=b"\x16\x03\x03"),
    "ping": ping,
    "community": community,
    "key": lambda: key(bytes),
    "hex": lambda: key(lambda s: s.hex().encode()),
    "base64": lambda: key(lambda s: base64.b64encode(b"u:" + s + b".")),
    "field": key_as_community,
    "flood": flood,
    "answer": lambda: listen(answer=b"HTTP/1.1 200 OK\r\n\r\n"),
    "call": lambda: call(b"\x16\x03"),
    "alert": lambda: call(b"\x15\x03\x01\x00\x02\x02\x50"),
    "alert_then": lambda: call(b"\x15\x03\x01\x00\x02\x02\x50", then=b"PLAIN"),
    "alert_and_more": lambda: call(b"\x15\x03\x01\x00\x02\x02\x50PLAIN"),
    "everywhere": lambda: listen("0.0.0.0"),
}[sys.argv[1]]()
