# SPDX-License-Identifier: Apache-2.0
"""What is asked of every peer."""

from dataclasses import dataclass

from bench.origin import KIB, MIB


@dataclass(frozen=True)
class Scenario:
    name: str
    title: str
    path: str
    connections: int = 32
    body: int = 0
    close: bool = False
    status: int = 200
    #: Octets of a right answer, where they are known.
    length: int | None = None
    reaches_origin: bool = True


SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario("get", "GET 1 KiB, 32 connections kept alive", "/pass/1k", length=KIB),
        Scenario("hit", "Cache hit, 1 KiB", "/hit/1k", length=KIB, reaches_origin=False),
        Scenario("rejection", "Rejection by an open circuit (peers: a fixed 503)", "/open/1k", status=503,
                 reaches_origin=False),
        Scenario("connect", "GET 1 KiB, a new connection for each", "/pass/1k", close=True, length=KIB),
        Scenario("get-1m", "GET 1 MiB, 8 connections", "/pass/1m", connections=8, length=MIB),
        Scenario("post-1m", "POST 1 MiB, 8 connections", "/pass/sink", connections=8, body=MIB),
    )
}
