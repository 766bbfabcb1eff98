from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import RequestFactory
from django.utils import timezone

from web.timerange import BadTimeRangeError, TimeRange

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def read(query: str, **options) -> TimeRange:
    return TimeRange.read(RequestFactory().get(f"/sites/?{query}"), now=NOW, **options)


def test_without_parameters_it_is_the_default_until_now():
    found = read("", default="now-7d")
    assert (found.start, found.end) == (NOW - timedelta(days=7), NOW)
    assert found.label == "Last 7 days"


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("now-90m", NOW - timedelta(minutes=90)),
        ("2026-11-20T08:00:00Z", datetime(2026, 11, 20, 8, tzinfo=UTC)),
        ("2026-11-20T08:00:00+02:00", datetime(2026, 11, 20, 6, tzinfo=UTC)),
        ("1763625600000", datetime(2025, 11, 20, 8, tzinfo=UTC)),
    ],
)
def test_an_end_may_be_written_in_several_ways(text, instant):
    assert read(f"start={text}").start == instant


def test_a_time_without_offset_is_in_the_readers_zone():
    with timezone.override(ZoneInfo("Asia/Tokyo")):
        assert read("start=2026-11-20T08:00").start == datetime(2026, 11, 19, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("start=yesterday", "start"),
        ("end=now-x", "end"),
        ("start=now&end=now-1h", "end"),
        ("start=0001-01-01T00:00:00Z", "start"),
        ("start=99999999999999", "start"),
        ("start=2026-13-45T00:00", "start"),
    ],
)
def test_a_bad_range_names_the_parameter(query, field):
    with pytest.raises(BadTimeRangeError) as refusal:
        read(query)
    assert refusal.value.field == field


def test_links_to_presets_keep_the_other_parameters():
    preset = read("q=dallas&start=now-1h").context["presets"][2]
    assert preset["url"] == "/sites/?q=dallas&start=now-24h&end=now"
