#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""CPU of a request within an intercepted tunnel, beside that on a TLS listener.

Both are answered from the cache, on one connection of HTTP/1.1, after the first request on it, so that what differs is
what interception adds. Prints microseconds of the server's CPU for a request, and their ratio.
"""

import argparse
import http.server
import os
import socket
import ssl
import statistics
import subprocess
import tempfile
import threading

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("windbreak", help="the release binary")
parser.add_argument("requests", nargs="?", type=int, default=20_000)
options = parser.parse_args()
windbreak, count = options.windbreak, options.requests
root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
certificates = f"{root}/Tests/TestSupport/Certificates"
PLAIN, SECURE = 18480, 18481


class Origin(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "1024")
        self.send_header("Cache-Control", "max-age=3600")
        self.end_headers()
        self.wfile.write(b"x" * 1024)

    def log_message(self, *_):
        pass


def cpu(process):
    """Microseconds so far."""
    fields = open(f"/proc/{process.pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1e6 / os.sysconf("SC_CLK_TCK")


def answer(stream):
    length = 0
    assert stream.readline().startswith(b"HTTP/1.1 200")
    while (line := stream.readline().strip()):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    assert len(stream.read(length)) == length == 1024


def measure(process, connection, request):
    stream = connection.makefile("rb")
    for _ in range(200):
        connection.sendall(request)
        answer(stream)
    start = cpu(process)
    for _ in range(count):
        connection.sendall(request)
        answer(stream)
    spent = (cpu(process) - start) / count
    connection.close()
    return spent


def listener(process):
    context = ssl.create_default_context(cafile=f"{certificates}/authority.pem")
    connection = context.wrap_socket(socket.create_connection(("127.0.0.1", SECURE)), server_hostname="localhost")
    return measure(process, connection, b"GET /api/x HTTP/1.1\r\nHost: api.example\r\n\r\n")


def tunnel(process, authority):
    plain = socket.create_connection(("127.0.0.1", PLAIN))
    plain.sendall(b"CONNECT api.example:443 HTTP/1.1\r\nHost: api.example:443\r\n\r\n")
    assert b" 200 " in plain.recv(4096)
    context = ssl.create_default_context(cafile=authority)
    connection = context.wrap_socket(plain, server_hostname="api.example")
    return measure(process, connection, b"GET /x HTTP/1.1\r\nHost: api.example\r\n\r\n")


with tempfile.TemporaryDirectory() as directory:
    origin = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Origin)
    threading.Thread(target=origin.serve_forever, daemon=True).start()
    config = f"{directory}/config.yaml"
    with open(config, "w") as file:
        file.write(f"""
listen:
  - 127.0.0.1:{PLAIN}
  - {{address: "127.0.0.1:{SECURE}", tls: {{certificate: {certificates}/localhost.pem, key: {certificates}/localhost.key.pem}}}}
admin: off
log: {{level: info, access: off}}
forward: {{intercept: [api]}}
upstreams:
  api: {{url: "http://127.0.0.1:{origin.server_port}", hosts: [api.example], cache: {{ttl: 1h}}}}
""")
    subprocess.run([windbreak, "ca", "init", "--config", config], check=True, stdout=subprocess.DEVNULL)
    process = subprocess.Popen([windbreak, "serve", "--config", config], stderr=subprocess.PIPE, text=True)
    try:
        while "listening" not in process.stderr.readline():
            assert process.poll() is None
        threading.Thread(target=process.stderr.read, daemon=True).start()
        rounds = [(listener(process), tunnel(process, f"{directory}/windbreak-ca.pem")) for _ in range(5)]
        one, other = (statistics.median(values) for values in zip(*rounds))
        print(f"TLS listener {one:.1f} us, intercepted tunnel {other:.1f} us, ratio {other / one:.2f}")
    finally:
        process.kill()
        process.wait()
