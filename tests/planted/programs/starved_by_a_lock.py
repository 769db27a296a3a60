"""A clerk holds a lock while he works, and takes it again at once: the customer hardly gets a turn. In the clean twin the work is done
before the lock is taken. A third thread is idle in both, as it should be: it waits for orders in native code."""

import queue
import threading

from common import chores, planted

counter = threading.Lock()
orders = queue.SimpleQueue()
served = []
closed = threading.Event()


def hold_office():
    for number in range(150):
        if planted():
            with counter:
                chores(2)
                served.append(number)
        else:
            chores(2)
            with counter:
                served.append(number)
        if number % 10 == 0:
            orders.put("tea")
    orders.put(None)
    closed.set()


def be_served():
    while not closed.wait(0.005):
        with counter:
            served.append("customer")


def take_orders():
    while orders.get() is not None:
        chores(1)


def main():
    threads = [threading.Thread(target=target, name=name) for target, name in
               ((hold_office, "clerk"), (be_served, "customer"), (take_orders, "waiter"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


main()
