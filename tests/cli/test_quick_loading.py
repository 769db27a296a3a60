"""Plugins that are broken in every way: each costs its own part and says what to do."""

import json
import unittest

import recordings
import support

GOOD = '''
#include <microlog/sdk.h>
%(before)s
static ml_status run(const ml_host *host, void *self)
{
    (void)self;
    %(run)s
}
ML_DEFINE_%(kind)s(%(arguments)s, run)
'''

PLUGIN = '''
#include <microlog/plugin.h>
static ml_status run(const ml_host *host, void *self) { (void)host; (void)self; return 0; }
static ml_plugin plugin = {sizeof(ml_plugin), ML_ABI_MINOR, ML_ABI_DRAFT, ML_ANALYZER, 0, "demo",
                           "1", "Demo", "does nothing", "MIT", 0, 0, 0, 0, 0, run, 0};
const ml_plugin *microlog_plugin_1(const ml_host *host)
{
    (void)host;
    %s
    return &plugin;
}
'''


class Loading(support.Tree):

    def build(self, source, name="microlog-analyzer-demo.so"):
        return self.compile(name, source, "-shared", "-I", support.ROOT / "plugins-sdk/include",
                            "-fvisibility=hidden")

    def analyzer(self, run, before="", name="microlog-analyzer-demo.so", plugin_id="demo"):
        return self.build(GOOD % {"run": run, "before": before, "kind": "ANALYZER",
                                  "arguments": f'"{plugin_id}", "1.0", "Demo", "for a test"'}, name)

    def renderer(self, run, name="microlog-renderer-demo.so"):
        arguments = '"demo", "1.0", "Demo", "for a test", "text/plain", "txt"'
        return self.build(GOOD % {"run": run, "before": "", "kind": "RENDERER",
                                  "arguments": arguments}, name)

    def analyze(self, *arguments, sanitized=False):
        recording = self.root / "run.mlog"
        if not recording.exists():
            recordings.make(recording)
        return support.analyze("run.mlog", *arguments, cwd=self.root, sanitized=sanitized)

    def report(self, *arguments, code=0):
        done = self.analyze("-q", "--format", "json", "-o", "-", *arguments)
        self.assertEqual(done.returncode, code, done.stderr)
        return json.loads(done.stdout), done.stderr

    def check_refused(self, path, *words):
        """`info` refuses it, and so does a run that names it."""
        for done in (support.analyze("info", path), self.analyze("--plugins", path)):
            self.assertEqual(done.returncode, 2, done.stderr)
            for word in (str(path), *words):
                self.assertIn(word, done.stderr)


