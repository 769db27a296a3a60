"""`check`: each test of conformance fails for the plugin that breaks its rule, and for no other."""

import unittest

from checking import DESCRIPTION, Check


class Loading(Check):

    def test_what_cannot_be_loaded(self):
        self.fails(self.write("demo.so", "text"), "load/now-local")
        self.fails(self.build("int missing(void); int f(void); int f(void) { return missing(); }"
                              "__attribute__((visibility(\"default\"))) int (*p)(void) = f;"),
                   "load/now-local")

    def test_symbols(self):
        words = self.fails(self.analyzer("return ML_OK;", '__attribute__((visibility("default")))'
                                         " int more;"), "load/one-symbol")
        self.assertIn("more", words)
        self.fails(self.build("int nothing;", "none.so"), "load/entry", "load/one-symbol")
        self.fails(self.build("__attribute__((visibility(\"default\"))) int microlog_plugin_2;",
                              "two.so"), "load/entry", "load/one-symbol")

    def test_a_symbol_table_that_lies_is_refused(self):
        path = self.analyzer("return ML_OK;")
        code = bytearray(path.read_bytes())
        code[40:48] = (2 ** 64 - 8).to_bytes(8, "little")  # e_shoff; the loader does not need it
        path.write_bytes(code)
        self.assertIn("symbol table", self.fails(path, "load/one-symbol"))

    def test_what_happens_while_it_is_loaded(self):
        start = "__attribute__((constructor)) static void start(void) { %s }"
        self.fails(self.analyzer("return ML_OK;", start % 'puts("hi");'), "load/no-output")
        self.fails(self.analyzer("return ML_OK;", start % "for (volatile long i = 0;"
                                 " clock() < CLOCKS_PER_SEC / 5; i++);", "b/demo.so"), "load/fast")
        thread = ("static void *wait(void *self) { pause(); return self; }" + start %
                  "pthread_t t; pthread_create(&t, 0, wait, 0);")
        self.fails(self.analyzer("return ML_OK;", thread, "c/demo.so"), "load/no-thread")
        self.assertIn("ended", self.fails(self.analyzer("return ML_OK;", start % "_exit(3);",
                                                        "d/demo.so"), "load/now-local"))

    def test_the_entry(self):
        self.fails(self.build(DESCRIPTION % "return 0;"), "load/entry")
        other = "static ml_plugin twin[2]; static int n; twin[n & 1] = plugin; return &twin[n++ & 1];"
        self.fails(self.build(DESCRIPTION % other, "b/demo.so"), "load/entry")

    def test_descriptions(self):
        accepted = "descriptor/accepted"
        cases = {
            "plugin.struct_size = 16;": ("descriptor/size",),
            "plugin.abi_draft = 99;": ("descriptor/draft",),
            "plugin.abi_minor = 7;": ("descriptor/minor",),
            "plugin.kind = 8;": ("descriptor/kind",),
            "plugin.run = 0;": ("descriptor/kind",),
            'plugin.id = "a/b";': ("descriptor/id",),
            "plugin.id = 0;": ("descriptor/id",),
            'plugin.id = "other";': ("descriptor/file-name",),
            'plugin.summary = "\\xff";': ("descriptor/texts", accepted),
            "plugin.title = 0;": ("descriptor/texts", accepted),
            "plugin.option_count = 1;": ("descriptor/options", accepted),
            "static ml_option o = {sizeof(ml_option), ML_OPTION_INT, \"n\", \"x\", \"help\", 0, 0};"
            "plugin.options = &o; plugin.option_count = 1;": ("descriptor/options", accepted),
        }
        for number, (change, ids) in enumerate(cases.items()):
            with self.subTest(change=change):
                path = self.build(DESCRIPTION % change, f"{number}/demo.so")
                _, results = self.check(path)
                failed = [test for test, line in results.items() if line.startswith("FAIL")]
                self.assertEqual(failed, list(ids))

    def test_a_file_name_that_says_another_id(self):
        path = self.build(DESCRIPTION % "", "microlog-analyzer-other.so")
        self.assertIn("microlog-analyzer-demo.so",
                      self.fails(path, "descriptor/file-name", "descriptor/accepted"))
        self.fails(self.build(DESCRIPTION % "", "microlog-analyzer-demo.so"))


