"""Home: which sections whom, that each line leads on, what it costs, and the start of an empty installation."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.urls import reverse

from accounts.roles import ROLES
from inventory.models import Site
from readiness.assessment.grants.models import Grant
from readiness.assessment.scoring.models import DomainHealth
from readiness.assessment.scoring.queries.standing import fleet_standing
from readiness.boards.home import queries, sentences
from readiness.boards.home.setup import STEPS
from telemetry.models import Source, SourceStatus
from tests.browser import fleet
from tests.conftest import NOW
from tests.inventory import made
from tests.pages import statements, text_of, words_of
from tests.readiness.assessment.scoring import stored
from tests.readiness.organisation.people import made as people
from tests.readiness.problems import write_problems

pytestmark = pytest.mark.django_db
EVERYBODYS = {"Waiting for me", "Fleet"}
SECTIONS = {
    "viewer": {"Readiness gap, 90 days", "Needs attention", "Where"},
    "ops": {"Problems by impact", "Runs to make", "Sources late or silent", "Where"},
    "planner": {"What would close the gap", "Campaigns", "Decisions to review", "Waivers ending"},
    "manager": {"Capacity at stake by owner", "Readiness gap, 90 days", "Nobody answers"},
}
SECTIONS["admin"] = SECTIONS["ops"] | SECTIONS["planner"] | SECTIONS["manager"]
# The overview of the fleet has the trend and the map; no source is late here.
SECTIONS["admin"] -= {"Readiness gap, 90 days", "Where", "Sources late or silent"}
LEAST_AND_MOST = {"viewer", "admin"}
LIVE = {"HX-Request": "true", "HX-Target": "div#live"}
DAY = timedelta(days=1)


def heard(source, state="on-time", at=NOW - DAY):
    status = {"state": state, "last_sample_at": at, "state_since": at}
    SourceStatus.objects.update_or_create(source=source, defaults=status)


def live(client):
    """Without the navigation."""
    cache.clear()
    return text_of(client.get("/", headers=LIVE))


def headings(page):
    return {unescape(heading) for heading in re.findall(r"<h2[^>]*>([^<]+)</h2>", page)}


def opening(page):
    return unescape(re.search(r"<h1>([^<]+)</h1>", page)[1])


@pytest.mark.parametrize(
    "role", [role if role in LEAST_AND_MOST else pytest.param(role, marks=pytest.mark.full) for role in ROLES]
)
def test_each_role_sees_its_own_work_and_each_line_leads_on(role, client_of, everything):
    client = client_of(role)
    page = live(client)
    assert headings(page) - {"Left to set up"} == EVERYBODYS | SECTIONS[role]
    links = {unescape(url) for url in re.findall(r'href="(/(?!static/)[^"#]*)', page)}
    assert len(links) > 10
    answered = {url: client.get(url, follow=True) for url in links}
    assert {url: answer.status_code for url, answer in answered.items() if answer.status_code != 200} == {}


def test_several_roles_see_the_union(user_of, client_of, everything):
    user_of("ops").groups.add(Group.objects.get(name="manager"))
    assert headings(live(client_of("ops"))) >= EVERYBODYS | SECTIONS["ops"] | SECTIONS["manager"]


@pytest.fixture
def critical(frozen_now):
    """Two sites of which one is critical in two domains and silent, and a third that only fails."""
    frozen_now.at = NOW
    sites = [stored.site(name=name, slug=name.lower(), owner="Ops") for name in ("Faro", "Beja", "Porto")]
    faro, beja, porto = sites
    for site, kw in ((faro, 80), (beja, 20), (porto, 300)):
        made.capacity_event(site=site, happened_on=(NOW - 9 * DAY).date(), it_kw=kw)
    for site, domain in ((faro, "compute"), (faro, "energy"), (beja, "network")):
        DomainHealth.objects.update_or_create(
            site=site, domain=domain, defaults={"health": "critical", "since": NOW - DAY, "evaluated_at": NOW}
        )
    source = Source.objects.create(name="faro meter", site=faro)
    heard(source, "silent")
    stored.result(porto, "p2-backup-power", "fail", reason="UPS battery is low.")
    return sites


def test_an_operator_reads_the_worst_first_and_each_site_counts_once(critical, client_of):
    write_problems(now=NOW)
    page = live(client_of("ops"))
    assert opening(page) == "3 critical problems and 1 silent source affect 2.1 MW"
    assert re.findall(r'id="problem-([a-z]+-[a-z]+)', page) == [
        "health-faro", "health-faro", "health-beja", "source-faro", "check-porto",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("critical", "silent", "failing", "words"),
    [
        (0, 0, 0, "Nothing is wrong at any site"),
        (0, 0, 2, "Nothing is critical or silent; 2 sites have failing checks"),
        (1, 0, 1, "1 critical problem affects 253 kW"),
        (0, 2, 2, "2 silent sources affect 253 kW"),
    ],
)
def test_the_first_line_says_what_is_wrong(critical, silent, failing, words):
    few = queries.Few((), critical + silent + failing)
    problems = queries.HomeProblems(few, critical, silent, 253.0, queries.Few((), 0))
    assert sentences.problems_headline(problems).words == words


def test_runs_and_waivers_come_by_their_day_and_the_rest_is_counted(user_of, client_of, frozen_now):
    frozen_now.at = NOW
    site = stored.site(name="Porto", slug="porto", first_blocker="p2-backup-power")
    heard(Source.objects.create(name="a", site=site))
    grants_of(site, user_of("ops"), 8, state="approved", approver=user_of("manager"), decided_at=NOW)
    page = live(client_of("planner"))
    section = page.partition('aria-labelledby="h-waivers"')[2].partition("</section>")[0]
    assert re.findall(r'id="waiver-', section) == ['id="waiver-'] * queries.SHOWN
    assert "3 more" in section


def grants_of(site, by, count, **given):
    return Grant.objects.bulk_create(
        Grant(
            site=site, kind="waiver", check_id=f"p2-check-{number}", reason="x", requested_by=by, requested_at=NOW,
            starts_at=NOW, ends_at=NOW + (number % 9 + 1) * DAY, **{"state": "requested"} | given,
        )
        for number in range(count)
    )  # fmt: skip


@pytest.mark.parametrize(
    ("role", "most"),
    [
        ("admin", 55),
        *(
            pytest.param(role, most, marks=pytest.mark.full)
            for role, most in (("viewer", 25), ("ops", 33), ("planner", 30), ("manager", 24))
        ),
    ],
)
def test_home_and_inbox_cost_the_same_with_one_row_and_with_a_thousand(
    role, most, client_of, user_of, frozen_now
):
    frozen_now.at = NOW
    fleet.build(NOW, sites=1)
    [first, *_none] = stored_sites()
    grants_of(first, user_of("planner", username="asking"), 1)
    client = client_of(role)
    paths = ("/", "/inbox/", "/api/inbox/")
    few = {path: statements(client, path) for path in paths}
    fleet.build(NOW, sites=60, first=1)
    grants_of(stored_sites()[1], user_of("planner", username="asking"), 1000)
    many = {path: statements(client, path) for path in paths}
    assert many == few
    assert many["/"] <= most
    assert many["/inbox/"] <= 12


def stored_sites():
    return list(Site.objects.order_by("pk"))


def test_an_inbox_of_thousands_shows_those_first_and_says_how_many(client_of, user_of, frozen_now):
    frozen_now.at = NOW
    grants_of(made.site(), user_of("ops"), 600)
    answer = client_of("manager").get("/inbox/")
    assert "The list shows 500 of 600 entries: those of each kind that are due first." in words_of(answer)
    assert answer.context["table"].page.total == 500
    assert client_of("manager").get("/api/inbox/").json()["count"] == 600
    assert "Nothing waits for you" in words_of(client_of("ops").get("/inbox/"))


def ticked(page):
    return set(re.findall(r'id="setup-([a-z-]+)" data-done', page))


def test_an_empty_installation_begins_with_what_leads_to_the_first_verdict(client_of, user_of, frozen_now):
    frozen_now.at = NOW
    client = client_of("admin")
    page = live(client)
    assert opening(page) == "Set Muster up"
    assert ticked(page) == {"framework"}
    assert "MUSTER_DEMO=1 make run" in page
    for step in STEPS:
        assert client.get(reverse(step.page)).status_code == 200
    site = made.site()
    made.device(site=site)
    source = Source.objects.create(name="a", site=site)
    people.person(people.team())
    assert ticked(live(client)) == {"framework", "site", "devices", "source", "people"}
    heard(source)
    page = live(client)
    assert opening(page) != "Set Muster up"
    assert ticked(page) == {"framework", "site", "devices", "source", "people", "sample"}


@pytest.mark.parametrize("role", ROLES)
def test_a_step_has_a_button_for_those_who_may_and_says_to_others_who_may(role, client_of):
    page = live(client_of(role))
    for step in STEPS:
        line = page.partition(f'id="setup-{step.key}"')[2].partition("</li>")[0]
        if step.key != "framework":
            assert (f'href="{step.url}"' in line) is ROLES[role].may(step.permission), step.key
            assert ("may do this" in line) is not ROLES[role].may(step.permission)


def test_a_site_under_construction_is_not_held_back(db):
    stored.site("conditional", name="Faro", slug="faro", kw=100.0)
    made.site(name="Oslo", slug="oslo", stage="building")
    Site.objects.update(owner="Serving")
    [stake] = queries.stake_by_owner(fleet_standing(now=NOW))
    assert (stake.held_sites, stake.sites, stake.held_kw) == (1, 1, 100.0)
