"""Other people's readers of profiles, for the tests of our exports: speedscope's page, opened in Chromium, `go tool pprof`, and
the Firefox Profiler's command line.

speedscope and that come from npm into readers/ below the build, once; where they cannot be had the test is skipped, with npm's
reason.
"""

import base64
import json
import os
import shutil
import unittest

import support

SPEEDSCOPE = "speedscope@1.25.0"
FIREFOX = "@firefox-devtools/profiler-cli@0.10.0"


def program(name):
    """Its path; they are much to ask for on a machine, so install-deps.sh leaves them out."""
    if shutil.which(name) is None:
        raise unittest.SkipTest(f"{name} is not installed: no reader of that kind")
    return shutil.which(name)


def from_npm(package, path):
    """The path of a file of a package."""
    folder = support.build() / "readers" / package.split("/")[-1]
    file = folder / "node_modules" / path
    if not file.exists():
        done = support.run([program("npm"), "install", "--no-audit", "--no-fund", "--ignore-scripts", "--no-save",
                            "--cache", folder / "cache", "--prefix", folder, package])
        if done.returncode != 0 or not file.exists():
            raise unittest.SkipTest(f"{package} cannot be installed: {(done.stderr.splitlines() or ['npm says nothing'])[0]}")
    return file


def speedscope():
    """The path of speedscope's page."""
    return from_npm(SPEEDSCOPE, "speedscope/dist/release/index.html")


class FirefoxProfiler:
    """A file, loaded by the Firefox Profiler's command line, which asks a process of its own in `home`."""

    def __init__(self, home, path):
        self.command = [program("node"), from_npm(FIREFOX, "@firefox-devtools/profiler-cli/dist/profiler-cli.js")]
        self.environment = {**os.environ, "HOME": str(home)}
        self.ask("load", path)

    def ask(self, *words):
        """What it says; as JSON where that is asked for."""
        done = support.run([*self.command, *words], env=self.environment)
        if done.returncode != 0 or "Error" in done.stdout:
            raise AssertionError(done.stdout + done.stderr)
        return json.loads(done.stdout) if "--json" in words else done.stdout

    def functions(self, thread):
        """{function: (total, self)} in samples."""
        told = self.ask("thread", "functions", "--json", "--include-idle", "--limit", "0", "--thread", thread)["functions"]
        return {one["name"]: (one["totalSamples"], one["selfSamples"]) for one in told}


def open_in_speedscope(browser, folder, name, data):
    """Opens the bytes of a file of that name as its command line does; returns the page, ready."""
    script = folder / "profile.js"
    script.write_text(f"speedscope.loadFileFromBase64({json.dumps(name)}, {json.dumps(base64.b64encode(data).decode())})")
    page = browser.open(speedscope(), fragment=f"#localProfilePath={script}")
    if not page.wait_for("document.body.innerText.includes('Sandwich')"):
        raise AssertionError("speedscope shows: " + page.evaluate("document.body.innerText"))
    return page


def sandwich(page):
    """{function: (total, self)} of the profile that is shown, as speedscope writes them."""
    page.key("3")
    rows = "[...document.querySelectorAll('tr')].filter((row) => row.cells.length === 3 && row.cells[0].innerText.includes('%'))"
    if not page.wait_for(f"{rows}.length"):
        raise AssertionError("no sandwich: " + page.evaluate("document.body.innerText"))
    found = page.evaluate(f"{rows}.map((row) => [...row.cells].map((cell) => cell.innerText.trim()))")
    return {name: (total.split(" ")[0], own.split(" ")[0]) for total, own, name in found}


def pprof(path, sample):
    """{function: (flat, cumulative)} of one of the sample types of a file, as pprof writes them."""
    done = support.run([program("go"), "tool", "pprof", "-top", f"-sample_index={sample}", "-nodecount=1000",
                        "-nodefraction=0", path])
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    _, _, table = done.stdout.partition("cum%\n")
    rows = (line.split(None, 5) for line in table.splitlines())
    return {row[5]: (row[0], row[3]) for row in rows}
