"""A dictionary of texts that the collector of cycles knows nothing of, in one of which the census asks for four like it. owner.py SECONDS"""

import gc
import sys
import time


def asks_for_four(holder):
    """As address_hash in recorder/address.h has it, of two bits."""
    return ((id(holder) >> 4) * 0x9E3779B97F4A7C15 & (1 << 64) - 1) >> 62 == 0


texts = {f"number {number}": f"{number} " * 100 for number in range(5000)}
holder = next(one for one in [{"by": texts, "number": number} for number in range(100)] if asks_for_four(one))
print(sum(map(sys.getsizeof, texts.values())))
del texts
gc.collect()
time.sleep(0.1)
end = time.monotonic() + float(sys.argv[1])
while time.monotonic() < end:
    time.sleep(0.01)
