"""The match of an option as pages write it."""

from dataclasses import fields

from readiness.tradeoffs.placing.core.answer import PlacementAnswer, PlacementOption
from readiness.tradeoffs.placing.core.placement import Feasibility, Placed
from readiness.tradeoffs.placing.core.ranking import ONE, Ranked


def option(rank, score):
    ranked = Ranked(f"site {rank}", rank, round(score * ONE), 0, ONE, rank, rank, ())
    return PlacementOption(None, Placed(None, Feasibility.FEASIBLE, (), None), {}, {}, ranked=ranked)


def test_options_that_are_alike_when_rounded_have_a_decimal():
    options = tuple(option(rank, score) for rank, score in enumerate((0.946, 0.9449, 0.8), start=1))
    nothing = dict.fromkeys(field.name for field in fields(PlacementAnswer))
    assert [PlacementAnswer(**nothing | {"options": options}).match_text(each) for each in options] == [
        "95",
        "94",
        "80",
    ]
    alike = (option(1, 0.946), option(2, 0.9451), option(3, 0.8))
    answer = PlacementAnswer(**nothing | {"options": alike})
    assert [answer.match_text(each) for each in alike] == ["94.6", "94.5", "80"]
