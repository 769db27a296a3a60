"""What is true of the programs in programs/, and recordings held against it.

A program says of itself who calls whom (programs/below.py says how). Every sample of its recording must be a
stack that the program can have: `check` counts those that are, and those that are not by what is wrong with them.
"""

import ast
import collections
import json
import pathlib
import re
import subprocess
import tempfile

from tests import interpreters, support

PROGRAMS = pathlib.Path(__file__).resolve().parent / "programs"
METHODS = {1: "direct", 2: "syscall", 3: "gil"}
SYNTHETIC = 8  # flag of a code object that stands for no code
OUTSIDE_ROOTS = {"_bootstrap", "_run_module_as_main", "<module>", "_shutdown", "shutdown", "_python_exit", "_exitfunc"}

Frame = collections.namedtuple("Frame", "file name first_line line synthetic")
Run = collections.namedtuple("Run", "thread node first_tick ticks samples state cpu_ns")


class Recording:
    """The tables of a recording's dump."""

    def __init__(self, path):
        self.path = path
        self.runs, self.threads, self.events = [], {}, []
        self._nodes, self._frames, self._codes = [None], [], []
        self._stacks = {0: ()}
        with tempfile.TemporaryFile("w+") as errors:
            with subprocess.Popen([support.build() / "bin" / "microlog-analyze", "dump", "--format", "ndjson", path],
                                  stdout=subprocess.PIPE, stderr=errors, text=True) as dump:
                for line in dump.stdout:
                    self._take(json.loads(line))
            errors.seek(0)
            if dump.returncode:
                raise AssertionError(f"{path} cannot be read: {errors.read()}")

    def _take(self, entry):
        kind = entry["record"]
        if kind == "run":
            if entry["node"] or entry["state"]:  # neither: the thread was not there
                self.runs.append(Run(*[entry[name] for name in Run._fields]))
        elif kind == "node":
            self._nodes.append((entry["parent"], entry["frame"]))
        elif kind == "frame":
            self._frames.append((entry["code"], entry["line"]))
        elif kind == "code":
            self._codes.append(entry)
        elif kind == "event":
            self.events.append(entry)
        elif kind == "thread":
            self.threads[entry["id"]] = entry
        elif kind == "head":
            self.method = METHODS[entry["method"]]
            self.reason = entry["method_reason"]
            self.period_ns = entry["period_ns"]
        elif kind == "diagnostics":
            self.diagnostics = entry

    @property
    def samples(self):
        return sum(run.samples for run in self.runs)

    def frame(self, number):
        code, line = self._frames[number]
        entry = self._codes[code]
        name = entry["name"].rsplit(".", 1)[-1]  # qualified from 3.11 on
        return Frame(entry["file"], name, entry["line"], line, bool(entry["flags"] & SYNTHETIC))

    def stack(self, node):
        """Frames of a stack, root first."""
        missing = []
        while node not in self._stacks:
            missing.append(node)
            node = self._nodes[node][0]
        stack = self._stacks[node]
        for each in reversed(missing):
            stack = stack + (self.frame(self._nodes[each][1]),)
            self._stacks[each] = stack
        return stack


