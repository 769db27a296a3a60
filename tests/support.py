"""What the Python tests share: where things are, and how to record and analyse a program.

tests/run.py sets MICROLOG_BUILD, MICROLOG_SANITIZED and MICROLOG_PYTHON; a test file run alone
(`python3 -m unittest tests/recorder/test_x.py` from the root) falls back to build/.
"""

import collections
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
TIME_LIMIT = 120
STOLEN = 0.1  # of one processor: what is measured by the clock then is not only the program's

Recording = collections.namedtuple("Recording", "path process")


def build():
    """The folder of the normal build."""
    return pathlib.Path(os.environ.get("MICROLOG_BUILD", ROOT / "build")).resolve()


def sanitized_build():
    """The folder of the build under address and undefined sanitizers; skips if there is none."""
    folder = pathlib.Path(os.environ.get("MICROLOG_SANITIZED", f"{build()}-san-address-undefined"))
    if not (folder / "bin" / "microlog-analyze").exists():
        raise unittest.SkipTest(f"no sanitized build in {folder}: run `make sanitized`")
    return folder.resolve()


def interpreters():
    """The interpreters for which the recorder was built, the default one first."""
    return os.environ.get("MICROLOG_PYTHON", "python3").split()


def require(program):
    """Returns the path of `program`, or skips the test, which is then listed with this reason."""
    path = shutil.which(program)
    if path is None:
        raise unittest.SkipTest(f"{program} is not installed: sh install-deps.sh tests")
    return path


def run(command, **options):
    """subprocess.run with text captured and a time limit; `options` override."""
    options = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True,
               "timeout": TIME_LIMIT, **options}
    if "input" in options:
        del options["stdin"]
    return subprocess.run([str(word) for word in command], **options)


def analyze(*arguments, sanitized=False, **options):
    """Runs microlog-analyze with `arguments`; returns the completed process."""
    folder = sanitized_build() if sanitized else build()
    return run([folder / "bin" / "microlog-analyze", *arguments], **options)


def recorder_environment(**variables):
    """The environment in which `import microlog` finds the build, plus `variables`."""
    return {**os.environ, "PYTHONPATH": str(build() / "python"), **variables}


def record(script, *arguments, output=None, rate=None, interpreter=None, options=(), **run_options):
    """Runs `python -m microlog [options] script arguments`; returns (path of recording, process).

    Without `output` the recording goes to a new folder which the caller may leave to the system.
    """
    if output is None:
        output = pathlib.Path(tempfile.mkdtemp(prefix="microlog-test-")) / "run.mlog"
    command = [interpreter or interpreters()[0], "-m", "microlog", "-o", output]
    if rate is not None:
        command += ["--rate", rate]
    run_options.setdefault("env", recorder_environment())
    process = run([*command, *options, script, *arguments], **run_options)
    return Recording(pathlib.Path(output), process)


def stolen_seconds():
    """Time of this machine's processors that its host gave to others (proc(5), steal); 0 where nothing tells."""
    try:
        with open("/proc/stat", encoding="ascii") as file:
            return int(file.readline().split()[8]) / os.sysconf("SC_CLK_TCK")
    except (OSError, IndexError):
        return 0


class HostWatch:
    """What the machine's host took away since this was made: the one disturbance that a test can measure from within."""

    def __init__(self):
        self.stolen, self.began = stolen_seconds(), time.monotonic()

    def excuse(self):
        """Words if it was more than STOLEN, else ""."""
        share = (stolen_seconds() - self.stolen) / (time.monotonic() - self.began)
        return f"the host took {share:.0%} of a processor away meanwhile" if share > STOLEN else ""


class Tree(unittest.TestCase):
    """A test with a temporary folder, `root`."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="microlog-tree-")
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def write(self, path, text):
        """Writes a file below root; returns its path."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def compile(self, path, source, *flags):
        """Compiles C source to the program or shared object `path` below root; returns its path."""
        program = self.write(path, "")
        done = run(["cc", "-w", "-fPIC", "-o", program, self.write(f"{path}.c", source), *flags])
        self.assertEqual(done.returncode, 0, done.stderr)
        return program
