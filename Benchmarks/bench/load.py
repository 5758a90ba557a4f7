# SPDX-License-Identifier: Apache-2.0
"""One measurement: a peer is started, warmed up, checked, loaded with wrk, and ended."""

import http.client
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench import machine


@dataclass(frozen=True)
class Timing:
    warm_up: float
    seconds: float


@dataclass(frozen=True)
class Sample:
    requests: int
    per_second: float
    #: Microseconds of processor time.
    cpu: float
    #: Milliseconds.
    p50: float
    p99: float
    errors: int

    def __str__(self):
        return (f"{self.cpu:.1f} us of CPU per request, {self.per_second:.0f} requests/s, "
                f"p50 {self.p50:.2f} ms, p99 {self.p99:.2f} ms, {self.errors} errors")


def measure(peer, scenario, origin, folder, timing):
    work = folder / "peer"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    port = machine.free_port()
    with machine.Process(peer.command(work, port, origin.port), machine.PROXY_CORE, work / "output.log", port) as proxy:
        check(peer, scenario, port)
        wrk(scenario, port, timing.warm_up)
        seen, begin = origin.requests(), proxy.cpu_seconds()
        found = wrk(scenario, port, timing.seconds)
        used, seen = proxy.cpu_seconds() - begin, origin.requests() - seen - 1
    if not found["requests"]:
        raise machine.Failure(f"{peer.title} answered nothing in {scenario.name}")
    answers = found["requests"] - found["wrong"]
    if seen < answers if scenario.reaches_origin else seen > 5:
        raise machine.Failure(f"{peer.title}, {scenario.name}: the origin saw {seen} of {found['requests']} requests")
    if not (work / "access.log").stat().st_size:
        raise machine.Failure(f"{peer.title} wrote no access log")
    refused = found["wrong"] if scenario.status < 400 else answers
    return Sample(found["requests"], found["requests"] / found["seconds"], used / found["requests"] * 1e6,
                  found["p50"] / 1000, found["p99"] / 1000, refused + found["broken"])


def check(peer, scenario, port):
    """Asks twice, so that a circuit is open and a cache is filled, and looks at the second answer."""
    for _ in range(2):
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        client.request("POST" if scenario.body else "GET", scenario.path, b"x" * scenario.body or None)
        answer = client.getresponse()
        length = len(answer.read())
        client.close()
    if answer.status != scenario.status or scenario.length not in (None, length):
        raise machine.Failure(f"{peer.title} answers {scenario.name} with {answer.status} and {length} octets")


def wrk(scenario, port, seconds):
    # wrk takes whole seconds only, so that a fraction of one is cut by `timeout`'s signal; it still reports.
    command = ["wrk", "-t1", f"-c{scenario.connections}", f"-d{-(-seconds // 1):.0f}s", "--timeout", "5s"]
    if scenario.close:
        command += ["-H", "Connection: close"]
    command += ["-s", Path(__file__).with_name("wrk.lua"), f"http://127.0.0.1:{port}{scenario.path}"]
    if seconds % 1:
        command = ["timeout", "-s", "INT", str(seconds), *command]
    done = subprocess.run(machine.on_core(machine.LOAD_CORE, command), capture_output=True, text=True,
                          timeout=seconds + 20, env={**os.environ, "BENCH_BODY": str(scenario.body)})
    for line in done.stdout.splitlines():
        if line.startswith("{"):
            return json.loads(line)
    raise machine.Failure(f"wrk failed: {done.stdout}{done.stderr}")
