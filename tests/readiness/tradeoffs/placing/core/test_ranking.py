"""Weights to ranks: the formula on cases worked by hand, its properties, and its twin in the browser."""

import json
import shutil
import subprocess
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.tradeoffs.moves.options import BandedFigure
from readiness.tradeoffs.placing.core.objectives import (
    Objective,
    ObjectiveDirection,
    ScoredAgainst,
    ScoredOption,
    referenced,
)
from readiness.tradeoffs.placing.core.ranking import ONE, WeightError, ranking
from tests.cases import cases
from tests.readiness.tradeoffs.placing.core.choices import (
    ALL,
    COST,
    LATENCY,
    figure,
    objective_lists,
    option,
    option_lists,
    weightings,
)
from tests.readiness.tradeoffs.placing.core.exact_ranking import vectors

HERE = Path(__file__).parent
VECTORS = json.loads((HERE / "ranking_vectors.json").read_text(encoding="utf-8"))


def ranked(options, weights, objectives=ALL):
    return [(one.name, one.rank, one.points / ONE) for one in ranking(options, objectives, weights)]


@cases(
    ("options", "weights", "expected"),
    {
        "at its reference one half, at nothing all": (
            [option("level", 20), option("half", 10), option("none", 0)], {"latency": 1},
            [("none", 1, 1.0), ("half", 2, pytest.approx(2 / 3)), ("level", 3, 0.5)]),
        "weighted mean": ([option("near", 20, 18), option("far", 60, 6)], {"latency": 3, "unit-cost": 1},
            [("near", 1, 0.4375), ("far", 2, 0.3125)]),
        "an objective without weight does not count": ([option("near", 20, None), option("far", 60, 4)],
            {"latency": 1}, [("near", 1, 0.5), ("far", 2, 0.25)]),
        "a fixed scale, more is better": ([option("poor", 1, 1, 1, 60), option("good", 1, 1, 1, 90)],
            {"readiness": 1}, [("good", 1, 0.9), ("poor", 2, 0.6)]),
        "equal points share a rank, in the order of names": ([option("two", 20), option("one", 20)],
            {"latency": 1}, [("one", 1, 0.5), ("two", 1, 0.5)]),
        "no options": ([], {"latency": 1}, []),
        "unknown counts at its worst, within a band at the worse end of it": (
            [option("known", 60), option("unknown", None), option("bounded", (None, 12, 60))], {"latency": 1},
            [("bounded", 1, 0.25), ("known", 1, 0.25), ("unknown", 3, 0.0)]),
    },
)  # fmt: skip
def test_ranks(options, weights, expected):
    assert ranked(options, weights) == expected


def test_what_has_no_reference_is_unscored_and_its_weight_goes_to_the_rest():
    bare = Objective("energy")
    options = [
        ScoredOption("near", option("", 5, 18).figures | {"energy": figure(1)}),
        ScoredOption("far", option("", 60, 2).figures | {"energy": figure(9)}),
    ]
    weights = {"latency": 1, "unit-cost": 1}
    with_it = ranked(options, weights | {"energy": 98}, (LATENCY, bare, COST))
    assert with_it == ranked(options, weights, (LATENCY, COST))
    assert ranked(options, {"energy": 1}, (bare,)) == [("far", 1, 0.0), ("near", 1, 0.0)]


@cases(
    ("limits", "today", "against", "reference"),
    {
        "the declared limit": ({"latency": 20.0}, {"latency": figure(8)}, ScoredAgainst.LIMIT, 20.0),
        "today's figure": ({}, {"latency": figure(8)}, ScoredAgainst.TODAY, 8),
        "unknown today": ({}, {"latency": figure(None)}, ScoredAgainst.NOTHING, None),
        "runs nowhere": ({}, {}, ScoredAgainst.NOTHING, None),
    },
)
def test_a_figure_is_held_against_the_limit_else_today_else_nothing(limits, today, against, reference):
    objectives = (Objective("latency"), Objective("readiness", ObjectiveDirection.MAX, scale=100.0))
    latency, readiness = referenced(objectives, limits | {"readiness": 70.0}, today)
    assert (latency.against, latency.reference) == (against, reference)
    assert (readiness.against, readiness.reference) == (ScoredAgainst.SCALE, None)


