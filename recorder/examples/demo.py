"""A program that studies the standard library it runs on, with two deliberate faults.

    python -m microlog recorder/examples/demo.py
    microlog-analyze run.mlog --plugins all

It works for twelve seconds, on any machine: memory is read once a second, and it takes some readings
to tell growth from a warm-up. It needs no microlog: it is an ordinary program. Three threads with names share the work: the reader hands module after module to

    compiler   parses and compiles each one, and writes the bytecode into a temporary folder;
    indexer    splits each one into tokens, and keeps an index of words in SQLite;
    archiver   turns each syntax tree into JSON, HTML and a pickle, reads them back, compresses.

What a look at the recording should find:

  * `open_without_closing` opens every third module and forgets to close it: the number of open
    descriptors rises for as long as the program runs;
  * `remember_forever` keeps the text of every rendering in a cache that nothing ever empties: the
    memory grows as steadily;
  * the log has a handled error (a module that does not parse) and a warning (the cache grew large).

`--seconds` says how long it works, `--rounds` how often it goes over the modules at most.
"""

import argparse
import ast
import collections
import hashlib
import html
import html.parser
import io
import json
import logging
import pathlib
import pickle
import queue
import sqlite3
import sysconfig
import tempfile
import threading
import time
import tokenize
import zlib

MODULES = (
    "ast bisect calendar codecs collections/__init__ configparser contextlib copy csv dataclasses "
    "datetime decimal difflib dis enum fnmatch fractions functools glob gzip hashlib heapq hmac "
    "html/parser http/client inspect ipaddress json/decoder json/encoder linecache locale "
    "logging/__init__ operator optparse os pathlib pickle platform posixpath queue random shlex "
    "shutil socket statistics string subprocess sysconfig tarfile tempfile textwrap threading "
    "tokenize traceback types typing unittest/case warnings weakref"
).split()
BROKEN_SOURCE = "def unfinished(:\n    return\n"
BROKEN_AFTER = 20
LEAK_EVERY = 3
CACHE_WARNING_BYTES = 8 << 20

log = logging.getLogger("demo")

Module = collections.namedtuple("Module", "name source round")


# --- The two faults -------------------------------------------------------------------------------

forgotten_files = []
renderings = {}


def open_without_closing(path):
    """The descriptor leak: the file lands in a list, and nobody ever closes it."""
    file = open(path, "rb")
    forgotten_files.append(file)
    return file


def remember_forever(module, rendering):
    """The memory leak: a cache whose key contains the round, so that it never hits."""
    renderings[module.name, module.round] = rendering


# --- The work -------------------------------------------------------------------------------------

class Compiler:
    """Compiles modules and keeps the bytecode in a folder."""

    log = logging.getLogger("demo.compiler")

    def __init__(self, folder):
        self.folder = folder
        self.functions = 0

    def handle(self, module):
        try:
            tree = ast.parse(module.source, module.name)
        except SyntaxError as error:
            self.log.error("cannot compile %s: %s in line %s", module.name, error.msg, error.lineno)
            return
        self.functions += count_functions(tree)
        code = compile(tree, module.name, "exec", optimize=1)
        self.store(module, pickle.dumps((code.co_names, code.co_code)))
        self.log.debug("compiled %s: %d names", module.name, len(code.co_names))

    def store(self, module, data):
        target = self.folder / (module.name.replace("/", ".") + ".bytecode")
        target.write_bytes(zlib.compress(data))

    def finish(self):
        print(f"compiler: {self.functions} functions")


def count_functions(tree):
    return sum(isinstance(node, (ast.FunctionDef, ast.Lambda)) for node in ast.walk(tree))


class Indexer:
    """Counts the words of each module in a database that lives in memory."""

    log = logging.getLogger("demo.indexer")

    def __init__(self):
        self.database = sqlite3.connect(":memory:", check_same_thread=False)
        self.database.execute("CREATE TABLE words (module TEXT, word TEXT, uses INTEGER)")
        self.database.execute("CREATE INDEX by_word ON words (word)")

    def handle(self, module):
        try:
            words = count_words(module.source)
        except (tokenize.TokenError, SyntaxError) as error:
            self.log.info("half of %s is indexed: %s", module.name, error)
            return
        rows = [(module.name, word, uses) for word, uses in sorted(words.items())]
        with self.database:
            self.database.execute("DELETE FROM words WHERE module = ?", (module.name,))
            self.database.executemany("INSERT INTO words VALUES (?, ?, ?)", rows)

    def finish(self):
        query = "SELECT word, SUM(uses) FROM words GROUP BY word ORDER BY 2 DESC, 1 LIMIT 5"
        common = ", ".join(f"{word} {uses}" for word, uses in self.database.execute(query))
        print(f"indexer: most used words: {common}")
        self.database.close()


def count_words(source):
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return collections.Counter(token.string for token in tokens if token.type == tokenize.NAME)


