"""One busy thread: JSON, regular expressions, difflib, ast, tokenize, minidom, pprint, decimal, recursion."""

import ast
import decimal
import difflib
import inspect
import io
import json
import pprint
import re
import sys
import time
import tokenize
import xml.dom.minidom

SECONDS = float(sys.argv[1])
SOURCE = inspect.getsource(difflib)
DATA = [{"id": i, "tags": [str(i)] * 3, "nested": {"a": [i] * 4, "b": {"c": i / 3}}} for i in range(120)]


def do_json():
    return json.loads(json.dumps(DATA, indent=1))


def do_regex():
    re.purge()
    return [len(re.findall(pattern, SOURCE)) for pattern in (r"\bdef (\w+)", r"(a|b)+c?", r"\d+(\.\d+)?")]


def do_difflib():
    lines = SOURCE.splitlines()[:90]
    return list(difflib.unified_diff(lines, lines[5:] + lines[:5]))


def do_ast():
    return sum(1 for _ in ast.walk(ast.parse(SOURCE)))


def do_tokenize():
    return sum(1 for _ in tokenize.generate_tokens(io.StringIO(SOURCE[:12000]).readline))


def do_xml():
    text = "<r>" + "".join(f"<i n='{i}'>x</i>" for i in range(200)) + "</r>"
    return xml.dom.minidom.parseString(text).toprettyxml()


def do_pprint():
    return pprint.pformat(DATA[:40])


def do_decimal():
    total = decimal.Decimal(0)
    for i in range(1, 4000):
        total += decimal.Decimal(1) / i
    return total


def do_recursion(n=17):
    return n if n < 2 else do_recursion(n - 1) + do_recursion(n - 2)


def main():
    end = time.monotonic() + SECONDS
    jobs = (do_json, do_regex, do_difflib, do_ast, do_tokenize, do_xml, do_pprint, do_decimal, do_recursion)
    while True:
        for job in jobs:
            job()
            if time.monotonic() > end:
                return


main()
