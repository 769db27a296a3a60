#!/usr/bin/env python3
"""How large recordings are, and what makes them so.

    tests/bench/format_size.py [--seconds N] [--build build] [WORKLOAD...]
    tests/bench/format_size.py --columns RUN.mlog [--from N]

Records the workloads beside this file at 100 Hz with the recorder of the build, and prints a table:

    recorded     bytes of the finished file, at the seconds it took
    packed       the same after `microlog-analyze pack`
    hour         bytes in an hour of it, estimated: what is written once (header, HEAD, dONE) as it is; samples and events of
                 the first block, in which the program starts, as they are, and the others' by time; definitions by the rate
                 at which nodes were new in the last third, since they fade
    hour, most   the same with definitions by time: they do not become more than that
    change, node samples' bytes for each stack change (run), definitions' bytes for each new call-tree node (names of
                 functions included)
    spans        what the older scheme needs for the same run: for each thread and depth a record of time, thread,
                 function, caller, depth and duration while the function's name stays the same, pickled, Zstandard 3;
                 in MB for an hour by time

--columns tells of a finished recording what each column costs, from its N-th block of samples on (1: without the start of
the program): values, bytes before compression, bytes that its chunks have more with it than without it, and these by time for an hour, in kB.
The costs add up to somewhat more or less than the whole, since columns are compressed together.
"""

import argparse
import collections
import ctypes
import json
import os
import pathlib
import pickle
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "format"))

import decoder  # noqa: E402

HOUR = 3600

Call = collections.namedtuple("Call", "when thread call_site caller_site depth duration")


def zstd_size(data, level=3):
    library = ctypes.CDLL("libzstd.so.1")
    library.ZSTD_compressBound.restype = library.ZSTD_compress.restype = ctypes.c_size_t
    room = ctypes.create_string_buffer(library.ZSTD_compressBound(ctypes.c_size_t(len(data))))
    return library.ZSTD_compress(room, ctypes.c_size_t(len(room)), data, ctypes.c_size_t(len(data)), level)


