"""A proxy that gives tunnels to whoever brings these credentials: connect_proxy.py USER:PASSWORD. Prints "port N", then a line for each request."""
import base64, socket, sys, threading

wanted = "Proxy-Authorization: Basic " + base64.b64encode(sys.argv[1].encode()).decode()


def pass_on(a, b):
    try:
        while data := a.recv(65536):
            b.sendall(data)
    except OSError:
        pass
    b.close()


def serve(client):
    head = b""
    while b"\r\n\r\n" not in head and len(head) < 10000:
        data = client.recv(4096)
        if not data:
            return
        head += data
    lines = head.decode("latin-1").split("\r\n")
    print("asked", lines[0], flush=True)
    if wanted not in lines:
        client.sendall(b"HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n")
        client.close()
        return
    host, port = lines[0].split()[1].rsplit(":", 1)
    server = socket.create_connection((host, int(port)))
    client.sendall(b"HTTP/1.1 200 Tunnel\r\n\r\n")
    threading.Thread(target=pass_on, args=(server, client), daemon=True).start()
    pass_on(client, server)


listener = socket.create_server(("127.0.0.1", 0))
print("port", listener.getsockname()[1], flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
