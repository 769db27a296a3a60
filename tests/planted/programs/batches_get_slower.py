"""Each batch compares its rows with all that came before: the hundredth takes a hundred times the first."""

from common import chores, planted, records


class Ledger:
    """Keeps what was booked, each once."""

    def __init__(self):
        self.booked = []
        self.known = set()

    def is_known(self, entry):
        return entry in (self.booked if planted() else self.known)

    def book(self, batch):
        for entry in batch:
            if not self.is_known(entry):
                self.booked.append(entry)
                self.known.add(entry)


def main():
    ledger = Ledger()
    entries = [(row["id"], row["price"]) for row in records(16_000)]
    for start in range(0, len(entries), 400):
        ledger.book(entries[start:start + 400])
        chores(4)
    print(len(ledger.booked))


main()
