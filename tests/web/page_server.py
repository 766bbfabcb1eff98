"""Serves the sample pages under the product's own security policy: the page kit in a browser, on its own.

`python -m tests.web.page_server PORT` keeps it up for a look (with the settings' variables set).
"""

import hashlib
import json
import re
import sys
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.contrib.staticfiles import finders
from django.template import RequestContext
from django.template.backends.django import DjangoTemplates
from django.test import RequestFactory
from django.urls import set_urlconf
from django.utils.csp import build_policy

from tests.web import chart_samples, page_samples

TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".json": "application/json",
}

TOKEN = re.compile(rb'(?<=csrfmiddlewaretoken" value=")[^"]+|(?<="X-CSRFToken": ")[^"]+')


def sample_templates():
    options = {
        **settings.TEMPLATES[0]["OPTIONS"],
        "context_processors": ["django.template.context_processors.request"],
    }
    dirs = [Path(__file__).parent / "pages", *settings.TEMPLATES[0]["DIRS"]]
    return DjangoTemplates({"NAME": "samples", "DIRS": dirs, "APP_DIRS": True, "OPTIONS": options})


def render(path, *, query="", theme="system", templates=None):
    template_name, context = page_samples.PAGES[path]
    request = RequestFactory().get(f"{path}?{query}")
    shell = page_samples.shell()
    request.user = shell["user"]
    template = (templates or sample_templates()).get_template(template_name).template
    values = {**shell, **context(), "theme": theme, "kiosk": "kiosk=1" in query, "csrf_token": "sample"}
    set_urlconf("tests.web.sample_urls")
    try:
        return template.render(RequestContext(request, values))
    finally:
        set_urlconf(None)


def chart(path, query):
    name = Path(path).stem
    if name == "series":
        start = int(query.get("start", [chart_samples.NOW_MS - 7 * chart_samples.DAY_MS])[0])
        end = int(query.get("end", [chart_samples.NOW_MS])[0])
        return chart_samples.series(start, end, int(query["points"][0]))
    if name == "events":
        return chart_samples.events(int(query["start"][0]), int(query["end"][0]))
    makers = {
        "gap": chart_samples.gap,
        "by-site": chart_samples.by_site,
        "nothing": chart_samples.nothing,
    }
    return makers[name]()


class SamplePages(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        """Quiet: the test prints what matters."""

    def do_GET(self):
        url = urlsplit(self.path)
        self.server.asked[url.path] += 1
        self.server.queries.append((url.path, url.query, self.headers.get("HX-Target", "")))
        if url.path.startswith("/static/"):
            return self.send_static(url.path.removeprefix("/static/"))
        if url.path == "/charts/broken.json":
            return self.answer(
                503, "application/json", json.dumps({"detail": "The carbon signal did not answer."}).encode()
            )
        if url.path.startswith("/charts/"):
            return self.answer(
                200, "application/json", json.dumps(chart(url.path, parse_qs(url.query))).encode()
            )
        if url.path not in page_samples.PAGES:
            return self.answer(404, "text/html; charset=utf-8", b"<!doctype html><title>Not found</title>")
        theme = next(
            (pair[6:] for pair in self.headers.get("Cookie", "").split("; ") if pair.startswith("theme=")),
            "system",
        )
        page = render(url.path, query=url.query, theme=theme, templates=self.server.templates)
        return self.answer(200, "text/html; charset=utf-8", page.encode())

    def send_static(self, name):
        found = finders.find(name)
        if found is None:
            return self.answer(404, "text/plain", b"missing")
        return self.answer(
            200, TYPES.get(Path(found).suffix, "application/octet-stream"), Path(found).read_bytes()
        )

    def answer(self, status, content_type, body):
        # The token against forged requests is masked anew in every answer and says nothing about the content.
        etag = f'"{hashlib.sha256(TOKEN.sub(b"", body)).hexdigest()[:16]}"'
        if status == 200 and self.headers.get("If-None-Match") == etag:
            status, body = 304, b""
        self.server.statuses.append((self.path, status))
        self.send_response(status)
        if status != 304:
            self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", etag)
        self.send_header("Content-Security-Policy", build_policy(settings.SECURE_CSP))
        self.end_headers()
        self.wfile.write(body)


class SampleServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port=0):
        super().__init__(("127.0.0.1", port), SamplePages)
        self.templates = sample_templates()
        self.asked = Counter()
        self.queries = []
        self.statuses = []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


if __name__ == "__main__":
    import django

    django.setup()
    SampleServer(int(sys.argv[1])).serve_forever()
