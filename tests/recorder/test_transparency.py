"""The program must not notice: each program here is run with and without the recorder, and everything it shows to
the world is compared to the letter."""

import signal
import sys
import unittest

sys.path.insert(0, __file__.rsplit("/tests/", 1)[0])

from tests import support  # noqa: E402

PROGRAMS = {
    "exits with a number": "import sys; sys.exit(7)",
    "exits with a text": "import sys; sys.exit('that is all')",
    "exits with nothing": "raise SystemExit",
    "exits without cleaning up": "import os, sys; print('x', flush=True); os._exit(9)",
    "ends by an exception": "def f(n):\n    return 1 / n\n\n\ndef g():\n    f(0)\n\n\ng()\n",
    "ends by a chained exception":
        "try:\n    {}['a']\nexcept KeyError as e:\n    raise ValueError('two') from e\n",
    "has a syntax error": "def f(:\n    pass\n",
    "recurses too deep": "def f():\n    f()\n\n\ntry:\n    f()\nexcept RecursionError as e:\n    print(e)\n",
    "reads its arguments": "import sys\nprint(sys.argv, sys.path[0], __name__, __file__)\n",
    "looks at its module":
        "import sys\nprint(sorted(k for k in vars() if k != '__loader__'), sys.modules['__main__'].__dict__ is vars(),"
        " __spec__, __package__, __doc__)\n",
    "looks at its stack":
        "import inspect, sys\n\n\ndef f():\n    return [i.function for i in inspect.stack()]\n\n\nprint(f())\n"
        "print(sys._getframe().f_back)\n",
    "prints in every way":
        "import sys\nprint('a', 1, sep='-', end='')\nprint(file=sys.stderr)\nsys.stdout.write('b\\n')\n"
        "print('\\udc80'.encode('utf-8', 'surrogatepass'))\nsys.stdout.writelines(['c', 'd\\n'])\n"
        "sys.stdout.buffer.write(b'e\\n')\n",
    "fails to print": "import sys\ntry:\n    sys.stdout.write(1)\nexcept TypeError as e:\n    print(e)\n",
    "logs":
        "import logging\nlogging.basicConfig(level=20, format='%(levelname)s %(name)s %(funcName)s %(lineno)d"
        " %(message)s')\n\n\ndef f():\n    logging.getLogger('a.b').info('x %d', 3)\n    logging.debug('no')\n"
        "    logging.error('bad %d', 'arguments')\n\n\nf()\n",
    "has exit handlers":
        "import atexit\natexit.register(print, 'first')\natexit.register(print, 'last')\nprint('body')\n",
    "has an exit handler that fails": "import atexit\natexit.register(lambda: 1 / 0)\n",
    "has a thread that fails":
        "import threading\n\n\ndef f():\n    raise ValueError('in a thread')\n\n\n"
        "t = threading.Thread(target=f, name='T')\nt.start()\nt.join()\n",
    "leaves a daemon thread":
        "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()\nprint('x')\n",
    "waits for a thread":
        "import threading, time\nthreading.Thread(target=lambda: (time.sleep(0.2), print('late'))).start()\n"
        "print('main')\n",
    "forks":
        "import os, sys\npid = os.fork()\nif pid == 0:\n    print('child', flush=True)\n    os._exit(3)\n"
        "print('parent', os.waitpid(pid, 0)[1])\n",
    "forks and lets the child end":
        "import os, sys\npid = os.fork()\nif pid == 0:\n    print('child', flush=True)\n    sys.exit(3)\n"
        "print('parent', os.waitpid(pid, 0)[1])\n",
    "is warned of forks":
        "import logging, os, threading, warnings\nwarnings.simplefilter('always')\n"
        "warnings.showwarning = lambda message, category, *rest: print(category.__name__)\n\n\n"
        "def fork():\n    pid = os.fork()\n    if pid == 0:\n        os._exit(0)\n    os.waitpid(pid, 0)\n"
        "    warnings.warn('still', DeprecationWarning)\n\n\nfork()\nfork()\n"
        "event = threading.Event()\nprint(len(warnings.filters))\nthreading.Thread(target=event.wait).start()\nfork()\n"
        "event.set()\nprint(len(warnings.filters))\n",
    "uses processes":
        "import multiprocessing as m\n\n\ndef f(x):\n    return x * x\n\n\nif __name__ == '__main__':\n"
        "    for way in 'fork', 'spawn', 'forkserver':\n        with m.get_context(way).Pool(2) as p:\n"
        "            print(way, p.map(f, range(4)))\n",
    "runs a program": "import subprocess, sys\nprint(subprocess.run([sys.executable, '-c', 'print(5)'],"
                      " capture_output=True))\n",
    "catches a signal":
        "import os, signal\nsignal.signal(signal.SIGUSR1, lambda *a: print('got it'))\n"
        "os.kill(os.getpid(), signal.SIGUSR1)\nprint(signal.getsignal(signal.SIGPROF), signal.pthread_sigmask("
        "signal.SIG_BLOCK, []))\n",
    "dies of a signal": "import os, signal\nprint('x', flush=True)\nos.kill(os.getpid(), signal.SIGTERM)\n",
    "is interrupted": "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nfor i in range(10**9): pass\n",
    "aborts": "import os\nprint('x', flush=True)\nos.abort()\n",
    "counts its descriptors":
        "import os\nr, w = os.pipe()\nf = open('/dev/null')\nprint(r, w, f.fileno(), os.dup(f.fileno()))\n",
    "lists its descriptors": "import os\nprint(sorted(map(int, os.listdir('/proc/self/fd'))))\n",
    "closes all descriptors but its own":
        "import os\nos.closerange(3, 4096)\nf = open(__file__)\nprint(f.fileno(), f.readline())\n"
        "import time\ntime.sleep(1.2)\nprint(f.readline())\n",
    "asks for signatures":
        "import inspect, logging, sys, threading\nprint(inspect.signature(sys.stdout.write))\n"
        "print(inspect.signature(logging.Logger.handle), inspect.signature(logging.getLogger().handle))\n"
        "inspect.signature(threading.Thread._set_native_id)\nhandle = logging.Logger.handle\n"
        "print(handle, handle.__qualname__, handle.__module__, len(inspect.getsource(handle)), handle.__code__.co_name)\n"
        "print(logging.getLogger('x').handle)\n",
    "is warned of forks within catch_warnings":
        "import os, warnings\nwith warnings.catch_warnings(record=True) as seen:\n    warnings.simplefilter('always')\n"
        "    pid = os.fork()\n    if pid == 0:\n        os._exit(0)\n    os.waitpid(pid, 0)\nprint(len(seen))\n",
    "looks up functions of os":
        "import os\nprint([f.__name__ for f in (os.open, os.dup, os.stat, os.close) for s in (os.supports_dir_fd,"
        " os.supports_fd, os.supports_follow_symlinks) if f in s])\nimport shutil\n"
        "print(shutil.rmtree.avoids_symlink_attacks)\n",
    "throws away its exit handlers": "import atexit\natexit.register(print, 'x')\natexit._clear()\n",
    "counts its modules":
        "import sys\nprint([m for m in ('logging', 'threading', 'json', 'socket', 'tempfile') if m in sys.modules])\n",
    "imports what is not there": "import no_such_module_at_all\n",
    "imports what fails":
        "import sys\nopen('failing.py', 'w').write('def f():\\n    1 / 0\\nf()\\n')\nsys.path.insert(0, '.')\n"
        "import failing\n",
    "replaces stdout":
        "import contextlib, io\nb = io.StringIO()\nwith contextlib.redirect_stdout(b):\n    print('in')\n"
        "print(repr(b.getvalue()))\n",
    "has an exception hook":
        "import sys\nsys.excepthook = lambda t, v, tb: print('hook', t, v, tb.tb_next, tb.tb_lineno)\n1 / 0\n",
    "has hooks for what nobody catches":
        "import gc, sys, threading\nthreading.excepthook = lambda a: print('thread', a.exc_type, a.exc_value, len(a))\n"
        "sys.unraisablehook = lambda a: print('unraisable', a.exc_type, a.err_msg, len(a))\n\n\nclass A:\n"
        "    def __del__(self):\n        1 / 0\n\n\nt = threading.Thread(target=lambda: {}['a'])\nt.start()\nt.join()\nA()\n"
        "print(sys.unraisablehook, sys.__unraisablehook__, threading.excepthook)\n"
        "print(sys.unraisablehook is sys.__unraisablehook__, threading.ExceptHookArgs, len(gc.get_objects()) > 0)\n",
    "cannot raise":
        "class A:\n    def __del__(self):\n        raise ValueError('no')\n\n    def __repr__(self):\n        return 'an A'\n"
        "\n\nA()\nimport sys\nsys.unraisablehook = None\nA()\n",
    "warns":
        "import warnings\n\n\ndef f(n):\n    warnings.warn(f'number {n}', stacklevel=2)\n    warnings.warn('always this')\n\n\n"
        "for i in range(3):\n    f(i)\nwarnings.simplefilter('error')\nprint(warnings.filters[0])\nf(9)\n",
    "catches warnings":
        "import warnings\n\n\ndef f():\n    warnings.warn('x')\n    warnings.warn('x', DeprecationWarning)\n\n\n"
        "with warnings.catch_warnings(record=True) as seen:\n    warnings.simplefilter('always')\n    f()\n"
        "print([(w.category, str(w.message), w.filename[-10:], w.lineno) for w in seen])\n"
        "with warnings.catch_warnings():\n    warnings.simplefilter('ignore')\n    f()\n"
        "def shows(*a, **k):\n    raise KeyError('in showwarning')\nwarnings.showwarning = shows\nf()\n",
    "counts what is made into text":
        "import logging, warnings\n\n\nclass A(UserWarning):\n    seen = 0\n\n    def __str__(self):\n        A.seen += 1\n"
        "        return f'text {A.seen}'\n\n\nlogging.basicConfig(level=10)\nlogging.info('%s %r', A(), [A()])\n"
        "logging.info('%(a)s', {'a': A()})\nlogging.info(A())\nlogging.getLogger('x').addHandler(logging.NullHandler())\n"
        "logging.getLogger('x').propagate = False\nlogging.getLogger('x').info('%s', A())\nprint(A.seen)\n",
    "configures logging":  # harm: a handler of the recorder's on the root made basicConfig do nothing
        "import logging, sys\nprint(logging.root.handlers, logging.root.level)\nlogging.basicConfig(stream=sys.stdout,"
        " level=logging.DEBUG, format='%(levelname)s %(message)s')\nlogging.debug('seen')\n"
        "logging.basicConfig(stream=sys.stdout, format='again %(message)s', force=True)\nlogging.debug('and seen')\n"
        "import logging.config\nlogging.config.dictConfig({'version': 1, 'disable_existing_loggers': True})\n"
        "logging.warning('now')\nprint(logging.root.handlers, logging.Logger.manager.loggerDict)\n",
    "closes twice":  # harm: KeyError out of a close() that was hooked
        "with open(__file__) as f:\n    f.close()\nf.close()\nimport os\ntry:\n    os.close(999)\nexcept OSError as e:\n    print(e)\n",
    "leaves closing to the references":  # harm: every opened file was kept alive
        "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))\nfor i in range(500):\n"
        "    open(__file__).read()\nprint('all read')\n",
    "leaves a replaced stdout to the references":
        "import sys\nsys.stdout = open('out.txt', 'w')\nprint('x' * 100)\nsys.stdout = sys.__stdout__\n"
        "print(len(open('out.txt').read()))\n",
    "has an alarm":  # harm: sampling by SIGALRM
        "import signal, time\nsignal.signal(signal.SIGALRM, lambda *a: print('alarm'))\nprint(signal.alarm(1))\n"
        "time.sleep(1.3)\nprint(signal.getitimer(signal.ITIMER_REAL), signal.alarm(0))\n",
    "becomes another program":  # harm: killed by a timer that exec keeps
        "import os, sys\nprint('first', flush=True)\nos.execv(sys.executable, [sys.executable, '-c', 'import time; time.sleep(0.3);"
        " print(5)'])\n",
    "starts one that outlives it":
        "import subprocess, sys\np = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(0.3)'],"
        " stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)\nprint('done')\n",
    "collects garbage":
        "import gc\ngc.collect()\nseen = []\ngc.callbacks.append(lambda p, i: seen.append((p, sorted(i))))\ngc.collect()\n"
        "print(seen)\n",
    "recurses in a thread":
        "import threading\n\n\ndef f(n):\n    try:\n        return f(n + 1)\n    except RecursionError:\n        return n\n\n\n"
        "t = threading.Thread(target=lambda: print(f(0)))\nt.start()\nt.join()\n",
    "pickles a class of its own":
        "import pickle\n\n\nclass A:\n    pass\n\n\nprint(type(pickle.loads(pickle.dumps(A()))))\n",
}