class Faults(Loading):

    def test_a_file_that_is_no_shared_object(self):
        path = self.write("microlog-analyzer-demo.so", "this is text\n" * 10)
        self.check_refused(path, "cannot load", "invalid ELF header")

    def test_a_file_that_is_not_there(self):
        self.check_refused(self.root / "gone.so", "cannot load", "No such file")

    def test_a_library_that_is_no_plugin(self):
        path = self.build("int nothing;")
        self.check_refused(path, "without microlog_plugin_1", "offers plugin ABI 1",
                           "define the plugin")

    def test_a_missing_symbol(self):
        path = self.build("#include <microlog/plugin.h>\nint missing(void);\n"
                          "const ml_plugin *microlog_plugin_1(const ml_host *h)"
                          "{ return missing() ? 0 : 0; }")
        self.check_refused(path, "undefined symbol: missing")

    def test_another_major(self):
        path = self.build("__attribute__((visibility(\"default\"))) int microlog_plugin_2;")
        self.check_refused(path, "built for plugin ABI 2", "offers plugin ABI 1", "SDK")

    def test_wrong_tables(self):
        cases = {
            "plugin.abi_draft = 99;": ("draft 99", "draft 1", "build it again"),
            "plugin.abi_minor = 7;": ("needs plugin ABI 1.7", "offers plugin ABI 1.0", "upgrade"),
            "plugin.struct_size = 16;": ("has 16 bytes", "sizeof(ml_plugin)"),
            "plugin.struct_size = 1u << 30;": ("has 1073741824 bytes",),
            "plugin.id = \"other\";": ('the analyzer "demo"', 'the analyzer "other"', "rename it"),
            "plugin.kind = ML_EXPLAINER;": ('the explainer "demo"', "rename it"),
            "plugin.kind = 8;": ("kind is 8",),
            "plugin.run = 0;": ("run is NULL",),
            "plugin.title = 0;": ("title is NULL",),
            "plugin.summary = \"\\xff\";": ("summary is not valid UTF-8",),
            "plugin.option_count = 1;": ("1 options", "sizeof(ml_option)"),
            "return 0;": ("returned NULL", "offers plugin ABI 1.0"),
            "static ml_option o = {sizeof(ml_option), ML_OPTION_INT, \"n\", \"x\", \"help\", 0, 0};"
            "plugin.options = &o; plugin.option_count = 1;": ("table of options", 'cannot be "x"'),
        }
        for number, (change, words) in enumerate(cases.items()):
            with self.subTest(change=change):
                path = self.build(PLUGIN % change, f"{number}/microlog-analyzer-demo.so")
                self.check_refused(path, *words)

    def test_larger_structs_of_a_later_minor_are_read(self):
        larger = PLUGIN.replace("static ml_plugin plugin = {",
                                "static struct { ml_plugin plugin; void *more; } all = {{")
        larger = larger.replace("run, 0};", "run, 0}, 0};").replace("&plugin", "&all.plugin")
        path = self.build(larger % "all.plugin.struct_size = sizeof all;")
        self.assertEqual(support.analyze("info", path).returncode, 0)

    def test_all_goes_on_without_the_broken_one(self):
        self.write("shelf/microlog-analyzer-broken.so", "this is text\n")
        report, stderr = self.report("--plugin-path", self.root / "shelf", code=3)
        status = {document["plugin"]: document["status"] for document in report["documents"]}
        self.assertEqual((status["broken"], status["hotspots"]), ("failed", "ok"))
        self.assertIn("plugin broken: failed: cannot load", stderr)
        done = self.analyze("-q", "--format", "none", "--fail-on", "note", "--plugin-path",
                            self.root / "shelf")
        self.assertEqual(done.returncode, 3)
        done = support.analyze("list", "--plugin-path", self.root / "shelf")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"analyzer +broken +broken: cannot load")

    def test_a_renderer_is_no_analyzer(self):
        path = self.renderer("return ML_OK;", "any.so")
        done = self.analyze("--plugins", path)
        self.assertEqual(done.returncode, 2)
        self.assertIn("is a renderer; give it to --format", done.stderr)


