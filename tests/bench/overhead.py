#!/usr/bin/env python3
"""How much slower a program runs under the recorder, less what it loses to a thread that only wakes.

    tests/bench/overhead.py [--python A,B] [--programs nbody,calls] [--rates 100,1000,10000]
                            [--rounds N] [--seconds S] [--seed N] [--json FILE]

One process per line of the table runs slices of the same work in random order: with the recorder at work, with its thread
only waking (the control), and with its thread asleep (bare). A slice is measured in CPU time of the program's own thread, and of the whole process. The excess is taken
pair by pair within a round, so drift of the machine's speed falls out. tests/bench/README.md says how to read it.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import figures

THREAD, PROCESS, WALL, TICKS = range(4)
BUDGETS = {1000: 1.0, 10000: 3.0}  # percent, for the upper end of the interval


def column(slices, condition, which):
    return [part[which] for part in slices[condition]]


def tick_cost(slices, condition):
    """CPU that other threads than the program's used, in microseconds a tick."""
    costs = [(process - thread) / 1000 / (ticks * wall / 1e9)
             for thread, process, wall, ticks in slices[condition] if ticks > 0]
    return figures.interval(costs)


def evaluate(program, rate, measured):
    slices = measured["slices"]
    thread = {condition: column(slices, condition, THREAD) for condition in slices}
    process = {condition: column(slices, condition, PROCESS) for condition in slices}
    result = {
        "program": program, "rate": rate, "python": measured["python"], "method": measured["method"],
        "slice_seconds": figures.median(column(slices, "bare", WALL)) / 1e9,
        "slowdown": figures.excess(thread["microlog"], thread["wake"]),
        "microlog_bare": figures.excess(thread["microlog"], thread["bare"]),
        "wake_bare": figures.excess(thread["wake"], thread["bare"]),
        "process_microlog_bare": figures.excess(process["microlog"], process["bare"]),
        "process_wake_bare": figures.excess(process["wake"], process["bare"]),
        "microlog_tick_us": tick_cost(slices, "microlog"), "wake_tick_us": tick_cost(slices, "wake"),
        "microlog_ticks": figures.median(column(slices, "microlog", TICKS)),
        "wake_ticks": figures.median(column(slices, "wake", TICKS)),
        "budget": BUDGETS.get(rate),
    }
    result["derived_100"] = result["slowdown"].median * 100 / rate
    return result


def verdict(result):
    if result["budget"] is None:
        return "-"
    return f"≤ {result['budget']:g}: {'held' if result['slowdown'].high <= result['budget'] else 'MISSED'}"


def print_results(results):
    for python in dict.fromkeys((result["python"], result["method"]) for result in results):
        print(f"\nCPython {python[0]}, {python[1]}")
        rows = [(r["program"], r["rate"], r["slowdown"].count, figures.show(r["slowdown"]), verdict(r),
                 figures.show(r["wake_bare"]), figures.show(r["process_microlog_bare"]),
                 figures.show(r["process_wake_bare"]),
                 f"{r['microlog_tick_us'].median:.1f} / {r['wake_tick_us'].median:.1f}",
                 f"{r['microlog_ticks']:.0f} / {r['wake_ticks']:.0f}", f"{r['derived_100']:+.3f}")
                for r in results if (r["python"], r["method"]) == python]
        figures.table(["program", "Hz", "pairs", "slowdown less control %", "budget", "control %",
                       "whole process %", "its control %", "µs/tick", "ticks/s", "at 100 Hz %"], rows)


def run(python, program, rate, options, folder, hold):
    command = [python, figures.HERE / "overhead_slices.py", program, rate, options.rounds, options.seconds,
               options.seed, pathlib.Path(folder) / "run.mlog", hold]
    environment = {**figures.environment(), "LD_PRELOAD": str(hold)}
    done = subprocess.run([str(word) for word in command], env=environment, stdout=subprocess.PIPE, check=True, text=True)
    return evaluate(program, rate, json.loads(done.stdout))


def as_json(result):
    return {key: value._asdict() if isinstance(value, figures.Interval) else value for key, value in result.items()}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", default=sys.executable, help="interpreters, by commas or blanks")
    parser.add_argument("--programs", default="nbody,calls")
    parser.add_argument("--rates", default="100,1000,10000", help="samples a second")
    parser.add_argument("--rounds", type=int, default=400, help="of three slices each")
    parser.add_argument("--seconds", type=float, default=0.03, help="length of a slice")
    parser.add_argument("--seed", type=int, default=1, help="of the order of slices")
    parser.add_argument("--json", type=pathlib.Path, help="where the figures go as JSON")
    return parser.parse_args()


def main():
    options = arguments()
    machine = figures.Machine()
    results = []
    for python in options.python.replace(",", " ").split():
        figures.require_recorder(python)
        with tempfile.TemporaryDirectory(prefix="microlog-bench-") as folder:
            hold = figures.build_hold(folder)
            for program in options.programs.split(","):
                for rate in options.rates.split(","):
                    print(f"{python}: {program} at {rate} Hz", file=sys.stderr, flush=True)
                    results.append(run(python, program, int(rate), options, folder, hold))
    about = machine.report()
    figures.describe(about)
    print_results(results)
    if options.json:
        options.json.write_text(json.dumps({"machine": about, "results": [as_json(r) for r in results]}, indent=1))


if __name__ == "__main__":
    main()
