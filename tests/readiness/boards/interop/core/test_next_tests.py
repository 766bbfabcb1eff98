"""The next tests: which pairs, in which order, and the rows to fill in."""

import csv
from datetime import UTC, datetime, timedelta

from readiness.assessment.evidence.core.interop import End
from readiness.assessment.evidence.core.proving.interop import Installed, JudgedPair, PairStanding
from readiness.boards.interop.core.next_tests import PairPlace, next_tests

NOW = datetime(2026, 12, 1, tzinfo=UTC)
LEAF, SPINE = End("Arista", "7060X6", "EOS 4.33"), End("NVIDIA", "SN5600", "Cumulus 5.11")


def place(slug, standing, *, kw=100.0, back_end=0, days=None, ends=(LEAF, SPINE)):
    installed = Installed(ends, 4, back_end, needs_incast=False)
    pair = JudgedPair(installed, standing, "Why.", {}, [], None)
    return PairPlace(slug, slug, kw, pair, None if days is None else NOW + timedelta(days=days))


def test_the_back_end_and_the_most_capacity_come_first():
    places = [
        place("proven", PairStanding.PROVEN, days=90),
        place("late", PairStanding.PROVEN, days=29),
        place("soon", PairStanding.PROVEN, days=3),
        place("one-vendor", PairStanding.NOT_PROVEN, kw=0.0, back_end=9),
        place("front", PairStanding.FAILED, kw=900.0),
        place("small", PairStanding.NOT_PROVEN, back_end=1),
        place("large", PairStanding.NOT_PROVEN, kw=500.0, back_end=1),
        place("failed", PairStanding.FAILED, kw=1.0, back_end=1),
    ]
    order = [test.place.slug for test in next_tests(places, now=NOW)]
    assert order == ["failed", "large", "small", "front", "one-vendor", "soon", "late"]


def test_the_record_names_the_ends_as_they_are_deployed():
    [test] = next_tests([place("porto", PairStanding.NOT_PROVEN)], now=NOW)
    assert test.record.splitlines() == [
        "measure,value,subject,taken_at",
        "interop/link-fec,,Arista|7060X6|EOS 4.33| -- NVIDIA|SN5600|Cumulus 5.11|,",
        "interop/failover,,Arista|7060X6|EOS 4.33| -- NVIDIA|SN5600|Cumulus 5.11|,",
        "interop/telemetry,,Arista|7060X6|EOS 4.33| -- NVIDIA|SN5600|Cumulus 5.11|,",
    ]
    assert test.without_version is None


def test_a_comma_in_a_name_parts_no_fields():
    end = End("Supermicro, Inc.", 'SSE "T8164"', "SONiC 4.4")
    [test] = next_tests([place("porto", PairStanding.NOT_PROVEN, ends=(end, SPINE))], now=NOW)
    rows = list(csv.reader(test.record.splitlines()))
    assert {len(row) for row in rows} == {4}
    assert rows[1][2].startswith('Supermicro, Inc.|SSE "T8164"|')


def test_no_record_proves_an_end_without_a_version():
    unknown = End("NVIDIA", "SN5600")
    [test] = next_tests([place("porto", PairStanding.NOT_PROVEN, ends=(LEAF, unknown))], now=NOW)
    assert test.without_version == unknown
