"""Stands for the native part where that does not load, so that a program which uses microlog runs as ever: it starts no
recording, says why, and takes every message."""

import os
import sys

reason = ""


def check_native(package):
    """Raise ImportError if the native part beside the file ``package`` is cut off: to load it would kill the process."""
    import _imp

    for suffix in _imp.extension_suffixes():
        path = os.path.join(os.path.dirname(package), "_microlog" + suffix)
        if os.path.exists(path):
            return _check_whole(path)


def _check_whole(path):
    """What an ELF file has last is the table of its sections, whose place its header tells."""
    with open(path, "rb", buffering=0) as file:
        header = file.read(64)
        size = file.seek(0, 2)
    end = int.from_bytes(header[40:48], "little") + (int.from_bytes(header[58:60], "little")
                                                     * int.from_bytes(header[60:62], "little"))
    if header[:4] != b"\x7fELF" or size < max(end, 64):
        raise ImportError(f"{path} is damaged or cut off")


def start(**options):
    raise OSError(f"the recorder does not load in {sys.executable}: {reason}. Build or install microlog for this interpreter")


def _nothing(*arguments):
    return None


def _run(call, *arguments):
    """Run the program; its frames have ours below them."""
    global code
    try:
        call(*arguments)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        raise
    code = 0
    return 0


def run_file(path, namespace):
    with open(path, "rb") as file:
        return run_text(file.read(), namespace, path)


def run_text(source, namespace, path="<string>"):
    return _run(exec, compile(source, path, "exec", dont_inherit=True), namespace)


def run_call(function, argument):
    return _run(function, argument)


def exit_code():
    return code


def __getattr__(name):
    """Everything else of the native part does nothing."""
    if name.startswith("__"):
        raise AttributeError(name)
    return _nothing


code = 0
