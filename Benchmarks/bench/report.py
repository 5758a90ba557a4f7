# SPDX-License-Identifier: Apache-2.0
"""Medians, ratios, tables, and whether the claims hold."""

import os
import platform
import statistics
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from bench.scenarios import SCENARIOS

BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"
WINDBREAK = "windbreak"


class Results:
    """Samples by scenario and peer; the n-th samples of two peers were taken next to each other."""

    def __init__(self):
        self.titles = {}
        self.samples = defaultdict(lambda: defaultdict(list))

    def add(self, scenario, peer, sample):
        self.titles[peer.name] = peer.title
        self.samples[scenario.name][peer.name].append(sample)

    def median(self, scenario, peer, measure):
        return statistics.median(getattr(sample, measure) for sample in self.samples[scenario][peer])

    def ratio(self, left, right):
        """CPU per request of one (scenario, peer) as a multiple of another's, or None: the median over the rounds."""
        pairs = list(zip(self.of(*left), self.of(*right)))
        return statistics.median(a.cpu / b.cpu for a, b in pairs) if pairs else None

    def of(self, scenario, peer):
        return self.samples.get(scenario, {}).get(peer, [])

    def errors(self, peer):
        return sum(sample.errors for peers in self.samples.values() for sample in peers.get(peer, []))


@dataclass(frozen=True)
class Claim:
    text: str
    #: None: not measured.
    holds: bool | None

    def __str__(self):
        return {True: "PASS", False: "FAIL", None: "SKIP"}[self.holds] + "  " + self.text


def claims(results, limits):
    def at_most(title, left, right, bound):
        ratio = results.ratio(left, right)
        found = "not measured" if ratio is None else f"{ratio:.2f}"
        return Claim(f"{title}: {found}, at most {bound:.2f}", None if ratio is None else ratio <= bound)

    checked = [
        at_most("CPU of a pass-through GET as a multiple of Envoy's", ("get", WINDBREAK), ("get", "envoy"), 0.75),
        at_most("CPU of a cache hit as a multiple of nginx's", ("hit", WINDBREAK), ("hit", "nginx"), 0.9),
        at_most("CPU of a cache hit as a multiple of Varnish's", ("hit", WINDBREAK), ("hit", "varnish"), 1.0),
        at_most("CPU of a rejection as a multiple of that of a hit", ("rejection", WINDBREAK), ("hit", WINDBREAK), 1.0),
    ]
    if results.samples:
        errors = results.errors(WINDBREAK)
        checked.append(Claim(f"Windbreak's errors under load: {errors}, none allowed", errors == 0))
    for limit in limits:
        text = f"{limit.title}: {limit}, below {limit.below} {limit.unit}"
        checked.append(Claim(text, limit.found < limit.below))
    return checked


def render(results, limits, conditions):
    lines = [f"- {line}" for line in conditions] + [""]
    for scenario in results.samples:
        lines += scenario_table(results, scenario) + [""]
    if limits:
        lines += ["**Windbreak alone**", "", "| | found | to be below |", "|---|--:|--:|"]
        lines += [f"| {limit.title} | {limit} | {limit.below} {limit.unit} |" for limit in limits] + [""]
    return "\n".join(lines)


def scenario_table(results, scenario):
    lines = [
        f"**{SCENARIOS[scenario].title}**",
        "",
        "| | CPU per request | Windbreak's as a multiple | requests/s | p50 | p99 | errors |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for peer, title in results.titles.items():
        if not results.of(scenario, peer):
            continue
        cpu, rate, p50, p99 = (results.median(scenario, peer, m) for m in ("cpu", "per_second", "p50", "p99"))
        ratio = results.ratio((scenario, WINDBREAK), (scenario, peer))
        multiple = "" if peer == WINDBREAK or ratio is None else f"{ratio:.2f}"
        errors = sum(sample.errors for sample in results.of(scenario, peer))
        lines.append(f"| {title} | {cpu:.1f} µs | {multiple} | {rate:.0f} | {p50:.2f} ms | {p99:.2f} ms | {errors} |")
    return lines


def conditions():
    cpu = next((line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                if line.startswith("model name")), platform.machine())
    cores = Path("/proc/cpuinfo").read_text().count("processor\t")
    return [f"{platform.system()} {platform.release()}, {platform.machine()}, {cores} cores of {cpu}",
            f"{time.strftime('%Y-%m-%d', time.gmtime())}, load average before: {os.getloadavg()[0]:.1f}"]


def write(file, text):
    """Replaces what stands between the marks of a file that has them, and any other file as a whole."""
    old = file.read_text() if file.exists() else ""
    if BEGIN in old and END in old:
        before, _, rest = old.partition(BEGIN)
        text = f"{before}{BEGIN}\n{text}\n{END}{rest.partition(END)[2]}"
    file.write_text(text.rstrip("\n") + "\n")
