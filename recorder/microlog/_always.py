"""Recordings that nobody asked for by name, as MICROLOG=1 makes them: where they go, and which of them stay.

They are $XDG_STATE_HOME/microlog/NAME/DATE-TIME-PID.mlog, with those of child processes beside. NAME is the program's.
When a new one begins, older ones of that name go: what is more than keep-count, older than keep-days, and what makes all
of them larger than keep-megabytes. What is still being written stays.
"""

import os
import time

from microlog import _options

_SUFFIX = ".mlog"
_JOURNAL = "-journal"
_DAY = 86400


def folder():
    return os.path.join(_options.home("XDG_STATE_HOME", os.path.join(".local", "state")), "microlog")


def program_name(words):
    """What the command line of an interpreter runs, as the name of a folder."""
    words = list(words)[1:]
    found = ""
    while words and not found:
        word = words.pop(0)
        if word.startswith("--"):
            del words[:word == "--check-hash-based-pycs"]
        elif word.startswith("-") and word != "-":
            found = _name_by_flags(word[1:], words)
        else:
            found = os.path.splitext(os.path.basename(os.path.abspath(word)))[0]
    return "".join(c if c.isalnum() or c in "._-" else "_" for c in found).lstrip(".") or "python"


def _name_by_flags(flags, words):
    """The module of -m, which may end a group of flags; "python" for -c. Takes their values out of ``words``."""
    for at, flag in enumerate(flags):
        if flag in "mcWX":
            value = flags[at + 1:] or (words.pop(0) if words else "")
            return value if flag == "m" else "python" if flag == "c" else ""
    return ""


def _is_live(path):
    import fcntl

    with open(path, "rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def _trees(where):
    """The process trees that are recorded in a folder, newest first: [(time, bytes, paths)]."""
    found = {}
    for name in os.listdir(where):
        stem, suffix = os.path.splitext(name)
        parts = stem.split("-")
        if len(parts) >= 3 and all(map(str.isdigit, parts)) and suffix in (_SUFFIX, _SUFFIX + _JOURNAL):
            path = os.path.join(where, name)
            about = os.stat(path)
            newest, size, paths = found.get(tuple(parts[:3]), (0, 0, []))
            found[tuple(parts[:3])] = max(newest, about.st_mtime), size + about.st_size, paths + [path]
    return sorted(found.values(), reverse=True)


def _remove(paths):
    if not any(_is_live(path) for path in paths):
        for path in paths:
            os.unlink(path)


def clean(where, options):
    """Remove what may not stay, with room for one more."""
    size = 0
    for number, (newest, added, paths) in enumerate(_trees(where), 1):
        size += added
        if (number >= options["keep_count"] or newest < time.time() - options["keep_days"] * _DAY
                or size > options["keep_megabytes"] * 1000000):
            try:
                _remove(paths)
            except OSError:
                pass  # another process cleans, too


def start(words):
    """Record this process, if MICROLOG=1 or the configuration says so. ``words`` is its command line."""
    import microlog

    options = _options.resolve({})
    if not options["always"] and not _options.is_on():
        return
    if "output" not in _options.read_environment():
        where = os.path.join(folder(), program_name(words))
        os.makedirs(where, mode=0o700, exist_ok=True)
        clean(where, options)
        options["output"] = os.path.join(where, f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}{_SUFFIX}")
    microlog._start(options, words)