def test_a_dearer_site_does_not_win_by_milliseconds_below_a_limit_that_is_kept():
    """Eight accelerators of a port's inspection: 5.8 ms under a limit of 20 for 6,352 more a month."""
    objectives = referenced(
        (Objective("latency"), Objective("cost")), {"latency": 20.0, "cost": 12_400.0}, {}
    )
    options = [
        ScoredOption("osaka", {"latency": figure(9.1), "cost": figure(1875)}),
        ScoredOption("tokyo", {"latency": figure(3.3), "cost": figure(8227)}),
    ]
    assert [one.name for one in ranking(options, objectives, {"latency": 50, "cost": 60})] == [
        "osaka",
        "tokyo",
    ]


def test_an_unknown_widens_the_band_and_says_what_rank_it_may_have():
    options = [option("best", 10, 4), option("worst", 60, 18), option("blind", None, 6)]
    blind = next(one for one in ranking(options, ALL, {"latency": 1, "unit-cost": 1}) if one.name == "blind")
    assert (blind.rank, blind.best_rank, blind.worst_rank, blind.unknown) == (2, 1, 2, ("latency",))
    assert (blind.low / ONE, blind.high / ONE) == (0.25, 0.75)
    assert blind.effect == "latency unknown: rank 2 in the worst case, 1 to 2 possible"
    far = [option("best", 10, 4), option("worst", 60, 54), option("blind", None, 54)]
    effects = {one.name: one.effect for one in ranking(far, ALL, {"latency": 1, "unit-cost": 9})}
    assert effects["best"] == ""


def test_an_estimate_says_what_ranks_its_band_allows():
    options = [option("near", 10), option("estimate", (15, 8, 30)), option("far", 20)]
    effects = {one.name: one.effect for one in ranking(options, (LATENCY,), {"latency": 1})}
    assert effects["estimate"] == "within the bands of the estimates rank 1 to 3 is possible"


@cases(
    ("weights", "words"),
    {
        "all weights 0": ({"latency": 0}, "above 0"),
        "a negative weight": ({"latency": -1}, "0 or more"),
        "not a number": ({"latency": float("nan")}, "0 or more"),
        "an objective that is not there": ({"speed": 1}, "not an objective"),
    },
)
def test_weights_that_rank_nothing_are_refused(weights, words):
    with pytest.raises(WeightError, match=words):
        ranking([option("only", 10)], ALL, weights)


@settings(max_examples=35, deadline=None)
@given(option_lists(), weightings, st.sampled_from([0.001, 0.3, 0.5, 3, 7, 1e6]))
def test_scaling_all_weights_changes_nothing(options, weights, factor):
    before = {one.name: one for one in ranking(options, ALL, weights)}
    after = {one.name: one for one in ranking(options, ALL, {k: w * factor for k, w in weights.items()})}
    for name, one in before.items():
        assert abs(one.points - after[name].points) <= 1
        assert one.unknown == after[name].unknown
    if factor == 0.5:
        assert before == after


@settings(max_examples=25, deadline=None)
@given(option_lists(), weightings)
def test_the_band_holds_the_score_and_the_rank(options, weights):
    for one in ranking(options, ALL, weights):
        assert 0 <= one.low <= one.points <= one.high <= ONE
        assert one.best_rank <= one.rank <= one.worst_rank


@settings(max_examples=25, deadline=None)
@given(option_lists(unknowns=False), weightings)
def test_known_figures_leave_one_rank(options, weights):
    for one in ranking(options, ALL, weights):
        assert one.best_rank == one.rank == one.worst_rank
        assert one.low == one.points == one.high
        assert one.effect == ""


@settings(max_examples=60, deadline=None)
@given(option_lists(), option_lists(most=3), objective_lists(), weightings)
def test_an_option_more_changes_no_other_options_score(options, others, objectives, weights):
    more = [ScoredOption(f"more-{one.name}", one.figures) for one in others]
    alone = {one.name: one for one in ranking(options, objectives, weights)}
    among = {one.name: one for one in ranking([*options, *more], objectives, weights)}
    for name, one in alone.items():
        assert (one.points, one.low, one.high) == (among[name].points, among[name].low, among[name].high)


@settings(max_examples=60, deadline=None)
@given(option_lists(most=4), objective_lists(), weightings, st.data())
def test_a_better_figure_never_scores_lower_nor_ranks_worse(options, objectives, weights, data):
    moved, objective = data.draw(st.sampled_from(options)), data.draw(st.sampled_from(objectives))
    before = moved.figures[objective.name]
    at = before.value
    if at is None:
        at = before.most if objective.direction is ObjectiveDirection.MIN else before.least
        at = max(min(at, 1e6), -1e6)
    step = data.draw(st.floats(0, 1e6)) * (1 if objective.direction is ObjectiveDirection.MAX else -1)
    better = ScoredOption(moved.name, moved.figures | {objective.name: figure(at + step)})
    was = {one.name: one for one in ranking(options, objectives, weights)}[moved.name]
    changed = [better if one is moved else one for one in options]
    now = {one.name: one for one in ranking(changed, objectives, weights)}[moved.name]
    assert now.points >= was.points
    assert now.rank <= was.rank


