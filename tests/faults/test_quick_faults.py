"""Plugins that crash, hang, flood, leave: each costs its own part of the report, and nothing else."""

import functools
import json
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

import support

sys.path.append(str(support.ROOT / "tests/cli"))
import recordings  # noqa: E402

FAULT = support.ROOT / "tests/faults/fault.c"
LOADING = {
    "crash": "__attribute__((constructor)) static void f(void) { *(volatile int *)8 = 1; }",
    "exit": "#include <unistd.h>\n__attribute__((constructor)) static void f(void) { _exit(0); }",
    "hang": "#include <unistd.h>\n__attribute__((constructor)) static void f(void)"
            "{ for (;;) pause(); }",
    "socket": "#include <stdlib.h>\n#include <sys/socket.h>\n__attribute__((constructor))"
              "static void f(void) { if (socket(2, 1, 0) >= 0) abort(); }",
}


def compile_plugin(path, source, *flags):
    done = support.run(["cc", "-w", "-O0", "-fPIC", "-shared", "-fvisibility=hidden", "-I",
                        support.ROOT / "plugins-sdk/include", "-o", path, source, *flags])
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return path


@functools.lru_cache(maxsize=None)
def prepare_room():
    folder = tempfile.TemporaryDirectory(prefix="microlog-faults-")
    unittest.addModuleCleanup(folder.cleanup)
    root = pathlib.Path(folder.name)
    recordings.make(root / "run.mlog")
    return (root, compile_plugin(root / "microlog-analyzer-fault.so", FAULT),
            compile_plugin(root / "microlog-renderer-fault.so", FAULT, "-DRENDERER"))


def session_members(session):
    """The processes of a session, zombies left out."""
    found = []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(") ")[2].split()
        except OSError:
            continue
        if fields[3] == str(session) and fields[0] not in "ZX":
            found.append(stat.parent.name)
    return found


class Room(unittest.TestCase):
    """A folder with the faulty plugins and a recording, for the whole file."""

    @classmethod
    def setUpClass(cls):
        cls.root, cls.analyzer, cls.renderer = prepare_room()

    @classmethod
    def tool(cls, *arguments, sanitized=False):
        """Runs the tool as a session of its own and checks that no process of it is left."""
        folder = support.sanitized_build() if sanitized else support.build()
        command = [folder / "bin/microlog-analyze", *arguments]
        with subprocess.Popen([str(word) for word in command], cwd=cls.root, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, start_new_session=True) as process:
            out, err = process.communicate(timeout=30)
        deadline = time.monotonic() + 2
        while session_members(process.pid) and time.monotonic() < deadline:
            time.sleep(0.01)
        if session_members(process.pid):
            raise AssertionError(f"processes are left after {arguments}")
        return subprocess.CompletedProcess(command, process.returncode, out, err)


def to_stdout(*arguments):
    return ("run.mlog", "-q", "--format", "json", "-o", "-", *arguments)


