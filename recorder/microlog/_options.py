"""Every option once: what it is called, what it takes, what it is when nobody says anything, and where that is asked.

An option is given by the caller (an argument of ``start``, or ``--name``), else by the environment (``MICROLOG_NAME``),
else by the configuration file, else it is its default. The file has lines ``name = value`` and lines that begin with #.
"""

import os

_SWITCH = {"on": True, "yes": True, "true": True, "1": True, "off": False, "no": False, "false": False, "0": False}


def text(value):
    """Any text."""
    return os.fspath(value)


def rate(value):
    """A number of samples a second, 1 to 10000."""
    number = float(value)
    if not 1 <= number <= 10000:
        raise ValueError
    return number


def switch(value):
    """on or off."""
    if isinstance(value, bool):
        return value
    return _SWITCH[str(value).lower()]


def count(value):
    """A whole number from 1 on."""
    number = int(value)
    if number < 1:
        raise ValueError
    return number


class Option:
    """One of them. ``value`` is the word for its value in the usage; "" if ``--name`` alone switches it on."""

    def __init__(self, name, parse, default, value, help):
        self.name = name
        self.parse = parse
        self.default = default
        self.value = value
        self.help = help

    @property
    def key(self):
        """Its name as an argument."""
        return self.name.replace("-", "_")

    @property
    def variable(self):
        return "MICROLOG_" + self.key.upper()

    def read(self, value, source):
        """The value that ``value`` means; ValueError names ``source`` and says what it takes."""
        try:
            return self.parse(value)
        except (ValueError, TypeError, KeyError):
            takes = self.parse.__doc__.rstrip(".")
            raise ValueError(f"{source} takes {takes[0].lower()}{takes[1:]}, not {value!r}") from None


# What a recording is made with.
RECORDING = (
    Option("output", text, "run.mlog", "FILE", "where to write"),
    Option("rate", rate, 100.0, "HZ", "samples a second, 1 to 10000"),
    Option("label", text, None, "TEXT", "a name for this run, shown in the report"),
    Option("lines", switch, True, "on|off", "record lines, not only functions"),
    Option("children", switch, True, "on|off", "record child processes, too, each into run-PID.mlog"),
    Option("allocations", switch, False, "on|off", "record where memory that stays was allocated (tracemalloc: slow)"),
    Option("mask", switch, True, "on|off", "hide passwords and the like in the command line that is recorded"),
    Option("on-close", text, None, "COMMAND", "run by the shell when the file is closed, which is its $1"),
)
# What else may stand in the configuration: for recordings that nobody asked for by name (_boot.py).
ALWAYS = (
    Option("always", switch, False, "on|off", "record every Python process, as MICROLOG=1 does"),
    Option("keep-count", count, 50, "N", "recordings kept for each program"),
    Option("keep-days", count, 30, "N", "days that they are kept"),
    Option("keep-megabytes", count, 500, "N", "size of all that are kept for each program"),
)
ALL = {option.name: option for option in RECORDING + ALWAYS}


def home(variable, fallback):
    """A folder of the user's by the XDG base directory specification."""
    named = os.environ.get(variable, "")
    return named if os.path.isabs(named) else os.path.join(os.path.expanduser("~"), fallback)


def config_path():
    return os.path.join(home("XDG_CONFIG_HOME", ".config"), "microlog", "config")


def parse(lines, source):
    """Options by their argument names, from lines of the configuration's syntax."""
    found = {}
    for number, line in enumerate(lines, 1):
        line = line.strip()
        if line and not line.startswith("#"):
            name, equals, value = (word.strip() for word in line.partition("="))
            if not equals or name not in ALL:
                raise ValueError(f"{source}, line {number}: {name!r} is no option; there are {', '.join(ALL)}")
            found[ALL[name].key] = ALL[name].read(value, f"{source}, line {number}: {name}")
    return found


def read_config():
    """What the configuration file says; {} if there is none."""
    path = config_path()
    try:
        with open(path, encoding="utf-8") as file:
            return parse(file, path)
    except (FileNotFoundError, NotADirectoryError):
        return {}


def read_environment():
    return {option.key: option.read(os.environ[option.variable], option.variable)
            for option in ALL.values() if os.environ.get(option.variable)}


def resolve(given):
    """All options; ``given`` are the caller's by argument name, None for what it does not say.

    Raises ValueError that names the place where something impossible stands.
    """
    found = {option.key: option.default for option in ALL.values()}
    found.update(read_config())
    found.update(read_environment())
    for key, value in given.items():
        if value is not None:
            found[key] = ALL[key.replace("_", "-")].read(value, key)
    return found


def is_on():
    """MICROLOG=1: every program is recorded, if `python -m microlog install` has been run."""
    return _SWITCH.get(os.environ.get("MICROLOG", "").lower()) is True


def is_off():
    """MICROLOG=0: nothing is recorded, whoever asks."""
    return _SWITCH.get(os.environ.get("MICROLOG", "").lower()) is False