def read(vector):
    objectives = [
        Objective(one["name"], ObjectiveDirection(one["direction"]), one["scale"], one["reference"])
        for one in vector["objectives"]
    ]
    options = [
        ScoredOption(
            one["name"], {name: BandedFigure(unit="units", **each) for name, each in one["figures"].items()}
        )
        for one in vector["options"]
    ]
    return options, objectives


def served(options, objectives, weights):
    """One vector as the browser is given it."""
    return {
        "options": [
            {
                "name": one.name,
                "figures": {
                    name: {"value": f.value, "low": f.low, "high": f.high} for name, f in one.figures.items()
                },
            }
            for one in options
        ],
        "objectives": [
            {"name": o.name, "direction": o.direction, "scale": o.scale, "reference": o.reference}
            for o in objectives
        ],
        "weights": weights,
        "expected": json.loads(json.dumps([asdict(one) for one in ranking(options, objectives, weights)])),
    }


def test_the_vectors_are_those_that_exact_fractions_give():
    assert json.loads(json.dumps(vectors())) == VECTORS


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_published_vectors(vector):
    options, objectives = read(vector)
    assert served(options, objectives, vector["weights"])["expected"] == vector["expected"]


def in_the_browser(vectors):
    """What `static/js/ranking.js` makes of the vectors, run by node."""
    node = shutil.which("node", path=str(Path(".venv/bin").resolve())) or shutil.which("node")
    assert node is not None, "node comes with the Python packages of Muster"
    module = (HERE.parents[4] / "static" / "js" / "ranking.js").as_uri()
    program = f"""
        import {{ prepare, rank }} from {json.dumps(module)};
        let given = '';
        for await (const part of process.stdin) given += part;
        const made = JSON.parse(given).map(({{ options, objectives, weights }}) => {{
          try {{ return rank(prepare(options, objectives), weights); }} catch (error) {{ return error.message; }}
        }});
        process.stdout.write(JSON.stringify(made));
    """
    ran = subprocess.run(
        [node, "--input-type=module", "-e", program],
        input=json.dumps(vectors),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return json.loads(ran.stdout)


def test_the_browser_ranks_bit_for_bit_as_the_server():
    """The published vectors, and many drawn ones with weights and figures that are no round numbers."""
    drawn = drawn_vectors()
    vectors = [*VECTORS, *drawn]
    found = in_the_browser(vectors)
    assert len(drawn) == 60
    assert found == [one["expected"] for one in vectors]


def test_the_browser_refuses_the_same_weights():
    bare = {"options": VECTORS[0]["options"], "objectives": VECTORS[0]["objectives"]}
    weights = [{"latency": 0}, {"latency": -1}, {"speed": 1}]
    found = in_the_browser([{**bare, "weights": each} for each in weights])
    assert found == [
        "at least one weight has to be above 0",
        "the weight of latency has to be 0 or more",
        "speed is not an objective here",
    ]


def drawn_vectors():
    """Reproducible options with figures of full precision, some of them unknown or estimates, against references of
    which some are nothing.
    """
    import numpy as np

    random = np.random.default_rng(20260417)
    made = []
    for _ in range(60):
        options = []
        for number in range(int(random.integers(1, 40))):
            values = (random.normal(size=4) * 10.0 ** random.integers(-3, 6)).tolist()
            kinds = random.integers(0, 5, 4)
            given = [
                None if kind == 0 else (value, value - 0.3, value + 0.7) if kind == 1 else value
                for value, kind in zip(values, kinds, strict=True)
            ]
            options.append(option(f"site-{number:02}", *given))
        weights = dict(zip((one.name for one in ALL), random.random(4).tolist(), strict=True))
        references = (random.normal(size=4) * 10.0 ** random.integers(-3, 6)).tolist()
        objectives = [
            Objective(one.name, one.direction, one.scale if random.integers(2) else None, reference)
            for one, reference in zip(ALL, references, strict=True)
        ]
        made.append(served(options, objectives, weights))
    return made
