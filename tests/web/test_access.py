"""Every address of Muster asks who comes: nobody gets nothing, and each role what it may.

The addresses are read from the URL configuration, so a page that forgets to ask fails here the day it is added.
"""

import re
from itertools import cycle

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve

from web.middleware import page_above

# Open to everybody, since nobody is signed in yet or a machine asks; what they answer holds nothing of the inside.
FOR_EVERYBODY = {
    *("login/", "login/link/<str:secret>/", "login/reset/", "login/reset/<str:secret>/", "login/second/"),
    *("login/passkey/", "login/passkey/begin/", "login/provider/", "login/provider/return/"),
    *("health/live", "health/ready", "first-admin/<str:secret>/"),
}
# About the signed-in user alone, or narrowed to what the user may view: they need no permission of their own.
FOR_EVERY_USER = {
    "login/confirm/",
    "logout/",
    "search/",
    "search/palette/",
    "navigation/counts/",
    "history/",
    # What lies within is asked for each entry.
    "history/undo/",
    "history/<int:pk>/restore/",
    "help/",
    "help/glossary/",
    "help/guides/<slug:guide>/",
    "help/pictures/<str:picture>",
    "help/tour/<int:number>/",
    "help/words.json",
    "inbox/",
    "api/inbox/",
    "metrics",
    "api/docs/",
    "api/schema/",
    "api/history/",
    "api/authentication-check/",
    "api/people/own/",
    "api/people/own-shifts.ics",
}
# A question with a body: it writes nothing, and needs what looking needs.
ASKED_BY_POST = {
    ("POST", "api/tradeoffs/rules/decide/"),
    ("POST", "api/tradeoffs/placements/"),
    ("POST", "inbound/try/"),
}
# Whoever is named answers, whatever the role; to others the operation says no (tests of ownership and golive).
BY_WHO_IS_NAMED = re.compile(
    r"(api/)?ownership/assignments/.*(accept|decline|confirm|cover|end|refuse|tick|steps/<int:step>)/\??"
    # Whoever is asked whether they are a person, and whoever is linked to one; to others there is none.
    r"|api/people/people/.*/(confirm-link|unlink)/\??"
    # Whoever is assigned to a site answers its surveys; to others there is no question.
    r"|people/surveys/.*/answer/"
    # Whoever attests confirms it or says that it is not so (tests/readiness/assessment/evidence/confirming).
    r"|(api/readiness|evidence)/attestations/.*(confirm|reject)/\??"
    r"|(api/)?readiness/review(s|-actions)/.*(sign|decline|close)/\??"
)
ABOUT_ONESELF = (
    *(
        "settings/",
        "api/accounts/tokens/",
        "api/loop/channels/",
        "api/loop/subscriptions/",
        "api/people/traces/",
        "views/",
        "api/views/",
        "tables/",
    ),
)
SAMPLES = {"int": "1", "slug": "x", "str": "x", "path": "x", "uuid": "00000000-0000-0000-0000-000000000000"}
WRITES = ("POST", "PUT", "PATCH", "DELETE")


def routes(patterns=None, before=""):
    for each in get_resolver("config.urls").url_patterns if patterns is None else patterns:
        route = before + str(each.pattern).removeprefix("^")
        if isinstance(each, URLResolver):
            yield from routes(each.url_patterns, route)
        elif isinstance(each, URLPattern):
            yield route.removesuffix("\\Z").removesuffix("$")


def address(route):
    filled = re.sub(r"\(\?P<\w+>\[0-9\]\+\)", "1", route)
    filled = re.sub(r"\(\?P<\w+>[^)]*\)", "x", filled)
    filled = re.sub(r"<(\w+):\w+>", lambda match: SAMPLES[match[1]], filled)
    filled = re.sub(r"<\w+>", "x", filled)
    return "/" + filled.replace("\\.", ".").replace("?", "")


PUTS: dict[str, tuple[int, str, str]] = {}


def put(path, admin):
    """Return status, allowed methods and text where an admin replaces what is there, which hardly anything takes.

    They are the same in every test, so that one visit serves them all.
    """
    if path not in PUTS:
        answer = admin.put(path)
        PUTS[path] = answer.status_code, answer.get("Allow", ""), answer.getvalue().decode()
    return PUTS[path]


def methods_of(path, admin):
    """Return what an address takes: endpoints of objects say it themselves, others when asked to be replaced."""
    view = resolve(path).func
    if actions := getattr(view, "actions", None):
        return {method.upper() for method in actions if method in view.cls.http_method_names} - {"HEAD"}
    status, allow, _text = put(path, admin)
    return {*(re.findall(r"\w+", allow) if status == 405 else ["GET", "POST"])} & {"GET", *WRITES}


def is_about_oneself(route):
    return route.startswith(ABOUT_ONESELF) and not route.startswith(
        ("settings/users", "settings/security-log", "settings/group-rules")
    )


