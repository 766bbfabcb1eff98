"""When the demo's past has samples, and when it is scored."""

import itertools
from collections import Counter

import pytest

from readiness.demo.core.plan import fleet_plan
from readiness.demo.core.shapes import DAY, HOUR, column
from readiness.demo.core.stories import Stories
from readiness.demo.core.streams import sent, streams
from readiness.demo.core.timeline import SampleExtent, holds, timeline

FLEET = fleet_plan()
LOADED_S = 1_795_608_000.0
STORIES = Stories(LOADED_S)
TIMELINE = timeline(FLEET, STORIES, until_s=LOADED_S)


def ages(instants):
    return [LOADED_S - instant.at_s for instant in instants]


def test_it_goes_forward_and_ends_when_the_demo_is_loaded():
    times = [instant.at_s for instant in TIMELINE]
    assert times == sorted(set(times))
    assert TIMELINE[-1].at_s == LOADED_S
    assert len(TIMELINE[-1].scored) == 24


def test_scores_are_weekly_for_24_weeks_and_daily_for_a_week():
    scored = set(ages(one for one in TIMELINE if len(one.scored) > 5))
    assert {7 * DAY * week for week in range(2, 24)} <= scored
    assert {DAY * day for day in range(1, 8)} <= scored


def test_a_site_is_not_scored_before_its_first_capacity_came():
    first = {site.name: site.waves[0][0] * DAY for site in FLEET.sites if site.waves}
    for instant in TIMELINE:
        for name in instant.scored:
            assert LOADED_S - instant.at_s < first.get(name, 1e12)


@pytest.mark.parametrize(
    "begins",
    ["flaps_from", "heavy_from", "hot_from", "xid_from"],
)
def test_each_story_is_looked_at_within_a_quarter_of_an_hour_of_its_beginning(begins):
    at_s = getattr(STORIES, begins)
    assert any(0 <= instant.at_s - at_s < 900 and instant.scored for instant in TIMELINE)


def test_the_last_day_has_samples_every_quarter_of_an_hour_and_the_end_every_minute():
    recent = [age for age in ages(TIMELINE) if age < DAY]
    gaps = [later - sooner for later, sooner in itertools.pairwise(recent)]
    assert max(gaps) <= 900
    assert {60.0 * minute for minute in range(10)} <= set(recent)


@pytest.mark.parametrize(("days", "hours"), [(7, 2), (31, 4)])
def test_a_week_has_a_sample_every_two_hours_at_least_and_a_month_every_four(days, hours):
    kept = [age for age in ages(TIMELINE) if age <= days * DAY]
    assert max(later - sooner for later, sooner in itertools.pairwise(kept)) <= hours * HOUR


def test_whatever_is_scored_has_a_sample_of_every_object_at_that_instant():
    looks = {instant.extent_of(site) for instant in TIMELINE for site in instant.scored}
    assert looks == {SampleExtent.EVERYTHING, SampleExtent.CHECKED}
    for stream in streams(FLEET):
        whole, checked = Counter(), Counter()
        for block in sent(FLEET, stream, STORIES, column([LOADED_S])):
            for labels in block.labels:
                sender = labels.get("instance") or labels["node"]
                place = labels.get("UUID", labels.get("gpu_uuid", (sender, labels.get("ifName"))))
                whole[place] += 1
                checked[place] += holds(SampleExtent.CHECKED, block.metric, labels)
        unchecked = [place for place in whole if not checked[place]]
        # A node's exporter and its BMC are two instances of one device, and each unit of cooling keeps one series.
        assert all(str(place[0]).endswith(":9100") for place in unchecked), unchecked[:3]


@pytest.mark.parametrize("extent", [SampleExtent.CURVES, SampleExtent.MOVING])
def test_a_day_has_a_metric_of_all_accelerators_or_of_none(extent):
    """Else the sum over a site would jump from one quarter of an hour to the next."""
    held = {
        (stream.site.name, block.metric): {holds(extent, block.metric, labels) for labels in block.labels}
        for stream in streams(FLEET)
        for block in sent(FLEET, stream, STORIES, column([LOADED_S]))
        if "UUID" in block.labels[0] or "gpu_uuid" in block.labels[0]
    }
    assert all(len(answers) == 1 for answers in held.values())


def test_what_flaps_is_sampled_between_the_hours_too():
    for stream in (stream for stream in streams(FLEET) if stream.site.name == "DSM-1"):
        for block in sent(FLEET, stream, STORIES, column([LOADED_S])):
            if block.metric == "node_infiniband_link_downed_total":
                assert sum(holds(SampleExtent.CURVES, block.metric, labels) for labels in block.labels) == 3


def test_a_fleet_without_stories_has_only_the_common_instants():
    quiet = timeline(fleet_plan(names={"PAR-1"}), STORIES, until_s=LOADED_S)
    assert len(quiet) < len(TIMELINE)
    assert {len(instant.scored) for instant in quiet} == {0, 1}


def test_the_minutes_after_the_anchor_are_there_and_the_end_is_scored():
    later = timeline(FLEET, STORIES, until_s=LOADED_S + 200)
    after = [instant for instant in later if instant.at_s > LOADED_S]
    assert [instant.at_s - LOADED_S for instant in after] == [60, 120, 200]
    assert [len(instant.scored) for instant in after] == [0, 0, 24]


def test_a_short_reach_keeps_only_the_end():
    short = timeline(FLEET, STORIES, until_s=LOADED_S, reach_s=2 * HOUR)
    assert short == tuple(instant for instant in TIMELINE if instant.at_s >= LOADED_S - 2 * HOUR)
