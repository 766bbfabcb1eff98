"""Arithmetic of two metrics, and their translation to PromQL."""

import json
import shutil
import subprocess

import numpy as np
import pytest

from telemetry.core.metric import MetricKind
from telemetry.core.spec import Aggregation, Matcher, QuerySpec, SpecError
from telemetry.explore.core import promql
from telemetry.explore.core.relating import DIFFERENCE, RATIO, change, related, unit_of

AT = np.array([1000, 2000, 3000], np.int64)


@pytest.mark.parametrize(
    ("relation", "second_at", "second", "expected"),
    [
        (RATIO, [1000, 2000, 3000], [2.0, 4.0, 8.0], [4.0, 4.0, 4.0]),
        (DIFFERENCE, [1000, 2000, 3000], [2.0, 4.0, 8.0], [6.0, 12.0, 24.0]),
        (RATIO, [1000, 3000], [2.0, 8.0], [4.0, np.nan, 4.0]),
        (RATIO, [1000, 2000, 3000], [0.0, np.nan, 8.0], [np.nan, np.nan, 4.0]),
        (RATIO, [], [], [np.nan, np.nan, np.nan]),
    ],
    ids=["ratio", "difference", "an instant without a value", "nothing is divided by nothing", "no value"],
)
def test_two_metrics_are_related_where_both_have_a_value(relation, second_at, second, expected):
    values = related(
        relation, AT, np.array([8.0, 16.0, 32.0]), np.array(second_at, np.int64), np.array(second)
    )
    np.testing.assert_array_equal(values, expected)


@pytest.mark.parametrize(
    ("relation", "first", "second", "unit"),
    [
        (RATIO, "%", "MW", "%/MW"),
        (RATIO, "kW", "kW", ""),
        (RATIO, "kW", "tokens/s", "kW per tokens/s"),
        (RATIO, "", "kW", "per kW"),
        (RATIO, "kW", "", "kW"),
        (DIFFERENCE, "°C", "°C", "°C"),
    ],
)
def test_a_relation_has_a_unit(relation, first, second, unit):
    assert unit_of(relation, first, second) == unit


def test_units_that_differ_have_no_difference():
    with pytest.raises(SpecError, match="these have % and no unit"):
        unit_of(DIFFERENCE, "%", "")


@pytest.mark.parametrize(
    ("mean", "earlier", "unit", "expected"),
    [
        (78.0, 74.0, "%", (4.0, "points")),
        (110.0, 100.0, "kW", (10.0, "%")),
        (-90.0, -100.0, "°C", (10.0, "%")),
        (1.0, 0.0, "kW", None),
        (1.0, None, "kW", None),
    ],
    ids=["points of a share", "per cent", "of a negative mean", "from nothing", "no earlier data"],
)
def test_a_mean_changes_in_points_or_per_cent(mean, earlier, unit, expected):
    assert change(mean, earlier, unit) == expected


def asked(aggregation=Aggregation.AVG, **more):
    return QuerySpec(
        metric="m", start_ms=0, end_ms=3_600_000, step_s=300, aggregation=Aggregation(aggregation), **more
    )


def text_of(spec, *, names=("m",), place=None, scale=1.0, unit="W", kind=MetricKind.GAUGE):
    return promql.promql(spec, names=names, place=place or {}, scale=scale, unit=unit, kind=kind)


EXPRESSIONS = [
    (asked(), {}, "avg_over_time(m[5m])"),
    (
        asked(group_by=("site",), combined_by=Aggregation.SUM),
        {"place": {"site": "gvx-1"}, "scale": 0.001},
        'sum by (site) (avg_over_time(m{site="gvx-1"}[5m])) * 0.001',
    ),
    (asked("max", group_by=()), {}, "max (max_over_time(m[5m]))"),
    (asked("rate"), {"unit": "kWh", "scale": 1e-3}, "rate(m[5m]) * 3.6"),
    (asked("count"), {"scale": 1e-3}, "count_over_time(m[5m])"),
    (
        asked(matchers=(Matcher("name", "=~", 'In"let.*'),)),
        {"place": {"k8s.node": "a\\b"}},
        'avg_over_time(m{name=~"In\\"let.*", "k8s.node"="a\\\\b"}[5m])',
    ),
    (asked(), {"names": ("b", "a")}, 'avg_over_time({__name__=~"a|b"}[5m])'),
    (asked(), {"names": ("a.b",)}, 'avg_over_time({__name__="a.b"}[5m])'),
    (
        asked("quantile", quantile=0.99, group_by=("pod",)),
        {"kind": MetricKind.HISTOGRAM},
        "histogram_quantile(0.99, sum by (le, pod) (rate(m_bucket[5m])))",
    ),
    (asked("quantile", quantile=0.5), {}, "quantile_over_time(0.5, m[5m])"),
]


@pytest.mark.parametrize(("spec", "how", "text"), EXPRESSIONS)
def test_a_question_is_translated_to_promql(spec, how, text):
    assert text_of(spec, **how) == text


def test_a_quantile_of_several_series_has_no_translation():
    assert text_of(asked("quantile", quantile=0.5, group_by=())) is None


def test_a_relation_joins_two_expressions():
    many = promql.related(RATIO, "avg by (gpu) (a) * 2", "b", one_second=True)
    assert many == "(avg by (gpu) (a) * 2)\n/ on () group_left ()\nb"
    assert promql.related(DIFFERENCE, "a", "b", one_second=False) == "a\n-\nb"


def test_prometheus_accepts_each_translation(tmp_path):
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("Debian's package prometheus has promtool")
    texts = [text for _, _, text in EXPRESSIONS if "k8s.node" not in text]
    texts.append(promql.related(RATIO, texts[1], texts[2], one_second=True))
    rules = [f"  - record: r{place}\n    expr: {json.dumps(text)}" for place, text in enumerate(texts)]
    path = tmp_path / "rules.yml"
    path.write_text("groups:\n- name: g\n  rules:\n" + "\n".join(rules))
    checked = subprocess.run([promtool, "check", "rules", path], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
