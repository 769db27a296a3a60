"""An author's first minutes with the build tree, and the code in GUIDE.md."""

import re
import unittest

import support
from sdk import fake
from sdk.authoring import Author

GUIDE = support.ROOT / "plugins-sdk" / "GUIDE.md"
WARNINGS = ["-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter"]
SNIPPET = "#include <microlog/sdk.h>\nml_status snippet(const ml_host *host);\n" \
          "ml_status snippet(const ml_host *host)\n{\n%s\n}\n"


class FromTheBuildTree(Author):
    def test_a_plugin_is_in_every_output_in_under_ten_commands(self):
        self.assertLess(self.walk("hello"), 10)


class Guide(support.Tree):
    def test_it_is_short(self):
        self.assertLessEqual(len(GUIDE.read_text().splitlines()), 250)

    def test_every_snippet_compiles_as_c_and_as_cplusplus(self):
        snippets = re.findall(r"```c\n(.*?)```", GUIDE.read_text(), re.S)
        self.assertGreater(len(snippets), 7)
        for number, snippet in enumerate(snippets):
            whole = snippet if snippet.startswith("#include") else SNIPPET % snippet
            source = self.write(f"{number}.c", whole)
            with self.subTest(snippet=snippet.splitlines()[0]):
                for compiler, standard in (("cc", ["-std=c99"]), ("c++", ["-x", "c++", "-std=c++11"])):
                    fake.compile_c([*standard, *WARNINGS, "-fsyntax-only", "-I", fake.INCLUDE, source],
                                   compiler)

    def test_what_it_names_exists(self):
        text = GUIDE.read_text()
        headers = "".join(path.read_text() for path in (fake.INCLUDE / "microlog").glob("*.h"))
        for word in set(re.findall(r"\b(?:ml_[a-z_]+|ML_[A-Z_]+)\b", text)):
            self.assertRegex(headers, rf"\b{word}\b")


if __name__ == "__main__":
    unittest.main()
