# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks need of the machine: processes on a core, free ports, and what /proc says of a process."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
CORES = sorted(os.sched_getaffinity(0))
# The proxy has the first core for itself; what loads it and what answers it share the last one.
PROXY_CORE, LOAD_CORE = CORES[0], CORES[-1]


class Failure(Exception):
    """Something that makes a measurement worthless; its text says what."""


def tool(name):
    """The path of a command, also of one that only root has in its path."""
    return shutil.which(name, path=os.environ.get("PATH", os.defpath) + ":/usr/sbin:/usr/local/sbin")


def on_core(core, command):
    return ["taskset", "-c", str(core), *map(str, command)] if tool("taskset") else [str(part) for part in command]


@contextlib.contextmanager
def temporary_folder():
    with tempfile.TemporaryDirectory(prefix="windbreak-bench-") as name:
        yield Path(name)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(port):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Process:
    """A server that runs until the end of the `with` block; its output goes to a file."""

    def __init__(self, command, core, log, port):
        self.command, self.log, self.port = on_core(core, command), log, port

    def __enter__(self):
        begin = time.perf_counter()
        with open(self.log, "ab") as log:
            # Its own session: what it starts itself can be ended with it.
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            start_new_session=True)
        try:
            while not listens(self.port):
                if self.process.poll() is not None or time.perf_counter() - begin > 10:
                    raise Failure(f"{self.command} did not start:\n{Path(self.log).read_text()[-2000:]}")
                time.sleep(0.0005)
        except BaseException:
            self.end()
            raise
        self.start_seconds = time.perf_counter() - begin
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        # What it started beside itself does not always end with it.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def cpu_seconds(self):
        """User and system time of the process and of its children so far."""
        total = 0
        for stat in family(self.process.pid):
            total += int(stat[11]) + int(stat[12])
        return total / TICKS

    def memory(self, field):
        """`VmRSS` or `VmHWM`, in MiB."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1]) / 1024
        raise Failure(f"no {field} of {self.command}")


def family(root):
    """The fields of /proc/PID/stat behind the name, of a process and its descendants."""
    stats = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            stats[int(path.parent.name)] = path.read_text().rpartition(")")[2].split()
    found = [root]
    for pid in found:
        found += [child for child, stat in stats.items() if int(stat[1]) == pid]
    return [stats[pid] for pid in found if pid in stats]
