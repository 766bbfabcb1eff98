"""Who counts as qualified when, and growth of capacity less growth of qualified people."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.organisation.people.core.growth import (
    QualifiedGrowth,
    QualifiedSite,
    QualifiedSpan,
    capability_gap,
)
from readiness.organisation.people.core.qualified_fleet import QualifiedFleet

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def at(days):
    return NOW + timedelta(days=days)


@pytest.mark.parametrize(
    ("accelerators", "people", "points", "per_person"),
    [
        pytest.param((100, 150), (10, 10), 50, 15, id="hardware alone grew"),
        pytest.param((100, 150), (10, 15), 0, 10, id="both grew alike"),
        pytest.param((100, 100), (10, 12), -20, 100 / 12, id="people grew"),
        pytest.param((0, 100), (10, 10), None, 10, id="capacity from zero"),
        pytest.param((100, 150), (0, 10), None, 15, id="people from zero"),
        pytest.param((100, 150), (10, 0), 150, None, id="everyone left"),
        pytest.param((100, 150), (0, 0), None, None, id="nobody ever"),
    ],
)
def test_capability_gap(accelerators, people, points, per_person):
    known = QualifiedGrowth(
        accelerators_then=accelerators[0], accelerators_now=accelerators[1],
        qualified_then=people[0], qualified_now=people[1], kw_then=0.0, kw_now=0.0,
    )  # fmt: skip
    gap = capability_gap(known)
    assert gap.points == (None if points is None else pytest.approx(points))
    assert gap.accelerators_per_person == (None if per_person is None else pytest.approx(per_person))
    assert bool(gap.reason) is (points is None)


def test_without_accelerators_power_grows():
    known = QualifiedGrowth(
        accelerators_then=0,
        accelerators_now=0,
        qualified_then=2,
        qualified_now=2,
        kw_then=100.0,
        kw_now=130.0,
    )
    assert capability_gap(known).points == pytest.approx(30)
    assert capability_gap(known).kw_per_person == 65


def counted(known, group_of, instants):
    fleet = QualifiedFleet.build(known, recorded=frozenset(known))
    return fleet.counts(group_of, instants, now=NOW).tolist()


def test_it_is_known_when_a_figure_is_another():
    known = QualifiedSite(assigned=(QualifiedSpan(1, at(-170), at(40)),))
    assert sorted(known.changes_at(NOW)) == [at(10), at(40)]


# A person has one span at a time.
spans = st.dictionaries(
    st.integers(1, 4), st.lists(st.integers(-300, 60), unique=True, max_size=4).map(sorted)
).map(
    lambda days: tuple(
        QualifiedSpan(person, at(begin), at(end))
        for person, edges in days.items()
        for begin, end in zip(edges[::2], edges[1::2], strict=False)
    )
)
sites = st.dictionaries(
    st.integers(1, 5),
    st.builds(
        lambda assigned, on_call, called: QualifiedSite(assigned=assigned, on_call=on_call, called=called),
        spans,
        spans,
        st.none() | st.sampled_from([(at(-250), at(30)), (at(-250), at(-3)), (at(-90), at(30))]),
    ),
)


def people_counted(known, instant):
    """Those on call where there were any half a year ago and are now, else those assigned, who stand in before."""
    if not known.counts_on_call(NOW):
        counting = known.assigned
    elif instant < known.called[0]:
        counting = (*known.on_call, *known.assigned)
    else:
        counting = known.on_call
    return {span.person_id for span in counting if span.begins_at <= instant < span.ends_at}


@given(sites, st.dictionaries(st.integers(1, 5), st.integers(0, 2)))
def test_people_of_several_sites_count_once(known, group_of):
    instants = [at(days) for days in range(-300, 40, 17)]
    there = {
        group: [known[site_id] for site_id in known if group_of.get(site_id) == group] for group in range(3)
    }
    expected = [
        [len(set().union(*(people_counted(each, instant) for each in there[group]))) for instant in instants]
        for group in range(max(group_of.values(), default=-1) + 1)
    ]
    assert counted(known, group_of, instants) == expected
