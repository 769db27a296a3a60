"""Nothing is contacted unless it was asked for: --llm and --allow."""

import json
import unittest

import recordings
import support

NETWORKED = '''
#include <microlog/sdk.h>
static ml_status run(const ml_host *host, void *self)
{
    (void)self;
    return ml_put_text(host, "ran", "Ran", ml_option_as_text(host, "url")[0]
                                           ? ml_option_as_text(host, "url") : "nowhere");
}
static const ml_option options[] = {
    ML_OPTION("url", ML_OPTION_STRING, "", 0, 0, "where")
};
static const ml_plugin plugin = {sizeof(ml_plugin), ML_ABI_MINOR, ML_ABI_DRAFT, ML_EXPLAINER,
    ML_NEEDS_NETWORK, "%s", "1", "Net", "uses the network", "MIT", 0, 0, options, 1, 0, run, 0};
const ml_plugin *microlog_plugin_1(const ml_host *host) { (void)host; return &plugin; }
'''


class Network(support.Tree):

    def setUp(self):
        super().setUp()
        recordings.make(self.root / "run.mlog")

    def plugin(self, plugin_id):
        return self.compile(f"microlog-explainer-{plugin_id}.so", NETWORKED % plugin_id, "-shared",
                            "-I", support.ROOT / "plugins-sdk/include", "-fvisibility=hidden")

    def document(self, path, *arguments):
        done = support.analyze("run.mlog", "-q", "--format", "json", "-o", "-", "--plugins", path,
                               *arguments, cwd=self.root)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return json.loads(done.stdout)["documents"][0]

    def refused(self, *arguments):
        done = support.analyze("run.mlog", *arguments, cwd=self.root)
        self.assertEqual(done.returncode, 2, done.stderr)
        return done.stderr

    def test_a_plugin_that_needs_the_network_is_skipped_without_leave(self):
        path = self.plugin("net")
        for arguments in ((), ("--option", "net.url=x")):
            document = self.document(path, *arguments)
            self.assertEqual(document["status"], "skipped")
            self.assertIn("--allow network", document["message"])
        self.assertEqual(self.document(path, "--allow", "network")["status"], "ok")

    def test_llm_is_allowed_and_told_where_by_its_own_option(self):
        path = self.plugin("llm")
        document = self.document(path)
        self.assertEqual(document["status"], "skipped")
        self.assertIn("--llm", document["message"])
        for where in ("auto", "http://127.0.0.1:9/v1", "https://example.org"):
            document = self.document(path, "--llm", where)
            self.assertEqual(document["blocks"][0]["text"], where)

    def test_llm_allows_nobody_else(self):
        path = self.plugin("net")
        both = f"{path},{self.plugin('llm')}"
        done = support.analyze("run.mlog", "-q", "--format", "json", "-o", "-", "--plugins", both,
                               "--llm", "auto", cwd=self.root)
        status = {document["plugin"]: document["status"]
                  for document in json.loads(done.stdout)["documents"]}
        self.assertEqual(status, {"llm": "ok", "net": "skipped"})

    def test_wrong_words(self):
        path = self.plugin("llm")
        self.assertIn("what can be allowed is network", self.refused("--allow", "everything"))
        self.assertIn("http://", self.refused("--plugins", path, "--llm", "ftp://x"))
        self.assertIn("--llm is for the plugin llm", self.refused("--plugins", "none", "--llm",
                                                                  "auto"))


if __name__ == "__main__":
    unittest.main()
