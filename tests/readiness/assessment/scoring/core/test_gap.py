"""Capacity in three bands over time, and what holds the rest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.assessment.framework.core.vocabulary import Stage
from readiness.assessment.scoring.core.gap import (
    NOTHING,
    CapacityChange,
    CapacityFigures,
    CapacityMeasure,
    SiteCapacity,
    SiteHistory,
    Span,
    StageChange,
    VerdictStep,
    add_blockers,
    deployed_at,
    gap_of,
    gap_over_time,
    gaps_by_group,
    group_by_first_blocker,
    largest_groups,
    site_capacity,
    spans_of,
)
from readiness.assessment.scoring.core.states import Verdict
from tests.readiness.assessment.scoring.core.builders import DAY, NOW


def history(site="oslo", *, changes=((0, 1000, 100),), stages=((0, "production"),), verdicts=((0, "ready"),)):
    """Dated inputs with instants in days after NOW."""
    return SiteHistory(
        site,
        [CapacityChange(NOW + day * DAY, CapacityFigures(kw, count)) for day, kw, count in changes],
        [StageChange(NOW + day * DAY, Stage(stage)) for day, stage in stages],
        [VerdictStep(NOW + day * DAY, Verdict(verdict), *more) for day, verdict, *more in verdicts],
    )


GROWING = {"changes": ((0, 1000, 100), (10, 500, 40), (20, -200, -10))}


@pytest.mark.parametrize(
    ("fields", "day", "expected"),
    [
        pytest.param(GROWING, -1, NOTHING, id="before anything"),
        pytest.param(GROWING, 0, CapacityFigures(1000, 100), id="from the very instant"),
        pytest.param(GROWING, 9, CapacityFigures(1000, 100), id="between events"),
        pytest.param(GROWING, 15, CapacityFigures(1500, 140), id="added"),
        pytest.param(GROWING, 30, CapacityFigures(1300, 130), id="decommissioned"),
        pytest.param(
            {"changes": ((0, 0.1, 1), (0, 0.2, 1), (5, -0.3, -2))}, 5, NOTHING, id="all of it went, in tenths"
        ),
        pytest.param({"changes": ((0, 100, 8), (5, -150, -9))}, 5, NOTHING, id="more went than was there"),
        pytest.param({"stages": ((0, "building"),)}, 5, NOTHING, id="a building site"),
        pytest.param({"stages": ((0, "planned"),)}, 5, NOTHING, id="a planned site"),
        pytest.param(
            {"stages": ((0, "commissioning"),)}, 5, CapacityFigures(1000, 100), id="commissioning counts"
        ),
        pytest.param({"stages": ((0, "production"), (3, "retired"))}, 5, NOTHING, id="a retired site"),
        pytest.param(
            {"stages": ((0, "building"), (3, "production"))}, 5, CapacityFigures(1000, 100), id="live now"
        ),
        pytest.param({"stages": ()}, 5, NOTHING, id="a site without a stage"),
    ],
)
def test_deployed(fields, day, expected):
    assert deployed_at(history(**fields), NOW + day * DAY) == expected


@pytest.mark.parametrize(
    ("verdicts", "day", "ready", "conditional"),
    [
        ([(0, "ready")], 1, 1000, 0),
        ([(0, "conditional")], 1, 0, 1000),
        ([(0, "not-ready", "p1-soak-24h")], 1, 0, 0),
        ([], 1, 0, 0),
        ([(0, "ready"), (5, "not-ready", "p1-soak-24h")], 4, 1000, 0),
        ([(0, "ready"), (5, "not-ready", "p1-soak-24h")], 5, 0, 0),
        ([(5, "ready")], 4, 0, 0),
    ],
    ids=["ready", "conditional", "not ready", "never evaluated", "still ready", "fell", "not yet evaluated"],
)
def test_a_site_counts_whole_in_one_band(verdicts, day, ready, conditional):
    gap = gap_over_time([history(verdicts=verdicts)], [NOW + day * DAY])[0]
    assert (gap.deployed.it_kw, gap.ready.it_kw, gap.conditional.it_kw) == (1000, ready, conditional)
    assert gap.gap.it_kw == 1000 - ready
    assert gap.not_ready.it_kw == 1000 - ready - conditional


def test_over_time_each_instant_stands_alone():
    opened_later = history("bergen", stages=((2, "production"),), verdicts=((4, "ready"),))
    gaps = gap_over_time([history(), opened_later], [NOW + day * DAY for day in (1, 3, 5)])
    assert [gap.deployed.accelerators for gap in gaps] == [100, 200, 200]
    assert [gap.gap.accelerators for gap in gaps] == [0, 100, 0]


kilowatts = st.integers(-5000, 5000).map(lambda tenths: tenths / 10)
days = st.integers(-3, 12)


def dated(values):
    return st.lists(st.tuples(days, values), max_size=5).map(
        lambda found: sorted(found, key=lambda one: one[0])
    )


moving_sites = st.builds(
    lambda site, changes, stages, verdicts: SiteHistory(
        site,
        [CapacityChange(NOW + day * DAY, CapacityFigures(kw, int(kw))) for day, kw in changes],
        [StageChange(NOW + day * DAY, stage) for day, stage in stages],
        [VerdictStep(NOW + day * DAY, verdict, blocker) for day, (verdict, blocker) in verdicts],
    ),
    site=st.uuids().map(str),
    changes=dated(kilowatts),
    stages=dated(st.sampled_from(Stage)),
    verdicts=dated(st.tuples(st.none() | st.sampled_from(Verdict), st.sampled_from(["", "p1-a", "p2-b"]))),
)


def rounded(gap):
    return [
        (round(band.it_kw, 6) + 0.0, band.accelerators) for band in (gap.deployed, gap.ready, gap.conditional)
    ]


@given(st.lists(moving_sites, max_size=8), st.lists(days, max_size=9).map(sorted))
def test_one_pass_over_the_sites_says_what_each_instant_says(fleet, when):
    instants = [NOW + day * DAY for day in when]
    assert [rounded(gap) for gap in gap_over_time(fleet, instants)] == [
        rounded(gap_of((site_capacity(site, at) for site in fleet), at=at)) for at in instants
    ]


@given(st.lists(moving_sites, max_size=8), st.lists(days, max_size=9).map(sorted))
def test_groups_add_up_to_the_whole_whatever_moves_between_them(fleet, when):
    instants = [NOW + day * DAY for day in when]
    whole = gap_over_time(fleet, instants)
    groups = gaps_by_group(
        spans_of(fleet, instants), instants, group_of=lambda site: site.first_blocker
    ).values()
    for place, gap in enumerate(whole):
        here = [group[place] for group in groups]
        assert round(sum(one.gap.it_kw for one in here) - gap.gap.it_kw, 5) == 0
        assert sum(one.deployed.accelerators for one in here) == gap.deployed.accelerators


def test_what_was_added_in_thirds_leaves_nothing_behind():
    came_and_went = [
        history(f"site-{number}", changes=((0, kw, 1), (5, -kw, -1)))
        for number, kw in enumerate((0.1, 0.2, 1 / 3))
    ]
    assert gap_over_time(came_and_went, [NOW + 9 * DAY])[0].deployed == NOTHING


@pytest.mark.parametrize(
    ("verdicts", "recorded", "expected"),
    [
        pytest.param(
            [(0, "not-ready")],
            [(0, "p1-a"), (1, "p1-a"), (2, "p2-b")],
            [(0, "p1-a"), (2, "p2-b")],
            id="it changes while the verdict stays",
        ),
        pytest.param(
            [(0, "not-ready")],
            [(3, "p1-a")],
            [(0, ""), (3, "p1-a")],
            id="before the first day nothing is known",
        ),
        pytest.param(
            [(0, "not-ready"), (2, "ready"), (4, "not-ready")],
            [(0, "p1-a"), (2, ""), (4, "p2-b")],
            [(0, "p1-a"), (2, ""), (4, "p2-b")],
            id="a ready site has none",
        ),
        pytest.param(
            [(0, "not-ready")],
            [(0, "p1-a"), (9, "p2-b")],
            [(0, "p1-a"), (9, "p2-b")],
            id="a day without a record",
        ),
        pytest.param([], [(0, "p1-a")], [], id="never evaluated"),
    ],
)
def test_the_first_blocker_of_each_day_joins_the_verdicts(verdicts, recorded, expected):
    midnight = NOW.replace(hour=0)
    steps = [VerdictStep(midnight + day * DAY, Verdict(verdict)) for day, verdict in verdicts]
    found = add_blockers(steps, [((midnight + day * DAY).date(), blocker) for day, blocker in recorded])
    assert [((step.at - midnight).days, step.first_blocker) for step in found] == expected


def test_a_site_names_the_blocker_in_force():
    fell = history(verdicts=[(0, "not-ready", "p1-soak-24h"), (5, "not-ready", "p2-backup-power")])
    assert site_capacity(fell, NOW + 2 * DAY).first_blocker == "p1-soak-24h"
    assert site_capacity(fell, NOW + 6 * DAY).first_blocker == "p2-backup-power"


def at_site(name, kw, verdict, blocker=""):
    return SiteCapacity(
        name, CapacityFigures(kw, int(kw // 10)), Verdict(verdict) if verdict else None, blocker
    )


def test_blockers_are_grouped_most_power_first_each_site_once():
    groups = group_by_first_blocker(
        [
            at_site("oslo", 100, "not-ready", "p5-fabric"),
            at_site("bergen", 300, "not-ready", "p1-soak-24h"),
            at_site("tromso", 250, "not-ready", "p5-fabric"),
            at_site("hamar", 900, "ready"),
            at_site("moss", 800, "conditional"),
            at_site("skien", 50, None),
            at_site("narvik", 0, "not-ready", "p1-soak-24h"),
        ]
    )
    assert [(group.check_id, group.sites, group.capacity.it_kw) for group in groups] == [
        ("p5-fabric", ("oslo", "tromso"), 350),
        ("p1-soak-24h", ("bergen",), 300),
        ("", ("skien",), 50),
    ]


def test_the_groups_whose_gap_was_largest_for_longest_are_shown():
    spans = [
        Span(0, 4, at_site("oslo", 100, "not-ready")),
        Span(0, 1, at_site("bergen", 300, "conditional")),
        Span(1, 4, at_site("bergen", 300, "ready")),
        Span(2, 4, at_site("tromso", 150, None)),
        Span(0, 4, at_site("hamar", 10, "not-ready")),
        Span(0, 4, at_site("moss", 900, "ready")),
    ]

    def shown(most, measure=CapacityMeasure.POWER):
        return largest_groups(spans, group_of=lambda site: site.site, measure=measure, most=most)

    assert shown(5) == (("oslo", "bergen", "tromso", "hamar", "moss"), 0)
    assert shown(4) == (("oslo", "bergen", "tromso", "hamar", "moss"), 0)
    assert shown(3) == (("oslo", "bergen", "tromso"), 2)
    assert shown(3, CapacityMeasure.ACCELERATORS) == (("oslo", "bergen", "tromso"), 2)
    assert largest_groups([], group_of=str, measure=CapacityMeasure.POWER, most=3) == ((), 0)


@pytest.mark.parametrize(("measure", "expected"), [("kw", 12.5), ("accelerators", 8)])
def test_a_measure_of_capacity(measure, expected):
    assert CapacityMeasure(measure).of(CapacityFigures(12.5, 8)) == expected


sites = st.lists(
    st.builds(
        SiteCapacity,
        site=st.uuids().map(str),
        deployed=st.builds(CapacityFigures, st.integers(0, 10**6).map(float), st.integers(0, 10**5)),
        verdict=st.none() | st.sampled_from(Verdict),
        first_blocker=st.sampled_from(["p1-soak-24h", "p2-backup-power"]),
    ),
    max_size=30,
)


@given(sites)
def test_bands_and_blockers_add_up(fleet):
    gap = gap_of(fleet, at=NOW)
    held = sum((group.capacity for group in group_by_first_blocker(fleet)), NOTHING)
    assert gap.ready + gap.conditional + gap.not_ready == gap.deployed
    assert held + gap.conditional == gap.gap
    assert held == gap.not_ready
