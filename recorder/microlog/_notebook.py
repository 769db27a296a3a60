"""%%microlog: records one cell of a notebook.

    %load_ext microlog

    %%microlog -o cell.mlog --rate 500
    work()
"""

import shlex

from microlog import Summary, _options, enabled


def _read(line):
    """Options of the magic's line, as of the command line."""
    words, given = shlex.split(line), {}
    while words:
        name, equals, value = words.pop(0).partition("=")
        name = "--output" if name == "-o" else name
        known = [option for option in _options.RECORDING if name == f"--{option.name}"]
        if not known or not (equals or words):
            names = ", ".join(f"--{option.name} {option.value}" for option in _options.RECORDING)
            raise ValueError(f"%%microlog does not know {name!r}, or it lacks its value; there are {names}")
        given[known[0].key] = known[0].read(value if equals else words.pop(0), name)
    if "output" in given:
        given["path"] = given.pop("output")
    return given


class _Failed(Exception):
    """The cell's own error has been shown; nothing is added to it but the fact."""

    def _render_traceback_(self):
        return [f"microlog: {self}"]


def _tell(summary):
    """A line of text below the cell; the file is named as the analyzer wants it."""
    if isinstance(summary, Summary):
        print(f"microlog: {summary}\nmicrolog: next: !microlog-analyze {summary.path} --plugins all")
    else:
        print("microlog: not recorded: another recording is running, or MICROLOG is 0")


def load(ipython):
    """Register the magic with an IPython shell."""
    def record(line, cell):
        """Record this cell: %%microlog [-o FILE] [--rate HZ] [--label TEXT] and what else start() takes."""
        with enabled(**_read(line)) as recording:
            result = ipython.run_cell(cell, store_history=False)
        _tell(recording.summary)
        if result.error_before_exec or result.error_in_exec:
            raise _Failed("the cell failed, see above")  # which stops "run all"

    ipython.register_magic_function(record, "cell", "microlog")
