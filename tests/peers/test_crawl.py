"""The demo, walked as each of its users would: from page to page by the links that pages hold.

One visit for each route, set of query parameters and role, or for one of the roles between a viewer and an
administrator; the first address of each that is found.
"""

import html
import re
import time
from collections import deque
from http.cookiejar import CookieJar
from urllib.error import HTTPError
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit
from urllib.request import HTTPCookieProcessor, Request, build_opener

import pytest
from django.urls import Resolver404, resolve

pytestmark = [pytest.mark.peers, pytest.mark.timeout(1500)]

LOAD_S, WALK_S, MOST_VISITS, PAGE_S = 900, 400, 1200, 60
# What they may lies between a viewer and an administrator: one of them sees what each of them would find.
BETWEEN = {"ops", "planner", "manager"}
LINK = re.compile(r'(?:href|hx-get|data-url|data-chart-url)="([^"]+)"')
FORM = re.compile(r'<form\b(?![^>]*method="post")[^>]*\baction="([^"]+)"', re.IGNORECASE)
# Signing out ends a walk; Django's admin is walked by `make test`.
NOT_WALKED = re.compile("/(logout|admin|static)/")
INTERNALS = re.compile(r"Traceback \(most recent|np\.(float|int)\d+\(|<[a-z_.]+ object at 0x|<QuerySet \[")


class Walker:
    """Somebody who is signed in, and the addresses that they have found and not seen."""

    def __init__(self, base, role, seen):
        self.base, self.role = base, role
        self.opener = build_opener(HTTPCookieProcessor(CookieJar()))
        self.seen = seen
        # All begin there, also where they go on to what others have not found yet.
        self.waiting = deque(["/"])
        self.seen.add((resolve("/").route, frozenset()))

    def sign_in(self, username, password):
        _status, _kind, text, _url = self.get("/login/")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', text)[1]
        form = {"csrfmiddlewaretoken": token, "username": username, "password": password}
        _status, _kind, _text, url = self.get("/login/", urlencode(form).encode())
        assert "/login/" not in url, f"{username} is not let in"

    def get(self, path, body=None):
        try:
            with self.opener.open(Request(self.base + path, data=body), timeout=PAGE_S) as answer:
                return answer.status, answer.headers.get_content_type(), _text(answer), answer.url
        except HTTPError as error:
            return error.code, error.headers.get_content_type(), _text(error), error.url

    def find(self, path):
        split = urlsplit(path)
        if split.netloc or not split.path.startswith("/") or NOT_WALKED.match(split.path):
            return
        try:
            route = resolve(split.path).route
        except Resolver404:
            return
        kind = route, frozenset(name for name, _value in parse_qsl(split.query, keep_blank_values=True))
        if kind not in self.seen:
            self.seen.add(kind)
            self.waiting.append(f"{split.path}?{split.query}" if split.query else split.path)

    def visit(self):
        """The next address, its status, and what is wrong with what is read there."""
        path = self.waiting.popleft()
        status, kind, text, url = self.get(path)
        if kind == "text/html":
            for link in [*LINK.findall(text), *FORM.findall(text)]:
                self.find(urljoin(urlsplit(url)._replace(netloc="", scheme="").geturl(), html.unescape(link)))
        wrong = [] if text or status == 204 else ["nothing to read"]
        wrong += [] if status < 500 else [text[:200]]
        wrong += [f"internals: {each[0]}" for each in INTERNALS.finditer(text) if kind == "text/html"]
        return path, status, wrong


def _text(answer):
    return answer.read().decode(errors="replace")


@pytest.fixture
def walkers(muster):
    muster.manage("load_demo", within_s=LOAD_S)
    muster.leave_out_past_of_demo()
    told = muster.manage("demo_logins")
    usernames, password = re.search(r"each role: (.*)\nPassword of all of them: (\S+)", told).groups()
    every, between = [Walker(muster.url, "nobody", set())], set()
    for username in usernames.split(", "):
        every.append(Walker(muster.url, username, between if username in BETWEEN else set()))
        every[-1].sign_in(username, password)
    assert len(every) == 6
    return every


def test_every_link_of_the_demo_leads_somewhere(walkers):
    until, visits, wrong = time.monotonic() + WALK_S, {}, {}
    while (waiting := [each for each in walkers if each.waiting]) and len(visits) < MOST_VISITS:
        if time.monotonic() > until:
            break
        for walker in waiting[: MOST_VISITS - len(visits)]:
            path, status, faults = walker.visit()
            visits[walker.role, path] = status
            if faults:
                wrong[walker.role, path] = status, faults
    refused = {visit: status for visit, status in visits.items() if status >= 400}
    print(f"{len(visits)} visits, {sum(len(each.waiting) for each in walkers)} left, refused: {refused}")
    assert len(visits) > 300
    assert wrong == {}