class Transparency(support.Tree):
    def compare(self, arguments):
        interpreter = support.interpreters()[0]
        plain = support.run([interpreter, *arguments], cwd=self.root)
        seen = support.run([interpreter, "-m", "microlog", "-o", self.root / "run.mlog", *arguments],
                           cwd=self.root, env=support.recorder_environment())
        for what in ("returncode", "stdout", "stderr"):
            self.assertEqual(self.settle(getattr(plain, what)), self.settle(getattr(seen, what)), what)
        self.assertTrue((self.root / "run.mlog").exists())

    @staticmethod
    def settle(value):
        """Addresses and process ids differ from run to run."""
        import re

        return re.sub(r"0x[0-9a-f]+|(?<=\[)\d{3,}(?=\])", "#", value) if isinstance(value, str) else value

    def test_module(self):
        self.write("data.json", '{"a": [1, 2]}')
        self.compare(["-m", "json.tool", "data.json"])

    def test_module_that_fails(self):
        self.write("package/__init__.py", "")
        self.write("package/__main__.py", "import sys\nprint(sys.argv, __spec__.name, __package__)\n1 / 0\n")
        self.compare(["-m", "package", "a", "b"])

    def test_module_that_is_not_there(self):
        self.compare(["-m", "no_such_module"])

    def test_code(self):
        self.compare(["-c", "import sys\nprint(sys.argv, __name__, sys.path[0])\nsys.exit(4)", "a", "-b"])

    def test_code_that_fails(self):
        self.compare(["-c", "1 / 0"])

    def test_folder(self):
        self.write("folder/__main__.py", "import sys\nprint(sys.argv, sys.path[0], __name__)\nsys.exit(5)\n")
        self.compare(["folder", "x"])

    def test_file_that_is_not_there(self):
        interpreter = support.interpreters()[0]
        plain = support.run([interpreter, "no_such.py"], cwd=self.root)
        seen = support.run([interpreter, "-m", "microlog", "no_such.py"], cwd=self.root,
                           env=support.recorder_environment())
        self.assertEqual((plain.returncode, plain.stderr), (seen.returncode, seen.stderr))


