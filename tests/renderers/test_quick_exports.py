"""The renderers for other tools: collapsed, speedscope, pprof, firefox. Their numbers are the model's, their form is the tools'."""

import collections
import json
import unittest

import support
from cli import recordings
from sdk import fake
from test_quick_renderers import MODEL, NOTHING

SECOND = 10**9
TWO_THREADS = f"""\
run|app.py|python app.py|{4 * SECOND}|10000000|
process|10|0|{4 * SECOND}
module|app|/srv/app.py|2
function|main|0|1
function|work;hard|0|9
stack|0|0|5
stack|1|1|10
stack|1|1|11
thread|0|MainThread|1|0|{4 * SECOND}|{3 * SECOND}
thread|0|worker|0|0|{4 * SECOND}|0
sample|0|2|1|100|0|{SECOND}|{SECOND}
sample|0|3|1|100|{SECOND}|{SECOND}|{SECOND}
sample|0|1|5|200|{2 * SECOND}|{2 * SECOND}|0
sample|1|1|1|400|0|{4 * SECOND}|{SECOND}
call|0|0|1|400|-1|0|{4 * SECOND}
call|1|0|2|200|0|0|{2 * SECOND}
call|0|1|1|400|-1|0|{4 * SECOND}
"""


def render(name, model=None, *arguments):
    return fake.run(fake.plugin(f"renderer-{name}"), *arguments, model=model)


class Collapsed(unittest.TestCase):
    def test_running_stacks_by_thread(self):
        self.assertEqual(render("collapsed", TWO_THREADS).decode().splitlines(), [
            "MainThread;main (app.py:1);work,hard (app.py:9) 200",
            "worker;main (app.py:1) 400"])

    def test_hostile_names_stay_one_frame(self):
        for line in render("collapsed", MODEL).decode().splitlines():
            self.assertRegex(line, r"^[^\x00-\x1f\u202e]* \d+$")

    def test_nothing(self):
        self.assertEqual(render("collapsed", NOTHING), b"")
        self.assertEqual(render("collapsed"), b"")


class Speedscope(unittest.TestCase):
    def stack_of(self, events):
        """Replays a profile; returns the time each frame had the leaf."""
        stack, last, self_time = [], 0, collections.Counter()
        for event in events:
            self.assertGreaterEqual(event["at"], last)
            if stack:
                self_time[stack[-1]] += event["at"] - last
            last = event["at"]
            if event["type"] == "O":
                stack.append(event["frame"])
            else:
                self.assertEqual(stack.pop(), event["frame"])
        self.assertEqual(stack, [])
        return self_time

    def test_calls_are_events(self):
        file = json.loads(render("speedscope", TWO_THREADS))
        self.assertEqual(file["$schema"], "https://www.speedscope.app/file-format-schema.json")
        self.assertEqual(file["shared"]["frames"], [{"name": "main", "file": "/srv/app.py", "line": 1},
                                                    {"name": "work;hard", "file": "/srv/app.py", "line": 9}])
        self.assertEqual([profile["name"] for profile in file["profiles"]], ["MainThread", "worker"])
        self.assertEqual(self.stack_of(file["profiles"][0]["events"]), {0: 2 * SECOND, 1: 2 * SECOND})
        self.assertEqual(self.stack_of(file["profiles"][1]["events"]), {0: 4 * SECOND})

    def test_hostile_and_empty(self):
        for model in (MODEL, NOTHING, None):
            file = json.loads(render("speedscope", model))
            for profile in file["profiles"]:
                self.stack_of(profile["events"])


def fields(data):
    """A protocol buffer message as (field, value) pairs: the wire format's varints and bytes."""
    at, found = 0, []

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        key = varint()
        if key & 7 == 0:
            found.append((key >> 3, varint()))
        else:
            assert key & 7 == 2, f"wire type {key & 7} at {at}"
            length = varint()
            assert at + length <= len(data), "a field that is longer than its message"
            found.append((key >> 3, data[at:at + length]))
            at += length
    return found


