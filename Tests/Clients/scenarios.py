# SPDX-License-Identifier: Apache-2.0
"""What programs do with an API, done by one of them: `scenarios.py PROGRAM URL SIZE ORIGIN`. Nothing here knows of a proxy.

Prints a line for each scenario, and fails if one of them fails. SIZE is that of what is streamed, in octets; ORIGIN is
the host and the port that the API takes itself to be.
"""

import asyncio
import gzip
import hashlib
import json
import subprocess
import sys
import tempfile
import urllib.parse

TEXT = b"the same text over and over, " * 100
GZIP = gzip.compress(TEXT, mtime=0)
PIECE = bytes(range(256)) * 256


def pieces(count):
    while count > 0:
        yield PIECE[:count]
        count -= len(PIECE)


class Answer:
    def __init__(self, status, fields, content):
        self.status, self.content = status, content
        self.fields = {name.lower(): value for name, value in fields}


class Requests:
    def __init__(self):
        import requests

        self.session = requests.Session()

    def ask(self, method, url, fields={}, content=None, take=None, follows=False):
        with self.session.request(
            method, url, headers=fields, data=content, stream=True, timeout=60, allow_redirects=follows
        ) as response:
            if take is not None:
                return response.raw.read(take, decode_content=False)
            content = b"".join(iter(lambda: response.raw.read(1 << 20, decode_content=False), b""))
            return Answer(response.status_code, response.headers.items(), content)


class HTTPX:
    http2 = False

    def __init__(self):
        self.open()

    def open(self):
        import httpx

        self.client = httpx.Client(http2=self.http2, timeout=60)

    def ask(self, method, url, fields={}, content=None, take=None, follows=False):
        with self.client.stream(method, url, headers=fields, content=content, follow_redirects=follows) as response:
            if take is not None:
                return next(response.iter_raw(take))
            return Answer(response.status_code, response.headers.items(), b"".join(response.iter_raw()))


class HTTPX2(HTTPX):
    http2 = True

    def ask(self, *arguments, take=None, **options):
        answer = super().ask(*arguments, take=take, **options)
        # It resets no stream of which it wants no more, nor gives back what that has taken of the connection's window:
        # with any server that is fast enough all that is asked for later waits for ever.
        if take is not None:
            self.client.close()
            self.open()
        return answer


class AIOHTTP:
    def __init__(self):
        import aiohttp
        import yarl

        self.url = yarl.URL
        self.loop = asyncio.new_event_loop()
        # The one library that wants to be told to look at the environment.
        make = lambda: aiohttp.ClientSession(trust_env=True, auto_decompress=False)
        self.session = self.loop.run_until_complete(self.later(make))

    async def later(self, make):
        return make()

    def ask(self, *arguments, **options):
        return self.loop.run_until_complete(self.asking(*arguments, **options))

    def close(self):
        self.loop.run_until_complete(self.session.close())

    async def asking(self, method, url, fields={}, content=None, take=None, follows=False):
        async def stream():
            for piece in content:
                yield piece

        data = content if content is None or isinstance(content, bytes) else stream()
        # Otherwise it writes URLs in its own way.
        async with self.session.request(
            method, self.url(url, encoded=True), headers=fields, data=data, allow_redirects=follows
        ) as response:
            if take is not None:
                return await response.content.readexactly(take)
            return Answer(response.status, response.headers.items(), await response.read())


