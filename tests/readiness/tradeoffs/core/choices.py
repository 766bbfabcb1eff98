"""Options and objectives for the tests of fronts, ranks and flips."""

from hypothesis import strategies as st

from readiness.tradeoffs.core.objectives import Direction, Objective, Option
from readiness.tradeoffs.core.options import Figure

LATENCY = Objective("latency")
COST = Objective("unit-cost")
CARBON = Objective("carbon")
READINESS = Objective("readiness", Direction.MAX)
ALL = (LATENCY, COST, CARBON, READINESS)


def figure(given):
    """A number, None, or (value, low, high)."""
    if isinstance(given, tuple):
        return Figure(given[0], "units", low=given[1], high=given[2])
    return Figure(given, "units")


def option(name, *given, objectives=ALL):
    return Option(name, {one.name: figure(each) for one, each in zip(objectives, given, strict=False)})


@st.composite
def figures(draw, unknowns=True):
    low, value, high = sorted(draw(st.lists(st.integers(0, 6).map(float), min_size=3, max_size=3)))
    kinds = [value, value, (value, low, high), None, (None, low, high)]
    return figure(draw(st.sampled_from(kinds if unknowns else kinds[:1])))


@st.composite
def option_lists(draw, unknowns=True, most=7):
    return [
        Option(f"site-{number}", {one.name: draw(figures(unknowns)) for one in ALL})
        for number in range(draw(st.integers(1, most)))
    ]


subsets = st.lists(st.sampled_from(ALL), min_size=1, max_size=4, unique=True)
weightings = st.fixed_dictionaries({one.name: st.integers(0, 10) for one in ALL}).filter(
    lambda found: any(found.values())
)