def packed(data):
    return [value for value in (field[1] for field in fields(b"".join(b"\x08" + part for part in split(data))))]


def split(data):
    begin = 0
    for at, byte in enumerate(data):
        if byte < 128:
            yield data[begin:at + 1]
            begin = at + 1


class Pprof(unittest.TestCase):
    def read(self, data):
        """[(thread, [(function, file, line) from the leaf], (ticks, cpu, wall))] and the profile's own fields."""
        whole = fields(data)
        strings = [value.decode() for field, value in whole if field == 6]
        self.assertEqual(strings[0], "")
        functions = {part[1]: (strings[part[2]], strings[part[4]]) for part in (dict(fields(v)) for f, v in whole if f == 5)}
        locations = {}
        for part in (dict(fields(value)) for field, value in whole if field == 4):
            line = dict(fields(part[4]))
            locations[part[1]] = (*functions[line[1]], line[2])
        samples = []
        for parts in (fields(value) for field, value in whole if field == 2):
            label = dict(fields(dict(parts)[3]))
            samples.append((strings[label[2]], [locations[each] for each in packed(dict(parts)[1])],
                            tuple(value for field, value in parts if field == 2)))
        types = [tuple(strings[value] for _, value in fields(value)) for field, value in whole if field == 1]
        self.assertEqual(types, [("samples", "count"), ("cpu", "nanoseconds"), ("wall", "nanoseconds")])
        return samples, dict(whole)

    def test_samples_are_the_models(self):
        samples, whole = self.read(render("pprof", TWO_THREADS))
        main, work = ("main", "/srv/app.py"), ("work;hard", "/srv/app.py")
        self.assertEqual(samples, [
            ("MainThread", [(*work, 10), (*main, 5)], (100, SECOND, SECOND)),
            ("MainThread", [(*work, 11), (*main, 5)], (100, SECOND, SECOND)),
            ("MainThread", [(*main, 5)], (200, 0, 2 * SECOND)),
            ("worker", [(*main, 5)], (400, SECOND, 4 * SECOND))])
        self.assertEqual((whole[10], whole[12]), (4 * SECOND, 10000000))

    def test_hostile_and_empty(self):
        for model in (MODEL, NOTHING, None):
            self.read(render("pprof", model))


