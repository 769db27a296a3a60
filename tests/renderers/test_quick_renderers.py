"""Every renderer over the kitchen sink: nothing breaks it, and nothing comes out unescaped."""

import base64
import collections
import functools
import hashlib
import html.parser
import re
import unittest
import zlib

import support
from sdk import fake

HTML = support.ROOT / "renderers" / "html"
SCRIPTS = ["data.js", "app.js", "boxes.js", "details.js", "tracks.js", "flamechart.js", "timeline.js", "flamegraph.js",
           "sections.js"]
STRING = r'"(?:[^"\\\n]|\\.)*"'
VOID = {"meta", "img", "br", "hr", "input", "link", "source", "wbr"}
HOSTILE = '</script></style></title><img src=x onerror=pwned()>"\'`-->&lt;]]>\\e[31m\u202e'
SECOND = 10**9
MODEL = f"""\
run|{HOSTILE}run|{HOSTILE}command|{10 * SECOND}|10000000|{HOSTILE}problem
process|10|{5 * SECOND}|{10 * SECOND}
module|{HOSTILE}module|/tmp/{HOSTILE}.py|2
module||<string>|8
function|{HOSTILE}function|0|1
function|<lambda>|1|1
stack|0|0|5
stack|1|1|6
stack|2|0|7
thread|0|{HOSTILE}thread|1|0|{10 * SECOND}|{4 * SECOND}
thread|0||0|{SECOND}|{2 * SECOND}|0
sample|0|1|1|300|0|{3 * SECOND}|{3 * SECOND}
sample|0|2|5|300|{3 * SECOND}|{3 * SECOND}|0
sample|0|3|33|400|{6 * SECOND}|{4 * SECOND}|{4 * SECOND}
sample|1|0|0|100|{SECOND}|{SECOND}|0
message|{SECOND}|1|40|0|2|{HOSTILE}logger|{HOSTILE}text|/tmp/{HOSTILE}.py|12
message|{2 * SECOND}|2|0|1|0|stdout|two\\nlines||0
message|{3 * SECOND}|3|20|4294967295|0||# {HOSTILE} [x](javascript:pwned())||0
message|{4 * SECOND}|4|0|0|1|ValueError|{HOSTILE}||0
counter|rss|bytes|0
point|0|1000000
point|{5 * SECOND}|2000000
counter|descriptors||0
point|0|-1
point|{5 * SECOND}|12
resource|1|0|9|{SECOND}|-1|2|/tmp/{HOSTILE}|0|1
resource|4|0|0|0|-1|0|socket:[1]|1|1
"""
NOTHING = "run|empty.py||0|0|\n"


class Checker(html.parser.HTMLParser):
    """Collects what the page would do, and objections to its form."""

    def __init__(self):
        super().__init__()
        self.open = []
        self.wrong = []
        self.tags = collections.Counter()
        self.ids = []
        self.content = collections.defaultdict(list)  # of each element, by tag
        self.policy = ""
        self.loads = []
        self.links = []

    def handle_starttag(self, tag, attributes):
        self.handle_startendtag(tag, attributes)
        if dict(attributes).get("type") == "application/octet-stream":
            tag = "data " + dict(attributes)["id"]
        if tag not in VOID:
            self.open.append(tag)
            self.content[tag].append("")

    def handle_startendtag(self, tag, attributes):
        self.tags[tag] += 1
        names = [name for name, _ in attributes]
        self.wrong += [f"twice {name}" for name in names if names.count(name) > 1]
        self.wrong += [f"{tag} {name}" for name in names if name.startswith("on") or name == "style"]
        for name, value in attributes:
            if name == "id":
                self.ids.append(value)
            elif name == "content" and "script-src" in value:
                self.policy = value
            elif name in ("src", "srcset", "data", "action", "formaction", "xlink:href"):
                self.loads.append(value)
            elif name == "href":
                self.links.append(value)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop().replace("data ", "script ").split(" ")[0] != tag:
            self.wrong.append(f"</{tag}> closes nothing")

    def handle_data(self, data):
        if self.open:
            self.content[self.open[-1]][-1] += data


def check_page(page):
    checker = Checker()
    checker.feed(page)
    checker.close()
    return checker


def digest(text):
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


