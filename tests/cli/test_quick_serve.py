"""serve: recordings in a browser of this machine: who is let in, what is shown, and that nothing is changed."""

import contextlib
import http.client
import os
import re
import signal
import subprocess
import unittest
import urllib.parse

import recordings
import support

PREFIX = "microlog-analyze: "
WITHOUT = "was built without libmicrohttpd"


class Serve(support.Tree):

    def setUp(self):
        super().setUp()
        (self.root / "runs").mkdir()
        for name, session in (("a", 1), ("b<i>", 2)):
            recordings.make(self.root / "runs" / f"{name}.mlog", session)

    def start(self, *arguments, sanitized=False):
        folder = support.sanitized_build() if sanitized else support.build()
        process = subprocess.Popen([folder / "bin" / "microlog-analyze", "serve", *arguments],
                                   cwd=self.root, text=True, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        url = process.stdout.readline().strip()
        if not url:
            errors = process.communicate(timeout=support.TIME_LIMIT)[1]
            if WITHOUT in errors:
                self.skipTest("no libmicrohttpd: sh install-deps.sh")
            raise AssertionError(errors)
        return process, urllib.parse.urlsplit(url)

    @contextlib.contextmanager
    def serving(self, *arguments, **options):
        """Gives the server's address; at its end the server must end in order."""
        process, url = self.start(*(arguments or ("runs",)), **options)
        try:
            yield url
        finally:
            process.send_signal(signal.SIGINT)
            output, errors = process.communicate(timeout=support.TIME_LIMIT)
        self.assertEqual((process.returncode, output), (0, ""), errors)
        self.assertEqual([line for line in errors.splitlines() if not line.startswith(PREFIX)], [])

    def ask(self, url, path="", method="GET", host=None, whole_path=None, body=None):
        """Status, headers and text of an answer."""
        connection = http.client.HTTPConnection(url.hostname, url.port, timeout=support.TIME_LIMIT)
        with contextlib.closing(connection):
            connection.putrequest(method, whole_path or url.path + path, skip_host=True)
            if host != "":
                connection.putheader("Host", host or url.netloc)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()

    def links(self, url):
        status, _, page = self.ask(url)
        self.assertEqual(status, 200)
        return dict((path, link) for link, path in re.findall(r'href="([0-9-]+)">([^<]*)<', page))

    def test_the_list_leads_to_the_reports(self):
        with self.serving() as url:
            self.assertEqual((url.scheme, url.hostname), ("http", "127.0.0.1"))
            self.assertRegex(url.path, "^/[0-9a-f]{32}/$")
            links = self.links(url)
            self.assertEqual(sorted(links), ["runs/a.mlog", "runs/b&lt;i&gt;.mlog"])
            status, headers, page = self.ask(url, links["runs/a.mlog"])
            self.assertEqual((status, headers["Content-Type"]), (200, "text/html; charset=utf-8"))
        done = support.analyze("runs/a.mlog", "-q", "--bare", "-o", "-", cwd=self.root)
        self.assertEqual(page, done.stdout)

    def test_only_who_knows_the_address_is_let_in(self):
        with self.serving() as url:
            token = url.path.strip("/")
            wrong = ("0" if token[-1] != "0" else "1")
            for path in ("/", "/index.html", f"/{token}", f"/{token[:-1]}{wrong}/", f"/{token[:-1]}/",
                         f"/{token}x/", f"//{token}/"):
                status, _, text = self.ask(url, whole_path=path)
                self.assertEqual((status, "Recordings" in text), (403, False), path)

    def test_another_host_name_gets_nothing(self):
        with self.serving() as url:
            self.assertEqual(self.ask(url, host=f"localhost:{url.port}")[0], 200)
            for host in ("evil.example", f"evil.example:{url.port}", "127.0.0.1", "localhost",
                         f"127.0.0.1:{url.port}.evil.example", f"127.0.0.1:{url.port + 1}", ""):
                status, _, text = self.ask(url, host=host)
                # Without the header it is no request of HTTP/1.1, and the library says so.
                self.assertIn(status, (400, 421), host)
                self.assertNotIn("Recordings", text)

    def test_there_is_only_something_to_read(self):
        before = {path: path.read_bytes() for path in self.root.rglob("*") if path.is_file()}
        with self.serving() as url:
            for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
                status, headers, _ = self.ask(url, "0-0", method=method, body=b"x")
                self.assertEqual((status, headers["Allow"]), (405, "GET, HEAD"), method)
            for link in self.links(url).values():
                self.assertEqual(self.ask(url, link)[0], 200)
            self.assertEqual(self.ask(url, "0-0", method="HEAD")[::2], (200, ""))
        after = {path: path.read_bytes() for path in self.root.rglob("*") if path.is_file()}
        self.assertEqual(before, after)

    def test_paths_are_numbers_and_nothing_else(self):
        self.write("secret.mlog", "secret")
        with self.serving() as url:
            self.links(url)
            for path in ("../secret.mlog", "..%2fsecret.mlog", "../../etc/passwd", "runs/a.mlog",
                         "0-", "0", "-0", "0-0-0", "0-0/", "7-0", "0-7", "99999999999999999999-0",
                         "+0-0"):
                status, _, text = self.ask(url, path)
                self.assertEqual((status, "secret" in text), (404, False), path)

    def test_pages_stay_among_themselves(self):
        with self.serving() as url:
            for path in ("", "0-0", "nothing"):
                _, headers, _ = self.ask(url, path)
                self.assertEqual([headers[name] for name in (
                    "Cache-Control", "Referrer-Policy", "X-Content-Type-Options", "X-Frame-Options",
                    "Cross-Origin-Resource-Policy", "Access-Control-Allow-Origin")],
                    ["no-store", "no-referrer", "nosniff", "DENY", "same-origin", None])

    def test_what_has_grown_is_analysed_again(self):
        path = self.root / "runs" / "a.mlog"
        with self.serving() as url:
            self.assertEqual(len(self.links(url)), 2)
            first = self.ask(url, "0-0")[2]
            self.assertEqual(self.ask(url, "0-0")[2], first)
            recordings.make(path, 1)
            second = self.ask(url, "0-0")[2]
            self.assertNotEqual(first, second)
            recordings.make(self.root / "runs" / "c.mlog", 3)
            self.assertEqual(len(self.links(url)), 3)
            os.remove(path)
            self.assertEqual(sorted(self.links(url)), ["runs/b&lt;i&gt;.mlog", "runs/c.mlog"])
            # A recording that is gone has no page any more; others keep their addresses.
            self.assertEqual(self.ask(url, "0-0")[0], 404)
            self.assertEqual(self.ask(url, "1-0")[0], 200)

    def test_broken_files_are_rows(self):
        self.write("runs/broken.mlog", "no recording")
        with self.serving() as url:
            page = self.ask(url)[2]
            self.assertIn("it is not an .mlog file", page)
            self.assertNotIn("runs/broken.mlog", self.links(url))

    def test_wrong_use_is_told(self):
        process, url = self.start("runs")
        try:
            done = support.analyze("serve", "runs", "--port", url.port, cwd=self.root)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn(f"cannot listen on port {url.port} of 127.0.0.1", done.stderr)
        finally:
            process.terminate()
            process.communicate(timeout=support.TIME_LIMIT)
        for arguments, words in ((("runs", "--port", "70000"), "--port cannot be \"70000\""),
                                 (("runs", "--port", "x"), "--port cannot be \"x\""),
                                 ((), "no recording was named"),
                                 (("-",), "stdin can be read once")):
            with self.subTest(arguments=arguments):
                done = support.analyze("serve", *arguments, cwd=self.root)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn(words, done.stderr)

    def test_everything_holds_under_the_sanitizers(self):
        with self.serving("runs", sanitized=True) as url:
            for path in ("", "0-0", "1-0", "nothing"):
                self.assertIn(self.ask(url, path)[0], (200, 404))


if __name__ == "__main__":
    unittest.main()
