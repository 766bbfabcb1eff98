"""Ownership on the pages of sites and checks, and among what wants attention."""

from datetime import date, timedelta

import pytest

from inventory.models import Site
from readiness.assessment.evidence.operations import attest
from readiness.assessment.scoring import operations as scoring
from readiness.assessment.scoring.queries.standing import fleet_standing
from readiness.organisation.ownership.core.standing import Item
from readiness.organisation.ownership.models import Assignment
from readiness.organisation.people.models import Leave
from tests.pages import text_of
from tests.readiness.assessment.scoring import stored
from tests.readiness.problems import write_problems

pytestmark = pytest.mark.django_db


@pytest.fixture
def dallas(db):
    return stored.site("ready", name="Dallas", slug="dallas", owner="Platform")


@pytest.mark.parametrize("role", ["viewer", "ops"])
def test_lists_show_the_team_and_the_person_to_those_who_may_see_names(dallas, ana, own, client_of, role):
    client = client_of(role)
    assert "Platform" in text_of(client.get("/sites/"))
    own(dallas, ana)
    stored.result(dallas, "p5-fabric-health", "pass")
    for path in ("/sites/", "/sites/dallas/", "/readiness/checks/p5-fabric-health/"):
        page = text_of(client.get(path))
        assert "Fabric" in page, path
        assert "Platform" not in page, path
        assert ("Ana Reis" in page) is (role == "ops"), path
    csv = b"".join(client.get("/sites/?export=csv").streaming_content).decode()
    assert ("Ana Reis, Fabric" if role == "ops" else ",Fabric,") in csv
    assert ("Ana" in csv) is (role == "ops")


@pytest.mark.parametrize(
    ("query", "found"),
    [("none", {"Bare"}), ("fabric", {"Dallas"}), ("platform", set()), ("depot", {"Texas"}), ("ana", set())],
)
def test_sites_are_found_by_who_answers_now(dallas, ana, own, client_of, query, found):
    stored.site("ready", name="Bare", owner="")
    stored.site("ready", name="Texas", owner="Depot")
    own(dallas, ana)
    page = text_of(client_of("viewer").get(f"/sites/?owner={query}"))
    assert {name for name in ("Dallas", "Bare", "Texas") if f">{name}<" in page} == found


def test_the_fleet_knows_who_answers(dallas, ana, own, frozen_now):
    Site.objects.update(owner="")
    [there] = fleet_standing(now=frozen_now.at).sites
    assert (there.ref.owner, there.ref.accountable) == ("", "")
    own(dallas, ana)
    [there] = fleet_standing(now=frozen_now.at).sites
    assert (there.ref.owner, there.ref.accountable) == ("Fabric", "Ana Reis")


def test_the_fleet_knows_when_a_leave_begins_and_ends_and_when_a_term_ends(dallas, ana, own, frozen_now):
    """Nothing is written meanwhile, and what was read stays in the process."""
    at = frozen_now.at
    term = own(dallas, ana)
    Leave.objects.create(person=ana, starts_at=at + timedelta(hours=1), ends_at=at + timedelta(hours=2))
    ended = {"ended_at": at + timedelta(hours=3), "ended_by": term.accountable.user, "end_reason": "moves"}
    Assignment.objects.filter(pk=term.pk).update(**ended)

    def owner(minutes):
        [there] = fleet_standing(now=at + timedelta(minutes=minutes)).sites
        return there.ref.owner, there.ref.accountable

    names = [owner(minutes) for minutes in (0, 59, 60, 119, 120, 179, 180)]
    assert names == [
        *[("Fabric", "Ana Reis")] * 2,
        *[("Fabric", "Rui Reis")] * 2,
        *[("Fabric", "Ana Reis")] * 2,
        ("Platform", ""),
    ]


def test_owners_who_left_or_are_overdue_are_problems_of_the_site(
    dallas, ana, rui, own, ask, client_of, frozen_now
):
    own(dallas, ana, Item.COMPUTE)
    own(dallas, rui, Item.NETWORK)
    ask(dallas, ana, Item.ENERGY)

    def lacking():
        listed = write_problems(now=frozen_now.at).values()
        return {each.subject: each.title for each in listed if each.kind == "ownership"}

    assert "waiting" not in lacking()
    rui.left_at = frozen_now.at
    rui.save()
    assert lacking()["unanswered"] == "The owner of 1 item cannot answer"
    assert "/ownership/queues/?queue=unanswered" in text_of(
        client_of("viewer").get("/problems/?problem=ownership-dallas-unanswered")
    )
    frozen_now.move(days=180)
    assert lacking()["overdue"] == "1 item was not confirmed in time"


def test_the_page_of_the_check_says_who_answers_and_that_an_attestation_yields(
    dallas, ana, own, client_of, frozen_now
):
    attest(
        site=dallas, check="p4-orchestration-owner", part="items-owned", value=100, taken_on=date(2026, 11, 20),
        statement="All owned", attested_by="R. Okafor", by=None, now=frozen_now.at,
    )  # fmt: skip
    here = "/sites/dallas/checks/p4-orchestration-owner/"
    scoring.evaluate(site_ids=[dallas.pk], now=frozen_now.at)
    assert "is not counted" not in text_of(client_of("ops").get(here))
    own(dallas, ana)
    frozen_now.move(minutes=1)
    scoring.evaluate(site_ids=[dallas.pk], now=frozen_now.at + timedelta(seconds=1))
    page = text_of(client_of("ops").get(here))
    assert 'id="h-owners">Owners<' in page
    assert "is not counted: this site has accepted owners" in page
    assert "Ana Reis" in page
    assert "A. Reis" not in text_of(client_of("viewer").get(here))
    assert "/ownership/assignments/" in page
    text_of(client_of("viewer").get("/readiness/?cell=dallas.p4-orchestration-owner"))
