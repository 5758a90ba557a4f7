# SPDX-License-Identifier: Apache-2.0
"""One GET as a program does it that knows nothing of a proxy: `fetch.py LIBRARY URL` prints the content, and below it the status."""

import asyncio
import sys


def with_requests(url):
    import requests

    response = requests.get(url, timeout=20)
    return response.status_code, response.text


def with_httpx(url):
    import httpx

    response = httpx.get(url, timeout=20)
    return response.status_code, response.text


def with_aiohttp(url):
    import aiohttp

    async def get():
        # The one library that wants to be told to look at the environment.
        async with aiohttp.ClientSession(trust_env=True) as session, session.get(url) as response:
            return response.status, await response.text()

    return asyncio.run(get())


def with_urllib(url):
    import urllib.request

    with urllib.request.urlopen(url, timeout=20) as response:
        return response.status, response.read().decode()


status, content = globals()[f"with_{sys.argv[1]}"](sys.argv[2])
print(content)
print(status)
