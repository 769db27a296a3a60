"""Coroutines that wait for coroutines, resumed by hand and in turns."""

import time
import types

from below import at_depths


@types.coroutine  # -> library
def pause():  # -> library
    yield


async def first(count):
    return await second(count)  # -> second


async def second(count):
    for _ in range(count):
        await third()  # -> third
        settled(count)  # -> settled


async def third():
    await pause()  # -> pause
    return settled(3)  # -> settled


def settled(number):
    return number * 2


async def other(count):
    for _ in range(count):
        await pause()  # -> pause


def resume_in_turns():
    tasks = [first(10)]  # -> first
    tasks.append(other(10))  # -> other
    while tasks:
        for task in list(tasks):
            try:
                task.send(None)  # -> first, other
            except StopIteration:
                tasks.remove(task)


def work(end):
    while time.perf_counter() < end:
        resume_in_turns()  # -> resume_in_turns


at_depths(work)  # -> at_depths
