"""Stands in for the service manager: listens where $NOTIFY_SOCKET will point ("@name" is abstract) and prints what it hears, a line each."""
import socket
import sys

name = sys.argv[1]
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("\0" + name[1:] if name.startswith("@") else name)
print("listening", flush=True)
while True:
    for line in s.recv(4096).decode().split("\n"):
        print(line, flush=True)
