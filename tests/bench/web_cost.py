#!/usr/bin/env python3
"""What all sources together cost a web server under load, at default settings.

    tests/bench/web_cost.py [--python P] [--rounds N] [--seconds S]

Slices of one process in random order, recorded and bare; CPU of the whole process (threads of the recorder included) for each
request, pair by pair. The bare slices among themselves are the control: the first of each round by the one before it.
"""

import argparse
import json
import pathlib
import subprocess
import tempfile

import figures

BUDGET = 1.0  # percent, for the upper end of the interval


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--python", default="python3")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=3)
    arguments = parser.parse_args()
    machine = figures.Machine()
    figures.require_recorder(arguments.python)
    with tempfile.TemporaryDirectory(prefix="microlog-web-") as folder:
        command = [arguments.python, figures.HERE / "web_server.py", str(arguments.rounds), str(arguments.seconds),
                   str(pathlib.Path(folder) / "web.mlog")]
        done = subprocess.run(command, env=figures.environment(), stdout=subprocess.PIPE, check=True)
    measured = json.loads(done.stdout)
    bare, recorded = ([cost for cost, _ in measured[name]] for name in ("bare", "microlog"))
    excess, control = figures.excess(recorded, bare), figures.excess(bare[1:], bare[:-1])
    share = figures.median([share for _, share in measured["bare"]])
    print(f"{measured['served']} requests; bare {figures.median(bare):.0f} us of CPU each, {100 * share:.0f} % of one processor")
    figures.table(["", "% [95 %]"], [["recorded by bare", figures.show(excess)], ["bare by bare (control)", figures.show(control)],
                                     [f"budget {BUDGET:g}", "held" if excess.high <= BUDGET else "MISSED"]])
    figures.describe(machine.report())


main()
