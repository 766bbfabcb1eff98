"""What the demo's operator has on record, as a plan."""

from pathlib import Path

import pytest

from readiness.assessment.framework.core.document import load
from readiness.assessment.framework.core.vocabulary import Gate
from readiness.assessment.scoring.checks import COMPUTED, FROM_PEOPLE
from readiness.demo.core.plan import book, fleet_plan
from readiness.demo.core.records import limits, records

FRAMEWORK = load(Path("readiness/assessment/framework/data/muster"))
FLEET = fleet_plan()
BOOK = book("records")
SITES = {site.name: site for site in FLEET.sites}
EVERY_DAY = range(-10, 600)


def said(site, **given):
    return records(SITES[site], BOOK, **{"first": 560, "last": 0, "daily": EVERY_DAY, **given})


def rows():
    return [
        (check, part)
        for kind in ("routine", "nightly")
        for check, row in BOOK[kind].items()
        for part in row["parts"]
    ]


def test_it_names_only_what_the_framework_has():
    for check, part in [*rows(), *((one["check"], one["part"]) for one in BOOK["otherwise"])]:
        FRAMEWORK.check(check).part(part)
    named = {one["site"] for kind in ("otherwise", "grants") for one in BOOK[kind]} | set(BOOK["since"])
    assert named <= set(SITES)


def test_every_sub_measure_that_decides_and_that_telemetry_does_not_give_has_a_record():
    wanted = {
        (check.id, part.id)
        for check in FRAMEWORK.checks
        if check.id not in COMPUTED and check.id not in FROM_PEOPLE
        for part in check.parts
        if part.gate is not Gate.INFO and part.pass_at is not None
    }
    assert wanted - set(rows()) == set(), "Add these to readiness/demo/data/records.yaml."


@pytest.mark.parametrize(("check", "part"), rows(), ids=str)
def test_it_is_renewed_before_it_runs_out(check, part):
    row = BOOK["routine"].get(check, {})
    every = row["every"] if part in row.get("parts", ()) else "day"
    valid_days = FRAMEWORK.check(check).part(part).validity.limit_s(None) / 86400
    assert (1 if every == "day" else every) <= valid_days


@pytest.mark.parametrize("site", ["ASH-1", "DSM-1", "ZRH-1"])
def test_in_order_means_that_the_framework_lets_it_pass(site):
    kept = BOOK | {"otherwise": []}
    own = limits(SITES[site], BOOK)
    for record in records(SITES[site], kept, first=60, last=0, daily=EVERY_DAY):
        part = FRAMEWORK.check(record.check).part(record.part)
        limit = own.get(part.limit_from)
        if part.pass_at is None or (part.pass_at.bound is None and limit is None):
            continue
        bound = part.pass_at.bound or part.pass_at.bound_for(part.direction, limit)
        assert bound.contains(record.value), f"A routine value has to pass, and this one does not: {record}"


def test_the_same_is_said_each_time_and_other_days_say_otherwise():
    assert said("ASH-1") == said("ASH-1")
    pue = {record.value for record in said("ASH-1") if record.part == "pue"}
    assert len(pue) > 5


def test_it_goes_forward_and_stays_within_what_was_asked():
    ages = [record.days_ago for record in said("ASH-1", first=100, last=-7)]
    assert ages == sorted(ages, reverse=True)
    assert max(ages) <= 100
    assert min(ages) == -7


def test_a_turn_for_the_worse_is_written_down_the_day_it_begins_and_the_day_it_ends():
    values = {
        record.days_ago: record.value
        for record in said("ASH-1")
        if (record.check, record.part) == ("p1-latency-under-load", "load-factor")
    }
    assert values[300] > 5
    assert values[235] < 3
    assert all((value > 5) == (235 < age <= 300) for age, value in values.items())


def test_a_site_without_records_has_none():
    assert said("OSL-1") == ()


def test_what_does_not_concern_a_site_is_not_written_down():
    assert not [one for one in said("DSM-1") if one.check == "p1-serving-latency"]
    assert not [one for one in said("DUB-1") if one.check in ("p1-rdma-port", "p1-congestion", "p5-goodput")]
