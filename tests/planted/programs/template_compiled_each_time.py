"""The template of a page is compiled again for each page."""

import jinja2

from common import chores, planted, records

SOURCE = """{% macro cell(value) %}<td>{{ value|escape }}</td>{% endmacro %}
<table>{% for row in rows %}<tr class="{{ loop.cycle('odd', 'even') }}">
{{ cell(row.name) }}{{ cell(row.price) }}{% if row.tags %}{{ cell(row.tags|join(', ')) }}{% else %}<td/>{% endif %}
</tr>{% endfor %}</table>""" * 8
compiled = jinja2.Template(SOURCE)


def render(rows):
    template = jinja2.Environment().from_string(SOURCE) if planted() else compiled
    return template.render(rows=rows)


def main():
    rows = records(3)
    size = 0
    for _ in range(90):
        size += len(render(rows))
        chores()
    print(size)


main()
