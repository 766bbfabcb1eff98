"""Every page there is passes axe and the security policy, by day and by night, on a desk and on a phone.

The pages are read from the URL configuration: whatever answers a reader with a page is looked at, so that a new page
is in here the day it is added.
"""

import itertools
import re
from collections import defaultdict

import pytest
from django.urls import reverse

from inventory.kinds import DEVICE_NAME, KINDS
from tests.browser.addresses import address, kind_of
from tests.browser.looking import faults, faults_on_one_screen
from tests.inventory import made
from tests.web.test_access import routes

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
# What people open most; all the others are looked at in `make test-all`.
MOST_OPENED = [
    "/",
    "/fleet/",
    "/problems/",
    "/readiness/",
    "/sites/porto/",
    "/tradeoffs/",
    "/inventory/devices/",
]

# What the reader of these sees depends on the query, so each has a few.
VARIANTS = (
    "/fleet/?view=site",
    "/fleet/?verdict=not-ready&verdict=ready&cols=site&cols=stage",
    "/fleet/?q=nothing-is-called-this",
    "/fleet/?kiosk=1",
    "/digests/?cadence=weekly",
    "/sites/porto/?tab=compute",
    "/sites/porto/?tab=network",
    "/sites/porto/?tab=energy",
    "/sites/porto/?tab=evidence",
    "/sites/porto/?tab=changes",
    "/sites/porto/?tab=people",
    "/sites/porto/?tab=inventory",
    "/sites/site-1/",
    "/sites/yard/",
    "/sites/yard/?tab=compute",
    "/readiness/?pillar=p2&group=region&cell=porto.p5-accelerator-health",
    "/readiness/?q=nothing-is-called-this",
    "/readiness/checks/?pillar=p2&state=fail",
    "/sites/porto/checks/p3-role-coverage/",
    "/readiness/gap/?by=site&measure=accelerators&target=ready&plan=checks",
    "/readiness/gap/?kind=colo&profile=edge",
    "/readiness/worklist/?cols=note&cols=how_to&cols=due&overdue=true",
    "/readiness/worklist/?q=nothing-is-called-this",
    "/telemetry/?state=paused",
    "/telemetry/explore/?site=porto&metric=DCGM_FI_DEV_GPU_UTIL",
    "/telemetry/explore/?site=porto&metric=DCGM_FI_DEV_GPU_UTIL&step=soon",
    "/waivers/?state=denied&cols=reason&cols=vendor&cols=pillar",
    "/waivers/?q=nothing-is-called-this",
    "/waivers/ageing/?by=owner",
    "/waivers/request/?site=porto&check=p5-accelerator-health",
    "/sites/porto/checks/p2-backup-power/",
    "/readiness/campaigns/?state=running&cols=note&cols=stale",
    "/readiness/explain/?site=porto&start=now-30d",
    "/readiness/explain/?site=site-1&start=now-30d",
    "/readiness/reviews/open/?site=site-2",
    "/sites/porto/checks/p4-golive-review/",
    "/readiness/trends/?site=porto&pillar=p2&start=now-60d",
    "/tradeoffs/?tab=sure&rejected=1",
    "/tradeoffs/workloads/bare/",
    "/tradeoffs/workloads/bare/windows/",
    "/tradeoffs/workloads/porto/windows/?site=site-1",
    "/tradeoffs/flexibility/?view=sites",
    "/tradeoffs/workloads/?complete=false&cols=demand&cols=it_kw&cols=provenance",
    "/tradeoffs/factors/?sources=disagree&cols=basis",
    "/tradeoffs/factors/?q=nothing-is-called-this",
    "/tradeoffs/factors/sites/site-1/",
    "/decisions/?state=recorded&cols=rationale&cols=reviewed_at",
    "/decisions/?q=nothing-is-called-this",
    "/decisions/new/?workload=porto&site=porto&w_cost=60",
    "/search/?q=porto",
    "/search/?q=zzz",
    "/search/?q=in:nowhere a",
    "/nowhere/",
    "/fleet/?start=tomorrow",
)
# Each is a test of its own, so that workers take them side by side.
SHARES = 8
# Signing out by reading an address is refused; the others are for those who are not signed in yet.
# A file, of one kind of hours that it has to be told.
HOURS = "tradeoffs/factors/sites/<slug:slug>/hours.<str:form>"
NOT_HERE = {
    *("logout/", "login/", "first-admin/<str:secret>/", "login/link/<str:secret>/"),
    *("login/reset/", "login/reset/<str:secret>/", "login/second/", "otlp/v1/metrics", HOURS),
    *("login/provider/", "login/provider/return/"),
}
ALIKE = re.compile(r".*/((?:delete|csv)/(?:<int:pk>/)?)$")
OF_THE_KIT = re.compile(r"(<\w+:\w+>/)?(?:(add|edit|bulk|delete|csv)/(?:<int:pk>/)?)?")
IN_INVENTORY = re.compile("inventory/")
IN_FRAMEWORK = re.compile("readiness/framework/")


def wanted(matches):
    return [
        route
        for route in routes()
        if not route.startswith("api/") and route not in NOT_HERE and matches(route)
    ]


def form_of_alike(route):
    """The form that the kit makes of the same templates for each kind, but lists, whose columns are the kind's own:
    forms with the fields of the page to add one, objects, pages to add one. None for what has a page of its own.
    """
    if matched := ALIKE.match(route):
        return matched[1]
    if (form := page_of_kit(route)) in {"edit", "bulk"}:
        return form if "add" in kind_of(route).pages else None
    return form if form in {"add", "detail"} else None