def _test(source):
    def test(self):
        self.write("program.py", source)
        self.compare(["program.py", "one", "--two"])

    return test


for _name, _source in PROGRAMS.items():
    setattr(Transparency, "test_" + _name.replace(" ", "_"), _test(_source))


class Failing(support.Tree):
    """Whatever goes wrong with the recording, the program runs."""

    def run_with(self, *options, **more):
        self.write("program.py", "print('ran')\n")
        return support.run([support.interpreters()[0], "-m", "microlog", *options, self.root / "program.py"],
                           cwd=self.root, env=support.recorder_environment(), **more)

    def test_folder_that_is_not_there(self):
        done = self.run_with("-o", "no/such/folder/run.mlog")
        self.assertEqual((done.returncode, done.stdout), (0, "ran\n"))
        self.assertIn("not recording: cannot write no/such/folder/run.mlog", done.stderr)

    def test_full_disk(self):
        done = self.run_with("-o", "/dev/full")
        self.assertEqual((done.returncode, done.stdout), (0, "ran\n"))

    def test_never_overwrites_what_is_no_recording(self):
        precious = self.write("notes.txt", "precious notes\n")
        done = self.run_with("-o", "notes.txt")
        self.assertEqual((done.returncode, done.stdout), (0, "ran\n"))
        self.assertIn("notes.txt exists and is not a recording", done.stderr)
        self.assertEqual(precious.read_text(), "precious notes\n")

    def test_replaces_a_finished_recording(self):
        self.run_with("-o", "run.mlog")
        first = (self.root / "run.mlog").read_bytes()
        self.run_with("-o", "run.mlog")
        second = (self.root / "run.mlog").read_bytes()
        self.assertNotEqual(first[32:48], second[32:48])
        self.assertEqual((self.root / "run.mlog").stat().st_mode & 0o777, 0o600)

    def test_leaves_a_live_recording_alone(self):
        self.write("nested.py", "import subprocess, sys\nsubprocess.run([sys.executable, '-m', 'microlog', '-o',"
                                " 'run.mlog', 'program.py'], check=True)\n")
        self.write("program.py", "print('ran')\n")
        done = support.run([support.interpreters()[0], "-m", "microlog", "-o", "run.mlog", "nested.py"],
                           cwd=self.root, env=support.recorder_environment())
        self.assertEqual(done.returncode, 0, done.stderr)
        names = sorted(p.name for p in self.root.glob("*.mlog"))
        self.assertEqual(len(names), 2)
        self.assertRegex(names[0], r"^run-\d+\.mlog$")

    def test_usage_errors_name_the_option(self):
        for options, words in ((["--rate", "fast"], "--rate takes a number"), (["--rate", "0"], "--rate takes a number"),
                               (["--wrong"], "unknown option --wrong")):
            done = self.run_with(*options)
            self.assertEqual(done.returncode, 2)
            self.assertIn(words, done.stderr)

    def test_killed_program_leaves_a_readable_file(self):
        self.write("program.py", "import os, signal, time\nt = time.time()\nwhile time.time() < t + 6.5: pass\n"
                                 "os.kill(os.getpid(), signal.SIGKILL)\n")
        done = support.run([support.interpreters()[0], "-m", "microlog", "-o", "run.mlog", "program.py"],
                           cwd=self.root, env=support.recorder_environment())
        self.assertEqual(done.returncode, -signal.SIGKILL)
        dump = support.analyze("dump", "--table", "diagnostics", self.root / "run.mlog")
        self.assertIn("clean", dump.stdout + dump.stderr)
        runs = support.analyze("dump", "--format", "ndjson", "--table", "runs", self.root / "run.mlog")
        self.assertGreater(runs.stdout.count('"record":"run"'), 0)


if __name__ == "__main__":
    unittest.main()
