"""What the page of microlog's predecessor could show, feature by feature, each proved on a report by the names that a screen reader says.

A feature is a function of a page that is open; what it leaves on the screen is its picture. renderers/html/FEATURES.md is the table
of them. `make gallery` writes the pictures, test_seed_features.py runs the proofs.
"""

import re

import support
from llm import model_server

DETAILS = ("complementary", "Details of the selection")
DEMO = "demo.py"


def report(folder):
    """Records the demo into a folder; returns the path of its report, explained by a language model of the tests' own."""
    script = folder / DEMO
    script.write_text((support.ROOT / "recorder" / "examples" / DEMO).read_text())
    recording, done = support.record(script, output=folder / "demo.mlog")
    assert done.returncode == 0, done.stderr
    server = model_server.Server()
    try:
        done = support.analyze(recording, "--plugins", "all", "--source", "full", "--llm", server.url("good"), "-q", "-o", folder / "features.html")
    finally:
        server.stop()
    assert done.returncode in (0, 1), done.stderr
    return folder / "features.html"


# ---------------------------------------------------------------- looking

def expect(page, role, name, within=None, count=1):
    """Waits until so many are named so, and returns them."""
    for _ in range(50):
        found = page.named(role, name, within)
        if len(found) >= count:
            return found
        page.evaluate("new Promise((done) => setTimeout(done, 100))")
    raise AssertionError(f"{len(found)} of {role} {name!r} are there, not {count}")


def says(page, pattern, selector="body"):
    for _ in range(50):
        text = page.evaluate(f"document.querySelector({selector!r}).innerText")
        if re.search(pattern, text):
            return
        page.evaluate("new Promise((done) => setTimeout(done, 100))")
    raise AssertionError(f"{pattern!r} is not in {text[:2000]!r}")


def show(page, section):
    page.press("link", section)


def canvas(page, label, x, y, action="click"):
    """A click, or the pointer, on a part of a canvas."""
    left, top, width, height = page.box(f"canvas[aria-label^={label!r}]")
    if action == "click":
        page.click(left + width * x, top + y)
    else:
        page.mouse("mouseMoved", left + width * x, top + y)
        page.settle()
    return left, top, width, height


def stretch_of_handle(page):
    """Chooses the longest stretch of the archiver's work."""
    page.evaluate("""microlog.data.core().then((core) => { const thread = core.threads.findIndex((one) => one.name === 'archiver'), boxes = microlog.boxesOf(core, thread);
        const rows = [...boxes.path.keys()].filter((row) => core.name(core.paths.function[boxes.path[row]]) === 'outline_of');
        microlog.select({ thread, row: rows.sort((a, b) => boxes.stop[b] - boxes.start[b] - boxes.stop[a] + boxes.start[a])[0] }); })""")
    expect(page, "heading", "outline_of", DETAILS)


# ---------------------------------------------------------------- the features

def sections(page):
    for name in ("Findings", "Timeline", "Flame graph", "Explanation", "Hot spots", "Design", "Tips", "Log", "About"):
        expect(page, "link", name)
    show(page, "Design")
    assert page.evaluate("Math.abs(document.querySelector('#d-design').getBoundingClientRect().top) < 200")


def counters_over_time(page):
    show(page, "Timeline")
    for name in ("CPU used by the threads that ran Python, in cores", "Memory, of process .*", "Descriptors, of process .*"):
        expect(page, "image", name)
    page.press("button", "More counters")
    expect(page, "image", "modules, of process .*")
    says(page, r"Memory\s+peak [0-9.]+ MB", "#overview .live")


def values_under_the_pointer(page):
    show(page, "Timeline")
    canvas(page, "Memory, of process", 0.5, 10, "move")
    expect(page, "tooltip", ".*")
    says(page, r"CPU\s+[0-9.]+ % of a core\s+Memory\s+[0-9.]+ MB\s", "#overview .live")


def marks_of_the_log(page):
    show(page, "Timeline")
    expect(page, "image", "log messages, output and marks")
    time = page.evaluate("microlog.data.log().then(({ rows }) => rows.find((row) => row.rank === 3).time / microlog.runLength)")
    canvas(page, "log messages", time, 10)
    says(page, "cannot compile broken", ".details")


def axis_of_time(page):
    show(page, "Timeline")
    expect(page, "image", "time")
    before = page.evaluate("microlog.view().to")
    for _ in range(4):
        page.press("button", "Zoom in", ("toolbar", "Timeline"))
    assert page.evaluate("microlog.view().to - microlog.view().from") < before / 3


