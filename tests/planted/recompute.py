#!/usr/bin/env python3
"""Counts again, from the dump of a recording, what findings say about it.

    python3 tests/planted/recompute.py [--verbose] RUN.mlog...

Nothing of the analyzers is used but their report: runs, events and stacks come from `microlog-analyze dump`, and each rule's
numbers are made from them by the few lines here. Exit code 1 if a number is another one. Findings of rules that are not
counted here are listed.
"""

import argparse
import collections
import itertools
import json
import pathlib
import re
import statistics
import sys
import tempfile

sys.path.insert(0, __file__.rsplit("/tests/", 1)[0])

from tests import support  # noqa: E402

RUNNING, GIL = (0, 1), 2  # states; 0 is unknown
SYNTHETIC = 8
Check = collections.namedtuple("Check", "what said counted")


class Recording:
    """The tables of a dump, of a file with one recording."""

    def __init__(self, path):
        rows = collections.defaultdict(list)
        for line in support.analyze("dump", "--format", "ndjson", path).stdout.splitlines():
            row = json.loads(line)
            rows[row["record"]].append(row)
        self.period = rows["head"][0]["period_ns"]
        version = rows["head"][0]["hexversion"]
        self.library = f"/lib/python{version >> 24}.{version >> 16 & 255}/"
        self.codes = {row["id"]: row for row in rows["code"]}
        self.frames = {row["id"]: row for row in rows["frame"]}
        self.nodes = {row["id"]: row for row in rows["node"]}
        self.runs, self.events = rows["run"], rows["event"]
        self.end = max([0, *((row["first_tick"] + row["ticks"]) * self.period for row in self.runs),
                        *(row["time_ns"] for row in self.events), *(row["start_ns"] + row["span_ns"] for row in rows["chunk"])])

    def stack(self, node):
        """Frames (file, function, line, flags), the innermost first."""
        found = []
        while node:
            frame = self.frames[self.nodes[node]["frame"]]
            code = self.codes[frame["code"]]
            found.append((code["file"], code["name"], frame["line"], code["flags"]))
            node = self.nodes[node]["parent"]
        return found

    def rank(self, frame):
        """0 for the project's, 1 for a library's, 2 for what comes with Python."""
        if "/site-packages/" in frame[0] or "/dist-packages/" in frame[0]:
            return 1
        return 2 if self.is_nobodys(frame) or frame[0].startswith("<") or self.library in frame[0] else 0

    @staticmethod
    def is_nobodys(frame):
        """Is it the recorder's own, or of code without a file, as "<string>"?"""
        return bool(frame[3] & SYNTHETIC) or (frame[0].startswith("<") and not frame[0].startswith("<frozen "))

    def own(self, node):
        """The frame of a stack that a finding names."""
        stack = self.stack(node)
        return next((frame for rank in (0, 1) for frame in stack if self.rank(frame) == rank), stack[0])

    def of(self, kind):
        return [event for event in self.events if event["kind"] == kind]

    def running(self):
        """Runs in which a thread was running, with a stack that could be read."""
        return [run for run in self.runs
                if run["node"] and run["state"] & 15 in RUNNING and not self.is_nobodys(self.stack(run["node"])[0])]


# --- What a report says ------------------------------------------------------------------------------

