"""microlog: records a running Python program into a file that microlog-analyze explains.

Ways to switch it on::

    python -m microlog app.py          # a whole program

    with microlog.enabled():           # a part of one; @microlog.enabled() for a function
        work()

    microlog.start(); ...; microlog.stop()

    MICROLOG=1 python app.py           # any program, after `python -m microlog install`

    %load_ext microlog                 # in a notebook: %%microlog records a cell

    pytest --microlog                  # a test session, or each test

While recording, ``microlog.info("...")`` and its like put messages, which may be Markdown, into the
recording, each with the stack that said it, and ``with microlog.span("name"): ...`` how long something took. When nothing
is recorded they cost a function call.
"""

import os
import sys

from microlog import _inert

try:
    _inert.check_native(__file__)
    from microlog import _microlog
except (ImportError, OSError) as missing:
    _microlog = _inert
    _microlog.reason = str(missing)
    sys.modules["microlog._microlog"] = _microlog

from microlog import _children, _hooks, _options
from microlog._microlog import critical, debug, error, info, is_running, mark, warning
from microlog._span import span

__all__ = [
    "Summary", "critical", "debug", "enabled", "error", "info", "is_running", "mark", "span", "start",
    "stop", "warning",
]
__version__ = "0.1.0"

warn = warning


class Summary:
    """What a finished recording came to: ``path``, ``seconds``, ``samples``, ``bytes`` and, when its end could
    not be written, ``error``."""

    __slots__ = ("path", "seconds", "samples", "bytes", "error")

    def __init__(self, path, seconds, samples, size, error):
        self.path = path
        self.seconds = seconds
        self.samples = samples
        self.bytes = size
        self.error = error

    def __str__(self):
        text = f"recorded {self.seconds:.1f} s, {self.samples:,} samples, {self.bytes / 1000:,.0f} kB"
        return f"{text} in {self.path}" + (f"; the end is missing: {self.error}" if self.error else "")


def start(path=None, rate=None, label=None, *, lines=None, children=None, allocations=None, mask=None, on_close=None):
    """Start recording this process, and the processes it starts, into ``path`` at ``rate`` samples a second.

    What is not said here is as the environment, the configuration file or the defaults have it (run.mlog, 100); the
    README says what each option does. Raises ValueError when a recording is running, or for an impossible option, and
    OSError when the file cannot be written. With MICROLOG=0 in the environment it does nothing. The recording ends with
    :func:`stop` or with the program.
    """
    options = _options.resolve({"output": path, "rate": rate, "label": label, "lines": lines, "children": children,
                                "allocations": allocations, "mask": mask, "on_close": on_close})
    _start(options, list(getattr(sys, "orig_argv", None) or [sys.executable] + sys.argv))


def _start(options, argv, session=None, is_child=False):
    """Record with resolved options. ``session`` makes it part of a process tree (_microlog.family); with ``is_child``
    the file is named after the tree's first, which is options["output"]."""
    if _options.is_off():
        return
    if session is None:
        session = _children.session_of_environment()
    if _microlog.is_followed():
        stop()
    try:
        directory = os.getcwd()
    except OSError:
        directory = ""
    if options["mask"]:
        from microlog import _mask

        argv = _mask.mask_arguments(argv)
    _microlog.start(path=options["output"], rate=options["rate"], label=options["label"], argv=argv,
                    executable=sys.executable or "", directory=directory, python=sys.version,
                    own=os.path.dirname(__file__), exercise=_hooks.exercise, lines=options["lines"],
                    children=options["children"], on_close=options["on_close"], session=session, is_child=is_child)
    _hooks.install()
    if options["allocations"]:
        from microlog import _allocations

        _allocations.start()
    _children.tell(options)


def stop(exit_code=None):
    """End the recording and return its :class:`Summary`; None if there was none."""
    if not _microlog.is_running():
        return None
    result = _microlog.stop(exit_code)
    if "microlog._allocations" in sys.modules:
        sys.modules["microlog._allocations"].stop()
    _hooks.remove()
    _children.tell_no_more()
    return result and Summary(*result)


class enabled:
    """Records what happens within: ``with microlog.enabled(): ...``, or as the decorator of a function, a generator or
    a coroutine. Takes what :func:`start` takes; ``summary`` is there afterwards. Within a running recording it changes
    nothing."""

    def __init__(self, path=None, rate=None, label=None, **options):
        self.options = {"path": path, "rate": rate, "label": label, **options}
        self.summary = None
        self._started = False

    def __enter__(self):
        if not _microlog.is_running():
            start(**self.options)
            self._started = _microlog.is_running()
        return self

    def __exit__(self, *exception):
        if self._started:
            self.summary = stop()
            self._started = False
        return False

    def __call__(self, function):
        from microlog import _decorator

        return _decorator.decorate(function, self.options)


def load_ipython_extension(ipython):
    """%load_ext microlog"""
    from microlog import _notebook

    _notebook.load(ipython)