def flame_chart_of_each_thread(page):
    show(page, "Timeline")
    for thread in ("MainThread", "archiver", "compiler", "indexer"):
        expect(page, "button", f"Flame chart of thread {thread}")
    expect(page, "application", "Flame chart of thread .*: .*")


def threads_shown_and_hidden(page):
    show(page, "Timeline")
    expect(page, "application", "Flame chart of thread .*: .*")
    shown, hidden = (page.evaluate(f"document.querySelector('.track button.name[aria-expanded={is_shown}]').title") for is_shown in ("true", "false"))
    page.press("button", f"Flame chart of thread {shown}")
    assert not page.named("application", f"Flame chart of thread {shown}: .*")
    page.press("button", f"Flame chart of thread {hidden}")
    expect(page, "application", f"Flame chart of thread {hidden}: .*")


def move_and_zoom(page):
    show(page, "Timeline")
    left, top, width, height = page.box(".track.strip canvas")
    page.drag(left + width * 0.3, top + height / 2, left + width * 0.5, top + height / 2)
    view = page.evaluate("microlog.view()")
    left, top, width, height = canvas(page, "Flame chart of thread", 0.5, 5, "move")
    page.drag(left + width / 2, top + 8, left + width / 2 + 200, top + 8)
    assert page.evaluate("microlog.view().from") < view["from"]
    page.mouse("mouseWheel", left + width / 2, top + 5, deltaX=0, deltaY=-100, modifiers=2)
    page.settle()
    assert page.evaluate("microlog.view().to - microlog.view().from") < (view["to"] - view["from"]) * 0.99
    expect(page, "button", "Show the whole run")


def details_of_a_stretch(page):
    stretch_of_handle(page)
    says(page, r"(?s)THIS STRETCH.*from\s.*thread\s+archiver.*running.*CPU.*waiting.*samples.*CALLED BY.*outline_of|Archiver", ".details")


def similar_stretches(page):
    stretch_of_handle(page)
    expect(page, "heading", "(?i)stretches of this function", DETAILS)
    expect(page, "button", r"[0-9.]+ m?s at .*", DETAILS, count=8)
    says(page, r"[0-9,]+ stretches, median .*, longest .*; this is number 1", ".details")
    page.evaluate("document.querySelector('.details .bars').scrollIntoView({ block: 'center' })")


def what_happened_meanwhile(page):
    page.evaluate("""microlog.data.core().then((core) => { const thread = core.threads.findIndex((one) => one.main), boxes = microlog.boxesOf(core, thread);
        let row = 0;  // the sampler may look before the first frame is there
        while (core.name(core.paths.function[boxes.path[row]]) !== "<module>") row++;
        microlog.select({ thread, row }); })""")
    says(page, r"(?s)Imports meanwhile: [0-9]+, .* together.*descriptors opened meanwhile, [0-9]+ of them never closed", ".details")


def code_opens_in_the_editor(page):
    show(page, "Findings")
    expect(page, "link", r"Open demo\.py:[0-9]+ in VS Code", count=5)
    page.press("button", "demo.py:[0-9]+ open_without_closing")
    expect(page, "link", r"Open demo\.py:[0-9]+ in VS Code", DETAILS, count=5)


def lines_of_source(page):
    show(page, "Findings")
    page.press("button", "demo.py:[0-9]+ open_without_closing")
    expect(page, "table", "Lines of open_without_closing", DETAILS)
    page.press("button", r"All [0-9]+ lines of demo\.py that are here")
    expect(page, "table", r"Lines of demo\.py", DETAILS)
    says(page, r"def remember_forever", ".details .source")


def a_message_with_its_stack(page):
    page.evaluate("microlog.set({ level: '3' })")
    page.settle()
    show(page, "Log")
    time = page.evaluate("document.querySelector('#log li.error .time').textContent")
    page.press("button", f"{time} on the timeline", within=("listitem", ".*"))
    says(page, r"(?s)cannot compile broken.*number [0-9]+ of [0-9]+.*AT THAT TIME.*Memory.*SAID FROM.*Compiler\.handle.*Thread\.run", ".details")
    page.press("button", "Next message")
    says(page, r"number [0-9]+ of [0-9]+", ".details")


