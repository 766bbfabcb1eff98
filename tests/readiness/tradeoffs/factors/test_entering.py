"""Entering factors, round trips, rates and hours: all or nothing, corrections, and what the database holds to."""

from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, transaction

from readiness.tradeoffs.factors.core.entries import EntriesRefused
from readiness.tradeoffs.models import ExchangeRate, FactorDay, FactorKind, LatencyFactor, SiteFactor
from readiness.tradeoffs.units import KINDS
from tests.cases import cases
from tests.entries import entries_of
from tests.readiness.tradeoffs.conftest import entry, trip

pytestmark = pytest.mark.django_db


def test_kinds_of_the_database_are_those_of_the_arithmetic():
    assert set(FactorKind.values) == set(KINDS)


def test_the_same_source_and_day_again_is_a_correction_and_has_a_history(enter):
    price = entry("electricity_price", 80, "EUR/MWh")
    enter(price)
    assert enter(price).unchanged == 1
    assert enter(entry("electricity_price", 90, "EUR/MWh")).corrected == 1
    factor = SiteFactor.objects.get()
    assert factor.value == pytest.approx(0.09)
    assert [entry.after["value"] for entry in entries_of(SiteFactor)] == pytest.approx([0.08, 0.09])
    factor.delete()
    assert not SiteFactor.objects.exists()


def test_one_thing_twice_in_a_table_is_refused(enter):
    with pytest.raises(EntriesRefused, match="is already in line 1"):
        enter(entry("pue", 1.2), entry("pue", 1.3, line=2))


def test_a_table_takes_a_number_of_statements_that_does_not_grow(enter, django_assert_max_num_queries):
    days = [date(2026, 1, day) for day in range(1, 29)]
    enter(*(entry("pue", 1.2, as_of_on=day, line=index) for index, day in enumerate(days)))
    changed = [entry("pue", 1.3, as_of_on=day, line=index) for index, day in enumerate(days)]
    with django_assert_max_num_queries(6):
        assert enter(*changed).corrected == 28


def test_a_pair_of_sites_is_one_row_from_either_end(enter_trips, lagos):
    enter_trips(trip(40, other_site="lagos"))
    assert enter_trips(trip(41, site="lagos", other_site="porto")).corrected == 1
    assert LatencyFactor.objects.get().value_ms == 41


def test_round_trips_to_places_that_are_not_there_are_refused(enter_trips, emea):
    enter_trips(trip(30, user_region="emea"))
    assert LatencyFactor.objects.get().unit == "ms"
    with pytest.raises(EntriesRefused) as refused:
        enter_trips(trip(30, user_region="mars"), trip(30, other_site="atlantis", line=2))
    assert [error.field for error in refused.value.errors] == ["user_region", "other_site"]


def test_hours_are_kept_by_utc_day_with_what_they_come_to(enter_hours):
    enter_hours([50.0, None, -20.0, 30.0])
    day = FactorDay.objects.get()
    assert (day.known, day.step_s, len(day.values)) == (3, 3600, 24)
    assert day.values[:5] == pytest.approx([0.05, None, -0.02, 0.03, None])
    assert (day.mean, day.lowest, day.highest) == pytest.approx((0.02, -0.02, 0.05))
    assert (day.unit, day.currency) == ("EUR/kWh", "EUR")


def test_a_later_file_adds_to_a_day_and_corrects_it(enter_hours):
    enter_hours([50.0, 60.0])
    later = enter_hours([70.0, 80.0], start=datetime(2026, 11, 20, 1, tzinfo=UTC))
    assert later.corrected == 1
    assert FactorDay.objects.get().values[:4] == pytest.approx([0.05, 0.07, 0.08, None])
    enter_hours([1.0, 2.0], start=datetime(2026, 11, 20, 1, tzinfo=UTC), unit="USD/MWh")
    assert FactorDay.objects.get().values[:3] == pytest.approx([None, 0.001, 0.002])


