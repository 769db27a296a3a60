"""What an author does, command by command, with a build tree or an installation."""

import json
import os
import pathlib
import subprocess
import sys

import support

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "cli"))
import recordings  # noqa: E402


class Author(support.Tree):
    """Runs commands in `root`, as in a terminal, and counts them."""

    def setUp(self):
        super().setUp()
        recordings.make(self.root / "run.mlog")
        self.commands = 0

    def command(self, line, code=0, home=None, **variables):
        self.commands += 1
        environment = {**os.environ, "PATH": f"{self.programs()}:{os.environ['PATH']}",
                       "HOME": str(home or self.root), **variables}
        environment.pop("XDG_DATA_HOME", None)
        done = support.run(["sh", "-c", line], cwd=self.root, env=environment)
        self.assertEqual(done.returncode, code, f"{line}\n{done.stdout}{done.stderr}")
        return done.stdout

    def programs(self):
        return support.build() / "bin"

    def blocks(self, report, plugin):
        documents = json.loads((self.root / report).read_text())["documents"]
        document, = [document for document in documents if document["plugin"] == plugin]
        self.assertEqual(document["status"], "ok")
        return document["blocks"]

    def walk(self, name):
        """From nothing to a plugin in every renderer's output; returns how many commands."""
        self.command(f"microlog-analyze new {name}")
        self.command(f"make -C {name}")
        told = self.command(f"microlog-analyze check ./{name}/{name}.so")
        self.assertIn("0 failed", told)
        verdict = self.command(f"microlog-analyze run.mlog --plugins hotspots,./{name}/{name}.so"
                               " --format html,json")
        finding, table = "One function has the time", "Functions by their own time"
        kinds = {block["title"]: block["kind"] for block in self.blocks("run.json", name)}
        self.assertEqual(kinds, {finding: "finding", table: "table"})
        page = (self.root / "run.html").read_text()
        for words in ("load_rates itself took 70 %", table):
            self.assertIn(words, page)
        self.assertIn("load_rates itself took 70 % of the time of all threads",
                      " ".join(verdict.split()))
        return self.commands

    def stage(self):
        """An installation below root/stage; returns its prefix."""
        stage = self.root / "stage"
        done = subprocess.run(["make", "-C", str(support.ROOT), f"O={support.build()}", "install",
                               f"DESTDIR={stage}", "PREFIX=/opt/microlog"], capture_output=True,
                              text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return stage / "opt/microlog"
