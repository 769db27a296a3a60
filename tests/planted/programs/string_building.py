"""A report grows by one string at a time, and each time all of it is copied."""

import io

from common import chores, planted, records


class Report:
    """Collects lines."""

    def __init__(self):
        self.text = ""
        self.lines = io.StringIO()

    def add(self, line):
        if planted():
            self.text = line + self.text
        else:
            self.lines.write(line)

    def size(self):
        return len(self.text) or self.lines.tell()


def main():
    report = Report()
    for number, row in enumerate(records(26_000)):
        report.add(f"{row['id']:08} {row['name']} {row['price']:>12} {', '.join(row['tags'])}\n")
        if number % 250 == 0:
            chores()
    print(report.size())


main()