class Recording:
    def __init__(self, build, path):
        self.program = build / "bin" / "microlog-analyze"
        self.path = path
        self.size = path.stat().st_size
        self.runs = self.table("runs")
        self.nodes = {node["id"]: node for node in self.table("nodes")}
        self.frames = {frame["id"]: frame for frame in self.table("frames")}
        self.codes = {code["id"]: code for code in self.table("codes")}
        chunks = self.table("chunks")
        self.period = [record for record in self.table("head") if record["record"] == "head"][0]["period_ns"] / 1e9
        self.blocks = sum(chunk["type"] == "SAMP" for chunk in chunks)
        self.seconds = sum(chunk.get("slots", 0) for chunk in chunks) * self.period
        samples = [number for number, chunk in enumerate(chunks) if chunk["type"] == "SAMP"]
        first = chunks[:samples[1] if len(samples) > 1 else len(chunks)]
        self.first_end = (first[samples[0]]["start_ns"] + first[samples[0]]["span_ns"]) / 1e9
        self.first_bytes = sum(chunk["stored_bytes"] for chunk in first)
        self.samples_bytes = sum(chunk["stored_bytes"] for chunk in chunks if chunk["type"] == "SAMP")
        self.events_bytes = sum(chunk["stored_bytes"] for chunk in chunks if chunk["type"] == "EVNT")
        self.defs_bytes, self.once_bytes = self.rest()

    def table(self, name):
        done = subprocess.run([self.program, "dump", "--format", "ndjson", "--table", name, self.path],
                              capture_output=True, text=True, check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def rest(self):
        """Bytes of DEFS, and of what comes once."""
        data = self.path.read_bytes()
        at, defs = 64, 0
        while at < len(data):
            length = 32 + int.from_bytes(data[at + 12:at + 16], "little")
            defs += length if data[at + 4:at + 8] == b"DEFS" else 0
            at += length
        return defs, len(data) - defs - self.samples_bytes - self.events_bytes

    def packed(self):
        target = self.path.with_suffix(".packed")
        subprocess.run([self.program, "pack", self.path, "-o", target], check=True, stdout=subprocess.DEVNULL)
        return target.stat().st_size

    def new_late(self):
        """The share of nodes that appeared in the last third, when their first run began."""
        first = {}
        for run in self.runs:
            first[run["node"]] = min(first.get(run["node"], run["first_tick"]), run["first_tick"])
        for node in sorted(first, reverse=True):  # an inner node appeared with the first of its leaves
            while node in self.nodes:
                parent = self.nodes[node]["parent"]
                first[parent] = min(first.get(parent, first[node]), first[node])
                node = parent
        start = min(first.values())
        limit = start + (self.seconds / self.period) * 2 / 3
        return sum(tick >= limit for tick in first.values()) / max(1, len(first))

    def hour(self, late):
        """Bytes in an hour; `late`: the share of definitions that come in a third of the time."""
        if self.seconds >= HOUR:
            definitions = self.defs_bytes * HOUR / self.seconds
        else:
            definitions = self.defs_bytes * (1 + late * (HOUR - self.seconds) / (self.seconds / 3))
        running = self.samples_bytes + self.events_bytes - self.first_bytes
        rest = self.seconds - self.first_end
        if rest < self.seconds / 3:  # there is not enough but the first block
            return self.once_bytes + (self.samples_bytes + self.events_bytes) * HOUR / self.seconds + definitions
        return self.once_bytes + self.first_bytes + running * (HOUR - self.first_end) / rest + definitions

    # ---- the older scheme ----

    def stack(self, node):
        names = []
        while node:
            code = self.codes[self.frames[self.nodes[node]["frame"]]["code"]]
            names.append((code["file"], code["line"], code["name"]))
            node = self.nodes[node]["parent"]
        return names[::-1]

    def spans(self):
        calls = []
        sites = {}
        stacks = {}
        threads = collections.defaultdict(list)
        for run in self.runs:
            threads[run["thread"]].append(run)
        for thread, runs in sorted(threads.items()):
            open_spans = []
            for run in [*runs, {"node": 0, "first_tick": runs[-1]["first_tick"] + runs[-1]["ticks"]}]:
                if run["node"] not in stacks:
                    stacks[run["node"]] = self.stack(run["node"])
                stack = stacks[run["node"]]
                when = run["first_tick"] * self.period
                same = 0
                while same < min(len(stack), len(open_spans)) and stack[same][2] == open_spans[same][0][2]:
                    same += 1
                while len(open_spans) > same:
                    site, start = open_spans.pop()
                    caller = open_spans[-1][0] if open_spans else None
                    calls.append(Call(start, thread, sites.setdefault(site, site), caller, len(open_spans),
                                      when - start))
                open_spans += [(sites.setdefault(site, site), when) for site in stack[same:]]
        return zstd_size(pickle.dumps(calls))


def record(build, workload, seconds, folder):
    path = folder / f"{workload.stem}.mlog"
    environment = {**os.environ, "PYTHONPATH": str(build / "python")}
    subprocess.run([sys.executable, "-m", "microlog", "-o", path, workload, str(seconds)], env=environment, check=True)
    return Recording(build, path)


def line(name, recording):
    spans = recording.spans()
    changes = len(recording.runs)
    return (f"| {name} | {recording.seconds:.0f} s | {recording.size} | {recording.packed()} "
            f"| {recording.hour(recording.new_late()) / 1e6:.3f} | {recording.hour(1 / 3) / 1e6:.3f} "
            f"| {changes / recording.seconds:.1f} | {recording.samples_bytes / max(1, changes):.2f} "
            f"| {len(recording.nodes)} | {recording.defs_bytes / max(1, len(recording.nodes)):.2f} "
            f"| {recording.samples_bytes} / {recording.defs_bytes} / {recording.events_bytes} / {recording.once_bytes} "
            f"| {spans} | {spans / recording.seconds * HOUR / 1e6:.3f} "
            f"| {spans / (recording.samples_bytes + recording.defs_bytes):.1f} |")


# ---- columns ----

TABLES = {b"DEFS": {1: "string length", 2: "string", 3: "code file", 4: "code name", 5: "code line", 6: "code module",
                    7: "code flags", 8: "frame code", 9: "frame line", 12: "chain parent", 13: "chain length",
                    14: "node frame", 16: "thread ident", 17: "thread native", 18: "thread name",
                    19: "thread interpreter", 20: "thread tick", 21: "thread number", 24: "kind"},
          b"SAMP": {1: "grid", 3: "threads", 4: "codes", 5: "lengths", 6: "nodes", 7: "cpu", 8: "state", 10: "leads"},
          b"EVNT": {1: "time", 2: "kind", 3: "thread", 4: "node"}}


def column_name(recording, kind, column):
    name = TABLES[kind].get(column)
    if name is None:
        entry = recording.kinds[(column - 16) // 64]
        texts = [decoder.text(recording.strings[string]) for string in
                 (entry["name"], entry["fields"][(column - 16) % 64]["name"])]
        name = ".".join(texts)
    return f"{kind.decode()} {name}"


def column_costs(path, first):
    """Yields (name, values, bytes, cost) for each column of each chunk from the `first`-th block on, and their time in ns."""
    data = path.read_bytes()
    recording = decoder.read_file(data)[0]
    size, _, _ = decoder.read_header(data, 0)
    blocks = 0
    for chunk in decoder.read_chunks(data, size, False)[0]:
        if chunk.type not in TABLES:
            continue
        columns = {key: bytes(numbers.data) for key, numbers in chunk.columns().columns.items()}
        if blocks >= first:
            whole = zstd_size(b"".join(columns.values()), 6)
            for key, content in columns.items():
                rest = b"".join(other for number, other in columns.items() if number != key)
                values = sum(byte < 128 for byte in content)
                yield column_name(recording, chunk.type, key), values, len(content), whole - zstd_size(rest, 6)
            yield chunk.type.decode(), 0, sum(map(len, columns.values())), chunk.length
        blocks += chunk.type == b"EVNT"


def seconds_from(recording, first):
    chunks = [chunk for chunk in recording.table("chunks") if chunk["type"] == "SAMP"][first:]
    return sum(chunk["span_ns"] for chunk in chunks) / 1e9


def show_columns(build, path, first):
    totals = collections.defaultdict(lambda: [0, 0, 0])
    for name, *numbers in column_costs(path, first):
        totals[name] = [total + number for total, number in zip(totals[name], numbers)]
    hour = HOUR / seconds_from(Recording(build, path), first)
    print("| column | values | bytes | cost, B | hour, kB |\n" + "|--" * 5 + "|")
    for name, (values, size, cost) in sorted(totals.items(), key=lambda entry: (entry[0][:4], -entry[1][2])):
        print(f"| {name} | {values} | {size} | {cost} | {cost * hour / 1e3:.2f} |")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--build", type=pathlib.Path, default=HERE.parent.parent / "build")
    parser.add_argument("--columns", type=pathlib.Path, help="a finished recording: tell its columns")
    parser.add_argument("--from", type=int, default=0, dest="first", help="without so many blocks at its start")
    parser.add_argument("--keep", type=pathlib.Path, help="folder for the recordings")
    parser.add_argument("workloads", nargs="*", default=["waiting", "asyncio_server", "web", "busy"])
    arguments = parser.parse_args()
    if arguments.columns:
        show_columns(arguments.build.resolve(), arguments.columns, arguments.first)
        return
    with tempfile.TemporaryDirectory() as folder:
        folder = arguments.keep or pathlib.Path(folder)
        print("| workload | time | recorded, B | packed, B | hour, MB | hour, most | changes/s | B/change | nodes | B/node "
              "| samples / definitions / events / once, B | spans, B | spans, hour | spans ÷ ours |\n|" + "--|" * 14)
        for name in arguments.workloads:
            recording = record(arguments.build.resolve(), HERE / "workloads" / f"{name}.py", arguments.seconds, folder)
            print(line(name, recording), flush=True)


if __name__ == "__main__":
    main()
