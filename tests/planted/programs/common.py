"""What the planted programs share: which twin runs, and ordinary work that has no fault.

A program run as it is has its fault; run with the argument `clean` it does the same work without. Work is counted,
never timed, and random numbers have a seed, so that a run differs from the next only by how long it takes.
"""

import base64
import csv
import decimal
import email.message
import email.parser
import hashlib
import html
import io
import json
import random
import sys
import textwrap
import zlib


def planted():
    """Is this the twin with the fault?"""
    return "clean" not in sys.argv[1:]


def records(count, seed=1):
    """Rows of an imagined shop, the same each time."""
    source = random.Random(seed)
    return [{"id": number, "name": f"item {source.randrange(10 ** 6):06}", "price": source.randrange(1, 100_000),
             "tags": [f"tag{source.randrange(50)}" for _ in range(3)]} for number in range(count)]


ROWS = records(250)
TEXT = " ".join(f"{row['name']} costs {row['price']}, {' '.join(row['tags'])}." for row in ROWS)


def serialize():
    text = json.dumps(ROWS, indent=1)
    return len(json.loads(text))


def tabulate():
    out = io.StringIO()
    writer = csv.writer(out)
    for row in ROWS * 4:
        writer.writerow([row["id"], row["name"], row["price"], *row["tags"]])
    out.seek(0)
    return sum(int(row[2]) for row in csv.reader(out))


def add_up():
    total = decimal.Decimal(0)
    for row in ROWS * 6:
        total += decimal.Decimal(row["price"]) / 7
    return total


def write_letters():
    size = 0
    for row in ROWS[:8]:
        letter = email.message.EmailMessage()
        letter["Subject"] = row["name"]
        letter.set_content(TEXT[:300])
        size += len(email.parser.Parser().parsestr(letter.as_string()).get_payload())
    return size


def wrap():
    return len(textwrap.fill(TEXT[:6000], 80))


def pack():
    data = html.escape(TEXT).encode() * 3
    return len(base64.b64encode(zlib.compress(data, 6))) + len(hashlib.sha512(data).hexdigest())


def count_words():
    counts = {}
    for word in TEXT.split() * 3:
        counts[word] = counts.get(word, 0) + 1
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:5]


CHORES = serialize, tabulate, add_up, write_letters, wrap, pack, count_words


def chores(rounds=1):
    """Some twenty milliseconds of ordinary work a round, spread over as many functions as there are chores."""
    for _ in range(rounds):
        for chore in CHORES:
            chore()