class Archiver:
    """Renders syntax trees as JSON, HTML and pickle, and checks that they can be read back."""

    log = logging.getLogger("demo.archiver")

    def __init__(self):
        self.bytes_written = 0
        self.cache_bytes = 0
        self.warned = False
        self.digest = hashlib.sha256()

    def handle(self, module):
        try:
            outline = outline_of(ast.parse(module.source))
        except SyntaxError:
            self.log.info("%s has no outline", module.name)
            return
        text = render_json(outline)
        page = render_html(outline, module.source)
        remember_forever(module, text + page)
        packed = zlib.compress(pickle.dumps((outline, page)), 6)
        self.digest.update(packed)
        self.bytes_written += len(packed)
        self.watch_cache(len(text) + len(page))

    def watch_cache(self, added):
        self.cache_bytes += added
        if self.cache_bytes > CACHE_WARNING_BYTES and not self.warned:
            self.log.warning("the cache holds %d renderings, %.1f MB", len(renderings),
                             self.cache_bytes / 1e6)
            self.warned = True

    def finish(self):
        print(f"archiver: {self.bytes_written} bytes, sha256 {self.digest.hexdigest()[:16]}")


def outline_of(node):
    """The tree as nested lists: kind, name, line, children."""
    children = [outline_of(child) for child in ast.iter_child_nodes(node)]
    name = getattr(node, "name", getattr(node, "id", None))
    name = name if isinstance(name, str) else ""
    return [type(node).__name__, name, getattr(node, "lineno", 0), children]


def render_json(outline):
    text = json.dumps(outline)
    if json.loads(text) != outline:
        raise ValueError("JSON did not come back as it went")
    return text


class Headings(html.parser.HTMLParser):
    """Reads a rendered page back."""

    def __init__(self):
        super().__init__()
        self.count = 0

    def handle_starttag(self, tag, attributes):
        self.count += tag == "h2"


def render_html(outline, source):
    names = [(kind, name, line) for kind, name, line, _ in flatten(outline)
             if kind in ("FunctionDef", "ClassDef")]
    headings = "".join(f"<h2 id=L{line}>{html.escape(name)}</h2>" for _, name, line in names)
    page = f"<body>{headings}<pre>{html.escape(source)}</pre></body>"
    reader = Headings()
    reader.feed(page)
    if reader.count != len(names):
        raise ValueError("the page lost a heading")
    return page


def flatten(outline):
    yield outline
    for child in outline[3]:
        yield from flatten(child)


# --- The threads ----------------------------------------------------------------------------------

def work(worker, inbox):
    """A worker's thread: handles modules until None arrives."""
    while True:
        module = inbox.get()
        if module is None:
            break
        try:
            worker.handle(module)
        except Exception:
            worker.log.exception("cannot handle %s", module.name)
    worker.finish()


def start_worker(name, worker):
    inbox = queue.Queue(maxsize=2)
    thread = threading.Thread(target=work, args=(worker, inbox), name=name)
    thread.start()
    return thread, inbox


def find_modules():
    library = pathlib.Path(sysconfig.get_path("stdlib"))
    paths = ((name, library / f"{name}.py") for name in MODULES)
    return [(name, path) for name, path in paths if path.exists()]


def read_module(number, path):
    if number % LEAK_EVERY == 0:
        return open_without_closing(path).read().decode()
    with open(path, encoding="utf-8") as file:
        return file.read()


def read_modules(rounds, deadline):
    """Yields each module once a round, and soon one that does not parse."""
    modules = find_modules()
    number = 0
    for round_number in range(rounds):
        log.info("round %d: %d modules", round_number + 1, len(modules))
        for name, path in modules:
            if time.monotonic() > deadline:
                log.info("time is up after %d modules", number)
                return
            yield Module(name, read_module(number, path), round_number)
            number += 1
            if number == BROKEN_AFTER:
                yield Module("broken", BROKEN_SOURCE, round_number)


def study(rounds, deadline):
    with tempfile.TemporaryDirectory(prefix="demo-") as folder:
        workers = [start_worker("compiler", Compiler(pathlib.Path(folder))),
                   start_worker("indexer", Indexer()),
                   start_worker("archiver", Archiver())]
        count = 0
        for module in read_modules(rounds, deadline):
            for _, inbox in workers:
                inbox.put(module)
            count += 1
        for thread, inbox in workers:
            inbox.put(None)
            thread.join()
    print(f"reader: {count} modules, {len(forgotten_files)} files forgotten open")


def main():
    parser = argparse.ArgumentParser(description="Study the standard library, with two faults.")
    parser.add_argument("--rounds", type=int, default=1000, help="times to go over it at most")
    parser.add_argument("--seconds", type=float, default=12, help="stop after this long (default: 12)")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(levelname)-7s %(name)s: %(message)s")
    study(arguments.rounds, time.monotonic() + arguments.seconds)


if __name__ == "__main__":
    main()
