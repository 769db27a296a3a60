"""The processes that a recorded program starts: each long-lived one has a recording, all are one tree."""

import collections
import json
import os
import re
import sys
import unittest

sys.path.insert(0, __file__.rsplit("/tests/", 1)[0])

from tests import interpreters, support  # noqa: E402
from tests.recorder import truth  # noqa: E402

WORK = """
import os, sys, time
def work(name, seconds=0.4):
    end = time.time() + seconds
    while time.time() < end:
        sum(range(1000))
    print(name, flush=True)
"""
FORKS = WORK + """
import threading
def fork(*names, code=0):
    pid = os.fork()
    if pid == 0:
        work(names[0])
        if names[1:]:
            fork(*names[1:])
        sys.exit(code)
    return os.WEXITSTATUS(os.waitpid(pid, 0)[1])
threading.Thread(target=work, args=("thread",)).start()
print(fork("child", "grandchild", code=3))
work("parent", 0.1)
"""
PROCESSES = WORK + """
import multiprocessing
if __name__ == "__main__":
    for way in sys.argv[1:]:
        process = multiprocessing.get_context(way).Process(target=work, args=(way,))
        process.start()
        process.join()
        print(process.exitcode)
"""
SHORT_LIVED = """
import os, subprocess, sys, threading, time
slow = 0
for _ in range(20):
    begin = time.monotonic()
    if os.fork() == 0:
        os._exit(0)
    if os.fork() == 0:
        os.execv("/bin/true", ["true"])
    if os.fork() == 0:
        sys.exit(0)
    subprocess.run(["/bin/true"], preexec_fn=lambda: None)
    for _ in range(3):
        os.wait()
    slow += 4 * (time.monotonic() - begin > 0.05)
print(slow)
"""
# A server that forks its workers beforehand; each is killed in the end, as servers do.
PREFORK = """
import os, signal, socket, time
server = socket.create_server(("127.0.0.1", 0))
workers = []
def serve():
    while True:
        client = server.accept()[0]
        client.sendall(client.recv(10).upper())
        client.close()
for _ in range(2):
    pid = os.fork()
    if pid == 0:
        serve()
    workers.append(pid)
for _ in range(20):
    with socket.create_connection(server.getsockname()) as s:
        s.sendall(b"word")
        assert s.recv(10) == b"WORD"
    time.sleep(0.1)
for pid in workers:
    os.kill(pid, signal.SIGKILL)
    os.wait()
"""


class Recorded(support.Tree):
    def run_program(self, interpreter, source, *arguments, options=(), code=0, **variables):
        script = self.write("program.py", source)
        command = [interpreter.path, "-W", "ignore", "-m", "microlog", "--rate", "500", *options, script, *arguments]
        done = support.run(command, cwd=self.root, env=interpreters.environment(interpreter, **variables))
        self.assertEqual((done.returncode, done.stderr), (code, ""), done.stdout)
        return done

    def heads(self):
        """Of each recording: what HEAD says, the functions that were sampled, the printed lines, its clean end."""
        found = []
        for path in sorted(self.root.glob("*.mlog")):
            dump = support.analyze("dump", "--format", "ndjson", path)
            entry = collections.defaultdict(set, path=path.name)
            for line in map(json.loads, dump.stdout.splitlines()):
                if line["record"] == "head":
                    entry["head"] = line
                elif line["record"] == "header":
                    entry["uuid"] = line["uuid"]
                elif line["record"] == "event" and line["kind"] == "py.print":
                    entry["printed"].add(line["fields"]["text"])
                elif line["record"] == "event" and line["kind"] == "proc.exit":
                    entry["code"] = line["fields"]["code"]
                elif line["record"] == "diagnostics":
                    entry["clean"] = bool(line["clean_end"])
            recording = truth.Recording(path)
            entry["functions"] = {frame.name for run in recording.runs for frame in recording.stack(run.node)}
            found.append(entry)
        return found

    def tree(self):
        """Printed words of each process by those of its parent; checks that all are one session."""
        heads = self.heads()
        self.assertEqual(len({each["head"]["session"] for each in heads}), 1)
        by_uuid = {each["uuid"]: each for each in heads}
        self.assertEqual(len(by_uuid), len(heads))
        for each in heads:
            parent = by_uuid.get(each["head"]["parent"])
            each["of"] = None if parent is None else parent["path"]
            self.assertRegex(each["path"], r"^run(-\d+)?\.mlog$")
            if each["of"] is not None:
                self.assertEqual(each["path"], f"run-{each['head']['pid']}.mlog")
        return heads


