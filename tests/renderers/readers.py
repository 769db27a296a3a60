"""Other people's readers of profiles, for the tests of our exports: speedscope's page, opened in Chromium, and `go tool pprof`.

speedscope comes from npm into readers/ below the build, once; where it cannot be had the test is skipped, with npm's reason.
"""

import base64
import json
import shutil
import unittest

import support

SPEEDSCOPE = "speedscope@1.25.0"


def program(name):
    """Its path; they are much to ask for on a machine, so install-deps.sh leaves them out."""
    if shutil.which(name) is None:
        raise unittest.SkipTest(f"{name} is not installed: no reader of that kind")
    return shutil.which(name)


def speedscope():
    """The path of speedscope's page."""
    folder = support.build() / "readers"
    page = folder / "node_modules" / "speedscope" / "dist" / "release" / "index.html"
    if not page.exists():
        done = support.run([program("npm"), "install", "--no-audit", "--no-fund", "--ignore-scripts", "--no-save",
                            "--cache", folder / "cache", "--prefix", folder, SPEEDSCOPE])
        if done.returncode != 0 or not page.exists():
            raise unittest.SkipTest(f"{SPEEDSCOPE} cannot be installed: {(done.stderr.splitlines() or ['npm says nothing'])[0]}")
    return page


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