class Program:
    """What the source of a program (and below.py) says of itself."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.functions = {}  # (file, name) → (first line, last line)
        self.calls = collections.defaultdict(set)  # (file, line) → names
        self.entries = collections.defaultdict(set)  # (file, name) → who may call it beside the program
        for each in (self.path, PROGRAMS / "below.py"):
            self._read(str(each), each.read_text())
        self.files = {file for file, _ in self.functions}
        self.names = {name for _, name in self.functions}

    def _read(self, file, text):
        lines = text.splitlines()
        self.functions[file, "<module>"] = (1, len(lines))
        self.entries[file, "<module>"] = {"library", "nothing"}
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                first = min([node.lineno] + [each.lineno for each in node.decorator_list])
                self.functions[file, node.name] = (first, node.end_lineno)
                self.entries[file, node.name] |= self._words("<-", lines[node.lineno - 1])
        for number, line in enumerate(lines, 1):
            self.calls[file, number] = self._words("->", line)
            if line.startswith(("import ", "from ")):
                self.calls[file, number].add("library")

    @staticmethod
    def _words(arrow, line):
        found = re.search(rf"# {arrow} (.*)", line)
        return set(found[1].split(", ")) if found else set()

    def is_possible(self, caller, callee):
        """May `callee` stand on `caller`? None is below the root."""
        own = callee.file in self.files
        if caller is None or caller.file not in self.files:
            who = "nothing" if caller is None else "library"
            return not own or who in self.entries[callee.file, callee.name]
        return (callee.name if own else "library") in self.calls[caller.file, caller.line]

    def fault_of_frame(self, frame):
        """What is wrong with a frame by itself: None, or a class and words."""
        if frame.file not in self.files:
            return None
        function = self.functions.get((frame.file, frame.name))
        if function is None or (frame.name != "<module>" and frame.first_line != function[0]):
            return "wrong name", f"{frame.name}, which begins at line {frame.first_line}"
        if frame.line and not function[0] <= frame.line <= function[1]:
            return "wrong line", f"{frame.name}:{frame.line}"
        return None


def fault_of_pairs(program, stack):
    for caller, callee in zip(stack, stack[1:]):
        if not program.is_possible(caller, callee):
            return "impossible", f"{caller.name}:{caller.line} -> {callee.name}:{callee.line}"
    return None


def classify(program, stack):
    """(class, words) of a stack, root first. Classes: right; impossible, truncated, wrong name, wrong line: faults;
    incomplete, unnamed, no line, empty: it says itself that something is missing; outside: no frame of the program."""
    real = tuple(frame for frame in stack if not frame.synthetic)
    said = [frame.name for frame in stack if frame.synthetic]
    for frame in real:
        fault = program.fault_of_frame(frame)
        if fault:
            return fault
    if said:
        names = {"<unknown code>": "unnamed", "<no python frame>": "empty"}
        gap = "<elided frames>" in said or "<unknown code>" in said
        fault = None if gap else fault_of_pairs(program, real)
        return fault or (names.get(said[0], "incomplete"), said[0])
    if not stack:
        return "empty", ""
    if any(frame.file in program.files and not frame.line for frame in stack):
        return "no line", ""
    fault = fault_of_pairs(program, stack)
    if fault:
        return fault
    root = stack[0]
    if root.file in program.files and not program.is_possible(None, root) or \
            root.file not in program.files and root.name not in OUTSIDE_ROOTS:
        return "truncated", f"{root.name}:{root.line} is the root of {len(stack)} frames"
    if not any(frame.file in program.files for frame in stack):
        return "outside", stack[-1].name
    return "right", ""


class Result:
    """Samples by class, and one example of each class."""

    def __init__(self):
        self.counts = collections.Counter()
        self.examples = {}

    def add(self, kind, words, samples=1):
        self.counts[kind] += samples
        self.examples.setdefault(kind, words)

    def merge(self, other):
        self.counts.update(other.counts)
        for kind, words in other.examples.items():
            self.examples.setdefault(kind, words)

    @property
    def stacks(self):
        """Those that were read at all."""
        return sum(self.counts.values()) - self.counts["empty"] - self.counts["outside"]

    def faults(self, *kinds):
        return {kind: (self.counts[kind], self.examples[kind]) for kind in kinds if self.counts[kind]}


FAULTS = ("impossible", "truncated", "wrong name", "wrong line")


def check(recording, program):
    """Before the program's first frame and after its last there is nothing to see, for as long as the machine likes."""
    result = Result()
    known = {}
    for run in recording.runs:
        if run.node not in known:
            known[run.node] = classify(program, recording.stack(run.node))
    kinds = [known[run.node][0] for run in recording.runs]
    within = [index for index, kind in enumerate(kinds) if kind != "empty"]
    for run in recording.runs[within[0]:within[-1] + 1] if within else ():
        result.add(*known[run.node], run.samples)
    return result


# ---- functions that are generated (programs/generated.py) ----

