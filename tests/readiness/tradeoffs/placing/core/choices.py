"""Options and objectives for the tests of fronts, ranks and flips."""

from hypothesis import strategies as st

from readiness.tradeoffs.moves.options import BandedFigure
from readiness.tradeoffs.placing.core.objectives import (
    Objective,
    ObjectiveDirection,
    ScoredAgainst,
    ScoredOption,
)

LATENCY = Objective("latency", reference=20.0, against=ScoredAgainst.LIMIT)
COST = Objective("unit-cost", reference=6.0, against=ScoredAgainst.TODAY)
CARBON = Objective("carbon", reference=3.0, against=ScoredAgainst.TODAY)
READINESS = Objective("readiness", ObjectiveDirection.MAX, scale=100.0, against=ScoredAgainst.SCALE)
ALL = (LATENCY, COST, CARBON, READINESS)


def figure(given):
    """A number, None, or (value, low, high)."""
    if isinstance(given, tuple):
        return BandedFigure(given[0], "units", low=given[1], high=given[2])
    return BandedFigure(given, "units")


def option(name, *given, objectives=ALL):
    return ScoredOption(name, {one.name: figure(each) for one, each in zip(objectives, given, strict=False)})


@st.composite
def figures(draw, unknowns=True):
    low, value, high = sorted(draw(st.lists(st.integers(0, 6).map(float), min_size=3, max_size=3)))
    kinds = [value, value, (value, low, high), None, (None, low, high)]
    return figure(draw(st.sampled_from(kinds if unknowns else kinds[:1])))


@st.composite
def option_lists(draw, unknowns=True, most=7):
    return [
        ScoredOption(f"site-{number}", {one.name: draw(figures(unknowns)) for one in ALL})
        for number in range(draw(st.integers(1, most)))
    ]


references = st.one_of(st.none(), st.integers(0, 6).map(float))


@st.composite
def objective_lists(draw):
    """The objectives of `ALL` against a fixed scale, a reference, or nothing, in either direction."""
    return tuple(
        Objective(
            one.name,
            draw(st.sampled_from(ObjectiveDirection)),
            scale=draw(st.sampled_from([None, None, 5.0])),
            reference=draw(references),
        )
        for one in ALL
    )


subsets = st.lists(st.sampled_from(ALL), min_size=1, max_size=4, unique=True)
weightings = st.fixed_dictionaries({one.name: st.integers(0, 10) for one in ALL}).filter(
    lambda found: any(found.values())
)
