"""The planted programs: the table of what must be found in them, and how a twin is recorded and analysed.

expected.tsv has a line for each program in programs/:

    program    its file without .py; with the argument `clean` it runs the twin without the fault
    packages   what it imports beside the standard library, comma-separated
    rules      a finding of one of these, at warning or above, is what must be found; `memleak/*` is any rule of memleak
    also       rules that may find something, too: the fault has this consequence
    file       where the finding must point to, if not to the program itself
    functions  one of these must be named, without the names of classes around it
"""

import collections
import csv
import fnmatch
import json
import pathlib
import subprocess
import sys
import threading

from tests import interpreters, support

sys.path.append(str(support.ROOT / "tests" / "bench"))

import peers_tools  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
PROGRAMS = HERE / "programs"
TWINS = "planted", "clean"
LOUD = "warning", "error"
ABOUT_THE_RECORDING = "quality/*"  # says whether the recording can be trusted, not what is wrong with the program

one_at_a_time = threading.Lock()

Pair = collections.namedtuple("Pair", "program packages rules also file functions")
Finding = collections.namedtuple("Finding", "id rule level message places")  # places: {(file, function)}


def words(text, separator):
    return tuple(filter(None, text.split(separator)))


def load():
    """The table, as Pairs."""
    with open(HERE / "expected.tsv", encoding="utf-8", newline="") as file:
        return [Pair(row["program"], words(row["packages"], ","), words(row["rules"], "|"), words(row["also"], "|"),
                     row["file"] or f"{row['program']}.py", words(row["functions"], "|"))
                for row in csv.DictReader(file, delimiter="\t")]


def is_one_of(rule, patterns):
    return any(fnmatch.fnmatchcase(rule, pattern) for pattern in patterns)


# --- Recording --------------------------------------------------------------------------------------

def packages(pair, interpreter):
    """(folders for PYTHONPATH, "") or (None, why they cannot be had)."""
    installer = peers_tools.Installer(interpreter.path, support.build() / "packages")
    folders = []
    for package in pair.packages:
        try:
            with one_at_a_time:
                folder, reason = installer.install(package)
        except (OSError, subprocess.SubprocessError) as error:
            folder, reason = None, str(error)
        if folder is None:
            return None, f"{package}: {reason}"
        folders.append(str(as_installed(folder)))
    return folders, ""


def as_installed(folder):
    """A path to the folder by which its modules are a library's, not the project's."""
    link = folder.parent / f"as-installed-{folder.name}" / "site-packages"
    if not link.is_symlink():
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(folder)
    return link


def record(pair, twin, interpreter, path, folders):
    """Writes the recording of a twin."""
    variables = interpreters.environment(interpreter)
    variables["PYTHONPATH"] = ":".join([variables["PYTHONPATH"], *folders])
    done = support.run([interpreter.path, "-m", "microlog", "-o", path, PROGRAMS / f"{pair.program}.py", twin],
                       cwd=path.parent, env=variables)
    if done.returncode:
        raise AssertionError(f"{pair.program} ({twin}) ended with {done.returncode}:\n{done.stderr[-2000:]}")


def analyze(path):
    """The Findings of a recording, most important first."""
    report = path.with_suffix(".json")
    done = support.analyze(path, "--plugins", "all", "--format", "json", "-o", report)
    if done.returncode or not report.exists():
        raise AssertionError(f"{path.name} is not analysed ({done.returncode}): {done.stderr}")
    found = findings(json.loads(report.read_text(encoding="utf-8")))
    return list({each.id: each for each in found}.values())  # the verdict repeats those of the analyzers


def plain_name(function):
    """The name of a function without what is around it; an expression with a frame of its own is part of its function."""
    named = [part for part in function.split(".") if not part.startswith("<") or part == "<module>"]
    return named[-1] if named else function


def findings(value):
    """All findings of a report, however deep."""
    if isinstance(value, dict):
        if value.get("kind") == "finding":
            yield Finding(value["id"], value["rule"], value["level"], value["message"],
                          {(pathlib.PurePath(place.get("file", "")).name, plain_name(place.get("function", "")))
                           for place in value["locations"]})
        value = list(value.values())
    for child in value if isinstance(value, list) else ():
        yield from findings(child)


# --- Judging ----------------------------------------------------------------------------------------

def loud(found):
    return [each for each in found if each.level in LOUD and not is_one_of(each.rule, [ABOUT_THE_RECORDING])]


def is_in_place(finding, pair):
    return any(file == pair.file and function in pair.functions for file, function in finding.places)


def judge(pair, planted, clean):
    """(verdict, finding that decides or None, [(twin, false alarm)]): the verdict is found, wrong place, no place, note only or
    missed. A finding that says itself that it knows no place points to no wrong one, and is not found."""
    expected = [each for each in planted if is_one_of(each.rule, pair.rules)]
    alarms = [("planted", each) for each in loud(planted) if not is_one_of(each.rule, pair.rules + pair.also)] + \
             [("clean", each) for each in loud(clean)]
    for verdict, fitting in (("found", [each for each in loud(expected) if is_in_place(each, pair)]),
                             ("wrong place", [each for each in loud(expected) if each.places]),
                             ("no place", loud(expected)),
                             ("note only", expected)):
        if fitting:
            return verdict, fitting[0], alarms
    return "missed", None, alarms
