"""What a recording says, however it is divided into blocks, read by the decoder that shares no code with the program.

Runs of a thread stand in time order; equal ones that meet are one, and those that only say "not alive" are none. Events stand
by time, those of the same time in the order of the file; but gauges of that time stand before them, by kind.
"""

import os

import decoder

GAUGES = ("sys.status", "py.collector", "py.gc", "fd.brief", "rec.cost")


def joined(runs):
    """The runs of a recording, by thread and time."""
    out = []
    for run in sorted(runs, key=lambda run: (run["thread"], run["first_tick"])):
        if not run["node"] and not run["state"]:
            continue
        last = out[-1] if out else None
        if last and all(last[key] == run[key] for key in ("thread", "node", "state")) \
                and last["first_tick"] + last["ticks"] == run["first_tick"]:
            for key in ("ticks", "samples", "cpu_ns"):
                last[key] += run[key]
        else:
            out.append(dict(run))
    return out


def in_order(event):
    kind = event["kind"]
    return event["time_ns"], kind not in GAUGES, kind if kind in GAUGES else ""


def of(path):
    """A list for each recording of the file: its tables, runs and events."""
    contents = []
    for recording in decoder.read_path(os.path.realpath(path)):
        records = [{key: value for key, value in record.items() if key != "chunk"} for record in recording.records()]
        contents.append([record for record in records if record["record"] not in ("run", "event")]
                        + joined(record for record in records if record["record"] == "run")
                        + sorted((record for record in records if record["record"] == "event"),
                                 key=in_order))
    return contents
