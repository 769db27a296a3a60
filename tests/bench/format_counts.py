#!/usr/bin/env python3
"""Instructions that writing and reading recordings take, counted by callgrind.

    tests/bench/format_counts.py [--build build]

prints workload, instructions per tick written, per node opened, per run read. The reviewed numbers are in
format_counts.txt; a change of more than a few percent is a decision, to be made with the new numbers in the same commit.
"""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
WORKLOADS = (("waiting", "60"), ("deep", "60"), ("busy", "30"))
FUNCTIONS = ("write_tick", "open_all", "read_all")


def compile_bench(build, folder):
    """The program, against the objects of the build."""
    program = pathlib.Path(folder) / "format_decode"
    objects = [file for room in ("base", "format") for file in sorted((build / "obj/core" / room).glob("*.o"))]
    subprocess.run(["cc", "-std=c11", "-D_GNU_SOURCE", "-O2", "-g", "-I", ROOT, "-o", program,
                    HERE / "format_decode.c", *objects, "-lzstd"], check=True)
    return program


def instructions(program, folder, workload, function):
    """(instructions of `function` and all it calls, what the program printed)."""
    done = subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out",
                           f"--toggle-collect={function}", program, *workload, "count"],
                          capture_output=True, text=True, check=True)
    return int(re.search(r"Collected : (\d+)", done.stderr)[1]), [int(word) for word in done.stdout.split()]


def count(build):
    """Yields (workload, per tick, per node, per run)."""
    with tempfile.TemporaryDirectory() as folder:
        program = compile_bench(build, folder)
        for workload in WORKLOADS:
            written, opened, read = (instructions(program, folder, workload, name) for name in FUNCTIONS)
            ticks, runs, nodes = read[1]
            yield workload[0], written[0] / ticks, opened[0] / nodes, read[0] / runs


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    for name, *numbers in count(parser.parse_args().build.resolve()):
        print(name, *(f"{number:.1f}" for number in numbers))
        sys.stdout.flush()


if __name__ == "__main__":
    main()
