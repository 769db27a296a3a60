"""What is to be undone is kept as closures over whole documents, for as long as the program runs."""

import collections
import time

from common import chores, planted

LINES = [f"line {number} of the document\n" for number in range(12_000)]
undo = collections.deque(maxlen=None if planted() else 12)


def edit(text, number):
    return text.replace(f"line {number} ", f"line {number}, changed, ")


def remember(document, text):
    def restore():
        document["text"] = text
    undo.append(restore)


def main():
    document = {"text": "".join(LINES)}
    for number in range(330):
        remember(document, document["text"])
        document["text"] = edit(document["text"], number)
        chores(3)
        time.sleep(0.01)
    undo[-1]()
    print(len(document["text"]), len(undo))


main()