class Analyzers(Check):

    def test_runs_that_fail(self):
        self.fails(self.analyzer('if (empty) return ml_fail(host, ML_ERROR_FAILED, "no function, no'
                                 ' luck"); return ML_OK;'),
                   "behaviour/empty-run", "behaviour/many-jobs")
        words = self.fails(self.analyzer("if (!empty) *(volatile int *)8 = 1; return ML_OK;",
                                         name="b/demo.so"), "behaviour/normal-run")
        self.assertIn("signal 11", words)
        self.assertIn("code 7", self.fails(self.analyzer("_exit(7);", name="c/demo.so"),
                                           "behaviour/empty-run", "behaviour/normal-run"))

    def test_state_between_jobs(self):
        self.fails(self.analyzer('return jobs++ ? ml_fail(host, ML_ERROR_FAILED, "again") : ML_OK;',
                                 "static int jobs;"), "behaviour/many-jobs", "result/valid")

    def test_text_that_is_trusted(self):
        run = ('char name[256] = "nothing"; for (uint32_t i = 0; i < model->functions->count; i++)'
               ' strcpy(name, ml_function_name(model, i));'
               'return ml_put_text(host, "t", "T", name);')
        self.assertIn("signal", self.fails(self.analyzer(run), "behaviour/hostile-text",
                                           "behaviour/many-jobs", "result/valid"))

    def test_a_failure_when_cancelled(self):
        self.fails(self.analyzer('return ml_get_job(host)->cancelled(host) ? ml_fail(host,'
                                 ' ML_ERROR_FAILED, "stopped, so what") : ML_OK;'),
                   "behaviour/cancelled")
        self.fails(self.analyzer("return ml_get_job(host)->cancelled(host) ? ML_ERROR_CANCELLED"
                                 " : ML_OK;", name="b/demo.so"))

    def test_blocks_that_break_rules(self):
        words = self.fails(self.analyzer('ml_put_text(host, "", "No key", "text"); return ML_OK;'),
                           "result/valid")
        self.assertIn("a key has 1 to 256 bytes", words)

    def test_results_that_differ(self):
        clock = ('struct timespec now; char text[64]; clock_gettime(CLOCK_MONOTONIC, &now);'
                 'ml_format(text, sizeof text, "%ld", now.tv_nsec);'
                 'return ml_put_text(host, "t", "T", text);')
        self.fails(self.analyzer(clock), "result/same-twice")
        address = ('char text[64]; ml_format(text, sizeof text, "%p", (void *)run);'
                   'return ml_put_text(host, "t", "T", text);')
        self.fails(self.analyzer(address, name="b/demo.so"), "result/same-twice")

    def test_manners(self):
        self.fails(self.analyzer('printf("hello"); return ML_OK;'), "manners/no-stdout")
        self.fails(self.analyzer('return open("/dev/null", O_RDONLY) < 0 ? -9 : ML_OK;',
                                 name="b/demo.so"), "manners/no-fd-left")
        self.fails(self.analyzer("if (fork() == 0) { pause(); } return ML_OK;", name="c/demo.so"),
                   "manners/no-child")
        thread = "static void *wait(void *self) { pause(); return self; }"
        self.fails(self.analyzer("pthread_t t; return pthread_create(&t, 0, wait, 0) ? -9 : ML_OK;",
                                 thread, "d/demo.so"), "manners/no-thread-left")


class Renderers(Check):

    def test_output_that_is_missing(self):
        self.fails(self.renderer("return ML_OK;"), "result/not-empty")

    def test_output_that_is_not_escaped(self):
        run = 'return output->write(host, all->findings[0].block->title, %s);'
        length = "strlen(all->findings[0].block->title)"
        guard = 'if (!all->finding_count) return output->write(host, "x", 1);'
        self.fails(self.renderer(guard + run % length), "result/escaped")
        markup = guard + run % '(strchr(all->findings[0].block->title, 27) ? (size_t)20 : 1)'
        self.fails(self.renderer(markup, name="b/demo.so"))
        markup = guard + run % '(strchr(all->findings[0].block->title, 27) ? (size_t)25 : 1)'
        self.fails(self.renderer(markup, "text/html", "c/demo.so"), "result/escaped")

    def test_runs_that_fail(self):
        self.fails(self.renderer('if (!ml_get_model(host)) return ml_fail(host, ML_ERROR_FAILED,'
                                 ' "no model"); return output->write(host, "x", 1);'),
                   "behaviour/no-model")
        unknown = ('for (size_t i = 0; i < all->document_count; i++)'
                   ' for (size_t j = 0; j < all->documents[i]->block_count; j++)'
                   '  if (all->documents[i]->blocks[j]->kind > 8) return -9;'
                   'return output->write(host, "x", 1);')
        self.fails(self.renderer(unknown, name="b/demo.so"), "behaviour/unknown-kind")


if __name__ == "__main__":
    unittest.main()