UNITS = {"ns": 1, "µs": 10**3, "ms": 10**6, "s": 10**9, "min": 60 * 10**9, "B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9}


def number(text):
    return int(text.replace(",", ""))


def amount(text):
    """(value, the half of its last digit), of "1.67 s" or "300 ms"."""
    value, unit = re.fullmatch(r"([\d.,]+) ?(\S+)", text).groups()
    digits = len(value.partition(".")[2])
    scale = UNITS[unit]
    value = float(value.replace(",", ""))
    return value * scale, 0.51 * scale * 10 ** -digits if digits or value < 100 else 0.51 * scale


def said(finding, pattern):
    """The groups of a pattern in the message or an item of the evidence."""
    for text in [finding["message"], *finding["evidence"]]:
        match = re.search(pattern, text)
        if match:
            return match.groups()
    raise AssertionError(f"{finding['rule']} does not say {pattern}: {finding['message']}")


def place(finding):
    first = finding["locations"][0]
    return first["file"], first["function"], first.get("line", 0)


def close(what, text, counted):
    """A Check of a rounded amount."""
    value, half = amount(text)
    return Check(what, value, value if abs(value - counted) <= half else counted)


# --- Time -------------------------------------------------------------------------------------------

def in_samples(recording, finding, runs):
    share, everything = said(finding, r"Seen in ([\d,]+) of ([\d,]+) samples of running threads")
    return [Check("samples", number(share), sum(run["samples"] for run in runs)),
            Check("all samples", number(everything), sum(run["samples"] for run in recording.running())),
            Check("time", finding["impact"]["time_ns"], sum(run["ticks"] for run in runs) * recording.period)]


def hot_function(recording, finding):
    runs = [run for run in recording.running() if recording.stack(run["node"])[0][:2] == place(finding)[:2]]
    cpu, = said(finding, r"It used (\S+ \S+) of CPU itself")
    all_runs = [run for run in recording.runs if run["node"] and recording.stack(run["node"])[0][:2] == place(finding)[:2]]
    return [*in_samples(recording, finding, runs), close("CPU", cpu, sum(run["cpu_ns"] for run in all_runs))]


def hot_line(recording, finding):
    return in_samples(recording, finding, [
        run for run in recording.running()
        if recording.own(run["node"])[:3] == place(finding) and recording.own(run["node"]) != recording.stack(run["node"])[0]])


def waiting(recording, finding):
    """Runs at the place that wait; if for several things, those for what the place's innermost function stands for."""
    runs = [run for run in recording.runs if run["node"] and run["state"] & 15 not in (*RUNNING, GIL) and
            recording.own(run["node"])[:3] == place(finding)]
    seen = number(said(finding, r"Seen waiting in ([\d,]+) samples")[0])
    for keys in (), ("state",), ("leaf",), ("state", "leaf"):
        groups = collections.defaultdict(list)
        for run in runs:
            key = {"state": run["state"] & 15, "leaf": recording.stack(run["node"])[0][:2]}
            groups[tuple(key[each] for each in keys)].append(run)
        for group in groups.values():
            if sum(run["samples"] for run in group) == seen:
                return seen, group
    return seen, runs


def waits(recording, finding):
    seen, runs = waiting(recording, finding)
    ticks = sum(run["ticks"] for run in runs)
    checks = [Check("samples", seen, sum(run["samples"] for run in runs))]
    if finding["rule"] == "waits/lock":
        threads, together = said(finding, r"(\d+) threads waited (\S+ \S+) together")
        checks += [Check("threads", int(threads), len({run["thread"] for run in runs})),
                   close("waiting", together, ticks * recording.period)]
    if finding["rule"] == "waits/loop-blocked":
        checks += [Check("waiting", finding["impact"]["time_ns"], ticks * recording.period)]
    return checks


def stretches(recording):
    """{(function, its caller): [[start, end]]} of consecutive samples of a thread; of recursive calls the outermost."""
    found = collections.defaultdict(list)
    for _, runs in itertools.groupby(sorted(recording.runs, key=lambda run: (run["thread"], run["first_tick"])),
                                     lambda run: run["thread"]):
        path, spans, end = [], [], None
        for run in runs:
            start = run["first_tick"] * recording.period
            functions = [frame[:2] for frame in reversed(recording.stack(run["node"]))]
            if not (path and start == end and functions == [("", "<stack not read>")]):
                common = 0
                while start == end and common < min(len(path), len(functions)) and path[common] == functions[common]:
                    common += 1
                del spans[common:]
                for depth in range(common, len(functions)):
                    spans.append([start, start])
                    if functions[depth] not in functions[:depth]:
                        found[functions[depth], functions[depth - 1] if depth else None].append(spans[-1])
                path = functions
            end = start + run["ticks"] * recording.period
            for span in spans:
                span[1] = end
    return found


def likes(recording, function, caller, count):
    """The stretches of a function under a caller of that name, if there are so many."""
    return next((spans for (one, above), spans in stretches(recording).items()
                 if one == function and above and above[1] == caller and len(spans) == count), [])


def outlier(recording, finding):
    count, caller = said(finding, r"Like calls are the (\d+) of .* under (.*): median")
    middle, = said(finding, r"(?:the median of its \S+ like calls is|more than their median of) ([\d.,]+ \w+)")
    spans = likes(recording, place(finding)[:2], caller, int(count))
    median = statistics.median([span[1] - span[0] for span in spans] or [0])
    found = [[each["start_ns"], each["end_ns"]] for each in finding["locations"]]
    return [Check("like calls", int(count), len(spans)), close("median", middle, median),
            Check("they are like calls", True, all(span in spans for span in found)),
            Check("excess", finding["impact"]["time_ns"], int(sum(span[1] - span[0] - median for span in found)))]


def slower(recording, finding):
    count, = said(finding, r"got slower over its (\d+) calls")
    first, last = said(finding, r"first third of the calls (\S+ \S+), of the last third (\S+ \S+);")
    groups = [spans for (function, _), spans in stretches(recording).items()
              if function == place(finding)[:2] and len(spans) == int(count)]
    times = [span[1] - span[0] for span in groups[0]] if groups else [0] * 3
    third = len(times) // 3
    return [Check("calls", int(count), len(times)), close("first third", first, statistics.median(times[:third])),
            close("last third", last, statistics.median(times[-third:]))]


# --- Descriptors ------------------------------------------------------------------------------------

def descriptors(recording):
    """[(event that opened it, when it was closed or None)]"""
    found, open_ones = [], {}
    for event in recording.events:
        if event["kind"] not in ("fd.open", "fd.close"):
            continue
        last = open_ones.pop(event["fields"]["number"], None)
        if last:
            last[1] = event["time_ns"]
        if event["kind"] == "fd.open":
            open_ones[event["fields"]["number"]] = [event, None]
            found.append(open_ones[event["fields"]["number"]])
    return [(event, closed) for event, closed in found
            if not event["fields"]["inherited"] and event["fields"]["number"] > 2]


def left_open(recording, finding):
    ending = recording.end - max(recording.end // 100, 100_000_000)
    at_place = [(event, closed) for event, closed in descriptors(recording)
                if (recording.own(event["node"])[:3] == place(finding) if finding["locations"] else not event["node"])]
    if finding["rule"] == "fdleak/kept-to-the-end":
        count = sum(closed is not None and closed >= ending and event["time_ns"] < ending for event, closed in at_place)
    else:
        count = sum(closed is None for _, closed in at_place)
    shown, = said(finding, r"^([\d,]+) \w+ (?:opened|were opened)")
    return [Check("left open", number(shown), count), Check("impact", finding["impact"]["count"], count)]


# --- Memory -----------------------------------------------------------------------------------------

def memory(recording, finding):
    start = max(recording.end // 10, 10**9)
    start = max([start] + [event["time_ns"] for event in recording.of("py.import")
                           if event["fields"]["duration"] >= 20_000 and event["time_ns"] <= recording.end // 2])
    ending = recording.end - max(recording.end // 100, 100_000_000)
    points = [(event["time_ns"] / 1e9, event["fields"]["rss"]) for event in recording.of("sys.status")
              if start <= event["time_ns"] < ending]
    readings, up, down = said(finding, r"(\d+) readings behind the warm-up, of which (\d+) .* and (\d+) lower")
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in itertools.combinations(points, 2)]
    grown = statistics.median(slopes) * (points[-1][0] - points[0][0])
    steps = [b[1] - a[1] for a, b in itertools.pairwise(points)]
    return [Check("readings", int(readings), len(points)), Check("up", int(up), sum(step > 0 for step in steps)),
            Check("down", int(down), sum(step < 0 for step in steps)),
            Check("grown", finding["impact"]["bytes"], int(grown) if abs(int(grown) - finding["impact"]["bytes"]) > 1
                  else finding["impact"]["bytes"])]


# --- Events -----------------------------------------------------------------------------------------

def slow_import(recording, finding):
    if not any("Measured by events" in text for text in finding["evidence"]):
        return []  # samples of an import that never ended
    name, began, took = said(finding, r"^(.*), which began at (\S+ s), took (\S+ \S+) with all")
    imports = [event for event in recording.of("py.import") if event["fields"]["module"] == name]
    longest = max(imports, key=lambda event: event["fields"]["duration"], default=None)
    if longest is None:
        return [Check("imports", name, None)]
    duration = longest["fields"]["duration"] * 1000
    return [close("duration", took, duration), close("began", began, longest["time_ns"] - duration)]


def log_errors(recording, finding):
    if not finding["message"].startswith("Logged as error"):
        return []  # an exception that nobody caught
    seen, = said(finding, r"Seen ([\d,]+) times")
    file, _, line = place(finding)
    logged = [event for event in recording.of("py.log")
              if (event["fields"]["file"], event["fields"]["line"]) == (file, line) and event["fields"]["level"] >= 40]
    return [Check("messages", number(seen), len(logged))]


COUNTED = {
    "hotspots/hot-function": hot_function, "hotspots/hot-line": hot_line, "anomaly/outlier": outlier,
    "anomaly/slower-each-time": slower,
    "waits/mostly-waiting": waits, "waits/lock": waits, "waits/loop-blocked": waits,
    "fdleak/never-closed": left_open, "fdleak/kept-to-the-end": left_open, "fdleak/unknown-opener": left_open,
    "memleak/growth": memory, "startup/slow-import": slow_import, "logs/errors": log_errors,
}


def findings_of(path):
    with tempfile.TemporaryDirectory(prefix="microlog-recompute-") as folder:
        report = pathlib.Path(folder) / "report.json"
        done = support.analyze(path, "--plugins", "all", "--format", "json", "-o", report)
        if done.returncode:
            raise AssertionError(f"{path} is not analysed ({done.returncode}): {done.stderr}")
        return json.loads(report.read_text(encoding="utf-8"))["findings"]


def recompute(path):
    """[(finding, [Check] or None where its rule is not counted)]"""
    recording = Recording(path)
    return [(finding, COUNTED[finding["rule"]](recording, finding) if finding["rule"] in COUNTED else None)
            for finding in findings_of(path)]


def main():
    parser = argparse.ArgumentParser(description="Count again what findings say.")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("recordings", nargs="+", type=pathlib.Path)
    options = parser.parse_args()
    wrong, right, rest = 0, 0, collections.Counter()
    for path in options.recordings:
        for finding, checks in recompute(path):
            if checks is None:
                rest[finding["rule"]] += 1
            for check in checks or ():
                is_right = check.said == check.counted
                right, wrong = right + is_right, wrong + (not is_right)
                if options.verbose or not is_right:
                    print(f"{'' if is_right else 'WRONG '}{path.name}: {finding['rule']}: {check.what}: "
                          f"said {check.said}, counted {check.counted}")
    for rule, count in sorted(rest.items()):
        print(f"not counted: {count} of {rule}")
    print(f"{right} numbers are right, {wrong} wrong")
    return 1 if wrong or not right else 0


if __name__ == "__main__":
    sys.exit(main())
