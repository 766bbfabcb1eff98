"""Who counts as qualified when, and growth of capacity less growth of qualified people."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.people.core.growth import (
    EVER,
    GROWTH_SPAN,
    NEVER,
    Asked,
    Held,
    QualifiedGrowth,
    QualifiedSite,
    QualifiedSpan,
    capability_gap,
    merged,
    qualified_sites,
    without,
)
from readiness.people.core.qualified_fleet import QualifiedFleet

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
THEN = NOW - GROWTH_SPAN
ALWAYS = ((EVER, NEVER),)
ANY_VENDOR = (Asked("network", 1, 2, ""),)


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


def site(*, holders=(), assigned=(), on_call=None, asked=ANY_VENDOR):
    people = dict.fromkeys(assigned, ALWAYS)
    return qualified_sites({7: asked}, holders, {7: people}, {7: on_call or {}})[7]


def numbers(known):
    return counted({7: known}, {7: 0}, (THEN, NOW))[0]


def counted(known, group_of, instants):
    fleet = QualifiedFleet.of(known, recorded=frozenset(known))
    return fleet.counts(group_of, instants, now=NOW).tolist()


@pytest.mark.parametrize(
    ("holder", "counts"),
    [
        pytest.param(Held(1, 1, 2, "", (at(-400), NEVER)), [1, 1], id="all the time"),
        pytest.param(Held(1, 1, 2, "", (at(-100), NEVER)), [0, 1], id="since a hundred days"),
        pytest.param(Held(1, 1, 2, "", (at(-400), NOW)), [1, 0], id="until this instant"),
        pytest.param(Held(1, 1, 2, "", (at(-400), at(1 / 86400))), [1, 1], id="for one more second"),
        pytest.param(Held(1, 1, 1, "", (at(-400), NEVER)), [0, 0], id="below the level"),
        pytest.param(Held(1, 2, 2, "", (at(-400), NEVER)), [0, 0], id="another skill"),
        pytest.param(Held(3, 1, 2, "", (at(-400), NEVER)), [0, 0], id="not assigned"),
    ],
)
def test_whose_qualification_counts(holder, counts):
    assert numbers(site(holders=[holder], assigned=[1, 2])) == counts


def test_a_vendor_has_to_be_the_one_it_was_shown_on():
    held = [Held(1, 1, 2, "acme", ALWAYS[0]), Held(2, 1, 2, "", ALWAYS[0])]
    asked = (Asked("network", 1, 2, "acme"),)
    assert numbers(site(holders=held, assigned=[1, 2], asked=asked)) == [1, 1]


class TestOnCall:
    held = (Held(1, 1, 2, "", ALWAYS[0]), Held(2, 1, 2, "", ALWAYS[0]))

    def called(self, begins, ends, domain="network"):
        return site(holders=self.held, assigned=[1, 2], on_call={domain: {1: ((at(begins), at(ends)),)}})

    def test_those_on_call_count_where_there_were_any_half_a_year_ago(self):
        assert numbers(self.called(-200, 30)) == [1, 1]

    def test_a_younger_rotation_has_nothing_to_compare_with_so_those_assigned_count(self):
        assert numbers(self.called(-100, 30)) == [2, 2]

    def test_a_rotation_that_ended_leaves_those_assigned(self):
        assert numbers(self.called(-200, -10)) == [2, 2]

    def test_only_skills_of_the_domain_they_are_on_call_for_count(self):
        assert numbers(self.called(-200, 30, domain="energy")) == [0, 0]

    def test_before_the_first_shift_those_assigned_stand_in(self):
        known = self.called(-200, 30)
        assert counted({7: known}, {7: 0}, (at(-300), at(-201), at(-200))) == [[2, 2, 1]]


def test_it_is_known_when_a_figure_is_another():
    known = site(holders=[Held(1, 1, 2, "", (at(-170), at(40)))], assigned=[1])
    assert sorted(known.changes_at(NOW)) == [at(10), at(40)]


spans = st.lists(
    st.builds(
        lambda person, begin, days: QualifiedSpan(person, at(begin), at(begin + days)),
        st.integers(1, 4),
        st.integers(-300, 30),
        st.integers(1, 200),
    ),
    max_size=6,
)


def a_span_at_a_time(several):
    by_person = {span.person_id: [] for span in several}
    for span in several:
        by_person[span.person_id].append((span.begins_at, span.ends_at))
    return tuple(
        QualifiedSpan(person, *each) for person, stretches in by_person.items() for each in merged(stretches)
    )


sites = st.dictionaries(
    st.integers(1, 5),
    st.builds(
        lambda assigned, on_call, called: QualifiedSite(
            assigned=a_span_at_a_time(assigned), on_call=a_span_at_a_time(on_call), called=called
        ),
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


def test_an_exemption_leaves_the_time_around_it():
    gaps = [(at(2), at(3)), (at(2), at(4)), (at(9), at(20))]
    assert list(without((at(0), at(10)), gaps)) == [(at(0), at(2)), (at(4), at(9))]
    assert list(without((at(0), at(1)), gaps)) == [(at(0), at(1))]
