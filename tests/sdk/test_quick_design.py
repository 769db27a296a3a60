"""design over models made by hand: groups, calls, rings, and a layout that can be drawn."""

import collections
import pathlib
import tempfile
import unittest

import support
from sdk import fake

FINDING, TABLE, GRAPH, TEXT = 1, 3, 5, 7
RULE, MESSAGE, LABEL, GROUP = 1, 2, 16, 17
LEVEL, FROM, TO = 33, 47, 48
WEIGHT, X, Y, WIDTH, HEIGHT, CURVE = 65, 66, 67, 68, 69, 70
EVIDENCE, NODE, EDGE = 2, 6, 7
STDLIB, PROJECT, THIRD_PARTY = 1, 2, 4
RUNNING, SLEEP = 1, 5
PERIOD = 10_000_000


class Program:
    """A model in the making: frames are named "module:function"."""

    def __init__(self):
        self.modules, self.functions, self.stacks, self.samples = {}, {}, {}, []

    def module(self, name, flags=PROJECT):
        self.modules.setdefault(name, (len(self.modules), flags))
        return self

    def run(self, path, taken, state=RUNNING):
        """`taken` samples with the frames of `path`, outermost first."""
        stack = 0
        for frame in path.split(" > "):
            module, function = frame.split(":")
            self.module(module)
            function = self.functions.setdefault((module, function), len(self.functions))
            stack = self.stacks.setdefault((stack, function), len(self.stacks) + 1)
        self.samples.append((stack, state, taken))
        return self

    def text(self):
        lines = [f"run|app.py|python app.py|{10**10}|{PERIOD}|", f"process|10|0|{10**10}",
                 f"thread|0|MainThread|1|0|{10**10}|0"]
        lines += [f"module|{name}|/srv/{name}.py|{flags}" for name, (_, flags) in self.modules.items()]
        lines += [f"function|{name}|{self.modules[module][0]}|1" for module, name in self.functions]
        lines += [f"stack|{parent}|{function}|1" for parent, function in self.stacks]
        at = 0
        for stack, state, taken in self.samples:
            lines.append(f"sample|0|{stack}|{state}|{taken}|{at}|{taken * PERIOD}|0")
            at += taken * PERIOD
        return "\n".join(lines) + "\n"


def analyse(program, *options):
    return fake.blocks(fake.plugin("analyzer-design"), *options, model=program.text())


def block_of(blocks, kind):
    return next(block for block in blocks if block.kind == kind)


