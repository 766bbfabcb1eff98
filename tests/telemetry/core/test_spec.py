import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.core.spec import (
    Aggregation,
    LabelOperator,
    Matcher,
    ObjectRef,
    QuerySpec,
    SpecError,
    parse_matcher,
    parse_step,
    parse_time,
)

NOW_MS = 1_795_500_000_000
HOUR = 3_600_000
GOOD = {"metric": "up", "start_ms": 0, "end_ms": HOUR, "step_s": 60}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", NOW_MS),
        ("now-7d", NOW_MS - 7 * 24 * HOUR),
        ("now-90m", NOW_MS - HOUR * 3 // 2),
        ("now+1h", NOW_MS + HOUR),
        (" now-1w ", NOW_MS - 7 * 24 * HOUR),
        ("2026-11-24T06:00:00Z", NOW_MS),
        ("2026-11-24T06:00:00", NOW_MS),
        ("2026-11-24T07:00:00+01:00", NOW_MS),
        ("2026-11-24T07:00:00 01:00", NOW_MS),
        ("2026-11-24", NOW_MS - 6 * HOUR),
        ("2026-11-24T06:00:00.250Z", NOW_MS + 250),
        (str(NOW_MS), NOW_MS),
        (str(NOW_MS // 1000), NOW_MS),
        ("0", 0),
    ],
)
def test_times(text, expected):
    assert parse_time(text, NOW_MS) == expected


@pytest.mark.parametrize(
    "text", ["", "yesterday", "now-", "now-7y", "now--7d", "2026-13-01", "1e9", "9" * 40, "٣"]
)
def test_what_is_no_time_names_the_parameter(text):
    with pytest.raises(SpecError) as caught:
        parse_time(text, NOW_MS, field="end")
    assert caught.value.field == "end"


@pytest.mark.parametrize(
    ("text", "seconds"), [("30", 30), ("30s", 30), ("5m", 300), ("1h", 3600), ("1d", 86400), ("2w", 1209600)]
)
def test_steps(text, seconds):
    assert parse_step(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "0s", "-5m", "1.5h", "m", "5 m", "1y", "٣"])
def test_what_is_no_step(text):
    with pytest.raises(SpecError, match="step"):
        parse_step(text)


@given(st.text(max_size=30))
def test_no_text_raises_anything_but_a_spec_error(text):
    for parse in (lambda t: parse_time(t, NOW_MS), parse_step, parse_matcher):
        try:
            parse(text)
        except SpecError:
            continue


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"metric": ""}, "metric"),
        ({"metric": "a\0b"}, "metric"),
        ({"metric": "x" * 201}, "metric"),
        ({"end_ms": 0}, "end"),
        ({"step_s": 0}, "step"),
        ({"end_ms": 12_000_000, "step_s": 1}, "step"),
        ({"aggregation": "median"}, "aggregation"),
        ({"aggregation": Aggregation.QUANTILE}, "quantile"),
        ({"aggregation": Aggregation.QUANTILE, "quantile": 1.5}, "quantile"),
        ({"aggregation": Aggregation.QUANTILE, "quantile": float("nan")}, "quantile"),
        ({"quantile": 0.5}, "quantile"),
        ({"group_by": ("a\0b",)}, "group_by"),
    ],
)
def test_a_question_that_makes_no_sense_names_the_parameter(changes, field):
    with pytest.raises(SpecError) as caught:
        QuerySpec(**{**GOOD, **changes})
    assert caught.value.field == field


def test_a_good_question():
    spec = QuerySpec(
        **GOOD,
        aggregation=Aggregation.QUANTILE,
        quantile=0.99,
        matchers=(Matcher("phase", LabelOperator.IS, "rtt"),),
        site_ids=(1, 2),
        object=ObjectRef("link", 7),
        group_by=("link",),
    )
    assert spec.steps == 60
    assert spec.combine is Aggregation.QUANTILE


@pytest.mark.parametrize(
    "name", ["hw.gpu.utilization", "vllm:generation_tokens_total", "node_load1", "http.server/time-ü s"]
)
def test_names_of_every_sender_are_metric_names(name):
    assert QuerySpec(**{**GOOD, "metric": name}).metric == name


@pytest.mark.parametrize(
    ("over_time", "over_series"),
    [
        ("sum", "sum"),
        ("count", "sum"),
        ("rate", "sum"),
        ("increase", "sum"),
        ("avg", "avg"),
        ("last", "avg"),
        ("max", "max"),
        ("min", "min"),
    ],
)
def test_how_lines_of_a_group_are_combined(over_time, over_series):
    assert QuerySpec(**GOOD, aggregation=Aggregation(over_time)).combine == over_series


@pytest.mark.parametrize(
    "text",
    [
        "",
        "job",
        "=x",
        "a=\0",
        "a=~(",
        "a=~(?=x)",
        r"a=~(x)\1",
        "a=~(x+)+",
        "a=~x**",
        "a=~.*.*.*.*.*",
        "a=~" + "x" * 300,
    ],
)
def test_matchers_that_are_refused(text):
    with pytest.raises(SpecError) as caught:
        parse_matcher(text)
    assert caught.value.field == "matchers"


def test_an_operator_that_does_not_exist_is_refused():
    with pytest.raises(SpecError, match="not one of"):
        Matcher("a", "~", "b")
