"""Starts recording in an interpreter that has just started, before its program: because its parent is recorded, or
because all programs shall be (MICROLOG=1). It says nothing, whatever goes wrong: `python -m microlog status` does."""

import os
import sys


def follow(description):
    """Record this process as a child of the recording that ``description`` names (_children.py)."""
    import microlog
    from microlog import _children, _microlog

    if not _microlog.is_running():
        session, options = _children.read(description)
        microlog._start(options, command_line(), session, is_child=True)


def command_line():
    """The words this interpreter was started with."""
    words = getattr(sys, "orig_argv", None)  # from 3.10 on
    if words is None:
        with open("/proc/self/cmdline", "rb", buffering=0) as file:
            words = [os.fsdecode(word) for word in file.read().split(b"\0")[:-1]]
    return list(words)


def main():
    """What the installed .pth calls."""
    from microlog import _children, _options

    if _options.is_off():
        return
    _children.note_start_file()
    description = os.environ.get(_children.VARIABLE)
    if description:
        follow(description)
    else:
        from microlog import _always

        _always.start(command_line())
