"""A script of the page without what nobody reads there: comments, indentation, empty lines, blanks around punctuation.

    python3 renderers/squeeze.py < page.js

Lines stay lines, so that nothing depends on where semicolons are inserted. Strings, templates and regular expressions are kept
as they are; what divides has a blank behind it in the project's style, a regular expression has none before its first character.
"""

import re
import sys

WHOLE = r'''"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`|/(?![ /*=])(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\\[\n])+/'''
COMMENT = r" *//[^\n]*"
SIGN = r"(?<![-+]) ?([-+]) ?(?![-+])"  # "a - -b" needs its blank
PUNCTUATION = r" ?([][{}():;,?=<>*/%&|!^~]) ?"
PARTS = re.compile(f"({WHOLE})|{COMMENT}|{SIGN}|{PUNCTUATION}")


def squeeze(text):
    text = re.sub(r"(?m)^ +", "", text)
    text = PARTS.sub(lambda found: found[1] or found[2] or found[3] or "", text)
    return re.sub(r"\n+", "\n", text).lstrip("\n")


if __name__ == "__main__":
    sys.stdout.buffer.write(squeeze(sys.stdin.buffer.read().decode()).encode())
