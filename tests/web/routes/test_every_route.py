"""Every address answers every role, over a fleet that holds one of everything: with a page, a file or figures.

The routes are read from the URL configuration, so a page that fails for one kind of object fails here the day it is
added.
"""

import re
from html import unescape
from urllib.parse import urljoin

import pytest
from django.urls import get_resolver, resolve

from accounts.roles import ROLES as ROLE_OF
from readiness.organisation.people.models import Person
from tests.browser import addresses
from tests.cases import in_steps
from tests.visibility.asking import route_of
from tests.web.routes.test_permissions import TABLE
from web.requests import FOR_PROGRAMS

pytestmark = pytest.mark.django_db
ROLES = [None, "viewer", "ops", "planner", "manager", "admin"]
LEADS_ON, MOST_STEPS = {301, 302, 303, 307, 308}, 5
# Signing out would end the walk; one-time links are answered with 410 without their secret, and a new password by mail
# and a provider with 404 where none is set.
NOT_WALKED = {"logout/", "first-admin/<str:secret>/", "login/link/<str:secret>/"} | {
    *("login/reset/", "login/reset/<str:secret>/", "login/provider/", "login/provider/return/"),
}
# What cannot be answered without being told more.
METRIC = "site=porto&metric=DCGM_FI_DEV_GPU_UTIL"
ASKED = {
    "/telemetry/explore/chart.json": METRIC,
    "/telemetry/explore/series.csv": METRIC,
    "/api/telemetry/query/": METRIC,
    "/api/tradeoffs/windows/": "workload=porto",
    "/api/telemetry/scheduler-figures/": "site=porto",
    "/api/tradeoffs/factors/series/": "site=porto&kind=electricity_price",
    "/tradeoffs/factors/sites/porto/hours.json": "kind=electricity_price",
    "/tradeoffs/factors/sites/porto/hours.csv": "kind=electricity_price",
    "/ownership/propose/": "cell=porto.compute",
}
# Of others nobody sees them, whatever their role is; a survey asks its teams alone.
ONES_OWN = re.compile(
    "/api/loop/subscriptions/[0-9]+/|/settings/alerts/[0-9]+/unsubscribe/|"
    "/api/accounts/tokens/[0-9]+/|(/api)?/views/[0-9]+/|/settings/person/[0-9]+/|/people/surveys/[0-9]+/answer/|/.+/csv/[0-9]+/"
)
# Whoever asked for something may take it back.
ONES_OWN_STEP = {"waivers/<int:pk>/revoke/", "decisions/<int:pk>/withdraw/"}
# What the address of any page may say, and what no page knows.
ODD = "tab=nowhere&page=-1&per=x&sort=nothing&cols=nothing&export=xml&start=tomorrow&state=lost&step=soon"
# Each is a page of its own: `?tab=`, and the same table as a file.
OF_THE_PAGE = re.compile(r"\b(?:tab|export)=[a-z0-9-]+")
VARIED = {"/sites/porto/", "/inventory/ports/", "/waivers/"}
TO_THE_API = re.compile(r'href="(/api/[^"]+)"')
NO_PAGE = re.compile(r"/api/|/otlp/|.*\.(csv|json)(\?|$)")
OFFERED = re.compile(r'\b(href|hx-get|action|formaction|hx-post)="(/[^"?#]*)')
API_PK = re.compile(r"\(\?P<pk>[^)]*\)|<int:pk>")


def walked(patterns=None, before=""):
    """Every route with its view."""
    for each in get_resolver("config.urls").url_patterns if patterns is None else patterns:
        route = before + str(each.pattern)
        if hasattr(each, "url_patterns"):
            yield from walked(each.url_patterns, route)
        elif route not in NOT_WALKED:
            yield route, each.callback


def endpoint(route, callback):
    """An endpoint with the newest row there is in the place of its key."""
    if "<slug:slug>" in route:
        return addresses.address(route)
    has_key = API_PK.search(route) is not None
    pk = callback.cls.queryset.order_by("pk").values_list("pk", flat=True).last() if has_key else ""
    return "/" + API_PK.sub(str(pk), route).replace("^", "").removesuffix("$").removesuffix("\\Z")


def paths_of(route, callback):
    if route.startswith("api/"):
        return [endpoint(route, callback)]
    path = addresses.address(route)
    return [path, path.replace(".json", ".csv")] if "<str:form>" in route else [path]


@pytest.fixture
def paths(request):
    """The addresses of the fleet that the test uses: the one with a row of every kind, or else the usual one."""
    kinds = "rows_of_all_kinds"
    request.getfixturevalue(kinds if kinds in request.fixturenames else "everything")
    every = [path for route, callback in walked() for path in paths_of(route, callback)]
    return [f"{path}?{query}" if (query := asked_of(path)) else path for path in every]


def asked_of(path):
    if compared := re.search(r"/(\d+)/diff/$", path):
        return f"to={compared[1]}"
    if path == "/api/people/traces/":
        return f"person={Person.objects.order_by('pk').values_list('pk', flat=True).first()}"
    return next((query for end, query in ASKED.items() if path.endswith(end)), "")


