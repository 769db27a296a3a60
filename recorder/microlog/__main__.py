"""python -m microlog [options] SCRIPT args | -m MODULE args | -c CODE args

Records the program into run.mlog. The program itself sees no difference: its arguments, exit code, output,
signals and tracebacks are those it has without the recorder.
"""

import sys

_WORDS = """\
usage: python -m microlog [options] SCRIPT [ARGUMENTS]
       python -m microlog [options] -m MODULE [ARGUMENTS]
       python -m microlog [options] -c CODE [ARGUMENTS]
       python -m microlog install | uninstall | status | examples

"""
_FLAGS = (("--summary", "say what was recorded at the end, also when stderr is no terminal"),
          ("--version", "print the version"), ("-h, --help", "print this"))
_COMMANDS = """
  install            record what MICROLOG=1 or the configuration asks for, in every program of this interpreter
  uninstall          undo that
  status             say what is installed where, and whether the recorder works
  examples           list programs that have something to find, and how to record them
"""


def _usage():
    from microlog import _options

    lines = []
    for option in _options.RECORDING:
        words = f"--{option.name} {option.value}"
        words = "-o, " + words if option.name == "output" else words
        default = {True: "on", False: "off", None: None}.get(option.default, option.default)
        lines.append((words, option.help + (f" (default: {default})" if default is not None else "")))
    lines.append(("--pipe N", "write to the open descriptor N, for example a pipe, instead of a file"))
    lines.append(("--no-children", "the same as --children off"))
    return _WORDS + "".join(f"  {words:18} {text}\n" for words, text in lines + list(_FLAGS)) + _COMMANDS


def _fail(text):
    sys.stderr.write(f"microlog: {text}\nmicrolog: python -m microlog --help lists the options\n")
    sys.exit(2)


def _print(text):
    sys.stdout.write(text)
    sys.exit(0)


def _read_option(options, name, value):
    """Take one ``--name value`` in."""
    from microlog import _options

    if name == "--pipe":
        if not value.isdigit():
            _fail(f"--pipe takes the number of an open descriptor, not {value!r}")
        options["output"] = f"/dev/fd/{int(value)}"
        return
    option = _options.ALL["output" if name == "-o" else name[2:]]
    try:
        options[option.key] = option.read(value, name)
    except ValueError as error:
        _fail(str(error))


def _parse(words):
    """Split our options from the program: (options, kind, what, its arguments)."""
    import microlog
    from microlog import _options

    with_value = {"-o", "--pipe"} | {f"--{option.name}" for option in _options.RECORDING}
    options = {"summary": False}
    words = list(words)
    while words:
        word = words.pop(0)
        name, has_value, value = word.partition("=")
        if word in ("-m", "-c"):
            if not words:
                _fail(f"{word} needs an argument")
            return options, word, words[0], words[1:]
        if name in with_value and (has_value or words):
            _read_option(options, name, value if has_value else words.pop(0))
        elif name in with_value:
            _fail(f"{name} needs an argument")
        elif word == "--summary":
            options["summary"] = True
        elif word == "--no-children":
            options["children"] = False
        elif word in ("-h", "--help"):
            _print(_usage())
        elif word == "--version":
            _print(f"microlog {microlog.__version__}\n")
        elif word.startswith("-") and word != "-":
            _fail(f"unknown option {word}")
        else:
            return options, "script", word, words
    _fail("no program given")


def _end_what_was_started():
    """The interpreter's start may have begun a recording already (_boot.py); this one is asked for by name."""
    import os

    import microlog

    summary = microlog.stop()
    if summary is not None:
        try:
            os.unlink(summary.path)
        except OSError:
            pass


def _start(options, program):
    """Start the recorder; whatever goes wrong, the program runs. `program` is the command without us."""
    import microlog
    from microlog import _options

    _end_what_was_started()
    try:
        given = {name: value for name, value in options.items() if name != "summary"}
        microlog._start(_options.resolve(given), [sys.executable] + program)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"microlog: not recording: {error}\n")
    else:
        if _options.is_off():
            sys.stderr.write("microlog: not recording: MICROLOG is 0 in the environment\n")
    return microlog.is_running()


