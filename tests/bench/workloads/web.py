"""A Flask application behind wsgiref, a thread for each request, 20 requests a second: routes, templates, SQLite, JSON."""

import socketserver
import sqlite3
import subprocess
import sys
import threading
import wsgiref.simple_server

from flask import Flask, abort, jsonify, render_template_string, request, url_for

SECONDS = float(sys.argv[1])
PAGE = """<html><title>{{ title }}</title><ul>{% for name, value in rows %}
<li><a href="{{ url_for('item', key=value) }}">{{ name|upper|e }}</a> {{ '%.2f'|format(value / 7) }}
{% if loop.index is divisibleby 3 %}<b>{{ loop.index }}</b>{% endif %}</li>{% endfor %}</ul></html>"""

app = Flask("shop")
database = sqlite3.connect(":memory:", check_same_thread=False)
database.execute("create table items (name text, value integer)")
database.executemany("insert into items values (?, ?)", ((f"item {i}", i) for i in range(500)))
lock = threading.Lock()


def rows(sql, *values):
    with lock:
        return database.execute(sql, values).fetchall()


@app.route("/")
def index():
    return render_template_string(PAGE, title="all", rows=rows("select * from items limit ?", 60))


@app.route("/item/<int:key>")
def item(key):
    found = rows("select * from items where value = ?", key)
    if not found:
        abort(404)
    return jsonify(name=found[0][0], value=key, next=url_for("item", key=key + 1))


@app.route("/search", methods=["POST"])
def search():
    word = request.form["word"]
    return render_template_string(PAGE, title=word, rows=rows("select * from items where name like ?", f"%{word}%"))


class Server(socketserver.ThreadingMixIn, wsgiref.simple_server.WSGIServer):
    daemon_threads = True


class Quiet(wsgiref.simple_server.WSGIRequestHandler):
    def log_message(self, *arguments):
        pass


CLIENT = """
import http.client, sys, time
connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
end = time.monotonic() + float(sys.argv[2])
number = 0
while time.monotonic() < end:
    if number % 3 == 0:
        connection.request("GET", "/")
    elif number % 3 == 1:
        connection.request("GET", f"/item/{number * 7 % 600}")
    else:
        connection.request("POST", "/search", f"word={number % 50}",
                           {"Content-Type": "application/x-www-form-urlencoded"})
    connection.getresponse().read()
    connection.close()
    number += 1
    time.sleep(0.05)
"""


def main():
    server = wsgiref.simple_server.make_server("127.0.0.1", 0, app, Server, Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    subprocess.run([sys.executable, "-E", "-c", CLIENT, str(server.server_port), str(SECONDS)], check=True)
    server.shutdown()


main()
