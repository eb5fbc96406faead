"""Opens N connections that never finish, and keeps them as long as it is let: slow_clients.py HOST PORT N plain|tls|drip|http|all.
Half of the TLS ones, and of the http ones without TLS, stop in the middle of a request's head, half in the middle of its body; the plain ones say nothing at all,
the dripping ones send one more byte of a head every 0.2 s. All: of five, three are plain, one tls, and one drip, with a byte every 4 s.
Source addresses are spread over 161 addresses of 127.9.0.0/16. Prints "ready" when all were tried, then, at the end of input, how many are still open."""
import resource
import select
import socket
import ssl
import sys
import time

host, port, count, kind = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
held, dripping = [], []
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, count + 64)), hard))
for i in range(count):
    how = ("plain", "tls", "plain", "drip", "plain")[i % 5] if kind == "all" else kind
    s = socket.socket()
    s.settimeout(5)
    try:
        s.bind((f"127.9.{i % 7}.{1 + i % 23}", 0))
        s.connect((host, port))
        if how in ("tls", "drip"):
            s = context.wrap_socket(s)
        if how != "plain":
            s.sendall(b"POST /v1/batches HTTP/1.1\r\nHost: x\r\nICE-Site: hq\r\n" if i // 5 % 2 or how == "drip" else
                      b"POST /v1/batches HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\n\r\n" + b"x" * 1000)
        s.setblocking(False)
        held.append(s)
        if how == "drip":
            dripping.append(s)
    except OSError:
        s.close()
print("ready", flush=True)
turns = 20 if kind == "all" else 1
turn = 0
while not select.select([sys.stdin], [], [], 0.2)[0]:
    turn += 1
    for s in dripping[turn % turns :: turns]:
        try:
            s.send(b"x")
        except OSError:
            pass


def closed(s):
    """Reads what has come; true when the end of the connection is among it."""
    try:
        while s.recv(4096):
            pass
        return True
    except (ssl.SSLWantReadError, BlockingIOError):
        return False
    except OSError:
        return True


# The server has closed them, but the news may still be on its way.
until = time.monotonic() + 3
while held and time.monotonic() < until:
    held = [s for s in held if not closed(s)]
    select.select([], [], [], 0.05)
print("open", len(held), flush=True)
