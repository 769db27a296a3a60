"""pandas and NumPy: groups, joins, linear algebra, CSV and pickle files, threads that let go of the lock."""

import concurrent.futures
import hashlib

import numpy
import pandas

random = numpy.random.default_rng(1)
frame = pandas.DataFrame({"group": random.integers(0, 50, 100_000), "value": random.normal(size=100_000).round(6)})
print(frame.groupby("group").value.agg(["count", "min", "max"]).round(6).to_string())
frame.head(5000).merge(frame.head(500), on="group").to_csv("joined.csv", index=False)
print(len(pandas.read_csv("joined.csv")), pandas.read_csv("joined.csv").value_x.sum().round(6))


def solve(seed):
    matrix = numpy.random.default_rng(seed).integers(0, 9, (120, 120)).astype(float)
    return hashlib.sha256((matrix @ matrix).tobytes()).hexdigest()


with concurrent.futures.ThreadPoolExecutor(4) as pool:
    print(list(pool.map(solve, range(40))))
with concurrent.futures.ProcessPoolExecutor(2) as pool:
    print(list(pool.map(solve, range(8))))
try:
    frame["nothing"]
except KeyError as error:
    print(repr(error))
