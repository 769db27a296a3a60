"""Each visitor listens for news, with all that a visitor holds, and none of them is ever taken off the list."""

import time

from common import chores, planted


class News:
    """Tells its listeners."""

    def __init__(self):
        self.listeners = []

    def subscribe(self, listener):
        self.listeners.append(listener)

    def unsubscribe(self, listener):
        self.listeners.remove(listener)

    def tell(self, text):
        for listener in self.listeners:
            listener(text)


class Visitor:
    """Reads the news."""

    def __init__(self, number):
        self.number = number
        self.page = [f"{number} {line} " * 6 for line in range(2500)]
        self.read = 0

    def on_news(self, text):
        self.read += len(text)


def visit(news, number):
    visitor = Visitor(number)
    news.subscribe(visitor.on_news)
    news.tell(f"visitor {number}")
    if not planted():
        news.unsubscribe(visitor.on_news)


def main():
    news = News()
    for number in range(330):
        visit(news, number)
        chores(3)
        time.sleep(0.01)
    print(len(news.listeners))


main()