@cases(
    ("more", "values", "field", "said"),
    {
        "no hourly factor": ({"kind": "pue", "unit": ""}, [1.2], "kind", "Series are of"),
        "no zone": ({"zone": "Mars/Olympus"}, [1.0], "zone", "IANA"),
        "no source": ({"source": " "}, [1.0], "source", "come from"),
        "whose cents": ({"unit": "ct/kWh"}, [1.0], "currency", "Give the currency"),
        "no step": ({"step_min": 7}, [1.0], "at", "420 s apart"),
        "nothing known": ({}, [None, None], "value", "No row has a value"),
        "a spike": ({}, [50.0, 900_000.0], "value", "not between"),
        "too old": ({"start": datetime(1980, 1, 1, tzinfo=UTC)}, [1.0], "at", "twenty years"),
    },
)
def test_hours_that_cannot_be_are_refused(enter_hours, more, values, field, said):
    with pytest.raises(EntriesRefused, match=said) as refused:
        enter_hours(values, **more)
    assert refused.value.errors[0].field == field
    assert not FactorDay.objects.exists()


FACTOR = {"kind": "pue", "value": 1.2, "source": "report", "as_of_on": date(2026, 1, 1)}
TRIP = {"value_ms": 9.0, "source": "probe", "as_of_on": date(2026, 1, 1)}
HOURS = {
    "kind": "electricity_price",
    "day_on": date(2026, 1, 1),
    "step_s": 3600,
    "values": [0.1] * 24,
    "known": 24,
    "mean": 0.1,
    "lowest": 0.1,
    "highest": 0.1,
    "currency": "EUR",
    "source": "exchange",
}
RATE = {"currency": "EUR", "to_currency": "USD", "rate": 1.1, "source": "ECB", "as_of_on": date(2026, 1, 1)}


@cases(
    ("model", "row"),
    {
        "factor without a source": (SiteFactor, FACTOR | {"source": ""}),
        "PUE under 1": (SiteFactor, FACTOR | {"value": 0.9}),
        "PUE in euros": (SiteFactor, FACTOR | {"currency": "EUR"}),
        "price of no currency": (SiteFactor, FACTOR | {"kind": "egress_price"}),
        "negative carbon": (SiteFactor, FACTOR | {"kind": "carbon_average", "value": -1.0}),
        "more than all shifts": (SiteFactor, FACTOR | {"kind": "staffing_cover"}),
        "value outside its band": (SiteFactor, FACTOR | {"low": 1.3, "high": 1.4}),
        "half a band": (SiteFactor, FACTOR | {"low": 1.1}),
        "ends before it begins": (SiteFactor, FACTOR | {"until_on": date(2025, 1, 1)}),
        "no such factor": (SiteFactor, FACTOR | {"kind": "weather"}),
        "trip to nowhere": (LatencyFactor, TRIP),
        "pair turned about": (LatencyFactor, TRIP | {"other_site_id": 0}),
        "a missing place": (FactorDay, HOURS | {"values": [0.1] * 23}),
        "steps of ten minutes": (FactorDay, HOURS | {"step_s": 600, "values": [0.1] * 144}),
        "offset of a whole step": (FactorDay, HOURS | {"offset_s": 3600}),
        "nothing known": (FactorDay, HOURS | {"known": 0}),
        "hours of no currency": (FactorDay, HOURS | {"currency": ""}),
        "hours of nobody": (FactorDay, HOURS | {"source": ""}),
        "negative hours": (FactorDay, HOURS | {"kind": "carbon_average", "currency": "", "lowest": -1.0}),
        "worth nothing": (ExchangeRate, RATE | {"rate": 0.0}),
        "one currency": (ExchangeRate, RATE | {"to_currency": "EUR"}),
        "rate of nobody": (ExchangeRate, RATE | {"source": ""}),
    },
)
def test_the_database_refuses_what_cannot_be(porto, model, row):
    row = dict(row) if model is ExchangeRate else {"site": porto, **row}
    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.create(**row)


def test_rows_say_what_they_are(enter, enter_trips, enter_hours, emea):
    enter(entry("pue", 1.2))
    enter_trips(trip(30, user_region="emea"))
    enter_hours([1.0])
    assert [str(model.objects.get()) for model in (SiteFactor, LatencyFactor, FactorDay)] == [
        "PUE, 1 Jan 2026",
        "Porto – EMEA, p50",
        "Electricity price, 20 Nov 2026",
    ]
