"""pytest --microlog: records a test session, or each test into a file of its own.

    pytest --microlog                    one recording, microlog/session.mlog
    pytest --microlog=test               one for each test, microlog/TEST.mlog
    pytest --microlog-dir=DIR            elsewhere

The other options are those of the environment and the configuration (MICROLOG_RATE=1000). The slowest tests are named at
the end with their recordings. Under pytest-xdist the workers' recordings are children of the session's: session-PID.mlog.
"""

import os
import re

import pytest

import microlog
from microlog import _boot, _children, _options

_SHOWN = 5
_KEY = "microlog"
_LONG = 0.1  # seconds: a test that took less is not called slow


def pytest_addoption(parser):
    group = parser.getgroup("microlog", "recording with microlog")
    group.addoption("--microlog", nargs="?", const="session", choices=("session", "test"),
                    help="record the session (default) or each test for microlog-analyze")
    group.addoption("--microlog-dir", default="microlog", metavar="DIR", help="where the recordings go (default: microlog)")


def pytest_configure(config):
    if config.getoption("--microlog") and not config.option.collectonly:
        config.pluginmanager.register(_Recorder(config), "microlog-recorder")


def _file_name(test):
    """tests/test_a.py::TestB::test_c[x/y] as the name of a file."""
    return re.sub(r"[^\w.\[\]=+-]+", "-", test)[:200].strip("-")


class _Recorder:
    def __init__(self, config):
        self.each = config.getoption("--microlog") == "test"
        self.worker_input = getattr(config, "workerinput", {})  # of pytest-xdist, as workeroutput
        self.worker_output = getattr(config, "workeroutput", {})
        self.folder = os.path.join(str(config.invocation_params.dir), config.getoption("--microlog-dir"))
        self.durations = {}
        self.recordings = {}
        self.names = set()
        self.trouble = None
        self.own = False
        self.has_workers = False

    def start(self, name, label):
        """Record into folder/name.mlog; what goes wrong is told at the end and fails no test."""
        if _options.is_off():
            self.trouble = "MICROLOG is 0"
            return
        try:
            os.makedirs(self.folder, exist_ok=True)
            self.own = not microlog.is_running()
            if self.own:
                microlog.start(os.path.join(self.folder, f"{name}.mlog"), label=label)
        except (OSError, ValueError) as error:
            self.own, self.trouble = False, str(error)

    def stop(self):
        summary = microlog.stop() if self.own else None
        self.own = False
        return summary and summary.path

    def unique(self, test):
        name = _file_name(test)
        if name in self.names:
            name = f"{name}-{len(self.names)}"
        self.names.add(name)
        return name

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self):
        if self.worker_input.get(_KEY):
            _boot.follow(self.worker_input[_KEY])
        elif not self.each:
            self.start("session", "pytest")

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item):
        if self.each:
            self.start(self.unique(item.nodeid), item.nodeid)
        else:
            microlog.mark(item.nodeid)
        yield
        if self.each:
            path = self.stop()
            if path:
                self.recordings[item.nodeid] = path

    def pytest_runtest_logreport(self, report):
        self.durations[report.nodeid] = self.durations.get(report.nodeid, 0) + report.duration

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node):
        """In pytest-xdist's controller, before a worker starts."""
        if self.own:
            node.workerinput[_KEY] = _children.description()

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node):
        """There, when one has ended."""
        self.recordings.update(getattr(node, "workeroutput", {}).get(_KEY, {}))
        self.has_workers = True

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self):
        if not self.each:
            path = self.stop()
            if path:
                self.recordings["the session"] = path
        self.worker_output[_KEY] = self.recordings

    def pytest_terminal_summary(self, terminalreporter):
        if not (self.recordings or self.trouble):
            return
        terminalreporter.section("microlog")
        if self.trouble:
            terminalreporter.line(f"not recorded: {self.trouble}")
        slowest = sorted(self.durations.items(), key=lambda each: -each[1])[:_SHOWN]
        for test, seconds in slowest:
            if seconds >= _LONG:
                terminalreporter.line(f"{seconds:8.2f} s  {test}  {self.shown(self.recordings.get(test, ''))}".rstrip())
        if "the session" in self.recordings:
            shown = self.shown(self.recordings["the session"])
            if self.has_workers:
                shown = shown.replace(".mlog", "*.mlog")
            terminalreporter.line(f"next: microlog-analyze {shown} --plugins all")
        elif self.recordings:
            first = next((test for test, _ in slowest if test in self.recordings), next(iter(self.recordings)))
            terminalreporter.line(f"next: microlog-analyze {self.shown(self.recordings[first])} --plugins all")

    @staticmethod
    def shown(path):
        return os.path.relpath(path) if path else ""
