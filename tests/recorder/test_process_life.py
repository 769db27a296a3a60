"""The life of a process is the same with the recorder as without: exit code, output, and no hang.

Each program is run plainly, recorded by `python -m microlog`, and, where it says so, with its own start() and stop().
The recorder runs at full speed, so that whatever ends or forks does so while it looks.
"""

import re
import sys
import unittest

sys.path.insert(0, __file__.rsplit("/tests/", 1)[0])

from tests import interpreters, support  # noqa: E402
from tests.recorder import truth  # noqa: E402

BUSY = """
import threading, time
def spin():
    while True: sum(range(100))
for _ in range(2): threading.Thread(target=spin, daemon=True).start()
time.sleep(0.1)
"""

PROGRAMS = {
    "exec": "import os, sys\nprint('before', flush=True)\n"
            "os.execv(sys.executable, [sys.executable, '-c', 'import sys; print(5); sys.exit(4)'])\n",
    "exec with busy threads": BUSY + "import os, sys\nos.execv(sys.executable, [sys.executable, '-c', 'print(5)'])\n",
    "daemon threads": BUSY + "print('end')\n",
    "daemon threads and an exit code": BUSY + "raise SystemExit(3)\n",
    "_exit with busy threads": BUSY + "import os\nprint('end', flush=True)\nos._exit(8)\n",
    "_exit in a thread": "import os, threading, time\nthreading.Thread(target=lambda: os._exit(6)).start()\ntime.sleep(60)\n",
    "exception in an exit handler":
        "import atexit\natexit.register(print, 'first')\natexit.register(lambda: [][1])\natexit.register(print, 'last')\n",
    "exit handler that starts threads":
        "import atexit, time\ndef late():\n    try:\n"
        "        import _thread\n        _thread.start_new_thread(time.sleep, (0.01,))\n"
        "    except RuntimeError:\n        pass\n    time.sleep(0.1)\n    print('late')\natexit.register(late)\n",
    "exit handler that works": "import atexit, time\natexit.register(lambda: print(sum(range(3000000))))\n",
    "terminated": "import os, signal\nprint('x', flush=True)\nos.kill(os.getpid(), signal.SIGTERM)\nimport time\ntime.sleep(60)\n",
    "terminated with a handler":
        "import os, signal, sys\nsignal.signal(signal.SIGTERM, lambda *a: sys.exit(11))\n"
        "os.kill(os.getpid(), signal.SIGTERM)\nimport time\ntime.sleep(60)\n",
    "interrupted while waiting":
        "import os, signal, threading, time\n"
        "threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "try:\n    time.sleep(60)\nexcept KeyboardInterrupt:\n    print('interrupted')\n",
    "an alarm interrupts no call twice":
        "import signal, time\nhits = []\nsignal.signal(signal.SIGALRM, lambda *a: hits.append(1))\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)\nend = time.time() + 0.5\n"
        "while time.time() < end: time.sleep(0.1)\nsignal.setitimer(signal.ITIMER_REAL, 0)\n"
        "print(15 < len(hits) <= 26)\n",
    "exit in a thread":
        "import sys, threading\nt = threading.Thread(target=sys.exit, args=(5,))\nt.start()\nt.join()\nprint('main')\n",
    "faulthandler": "import faulthandler, sys\nfaulthandler.enable()\nfaulthandler.dump_traceback(all_threads=True)\n"
                    "print(faulthandler.is_enabled())\n",
    "faulthandler and a fault":
        "import faulthandler\nfaulthandler.enable()\ndef f():\n    faulthandler._sigsegv()\nf()\n",
    "dump_traceback_later":
        "import faulthandler, time\nfaulthandler.dump_traceback_later(0.3)\ndef wait():\n    time.sleep(0.8)\nwait()\n"
        "faulthandler.cancel_dump_traceback_later()\nprint('end')\n",
    "dump_traceback_later that exits":
        "import faulthandler, time\nfaulthandler.dump_traceback_later(0.3, exit=True)\ndef wait():\n    time.sleep(60)\nwait()\n",
    "signal handlers and masks":
        "import os, signal, threading\n"
        "print({int(s): str(signal.getsignal(s)) for s in signal.valid_signals()})\n"
        "def state():\n    text = open(f'/proc/self/task/{threading.get_native_id()}/status').read()\n"
        "    print([line for line in text.splitlines() if line[:3] in ('Sig', 'Shd')][1:])\n"
        "for _ in 1, 2:\n    t = threading.Thread(target=state)\n    t.start()\n    t.join()\n"
        "state()\nprint(signal.getitimer(signal.ITIMER_PROF))\n",
    "blocked signals stay blocked":
        "import os, signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])\n"
        "os.kill(os.getpid(), signal.SIGUSR1)\nprint(signal.sigpending())\nprint(signal.sigwait([signal.SIGUSR1]))\n",
    "multiprocessing":
        "import multiprocessing as m, os\n\n\ndef f(x):\n    return x * x\n\n\nif __name__ == '__main__':\n"
        "    for way in 'fork', 'spawn', 'forkserver':\n        c = m.get_context(way)\n"
        "        q = c.Queue()\n        p = c.Process(target=q.put, args=(way,))\n        p.start()\n"
        "        print(q.get(), p.join(), p.exitcode)\n"
        "        with c.Pool(2) as pool:\n            print(pool.map(f, range(50)) == [f(x) for x in range(50)])\n",
    "pool of processes":
        "import concurrent.futures as c\n\n\ndef f(x):\n    return x * x\n\n\nif __name__ == '__main__':\n"
        "    with c.ProcessPoolExecutor(2) as p:\n        print(list(p.map(f, range(20))))\n",
    "pre-fork server": """
import os, signal, socket, sys, threading
server = socket.create_server(('127.0.0.1', 0))

def serve():
    while True:
        client = server.accept()[0]
        word = client.recv(100)
        t = threading.Thread(target=client.sendall, args=(word.upper() + str(sum(range(1000))).encode(),))
        t.start()
        t.join()
        client.close()
        if word == b'quit':
            sys.exit(7)

workers = []
for _ in range(3):
    pid = os.fork()
    if pid == 0:
        serve()
    workers.append(pid)
for _ in range(30):
    with socket.create_connection(server.getsockname()) as s:
        s.sendall(b'word')
        assert s.recv(100) == b'WORD499500'
for _ in workers:
    with socket.create_connection(server.getsockname()) as s:
        s.sendall(b'quit')
        print(s.recv(100))
print(sorted(os.WEXITSTATUS(os.waitpid(pid, 0)[1]) for pid in workers))
""",
    "fork and exec": "import os, sys\npid = os.fork()\nif pid == 0:\n"
                     "    os.execv(sys.executable, [sys.executable, '-c', 'import sys; sys.exit(9)'])\n"
                     "print(os.WEXITSTATUS(os.waitpid(pid, 0)[1]))\n",
    "grandchildren": "import os, sys\ndef fork(n):\n    pid = os.fork()\n    if pid:\n"
                     "        return os.WEXITSTATUS(os.waitpid(pid, 0)[1])\n    sys.exit(fork(n - 1) + 1 if n else 1)\n"
                     "print(fork(4))\n",
    "a daemon that closes everything":
        "import os, sys, time\npid = os.fork()\nif pid == 0:\n    os.setsid()\n    if os.fork():\n        os._exit(0)\n"
        "    os.closerange(3, 1000)\n    time.sleep(0.2)\n    sys.stdout.write('daemon\\n')\n    sys.stdout.flush()\n"
        "    os._exit(0)\nos.waitpid(pid, 0)\ntime.sleep(0.6)\nprint('parent')\n",
    "subprocesses": "import subprocess, sys\nfor n in range(8):\n"
                    "    print(subprocess.run([sys.executable, '-c', f'print({n})'], capture_output=True, text=True).stdout)\n",
    "executor threads at the end":
        "import concurrent.futures as c, time\np = c.ThreadPoolExecutor(4)\n"
        "[p.submit(time.sleep, 0.05) for _ in range(8)]\nprint('end')\n",
    "objects that die at the very end":
        "import sys, threading\nclass Last:\n    def __del__(self):\n        print('gone', sum(range(1000)))\n"
        "kept = Last()\nsys.kept = Last()\ncycle = Last()\ncycle.itself = cycle\n",
    "thread that outlives main by a lock":
        "import threading, time\ndef f():\n    time.sleep(0.3)\n    print('late')\n    lock.release()\n"
        "lock = threading.Lock()\nlock.acquire()\nthreading.Thread(target=f).start()\nprint('main')\n",
    "recursion error in a thread":
        "import threading\ndef f():\n    f()\ndef g():\n    try:\n        f()\n    except RecursionError as e:\n        print(e)\n"
        "t = threading.Thread(target=g)\nt.start()\nt.join()\n",
    "trace functions": "import sys\nseen = []\ndef trace(frame, event, arg):\n    seen.append((frame.f_code.co_name, event))\n"
                       "    return trace\ndef f():\n    return 1\nsys.settrace(trace)\nf()\nsys.settrace(None)\n"
                       "sys.setprofile(lambda *a: seen.append(a[1]))\nf()\nsys.setprofile(None)\nprint(seen)\n",
    "abort": "import os\nprint('x', flush=True)\nos.abort()\n",
}