def is_root(route):
    """A list of endpoints, which holds addresses only."""
    return re.fullmatch(r"api/\w+/", route) is not None


def test_there_are_routes_to_walk():
    found = list(routes())
    assert len(found) > 60
    assert set(found) >= FOR_EVERYBODY
    assert set(found) >= FOR_EVERY_USER


def is_sent_away(answer):
    """Refused, or led to the login, or from what takes only POST to the page above, which asks by itself."""
    if answer.status_code == 302:
        path = answer.wsgi_request.path
        return "/login/" in answer["Location"] or answer["Location"] == page_above(path)
    return answer.status_code in {401, 403, 405}


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["GET", *WRITES])
def test_nobody_gets_anything(method):
    client = Client(raise_request_exception=False)
    let_in = {
        route: answer.status_code
        for route in routes()
        if route not in FOR_EVERYBODY
        and not is_sent_away(
            answer := client.generic(method, address(route), content_type="application/json")
        )
    }
    # Signing out when nobody is signed in leads to the login as well.
    assert let_in == {}


@pytest.mark.django_db
def test_a_user_without_a_role_sees_nothing_of_others(user_of, client_of):
    user_of("viewer").groups.clear()
    client = client_of("viewer")
    client.raise_request_exception = False
    let_in = {}
    for route in routes():
        if route in FOR_EVERYBODY | FOR_EVERY_USER or is_about_oneself(route) or is_root(route):
            continue
        answer = client.get(address(route))
        if not is_sent_away(answer):
            let_in[route] = answer.status_code
    assert let_in == {}


# What each write asks for, a viewer's refusal says in the table of permissions.
@pytest.mark.full
@pytest.mark.django_db
def test_a_viewer_writes_nothing(client_of):
    client = client_of("viewer")
    client.raise_request_exception = False
    admin = client_of("admin")
    let_in = {}
    for route in routes():
        if route in FOR_EVERYBODY | FOR_EVERY_USER or is_about_oneself(route) or is_root(route):
            continue
        for method in methods_of(address(route), admin) - {"GET"}:
            if (method, route) in ASKED_BY_POST or (method == "POST" and BY_WHO_IS_NAMED.match(route)):
                continue
            answer = client.generic(method, address(route), content_type="application/json")
            if answer.status_code not in {401, 403, 405}:
                let_in[method, route] = answer.status_code
    assert let_in == {}


# Whoever may do most comes furthest; what others are refused, the tests above ask for.
def test_no_page_fails(empty_pages):
    assert {route: page.status for route, page in empty_pages.items() if page.status >= 500} == {}


@pytest.mark.full
@pytest.mark.django_db
def test_no_write_of_nothing_fails(client_of):
    client = client_of("admin")
    client.raise_request_exception = False
    failed = {}
    for route in routes():
        if route == "logout/":
            continue
        for method in methods_of(address(route), client) - {"GET"}:
            answer = client.generic(method, address(route), "[{}]", content_type="application/json")
            if answer.status_code >= 500:
                failed[method, route] = answer.status_code
    assert failed == {}


PARAMETERS = (
    *(
        "q",
        "sort",
        "page",
        "per",
        "cols",
        "export",
        "tab",
        "view",
        "start",
        "end",
        "points",
        "id",
        "site",
        "region",
    ),
    *(
        "metric",
        "aggregation",
        "group_by",
        "labels",
        "device",
        "state",
        "stage",
        "limit",
        "offset",
        "after",
        "ordering",
    ),
    *(
        "fields",
        "domain",
        "model",
        "actor",
        "request",
        "action",
        "user",
        "role",
        "next",
        "step",
        "check",
        "verdict",
    ),
)


ODD = ("%00", "%ff%fe", "9" * 30, "now-99999w", "x" * 1500)


@pytest.fixture
def failures(client_of):
    """Ask every page that is of no object with each of the odd queries of its value; say where it failed."""
    client = client_of("admin")
    client.raise_request_exception = False
    # A page of an object looks for it first, and here is none.
    plain = [route for route in routes() if "<" not in route and route != "logout/"]

    def ask(values, queries_of):
        return [
            (route, query[:80])
            for route, value in zip(plain, cycle(values), strict=False)
            for query in queries_of(value)
            if client.get(f"{address(route)}?{query}").status_code >= 500
        ]

    return ask


def everything_is(value):
    return ["&".join(f"{name}={value}" for name in PARAMETERS)]


def some_are(value):
    return [f"q={value}&start={value}", f"site={value}&metric={value}&start=now-1h"]


@pytest.mark.django_db
@pytest.mark.full
@pytest.mark.parametrize("values", [ODD, ODD[2:] + ODD[:2]], ids=["from the first", "from the third"])
def test_no_page_fails_where_every_parameter_is_odd(failures, values):
    assert failures(values, everything_is) == []


@pytest.mark.django_db
@pytest.mark.full
def test_no_page_fails_where_some_parameters_are_odd(failures):
    assert failures(ODD, some_are) == []
