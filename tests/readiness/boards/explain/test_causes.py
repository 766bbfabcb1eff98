"""What a sentence says of a change of score is what the chart shows, and adds up."""

import re
from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inventory.models import Site
from readiness.assessment.scoring.core.coalitions import CAUSES
from readiness.assessment.scoring.core.explain import Move
from readiness.assessment.scoring.core.explain_fleet import fleet_move
from readiness.assessment.scoring.core.mean import apportioned
from readiness.boards.explain import sentences, views
from readiness.boards.explain.charts import Waterfall, waterfall
from readiness.boards.explain.queries import FleetExplained, SiteMove
from tests.readiness.assessment.scoring.core.test_explain_fleet import any_ends, ends

SAID = re.compile(r"From (\S+) to (\S+)\. (.*)")
NAMED = re.compile(r"([A-Za-z ]+) ([+−]\d+\.\d)")


def points(text):
    return 0.0 if text == "none" else float(text.replace("−", "-"))


def named_in(sentence):
    """Start, end and by name each cause, as a reader reads them."""
    start, end, rest = SAID.fullmatch(sentence).groups()
    return (
        points(start),
        points(end),
        {name.strip().lower(): points(text) for name, text in NAMED.findall(rest)},
    )


def drawn(listed, start, end):
    figure = waterfall(Waterfall(date(2026, 11, 1), start, date(2026, 11, 24), end, listed), finding="")
    bars = [trace for trace in figure["data"] if trace["type"] == "bar"][:-1]
    return {x.lower(): points(text) for bar in bars for x, text in zip(bar["x"], bar["text"], strict=True)}


def test_a_score_that_is_not_there_is_drawn_as_none():
    falls = Waterfall(date(2026, 11, 1), None, date(2026, 11, 24), 0.5, ())
    assert list(waterfall(falls, finding="")["data"][-1]["text"]) == ["none", "50.0"]


def test_the_line_that_did_most_is_named_whatever_kind_it_is():
    found = fleet_move(
        {
            "old": ends(0.855, 0.84, 800.0, 800.0),
            "new": ends(None, 0.1, None, 320.0),
        }
    )
    assert (
        sentences.fleet_sentence(found)
        == "From 85.5 to 62.9. Sites added or removed −21.1, data −1.5 points."
    )
    assert sentences.strongest(sentences.fleet_causes(found)).label == "Sites added or removed"


def test_more_capacity_is_named():
    found = fleet_move({"good": ends(1.0, 1.0, 100.0, 300.0), "bad": ends(0.5, 0.5, 100.0, 100.0)})
    assert sentences.fleet_sentence(found) == "From 75.0 to 87.5. Capacity +12.5 points."


@pytest.mark.parametrize(
    ("of_grown", "why"),
    [
        pytest.param(ends(0.5, 0.51, 100.0, 900.0, data=0.01), "Capacity", id="mostly capacity"),
        pytest.param(ends(0.5, 0.9, 100.0, 110.0, data=0.4), "Data", id="mostly its own score"),
        pytest.param(ends(0.5, 0.5, 100.0, 900.0), "Capacity", id="capacity alone"),
    ],
)
def test_the_sites_that_moved_most_name_what_did_most_to_the_score_of_all(of_grown, why):
    move = fleet_move({1: of_grown, 2: ends(0.95, 0.95, 100.0, 100.0)})
    site = Site(pk=1, name="Grown", slug="grown")
    row = SiteMove(
        site, of_grown, ("", ""), came=False, went=False, weight=move.adds[1], by_capacity=move.by_capacity[1]
    )
    day = date(2026, 11, 24)
    explained = FleetExplained(day, day, move, (row,), (), ((), ()))
    assert [line["why"] for line in views.most_moved(explained)] == [why]


@given(st.lists(any_ends(), max_size=7))
def test_the_causes_named_add_up_to_the_change_and_are_those_of_the_chart(sites):
    found = fleet_move(dict(enumerate(sites)))
    if found.start is None and found.end is None:
        assert sentences.fleet_sentence(found).startswith("No site here has deployed capacity")
        return
    start, end, named = named_in(sentences.fleet_sentence(found))
    assert sum(named.values()) == pytest.approx(end - start, abs=1e-6)
    shown = drawn(sentences.fleet_causes(found), found.start, found.end)
    assert named == {name: share for name, share in shown.items() if share}


@given(any_ends())
def test_of_one_site_too(site):
    sentence = sentences.sentence(site.move.start, site.move.end, sentences.site_causes(site.move))
    if site.move.start is None and site.move.end is None:
        assert sentence == "There is no score on either day."
        return
    start, end, named = named_in(sentence)
    assert sum(named.values()) == pytest.approx(end - start, abs=1e-6)


SCORES = st.one_of(st.integers(0, 80).map(lambda count: count / 80), st.floats(0, 1))
"""An eightieth is 12.5 tenths of a point, so every other one lies between two tenths."""


@given(SCORES, SCORES)
@example(0.6875, 0.8125)
@example(0.0125, 0.0375)
def test_a_cause_that_alone_moved_the_score_is_shown_alone_with_all_of_it(start, end):
    alone = dict.fromkeys(CAUSES, 0.0) | {CAUSES[1]: end - start}
    shown = [cause.text for cause in sentences.site_causes(Move(start, end, alone))]
    moved = round(10 * (points(sentences.score(end)) - points(sentences.score(start))))
    assert shown == [sentences.tenths(moved) if cause == CAUSES[1] else "0.0" for cause in CAUSES]
    figure = views.score_figure(start, end)
    assert figure["note"] == f"{sentences.tenths(moved)} from {sentences.score(start)}"


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=8))
def test_rounded_parts_add_up_and_none_is_off_by_one_or_more(parts):
    whole = round(sum(parts))
    rounded = apportioned(parts, whole)
    assert sum(rounded) == whole
    assert all(abs(part - shown) < 1 + 1e-9 for part, shown in zip(parts, rounded, strict=True))
