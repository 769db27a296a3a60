#!/usr/bin/env python3
"""What an hour of recording costs to analyse, and how large its report is.

    tests/bench/hour.py [--build build] [--rounds N] [--seconds S] [RECORDING.mlog | WORKLOAD ...]

A workload of workloads/ is recorded for some seconds; stretch.c makes an hour of it. Shown is the CPU of microlog-analyze with
its workers, the least and the median of the rounds; the controls in the same rounds are its start alone, and the hour without a
plugin. The default workloads are busy and web, which needs Flask in the Python that runs this.
"""

import argparse
import pathlib
import resource
import subprocess
import sys
import tempfile

import figures

HERE = pathlib.Path(__file__).resolve().parent
RUNS = {"start": ["help"], "no plugin, json": ["--plugins", "none", "--format", "json"],
        "all, html and json": ["--plugins", "all", "--format", "html,json"]}
BUDGETS = {"start": 5, "all, html and json": 300}  # ms, for the least


def compile_stretch(build, folder):
    objects = [file for room in ("base", "format") for file in sorted((build / "obj/core" / room).glob("*.o"))]
    program = folder / "stretch"
    subprocess.run(["cc", "-std=c11", "-D_GNU_SOURCE", "-O2", "-I", figures.ROOT, "-o", program, HERE / "stretch.c", *objects,
                    "-lzstd"], check=True)
    return program


def children_cpu():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def cost(build, words, hour, folder):
    """Milliseconds of CPU."""
    begin = children_cpu()
    files = [] if words == ["help"] else [hour, "-o", folder / "report"]
    subprocess.run([build / "bin" / "microlog-analyze", *files, *words], cwd=folder, check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    return 1000 * (children_cpu() - begin)


def measure(build, name, source, rounds, folder):
    hour = folder / f"{name}-hour.mlog"
    subprocess.run([compile_stretch(build, folder), source, hour, "3600"], check=True)
    costs = {what: [] for what in RUNS}
    for _ in range(rounds):
        for what, words in RUNS.items():
            costs[what].append(cost(build, words, hour, folder))
    told = subprocess.run([build / "bin" / "microlog-analyze", "verify", hour], capture_output=True, text=True, check=True).stdout
    print(f"\n{told.strip().split(': ', 1)[1]}; report {(folder / 'report.html').stat().st_size / 1e6:.2f} MB")
    figures.table([name, "CPU ms, least", "median", "budget"],
                  [(what, f"{min(found):.1f}", f"{figures.median(found):.1f}",
                    f"{BUDGETS[what]} {'held' if min(found) <= BUDGETS[what] else 'MISSED'}" if what in BUDGETS else "")
                   for what, found in costs.items()])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--build", type=pathlib.Path, default=figures.build_folder())
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("sources", nargs="*", default=["busy", "web"])
    arguments = parser.parse_args()
    machine = figures.Machine()
    with tempfile.TemporaryDirectory(prefix="microlog-hour-") as name:
        folder = pathlib.Path(name)
        for word in arguments.sources:
            source = pathlib.Path(word).resolve()
            if source.suffix != ".mlog":
                source = folder / f"{word}.mlog"
                subprocess.run([sys.executable, "-m", "microlog", "-o", source, HERE / "workloads" / f"{word}.py",
                                str(arguments.seconds)], env=figures.environment(), check=True, stdout=subprocess.DEVNULL)
            measure(arguments.build.resolve(), source.stem, source, arguments.rounds, folder)
    figures.describe(machine.report())


main()
