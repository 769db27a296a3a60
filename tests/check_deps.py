#!/usr/bin/env python3
"""Reads every #include of core, recorder, SDK and plugins against tests/include-table.txt.

    tests/check_deps.py [ROOT]

Lists every include that the table does not allow and exits 1 if there is one.
"""

import fnmatch
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
TOPS = ("core", "recorder", "plugins-sdk", "analyzers", "renderers")
INCLUDE = re.compile(r"\s*#\s*include\b\s*(.*)")
HEADER = re.compile(r'<([^>]+)>|"([^"]+)"')


class Table:
    """rooms: room → names it may include; libraries: name → patterns of headers."""

    def __init__(self, text):
        self.rooms = {}
        self.libraries = {}
        for line in text.splitlines():
            words = line.split("#")[0].split()
            if words and words[0].startswith(":"):
                self.libraries.setdefault(words[0][1:], []).extend(words[1:])
            elif words:
                self.rooms[words[0]] = words[1:]

    def room_of(self, path):
        """The row for a file, by its exact folder before a `*` row; None if there is no row."""
        parts = path.split("/")
        for depth in range(len(parts) - 1, 0, -1):
            folder = "/".join(parts[:depth])
            if folder in self.rooms:
                return folder
            if "/".join(parts[:depth - 1] + ["*"]) in self.rooms:
                return "/".join(parts[:depth - 1] + ["*"])
        return None

    def library_of(self, header):
        for name, patterns in self.libraries.items():
            if any(fnmatch.fnmatchcase(header, pattern) for pattern in patterns):
                return name
        return None


def folder_of_plugin(path):
    """analyzers/design/graph.c → analyzers/design; other files → their own folder."""
    parts = path.split("/")
    return "/".join(parts[:2] if parts[0] in ("analyzers", "renderers") else parts[:-1])


def is_own(root, path, header):
    """Is `header` of the file's own folder, of its kind's common folder, or generated for it?"""
    own = folder_of_plugin(path)
    if header.startswith(own + "/") or (root / path).parent.joinpath(header).exists():
        return True
    if path.split("/")[0] not in ("analyzers", "renderers"):
        return False
    kind = own.split("/")[0]
    common = header.startswith(("common/", f"{kind}/common/"))
    return header == "assets.h" or common or (root / own / header).exists()


def objection(root, table, path, header):
    """Why `path` may not include `header`, or None."""
    if ".." in header.split("/"):
        return "leaves its folder by `..`"
    room = table.room_of(path)
    if room is None:
        return "lies in a folder that the table does not name"
    allowed = table.rooms[room]
    if header.split("/")[0] in TOPS:
        if is_own(root, path, header) or any(header.startswith(row + "/") for row in allowed):
            return None
        return f"{room} may include only: {' '.join(allowed) or 'nothing of ours'}"
    library = table.library_of(header)
    if library == "system" or library in allowed or is_own(root, path, header):
        return None
    if library == "sdk" and room == "plugins-sdk":
        return None
    return f"{room} may not use {library}" if library else "is not in the table"


def includes(text):
    """(line number, header or None) of each include; None if a macro names the header."""
    for number, line in enumerate(text.splitlines(), 1):
        directive = INCLUDE.match(line)
        if directive:
            header = HEADER.match(directive[1])
            yield number, (header[1] or header[2]) if header else None


def violations(root, table):
    for top in TOPS:
        for file in sorted((root / top).rglob("*.[ch]")):
            path = file.relative_to(root).as_posix()
            for number, header in includes(file.read_text(errors="replace")):
                why = objection(root, table, path, header) if header else "is named by a macro"
                if why:
                    yield f"{path}:{number}: {header or '?'}: {why}"


def main():
    root = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else HERE.parent
    table = Table((HERE / "include-table.txt").read_text())
    found = list(violations(root, table))
    for line in found:
        print(line)
    files = sum(1 for top in TOPS for _ in (root / top).rglob("*.[ch]"))
    print(f"check-deps: {files} files, {len(found)} forbidden includes")
    return 1 if found or not files else 0


if __name__ == "__main__":
    sys.exit(main())