class Children(Recorded):
    def hold_forks(self, interpreter):
        done = self.run_program(interpreter, FORKS)
        self.assertEqual(sorted(done.stdout.split()), ["3", "child", "grandchild", "parent", "thread"])
        heads = {tuple(sorted(each["printed"])): each for each in self.tree()}
        self.assertEqual(set(heads), {("3", "parent", "thread"), ("child",), ("grandchild",)})
        parent, child, grandchild = (heads[key] for key in (("3", "parent", "thread"), ("child",), ("grandchild",)))
        self.assertEqual([parent["of"], child["of"], grandchild["of"]], [None, parent["path"], child["path"]])
        self.assertEqual([each["code"] for each in (parent, child)], [0, 3])
        for each in heads.values():
            self.assertTrue(each["clean"], each["path"])
            self.assertIn("work", each["functions"])
            self.assertEqual(each["head"]["method"], parent["head"]["method"])
        self.assertLess(int(parent["head"]["anchor_ns"]), int(child["head"]["anchor_ns"]))

    def hold_multiprocessing(self, interpreter):
        self.run_program(interpreter, PROCESSES, "fork", "spawn", "forkserver")
        heads = self.tree()
        self.assertEqual(sorted(sorted(each["printed"]) for each in heads),
                         [["0"], ["fork"], ["forkserver"], ["spawn"]])
        parent = next(each["path"] for each in heads if each["of"] is None)
        self.assertEqual({each["of"] for each in heads}, {None, parent})
        self.assertTrue(all(each["clean"] for each in heads))

    def hold_short_lived(self, interpreter):
        """What is gone within 50 ms leaves nothing; on a busy machine some live longer."""
        slow = int(self.run_program(interpreter, SHORT_LIVED).stdout)
        files = {path.name for path in self.root.glob("run-*.mlog")}
        self.assertLessEqual(len(files), slow)
        self.assertLessEqual({path.name for path in self.root.iterdir()},
                             files | {f"{name}-journal" for name in files} | {"program.py", "run.mlog"})

    def hold_prefork(self, interpreter):
        self.run_program(interpreter, PREFORK)
        heads = self.tree()
        self.assertEqual(len(heads), 3)
        for each in heads:
            self.assertEqual(each["clean"], each["of"] is None)
            self.assertIn("serve" if each["of"] else "<module>", each["functions"])

    def hold_closing(self, interpreter):
        """While a recording is being closed, which may take a while, the program forks, stops and ends as ever."""
        done = self.run_program(interpreter, WORK + """
import microlog, threading
closer = threading.Thread(target=lambda: print(microlog.stop().seconds > 0))
closer.start()
time.sleep(0.3)
print(microlog.stop(), microlog.is_running())
for _ in range(20):
    if os.fork() == 0:
        os._exit(0)
    os.wait()
if os.fork() == 0:
    work("child", 0.2)
    os._exit(0)
os.wait()
try:
    microlog.start("other.mlog")
except ValueError as error:
    print(str(error)[:17])
open("go", "w").close()
closer.join()
with microlog.enabled("other.mlog"):
    work("other")
""", options=["--on-close", "case $1 in */run.mlog) until [ -e go ]; do sleep 0.1; done;; esac"])
        self.assertEqual(done.stdout.split("\n"), ["None True", "child", "already recording", "True", "other", ""])
        self.assertEqual({each["path"]: each["clean"] for each in self.heads()}, {"run.mlog": True, "other.mlog": True})

    def hold_own_choice(self, interpreter):
        """A child that starts a recording of its own gets that one."""
        self.run_program(interpreter, WORK + """
import microlog
pid = os.fork()
if pid == 0:
    work("followed", 0.3)
    microlog.start("own.mlog", rate=200)
    work("own")
    microlog.stop()
    os._exit(0)
os.waitpid(pid, 0)
""")
        printed = {each["path"]: each["printed"] for each in self.heads()}
        self.assertEqual(printed.pop("own.mlog"), {"own"})
        self.assertEqual(sorted(map(sorted, printed.values())), [[], ["followed"]])


