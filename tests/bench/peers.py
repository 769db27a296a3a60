#!/usr/bin/env python3
"""What microlog costs beside other profilers: total CPU of program and sampler, a waiting service, start and stop, a
print and a log record.

    tests/bench/peers.py [--python P] [--tables total,service,start,events] [--tools bare,microlog,…]
                         [--peers FOLDER] [--rate HZ] [--rounds N] [--seconds S] [--json FILE]

Every round runs all tools once, in random order; figures are medians over the rounds, with 95 % intervals. CPU is user
plus system time of all processes of a run, by the operating system's account. Peers are installed by pip into FOLDER;
what cannot be had is said and left out. tests/bench/README.md says how to read the tables.
"""

import argparse
import contextlib
import ctypes
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

import figures
import peers_tools

PR_SET_CHILD_SUBREAPER = 36
SETTLE_SECONDS = 4
START_ROUNDS = 20


class Failed(Exception):
    """A tool did not run the program; the text says why."""


# --- CPU of a tree of processes -------------------------------------------------------------------------

def adopt_orphans():
    """Processes whose parents end before them become ours, so that their CPU is seen too (prctl(2))."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def spawn(words, folder, log):
    return subprocess.Popen(words, env=figures.environment(*folder), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                            start_new_session=True)


def wait(process, log, must_succeed=True):
    """User and system time, in seconds, of a process and of all that it left behind; Failed if it did not end well."""
    pid, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    total = usage.ru_utime + usage.ru_stime
    with contextlib.suppress(ChildProcessError):
        while True:
            _, _, usage = os.wait4(-1, 0)
            total += usage.ru_utime + usage.ru_stime
    if process.returncode != 0 and must_succeed:
        log.seek(0)
        lines = [line for line in log.read().decode(errors="replace").splitlines() if line.strip()]
        raise Failed(f"exit code {process.returncode}: {lines[-1] if lines else 'no output'}")
    return total


def family(root):
    """The process and all its descendants."""
    parents = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    found = {root}
    while True:
        more = {child for child, parent in parents.items() if parent in found} - found
        if not more:
            return found
        found |= more


def cpu_clock(pid):
    """CPU that a process has used, in seconds: the clock that clock_getcpuclockid(3) would name."""
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return None


# --- The tables -------------------------------------------------------------------------------------------

class Bench:
    """The tools, the folder where they write, and running one of them."""

    def __init__(self, options, folder):
        self.options = options
        self.folder = pathlib.Path(folder)
        self.extra = [self.folder]
        self.order = random.Random(options.seed)
        self.missing = {}
        figures.build_wake(options.python, folder)
        installer = peers_tools.Installer(options.python, options.peers)
        self.tools = []
        for name in options.tools.split(","):
            tool = peers_tools.ALL[name](options.python, installer, options.rate, self.folder / f"{name}.out")
            if isinstance(tool, peers_tools.Missing):
                self.missing[tool.name] = tool.reason
            else:
                self.tools.append(tool)

    def start(self, tool, log, *arguments):
        folders = [*self.extra, *([tool.path] if tool.path else [])]
        return spawn(peers_tools.command(tool, *arguments), folders, log)

    def total(self, tool, *arguments):
        """CPU seconds of one whole run."""
        with tempfile.TemporaryFile() as log:
            return wait(self.start(tool, log, *arguments), log)

    def rounds(self, what, count, measure):
        """{tool: [figure of each round]}. A tool that fails once is out, with its reason."""
        found = {tool.name: [] for tool in self.tools}
        for number in range(count):
            for tool in self.order.sample(self.tools, len(self.tools)):
                if tool.name in found:
                    print(f"{what}: round {number + 1} of {count}, {tool.name}", file=sys.stderr, flush=True)
                    try:
                        found[tool.name].append(measure(tool))
                    except Failed as reason:
                        self.missing[f"{tool.name} ({what})"] = str(reason)
                        del found[tool.name]
        return found


def units_for(bench, name):
    """Units of work that take the bare program the wished time."""
    bare = peers_tools.bare(bench.options.python, None, None, None)
    units = 100
    while True:
        took = bench.total(bare, "work", name, units)
        if took > 0.8:
            return max(1, round(units * bench.options.seconds / took))
        units *= 3


def table_total(bench):
    """Total CPU against the bare run, whole processes from start to end."""
    result = {}
    for name in bench.options.programs.split(","):
        units = units_for(bench, name)
        found = bench.rounds(f"total, {name}", bench.options.rounds,
                             lambda tool: bench.total(tool, "work", name, units))
        print(f"\nTotal CPU of program and sampler, {name}, {bench.options.rate} Hz (budget: ratio ≤ 1.01)")
        base = found["bare"]
        rows = []
        for tool, values in found.items():
            ratio = figures.interval([value / bare for value, bare in zip(values, base)])
            result[f"{name}/{tool}"] = {"seconds": values, "ratio": ratio._asdict()}
            rows.append((tool, f"{figures.median(values):.3f}", f"{min(values):.3f}",
                         f"{ratio.median:.4f} [{ratio.low:.4f} … {ratio.high:.4f}]", ratio.count))
        figures.table(["", "CPU s, median", "least", "to bare", "rounds"], rows)
    return result


def service_share(bench, tool):
    """Percent of one processor that program and sampler use while the program waits. How the run ends does not matter: a
    profiler may call it an error that there was nothing to see."""
    window = bench.options.window
    with tempfile.TemporaryFile() as log:
        process = bench.start(tool, log, "service", SETTLE_SECONDS + window + 2)
        time.sleep(SETTLE_SECONDS)
        before = {pid: cpu_clock(pid) for pid in family(process.pid)}
        begin = time.monotonic()
        time.sleep(window)
        after = {pid: cpu_clock(pid) for pid in before}
        seconds = time.monotonic() - begin
        wait(process, log, must_succeed=False)
    if None in before.values() or None in after.values():
        raise Failed("a process ended while it was watched")
    return 100 * (sum(after.values()) - sum(before.values())) / seconds


def table_service(bench):
    found = bench.rounds("service", bench.options.service_rounds, lambda tool: service_share(bench, tool))
    print(f"\nA waiting service of 39 threads, {bench.options.rate} Hz, percent of a processor (budget: ≤ 0.5 in all)")
    rows = []
    result = {}
    for tool, values in found.items():
        share = figures.interval(values)
        result[tool] = share._asdict()
        rows.append((tool, f"{share.median:.2f} [{share.low:.2f} … {share.high:.2f}]", f"{min(values):.2f}", share.count))
    figures.table(["", "median", "least", "rounds"], rows)
    return result


def table_start(bench):
    found = bench.rounds("start", max(START_ROUNDS, bench.options.rounds), lambda tool: bench.total(tool, "empty"))
    print("\nStart and stop: an empty program, CPU in ms (budget: microlog ≤ 10 above bare, least of 20)")
    rows = []
    result = {}
    for tool, values in found.items():
        added = figures.interval([1000 * (value - bare) for value, bare in zip(values, found["bare"])])
        least = 1000 * (min(values) - min(found["bare"]))
        result[tool] = {"added": added._asdict(), "least": least}
        rows.append((tool, f"{1000 * min(values):.1f}", f"{least:+.1f}", figures.show(added, 1), added.count))
    figures.table(["", "least", "above the bare least", "pairs, median", "rounds"], rows)
    return result


def table_events(bench):
    words = [bench.options.python, figures.HERE / "peers_events.py", bench.options.event_rounds, bench.folder / "e.mlog"]
    done = subprocess.run([str(word) for word in words], env=figures.environment(*bench.extra), check=True, text=True,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    print("\nAdded to a call, microseconds of CPU (budget: a print ≤ 2, a log record ≤ 5 in the program's thread)")
    rows = []
    result = {}
    for name, slices in json.loads(done.stderr).items():
        thread, process = (figures.interval([with_it[which] - without[which] for with_it, without in
                                             zip(slices["microlog"], slices["bare"])]) for which in (0, 1))
        base, never = (figures.median([part[0] for part in slices[which]]) for which in ("bare", "never"))
        result[name] = {"thread": thread._asdict(), "process": process._asdict(), "bare": base, "never": never}
        rows.append((name, f"{never:.2f}", f"{base:.2f}", figures.show(thread), figures.show(process), thread.count))
    figures.table(["", "before any start", "after a stop", "program's thread", "whole process", "pairs"], rows)
    return result


TABLES = {"total": table_total, "service": table_service, "start": table_start, "events": table_events}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--tables", default=",".join(TABLES))
    parser.add_argument("--tools", default=",".join(peers_tools.ALL))
    parser.add_argument("--programs", default="nbody,calls")
    parser.add_argument("--peers", type=pathlib.Path, default=figures.build_folder() / "peers",
                        help="where the other profilers are installed")
    parser.add_argument("--rate", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--seconds", type=float, default=10, help="CPU of the bare program")
    parser.add_argument("--window", type=float, default=10, help="seconds that the service is watched")
    parser.add_argument("--service-rounds", type=int, default=5)
    parser.add_argument("--event-rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1, help="of the order within the rounds")
    parser.add_argument("--json", type=pathlib.Path, help="where the figures go as JSON")
    return parser.parse_args()


def main():
    options = arguments()
    machine = figures.Machine()
    figures.require_recorder(options.python)
    adopt_orphans()
    with tempfile.TemporaryDirectory(prefix="microlog-bench-") as folder:
        bench = Bench(options, folder)
        print(f"CPython {figures.ask(options.python, 'sys.version.split()[0]')}")
        results = {name: TABLES[name](bench) for name in options.tables.split(",")}
    for name, reason in bench.missing.items():
        print(f"not measured: {name}: {reason}")
    about = machine.report()
    figures.describe(about)
    if options.json:
        options.json.write_text(json.dumps({"machine": about, "missing": bench.missing, **results}, indent=1))


if __name__ == "__main__":
    main()