class Reader:
    """Somebody with a role; `seen` is what came of each address, in other tests too."""

    def __init__(self, client, seen):
        self.client = client
        client.raise_request_exception = False
        self.seen = seen

    def faults(self, paths):
        return {path: wrong for path in paths if (wrong := self.fault(path))}

    def fault(self, path):
        """Say what is wrong with the answer of an address after all redirects; "" where nothing is wrong."""
        at = path
        for _step in range(MOST_STEPS):
            status, text = self.ask(at)
            if status not in LEADS_ON:
                return "" if is_answer(at, status) and text else f"{at}: {status} {text[:100]!r}"
            at = urljoin(at, text).partition("#")[0]
        return "led on for ever"

    def ask(self, path):
        """The status, and what is read there: where it leads, or what it shows."""
        if path not in self.seen:
            answer = self.client.get(path)
            body = answer.getvalue()
            self.seen[path] = answer.status_code, answer.get("Location", "") or body
        return self.seen[path]

    def variants(self, path):
        """Return the page's address with each query that the page offers, and with one that it does not know."""
        text = self.ask(path)[1]
        offered = (
            set(OF_THE_PAGE.findall(text.decode(errors="replace"))) if isinstance(text, bytes) else set()
        )
        return [f"{path}{'&' if '?' in path else '?'}{query}" for query in [*sorted(offered), ODD]]

    def offers(self, paths):
        """What pages lead to and their forms send to, by the route and the method it takes."""
        for path in paths:
            text = self.ask(path)[1]
            if not isinstance(text, bytes) or not text.lstrip().startswith(b"<!"):
                continue
            for attribute, address in set(OFFERED.findall(text.decode())):
                if (route := route_of(address)) is not None:
                    yield path, route, "GET" if attribute in {"href", "hx-get"} else "POST"


def is_answer(path, status):
    if status == 404:
        return ONES_OWN.match(path) is not None
    return status in {200, 401, 403} or (status == 405 and path.startswith(FOR_PROGRAMS))


@pytest.fixture
def reader_of(everything, client_of, seen_by):
    return lambda role: Reader(client_of(role), seen_by[role])


def asked_for():
    """Permissions by route and method, from the table."""
    lines = (line.split() for line in TABLE.read_text().splitlines())
    pairs = ((route, *each.split("=")) for route, *methods in lines for each in methods)
    return {(route, method): named.split(",") for route, method, named in pairs if named != "-"}


def new_to(role, paths, permissions):
    """Pages and files that this role reads and a viewer does not."""
    for path in paths:
        asked = permissions.get((resolve(path.partition("?")[0]).route, "GET"), ())
        if all(map(ROLE_OF[role].may, asked)) and not all(map(ROLE_OF["viewer"].may, asked)):
            yield path


@pytest.mark.parametrize(
    ("in_full", "step"),
    [
        pytest.param(
            {"viewer", "admin"}, 4, id="those who may least and most, every fourth", marks=pytest.mark.part
        ),
        pytest.param({*ROLES}, 1, id="every role", marks=pytest.mark.full),
    ],
)
def test_every_route_answers_every_role_and_offers_what_it_may(reader_of, paths, in_full, step):
    """A role between a viewer and an admin is asked for what a viewer does not read, and in full for pages too, since
    these offer each role something else."""
    assert len(paths) > 450
    paths = paths[::step]
    failed, forbidden, permissions = {}, set(), asked_for()
    for role in ROLES:
        if role is None and role not in in_full:
            continue
        reader = reader_of(role)
        most = role in {None, "viewer", "admin"}
        new = [] if most else [*new_to(role, paths, permissions)]
        offering = [path for path in paths if most or not NO_PAGE.match(path)] if role in in_full else []
        asked = list(dict.fromkeys([*new, *offering]))
        failed |= {(role, path): wrong for path, wrong in reader.faults(asked).items()}
        offered = reader.offers(asked) if role else ()
        forbidden |= {
            (role, path, route, method)
            for path, route, method in offered
            if route not in ONES_OWN_STEP
            and not all(map(ROLE_OF[role].may, permissions.get((route, method), ())))
        }
    assert failed == {}
    assert forbidden == set()


@in_steps
def test_every_page_answers_whatever_it_is_asked(reader_of, paths, step):
    admin = reader_of("admin")
    pages = [path for path in paths if not path.startswith("/api/")]
    varied = [path for number, path in enumerate(pages) if not number % step or path in VARIED]
    asked = [variant for path in varied for variant in admin.variants(path)]
    assert {"/sites/porto/?tab=network", "/inventory/ports/?export=csv", "/waivers/?export=json"} <= set(
        asked
    )
    failed = {}
    for path in asked:
        status, text = admin.ask(path)
        if status >= 500 or not text:
            failed[path] = status
    assert failed == {}
    # A page that shows its own question to the API asks one that the API takes.
    texts = [text for path in pages if isinstance(text := admin.ask(path)[1], bytes)]
    calls = {unescape(call) for text in texts for call in TO_THE_API.findall(text.decode(errors="replace"))}
    assert len(calls) > 10
    answers = {call: admin.ask(call)[0] for call in calls}
    assert {call: status for call, status in answers.items() if status not in {200, 404}} == {}