def log(page):
    show(page, "Log")
    expect(page, "searchbox", "Show lines with")
    page.evaluate("document.querySelector('#filter').focus()")
    for key in "/cannot|cache/":
        page.key(key)
    says(page, r"(?s)2 of [0-9]+ messages.*cannot compile broken", "#log")
    expect(page, "combobox", "Least level")
    page.press("button", r"[0-9.]+ s on the timeline")
    says(page, "SAID FROM", ".details")


def search_that_greys_the_rest(page):
    show(page, "Timeline")
    expect(page, "searchbox", "Search functions: text, or /regular expression/", count=2)
    page.evaluate("document.querySelector('#overview input').focus()")
    for key in "/^render_/":
        page.key(key)
    show(page, "Flame graph")
    says(page, r"[0-9.]+ % is below functions that match", "#flame")
    assert 0 < page.evaluate("microlog.flameMatched()") < 0.9


def address_keeps_the_state(page):
    show(page, "Timeline")
    page.evaluate("microlog.setView(2e9, 4e9, true); microlog.set({ query: 'parse' }, true)")
    page.settle()
    address = page.evaluate("location.href")
    assert "t=2-4" in address and "q=parse" in address, address
    page.go("about:blank")
    page.go(address)
    page.settle()
    assert page.evaluate("microlog.view().from") == 2e9 and page.evaluate("microlog.state.query") == "parse"


def design_diagram(page):
    show(page, "Design")
    page.press("button", r"demo\.Archiver .*")
    expect(page, "heading", r"demo\.Archiver", DETAILS)
    expect(page, "button", r"Archiver\.handle", DETAILS)
    assert page.evaluate("document.querySelectorAll('svg.graph .near').length") > 3
    expect(page, "button", "Zoom in", count=2)


def explanation(page):
    show(page, "Explanation")
    says(page, r"(?s)demo\.py.*archiver", "#d-explain")
    page.evaluate("document.querySelector('#d-llm').scrollIntoView()")
    says(page, r"(?s)Größe: naïve", "#d-llm")


def prompt_to_take_along(page):
    page.evaluate("(() => { const fold = document.querySelector('#d-llm details'); fold.open = true; fold.scrollIntoView(); })()")
    says(page, r"# FACTS", "#d-llm pre")
    page.press("button", "Copy this text")
    says(page, "Copied|It is selected", ".toast")


def tips(page):
    show(page, "Tips")
    says(page, r"(?i)json|tokenize|sqlite", "#d-tips")


def slow_imports(page):
    show(page, "Imports")
    says(page, r"(?i)import", "#d-startup")
    show(page, "Timeline")
    expect(page, "image", "Imports: when, and how long each took")
    canvas(page, "Imports:", 0.002, 8, "move")


def descriptors_never_closed(page):
    show(page, "Descriptor leaks")
    says(page, r"demo\.py", "#d-fdleak")
    show(page, "Findings")
    expect(page, "button", "demo.py:[0-9]+ open_without_closing")


def memory_that_grows(page):
    show(page, "Memory leaks")
    says(page, r"(?i)memory", "#d-memleak")
    expect(page, "image", "Memory, of process .*")


def collections_of_garbage(page):
    show(page, "Timeline")
    expect(page, "image", "Collections: when, and how long each took")
    when = page.evaluate("microlog.data.events().then((kinds) => kinds.find((one) => one.name === 'py.gc').rows[0].end / microlog.runLength)")
    canvas(page, "Collections:", when, 8, "move")
    says(page, r"Collections: [0-9]+ here", ".tip")


def dark(page):
    page.press("button", "Dark or light")
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == "rgb(20, 23, 28)", ground
    page.evaluate("localStorage.clear()")


FEATURES = [sections, counters_over_time, values_under_the_pointer, marks_of_the_log, axis_of_time, flame_chart_of_each_thread,
            threads_shown_and_hidden, move_and_zoom, details_of_a_stretch, similar_stretches, what_happened_meanwhile,
            code_opens_in_the_editor, lines_of_source, a_message_with_its_stack, log, search_that_greys_the_rest, address_keeps_the_state,
            design_diagram, explanation, prompt_to_take_along, tips, slow_imports, descriptors_never_closed, memory_that_grows,
            collections_of_garbage, dark]


def pictures(browser, folder):
    """Proves each feature and writes what it leaves on the screen."""
    path = report(folder)
    for feature in FEATURES:
        page = browser.open(path)
        feature(page)
        page.evaluate("new Promise((done) => setTimeout(done, 300))")
        page.screenshot(folder / f"feature-{feature.__name__}.png")
        assert not page.complaints, page.complaints
