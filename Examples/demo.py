#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The story that `make demo` tells: one photo, two plant APIs, one of which goes down and comes back.

    python3 Examples/demo.py [folder with the binaries, by default .build/debug or .build/release]

Every line with "ok" is a check. Ends with 0 if all of them hold, else with 1 and the log of Windbreak.
"""

import json
import re
import sys
import time
from pathlib import Path

from stage import EXAMPLES, NotAsTold, Stage, another, call, expect, say, step, tell, wait_until

PHOTO = (EXAMPLES / "photo.jpg").read_bytes()
RUST = (EXAMPLES / "photo-rust.jpg").read_bytes()


def show(answer):
    """An answer of the combined endpoint in two or three lines."""
    document = answer.json
    say(f"-> {answer.status} after {answer.seconds * 1000:.0f} ms, degraded: {str(document['degraded']).lower()}")
    for suggestion in document["combined_suggestions"][:2]:
        scores = ", ".join(f"{name} {score:.2f}" for name, score in suggestion["sources"].items())
        say(f"   {suggestion['rank']}. {suggestion['scientific_name']} ({suggestion['plant_name']}): {scores}")
    for name, provider in document["providers"].items():
        cached = " from the cache" if provider["cached"] else ""
        reason = f", {provider['reason']}" if provider["reason"] else ""
        say(f"   {name}: {provider['status']}{reason}{cached}, {provider['seconds']:.2f} s")
    return document


def both_answer(stage):
    step(1, "One photo, two APIs, one answer")
    say("POST /identify with Examples/photo.jpg")
    answer = stage.windbreak.identify(PHOTO)
    document = show(answer)
    stage.windbreak.show_log("[PARALLEL]", "[PERF]")
    best = document["combined_suggestions"][0]
    expect(answer.status == 200 and not document["degraded"], "both APIs were asked, at the same time")
    expect(best["scientific_name"] == "Monstera deliciosa", "the plant in the photo is Monstera deliciosa")
    expect(set(best["sources"]) == {"plant_id", "plantnet"}, "and both APIs say so")

    say("")
    say("POST /identify with Examples/photo-rust.jpg, a rose that is not well")
    document = show(stage.windbreak.identify(RUST))
    disease = document["disease_detection"]
    expect(disease and disease["disease_name"] == "rust", "it has rust, found by the same call to Plant.id")

    say("")
    say("POST /identify with a photo that shows no plant")
    answer = stage.windbreak.identify(another(PHOTO, "not-a-plant"))
    document = show(answer)
    expect(answer.status == 200 and document["combined_suggestions"] == [], "no plant is an answer, and no failure")
    expect(stage.windbreak.circuit("plantnet")["fail_count"] == 0, "Pl@ntNet's 404 for it does not count either")


def cached(stage):
    step(2, "The same photo again costs nothing")
    before = stage.simulator.calls()
    stage.windbreak.show_log()
    answer = stage.windbreak.identify(PHOTO)
    document = show(answer)
    stage.windbreak.show_log("[CACHE]")
    expect(all(provider["cached"] for provider in document["providers"].values()), "both answers are from the cache")
    expect(stage.simulator.calls() == before, "neither API got a call, although the form has another boundary")


def goes_down(stage):
    step(3, "Plant.id goes down: nobody listens at its address any more")
    stage.simulator.fault("plant_id", "refuse")
    stage.windbreak.show_log()
    for number in (1, 2, 3):
        opened = time.monotonic()
        say(f"POST /identify with another photo ({number})")
        answer = stage.windbreak.identify(another(PHOTO, f"while Plant.id is down {number}"))
        document = show(answer)
        circuit = stage.windbreak.circuit("plant_id")
        say(f"   circuit of plant_id: {circuit['state']}, {circuit['fail_count']} of {circuit['fail_max']} failures")
        expect(answer.status == 200 and document["degraded"], "the client gets what Pl@ntNet says")
        told = "open" if number == circuit["fail_max"] else "closed"
        expect(circuit["state"] == told, f"the circuit is {told}")
    stage.windbreak.show_log("[CIRCUIT]", "[ERROR]")
    return opened


def stays_open(stage):
    step(4, "While the circuit is open, nobody waits for Plant.id")
    answer = stage.windbreak.identify(another(PHOTO, "while the circuit is open"))
    document = show(answer)
    stage.windbreak.show_log("DEGRADED", "fast fail", "[FALLBACK]")
    expect(document["providers"]["plant_id"]["reason"] == "circuit-open", "plant_id was not even tried")

    say("")
    say("POST /plant_id/identification, for a program that wants Plant.id and nothing else")
    body = json.dumps({"images": ["AAAA"]})
    answer = call(
        stage.windbreak.port, "POST", "/plant_id/identification", body, {"Content-Type": "application/json"}
    )
    say(f"-> {answer.status} after {answer.seconds * 1000:.1f} ms, Retry-After: {answer.headers['Retry-After']}")
    say(f"   Proxy-Status: {answer.headers['Proxy-Status']}")
    say(f"   {answer.body.decode()}")
    expect(answer.status == 503 and answer.headers["Retry-After"], "it is told at once, and when to come again")

    say("")
    say("POST /identify with the first photo, which is in the cache")
    document = show(stage.windbreak.identify(PHOTO))
    expect(not document["degraded"], "what is known is still answered in full")

    say("")
    say("GET /-/health")
    health = stage.windbreak.health()
    say(f"-> {health.status} {health.json['status']}: " + states(health.json))
    expect(health.status == 200 and health.json["status"] == "degraded", "degraded, not unhealthy: one API is there")


def states(health):
    return ", ".join(f"{name} {circuit['state']}" for name, circuit in health["circuit_breakers"].items())


def reloads(stage):
    step(5, "The file is edited and applied without a restart")
    good = stage.windbreak.file.read_text()
    edited = good.replace("fail_max: 5", "fail_max: 4")
    say("plantnet: fail_max 5 becomes 4; kill -HUP")
    stage.windbreak.reload(edited)
    stage.windbreak.show_log("[RELOAD]")
    health = stage.windbreak.health().json["circuit_breakers"]
    expect(health["plantnet"]["fail_max"] == 4, "the new threshold is in force")
    expect(health["plant_id"]["state"] != "closed", "the circuit of plant_id has not forgotten that it opened")
    before = stage.simulator.calls()
    document = stage.windbreak.identify(PHOTO).json
    hit = document["providers"]["plantnet"]["cached"] and stage.simulator.calls() == before
    expect(hit, "nor the cache its answers")

    say("")
    say("a slip of the pen: fail_max: lots; kill -HUP")
    text = stage.windbreak.reload(edited.replace("fail_max: 4", "fail_max: lots"))
    found = re.search(r"[^\s/]*demo\.yaml:\d+:\d+: error: [^\n\\]*", text)
    say(f"log | {found.group(0) if found else text.strip()}")
    stage.windbreak.show_log()
    expect(found, "the file is refused, with the line and the column of what is wrong")
    limits = stage.windbreak.circuit("plantnet")
    expect(limits["fail_max"] == 4, "and everything goes on as before")
    stage.windbreak.reload(edited)
    stage.windbreak.show_log()


def recovers(stage, opened):
    step(6, "Plant.id is back")
    stage.simulator.fault("plant_id", "none")
    before = stage.simulator.calls()["plant_id"]
    circuit = stage.windbreak.circuit("plant_id")
    if circuit["state"] == "open":
        document = stage.windbreak.identify(another(PHOTO, "too early")).json
        # Reading and asking are two things: the time may be up in between.
        if document["providers"]["plant_id"]["reason"] == "circuit-open":
            expect(stage.simulator.calls()["plant_id"] == before, "before the time is up it is left in peace")
    wait_until(lambda: stage.windbreak.circuit("plant_id")["state"] != "open", "the circuit stays open", 20)
    say(f"{time.monotonic() - opened:.1f} s after it opened, the circuit lets one call through at a time")
    stage.windbreak.show_log()
    for number in (1, 2):
        say(f"POST /identify with another photo (probe {number})")
        document = show(stage.windbreak.identify(another(PHOTO, f"probe {number}")))
        expect(document["providers"]["plant_id"]["status"] == "ok", "Plant.id answers")
    stage.windbreak.show_log("[CIRCUIT]")
    circuit = stage.windbreak.circuit("plant_id")
    expect(circuit["state"] == "closed", "two successes in a row close the circuit")

    health = stage.windbreak.health().json
    say(f"GET /-/health -> {health['status']}: {states(health)}")
    expect(health["status"] == "healthy", "all is well again")


def main():
    words = sys.argv[1:]
    if len(words) > 1 or any(word.startswith("-") for word in words):
        sys.exit(__doc__.strip())
    build = EXAMPLES.parent / ".build"
    folders = [Path(word) for word in words] or [build / "debug", build / "release"]
    binaries = next((folder for folder in folders if (folder / "windbreak").exists()), None)
    if binaries is None:
        sys.exit(f"no windbreak in {' or '.join(str(folder) for folder in folders)}: build it first, `make build`")

    stage = Stage(binaries)
    try:
        with stage:
            say(f"Windbreak listens on 127.0.0.1:{stage.windbreak.port} after {stage.windbreak.start_seconds:.2f} s,")
            say("before a simulator of Plant.id and Pl@ntNet, for no call may cost money here.")
            try:
                both_answer(stage)
                cached(stage)
                opened = goes_down(stage)
                stays_open(stage)
                reloads(stage)
                recovers(stage, opened)
                step(7, "The end")
                expect(stage.windbreak.stop() == 0, "SIGTERM: Windbreak finishes what runs, and ends with 0")
            except NotAsTold:
                tell("\nThe log of windbreak:\n" + stage.windbreak.log.read_text())
                raise
    except NotAsTold as error:
        sys.exit(f"\nThe demonstration ends here: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