class Running(Loading):

    def test_an_authors_file_of_any_name_works(self):
        path = self.analyzer('return ml_put_text(host, "hello", "Hello", "*hello*");',
                             name="hello.so", plugin_id="com.example.hello")
        report, stderr = self.report("--plugins", path)
        self.assertEqual(stderr, "")
        document = report["documents"][0]
        self.assertEqual((document["plugin"], document["status"]), ("com.example.hello", "ok"))
        self.assertEqual(document["blocks"][0]["text"], "*hello*")

    def test_a_failure_is_told_with_its_causes_and_what_was_put_is_kept(self):
        path = self.analyzer('ml_put_text(host, "kept", "Kept", "text");'
                             'ml_fail(host, ML_ERROR_FAILED, "no luck");'
                             'return ml_fail(host, ML_ERROR_FAILED, "while trying");')
        report, stderr = self.report("--plugins", path, code=3)
        document = report["documents"][0]
        self.assertEqual((document["status"], document["message"]),
                         ("failed", "while trying: no luck"))
        self.assertEqual(len(document["blocks"]), 1)
        self.assertIn("plugin demo: failed: while trying: no luck", stderr)

    def test_a_refused_block_that_nobody_looked_at_makes_it_partial(self):
        path = self.analyzer('ml_put_text(host, "", "No key", "text"); return ML_OK;')
        report, stderr = self.report("--plugins", path, code=3)
        self.assertEqual(report["documents"][0]["status"], "partial")
        self.assertIn("a key has 1 to 256 bytes", stderr)

    def test_what_it_cannot_say_is_skipped_and_changes_no_exit_code(self):
        path = self.analyzer('return ml_fail(host, ML_ERROR_UNSUPPORTED, "no census in it");')
        report, stderr = self.report("--plugins", path)
        self.assertEqual(report["documents"][0]["status"], "skipped")
        self.assertEqual(report["documents"][0]["message"], "no census in it")
        self.assertEqual(stderr, "")

    def explainer(self, run):
        return self.build(GOOD % {"run": run, "before": "", "kind": "EXPLAINER",
                                  "arguments": '"demo", "1.0", "Demo", "for a test"'},
                          "microlog-explainer-demo.so")

    def test_an_explainer_sees_findings_and_puts_none(self):
        path = self.explainer('const ml_documents *all = ml_get_documents(host);'
                              'return ml_put_text(host, "seen", "Seen",'
                              ' all->findings[0].block->finding->handle);')
        report, _ = self.report("--plugins", f"+{path}")
        texts = [block["text"] for document in report["documents"]
                 for block in document["blocks"] if block["key"] == "seen"]
        self.assertEqual(texts, ["F1"])
        self.assertNotIn("check", report["verdict"])
        path = self.explainer('return ml_end(ml_finding_begin(host, ML_LEVEL_NOTE, "r", "k", "t"),'
                              ' "text");')
        _, stderr = self.report("--plugins", path, code=3)
        self.assertIn("an explainer puts no findings", stderr)

    def test_log_lines_are_escaped_and_limited(self):
        path = self.analyzer('for (int i = 0; i < 1000; i++)'
                             ' ml_get_job(host)->log(host, ML_LOG_WARNING, "a\\x1b[31m");'
                             'return ML_OK;')
        _, stderr = self.report("--plugins", path)
        lines = stderr.splitlines()
        self.assertEqual(len(lines), 100)
        self.assertEqual(lines[0], "microlog-analyze: demo: warning: a\\x1b[31m")

    def test_options_reach_the_plugin(self):
        before = ('static const ml_option options[] = {'
                  'ML_OPTION("age", ML_OPTION_DURATION, "1s", 0, 0, "how old")};')
        source = GOOD % {"before": before, "kind": "ANALYZER_WITH_OPTIONS",
                         "arguments": '"demo", "1.0", "Demo", "for a test", options',
                         "run": 'return ml_put_metric(host, 50, "age", "Age", ML_TYPE_DURATION,'
                                ' (double)ml_option_as_int(host, "age"), 0, 0);'}
        path = self.build(source)
        for text, value in (("", 1000000000), ("20ms", 20000000)):
            options = ["--option", f"demo.age={text}"] if text else []
            report, _ = self.report("--plugins", path, *options)
            self.assertEqual(report["documents"][0]["blocks"][0]["value"], value)

    def test_a_renderer_given_by_path_writes_its_file(self):
        path = self.renderer('return ml_get_output(host)->write(host, "made\\n", 5);')
        done = self.analyze("--format", path)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual((self.root / "run.txt").read_text(), "made\n")
        self.assertIn("run.txt", done.stdout)

    def test_a_renderer_that_fails_leaves_no_file(self):
        path = self.renderer('ml_get_output(host)->write(host, "half", 4);'
                             'return ml_fail(host, ML_ERROR_FAILED, "out of ink");')
        done = self.analyze("--format", path)
        self.assertEqual(done.returncode, 3)
        self.assertIn("renderer demo: out of ink", done.stderr)
        self.assertFalse((self.root / "run.txt").exists())
        self.assertIn("load_rates", done.stdout)

    def test_every_interface_is_offered_to_whom_it_is_for(self):
        ask = "".join(f'if (!host->get_interface(host, "{name}")) return -9;'
                      f'if (host->get_interface(host, "{name}x")) return -9;' for name in
                      ("microlog.job/1", "microlog.model/1", "microlog.document/1"))
        refuse = "".join(f'if (host->get_interface(host, "{name}")) return -9;' for name in
                         ("microlog.documents/1", "microlog.output/1", "microlog.json/1"))
        for sanitized in (False, True):
            path = self.analyzer(f"{ask}{refuse} return ML_OK;", name=f"{sanitized}/any.so")
            done = self.analyze("--format", "none", "--plugins", path, sanitized=sanitized)
            self.assertEqual((done.returncode, done.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main()
