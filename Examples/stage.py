# SPDX-License-Identifier: Apache-2.0
"""What the story in demo.py stands on: two processes, HTTP, and words on a terminal. Python's own library only."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parent
COLOUR = sys.stdout.isatty() and "NO_COLOR" not in os.environ


class NotAsTold(Exception):
    """Something behaved otherwise than the story says."""


def paint(text, code):
    return f"\033[{code}m{text}\033[0m" if COLOUR else text


def tell(text=""):
    print(text, flush=True)


def step(number, title):
    tell()
    tell(paint(f"{number:2}  {title}", "1"))


def say(text):
    tell(f"    {text}".rstrip())


def expect(condition, text):
    """Each sentence with a check mark is a check: the first that is not true ends the demonstration."""
    if not condition:
        tell(f"    {paint('NOT SO', '1;31')}  {text}")
        raise NotAsTold(text)
    tell(f"    {paint('ok', '32')}  {text}")


def wait_until(condition, what, seconds=10.0):
    """The first true value of `condition`, asked again and again."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise NotAsTold(f"waited {seconds:g} s in vain: {what}")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Answer:
    def __init__(self, status, headers, body, seconds):
        self.status, self.headers, self.body, self.seconds = status, headers, body, seconds

    @property
    def json(self):
        try:
            return json.loads(self.body)
        except ValueError:
            raise NotAsTold(f"no JSON, but {self.status} {self.body[:200]!r}") from None


def call(port, method, path, body=None, headers=None, timeout=30):
    """One request on a connection of its own."""
    start = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        content = response.read()
    except (OSError, http.client.HTTPException) as error:
        raise NotAsTold(f"{method} {path} on port {port}: {error!r}") from None
    finally:
        connection.close()
    return Answer(response.status, response.headers, content, time.monotonic() - start)


def form(image, **fields):
    """A multipart body, with another boundary each time as every client chooses one."""
    boundary = uuid.uuid4().hex
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    parts.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="image"; filename="photo.jpg"\r\n'
        f"Content-Type: image/jpeg\r\n\r\n".encode()
        + image
        + f"\r\n--{boundary}--\r\n".encode()
    )
    return b"".join(parts), {"Content-Type": f"multipart/form-data; boundary={boundary}"}


def another(photo, remark):
    """The same picture in other bytes: a comment (JPEG's COM segment) is put behind its first marker."""
    text = remark.encode()
    return photo[:2] + b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text + photo[2:]


class Program:
    """A process of ours, which never outlives the demonstration."""

    started = []

    def __init__(self, name, command, environment=None, output=subprocess.DEVNULL, errors=None):
        self.name = name
        try:
            self.process = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                env={**os.environ, **(environment or {})},
                text=True,
            )
        except OSError as error:
            raise NotAsTold(f"cannot start {name}: {error}") from None
        Program.started.append(self)

    @property
    def is_running(self):
        return self.process.poll() is None

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self, seconds=10):
        """Asks it to end and says with which code it did; ends it if it does not."""
        if self.is_running:
            self.signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait(seconds)


class Simulator(Program):
    """Both plant APIs, on ports of their own choice."""

    def __init__(self, binary):
        ports = ["--plant-id-port", 0, "--plantnet-port", 0, "--admin-port", 0]
        super().__init__(
            "the simulator", [binary, *ports, "--latency-ms", 250], output=subprocess.PIPE, errors=subprocess.DEVNULL
        )
        self.address = {}
        for line in self.process.stdout:
            name, _, address = line.strip().partition(" ")
            if name == "ready":
                return
            self.address[name] = address
        raise NotAsTold("the simulator ended before it was ready")

    def _admin(self, method, path):
        answer = call(int(self.address["admin"].rsplit(":", 1)[1]), method, path)
        if answer.status != 200:
            raise NotAsTold(f"the simulator says {answer.status} {answer.body!r}")
        return answer.json

    def fault(self, api, mode):
        self._admin("POST", f"/_admin/faults/{api}?mode={mode}")

    def calls(self):
        """How often each API was asked about a photo since the start."""
        statistics = self._admin("GET", "/_admin/stats")
        return {api: counts["identify"] for api, counts in statistics.items()}


class Windbreak(Program):
    """The proxy on a copy of demo.yaml, which the story edits."""

    def __init__(self, binary, folder, simulator):
        self.port, self.admin_port = free_port(), free_port()
        self.folder = Path(folder)
        self.file = self.folder / "demo.yaml"
        self.file.write_text((EXAMPLES / "demo.yaml").read_text())
        self.log = self.folder / "windbreak.log"
        self.seen = 0
        started = time.monotonic()
        with open(self.log, "wb") as log:
            super().__init__(
                "windbreak",
                [binary, "serve", "--config", self.file],
                environment={
                    "DEMO_PORT": str(self.port),
                    "DEMO_ADMIN_PORT": str(self.admin_port),
                    "PLANT_ID_URL": simulator.address["plant_id"] + "/api/v3",
                    "PLANTNET_URL": simulator.address["plantnet"],
                },
                errors=log,
            )
        wait_until(self._listens, "windbreak does not listen", 10)
        self.start_seconds = time.monotonic() - started

    def _listens(self):
        if not self.is_running:
            raise NotAsTold(f"windbreak ended with code {self.process.returncode}:\n{self.log.read_text()}")
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def identify(self, photo):
        return call(self.port, "POST", "/identify", *form(photo, health="all"))

    def health(self):
        return call(self.port, "GET", "/-/health")

    def circuit(self, name):
        return self.health().json["circuit_breakers"][name]

    def reload(self, text):
        """Edits the file, sends SIGHUP, and returns what the log says about it."""
        self.file.write_text(text)
        before = len(self.log.read_text())
        self.signal(signal.SIGHUP)
        wait_until(lambda: "[RELOAD]" in self.log.read_text()[before:], "no [RELOAD] in the log")
        # The lines of one reload are written together; give the last of them the time to arrive.
        time.sleep(0.2)
        return self.log.read_text()[before:]

    def show_log(self, *words):
        """The lines since the last time that hold one of the words."""
        # The log is written beside the work, so its last lines may come after the answer.
        time.sleep(0.1)
        lines = self.log.read_text().splitlines()
        for line in lines[self.seen :]:
            if any(word in line for word in words):
                tell("    " + paint("log | " + line[line.find("[") if "[" in line else 0 :], "2"))
        self.seen = len(lines)


class Stage:
    """Starts both programs, and ends them whatever happens."""

    def __init__(self, binaries, seconds=120):
        self.binaries = Path(binaries)
        self.seconds = seconds
        self.folder = tempfile.TemporaryDirectory(prefix="windbreak-demo-")

    def __enter__(self):
        # Both leave through the same door as an error, so that they clean up too.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        signal.signal(signal.SIGALRM, self._took_too_long)
        signal.alarm(self.seconds)
        try:
            self.simulator = Simulator(self.binaries / "plant-api-simulator")
            self.windbreak = Windbreak(self.binaries / "windbreak", self.folder.name, self.simulator)
        except BaseException:
            self.__exit__()
            raise
        return self

    def _took_too_long(self, *_):
        raise NotAsTold(f"it is not over after {self.seconds} s")

    def __exit__(self, *_):
        signal.alarm(0)
        for program in reversed(Program.started):
            program.stop()
        self.folder.cleanup()
