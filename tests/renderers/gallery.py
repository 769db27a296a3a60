"""Example reports, and pictures of them: `make gallery`.

    python3 tests/renderers/gallery.py FOLDER [PROGRAM …]     # reports and pictures, light and dark, wide and narrow

The programs are the demo and some with a planted fault; "features" is a picture of each feature in seed_features.py. With --pictures those of the README, in renderers/html/pictures, are made of the
demo instead; the folder's name is seen in them.
"""

import argparse
import functools
import pathlib
import re
import shutil

import chromium
import seed_features
import support

PROGRAMS = ["demo", "one_slow_request", "files_left_open", "threads_that_compute", "slow_import", "cache_without_bound", "features"]
PICTURES = support.ROOT / "renderers" / "html" / "pictures"
SCROLLED = "new Promise((done) => setTimeout(done, 700))"  # it is smooth
LINES = "document.querySelector('.details .source td')"


def show_findings(page):
    page.press("link", "Findings")


def show_timeline(page):
    page.press("link", "Timeline")
    page.evaluate("microlog.section('overview').scrollIntoView()")


def show_lines(page):
    """The busiest function of the program's own, with its lines."""
    page.press("link", "Hot spots")
    page.evaluate(SCROLLED)
    row = "[...document.querySelectorAll('#d-hotspots tbody tr')].find((one) => one.innerText.includes('project'))"
    name = page.evaluate(f"{row}?.querySelector('button.link')?.innerText")
    if name:
        page.press("button", re.escape(name), within=("table", ".*"))
        page.wait_for(LINES)


VIEWS = {"findings": show_findings, "timeline": show_timeline, "lines": show_lines}


def path_of(program):
    folder = "recorder/examples" if program == "demo" else "tests/planted/programs"
    return support.ROOT / folder / f"{program}.py"


def report(program, folder):
    """Records a program and writes its report; returns the report's path."""
    script = path_of(program)
    if program == "demo":
        script = shutil.copy(script, folder)
    recording, done = support.record(script, output=folder / f"{program}.mlog")
    assert done.returncode == 0, done.stderr
    page = folder / f"{program}.html"
    done = support.analyze(recording, "--plugins", "all", "--source", "full", "-q", "-o", page)
    assert done.returncode in (0, 1), done.stderr
    return page


def picture(browser, page, view, path, **size):
    shown = browser.open(page, **size)
    VIEWS[view](shown)
    shown.evaluate(SCROLLED)
    shown.screenshot(path)
    assert not shown.complaints, shown.complaints


def put_program(program, browser, folder):
    page = report(program, folder)
    for view in VIEWS:
        for scheme in ("light", "dark"):
            for width, height in ((1280, 800), (390, 844)):
                picture(browser, page, view, folder / f"{program}-{view}-{scheme}-{width}.png", width=width, height=height, scheme=scheme)
    print(page)


def put_pictures(browser, folder):
    """Small enough for a README: 150 kB each at most."""
    page = report("demo", folder)
    PICTURES.mkdir(exist_ok=True)
    for view, scheme, width, height in (("findings", "light", 1120, 640), ("timeline", "light", 1120, 640), ("lines", "dark", 1000, 440)):
        path = PICTURES / f"{view}.png"
        picture(browser, page, view, path, width=width, height=height, scheme=scheme)
        assert path.stat().st_size < 150_000, path


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("programs", nargs="*", default=PROGRAMS)
    parser.add_argument("--pictures", action="store_true", help="replace those of the README")
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with chromium.Browser() as browser:
        if arguments.pictures:
            put_pictures(browser, folder)
        else:
            for program in arguments.programs:
                put = seed_features.pictures if program == "features" else functools.partial(put_program, program)
                put(browser, folder)


if __name__ == "__main__":
    main()