class Page(unittest.TestCase):
    def pages(self):
        """The page of a merged report, of two runs, and of a report in which nothing ran."""
        for arguments, model in (([], None), ([], MODEL), ([], NOTHING), (["--empty"], None)):
            page = fake.run(fake.plugin("renderer-html"), *arguments, model=model).decode()
            yield page, check_page(page)

    def test_elements_are_balanced_and_ids_unique(self):
        for _, checker in self.pages():
            self.assertEqual(checker.wrong + checker.open, [])
            self.assertEqual(len(checker.ids), len(set(checker.ids)))

    def test_hostile_text_stays_text(self):
        for page, checker in self.pages():
            self.assertEqual(len(checker.content["script"]), len(SCRIPTS))
            self.assertEqual(len(checker.content["style"]), 2)
            self.assertNotIn("pwned", "".join(checker.content["script"] + checker.content["style"]))
            self.assertNotIn("<img src=x", page)
            self.assertIsNone(re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", page))

    def test_nothing_is_loaded_and_links_are_harmless(self):
        for _, checker in self.pages():
            self.assertEqual([load for load in checker.loads if not load.startswith("data:image/")], [])
            for link in checker.links:
                self.assertRegex(link, r"^(#|https://example\.org/)")
            self.assertEqual({link[1:] for link in checker.links if link[0] == "#"} - set(checker.ids), set())

    def test_the_policy_names_the_hashes_of_script_and_style(self):
        for _, checker in self.pages():
            self.assertIn("default-src 'none'", checker.policy)
            for kind in ("script", "style"):
                hashes = "".join(f" '{digest(text)}'" for text in checker.content[kind])
                self.assertIn(f"; {kind}-src{hashes};", checker.policy)
            self.assertNotIn("unsafe", checker.policy)

    def test_the_program_is_small_and_is_the_one_in_the_folder(self):
        _, checker = next(self.pages())
        bare = functools.partial(re.sub, r"(?m)(?:^| )//.*|\s", "")
        for script, name in zip(checker.content["script"], SCRIPTS):
            source = (HTML / name).read_text()
            self.assertEqual(bare(script), bare(source), name)
            self.assertEqual(re.findall(STRING, script), re.findall(STRING, re.sub("(?m)(?:^| )//.*", "", source)), name)
        self.assertLess(sum(len(text.encode()) for kind in ("script", "style") for text in checker.content[kind]), 120_000)

    def test_blocks_of_data_are_raw_deflate_with_a_checksum(self):
        page = fake.run(fake.plugin("renderer-html"), model=MODEL).decode()
        blocks = {tag[5:]: text[0] for tag, text in check_page(page).content.items() if tag.startswith("data ")}
        self.assertEqual(set(blocks), {"data-core", "data-counters", "data-log", "data-resources", "data-events", "data-source"})
        for text in blocks.values():
            self.assertRegex(text, r"^[A-Za-z0-9+/]+=*:[0-9a-f]{8}$")
            raw = zlib.decompress(base64.b64decode(text.split(":")[0]), -15)
            self.assertEqual(f"{zlib.crc32(raw):08x}", text.split(":")[1])
        self.assertIn(b"onerror=pwned()", zlib.decompress(base64.b64decode(blocks["data-log"].split(":")[0]), -15))

    def test_the_editor_is_chosen_and_could_not_run_anything(self):
        run = functools.partial(fake.run, fake.plugin("renderer-html"), "--option", model=MODEL)
        self.assertIn(b'data-editor="idea://open?file=%f&amp;line=%l" data-editor-name="IntelliJ IDEA"', run("editor=idea"))
        self.assertIn(b'data-editor="" ', run("editor=none"))
        self.assertIn(b'data-editor="my://&quot;&lt;%f"', run('editor=my://"<%f'))
        for refused in ("", "word", "javascript:alert(%f)", "data:text/html,%f", "my://open", "1a://%f", "//x/%f", "Vscode://%f"):
            with self.subTest(refused), self.assertRaisesRegex(AssertionError, "microlog-analyze info html"):
                run(f"editor={refused}")

    def test_a_kind_from_the_future_shows_its_fallback(self):
        page = fake.run(fake.plugin("renderer-html")).decode()
        self.assertIn("the fallback of a kind from the future", page)

    def test_only_a_whole_https_address_in_a_cell_is_a_link(self):
        page = fake.run(fake.plugin("renderer-html")).decode()
        links = [link for link in check_page(page).links if "onclick" in link]
        self.assertEqual(set(links), {'https://example.org/"onclick="pwned()'})

    def test_what_is_urgent_precedes_the_timeline_and_what_was_skipped_is_named_at_the_end(self):
        ids = check_page(page := fake.run(fake.plugin("renderer-html"), model=MODEL).decode()).ids
        self.assertLess(ids.index("findings"), ids.index("d-com.example.kitchen"))
        self.assertLess(ids.index("d-com.example.kitchen"), ids.index("overview"))
        self.assertLess(ids.index("overview"), ids.index("d-com.example.crashed"))
        self.assertNotIn("d-com.example.skipped", ids)
        self.assertIn("there was nothing to look at", page[page.index('<section id="about">'):])

    def test_of_many_threads_the_busiest_are_drawn(self):
        threads = "".join(f"thread|0|worker {i}|0|0|{SECOND}|{(i + 1) * 1000000}\n" for i in range(130))
        samples = "".join(f"sample|{i}|0|1|1|0|{SECOND}|0\n" for i in range(125))
        page = fake.run(fake.plugin("renderer-html"), model=f"run|x|x|{SECOND}|10000000|\nprocess|10|0|{SECOND}\n" +
                        "module|m|/m.py|2\nfunction|f|0|1\nstack|0|0|1\n" + threads + samples).decode()
        overview = page[page.index('<section id="overview">'):page.index('<section id="flame">')]
        self.assertEqual(re.findall('title="worker ([0-9]+)"', overview), [str(i) for i in range(124, 104, -1)])
        self.assertIn("105 more threads", overview)
        listed = re.findall("<td>worker ([0-9]+)</td>", page)
        self.assertEqual(listed, [str(i) for i in range(129, 29, -1)])
        self.assertIn("The 100 with most CPU of 130", page)

    def test_the_run_is_on_the_page(self):
        page = fake.run(fake.plugin("renderer-html"), model=MODEL).decode()
        for expected in ("2024-05-01 12:34:56 +02:00", "Timeline", "Flame graph", "peak 2.00 MB",
                         "two\nlines", "crashed with signal 11", "200,000"):
            self.assertIn(expected, page)
        self.assertLess(len(page), 320_000)


class Text(unittest.TestCase):
    def test_no_control_character_reaches_the_terminal(self):
        for model in (None, MODEL):
            text = fake.run(fake.plugin("renderer-text"), model=model).decode()
            self.assertIsNone(re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text))
            self.assertIn("\\x1b[31m\\u202emessage", text)

    def test_one_screen_and_the_width_of_the_terminal(self):
        for width in (20, 80, 200):
            for model in (None, MODEL):
                lines = fake.run(fake.plugin("renderer-text"), "--width", str(width), model=model) \
                    .decode().split("\n")
                self.assertLessEqual(len(lines), 41)
                self.assertLessEqual(max(map(len, lines)), max(width, 40))

    def test_colours_only_where_they_are_welcome(self):
        text = fake.run(fake.plugin("renderer-text"), "--color", model=MODEL).decode()
        self.assertEqual(set(re.findall(r"\x1b\[[0-9;]*m", text)) - {
            "\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[1;31m", "\x1b[33m", "\x1b[36m"}, set())
        self.assertIn("\x1b[1;31merror", text)

    def test_what_was_found_comes_with_its_handle_and_the_files_with_their_names(self):
        text = fake.run(fake.plugin("renderer-text"), model=MODEL).decode()
        self.assertRegex(text, r"(?m)^ F1  error ")
        self.assertRegex(text, r"(?m)^REPORT    run\.html$")
        self.assertRegex(text, r"(?m)^OVER TIME ")
        self.assertRegex(text, r"(?m)^LOG       2 errors ")

    def test_nothing_found_is_said(self):
        text = fake.run(fake.plugin("renderer-text"), "--empty").decode()
        self.assertIn("none above a threshold", text)


class All(unittest.TestCase):
    def test_the_same_bytes_twice(self):
        for name in ("text", "html", "json"):
            with self.subTest(name):
                path = fake.plugin(f"renderer-{name}")
                self.assertEqual(fake.run(path, model=MODEL), fake.run(path, model=MODEL))

    def test_json_is_what_the_host_says(self):
        self.assertEqual(fake.run(fake.plugin("renderer-json")), b'{"fake":"<\\u003c"}\n')


if __name__ == "__main__":
    unittest.main()
