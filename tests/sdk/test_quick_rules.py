"""analyzers/README.md holds what the code holds: a section for each analyzer, one place for each rule id."""

import re
import unittest

import support

ANALYZERS = support.ROOT / "analyzers"
ROWS = ["Trigger", "Threshold", "Guard", "Level", "Statistics"]
CALL = re.compile(r"\b([a-z_]+)\(")


def arguments(text, at):
    """What stands between the parentheses of which the first opens at `at`, by the commas between."""
    found, depth, in_text, start = [], 0, False, at + 1
    for i in range(at, len(text)):
        if text[i] == '"' and text[i - 1] != "\\":
            in_text = not in_text
        elif in_text:
            continue
        elif text[i] in "([{":
            depth += 1
        elif text[i] in ")]}":
            depth -= 1
            if depth == 0:
                return [*found, text[start:i].strip()]
        elif text[i] == "," and depth == 1:
            found.append(text[start:i].strip())
            start = i + 1
    raise ValueError(text[at:at + 60])


def calls(source, name):
    """(place, arguments) of each call of a function, and of its definition."""
    return [(match.start(), arguments(source, match.end() - 1))
            for match in CALL.finditer(source) if match[1] == name]


def definition_around(source, place):
    """Name and parameters of the function whose body has that place."""
    head = list(re.finditer(r"^(?:static )?[a-z_]+ \*?([a-z_]+)(\()", source[:place], re.MULTILINE))[-1]
    return head[1], [each.split()[-1].lstrip("*") for each in arguments(source, head.start(2))]


def column(source, field):
    """The texts that a table of rules has in the field of that name."""
    fields = re.search(r"typedef struct rule \{(.*?)\} rule;", source, re.DOTALL)[1]
    names = [each.strip(" *;") for line in fields.split(";") for each in re.sub(r"^\s*(const )?\w+ ", "", line).split(",")]
    start = re.search(r"\brule rules\[\] = (\{)", source).start(1)
    return [arguments(row, 0)[names.index(field)] for row in arguments(source, start) if row.startswith("{")]


def texts_of(source, expression, place):
    """The string literals that an expression at that place may stand for."""
    if expression.startswith('"'):
        return {expression.strip('"')}
    if "->" in expression:
        return {each.strip('"') for each in column(source, expression.split("->")[1])}
    name, parameters = definition_around(source, place)
    position = parameters.index(expression)
    found = set()
    for at, passed in calls(source, name):
        if re.search(r"\n(static )?[a-z_]+ \*?$", source[:at]) is None:
            found |= texts_of(source, passed[position], at)
    return found


def rules_in_code():
    found = set()
    for folder in ANALYZERS.iterdir():
        source = "\n".join(path.read_text() for path in sorted(folder.glob("*.[ch]")))
        for place, passed in calls(source, "ml_finding_begin"):
            found |= {f"{folder.name}/{text}" for text in texts_of(source, passed[2], place)}
    return found


class Rules(unittest.TestCase):
    def setUp(self):
        self.page = (ANALYZERS / "README.md").read_text()

    def test_every_rule_stands_there_once(self):
        told = re.findall(r"^### `([a-z-]+/[a-z-]+)`$", self.page, re.MULTILINE)
        code = rules_in_code()
        self.assertGreater(len(code), 20)
        self.assertEqual(sorted(told), sorted(code))

    def test_every_rule_stands_in_the_section_of_its_analyzer_and_is_told_whole(self):
        for section in re.split(r"^## ", self.page, flags=re.MULTILINE)[1:]:
            name, *rules = re.split(r"^### ", section, flags=re.MULTILINE)
            name = name.splitlines()[0]
            for rule in rules:
                with self.subTest(rule.splitlines()[0]):
                    self.assertTrue(rule.startswith(f"`{name}/"), rule)
                    self.assertEqual(re.findall(r"^\| (\w+) \| .+ \|$", rule, re.MULTILINE), ROWS)

    def test_every_analyzer_says_what_it_cannot_know(self):
        folders = sorted(path.parent.name for path in ANALYZERS.glob("*/*.c") if path.stem == path.parent.name)
        sections = re.split(r"^## ", self.page, flags=re.MULTILINE)[1:]
        self.assertEqual(sorted(section.splitlines()[0] for section in sections), folders)
        for section in sections:
            self.assertEqual(section.count("**What it cannot know.**"), 1, section.splitlines()[0])

    def test_every_option_of_a_rule_stands_there(self):
        for path in ANALYZERS.glob("*/*.c"):
            section = self.page.split(f"\n## {path.parent.name}\n")[-1].split("\n## ")[0]
            for option in re.findall(r'ML_OPTION\("([a-z-]+)", ML_OPTION_(?:INT|REAL)', path.read_text()):
                self.assertIn(f"`{option}` (", section, path)


if __name__ == "__main__":
    unittest.main()
