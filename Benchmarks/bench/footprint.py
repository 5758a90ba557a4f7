# SPDX-License-Identifier: Apache-2.0
"""How soon Windbreak listens, and what memory it takes: idle, and with a hundred uploads that a slow upstream delays.

Unlike under load, it has its default number of event loops and every core.
"""

import asyncio
import socket
import statistics
import time
from dataclasses import dataclass

from bench import machine
from bench.origin import KIB, MIB

UPLOADS, SIZE = 100, 10 * MIB
#: What the slow upstream takes of each upload: 64 KiB ten times a second, so 16 s for one.
PIECE, PAUSE = 64 * KIB, 0.1


@dataclass(frozen=True)
class Limit:
    title: str
    found: float
    below: float
    unit: str
    note: str = ""

    def __str__(self):
        return f"{self.found:.0f} {self.unit}{self.note}"


def start(peer, folder):
    """The median of ten starts: from the fork to the first connection that is accepted."""
    times = []
    for _ in range(10):
        with serving(peer, folder, machine.free_port()) as process:
            times.append(process.start_seconds * 1000)
    longest = f", longest {max(times):.0f}"
    return Limit("Start until it listens, median of 10", statistics.median(times), 100, "ms", longest)


def idle(peer, folder):
    with serving(peer, folder, machine.free_port()) as process:
        time.sleep(1)
        return Limit("Resident memory, idle", process.memory("VmRSS"), 30, "MiB")


def uploads(peer, folder):
    return asyncio.run(upload_all(peer, folder))


def serving(peer, folder, origin):
    work = folder / "footprint"
    work.mkdir(exist_ok=True)
    port = machine.free_port()
    command = peer.command(work, port, origin)
    file = work / peer.file
    file.write_text(file.read_text().replace("threads: 1\n", ""))
    cores = ",".join(map(str, machine.CORES))
    return machine.Process(command, cores, work / "output.log", port)


async def upload_all(peer, folder):
    slow = SlowOrigin()
    with socket.socket() as listener:
        # A small window, or the kernel would take on the upload what the upstream does not.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, PIECE)
        listener.bind(("127.0.0.1", 0))
        server = await asyncio.start_server(slow.answer, sock=listener, limit=PIECE, backlog=2 * UPLOADS)
        async with server:
            with serving(peer, folder, listener.getsockname()[1]) as process:
                begin = time.monotonic()
                statuses = await asyncio.wait_for(
                    asyncio.gather(*(upload(process.port) for _ in range(UPLOADS))), timeout=120)
                seconds, peak = time.monotonic() - begin, process.memory("VmHWM")
    if set(statuses) != {b"200"} or slow.taken != UPLOADS * SIZE:
        raise machine.Failure(f"uploads: statuses {set(statuses)}, {slow.taken} of {UPLOADS * SIZE} octets arrived")
    return Limit(f"Peak memory, {UPLOADS} uploads of 10 MiB to a slow upstream", peak, 150, "MiB",
                 f", {slow.most} at once, {seconds:.0f} s")


class SlowOrigin:
    def __init__(self):
        self.taken = self.current = self.most = 0

    async def answer(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        left = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
        self.current += 1
        self.most = max(self.most, self.current)
        while left:
            piece = await reader.read(min(PIECE, left))
            if not piece:
                break
            left -= len(piece)
            self.taken += len(piece)
            await asyncio.sleep(PAUSE * len(piece) / PIECE)
        self.current -= 1
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()


async def upload(port):
    """Sends as fast as the proxy takes it, and returns the status of the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"POST /pass/upload HTTP/1.1\r\nHost: bench\r\nContent-Length: {SIZE}\r\n\r\n".encode())
    piece = b"x" * PIECE
    for _ in range(SIZE // PIECE):
        writer.write(piece)
        await writer.drain()
    status = (await reader.readline()).split()[1]
    writer.close()
    return status


CHECKS = {"start": start, "idle": idle, "uploads": uploads}
