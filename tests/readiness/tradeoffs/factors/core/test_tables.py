"""Tables of entries: every wrong line is named with its field, and exports can be read again."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.tradeoffs.factors.core import entries
from readiness.tradeoffs.factors.core.entries import (
    EntriesRefused,
    FactorEntry,
    LatencyEntry,
    RateEntry,
    checked_factor,
    checked_latency,
    checked_rate,
    collected,
)
from readiness.tradeoffs.factors.core.series import cut, joined
from tests.cases import cases
from web.parameters import BadParameter

TODAY = date(2026, 11, 24)
HEADER = "site,kind,value,unit,currency,basis,provenance,source,as_of,until,low,high,note"
GOOD = "porto,carbon_average,820,lb/MWh,,published,estimated,eGRID 2023,2026-01-01,,700,900,"


def csv(*rows, header=HEADER):
    return "\n".join([header, *rows]).encode()


def test_a_row_is_an_entry_in_the_senders_words():
    (entry,) = entries.factors(csv(GOOD))
    assert (entry.line, entry.site, entry.kind, entry.value, entry.unit) == (
        2,
        "porto",
        "carbon_average",
        820.0,
        "lb/MWh",
    )
    assert (entry.basis, entry.provenance, entry.source) == ("published", "estimated", "eGRID 2023")
    assert entry.as_of_on == date(2026, 1, 1)
    checked = checked_factor(entry, TODAY)
    assert checked.value == pytest.approx(371.9457434)
    assert (checked.low, checked.high) == pytest.approx((317.514659, 408.233133))
    assert checked.stated == "820 lb/MWh"


def test_every_wrong_line_is_named():
    rows = [GOOD, GOOD.replace("820", "many"), GOOD.replace("2026-01-01", "January")]
    with pytest.raises(EntriesRefused) as refused:
        entries.factors(csv(*rows))
    assert [(error.line, error.field) for error in refused.value.errors] == [(3, "value"), (4, "as_of_on")]
    assert "line 3, value" in str(refused.value)


def test_rows_that_muster_worked_out_are_passed_over():
    rows = [GOOD, GOOD.replace("published", "great-circle"), GOOD.replace("published", "telemetry")]
    assert [entry.line for entry in entries.factors(csv(*rows))] == [2]


@cases(
    ("content", "said"),
    {
        "nothing": (b"", "empty"),
        "other columns": (b"a,b\n1,2", "columns are known"),
        "a header alone": (HEADER.encode(), "no row below"),
        "no text": (b"\xff\xfe", "UTF-8"),
    },
)
def test_what_is_no_table_is_refused(content, said):
    with pytest.raises(EntriesRefused, match=said):
        entries.factors(content)


def test_round_trips_and_rates_and_hours_are_tables_too():
    header = "site,user_region,other_site,value,unit,percentile,source,as_of"
    (latency,) = entries.latencies(csv("porto,emea,,82000,us,,RIPE,2026-01-01", header=header))
    assert (latency.percentile, checked_latency(latency, TODAY).value) == (50.0, 82.0)
    (rate,) = entries.rates(
        csv("EUR,USD,1.08,2026-01-02,ECB", header="currency,to_currency,rate,as_of,source")
    )
    assert checked_rate(rate, TODAY) == 1.08
    stated = entries.series(csv("2026-01-01T00:00Z,12.5", "2026-01-01T01:00Z,", header="at,value"))
    assert [(each.line, each.value) for each in stated] == [(2, 12.5), (3, None)]
    with pytest.raises(EntriesRefused, match="not an ISO 8601 time"):
        entries.series(csv("yesterday,1", header="at,value"))


SOURCED = {"source": "contract", "as_of_on": TODAY}


def factor(**more):
    return FactorEntry(**{"line": 1, "site": "porto", "kind": "pue", "value": 1.2} | SOURCED | more)


def latency(**more):
    given = {"line": 1, "site": "porto", "user_region": "emea", "value": 20.0} | SOURCED
    return LatencyEntry(**given | more)


def rate(**more):
    given = {"line": 1, "currency": "EUR", "to_currency": "USD", "rate": 1.1}
    return RateEntry(**given | {"as_of_on": TODAY, "source": "ECB"} | more)


@cases(
    ("check", "entry", "field"),
    {
        "no such factor": (checked_factor, factor(kind="weather"), "kind"),
        "PUE under 1": (checked_factor, factor(value=0.5), "value"),
        "half a band": (checked_factor, factor(low=1.1), "high"),
        "band above the value": (checked_factor, factor(low=1.3, high=1.4), "low"),
        "band that cannot be": (checked_factor, factor(low=0.2, high=1.4), "low"),
        "no source": (checked_factor, factor(source=" "), "source"),
        "long source": (checked_factor, factor(source="x" * 201), "source"),
        "long note": (checked_factor, factor(note="x" * 201), "note"),
        "worked out by Muster": (checked_factor, factor(basis="telemetry"), "basis"),
        "no such provenance": (checked_factor, factor(provenance="guessed"), "provenance"),
        "a clock never set": (checked_factor, factor(as_of_on=date(1970, 1, 1)), "as_of_on"),
        "ends before it begins": (checked_factor, factor(until_on=date(2026, 1, 1)), "until_on"),
        "to two places": (checked_latency, latency(other_site="lagos"), "user_region"),
        "to nowhere": (checked_latency, latency(user_region=""), "user_region"),
        "to itself": (checked_latency, latency(user_region="", other_site="porto"), "other_site"),
        "no percentile": (checked_latency, latency(percentile=100.0), "percentile"),
        "no currency": (checked_rate, rate(currency="euro"), "currency"),
        "of one currency": (checked_rate, rate(to_currency="EUR"), "to_currency"),
        "worth nothing": (checked_rate, rate(rate=0.0), "rate"),
        "rate of nobody": (checked_rate, rate(source=""), "source"),
    },
)
def test_what_cannot_be_is_refused_by_its_field(check, entry, field):
    with pytest.raises(BadParameter) as refused:
        check(entry, TODAY)
    assert refused.value.field == field


def test_all_that_is_wrong_is_said_at_once():
    entries = [factor(), factor(line=2, value=0.5), factor(line=3, kind="x")]
    with pytest.raises(EntriesRefused) as refused:
        collected(entries, lambda entry: entry.line, lambda entry: checked_factor(entry, TODAY))
    assert [error.line for error in refused.value.errors] == [2, 3]


@settings(max_examples=40, deadline=None)
@given(content=st.one_of(st.binary(max_size=80), st.text(max_size=60).map(lambda t: csv(GOOD, t))))
def test_any_file_is_read_or_refused(content):
    refused = []
    for read in (entries.factors, entries.latencies, entries.rates, entries.series):
        try:
            read(content)
        except EntriesRefused as error:
            refused.extend(error.errors)
    assert all(error.line >= 1 and error.reason for error in refused)


def test_days_are_cut_at_midnight_utc_and_joined_again():
    half_past = [(datetime(2026, 1, 1, hour, 30, tzinfo=UTC), float(hour)) for hour in range(24)]
    points = [
        *half_past,
        (datetime(2026, 1, 2, 0, 30, tzinfo=UTC), 24.0),
        (datetime(2026, 1, 2, 1, 30, tzinfo=UTC), None),
    ]
    days = cut(points, 3600)
    assert [(day.day_on.day, day.offset_s, len(day.values), len(day.known_values)) for day in days] == [
        (1, 1800, 24, 24),
        (2, 1800, 24, 1),
    ]
    series = joined(days)
    assert series.values[:25].tolist() == [float(hour) for hour in range(25)]
    assert datetime.fromtimestamp(int(series.starts_s[0]), UTC) == points[0][0]


def test_a_step_that_became_finer_is_one_series():
    hourly = cut([(datetime(2026, 1, 1, hour, tzinfo=UTC), 1.0) for hour in range(24)], 3600)
    finer = cut([(datetime(2026, 1, 2, 0, minute, tzinfo=UTC), 2.0) for minute in (0, 15, 30, 45)], 900)
    series = joined([*finer, *hourly])
    assert series.step_s == 900
    assert len(series.starts_s) == 2 * 96
    assert series.values[:96].tolist() == [1.0] * 96


def test_no_days_are_no_series():
    assert (joined([]), cut([], 3600)) == (None, [])