def links(blocks):
    """{(caller, called): samples} as the table has them."""
    cells = block_of(blocks, TABLE).cells
    return {(cells[i], cells[i + 1]): int(cells[i + 3]) // PERIOD for i in range(0, len(cells), 6)}


def six_modules(program=None):
    program = program or Program()
    for name in "abcdef":
        program.run(f"{name}:<module> > {name}:work", 10)
    return program


def calls_of(program, *options):
    """The raw calls of the writer within the graph, as (call, field, text)."""
    output = fake.run(fake.plugin("analyzer-design"), *options, model=program.text()).decode()
    found, inside = [], False
    for line in output.splitlines():
        call, field, text = line.split(" ", 2)
        inside = int(field) == GRAPH if call == "begin" else inside
        if inside:
            found.append((call, int(field), text))
    return found


def items_of(calls, wanted):
    """The fields of each item of a list: [{field: [values]}]."""
    items, current = [], None
    for call, field, text in calls:
        if call == "add" and field in (NODE, EDGE):
            current = collections.defaultdict(list, {"id": [text]}) if field == wanted else None
            if current is not None:
                items.append(current)
        elif current is not None and call.startswith("set_"):
            current[field].append(text if call == "set_text" else float(text))
    return items


class Groups(unittest.TestCase):
    def test_one_module_is_shown_by_classes_and_functions(self):
        program = Program().module("json", STDLIB)
        program.run("app:<module> > app:main > app:Cart.total > app:Cart.price", 30)
        program.run("app:<module> > app:main > app:load.<locals>.inner > json:loads", 20)
        blocks = analyse(program)
        self.assertEqual(links(blocks), {("app", "main"): 50, ("main", "Cart"): 30, ("main", "load"): 20,
                                         ("load", "json"): 20})

    def test_several_modules_keep_their_names_and_many_are_shown_as_modules(self):
        program = Program().run("app:main > shop.cart:Cart.total", 5)
        self.assertEqual(links(analyse(program)), {("app.main", "shop.cart.Cart"): 5})
        program = six_modules().run("a:<module> > a:work > b:Thing.do", 7)
        self.assertEqual(links(analyse(program)), {("a", "b"): 7})

    def test_modules_that_were_hardly_seen_do_not_make_the_drawing_coarser(self):
        for taken, caller in ((4, "a.work"), (5, "a")):
            program = Program().run("a:<module> > a:work > b:Thing.do", 970 - taken)
            for name in "cdef":
                program.run(f"{name}:go", taken if name == "f" else 10)
            called = {"a": "b", "a.work": "b.Thing"}[caller]
            self.assertIn((caller, called), links(analyse(program)), taken)

    def test_packages_and_the_standard_library_are_one_group_each(self):
        program = Program().module("flask.app", THIRD_PARTY).module("flask.ctx", THIRD_PARTY)
        program.module("json.encoder", STDLIB).module("json", STDLIB)
        program.run("app:go > flask.app:run > flask.ctx:push > json:dumps > json.encoder:encode", 9)
        blocks = analyse(program)
        self.assertEqual(links(blocks), {("go", "flask"): 9, ("flask", "json"): 9})
        self.assertEqual({label: group for label, group in zip(*(block_of(blocks, GRAPH).texts[field]
                                                                 for field in (LABEL, GROUP)))
                          if "calls" not in label},
                         {"go": "project", "flask": "third party", "json 100 %": "stdlib"})

    def test_a_link_counts_each_stack_once_and_waiting_not_at_all(self):
        program = Program().run("app:a > app:b > app:a > app:b", 10).run("app:a > app:b", 99, SLEEP)
        self.assertEqual(links(analyse(program)), {("a", "b"): 10, ("b", "a"): 10})

    def test_imports_and_what_could_not_be_read_are_passed_over(self):
        program = Program().module("importlib._bootstrap", STDLIB).module("<recorder>", 8).module("re", STDLIB)
        program.run("app:<module> > importlib._bootstrap:_find_and_load > re:<module>", 50)
        program.run("app:<module> > <recorder>:<elided frames> > app:main", 10)
        self.assertEqual(links(analyse(program)), {("app", "main"): 10})

    def test_an_installed_tool_is_its_own_program(self):
        program = Program().module("runpy", STDLIB)
        for name in ("tool.cli", "tool.core", "click.core"):
            program.module(name, THIRD_PARTY)
        program.run("runpy:run > tool.cli:main > click.core:invoke > tool.core:work", 40)
        self.assertIn(("click", "tool.core.work"), links(analyse(program)))

    def test_the_lightest_become_one(self):
        program = Program()
        for i in range(70):
            program.run(f"m{i:02}:f", i + 1)
        blocks = analyse(program, "--option", "boxes=60")
        labels = [label for label in block_of(blocks, GRAPH).texts[LABEL] if "calls" not in label]
        self.assertEqual(len(labels), 61)
        self.assertIn("m69 2.8 %", labels)
        self.assertTrue(any(label.startswith("other own code (10)") for label in labels), labels)
        self.assertFalse(any(label.startswith("m09") for label in labels), labels)
        self.assertEqual(sum(float(weight) > 0 for weight in
                             [item[WEIGHT][0] for item in items_of(calls_of(program), NODE)]), 41)

    def test_a_run_without_code_says_so(self):
        block, = analyse(Program())
        self.assertEqual((block.kind, block.key), (TEXT, "nothing"))


class Layout(unittest.TestCase):
    def setUp(self):
        program = six_modules()
        program.run("a:<module> > a:work > b:work > c:work", 20).run("a:<module> > a:work > d:work", 5)
        self.calls = calls_of(program)
        self.again = calls_of(program)
        self.nodes, self.edges = items_of(self.calls, NODE), items_of(self.calls, EDGE)

    def size(self):
        """Width and height of the graph: what is set before the first node."""
        fields = {}
        for call, field, text in self.calls:
            if call == "add":
                break
            fields[field] = text
        return float(fields[WIDTH]), float(fields[HEIGHT])

    def test_boxes_lie_in_the_drawing_and_apart(self):
        width, height = self.size()
        boxes = [(node[X][0], node[Y][0], node[WIDTH][0], node[HEIGHT][0]) for node in self.nodes]
        self.assertEqual(len(boxes), 6)
        for x, y, wide, high in boxes:
            self.assertTrue(0 <= x - wide / 2 and x + wide / 2 <= width, (x, wide, width))
            self.assertTrue(0 <= y - high / 2 and y + high / 2 <= height, (y, high, height))
        for i, (x, y, wide, high) in enumerate(boxes):
            for x2, y2, wide2, high2 in boxes[:i]:
                self.assertTrue(abs(x - x2) >= (wide + wide2) / 2 or abs(y - y2) >= (high + high2) / 2)

    def test_callers_stand_above_and_curves_lead_from_box_to_box(self):
        self.assertEqual(len(self.edges), 3)
        for edge in self.edges:
            caller, called = self.nodes[int(edge[FROM][0])], self.nodes[int(edge[TO][0])]
            self.assertLess(caller[Y][0], called[Y][0])
            curve = edge[CURVE]
            self.assertEqual(len(curve) // 2 % 3, 1)
            for node, (x, y) in ((caller, curve[:2]), (called, curve[-2:])):
                self.assertLessEqual(abs(x - node[X][0]), node[WIDTH][0] / 2 + 1)
                self.assertAlmostEqual(abs(y - node[Y][0]), node[HEIGHT][0] / 2, delta=1.5)

    def test_the_same_input_gives_the_same_drawing(self):
        self.assertEqual(self.calls, self.again)


class Memory(unittest.TestCase):
    """Graphviz has memory of its own, and must give it back."""

    def test_nothing_is_lost(self):
        valgrind = support.require("valgrind")
        with tempfile.TemporaryDirectory() as folder:
            host, model = pathlib.Path(folder) / "host", pathlib.Path(folder) / "model"
            fake.compile_c(["-std=c11", "-D_GNU_SOURCE", "-g", "-I", fake.INCLUDE, "-I", fake.HERE, "-I",
                            fake.HERE.parent / "renderers", "-o", host, fake.HERE / "fake_host.c",
                            fake.HERE / "fake_model.c", fake.HERE.parent / "renderers/kitchen_sink.c", "-ldl"])
            model.write_text(six_modules().run("a:f > b:g > c:h > a:f > c:h > b:k", 9).text())
            done = support.run([valgrind, "-q", "--error-exitcode=99", "--leak-check=full",
                                f"--suppressions={fake.HERE / 'design.supp'}", host, "--model", model,
                                support.build() / "plugins/microlog-analyzer-design.so"])
        self.assertEqual((done.returncode, done.stderr), (0, ""))


class Rings(unittest.TestCase):
    def findings(self, program):
        return [block for block in analyse(program) if block.kind == FINDING]

    def test_modules_that_call_each_other_are_a_note(self):
        program = Program().run("a:f > b:g > a:h", 6).run("a:f > c:k", 10)
        ring, = self.findings(program)
        self.assertEqual((ring.texts[RULE], ring.numbers[LEVEL]), (["call-cycle"], 1))
        self.assertTrue(ring.texts[MESSAGE][0].startswith("a and b call each other"))
        self.assertEqual(len(ring.lists[EVIDENCE]), 2)

    def test_a_ring_of_three_is_one_finding_whatever_the_drawing_shows(self):
        program = six_modules().run("a:f > b:g > c:h > a:i", 6)
        ring, = self.findings(program)
        self.assertTrue(ring.texts[MESSAGE][0].startswith("a, b and c call each other"))

    def test_what_is_no_ring(self):
        cases = {
            "too short": Program().run("a:f > b:g > a:h", 4).run("a:f > b:g", 40),
            "within a module": Program().run("a:f > a:g > a:f", 40),
            "over a library": Program().module("lib", THIRD_PARTY).run("a:f > lib:map > a:g", 40),
            "one way": Program().run("a:f > b:g", 40),
        }
        for name, program in cases.items():
            with self.subTest(name):
                self.assertEqual(self.findings(program), [])


if __name__ == "__main__":
    unittest.main()