class Analyzers(Room):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.others = cls.documents(cls.tool(*to_stdout("--plugins", "fdleak,hotspots")))

    @staticmethod
    def documents(done):
        """Documents by plugin, as text, and the rest of the report."""
        report = json.loads(done.stdout)
        found = {item["plugin"]: json.dumps(item) for item in report.pop("documents")}
        return found, json.dumps(report)

    def analyze(self, how, *arguments, code=3):
        """Runs the analyzer `fault` beside two others, whose documents must not change."""
        done = self.tool(*to_stdout("--plugins", f"fdleak,hotspots,{self.analyzer}",
                                    "--option", f"fault.how={how}", *arguments))
        self.assertEqual(done.returncode, code, done.stderr)
        found, rest = self.documents(done)
        document = json.loads(found.pop("fault"))
        self.assertEqual((found, rest), self.others)
        if document["status"] != "ok":
            self.assertIn(f"plugin fault: {document['status']}: {document['message']}", done.stderr)
        self.stderr = done.stderr
        return document

    def check(self, how, status, message, *arguments, blocks=("before",)):
        document = self.analyze(how, *arguments)
        self.assertEqual((document["status"], document["message"]), (status, message))
        self.assertEqual(tuple(block["key"] for block in document["blocks"]), blocks)

    def test_nothing_wrong(self):
        document = self.analyze("", code=0)
        self.assertEqual([block["key"] for block in document["blocks"]], ["before", "after"])

    def test_signals(self):
        segv = "ended by SIGSEGV (it used memory that is not its own)"
        for how, message in {
                "segv": segv, "null": segv, "stack": segv, "model": segv,
                "abort": "ended by SIGABRT (it gave up by itself)",
                "kill": "ended by SIGKILL (somebody else, or the system short of memory)"}.items():
            with self.subTest(how=how):
                self.check(how, "crashed", message)

    def test_a_crash_is_told_with_how_far_it_was_and_what_it_said(self):
        self.check("crash", "crashed",
                   "ended by SIGABRT (it gave up by itself) while it was at 3 of 10 files; "
                   "the last it printed was: assertion failed: x > 0")
        self.analyze("crash", "-v")
        self.assertIn("microlog-analyze: fault: printed: assertion failed: x > 0\n", self.stderr)
        self.assertIn("microlog-analyze: fault: printed: microlog worker: fault was ended by "
                      "SIGABRT (it gave up by itself) while it was at files\n", self.stderr)

    def test_hanging(self):
        begin = time.monotonic()
        self.check("hang", "timeout", "not done after 0.2 s while it was at 3 of 10 files; "
                                      "a larger --timeout gives it longer", "--timeout", "0.2")
        self.assertLess(time.monotonic() - begin, 5)

    def test_a_plugin_that_stops_when_asked_is_partial(self):
        self.check("patient", "partial", "half of it was seen: stopped after 0.2 s; "
                                         "a larger --timeout gives it longer", "--timeout", "0.2")

    def test_a_plugin_that_ignores_sigterm(self):
        self.check("stubborn", "timeout", "not done after 0.1 s; a larger --timeout gives it longer",
                   "--timeout", "0.1")

    def test_under_sanitizers(self):
        for how, status in {"": "ok", "segv": "crashed", "exit": "failed", "close": "failed",
                            "garbage": "failed"}.items():
            with self.subTest(how=how):
                done = self.tool(*to_stdout("--plugins", self.analyzer, "--option",
                                            f"fault.how={how}"), sanitized=True)
                found, _ = self.documents(done)
                self.assertEqual(json.loads(found["fault"])["status"], status)
                self.assertNotIn("ERROR: AddressSanitizer", done.stderr)

    def test_leaving(self):
        self.check("exit", "failed", "it ended its process with exit code 0 instead of returning; "
                                     "the last it printed was: leaving")
        self.check("_exit", "failed", "it ended its process with exit code 7 instead of returning")

    def test_printing(self):
        document = self.analyze("print", "-v", code=0)
        self.assertEqual(document["status"], "ok")
        self.assertEqual(self.stderr.count(f"fault: printed: {'0' * 63}\n"), 2)
        document = self.analyze("print-much")
        self.assertEqual(document["status"], "failed")
        self.assertTrue(document["message"].startswith(
            "too much output: more than 64 KiB on stdout and stderr; the last it printed was: 000"))

    def test_floods_of_blocks_and_lines(self):
        document = self.analyze("blocks")
        self.assertEqual((document["status"], len(document["blocks"])), ("partial", 10000))
        self.assertIn("a document has at most 10000 blocks", document["message"])
        self.analyze("log", code=0)
        self.assertEqual(len(self.stderr.splitlines()), 100)

    def test_eating_memory(self):
        self.check("memory", "failed",
                   "no memory for a table; --memory sets how much a plugin may use",
                   "--memory", "64")

    def test_descriptors(self):
        self.check("close", "failed", "it closed descriptors that are not its own")
        self.check("garbage", "failed", "it wrote into a descriptor that is not its own")
        self.check("count", "failed", "4 descriptors are open")

    def test_forks(self):
        for how in ("fork", "fork-stay"):
            with self.subTest(how=how):
                document = self.analyze(how, code=0)
                self.assertEqual([block["key"] for block in document["blocks"]],
                                 ["before", "after"])

    def test_what_is_forbidden(self):
        self.check("forbidden", "failed", "everything was refused")

    def test_the_next_recording_has_a_new_worker(self):
        names = [recordings.make(self.root / f"{number}.mlog", session=number).name
                 for number in (1, 2, 3)]
        for jobs in (1, 8):
            done = support.analyze(*names, "--plugins", f"fdleak,{self.analyzer}", "--option",
                                   "fault.how=crash-second", "--format", "json", "--jobs", jobs,
                                   "-o", f"{jobs}/", cwd=self.root)
            self.assertEqual(done.returncode, 3, done.stderr)
            status = [json.loads((self.root / f"{jobs}/{number}.json").read_text())
                      ["documents"][0]["status"] for number in (1, 2, 3)]
            self.assertEqual(status, ["ok", "crashed", "ok"])

    def test_the_same_bytes_however_it_is_run(self):
        made = {}
        for options in (["--jobs", "1"], ["--jobs", "8"], ["--isolate", "none"]):
            name = f"way-{options[-1]}"
            done = support.analyze("run.mlog", "-q", *options, "--format",
                                   "html,json,ndjson,svg,text", "-o", name, cwd=self.root)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            made[options[-1]] = {file.suffix: file.read_bytes()
                                 for file in self.root.glob(f"{name}.*")}
            self.assertEqual(len(made[options[-1]]), 5)
        self.assertEqual(made["1"], made["8"])
        self.assertEqual(made["1"], made["none"])