class Options(Recorded):
    """On one interpreter."""

    def setUp(self):
        super().setUp()
        self.interpreter = interpreters.default()

    def names(self):
        return sorted(path.name for path in self.root.iterdir() if ".mlog" in path.name)

    def test_children_can_be_left_out(self):
        for options, variables in ((["--no-children"], {}), (["--children=off"], {}), ([], {"MICROLOG_CHILDREN": "off"})):
            self.run_program(self.interpreter, FORKS, options=options, **variables)
            self.assertEqual(self.names(), ["run.mlog"])

    def test_a_new_run_replaces_the_whole_tree(self):
        other = self.write("run-7.mlog", "not of this tree")
        self.run_program(self.interpreter, FORKS)
        first = set(self.names())
        self.assertEqual(len(first), 4)
        self.run_program(self.interpreter, FORKS)
        second = set(self.names())
        self.assertEqual(len(second), 4)
        self.assertEqual(first & second, {"run.mlog", "run-7.mlog"})
        self.assertEqual(other.read_text(), "not of this tree")

    def test_one_report_of_the_tree(self):
        self.run_program(self.interpreter, FORKS)
        done = support.analyze("--format", "json", "-o", "-", "-q", *self.root.glob("*.mlog"), cwd=self.root)
        report = json.loads(done.stdout)
        self.assertEqual(len(report["recording"]["processes"]), 3, done.stderr)

    def test_children_of_a_pipe_are_left_out(self):
        read, write = os.pipe()
        script = self.write("program.py", FORKS)
        done = support.run([self.interpreter.path, "-m", "microlog", "--pipe", write, script], cwd=self.root,
                           pass_fds=[write], env=interpreters.environment(self.interpreter))
        os.close(write)
        with open(read, "rb") as file:
            self.assertTrue(file.read().startswith(b"\x89MLG"))
        self.assertEqual((done.returncode, done.stderr, self.names()), (0, "", []))

    def test_a_child_that_cannot_write_runs(self):
        done = support.run([self.interpreter.path, "-m", "microlog", "-o", "folder/run.mlog", self.write("program.py", WORK + """
import shutil

UNSTEADY = "a child is followed when it has lived 50 ms, by the clock"
pid = os.fork()
if pid == 0:
    shutil.rmtree("folder")
    work("child")
    os._exit(5)
print(os.WEXITSTATUS(os.waitpid(pid, 0)[1]))
""")], cwd=self.write("folder/x", "").parent.parent, env=interpreters.environment(self.interpreter))
        self.assertEqual((done.returncode, done.stdout), (0, "child\n5\n"))
        self.assertRegex(done.stderr, r"^microlog: process \d+ is not recorded: cannot write .*folder/run-\d+.mlog: No such file")


def add_tests():
    for interpreter in interpreters.find():
        for name in ("forks", "multiprocessing", "short_lived", "prefork", "own_choice", "closing"):
            truth.add_test(Children, re.sub(r"\W", "_", name), interpreter, getattr(Children, f"hold_{name}"))


add_tests()

if __name__ == "__main__":
    unittest.main()