class Firefox(unittest.TestCase):
    def read(self, data):
        """The profile, with every table's columns of one length and no index outside of what it points to."""
        profile = json.loads(data)
        shared = profile["shared"]
        tables = [table for name, table in shared.items() if name != "stringArray"]
        for thread in profile["threads"]:
            tables += [thread["samples"], thread["markers"]]
            self.assertEqual(thread["samples"]["time"], sorted(thread["samples"]["time"]))
            self.bound(thread["samples"]["stack"], shared["stackTable"]["length"])
            self.bound(thread["markers"]["name"], len(shared["stringArray"]))
        for table in tables:
            lengths = {len(column) for column in table.values() if isinstance(column, list)}
            self.assertEqual(lengths, {table["length"]})
        for table, column, room in (("stackTable", "frame", shared["frameTable"]["length"]), ("funcTable", "name", len(shared["stringArray"])),
                                    ("frameTable", "func", shared["funcTable"]["length"]), ("frameTable", "category", len(profile["meta"]["categories"])),
                                    ("funcTable", "source", shared["sources"]["length"]), ("sources", "filename", len(shared["stringArray"]))):
            self.bound(shared[table][column], room)
        for row, prefix in enumerate(shared["stackTable"]["prefix"]):
            self.assertLess(-1 if prefix is None else prefix, row)
        return profile

    def bound(self, indices, room):
        for index in indices:
            self.assertIn(0 if index is None else index, range(max(room, 1)))

    def stack(self, profile, row):
        """[(function, file, line)] from the leaf."""
        shared, found = profile["shared"], []
        strings, functions, frames = shared["stringArray"], shared["funcTable"], shared["frameTable"]
        while row is not None:
            frame = shared["stackTable"]["frame"][row]
            function = frames["func"][frame]
            source = functions["source"][function]
            found.append((strings[functions["name"][function]], None if source is None else strings[shared["sources"]["filename"][source]],
                          frames["line"][frame]))
            row = shared["stackTable"]["prefix"][row]
        return found

    def test_samples_are_the_models(self):
        profile = self.read(render("firefox", TWO_THREADS))
        main, work = ("main", "/srv/app.py"), ("work;hard", "/srv/app.py")
        first, second = profile["threads"]
        self.assertEqual([(thread["name"], thread["pid"], thread["isMainThread"]) for thread in (first, second)],
                         [("MainThread", "10", True), ("worker", "10", False)])
        samples = first["samples"]
        self.assertEqual([self.stack(profile, row) for row in samples["stack"]],
                         [[(*work, 10), (*main, 5)], [(*work, 11), (*main, 5)], [("sleeping", None, None), (*main, 5)], []])
        self.assertEqual((samples["weight"], samples["time"]), ([100, 100, 200, 0], [0, 1000, 2000, 4000]))
        self.assertEqual(samples["threadCPUDelta"], [0, SECOND, SECOND, 0])
        self.assertEqual((second["samples"]["weight"], second["samples"]["time"]), ([400, 0], [0, 4000]))

    def test_a_stretch_without_samples_is_empty(self):
        model = TWO_THREADS.replace(f"sample|0|3|1|100|{SECOND}|{SECOND}|{SECOND}\n", "")
        samples = self.read(render("firefox", model))["threads"][0]["samples"]
        self.assertEqual((samples["time"], samples["weight"]), ([0, 1000, 2000, 4000], [100, 0, 200, 0]))
        self.assertEqual([row is None for row in samples["stack"]], [False, True, False, True])

    def test_messages_are_markers_of_their_thread(self):
        lines = [f"message|{at}|{kind}|{level}|{thread}|2|shop|said {at}|/srv/app.py|12\n"
                 for at, kind, level, thread in ((SECOND // 4, 1, 40, 1), (SECOND // 2, 2, 0, -1), (SECOND, 1, 20, 0))]
        profile = self.read(render("firefox", TWO_THREADS + "".join(lines)))
        strings = profile["shared"]["stringArray"]
        told = [[(strings[name], time, data["level"], data["text"]) for name, time, data in
                 zip(thread["markers"]["name"], thread["markers"]["startTime"], thread["markers"]["data"])] for thread in profile["threads"]]
        self.assertEqual(told, [[("Print", 500, "", f"said {SECOND // 2}"), ("Log", 1000, "info", f"said {SECOND}")],
                                [("Log", 250, "error", f"said {SECOND // 4}")]])

    def test_hostile_and_empty(self):
        for model in (MODEL, NOTHING, None):
            self.read(render("firefox", model))


class Whole(support.Tree):
    """Those of one recording agree with the json renderer's total."""

    def test_they_agree(self):
        recording = recordings.make(self.root / "run.mlog")
        outputs = {}
        for name in ("collapsed", "speedscope", "pprof", "firefox"):
            done = support.run([support.build() / "bin" / "microlog-analyze", recording, "--format", name, "-o", "-"],
                               text=False)
            self.assertIn(done.returncode, (0, 1), done.stderr)
            outputs[name] = done.stdout
        samples, whole = Pprof.read(self, outputs["pprof"])
        names = {frame[0] for _, stack, _ in samples for frame in stack}
        self.assertEqual(names, {frame["name"] for frame in json.loads(outputs["speedscope"])["shared"]["frames"]} & names)
        collapsed = sum(int(line.rpartition(b" ")[2]) for line in outputs["collapsed"].splitlines())
        self.assertGreater(collapsed, 0)
        self.assertLessEqual(collapsed, sum(values[0] for _, _, values in samples))
        weights = sum(sum(thread["samples"]["weight"]) for thread in json.loads(outputs["firefox"])["threads"])
        self.assertEqual(weights, sum(values[0] for _, _, values in samples))


if __name__ == "__main__":
    unittest.main()
