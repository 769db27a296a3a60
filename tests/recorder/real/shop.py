"""A Flask application for gunicorn: routes, templates, SQLite, JSON, errors that are caught and one that is not."""

import sqlite3

from flask import Flask, abort, jsonify, render_template_string, request

PAGE = "<ul>{% for name, value in rows %}<li>{{ name|upper|e }} {{ '%.2f'|format(value / 7) }}</li>{% endfor %}</ul>"

app = Flask("shop")


def rows(sql, *values):
    with sqlite3.connect(":memory:") as database:
        database.execute("create table items (name text, value integer)")
        database.executemany("insert into items values (?, ?)", ((f"item <{i}>", i) for i in range(200)))
        return database.execute(sql, values).fetchall()


@app.route("/")
def index():
    return render_template_string(PAGE, rows=rows("select * from items limit 40"))


@app.route("/item/<int:key>")
def item(key):
    found = rows("select * from items where value = ?", key)
    if not found:
        abort(404)
    return jsonify(name=found[0][0], value=key)


@app.route("/fails", methods=["POST"])
def fails():
    return jsonify(int(request.form["number"]) / 0)
