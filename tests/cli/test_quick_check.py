"""`check` passes what is right, by ids that never change."""

import unittest

from checking import ANALYZER, Check
import support


class Passing(Check):

    def test_bundled_plugins_pass(self):
        for name in ("analyzer-hotspots", "analyzer-fdleak", "renderer-html", "renderer-json",
                     "renderer-text"):
            with self.subTest(name=name):
                self.fails(support.build() / "plugins" / f"microlog-{name}.so")

    def test_ids_are_permanent(self):
        _, results = self.check(self.analyzer("return ML_OK;"))
        self.assertEqual(list(results), [
            "load/now-local", "load/one-symbol", "load/entry", "load/fast", "load/no-output",
            "load/no-thread", "descriptor/size", "descriptor/draft", "descriptor/minor",
            "descriptor/kind", "descriptor/id", "descriptor/file-name", "descriptor/texts",
            "descriptor/options", "descriptor/accepted", "behaviour/empty-run",
            "behaviour/normal-run", "behaviour/hostile-text", "behaviour/many-jobs",
            "behaviour/cancelled", "result/valid", "result/same-twice", "manners/no-stdout",
            "manners/no-fd-left", "manners/no-child", "manners/no-thread-left"])
        _, results = self.check(self.renderer('return output->write(host, "x", 1);', name="r/demo.so"))
        self.assertLess({"behaviour/no-model", "behaviour/unknown-kind", "result/not-empty",
                         "result/escaped"}, set(results))

    def test_an_explainer_passes(self):
        source = ANALYZER.replace("ML_DEFINE_ANALYZER", "ML_DEFINE_EXPLAINER")
        run = ('const ml_documents *all = ml_get_documents(host);'
               'return ml_put_text(host, "t", "T", all->verdict);')
        self.fails(self.build(source % {"run": run, "before": ""}))

    def test_nothing_to_say_is_no_failure(self):
        self.fails(self.analyzer('return ml_fail(host, ML_ERROR_UNSUPPORTED, "no census");'))

    def test_several_files_and_files_that_are_not_there(self):
        good = self.analyzer("return ML_OK;")
        bad = self.analyzer("return -9;", name="bad/demo.so")
        done = support.analyze("check", good, bad)
        self.assertEqual(done.returncode, 1)
        done = support.analyze("check", good, self.root / "gone.so", bad)
        self.assertEqual(done.returncode, 2)
        self.assertIn("gone.so", done.stderr)
        self.assertIn(f"{bad}: ", done.stdout)
        self.assertEqual(support.analyze("check").returncode, 2)
        self.assertEqual(support.analyze("check", self.root).returncode, 2)

    def test_a_name_without_a_folder_is_a_file_here(self):
        self.analyzer("return ML_OK;")
        self.assertEqual(support.analyze("check", "demo.so", cwd=self.root).returncode, 0)

    def test_everything_holds_under_the_sanitizers(self):
        path = support.sanitized_build() / "plugins" / "microlog-analyzer-hotspots.so"
        done = support.analyze("check", path, sanitized=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

if __name__ == "__main__":
    unittest.main()
