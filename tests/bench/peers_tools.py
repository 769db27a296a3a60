"""The profilers that peers.py compares: how each is installed, and how it is told to run a program at a rate."""

import collections
import os
import pathlib
import subprocess
import sys

import figures

# `prefix` are the words before the program's file, `inside` those behind it; `path` goes into PYTHONPATH.
Tool = collections.namedtuple("Tool", "name prefix inside path")
Missing = collections.namedtuple("Missing", "name reason")


def _first_line(text, start):
    """The line that says what is wrong, or the last one."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return next((line for line in lines if line.startswith(start)), lines[-1] if lines else "no output")


class Installer:
    """Installs packages for one interpreter, each into a folder of its own, by a pip of its own in a virtual
    environment: the interpreter itself need not have one and is not changed. What is there is not fetched again."""

    def __init__(self, python, folder):
        version = figures.ask(python, "'%d.%d' % sys.version_info[:2]")
        self.python = python
        self.folder = pathlib.Path(folder).resolve()
        self.packages = self.folder / f"packages-{version}"
        self.pip = self.folder / "pip" / "bin" / "python"

    def _prepare(self):
        if not self.pip.exists():
            subprocess.run([sys.executable, "-m", "venv", self.folder / "pip"], check=True)
            subprocess.run([self.pip, "-m", "pip", "install", "--quiet", "--upgrade", "pip"], check=True)

    def install(self, package):
        """(folder, "") or (None, reason)."""
        target = self.packages / package.replace("<", "-before-")
        if target.exists():
            return target, ""
        self._prepare()
        done = subprocess.run([self.pip, "-m", "pip", "--disable-pip-version-check", "--python", self.python, "install",
                               "--quiet", "--target", target, package], capture_output=True, text=True)
        if done.returncode != 0:
            return None, _first_line(done.stderr, "ERROR")
        return target, ""


def _answers(program):
    """Does it run here at all? A distribution's binary may need a newer C library."""
    done = subprocess.run([program, "--version"], capture_output=True, text=True)
    return done.returncode == 0, _first_line(done.stderr or done.stdout, "")


def microlog(python, installer, rate, output):
    return Tool("microlog", [python, "-m", "microlog", "--rate", rate, "-o", output], [], None)


def wake_only(python, installer, rate, output):
    return Tool("wake-only", [python], ["--wake", rate], None)


def predecessor(python, installer, rate, output):
    return Tool("predecessor's way", [python], ["--predecessor", rate], None)


def py_spy(python, installer, rate, output):
    folder, reason = installer.install("py-spy")
    if folder is None:
        return Missing("py-spy", reason)
    return Tool("py-spy", [folder / "bin" / "py-spy", "record", "--rate", rate, "--format", "raw", "--output", output, "--",
                           python], [], None)


def austin(python, installer, rate, output):
    reason = ""
    for package in ("austin-dist", "austin-dist<4"):
        folder, reason = installer.install(package)
        good, reason = _answers(folder / "bin" / "austin") if folder else (False, reason)
        if good:
            return Tool("Austin", [folder / "bin" / "austin", "-i", f"{round(1000 / float(rate))}ms", "-o", output,
                                   python], [], None)
    return Missing("Austin", reason)


def tachyon(python, installer, rate, output):
    if figures.ask(python, "sys.version_info >= (3, 15)") != "True":
        return Missing("Tachyon", "needs CPython 3.15")
    return Tool("Tachyon", [python, "-m", "profiling.sampling", "run", "-r", rate, "-a", "--binary", "-o", output], [],
                None)


def pyinstrument(python, installer, rate, output):
    folder, reason = installer.install("pyinstrument")
    if folder is None:
        return Missing("pyinstrument", reason)
    return Tool("pyinstrument", [python, "-m", "pyinstrument", "-i", 1 / float(rate), "-r", "pyisession", "-o", output],
                [], folder)


def scalene(python, installer, rate, output):
    folder, reason = installer.install("scalene")
    if folder is None:
        return Missing("Scalene", reason)
    return Tool("Scalene", [python, "-m", "scalene", "run", "--cpu-only", "--cpu-sampling-rate", 1 / float(rate), "-o",
                            output], [], folder)


def bare(python, installer, rate, output):
    return Tool("bare", [python], [], None)


ALL = {function.__name__: function
       for function in (bare, wake_only, microlog, predecessor, py_spy, austin, tachyon, pyinstrument, scalene)}


def command(tool, *arguments):
    """The words that run the target under the tool, and the environment."""
    words = [*tool.prefix, figures.HERE / "peers_target.py", *tool.inside, *arguments]
    return [os.fspath(word) if isinstance(word, os.PathLike) else str(word) for word in words]
