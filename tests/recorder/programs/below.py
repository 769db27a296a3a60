"""Runs a piece of work with a given number of frames below it, one after the other.

In these programs `# -> f` on a line says that f may be called from it, and `# <- library` that
code outside of these files may call the function which begins there. A call without such a word is
one that leaves no Python frame, or `library`: code outside. tests/recorder/truth.py holds
recordings against that. Functions have different names throughout.
"""

import sys
import time


def descend(depth, work, end):
    if depth:
        return descend(depth - 1, work, end)  # -> descend
    return work(end)  # -> work


def at_depths(work):
    """Calls work(end) with argv[2] (as in 0,5,60) frames below; argv[1] seconds in all."""
    depths = list(map(int, sys.argv[2].split(",")))
    for depth in depths:
        descend(depth, work, time.perf_counter() + float(sys.argv[1]) / len(depths))  # -> descend