MADE = re.compile(r"<made (\d+)>")
MADE_LINES = {"<module>": (6, 6), "outer": (4, 5), "inner": (1, 3)}  # of generated functions, without lines above


def serial_of_made(frame, varying):
    """The number of a generated frame's file if everything else in the frame fits it; else words."""
    number = int(MADE.fullmatch(frame.file)[1])
    name = frame.name if frame.name == "<module>" else frame.name.rpartition("_")[0]
    above = number % 40 if varying else 0
    lines = MADE_LINES.get(name)
    if lines is None or name != "<module>" and frame.name != f"{name}_{number}":
        return f"{frame.name} in {frame.file}"
    if name != "<module>" and frame.first_line != above + lines[0]:
        return f"{frame.name} begins at line {frame.first_line}, not {above + lines[0]}"
    # Module code may also stand at a line where it defines a function, and before its first.
    first, last = (0, above + 6) if name == "<module>" else (above + lines[0], above + lines[1])
    if frame.line and not first <= frame.line <= last:
        return f"{frame.name} is at line {frame.line}, not in {first} to {last}"
    return number


def first_turn_line():
    lines = (PROGRAMS / "generated.py").read_text().splitlines()
    return 2 + next(index for index, line in enumerate(lines) if line.strip() == "# turns:")


def classify_made(stack, varying, first_line):
    """(class, words, serial number, look-ups) of a stack of generated.py. Classes: right, wrong name; unnamed, if that
    is all there is; driver, if it is of the code that generates."""
    made = [frame for frame in stack if MADE.fullmatch(frame.file)]
    if not made:
        return ("unnamed" if any(frame.name == "<unknown code>" for frame in stack) else "driver"), "", None, 1
    serials = [serial_of_made(frame, varying) for frame in made]
    for serial in serials:
        if isinstance(serial, str):
            return "wrong name", serial, None, len(made)
    caller = [frame for frame in stack if frame.name == "main"]
    if len(set(serials)) != 1:
        return "wrong name", " on ".join(frame.name for frame in made), None, len(made)
    if caller and caller[-1].line - first_line != serials[0] % 8:
        return "wrong name", f"{made[-1].name} called from line {caller[-1:]}", None, len(made)
    return "right", "", serials[0], len(made)


def check_made(recording, varying):
    """Counts look-ups of names of generated functions. Numbers only ever grow: an older one is wrong, too."""
    result = Result()
    first_line = first_turn_line()
    latest = collections.Counter()
    for run in recording.runs:
        kind, words, serial, count = classify_made(recording.stack(run.node), varying, first_line)
        if serial is not None and serial < latest[run.thread]:
            kind, words = "wrong name", f"{serial} after {latest[run.thread]}"
        latest[run.thread] = max(latest[run.thread], serial or 0)
        result.add(kind, words, run.samples * count)
    return result


# ---- recording ----

def add_test(case, name, interpreter, hold, *arguments):
    """Gives a TestCase the test `hold(self, interpreter, *arguments)`, whose name tells the interpreter."""
    def test(self):
        hold(self, interpreter, *arguments)

    setattr(case, f"test_{name}_on_{interpreters.name(interpreter).replace('.', '_')}", test)


def record(interpreter, program, *arguments, method=None, rate=5000, folder=None, launcher=(), **variables):
    """Records programs/`program`.py by an interpreter; returns (Recording, output of the program). Who asks for more than a
    thousand ticks a second gets them, whatever that costs."""
    folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="microlog-truth-"))
    path = folder / f"{program}.mlog"
    if method:
        variables["MICROLOG_METHOD"] = method
    if rate > 1000:
        variables.setdefault("MICROLOG_BUDGET", "off")
    command = [*launcher, interpreter.path, "-m", "microlog", "-o", path, "--rate", rate, PROGRAMS / f"{program}.py"]
    done = support.run([*command, *arguments], cwd=folder, env=interpreters.environment(interpreter, **variables))
    if done.returncode or done.stderr:
        raise AssertionError(f"{program} on {interpreters.name(interpreter)} ended with {done.returncode}:\n{done.stderr}")
    return Recording(path), done.stdout
