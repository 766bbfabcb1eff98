"""Newest samples against their receipt: measured as they are stored, judged over periods, kept through silence."""

import pytest

from inventory.models import SiteChange
from telemetry import clocks, sentences, source_clocks
from telemetry.models import SourceActivity, SourceStatus
from tests.pages import words_of

pytestmark = pytest.mark.django_db


def send_for_periods(sender, *skews_s):
    """A body in each period of five minutes, its newest sample so many seconds ahead; then judge."""
    for skew_s in skews_s:
        sender.deliver(("up", 1.0, skew_s), ("load", 1.0, skew_s - 60))
        sender.clock.move(minutes=5)
    changed = source_clocks.judge_clocks(now=sender.clock.at)
    return changed, SourceStatus.objects.get(source=sender.source)


def test_a_source_from_the_future_is_told_until_its_samples_agree(sender, porto):
    changed, status = send_for_periods(sender, 40, 42)
    assert (changed, status.clock, sentences.clock(status)) == (0, "", "")
    SiteChange.objects.all().delete()
    changed, status = send_for_periods(sender, 41)
    assert (changed, status.clock, status.clock_skew_s) == (1, "ahead", 40)
    assert (status.clock_since, sentences.clock(status)) == (sender.clock.at, "40 s ahead of Muster's")
    assert (porto.pk, "source") in SiteChange.objects.values_list("site", "origin")
    assert source_clocks.judge_clocks(now=sender.clock.at) == 0
    # Silence answers nothing, however long it lasts.
    sender.clock.move(days=2)
    changed, status = send_for_periods(sender)
    assert (changed, status.clock) == (0, "ahead")
    changed, status = send_for_periods(sender, -2)
    assert (changed, status.clock) == (1, "agrees")


def test_the_greatest_skew_of_a_period_counts_and_a_body_without_samples_measures_nothing(sender):
    sender.deliver(("up", 1.0, -3))
    sender.deliver(("up", 1.0, -240))
    sender.post(b"no body")
    assert [each.clock_skew_s for each in SourceActivity.objects.all()] == [-3]


def test_the_page_and_the_endpoint_of_a_source_say_its_skew(sender, client_of, api_of):
    send_for_periods(sender, -400, -400, -400)
    page = client_of("viewer").get(f"/telemetry/sources/{sender.source.pk}/")
    words = words_of(page)
    assert "Clock 6 min behind Muster" in words
    answer = api_of("viewer").get(f"/api/telemetry/sources/{sender.source.pk}/").json()
    assert (answer["clock"]["value"], answer["clock_skew_s"]) == ("behind", -400)


def test_muster_does_not_blame_most_sources_but_compares_its_own_clock(sender_of, porto, frozen_now):
    senders = [sender_of(porto, name=f"prometheus-{number}") for number in range(3)]
    for _ in range(3):
        for sender in senders:
            sender.deliver(("up", 1.0, 120))
        frozen_now.move(minutes=5)
    assert source_clocks.judge_clocks(now=frozen_now.at) == 0
    assert {*SourceStatus.objects.values_list("clock", flat=True)} == {""}
    [notice] = clocks.notices(frozen_now.at)
    assert "3 of 3 sources are 2 min ahead of Muster's clock" in notice.text