RESTARTS = """
import sys, threading
import microlog
for n in range(30):
    microlog.start('again.mlog', rate=10000)
    t = threading.Thread(target=sum, args=(range(1000),))
    t.start()
    t.join()
    if n % 3 == 0: del t
    microlog.stop()
microlog.stop()
microlog.start('again.mlog', rate=10000)
threading.Thread(target=sum, args=(range(100000),), daemon=True).start()
print('end')
sys.exit(12)
"""


class ProcessLife(support.Tree):
    def run_both(self, interpreter, source):
        """(plain, recorded); they must agree."""
        script = self.write("program.py", source)
        ignoring = [interpreter.path, "-W", "ignore"]  # from 3.12 on: fork with threads, of which the recorder is one
        plain = support.run([*ignoring, script], cwd=self.root)
        seen = support.run([*ignoring, "-m", "microlog", "-o", self.root / "run.mlog", "--rate", "10000", script],
                           cwd=self.root, env=interpreters.environment(interpreter))
        for what in ("returncode", "stdout", "stderr"):
            self.assertEqual(self.settled(getattr(plain, what)), self.settled(getattr(seen, what)), what)

    @staticmethod
    def settled(value):
        """Addresses differ from run to run. What faulthandler prints shows some things more, and may: the frames of
        `-m microlog`, its module, the C stack (3.14), and the sampler, if it is a thread of the interpreter (method gil)."""
        if not isinstance(value, str):
            return value
        lines = [line for line in value.splitlines() if "runpy" not in line and "/microlog/" not in line
                 and not line.startswith(("Extension modules: microlog._microlog (total: 1)", "  Binary file"))]
        text = re.sub(r"0x[0-9a-f]+", "#", "\n".join(lines).strip())
        return re.sub(r"Thread # \(most recent call first\):\n  <no Python frame>\s*", "", text)

    def hold(self, interpreter, name):
        self.run_both(interpreter, PROGRAMS[name])
        self.assertTrue((self.root / "run.mlog").exists())

    def hold_restarts(self, interpreter):
        script = self.write("program.py", RESTARTS)
        done = support.run([interpreter.path, script], cwd=self.root, env=interpreters.environment(interpreter))
        self.assertEqual((done.returncode, done.stdout, done.stderr), (12, "end\n", ""))
        self.assertTrue(truth.Recording(self.root / "again.mlog").diagnostics["clean_end"])


def add_tests():
    """Everything on the default interpreter and the newest; what differs most between versions on the others."""
    found = interpreters.find()
    everywhere = {"exec", "daemon threads and an exit code", "multiprocessing", "pre-fork server", "grandchildren",
                  "dump_traceback_later", "objects that die at the very end", "signal handlers and masks",
                  "exit handler that starts threads", "trace functions"}
    for interpreter in found:
        complete = interpreter in (interpreters.default(), found[-1])
        for name in PROGRAMS:
            if complete or name in everywhere:
                truth.add_test(ProcessLife, re.sub(r"\W", "_", name), interpreter, ProcessLife.hold, name)
        truth.add_test(ProcessLife, "restarts", interpreter, ProcessLife.hold_restarts)


add_tests()

if __name__ == "__main__":
    unittest.main()
