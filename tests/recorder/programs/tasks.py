"""Tasks of asyncio that take turns; between the program's frames stand the library's."""

import asyncio
import time

from below import at_depths


async def client(count):  # <- library
    for _ in range(count):
        await request()  # -> request


async def request():
    await asyncio.sleep(0)  # -> library
    return parse(7)  # -> parse


def parse(number):
    return number * 2


async def serve(end):  # <- library
    while time.perf_counter() < end:
        some = client(20)  # -> client
        others = client(20)  # -> client
        await asyncio.gather(some, others)  # -> library


def work(end):
    asyncio.run(serve(end))  # -> library, serve


at_depths(work)  # -> at_depths
