"""The renderers for other tools: collapsed, speedscope, pprof. Their numbers are the model's, their form is the tools'."""

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


class Whole(support.Tree):
    """The three of one recording agree with the json renderer's total."""

    def test_they_agree(self):
        recording = recordings.make(self.root / "run.mlog")
        outputs = {}
        for name in ("collapsed", "speedscope", "pprof"):
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


if __name__ == "__main__":
    unittest.main()
