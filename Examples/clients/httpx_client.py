# SPDX-License-Identifier: Apache-2.0
"""httpx through Windbreak: one client for each API, and the base address is all that changes."""

import asyncio
import os
import sys

import httpx

WINDBREAK = os.environ.get("WINDBREAK", "http://127.0.0.1:8080")


async def main(photo):
    with open(photo, "rb") as file:
        image = file.read()
    key = {"Api-Key": os.environ.get("PLANT_ID_API_KEY", "")}
    async with (
        httpx.AsyncClient(base_url=f"{WINDBREAK}/plant_id", headers=key, timeout=90) as plant_id,
        httpx.AsyncClient(base_url=f"{WINDBREAK}/plantnet", timeout=90) as plantnet,
    ):
        one, other = await asyncio.gather(
            plant_id.post("/identification", files={"image": ("photo.jpg", image, "image/jpeg")}),
            plantnet.post(
                "/v2/identify/all",
                params={"api-key": os.environ.get("PLANTNET_API_KEY", "")},
                files={"images": ("photo.jpg", image, "image/jpeg")},
            ),
        )
    for response in (one, other):
        print(response.status_code, response.headers.get("x-windbreak-circuit"), response.text[:120])


asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "Examples/photo.jpg"))
