"""What stands above every page while Muster itself is not well."""

import re
from pathlib import Path

import pytest

from web import notices
from web.notices import StatusNotice


@pytest.fixture
def says(monkeypatch, frozen_now):
    """`says(name, reader)` adds a reader; afterwards nothing is shown."""
    monkeypatch.setattr(notices, "_readers", {})
    yield notices.register
    notices.board.current = ()


def test_the_worst_comes_first_and_a_reader_that_fails_hides_none(says, frozen_now):
    def fail(now):
        raise ValueError("cannot be read")

    says("late", lambda now: [StatusNotice("late", "Muster is 4 min behind.", "warn")])
    says("fails", fail)
    says("wrong", lambda now: [StatusNotice("wrong", "The clock is wrong.", link="/status/")])
    assert [notice.key for notice in notices.refresh(frozen_now.at)] == ["wrong", "late"]
    says("wrong", lambda now: [])
    says("late", lambda now: [])
    assert notices.refresh(frozen_now.at) == notices.board.current == ()


PAST = StatusNotice("past", "Months are missing.", "warn", is_of_past=True)


@pytest.mark.django_db
def test_what_is_missing_of_the_past_is_said_beside_charts_of_the_past_and_not_above_the_page(
    says, client_of, frozen_now
):
    says("past", lambda now: [PAST])
    notices.refresh(frozen_now.at)
    client = client_of("viewer")
    assert "Months are missing." not in client.get("/sites/").text
    trends = client.get("/readiness/trends/").text
    assert trends.count("data-unfinished") == 1
    assert 'id="notices"' not in trends


# Their hours are factors, which are complete from the start.
OF_THE_PRESENT = {"hours", "flexibility-chart"}


def test_every_chart_over_time_says_what_is_missing_of_the_past():
    silent = [
        f"{path.name}: {card}"
        for path in Path("templates").rglob("*.html")
        for card in re.findall(r'{% include "web/chart_card.html"[^%]*zoom=True[^%]*%}', path.read_text())
        if "past=True" not in card and not any(f'id="{name}"' in card for name in OF_THE_PRESENT)
    ]
    assert silent == []


@pytest.mark.django_db
def test_a_page_shows_them_without_a_statement(
    says, client_of, frozen_now, django_assert_num_queries, django_assert_max_num_queries
):
    client = client_of("viewer")
    client.get("/sites/")
    with django_assert_max_num_queries(100) as without:
        client.get("/sites/")
    says("late", lambda now: [StatusNotice("late", "Muster is <4 min> behind.", "warn", "/telemetry/")])
    notices.refresh(frozen_now.at)
    with django_assert_num_queries(len(without)):
        page = client.get("/sites/").content.decode()
    assert "Muster is &lt;4 min&gt; behind." in page
    assert '<a href="/telemetry/">Details</a>' in page
