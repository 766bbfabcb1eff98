"""How far the demo's history is, and who may stop it: on the fleet page, and step by step."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse

from readiness.demo import operations, progress
from readiness.demo.models import DemoFleet
from readiness.demo.operations import background
from tests import database
from tests.conftest import NOW

# No hardware there: nothing is sent, and its past is records alone.
SITE = "OSL-1"
PART = {"HX-Request": "true"}


@pytest.fixture
def demo(db):
    """A demo whose history came to the eighth of its 18 months."""
    return DemoFleet.objects.create(
        loaded_at=NOW,
        scale=1,
        sampled_at=NOW,
        history="running",
        history_at=NOW - timedelta(weeks=75) + timedelta(days=220),
    )


def card_of(client, path="/fleet/"):
    """The card as it is on a page, "" where there is none."""
    card = re.search(
        r'<section class="card mb-3" id="demo-history".*?</section>',
        client.get(path, headers=PART).text,
        re.S,
    )
    return card[0] if card else ""


def lines_of(card):
    return [
        " ".join(re.sub(r"<[^>]+>", " ", line).split()) for line in re.findall(r"<p[ >].*?</p>", card, re.S)
    ]


def action_of(card):
    return re.search(r'<form method="post" action="([^"]+)"', card)[1]


def test_the_fleet_page_says_how_many_months_are_written(demo, client_of):
    card = card_of(client_of("viewer"))
    assert lines_of(card)[0] == "Demo history: 7 of 18 months"
    assert '<p aria-live="polite">' in card
    assert '<progress class="stretch" max="18" value="7"' in card
    assert "<form" not in card


def test_who_may_change_the_demo_cancels_its_history_and_goes_on(demo, client_of):
    ops = client_of("ops")
    assert ops.post(action_of(card_of(ops))).url == reverse("fleet")
    demo.refresh_from_db()
    assert demo.history == "cancelled"

    card = card_of(ops)
    assert lines_of(card) == ["Demo history: 7 of 18 months, cancelled"]
    assert "hx-get" not in card
    ops.post(action_of(card))
    demo.refresh_from_db()
    assert demo.history == "running"


@pytest.mark.parametrize("name", ["demo-history-cancel", "demo-history-resume"])
def test_others_may_not(demo, client_of, name):
    assert client_of("viewer").post(reverse(name)).status_code == 403
    demo.refresh_from_db()
    assert demo.history == "running"


@pytest.mark.parametrize("name", ["demo-history", "demo-history-cancel", "demo-history-resume"])
def test_an_address_of_the_card_leads_to_the_page_that_has_it(demo, client_of, name):
    answer = client_of("ops").get(reverse(name), headers={"Sec-Fetch-Dest": "document"}, follow=True)
    assert answer.redirect_chain[-1][0] == reverse("fleet")
    assert answer.status_code == 200


def test_a_failure_is_told_and_may_be_tried_again(demo, client_of):
    DemoFleet.objects.update(history="failed", history_failure="ValueError: no such day")
    card = card_of(client_of("ops"))
    assert lines_of(card) == ["Demo history: 7 of 18 months, failed", "ValueError: no such day"]
    assert action_of(card) == reverse("demo-history-resume")


def test_a_complete_history_is_told_to_who_waited_for_it_and_is_no_matter_after_that(demo, client_of):
    DemoFleet.objects.update(history="done")
    viewer = client_of("viewer")
    assert card_of(viewer) == ""
    card = card_of(viewer, reverse("demo-history"))
    assert lines_of(card) == ["Demo history: complete. Show it"]
    assert "hx-get" not in card


def test_without_a_demo_nothing_is_said(db, client_of):
    assert card_of(client_of("viewer")) == ""


@pytest.fixture
def present(transactional_db):
    yield operations.load_present(site_names=[SITE], by=None, now=NOW)
    operations.remove(by=None, now=NOW)
    database.put_back()


def one_step():
    return background.go_on(clock=lambda: NOW, budget_s=0)


def test_steps_go_on_from_where_the_last_one_ended(present):
    """Whoever takes the next one, and after a cancel too."""
    assert one_step() == 1
    assert DemoFleet.objects.get().sites_recorded == 1
    assert progress.cancel()
    assert one_step() == 0
    assert progress.resume()
    reached = []
    for _ in range(3):
        one_step()
        reached.append(DemoFleet.objects.get().history_at)
    assert reached == sorted(set(reached))
    assert reached[0] == DemoFleet.objects.get().loaded_at - timedelta(weeks=75)


@pytest.mark.full
def test_a_step_that_cannot_be_done_changes_nothing_and_is_told(present):
    assert (one_step(), one_step()) == (1, 1)
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA demo_history CASCADE")
    before = DemoFleet.objects.get()
    one_step()
    fleet = DemoFleet.objects.get()
    assert (fleet.history, fleet.history_at) == ("failed", before.history_at)
    assert "demo_history" in fleet.history_failure or "does not exist" in fleet.history_failure
