"""The program storm.c: a writer to be killed, and a reader that checks what is left."""

import functools
import pathlib
import random
import signal
import subprocess
import tempfile
import time

import support

HERE = pathlib.Path(__file__).resolve().parent


@functools.lru_cache(maxsize=None)
def storm():
    """The program, compiled against the objects of the build."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="microlog-storm-"))
    objects = [file for room in ("base", "format")
               for file in sorted((support.build() / "obj/core" / room).glob("*.o"))]
    done = support.run(["cc", "-std=gnu11", "-O1", "-I", support.ROOT, "-o", folder / "storm",
                        HERE / "storm.c", *objects, "-lzstd"])
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return folder / "storm"


def kill_once(root, flush, seal, size, longest):
    """Kills a writer at a random moment; returns (ticks it had taken, ticks that were read, its last tick's number)."""
    file, counter = root / "run.mlog", root / "counter"
    for path in (file, counter, root / "run.mlog-journal"):
        path.unlink(missing_ok=True)
    writer = subprocess.Popen([storm(), "write", file, counter, str(flush), str(seal), str(size)])
    while not counter.exists() or not counter.read_bytes()[:8].strip(b"\0"):
        time.sleep(0.001)
    time.sleep(random.random() * longest)
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    done = int.from_bytes(counter.read_bytes()[:8], "little")
    read = support.run([storm(), "read", file, "1"])
    if read.returncode != 0:
        raise AssertionError(read.stderr)
    return done, int(read.stdout)


def kills(root, times, flush, seal, size, longest):
    """Kills many; returns (the most ticks that one lost, the fewest it had more than taken, all that were found)."""
    lost, found = zip(*((done - found, found) for done, found in
                        (kill_once(root, flush, seal, size, longest) for _ in range(times))))
    return max(lost), min(lost), sum(found)
