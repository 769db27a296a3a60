"""A web application opens its configuration again for each request, and never closes it."""

import pathlib
import tempfile

import flask

from common import chores, planted

application = flask.Flask("shop")


def read_settings(path):
    file = open(path, encoding="utf-8")
    if planted():
        application.config.setdefault("FILES", []).append(file)
        return file.read()
    with file:
        return file.read()


@application.route("/")
def index():
    chores()
    return read_settings(application.config["SETTINGS"])


def main():
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "settings.ini"
        path.write_text("[shop]\nname = x\n", encoding="utf-8")
        application.config["SETTINGS"] = path
        client = application.test_client()
        size = sum(len(client.get("/").data) for _ in range(120))
    print(size)


main()