class Renderers(Room):

    def render(self, how, *arguments, code=3):
        """Runs the renderer `fault` between two others, which must write their files."""
        for file in self.root.glob("r.*"):
            file.unlink()
        done = self.tool("run.mlog", "--plugins", "fdleak", "--format",
                         f"json,{self.renderer},text", "-o", "r", "--option", f"fault.how={how}",
                         *arguments)
        self.assertEqual(done.returncode, code, done.stderr)
        for name in ("r.json", "r.txt"):
            self.assertIn("never closed", (self.root / name).read_text())
        self.assertIn("never closed", done.stdout)
        return done.stderr

    def test_nothing_wrong(self):
        self.assertEqual(self.render("", code=0), "")
        self.assertEqual((self.root / "r.fault").read_text(), "half\ndone\n")

    def test_what_goes_wrong_leaves_no_file(self):
        for how, words in {
                "segv": "ended by SIGSEGV", "stack": "ended by SIGSEGV",
                "exit": "it ended its process with exit code 0",
                "hang": "not done after 0.3 s while it was at 3 of 10 files",
                "print-much": "too much output: more than 64 KiB",
                "close": "it closed descriptors that are not its own",
                "garbage": "it wrote into a descriptor that is not its own"}.items():
            with self.subTest(how=how):
                stderr = self.render(how, "--timeout", "0.3")
                self.assertIn(f"microlog-analyze: renderer fault: {words}", stderr)
                self.assertFalse((self.root / "r.fault").exists())

    def test_what_was_there_before_stays(self):
        self.render("", code=0)
        before = (self.root / "r.fault").read_bytes()
        done = self.tool("run.mlog", "-q", "--format", self.renderer, "-o", "r.fault", "--option",
                         "fault.how=segv")
        self.assertEqual((done.returncode, (self.root / "r.fault").read_bytes()), (3, before))


class Loading(Room):

    def plugin(self, name):
        path = self.root / name / "microlog-analyzer-demo.so"
        path.parent.mkdir()
        source = self.root / f"{name}.c"
        source.write_text(LOADING[name] + f'\n#include "{FAULT}"\n')
        return compile_plugin(path, source)

    def test_plugins_that_do_not_survive_being_loaded(self):
        for name, words in {
                "crash": "ended by SIGSEGV (it used memory that is not its own) while it was loaded",
                "exit": "it ended its process with exit code 0 while it was loaded",
                "hang": "it was not loaded after 2 s"}.items():
            with self.subTest(name=name):
                path = self.plugin(name)
                done = self.tool("info", path)
                self.assertEqual(done.returncode, 2)
                self.assertIn(f"cannot load {path}: {words}", done.stderr)
                if name != "hang":
                    done = self.tool(*to_stdout("--plugins", path))
                    self.assertEqual((done.returncode, done.stdout), (2, ""))
                    done = self.tool(*to_stdout("--plugins", "all", "--plugin-path", path.parent))
                    self.assertEqual(done.returncode, 3)
                    self.assertIn("plugin demo: failed: cannot load", done.stderr)
                    done = self.tool("list", "--plugin-path", path.parent)
                    self.assertEqual(done.returncode, 0)
                    self.assertRegex(done.stdout, r"analyzer +demo +broken: cannot load")

    def test_the_network_is_refused_while_it_is_loaded(self):
        path = self.plugin("socket").rename(self.root / "socket.so")
        done = self.tool(*to_stdout("--plugins", path))
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_wrong_options_of_the_tool(self):
        for option, value in (("--jobs", "0"), ("--jobs", "x"), ("--timeout", "-1"),
                              ("--memory", "1"), ("--isolate", "exec")):
            done = self.tool("run.mlog", option, value)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn(f'{option} cannot be "{value}"', done.stderr)


if __name__ == "__main__":
    unittest.main()
