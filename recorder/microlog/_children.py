"""How the processes that a recorded program starts come to be recorded.

A forked child is followed by the native part (recorder.c). A child that is a new interpreter is told by its parent:
one of multiprocessing (spawn, forkserver) with what it is sent, any other by MICROLOG_SESSION in its environment, if
`python -m microlog install` has put _boot.py where it starts. Both carry the options in the configuration's syntax.
"""

import os
import sys

from microlog import _microlog, _options

VARIABLE = "MICROLOG_SESSION"
START_FILE = "microlog-start.pth"
_TOLD = ("rate", "label", "lines", "children", "allocations", "mask", "on-close")

# Runs in another interpreter, before anything of the program. Whatever is wrong with the recorder there, the
# interpreter must not notice.
LOADER = """\
try:
    import sys
    sys.path.insert(0, {folder!r})
    try:
        from microlog import _boot
    finally:
        sys.path.remove({folder!r})
    _boot.{call}
except Exception:
    pass
"""


def loader(call):
    """Source that loads this package from where it is and calls ``call`` of _boot."""
    return LOADER.format(folder=os.path.dirname(os.path.dirname(os.path.abspath(__file__))), call=call)


class _Here:
    """What this process's recording has changed."""

    options = {}
    was_started = False  # by the start file, which is there therefore
    told = None  # what we put into the environment
    before = None  # what was there
    preparation = None  # multiprocessing.spawn's function


def description():
    """What a child must know, as lines; None if children are not recorded."""
    family = _microlog.family()
    if family is None:
        return None
    lines = [f"session = {family[0]}", f"output = {family[1]}"]
    for name in _TOLD:
        value = _Here.options.get(_options.ALL[name].key)
        if value is not None:
            lines.append(f"{name} = {('off', 'on')[value] if isinstance(value, bool) else value}")
    return "\n".join(line.replace("\n", " ") for line in lines)


def read(description):
    """(session, options) of a description; ValueError if it is none."""
    first, _, rest = description.partition("\n")
    name, _, session = first.partition(" = ")
    if name != "session":
        raise ValueError(f"{VARIABLE} says no session")
    options = {option.key: option.default for option in _options.ALL.values()}
    options.update(_options.parse(rest.split("\n"), VARIABLE))
    return session, options


def session_of_environment():
    """The session and the recording that this process was started under, or None."""
    try:
        return read(os.environ[VARIABLE])[0]
    except (KeyError, ValueError):
        return None


def is_installed():
    """Will another interpreter of this kind look at MICROLOG_SESSION?"""
    if _Here.was_started:
        return True
    site = sys.modules.get("site")
    folders = list(getattr(site, "PREFIXES", ())) and site.getsitepackages()
    if site is not None and site.ENABLE_USER_SITE:
        folders.append(site.getusersitepackages())
    return any(os.path.exists(os.path.join(folder, START_FILE)) for folder in folders)


def note_start_file():
    """The start file has started this."""
    _Here.was_started = True


def tell(options):
    """Have the children of the recording that has just started be told of it."""
    _Here.options = options
    text = description()
    if text is not None and is_installed():
        _Here.told, _Here.before = text, os.environ.get(VARIABLE)
        os.environ[VARIABLE] = text


def tell_no_more():
    """The recording has ended."""
    if _Here.told is not None and os.environ.get(VARIABLE) == _Here.told:
        if _Here.before is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = _Here.before
    _Here.told = None
    if _Here.preparation is not None:
        module, function, ours = _Here.preparation
        if module.get_preparation_data is ours:
            module.get_preparation_data = function
        _Here.preparation = None


class _Order:
    """Pickled by the parent; what is unpickled in the child has started its recording."""

    def __init__(self, description):
        self.description = description

    def __reduce__(self):
        return exec, (loader(f"follow({self.description!r})"), {})


def hook_spawn(module):
    """Listen for processes that multiprocessing starts anew; ``module`` is multiprocessing.spawn."""
    function = module.get_preparation_data

    def get_preparation_data(*arguments, **names):
        data = function(*arguments, **names)
        text = description()
        if text is not None:
            data["microlog"] = _Order(text)
        return data

    module.get_preparation_data = get_preparation_data
    _Here.preparation = module, function, get_preparation_data


def after_fork():
    """In the child of a fork, whose own children belong to it."""
    _microlog.follow()
    if _Here.told is not None and os.environ.get(VARIABLE) == _Here.told:
        text = description()
        if text is not None:
            _Here.told = os.environ[VARIABLE] = text
