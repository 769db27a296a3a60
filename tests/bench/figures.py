"""What the benchmarks share: medians with their intervals, the machine they were measured on, tables, and building what
is to be measured."""

import collections
import os
import pathlib
import platform
import random
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
RESAMPLES = 2000

Interval = collections.namedtuple("Interval", "median low high count")


def median(values):
    values = sorted(values)
    middle = len(values) // 2
    return values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2


def interval(values):
    """The median with its 95 % interval by the percentile bootstrap (Efron 1979). The same values give the same one."""
    values = list(values)
    draw = random.Random(1)
    medians = sorted(median(draw.choices(values, k=len(values))) for _ in range(RESAMPLES))
    return Interval(median(values), medians[RESAMPLES * 25 // 1000], medians[RESAMPLES * 975 // 1000 - 1], len(values))


def excess(values, bases):
    """Pair by pair, how many percent of the base the value is above it."""
    return interval([100 * (value / base - 1) for value, base in zip(values, bases)])


def show(figure, digits=2):
    """`+0.12 [-0.05 … +0.30]`"""
    return f"{figure.median:+.{digits}f} [{figure.low:+.{digits}f} … {figure.high:+.{digits}f}]"


def table(heads, rows):
    """Text columns under their heads."""
    rows = [heads, *[[str(cell) for cell in row] for row in rows]]
    widths = [max(len(row[i]) for row in rows) for i in range(len(heads))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


# --- The machine ------------------------------------------------------------------------------------

def _busy():
    """(busy, all) of the machine's processors since it started, in clock ticks (proc(5))."""
    with open("/proc/stat") as file:
        numbers = [int(number) for number in file.readline().split()[1:9]]
    return sum(numbers) - numbers[3] - numbers[4], sum(numbers)


class Machine:
    """How busy the machine was with other things while something was measured."""

    def __init__(self):
        self.load = os.getloadavg()[0]
        self.begin = _busy()
        self.own = sum(os.times()[:4])

    def report(self):
        """What stands above every table, as text and as JSON; our own children must have been waited for."""
        busy, whole = (now - before for now, before in zip(_busy(), self.begin))
        own = (sum(os.times()[:4]) - self.own) * os.sysconf("SC_CLK_TCK")
        return {
            "processors": os.cpu_count(),
            "system": f"{platform.system()} {platform.release()} {platform.machine()}",
            "load_before": round(self.load, 2),
            "load_after": round(os.getloadavg()[0], 2),
            "others_percent": round(max(0.0, 100 * (busy - own) / max(1, whole)), 1),
        }


def describe(machine):
    print(f"{machine['processors']} processors, {machine['system']}; load {machine['load_before']} before, "
          f"{machine['load_after']} after; others used {machine['others_percent']} % of the machine meanwhile")


# --- What is measured -----------------------------------------------------------------------------------

def build_folder():
    return pathlib.Path(os.environ.get("MICROLOG_BUILD", ROOT / "build")).resolve()


def ask(python, expression):
    """The value of an expression, as text, in another interpreter."""
    code = f"import sys, sysconfig; print({expression})"
    try:
        return subprocess.run([python, "-c", code], stdout=subprocess.PIPE, check=True, text=True).stdout.strip()
    except OSError as error:
        sys.exit(f"{python} cannot be run ({error.strerror}): name an interpreter by its path, or one that is found by its name")


def suffix(python):
    """How the file names of an interpreter's extension modules end."""
    return ask(python, "sysconfig.get_config_var('EXT_SUFFIX')")


def build_hold(folder):
    """Compiles what holds the recorder's thread into the folder; returns its path."""
    target = pathlib.Path(folder) / "overhead_hold.so"
    subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-std=c11", "-fPIC", "-shared", "-o", str(target),
                    str(HERE / "overhead_hold.c"), "-lpthread", "-ldl"], check=True)
    return target


def build_wake(python, folder):
    """Compiles the wake-only control for an interpreter into the folder."""
    target = pathlib.Path(folder) / f"overhead_wake{suffix(python)}"
    subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-std=c11", "-D_GNU_SOURCE", "-fPIC", "-shared",
                    "-isystem", ask(python, "sysconfig.get_path('include')"), "-o", str(target),
                    str(HERE / "overhead_wake.c"), "-lpthread"], check=True)


def require_recorder(python):
    """Exits when the recorder is not built for this interpreter."""
    if not (build_folder() / "python" / "microlog" / f"_microlog{suffix(python)}").exists():
        sys.exit(f"{python}: no recorder in {build_folder()}: make PYTHON={python}")


def environment(*folders):
    """The environment in which `import` finds the recorder, these benchmarks and what is in `folders`."""
    path = os.pathsep.join(str(folder) for folder in (build_folder() / "python", HERE, *folders))
    return {**os.environ, "PYTHONPATH": path}
