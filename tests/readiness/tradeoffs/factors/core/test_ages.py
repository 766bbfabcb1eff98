"""Age limits: every kind has one with a reason, and what is older says so."""

from datetime import UTC, date, datetime, timedelta

from readiness.tradeoffs.factors.core.factors import KnownValue, ValueBasis, age_limits, outdated
from readiness.tradeoffs.units import KINDS
from tests.cases import cases

AT = datetime(2026, 11, 27, tzinfo=UTC)


def known(days, basis=ValueBasis.PUBLISHED, **more):
    return KnownValue(
        value=400.0, unit="", basis=basis, provenance="declared", source="Ember", as_of=AT - timedelta(days=days),
        **more,
    )  # fmt: skip


def test_every_kind_of_factor_has_a_limit_with_its_reason():
    assert set(age_limits()) == {*KINDS, "latency"}
    for limit in age_limits().values():
        assert limit.days > 0
        assert limit.reason.endswith(".")


@cases(
    ("kind", "days", "is_old"),
    {
        "a mean of three years ago": ("carbon_average", 1062, True),
        "at its limit": ("carbon_average", 731, False),
        "a day beyond": ("carbon_average", 732, True),
        "capacity ages by the day": ("accelerators_free", 9, True),
        "hardware does not": ("accelerator_power_kw", 1062, False),
        "round trips to a region": ("latency.iberia", 101, True),
        "a kind without limit": ("unheard-of", 9999, False),
    },
)
def test_what_is_older_than_its_kind_may_be_is_marked(kind, days, is_old):
    assert bool(outdated(kind, known(days), AT)) is is_old


def test_the_words_tell_age_limit_and_reason():
    told = outdated("carbon_average", known(1062), AT)
    assert told.startswith("1,062 days old; due for review after 731 days: A year's mean")


def test_what_is_worked_out_or_in_force_until_a_day_is_not_old():
    assert not outdated("latency", known(500, ValueBasis.GREAT_CIRCLE), AT)
    assert not outdated("accelerator_hour_cost", known(500, ValueBasis.COMPUTED), AT)
    assert not outdated("electricity_price", known(500, until_on=date(2027, 1, 1)), AT)