class Curl:
    options = ["--http1.1"]

    def ask(self, method, url, fields={}, content=None, take=None, follows=False):
        command = ["curl", "-sS", "--max-time", "60", "--path-as-is", *self.options]
        command += ["--head"] if method == "HEAD" else ["-X", method]
        command += ["--location"] if follows else []
        for name, value in fields.items():
            command += ["-H", f"{name}: {value}"]
        # Without a size curl sends chunks.
        command += ["-T", "-"] if content is not None and not isinstance(content, bytes) else []
        command += ["--data-binary", "@-"] if isinstance(content, bytes) else []
        with tempfile.NamedTemporaryFile() as head:
            process = subprocess.Popen(
                [*command, "-D", head.name, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
            if take is not None:
                got = process.stdout.read(take)
                process.terminate()
                process.wait()
                return got
            if content is None or isinstance(content, bytes):
                output, _ = process.communicate(content)
            else:
                for piece in content:
                    process.stdin.write(piece)
                output, _ = process.communicate()
            assert process.returncode == 0, f"curl ended with {process.returncode}"
            # That of the last answer, after those of the proxy, of redirects and interim ones.
            lines = head.read().decode("latin-1").strip().split("\r\n\r\n")[-1].split("\r\n")
        fields = [line.split(": ", 1) for line in lines[1:]]
        return Answer(int(lines[0].split(" ")[1]), fields, b"" if method == "HEAD" else output)


class Curl2(Curl):
    # By ALPN, or where there is no TLS because it is known beforehand.
    @property
    def options(self):
        return ["--http2"] if sys.argv[2].startswith("https:") else ["--http2-prior-knowledge"]

    def ask(self, method, url, fields={}, content=None, take=None, follows=False):
        if not follows or url.startswith("https:"):
            return super().ask(method, url, fields, content, take, follows)
        # Some versions of curl cannot go on with a connection of which they knew beforehand.
        answer = super().ask(method, url, fields, content)
        return super().ask(method, urllib.parse.urljoin(url, answer.fields["location"]))


def told(answer):
    assert answer.status == 200, answer.status
    return json.loads(answer.content)


def plain(client, url, size):
    answer = client.ask("GET", url + "/hello")
    assert (answer.status, answer.content) == (200, b"hello"), answer.content


def target(client, url, size):
    query = "a=1&a=2&b=%20%2F%C3%A9&c=+&d"
    assert told(client.ask("GET", f"{url}/x/%7Ey/z%2Fz?{query}"))["target"].endswith(f"/z%2Fz?{query}")


def statuses(client, url, size):
    for status in (204, 400, 401, 404, 429, 500, 503):
        answer = client.ask("GET", f"{url}/status/{status}")
        assert answer.status == status, (status, answer.status)
        assert answer.content == (b"" if status == 204 else f"/status/{status}".encode())


def methods(client, url, size):
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = told(client.ask(method, url + "/x", content=PIECE))
        assert (answer["method"], answer["count"]) == (method, len(PIECE)), answer
        assert answer["sha256"] == hashlib.sha256(PIECE).hexdigest()


def chunks(client, url, size):
    assert client.ask("GET", url + "/chunks").content == b"one two three"
    assert told(client.ask("PUT", url + "/x", content=pieces(100_000)))["count"] == 100_000


def compressed(client, url, size):
    answer = client.ask("GET", url + "/gzip", {"Accept-Encoding": "gzip"})
    assert answer.fields["content-encoding"] == "gzip"
    assert answer.content == GZIP, "the compressed octets are others"


def validated(client, url, size):
    for _ in range(2):
        answer = client.ask("GET", url + "/tagged", {"If-None-Match": '"a"'})
        assert (answer.status, answer.content, answer.fields["etag"]) == (304, b"", '"a"'), answer.status
    assert client.ask("GET", url + "/tagged").content == b"tagged"


def head(client, url, size):
    answer = client.ask("HEAD", f"{url}/large?{size}")
    assert (answer.status, answer.fields["content-length"], answer.content) == (200, str(size), b"")
    assert client.ask("GET", url + "/hello").content == b"hello"


def redirected(client, url, size):
    assert client.ask("GET", f"{url}/redirect?{sys.argv[4]}", follows=True).content == b"hello"


def down(client, url, size):
    digest = hashlib.sha256()
    for piece in pieces(size):
        digest.update(piece)
    answer = client.ask("GET", f"{url}/large?{size}")
    assert len(answer.content) == size, len(answer.content)
    assert hashlib.sha256(answer.content).digest() == digest.digest()


def up(client, url, size):
    answer = told(client.ask("PUT", url + "/x", content=pieces(size)))
    digest = hashlib.sha256()
    for piece in pieces(size):
        digest.update(piece)
    assert answer["count"] == size, answer
    assert answer["sha256"] == digest.hexdigest()


def early(client, url, size):
    taken = client.ask("GET", f"{url}/large?{1 << 30}", take=1 << 16)
    assert taken == PIECE[: len(taken)] and taken
    assert client.ask("GET", url + "/hello").content == b"hello"
    # Nobody read on for a client that is gone.
    assert int(client.ask("GET", url + "/taken").content) < 1 << 28


SCENARIOS = [
    plain, target, statuses, methods, chunks, compressed, validated, head, redirected, down, up, early,
]  # fmt: skip
PROGRAMS = {
    "curl": Curl, "curl-http2": Curl2, "requests": Requests, "httpx": HTTPX, "httpx-http2": HTTPX2, "aiohttp": AIOHTTP,
}  # fmt: skip

program, url, size = sys.argv[1], sys.argv[2], int(sys.argv[3])
client = PROGRAMS[program]()
failures = 0
for scenario in SCENARIOS:
    try:
        scenario(client, url, size)
        print("ok", scenario.__name__, flush=True)
    except Exception as error:
        failures += 1
        print("FAILED", scenario.__name__, f"{type(error).__name__}: {error}", flush=True)
if isinstance(client, AIOHTTP):
    client.close()
sys.exit(1 if failures else 0)
