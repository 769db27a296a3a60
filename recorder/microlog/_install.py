"""python -m microlog install | uninstall | status: the file that has each start of this interpreter look for MICROLOG=1."""

import os
import site
import sys

from microlog import _always, _children, _microlog, _options

# One line, which the module `site` runs. It loads nothing of ours while nobody asks for a recording, and never under -E,
# -I, or with the rights of another user than the one who set the environment.
_LINE = """\
import os, sys; \
not sys.flags.ignore_environment and os.getuid() == os.geteuid() and os.getgid() == os.getegid() and \
(os.environ.get("MICROLOG", "") not in ("", "0") or "MICROLOG_SESSION" in os.environ or \
os.path.exists(os.path.join(os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config"), "microlog", "config"))) \
and exec({source}, {{}})
"""


def _folders():
    """Where .pth files are read, the user's own folder last."""
    folders = site.getsitepackages()
    if site.ENABLE_USER_SITE:
        folders.append(site.getusersitepackages())
    return folders


def _installed():
    paths = [os.path.join(folder, _children.START_FILE) for folder in _folders()]
    return [path for path in paths if os.path.exists(path)]


def _write(path):
    beside = f"{path}.{os.getpid()}"
    with open(beside, "w", encoding="ascii") as file:
        file.write(_LINE.format(source=ascii(_children.loader("main()"))))
    os.replace(beside, path)


def install():
    """Write the start file into the first folder that takes it."""
    reasons = []
    for folder in _folders():
        try:
            if folder == (site.ENABLE_USER_SITE and site.getusersitepackages()):
                os.makedirs(folder, exist_ok=True)
            _write(os.path.join(folder, _children.START_FILE))
        except OSError as error:
            reasons.append(str(error))
            continue
        print(f"installed {os.path.join(folder, _children.START_FILE)}\n"
              f"MICROLOG=1 now records every program of {sys.executable} into {_always.folder()}/NAME/")
        return 0
    print(f"microlog: cannot install: {'; '.join(reasons)}. Run this as the owner of the interpreter, or in a virtual "
          "environment", file=sys.stderr)
    return 1


def uninstall():
    """Remove it from wherever it is."""
    for path in _installed():
        try:
            os.unlink(path)
        except OSError as error:
            print(f"microlog: cannot uninstall: {error}. Run this as the owner of the file", file=sys.stderr)
            return 1
        print(f"removed {path}")
    return 0


def _try_recorder():
    """Record a moment for nobody."""
    import microlog

    if _microlog.is_running():
        return f"works, and is recording: {_microlog.method()}"
    options = dict(_options.resolve({}), output=os.devnull, on_close=None, children=False)
    try:
        microlog._start(options, [])
        method = _microlog.method()
        microlog.stop()
    except (OSError, ValueError) as error:
        return str(error)
    return f"works: {method}" if method else "switched off by MICROLOG=0"


def _switch():
    if _options.is_off():
        return "off: MICROLOG=0"
    if not _installed():
        return "nothing is recorded unless asked for; python -m microlog install lets MICROLOG=1 do so"
    if _options.is_on():
        return "on: MICROLOG=1"
    return ("on: always, says the configuration" if _options.resolve({})["always"]
            else "off; MICROLOG=1 in the environment of a program switches it on")


def _kept():
    files = [os.path.join(where, name) for where, _, names in os.walk(_always.folder()) for name in names]
    size = sum(os.path.getsize(path) for path in files) / 1e6
    return f"{_always.folder()} ({len(files)} files, {size:.1f} MB)"


def _said(function):
    """What it returns, or what is wrong with the configuration."""
    try:
        return function()
    except ValueError as error:
        return f"not known: {error}"


def status():
    """Say what is there, and whether it works."""
    import microlog

    config = _options.config_path()
    for name, value in (
            ("microlog", f"{microlog.__version__} in {os.path.dirname(os.path.abspath(__file__))}"),
            ("interpreter", f"{sys.version.split()[0]} {sys.executable}"),
            ("recorder", _said(_try_recorder)),
            ("start file", ", ".join(_installed()) or f"not installed (it would be {_children.START_FILE} in one of "
                                                      f"{', '.join(_folders())})"),
            ("switched", _said(_switch)),
            ("configuration", config + ("" if os.path.exists(config) else " (not there)")),
            ("recordings", _kept())):
        print(f"{name:14}{value}")
    return 0
