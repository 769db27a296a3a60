"""A dictionary becomes larger that the collector of cycles knows nothing of, since it holds but texts. forgotten.py SECONDS"""

import sys
import time

notes = {"by": {}}
number = 0
end = time.monotonic() + float(sys.argv[1])
while time.monotonic() < end:
    for number in range(number, number + 8):
        notes["by"][f"number {number}"] = f"{number} " * 100
    time.sleep(0.01)
