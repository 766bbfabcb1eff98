"""What stands above every page while Muster itself is not well."""

import pytest

from web import notices
from web.notices import Notice


@pytest.fixture
def says(monkeypatch, frozen_now):
    """`says(name, reader)` adds a reader; afterwards nothing is shown."""
    monkeypatch.setattr(notices, "_readers", {})
    yield notices.register
    notices.board.current = ()


def test_the_worst_comes_first_and_a_reader_that_fails_hides_none(says, frozen_now):
    def fail(now):
        raise ValueError("cannot be read")

    says("late", lambda now: [Notice("late", "Muster is 4 min behind.", "warn")])
    says("fails", fail)
    says("wrong", lambda now: [Notice("wrong", "The clock is wrong.", link="/status/")])
    assert [notice.key for notice in notices.refresh(frozen_now.at)] == ["wrong", "late"]
    says("wrong", lambda now: [])
    says("late", lambda now: [])
    assert notices.refresh(frozen_now.at) == notices.board.current == ()


@pytest.mark.django_db
def test_a_page_shows_them_without_a_statement(
    says, client_of, frozen_now, django_assert_num_queries, django_assert_max_num_queries
):
    client = client_of("viewer")
    client.get("/sites/")
    with django_assert_max_num_queries(100) as without:
        client.get("/sites/")
    says("late", lambda now: [Notice("late", "Muster is <4 min> behind.", "warn", "/telemetry/")])
    notices.refresh(frozen_now.at)
    with django_assert_num_queries(len(without)):
        page = client.get("/sites/").content.decode()
    assert "Muster is &lt;4 min&gt; behind." in page
    assert '<a href="/telemetry/">Details</a>' in page