def _summarize(options, recording):
    """Have the end of the program write the exit code into the recording and, for people, a line on stderr."""
    from microlog import _hooks, _microlog

    if not recording:
        return
    import os

    stop = sys.modules["microlog"].stop
    shown = options["summary"] or (sys.stderr is not None and sys.stderr.isatty())
    stderr = sys.stderr
    process = os.getpid()

    def stop_and_tell(exit_code=None):
        summary = stop(exit_code)
        if summary is not None and shown and os.getpid() == process:
            try:
                stderr.write(f"microlog: {summary}\nmicrolog: next: {_next_command(summary.path)}\n")
                stderr.flush()
            except (OSError, ValueError):
                pass
        return summary

    sys.modules["microlog"].stop = stop_and_tell
    _hooks.at_exit.code = staticmethod(_microlog.exit_code)


def _next_command(path):
    """What to type next; other processes' recordings are beside the first one's."""
    import os

    folder, name = os.path.split(path)
    stem, suffix = os.path.splitext(name)
    try:
        others = [each for each in os.listdir(folder or ".") if each.startswith(stem + "-") and each.endswith(suffix)]
    except OSError:
        others = []
    if os.path.abspath(folder) == os.getcwd():
        path, stem = name, stem
    else:
        stem = os.path.join(folder, stem)
    return f"microlog-analyze {path} {stem + '-*' + suffix + ' ' if others else ''}--plugins all"


def _new_main(**attributes):
    """A fresh __main__, as the interpreter makes it."""
    module = type(sys)("__main__")
    module.__dict__.update({"__builtins__": sys.modules["builtins"], **attributes})
    if sys.version_info < (3, 14):
        module.__annotations__ = {}
    sys.modules["__main__"] = module
    return module.__dict__


def _run_script(path):
    import os

    from microlog import _microlog

    if os.path.isdir(path) or path.endswith((".zip", ".pyz", ".pyc")):
        return _run_container(path)
    if not os.path.exists(path):
        sys.stderr.write(f"{sys.orig_argv[0] if hasattr(sys, 'orig_argv') else sys.executable}: can't open file {os.path.abspath(path)!r}: [Errno 2] "
                         "No such file or directory\n")
        return 2
    if not sys.flags.isolated:
        sys.path[0] = os.path.dirname(os.path.realpath(path))
    from importlib.machinery import SourceFileLoader

    absolute = os.path.join(os.getcwd(), path)
    attributes = {"__file__": absolute, "__loader__": SourceFileLoader("__main__", absolute)}
    if sys.version_info < (3, 15):
        attributes["__cached__"] = None
    return _microlog.run_file(absolute, _new_main(**attributes))


def _run_container(path):
    """A directory, an archive or a compiled file: what runpy runs."""
    import os
    import runpy

    from microlog import _microlog

    _new_main()
    path = os.path.join(os.getcwd(), path)
    if path.endswith(".pyc"):
        return _microlog.run_call(lambda name: runpy.run_path(name, run_name="__main__"), path)
    sys.path[0] = path
    return _microlog.run_call(lambda name: runpy._run_module_as_main(name, False), "__main__")


def _run_module(name):
    import os
    import runpy

    from microlog import _microlog

    sys.argv[0] = "-m"
    sys.path[0] = os.getcwd()
    _new_main(__loader__=type(sys.__loader__))
    return _microlog.run_call(runpy._run_module_as_main, name)


def _run_code(source):
    from microlog import _microlog

    sys.path[0] = ""
    if sys.version_info >= (3, 13):
        _show_lines_of(source)
    return _microlog.run_text(source + "\n", _new_main(__loader__=sys.__loader__))


def _show_lines_of(source):
    """Let tracebacks show the lines of ``-c``, as the interpreter does from 3.13 on."""
    import linecache

    try:
        code = compile(source, "<string>", "exec", dont_inherit=True)
        key = code if hasattr(linecache, "_interactive_cache") else "<string>"
        linecache._register_code(key, source, "<string>")
    except Exception:
        pass  # the program's own error comes when it is run


def main():
    if len(sys.argv) == 2 and sys.argv[1] in ("install", "uninstall", "status"):
        from microlog import _install

        _end_what_was_started()
        sys.exit(getattr(_install, sys.argv[1])())
    if sys.argv[1:] == ["examples"]:
        from microlog import _examples

        sys.exit(_examples.examples())
    options, kind, what, arguments = _parse(sys.argv[1:])
    sys.argv = [what if kind == "script" else kind] + arguments
    program = [what] if kind == "script" else [kind, what]
    _summarize(options, _start(options, program + arguments))
    run = {"script": _run_script, "-m": _run_module, "-c": _run_code}[kind]
    sys.exit(run(what))


if __name__ == "__main__":
    main()
