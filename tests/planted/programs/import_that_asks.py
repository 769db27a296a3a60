"""A module asks another program for its version while it is imported."""

import pathlib
import sys
import tempfile

from common import chores, planted

ASKS = '''import subprocess

VERSION = subprocess.run(["/bin/sh", "-c", "sleep 1.3; echo 1.2"], stdout=subprocess.PIPE).stdout
'''
KNOWS = '''import subprocess

VERSION = b"1.2"
'''


def main():
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "backend.py").write_text(ASKS if planted() else KNOWS)
        sys.path.insert(0, folder)
        import backend
        chores(100)
    print(backend.VERSION)


main()
