"""The sample pages in a browser: Debian's chromium by Playwright, under the product's own security policy."""

import os
import re
import shutil
import threading
from contextlib import contextmanager

import pytest

from tests.web.empty import EmptyPage
from tests.web.page_server import SampleServer
from tests.web.test_access import address, routes

# The one without a window of its own draws the same pages for two thirds of the processor time.
CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
PATIENCE_MS = 30_000
"""How long a test waits for what a page is to show. A question asked once may come before the page is there."""
VENDOR = "static/vendor is not built: npm ci && npm run build"


def _missing(what):
    """A visible skip where somebody works without it; a failure where everything is meant to be there."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="session")
def vendor(pytestconfig):
    folder = pytestconfig.rootpath / "static/vendor"
    if not (folder / "plotly.js").exists():
        _missing(VENDOR)
    return folder


@pytest.fixture(scope="session")
def axe_source(pytestconfig):
    path = pytestconfig.rootpath / "node_modules/axe-core/axe.min.js"
    if not path.exists():
        _missing("axe-core is not installed: npm ci")
    # For one rule about screens that are turned it would read imported styles by a style element, which the policy
    # forbids; what `make run` serves imports none.
    light = "const run = axe.run; axe.run = (context, options) => run(context, {preload: false, ...options});"
    return f"{path.read_text()}; {{ {light} }} null"


@pytest.fixture(scope="session")
def empty_pages_by_route():
    return {}


@pytest.fixture
def empty_pages(frozen_now, client_of, empty_pages_by_route):
    """Maps each route to the page that an admin reads there while nothing is stored; all tests share one walk."""
    if not empty_pages_by_route:
        client = client_of("admin")
        client.raise_request_exception = False
        # Signing out would end the walk.
        pages = {route: EmptyPage(client.get(address(route))) for route in routes() if route != "logout/"}
        empty_pages_by_route.update(pages)
    return empty_pages_by_route


@contextmanager
def launched():
    """A browser. The event loop that Playwright keeps is there until it is closed, and Django would take every query
    of this thread for one made inside that loop: so close it with the last test that needs it."""
    if CHROMIUM is None:
        _missing("Debian's chromium is not installed")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE_MS)
    with pytest.MonkeyPatch.context() as patched, sync_playwright() as playwright:
        patched.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def chromium():
    with launched() as browser:
        yield browser


@pytest.fixture
def samples(vendor):
    server = SampleServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


class Visit:
    """A page that remembers what the browser complained about."""

    def __init__(self, page, base):
        self.page = page
        self.base = base
        self.complaints = []
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))

    def open(self, path):
        self.page.goto(self.base + path)
        return self.page

    def scroll_through(self):
        """Everything that loads when it nears the viewport is loaded and drawn; what a closed tab holds is not."""
        for chart in self.page.locator("[data-chart-url]:visible").all():
            chart.scroll_into_view_if_needed()
        self.page.wait_for_function(
            "() => [...document.querySelectorAll('[data-plot-frame]')].every(frame => !frame.checkVisibility() ||"
            " frame.querySelector('[data-drawn], [data-chart-notice]') && !frame.dataset.loading)"
        )
        self.page.evaluate("() => window.scrollTo(0, 0)")

    @property
    def refusals(self):
        return [text for text in self.complaints if re.search("Content Security Policy|error:", text)]


@pytest.fixture
def visit(chromium, samples):
    contexts = []

    def make(*, width=1440, theme="light", **options):
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=theme,
            **{"timezone_id": "Europe/Dublin", "reduced_motion": "reduce"} | options,
        )
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        return Visit(context.new_page(), samples.url)

    yield make
    for context in contexts:
        context.close()
