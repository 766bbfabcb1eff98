"""Weights to ranks: the formula on cases worked by hand, its properties, and its twin in the browser."""

import json
import shutil
import subprocess
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.tradeoffs.core.objectives import Direction, Objective, Option
from readiness.tradeoffs.core.options import Figure
from readiness.tradeoffs.core.ranking import ONE, WeightError, ranking
from tests.readiness.tradeoffs.core.choices import (
    ALL,
    LATENCY,
    option,
    option_lists,
    weightings,
)

HERE = Path(__file__).parent
VECTORS = json.loads((HERE / "ranking_vectors.json").read_text(encoding="utf-8"))


def ranked(options, weights, objectives=ALL):
    return [(one.name, one.rank, one.points / ONE) for one in ranking(options, objectives, weights)]


@pytest.mark.parametrize(
    ("options", "weights", "expected"),
    [
        pytest.param(
            [option("near", 10, 8), option("middle", 20, 5), option("far", 30, 4)],
            {"latency": 1, "unit-cost": 1},
            [("middle", 1, 0.625), ("far", 2, 0.5), ("near", 2, 0.5)],
            id="ties share a rank, in the order of names",
        ),
        pytest.param(
            [option("near", 10, 8), option("far", 30, 4)],
            {"latency": 3, "unit-cost": 1},
            [("near", 1, 0.75), ("far", 2, 0.25)],
            id="weighted mean",
        ),
        pytest.param(
            [option("near", 10, None), option("far", 30, 4)],
            {"latency": 1},
            [("near", 1, 1.0), ("far", 2, 0.0)],
            id="an objective without weight does not count",
        ),
        pytest.param(
            [option("poor", 1, 1, 1, 60), option("good", 1, 1, 1, 90)],
            {"readiness": 1},
            [("good", 1, 1.0), ("poor", 2, 0.0)],
            id="more is better",
        ),
        pytest.param(
            [option("one", 10), option("two", 10)],
            {"latency": 1},
            [("one", 1, 1.0), ("two", 1, 1.0)],
            id="all equal",
        ),
        pytest.param([option("only", 10, 3)], {"latency": 1}, [("only", 1, 1.0)], id="one option"),
        pytest.param([], {"latency": 1}, [], id="no options"),
        pytest.param(
            [option("known", 20), option("best", 10), option("worst", 30), option("unknown", None)],
            {"latency": 1},
            [("best", 1, 1.0), ("known", 2, 0.5), ("unknown", 3, 0.0), ("worst", 3, 0.0)],
            id="unknown counts at its worst",
        ),
        pytest.param(
            [option("best", 10), option("worst", 30), option("bounded", (None, 12, 20))],
            {"latency": 1},
            [("best", 1, 1.0), ("bounded", 2, 0.5), ("worst", 3, 0.0)],
            id="unknown within a band counts at the worse end of it",
        ),
    ],
)
def test_ranks(options, weights, expected):
    assert ranked(options, weights) == expected


def test_an_unknown_widens_the_band_and_says_what_rank_it_may_have():
    options = [option("best", 10, 4), option("worst", 30, 8), option("blind", None, 5)]
    blind = next(one for one in ranking(options, ALL, {"latency": 1, "unit-cost": 1}) if one.name == "blind")
    assert (blind.rank, blind.best_rank, blind.worst_rank, blind.unknown) == (2, 2, 2, ("latency",))
    assert (blind.low / ONE, blind.high / ONE) == (0.375, 0.875)
    assert blind.effect == "latency unknown: rank 2 whatever it is"
    loose = ranking(options, ALL, {"latency": 3, "unit-cost": 1})
    assert [one.effect for one in loose] == ["", "latency unknown: rank 2 whatever it is", ""]
    cheap = [option("best", 10, 4), option("worst", 30, 8), option("blind", None, 3)]
    effects = {one.name: one.effect for one in ranking(cheap, ALL, {"latency": 1, "unit-cost": 1})}
    assert effects["blind"] == "latency unknown: rank 2 at its worst, 1 to 2 possible"


def test_an_estimate_says_what_ranks_its_band_allows():
    options = [option("near", 10), option("estimate", (15, 8, 30)), option("far", 20)]
    effects = {one.name: one.effect for one in ranking(options, (LATENCY,), {"latency": 1})}
    assert effects["estimate"] == "within the bands of the estimates rank 1 to 3 is possible"


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        pytest.param({"latency": 0}, "above 0", id="all weights 0"),
        pytest.param({"latency": -1}, "0 or more", id="a negative weight"),
        pytest.param({"latency": float("nan")}, "0 or more", id="not a number"),
        pytest.param({"speed": 1}, "no objective", id="an objective that is not there"),
    ],
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


@settings(max_examples=25, deadline=None)
@given(option_lists(most=4), weightings, st.data())
def test_bettering_a_figure_never_lowers_its_own_rank_among_fixed_ends(options, weights, data):
    """The ends of each objective are held by two options more, so that only the one figure moves."""
    ends = [option("floor", 0, 0, 0, 6), option("ceiling", 6, 6, 6, 0)]
    moved = data.draw(st.sampled_from(options))
    before = {one.name: one for one in ranking([*options, *ends], ALL, weights)}
    better = option(moved.name, 0, 0, 0, 6)
    after = {
        one.name: one
        for one in ranking([*(better if one is moved else one for one in options), *ends], ALL, weights)
    }
    assert after[moved.name].points >= before[moved.name].points
    assert after[moved.name].rank <= before[moved.name].rank


def read(vector):
    objectives = [Objective(one["name"], Direction(one["direction"])) for one in vector["objectives"]]
    options = [
        Option(one["name"], {name: Figure(unit="units", **each) for name, each in one["figures"].items()})
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
        "objectives": [{"name": one.name, "direction": one.direction} for one in objectives],
        "weights": weights,
        "expected": json.loads(json.dumps([asdict(one) for one in ranking(options, objectives, weights)])),
    }


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_published_vectors(vector):
    options, objectives = read(vector)
    assert served(options, objectives, vector["weights"])["expected"] == vector["expected"]


def in_the_browser(vectors):
    """What `static/js/ranking.js` makes of the vectors, run by node."""
    node = shutil.which("node", path=str(Path(".venv/bin").resolve())) or shutil.which("node")
    assert node is not None, "node comes with the Python packages of Muster"
    module = (HERE.parents[3] / "static" / "js" / "ranking.js").as_uri()
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
        "speed is no objective here",
    ]


def drawn_vectors():
    """Reproducible options with figures of full precision, some of them unknown or estimates."""
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
        made.append(served(options, ALL, weights))
    return made
