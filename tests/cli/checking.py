"""Plugins made to be checked, and what `check` says of them."""

import support

SDK = support.ROOT / "plugins-sdk" / "include"

ANALYZER = '''
#include <microlog/sdk.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <fcntl.h>
#include <pthread.h>
%(before)s
static ml_status run(const ml_host *host, void *self)
{
    const ml_model *model = ml_get_model(host);
    int empty = model->functions->count == 0;
    (void)self; (void)empty;
    %(run)s
}
ML_DEFINE_ANALYZER("demo", "1.0", "Demo", "for a test", run)
'''

RENDERER = '''
#include <microlog/sdk.h>
static ml_status run(const ml_host *host, void *self)
{
    const ml_documents *all = ml_get_documents(host);
    const ml_output *output = ml_get_output(host);
    (void)self; (void)all; (void)output;
    %(run)s
}
ML_DEFINE_RENDERER("demo", "1.0", "Demo", "for a test", "%(type)s", "txt", run)
'''

DESCRIPTION = '''
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


class Check(support.Tree):

    def build(self, source, name="demo.so"):
        return self.compile(name, source, "-shared", "-I", SDK, "-fvisibility=hidden")

    def check(self, path, **options):
        """(exit code, {id: line}) of a check."""
        done = support.analyze("check", path, cwd=self.root, **options)
        self.assertEqual(done.stderr, "")
        lines = done.stdout.splitlines()
        results = {line.split()[1].rstrip(":"): line for line in lines[:-1]}
        self.assertIn(f"{path}: ", lines[-1])
        return done.returncode, results

    def fails(self, path, *ids):
        """Exactly these tests fail, each with a reason and a remedy."""
        code, results = self.check(path)
        failed = {test: line for test, line in results.items() if line.startswith("FAIL")}
        self.assertEqual(sorted(failed), sorted(ids), failed)
        for line in failed.values():
            self.assertRegex(line, r"^FAIL [a-z]+/[a-z-]+: .+[;,] .+")
        self.assertEqual(code, 1 if ids else 0)
        return "\n".join(failed.values())

    def analyzer(self, run, before="", name="demo.so"):
        return self.build(ANALYZER % {"run": run, "before": before}, name)

    def renderer(self, run, media="text/plain", name="demo.so"):
        return self.build(RENDERER % {"run": run, "type": media}, name)
