"""Four workers share a lock, and each holds it while it waits for its answer: they go one by one."""

import threading
import time

from common import chores, planted

lock = threading.Lock()
answers = []


def ask(number):
    time.sleep(0.03)
    return number * 2


def update(number):
    if planted():
        with lock:
            answers.append(ask(number))
    else:
        answer = ask(number)
        with lock:
            answers.append(answer)


def work(first):
    for number in range(first, 100, 4):
        update(number)


def main():
    threads = [threading.Thread(target=work, args=(first,), name=f"worker-{first}") for first in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    chores(100)
    print(len(answers))


main()