def page_of_kit(route):
    """Which of the pages that the kit makes of the same templates for each kind; None for any other page."""
    kind = kind_of(route)
    matched = kind and OF_THE_KIT.fullmatch(route.removeprefix(kind.url("list").removeprefix("/")))
    if not matched:
        return None
    objects, verb = matched.groups()
    page = verb or ("detail" if objects else "list")
    return page if page in kind.pages else None


def some_of_alike(wanted_routes):
    """All of these routes, but some of each form that is alike, of other kinds for each form.

    Of objects and pages to add one there is every second, so that each kind has one or the other; of the rest every
    eighth.
    """
    alike = defaultdict(list)
    for route in wanted_routes:
        if form := form_of_alike(route):
            alike[form].append(route)
    left_out = set()
    for place, (form, routes_of_form) in enumerate(sorted(alike.items())):
        step = 2 if form in {"add", "detail"} else 8
        left_out |= {*routes_of_form} - {*routes_of_form[place % step :: step]}
    return [route for route in wanted_routes if route not in left_out]


def pages(client, wanted_routes):
    """Return the addresses that answer with a page. One that leads nowhere lacks something in the fleet below."""
    found, lost = [], []
    for route in wanted_routes:
        answer = client.get(address(route))
        if answer.status_code == 404:
            lost.append(route)
        elif answer["Content-Type"].startswith("text/html") and "</html>" in answer.text:
            found.append(address(route))
    assert lost == []
    return found


def found_on(one, axe_source, paths):
    return {path: found for path in paths if (found := faults(one, axe_source, path))}


def found_on_one_screen(one, axe_source, paths):
    return {
        path: found
        for place, path in enumerate(paths)
        if (found := faults_on_one_screen(one, axe_source, path, place))
    }


@pytest.mark.part("test_every_page_over_the_fleet")
@pytest.mark.usefixtures("whole")
def test_the_pages_that_are_opened_most(as_role, axe_source):
    one = as_role("admin")
    assert found_on(one, axe_source, MOST_OPENED) == {}
    assert one.refusals == []


@pytest.mark.full
@pytest.mark.usefixtures("whole")
@pytest.mark.parametrize("share", range(SHARES))
def test_every_page_over_the_fleet(as_role, client_of, axe_source, share):
    over_the_fleet = wanted(lambda route: not (IN_INVENTORY.match(route) or IN_FRAMEWORK.match(route)))
    routes_of_share = some_of_alike(over_the_fleet)[share::SHARES]
    # Pages of the kit take turns on four screens, and so do variants, whose parts their page has too.
    alike = pages(client_of("admin"), filter(page_of_kit, routes_of_share))
    own = pages(client_of("admin"), itertools.filterfalse(page_of_kit, routes_of_share))
    assert min(len(alike), len(own)) > 10
    one = as_role("admin")
    assert found_on(one, axe_source, own) == {}
    assert found_on_one_screen(one, axe_source, [*alike, *VARIANTS[share::SHARES]]) == {}
    assert one.refusals == []


@pytest.mark.full
def test_every_page_of_the_framework(as_role, client_of, small_fleet, drafted, axe_source):
    paths = pages(client_of("admin"), wanted(IN_FRAMEWORK.match))
    assert len(paths) == 11
    one = as_role("admin")
    variants = ["/readiness/framework/?status=retired&cols=note&cols=digest&cols=revision"]
    assert found_on(one, axe_source, [*paths, *variants]) == {}
    assert one.refusals == []


@pytest.mark.full
@pytest.mark.parametrize("share", range(SHARES // 2))
def test_every_page_of_the_inventory(as_role, client_of, people, axe_source, share):
    for make in made.MAKERS.values():
        make()
    routes_of_share = some_of_alike(wanted(IN_INVENTORY.match))[share :: SHARES // 2]
    alike = pages(client_of("admin"), filter(page_of_kit, routes_of_share))
    own = pages(client_of("admin"), itertools.filterfalse(page_of_kit, routes_of_share))
    assert alike
    one = as_role("admin")
    assert found_on_one_screen(one, axe_source, alike) == {}
    assert found_on(one, axe_source, own) == {}
    assert one.refusals == []


@pytest.mark.full
@pytest.mark.usefixtures("people")
def test_each_kind_has_eight_pages(client_of):
    for make in made.MAKERS.values():
        make()
    # Names of devices are unique, so several cannot be given one at once.
    assert "bulk" not in DEVICE_NAME.pages
    assert len(pages(client_of("admin"), wanted(IN_INVENTORY.match))) == 1 + 8 * len(KINDS) - 1


@pytest.mark.full
def test_pages_that_a_reader_may_not_open_or_finds_empty(as_role, client_of, axe_source):
    one = as_role("viewer")
    empty = ["/", "/fleet/", "/inbox/", "/sites/", "/readiness/", "/telemetry/"]
    empty += ["/inventory/", "/inventory/devices/", "/history/"]
    empty += ["/waivers/", "/waivers/ageing/", "/readiness/campaigns/"]
    empty += ["/readiness/gap/", "/readiness/worklist/"]
    empty += ["/readiness/reviews/", "/readiness/reviews/approvers/", "/tradeoffs/workloads/"]
    refused = [reverse("users"), reverse("source-add"), reverse("device-add"), reverse("waiver-request")]
    refused += [
        reverse("campaign-add"),
        reverse("review-open"),
        reverse("approver-add"),
        reverse("workload-add"),
    ]
    empty += ["/tradeoffs/factors/", "/tradeoffs/latencies/", "/tradeoffs/rates/", "/decisions/"]
    refused += [reverse("site-factor-add"), reverse("factors-import"), reverse("factor-hours-add")]
    refused += [reverse("decision-new")]
    assert found_on(one, axe_source, [*empty, *refused]) == {}
    assert one.refusals == []
