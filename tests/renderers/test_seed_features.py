"""Each feature of the predecessor's page is there, under a name that a screen reader says; the table in FEATURES.md has them all."""

import pathlib
import re
import tempfile
import unittest

import chromium
import seed_features
import support

UNSTEADY = "the browser has only so much time to begin"

TABLE = support.ROOT / "renderers" / "html" / "FEATURES.md"


class Features(unittest.TestCase):
    def test_each_is_there(self):
        with chromium.Browser() as browser, tempfile.TemporaryDirectory(prefix="microlog-features-") as folder:
            path = seed_features.report(pathlib.Path(folder))
            for feature in seed_features.FEATURES:
                with self.subTest(feature.__name__):
                    page = browser.open(path)
                    feature(page)
                    self.assertEqual(page.complaints, [])

    def test_the_table_has_them_all(self):
        told = re.findall(r"^\| `([a-z_]+)` \|", TABLE.read_text(), re.MULTILINE)
        self.assertEqual(told, [feature.__name__ for feature in seed_features.FEATURES])


if __name__ == "__main__":
    unittest.main()
