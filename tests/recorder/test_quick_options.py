"""The options of a recording: where they can be said, what they do, and what is said of impossible ones."""

import json
import os
import sys
import unittest

sys.path.insert(0, __file__.rsplit("/tests/", 1)[0])

from tests import support  # noqa: E402

WORK = "import time\ndef work():\n    end = time.time() + 0.2\n    while time.time() < end:\n        sum(range(100))\nwork()\n"


class Options(support.Tree):
    def environment(self, **variables):
        return support.recorder_environment(XDG_CONFIG_HOME=str(self.root / "config"), **variables)

    def run_program(self, *options, source="print('ran')\n", code=0, said="", **variables):
        """Runs a program; returns the head of run.mlog and its dump's records."""
        script = self.write("program.py", source)
        done = support.run([support.interpreters()[0], "-m", "microlog", *options, script], cwd=self.root,
                           env=self.environment(**variables))
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertIn(said, done.stderr)
        if not said:
            self.assertEqual(done.stderr, "")
        return done

    def dump(self, name="run.mlog"):
        lines = support.analyze("dump", "--format", "ndjson", self.root / name).stdout.splitlines()
        return [json.loads(line) for line in lines]

    def head(self, name="run.mlog"):
        return next(entry for entry in self.dump(name) if entry["record"] == "head")

    def hertz(self):
        return round(1e9 / self.head()["period_ns"])

    # ---- places ----

    def test_caller_before_environment_before_file(self):
        self.write("config/microlog/config", "# mine\nrate = 200\n\nlabel = from the file\n")
        self.run_program()
        self.assertEqual((self.hertz(), self.head()["label"]), (200, "from the file"))
        self.run_program(MICROLOG_RATE="300")
        self.assertEqual((self.hertz(), self.head()["label"]), (300, "from the file"))
        self.run_program("--rate", "400", "--label=mine", MICROLOG_RATE="300")
        self.assertEqual((self.hertz(), self.head()["label"]), (400, "mine"))

    def test_start_reads_the_same(self):
        self.write("config/microlog/config", "rate = 200\noutput = named.mlog\n")
        done = support.run([support.interpreters()[0], "-c", "import microlog\nmicrolog.start(label='x')\nmicrolog.stop()"],
                           cwd=self.root, env=self.environment())
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.head("named.mlog")["label"], "x")
        self.assertEqual(self.head("named.mlog")["period_ns"], 5000000)

    def test_off_switch(self):
        self.run_program(MICROLOG="0", said="not recording: MICROLOG is 0")
        source = ("import microlog\nmicrolog.start()\nprint(microlog.is_running())\n"
                  "with microlog.enabled('x.mlog'):\n    print(microlog.is_running())\nprint(microlog.stop())\n")
        done = support.run([support.interpreters()[0], "-c", source], cwd=self.root, env=self.environment(MICROLOG="off"))
        self.assertEqual(done.stdout, "False\nFalse\nNone\n", done.stderr)
        self.assertEqual([path.name for path in self.root.glob("*.mlog")], [])

    # ---- what is wrong ----

    def test_a_wrong_option_is_named_with_what_it_takes(self):
        for options, words in ((["--rate", "fast"], "--rate takes a number of samples a second, 1 to 10000, not 'fast'"),
                               (["--rate=0"], "--rate takes a number"), (["--lines", "some"], "--lines takes on or off"),
                               (["--pipe", "x"], "--pipe takes the number of an open descriptor"),
                               (["--frequency=1"], "unknown option --frequency=1")):
            done = self.run_program(*options, code=2, said=words)
            self.assertIn("--help", done.stderr)
            self.assertEqual(done.stdout, "")

    def test_a_wrong_configuration_does_not_stop_the_program(self):
        done = self.run_program(MICROLOG_RATE="fast", said="not recording: MICROLOG_RATE takes a number")
        self.assertEqual(done.stdout, "ran\n")
        self.write("config/microlog/config", "rate = 100\nrats = 7\n")
        done = self.run_program(said="microlog/config, line 2: 'rats' is no option; there are output, rate")
        self.assertEqual(done.stdout, "ran\n")

    # ---- what they do ----

    def test_without_lines(self):
        for options, detail in ((["--lines", "off"], 0), ([], 1)):
            self.run_program(*options, "--rate", "1000", source=WORK)
            records = self.dump()
            self.assertEqual(self.head()["detail"], detail)
            codes = {each["id"]: each["name"] for each in records if each["record"] == "code"}
            lines = {each["line"] for each in records
                     if each["record"] == "frame" and codes.get(each["code"]) in ("work", "<module>")}
            self.assertEqual(lines == {0}, detail == 0, lines)

    def test_into_a_pipe(self):
        read, write = os.pipe()
        source = "import os\nprint(os.path.exists('/proc/self/fd/%d'))\n" % write
        script = self.write("program.py", source)
        done = support.run([support.interpreters()[0], "-m", "microlog", "--pipe", write, script], cwd=self.root,
                           pass_fds=[write], env=self.environment())
        os.close(write)
        with open(read, "rb") as file:
            self.write("piped.mlog", "").write_bytes(file.read())
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "False\n", ""))
        verified = support.analyze("verify", self.root / "piped.mlog")
        self.assertEqual(verified.returncode, 0, verified.stdout + verified.stderr)

    def test_a_pipe_that_nobody_reads_stops_nobody(self):
        read, write = os.pipe()
        self.addCleanup(os.close, read)
        self.addCleanup(os.close, write)
        source = "import microlog, os\nfor i in range(30):\n    microlog.info(os.urandom(50000).hex())\n" + WORK + \
                 "if os.fork() == 0: os._exit(0)\nos.wait()\nprint('ran')\n"
        done = support.run([support.interpreters()[0], "-m", "microlog", "--pipe", write,
                            self.write("program.py", source)], cwd=self.root, pass_fds=[write], env=self.environment())
        self.assertEqual((done.returncode, done.stdout), (0, "ran\n"), done.stderr)

    def test_a_fifo_without_a_reader(self):
        os.mkfifo(self.root / "fifo")
        done = self.run_program("-o", "fifo", said="cannot write fifo: nobody reads it; start the reader first")
        self.assertEqual(done.stdout, "ran\n")

    def test_command_on_close(self):
        source = ("import os, signal\nsignal.signal(signal.SIGCHLD, lambda *a: print('SIGCHLD'))\nimport atexit\n"
                  "@atexit.register\ndef last():\n    try:\n        os.waitpid(-1, 0)\n    except ChildProcessError:\n"
                  "        print('no child')\n")
        done = self.run_program("--on-close", "echo out; echo err >&2; cp \"$1\" copy.mlog", source=source)
        self.assertEqual(done.stdout, "no child\n")
        self.assertEqual((self.root / "copy.mlog").read_bytes(), (self.root / "run.mlog").read_bytes())

    def test_command_on_close_that_fails(self):
        self.run_program("--on-close", "echo first; echo no such host >&2; exit 3",
                         said="microlog: the command on close failed (exit code 3) for ")
        done = self.run_program("--on-close", "kill -9 $$", said="failed (signal 9)")
        self.assertEqual(done.stdout, "ran\n")

    def test_secrets_are_masked(self):
        script = self.write("program.py", "import sys\nprint(sys.argv[1:])\n")
        words = ["--password", "p1", "--api-key=p2", "db://me:p3@host/db", "--verbose", "plain", "TOKEN=p4",
                 "Authorization: Bearer p5", '{"secret": "p6", "name": "kept"}', "http://h/?access_token=p7&page=2",
                 "--keyboard=kept", "dbPassword=p8", "--token", "--flag"]
        done = support.run([support.interpreters()[0], "-m", "microlog", script, *words], cwd=self.root, env=self.environment())
        self.assertEqual(done.stdout, f"{words}\n", done.stderr)
        argv = self.head()["argv"][2:]
        self.assertEqual(argv, ["--password", "***", "--api-key=***", "db://me:***@host/db", "--verbose", "plain", "TOKEN=***",
                                "Authorization: ***", '{"secret": "***", "name": "kept"}',
                                "http://h/?access_token=***&page=2", "--keyboard=kept", "dbPassword=***", "--token", "--flag"])
        support.run([support.interpreters()[0], "-m", "microlog", "--mask", "off", script, *words], cwd=self.root,
                    env=self.environment())
        self.assertEqual(self.head()["argv"][2:], words)

    def test_summary_names_the_next_command(self):
        done = self.run_program("--summary", "-o", "one.mlog", said="microlog: recorded ")
        self.assertIn("microlog: next: microlog-analyze one.mlog --plugins all\n", done.stderr)
        source = WORK + "import os\nif os.fork() == 0:\n    work()\n    os._exit(0)\nos.wait()\n"
        done = self.run_program("--summary", "-o", "two.mlog", source=source, said="microlog: recorded ")
        self.assertIn("microlog: next: microlog-analyze two.mlog two-*.mlog --plugins all\n", done.stderr)
        self.assertEqual(done.stderr.count("microlog: recorded"), 1)

    def test_usage_tells_every_option(self):
        done = support.run([support.interpreters()[0], "-m", "microlog", "--help"], env=self.environment())
        for word in ("--output FILE", "--rate HZ", "(default: 100", "--lines on|off", "--children", "--on-close COMMAND",
                     "--mask", "--pipe N", "install"):
            self.assertIn(word, done.stdout)


if __name__ == "__main__":
    unittest.main()
