"""A coroutine reads from a slow server by a function that blocks: nothing else runs in the loop meanwhile."""

import asyncio
import time

from common import chores, planted

answered = 0


def read_slowly():
    time.sleep(0.2)
    return 1


async def load():
    if planted():
        return read_slowly()
    return await asyncio.get_running_loop().run_in_executor(None, read_slowly)


async def handle(number):
    global answered
    answered += await load()
    chores(2)


async def beat():
    while True:
        await asyncio.sleep(0.02)


async def main():
    beating = asyncio.ensure_future(beat())
    for start in range(0, 24, 6):
        await asyncio.gather(*(handle(number) for number in range(start, start + 6)))
    beating.cancel()
    print(answered)


asyncio.run(main())
