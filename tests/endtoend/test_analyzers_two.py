"""Programs with a planted fault and their clean twins, recorded and analysed: the fault is found, the twin is quiet."""

import concurrent.futures
import json
import unittest

import support

BURN = '''
import sys, threading, time

def burn(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        sum(range(200))
'''

SLOW_AT_TIMES = BURN + '''
def handle(number):
    burn(0.6 if number == {slow} else 0.04)

def rest():
    burn(0.03)

def main():
    for number in range(20):
        handle(number)
        rest()

main()
'''

SLOWER_EACH_TIME = BURN + '''
def handle(number):
    burn(0.008 * ({growth} * number + 2))

def rest():
    burn(0.03)

def main():
    for number in range(15):
        handle(number)
        rest()

main()
'''

THREADS = BURN + '''
def work():
    if {compute}:
        burn(0.7)

def main():
    threads = [threading.Thread(target=work) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if not {compute}:
        burn(1.0)

main()
'''

CHILD = BURN + '''
import subprocess

def convert():
    subprocess.run([sys.executable, "-c", "import time; time.sleep({seconds})"])

def main():
    convert()
    burn(1.0)

main()
'''

IMPORTS = BURN + '''
import used

def main():
    burn(0.8)

main()
'''

MEMORY = '''
import time

kept = {}

def remember(number):
    kept[number % %s] = bytearray(b"x") * 100_000

def main():
    for number in range(220):
        remember(number)
        time.sleep(0.05)

main()
'''


def findings(value):
    """The rules and messages of all findings, however deep."""
    if isinstance(value, dict):
        if value.get("kind") == "finding":
            yield value["rule"], value["message"]
        value = list(value.values())
    for child in value if isinstance(value, list) else ():
        yield from findings(child)


class PlantedAndClean(support.Tree):

    def look(self, name, program, plugin):
        """Findings of one plugin over a recording of a program."""
        recording = support.record(self.write(f"{name}/program.py", program), output=self.root / f"{name}.mlog")
        self.assertEqual(recording.process.returncode, 0, recording.process.stderr)
        done = support.analyze(recording.path, "--plugins", plugin, "--format", "json",
                               "-o", self.root / f"{name}.json")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        report = json.loads((self.root / f"{name}.json").read_text(encoding="utf-8"))
        return sorted(set(findings(report)))

    def compare(self, plugin, planted, clean, rule, message):
        found = self.look("planted", planted, plugin)
        self.assertIn(rule, [name for name, _ in found])
        self.assertRegex(dict(found)[rule], message)
        self.assertEqual(self.look("clean", clean, plugin), [])

    def test_a_call_that_is_slow_once(self):
        self.compare("anomaly", SLOW_AT_TIMES.format(slow=11), SLOW_AT_TIMES.format(slow=-1),
                     "anomaly/outlier", r"^handle took ([5-9]\d\d ms|\d\.\d+ s) at ")

    def test_calls_that_get_slower_each_time(self):
        self.compare("anomaly", SLOWER_EACH_TIME.format(growth=1), SLOWER_EACH_TIME.format(growth=0),
                     "anomaly/slower-each-time", r"^handle got slower over its 1[2345] calls")

    def test_threads_that_compute_at_the_same_time(self):
        self.compare("waits", THREADS.format(compute=True), THREADS.format(compute=False),
                     "waits/gil-contention", r"^3 threads computed at the same time .* in burn$")

    def test_a_wait_for_a_child(self):
        self.compare("waits", CHILD.format(seconds=1), CHILD.format(seconds=0),
                     "waits/mostly-waiting", r"^convert \(program.py:\d+\) waits ")

    def test_a_slow_import(self):
        self.write("planted/used.py", BURN + "burn(0.4)\n")
        self.write("clean/used.py", "import math\n")
        self.compare("startup", IMPORTS, IMPORTS, "startup/slow-import", r"^importing used took [\d.]+ m?s of its own")

    def test_memory_that_grows(self):
        with concurrent.futures.ThreadPoolExecutor() as pool:  # both mostly sleep
            planted = pool.submit(self.look, "planted", MEMORY.replace("%s", "1_000_000"), "memleak")
            clean = pool.submit(self.look, "clean", MEMORY.replace("%s", "40"), "memleak")
        (rule, message), = planted.result()
        self.assertEqual(rule, "memleak/growth")
        self.assertRegex(message, r"^memory grows by 1[0-3]\d MB a minute")
        self.assertEqual(clean.result(), [])


if __name__ == "__main__":
    unittest.main()
