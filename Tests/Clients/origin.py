# SPDX-License-Identifier: Apache-2.0
"""An API for `scenarios.py`: `origin.py CERTIFICATE KEY` prints its port for http and its port for https."""

import gzip
import hashlib
import http.server
import json
import ssl
import sys
import threading

TEXT = b"the same text over and over, " * 100
GZIP = gzip.compress(TEXT, mtime=0)
PIECE = bytes(range(256)) * 256


class Origin(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Of the last download: what the other side took.
    taken = 0

    def pieces(self):
        """The content of the request, however it is framed."""
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            while count := int(self.rfile.readline().split(b";")[0], 16):
                yield self.rfile.read(count)
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
            return
        left = int(self.headers.get("Content-Length", 0))
        while left > 0 and (piece := self.rfile.read(min(left, 1 << 20))):
            left -= len(piece)
            yield piece

    def answer(self, status=200, content=b"", **fields):
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name.replace("_", "-"), value)
        if status not in (204, 304) and "Content_Length" not in fields:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def do_GET(self):
        path, _, query = self.path.partition("?")
        digest, count = hashlib.sha256(), 0
        for piece in self.pieces():
            digest.update(piece)
            count += len(piece)
        if path == "/large":
            return self.large(int(query))
        if path == "/chunks":
            return self.chunks()
        if path == "/taken":
            return self.answer(content=str(Origin.taken).encode())
        if path == "/gzip":
            return self.answer(content=GZIP, Content_Encoding="gzip", Content_Type="text/plain")
        if path == "/tagged":
            isSame = self.headers.get("If-None-Match") == '"a"'
            return self.answer(304 if isSame else 200, b"" if isSame else b"tagged", ETag='"a"')
        if path == "/redirect":
            return self.answer(302, Location=f"{self.scheme}://{query}/hello")
        if path.startswith("/status/"):
            return self.answer(int(path[8:]), b"" if path == "/status/204" else path.encode())
        told = {"method": self.command, "target": self.path, "count": count, "sha256": digest.hexdigest()}
        self.answer(content=b"hello" if path == "/hello" else json.dumps(told).encode())

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def large(self, count):
        Origin.taken = 0
        self.answer(Content_Length=str(count))
        if self.command == "HEAD":
            return
        try:
            while Origin.taken < count:
                piece = PIECE[: count - Origin.taken]
                self.wfile.write(piece)
                Origin.taken += len(piece)
        except OSError:
            self.close_connection = True

    def chunks(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for piece in (b"one ", b"two ", b"three"):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, scheme, tls=None):
        super().__init__(("127.0.0.1", 0), type(scheme, (Origin,), {"scheme": scheme}))
        if tls:
            # The handshake belongs to the thread of the connection.
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, *_):
        pass


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
plain, secure = Server("http"), Server("https", context)
threading.Thread(target=plain.serve_forever, daemon=True).start()
print(plain.server_port, secure.server_port, flush=True)
secure.serve_forever()
