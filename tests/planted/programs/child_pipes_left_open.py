"""Children are started with pipes, waited for, and kept in a list with their pipes open."""

import subprocess

from common import chores, planted

kept = []


def start(number):
    return subprocess.Popen(["/bin/echo", str(number)], stdout=subprocess.PIPE)


def run(number, kept):
    child = start(number)
    child.wait()
    text = child.stdout.readline()
    if planted():
        kept.append(child)
    else:
        child.stdout.close()
    return text


def main():
    for number in range(70):
        run(number, kept)
        chores(2)
    print(len(kept))


main()
