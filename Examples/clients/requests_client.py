# SPDX-License-Identifier: Apache-2.0
"""requests through Windbreak. Only the base addresses differ from what a program without it would have."""

import base64
import os
import sys

import requests

WINDBREAK = os.environ.get("WINDBREAK", "http://127.0.0.1:8080")
PLANT_ID = f"{WINDBREAK}/plant_id"  # was https://plant.id/api/v3
PLANTNET = f"{WINDBREAK}/plantnet"  # was https://my-api.plantnet.org

photo = sys.argv[1] if len(sys.argv) > 1 else "Examples/photo.jpg"
with open(photo, "rb") as file:
    image = file.read()

# Longer than Windbreak's own deadline, so that its explanation arrives and not a timeout of ours.
WAIT = 90


def told_to_wait(response):
    """Windbreak rejects at once while a circuit is open; the answer says when to come again."""
    if response.status_code == 503:
        print(f"not now, in {response.headers.get('Retry-After', '?')} s: {response.json()['detail']}")
        return True
    response.raise_for_status()
    return False


response = requests.post(f"{WINDBREAK}/identify", files={"image": image}, data={"health": "all"}, timeout=WAIT)
if not told_to_wait(response):
    for suggestion in response.json()["combined_suggestions"][:3]:
        print("both    ", suggestion["scientific_name"], suggestion["sources"])

response = requests.post(
    f"{PLANT_ID}/identification",
    params={"details": "common_names,taxonomy"},
    headers={"Api-Key": os.environ.get("PLANT_ID_API_KEY", "")},
    json={"images": [base64.b64encode(image).decode()]},
    timeout=WAIT,
)
if not told_to_wait(response):
    best = response.json()["result"]["classification"]["suggestions"][0]
    print("Plant.id", best["name"], best["probability"], response.headers.get("Cache-Status"))

response = requests.post(
    f"{PLANTNET}/v2/identify/all",
    params={"api-key": os.environ.get("PLANTNET_API_KEY", "")},
    files={"images": ("photo.jpg", image, "image/jpeg")},
    data={"organs": "auto"},
    timeout=WAIT,
)
if not told_to_wait(response):
    print("Pl@ntNet", response.json()["bestMatch"], response.headers.get("Cache-Status"))
