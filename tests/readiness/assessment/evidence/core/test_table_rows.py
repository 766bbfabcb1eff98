"""Claims of a table are derived from its raw rows: a claim that they contradict, and claims without rows."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.assessment.evidence.core.parsers import parse
from readiness.assessment.evidence.core.parsers.table_rows import DERIVATIONS
from tests.readiness.assessment.evidence import outputs
from tests.readiness.assessment.evidence.core.samples import figure

END = datetime(2026, 11, 20, 12, tzinfo=UTC)
SOAK, INCAST = "p1-soak-24h", "p1-congestion"


def table(claims, rows, tool="# tool: soak 2.1"):
    """A table of claims at the end and of raw rows (minutes before the end, measure, value, unit, subject)."""
    lines = [f"{END.isoformat()},{claim},{value},{unit},{subject}" for claim, value, unit, subject in claims]
    lines += [
        f"{(END - timedelta(minutes=ago)).isoformat()},{measure},{value},{unit},{subject}"
        for ago, measure, value, unit, subject in rows
    ]
    return parse("csv", outputs.table(tool, *lines, head="taken_at,measure,value,unit,subject"))


def every_minute(values, measure="busbw", unit="GB/s", subject="", step=1):
    last = len(values) - 1
    return [((last - place) * step, measure, value, unit, subject) for place, value in enumerate(values)]


def soak(hours=24.0, *, samples=None, step=1, **claims):
    rows = every_minute([470] * (samples or 1441), step=step)
    return table([(f"{SOAK}/duration", hours, "h", "")], rows)


@pytest.mark.parametrize(
    ("claims", "rows", "sentence"),
    [
        pytest.param(
            [(f"{SOAK}/duration", 24.3, "h", "")],
            [(0, "busbw", 470, "GB/s", ""), (1.5, "busbw", 470, "GB/s", "")],
            "p1-soak-24h/duration is 24.3 h in the file, but its other figures give 0.025 h at most",
            id="24.3 hours over 90 seconds",
        ),
        pytest.param(
            [(f"{SOAK}/duration", 24, "h", "")],
            every_minute([470] * 13, step=60),
            "is 24 h in the file, but its other figures give 12 h at most",
            id="a sample every hour of half a day",
        ),
        pytest.param(
            [(f"{SOAK}/duration", 1500, "min", "")],
            every_minute([470] * 601),
            "is 25 h in the file, but its other figures give 10 h",
            id="a duration in another unit",
        ),
        pytest.param(
            [(f"{SOAK}/duration", 24, "h", "")],
            [row for row in every_minute([470] * 1441) if not 600 < row[0] < 640],
            "give 13.33 h at most",
            id="samples with a gap of 40 minutes",
        ),
        pytest.param(
            [(f"{SOAK}/duration", 24, "h", "")],
            every_minute([470] * 700 + [0] * 41 + [470] * 700),
            "give 11.65 h at most",
            id="a load that stopped for 40 minutes",
        ),
        pytest.param(
            [(f"{SOAK}/busbw-cv", 0.6, "%", "")],
            every_minute([400, 500] * 60),
            "busbw-cv is 0.6 % in the file, but its other figures give 11.11 %",
            id="a spread of eleven per cent",
        ),
        pytest.param(
            [(f"{SOAK}/unexplained-anomalies", 0, "", "")],
            [(0, "link_flaps", 3, "", "leaf-1")],
            "unexplained-anomalies is 0 in the file, but its other figures give 3",
            id="flaps that nobody explains",
        ),
        pytest.param(
            [(f"{SOAK}/unexplained-anomalies", 0, "", ""), (f"{SOAK}/explained-anomalies", 2, "", "")],
            [(0, "link_flaps", 3, "", "leaf-1")],
            "unexplained-anomalies is 0 in the file, but its other figures give 1",
            id="one flap more than is explained",
        ),
        pytest.param(
            [(f"{SOAK}/ttft-drift", 0.5, "%", "")],
            every_minute([400, 410, 440], "ttft_p99", "ms", step=60),
            "ttft-drift is 0.5 % in the file, but its other figures give 10 %",
            id="a drift of ten per cent",
        ),
        pytest.param(
            [(f"{SOAK}/inlet-p99", 21, "°C", "")],
            every_minute([20, 31, 32, 31], "inlet_temperature", "°C", step=60),
            "give 31.97 °C",
            id="a hot inlet",
        ),
        pytest.param(
            [(f"{SOAK}/memory-slope", 0.2, "MB/h", "")],
            every_minute([2, 2.1, 2.2], "switch_memory", "GB", step=60),
            "give 100 MB/h",
            id="a switch that grows",
        ),
        pytest.param(
            [(f"{INCAST}/lossless-drops", 0, "packets", "")],
            [(0, "drops", 0, "packets", "leaf-1"), (0, "drops", 7, "packets", "leaf-2")],
            "lossless-drops is 0 in the file, but its other figures give 7.",
            id="drops at one port",
        ),
        pytest.param(
            [(f"{INCAST}/lossless-drops", 0, "packets", "")],
            [(5, "drops", 5000, "packets", "leaf-1"), (0, "drops", 5007, "packets", "leaf-1")],
            "give 7 at least",
            id="a counter before and after",
        ),
        pytest.param(
            [(f"{INCAST}/pfc-storms", 0, "", "leaf-1")],
            [(0, "pfc_storms", 2, "", "leaf-1 Ethernet1/1"), (0, "pfc_storms", 9, "", "leaf-2 Ethernet1/1")],
            "pfc-storms of leaf-1 is 0 in the file, but its other figures give 2",
            id="storms at the ports of the switch",
        ),
        pytest.param(
            [(f"{INCAST}/marking-order", 0, "", "")],
            [(0, "ecn_marked", 0, "packets", ""), (0, "pfc_pause", 260, "packets", "")],
            "marking-order is 0 in the file, but its other figures give 1 at least",
            id="a pause without a mark",
        ),
        pytest.param(
            [("p2-failover-drill/longest-interruption", 4, "s", "")],
            [(0, "interruption", 0.5, "min", "uplink loss"), (9, "interruption", 3, "s", "feed loss")],
            "longest-interruption is 4 s in the file, but its other figures give 30 s",
            id="a longer interruption",
        ),
    ],
)
def test_a_claim_that_the_rows_contradict_proves_nothing(claims, rows, sentence):
    run = table(claims, rows)
    assert sentence in run.contradiction


@pytest.mark.parametrize(
    ("claims", "rows"),
    [
        pytest.param([(f"{SOAK}/duration", 24, "h", "")], every_minute([470] * 1441), id="a soak of a day"),
        pytest.param(
            [(f"{SOAK}/duration", 20, "h", "")], every_minute([470] * 1441), id="rows before the load"
        ),
        pytest.param(
            [(f"{SOAK}/busbw-cv", 11.11, "%", ""), (f"{SOAK}/busbw-cv", 11.21, "%", "")],
            every_minute([400, 500] * 60),
            id="a spread with n or n - 1 in it",
        ),
        pytest.param(
            [(f"{SOAK}/unexplained-anomalies", 1, "", ""), (f"{SOAK}/explained-anomalies", 2, "", "")],
            [(0, "link_flaps", 3, "", "leaf-1")],
            id="every flap is explained or not",
        ),
        pytest.param(
            [(f"{INCAST}/lossless-drops", 0, "packets", "")],
            [(5, "drops", 5000, "packets", "leaf-1"), (0, "drops", 5000, "packets", "leaf-1")],
            id="a counter that did not move",
        ),
        pytest.param(
            [(f"{INCAST}/marking-order", 0, "", "")],
            [(0, "ecn_marked", 48000, "packets", ""), (0, "pfc_pause", 260, "packets", "")],
            id="marks before the pause",
        ),
        pytest.param(
            [("p2-failover-drill/scenarios-run", 100, "%", "")],
            [(0, "interruption", 4, "s", "")],
            id="no rule",
        ),
    ],
)
def test_a_claim_that_follows_from_the_rows_is_a_run(claims, rows):
    run = table(claims, rows)
    assert (run.contradiction, run.declared) == ("", "")


@pytest.mark.parametrize(
    ("claim", "rows", "words"),
    [
        pytest.param(
            f"{SOAK}/duration", every_minute([470] * 25, step=60), "busbw", id="a sample every hour"
        ),
        pytest.param(f"{SOAK}/duration", [(0, "busbw", 470, "GB/s", "")], "busbw", id="one sample"),
        pytest.param(
            f"{SOAK}/duration", every_minute([21] * 1441, "inlet"), "busbw", id="no sample of the load"
        ),
        pytest.param(f"{SOAK}/busbw-cv", [(0, "sample", 1, "", "")], "busbw", id="no bandwidth"),
        pytest.param(f"{SOAK}/memory-slope", [(0, "memory", 1, "MB", "")], "memory", id="one reading"),
        pytest.param(f"{INCAST}/lossless-drops", [(0, "marked", 1, "", "")], "drops", id="no counter"),
        pytest.param(f"{INCAST}/marking-order", [(0, "pause", 0, "", "")], "ecn", id="no marks"),
    ],
)
def test_a_claim_without_its_rows_is_declared(claim, rows, words):
    run = table([(claim, 1, "", "")], rows)
    assert run.contradiction == ""
    assert run.declared.startswith(
        "The table counts as declared, not as a run: it lacks raw rows for " + claim
    )
    assert words in run.declared


def test_rows_of_one_series_are_stored_as_their_mean():
    run = soak()
    mean = figure(run, "busbw")
    assert (mean.value, mean.samples, mean.unit) == (470, 1441, "GB/s")
    assert run.content.count(b"busbw") == 1441


def test_rows_of_other_subjects_and_failures_stay_as_they_are():
    rows = [(0, "failed", count, "", "") for count in (0, 3)]
    rows += [(0, "busbw", 470, "GB/s", f"node-{place}") for place in (1, 2)]
    run = table([(f"{SOAK}/duration", 24, "h", "")], rows)
    assert [each.value for each in run.figures] == [24, 0, 3, 470, 470]


@given(hours=st.floats(1, 30), factor=st.sampled_from([2, 10, 100]))
def test_a_duration_beyond_its_samples_contradicts(hours, factor):
    minutes = round(hours * 60)
    assert soak(f"{minutes / 60:.2f}", samples=minutes + 1).contradiction == ""
    assert soak(f"{factor * minutes / 60:.2f}", samples=minutes + 1).contradiction


def test_every_derivation_is_of_a_sub_measure_of_the_framework():
    from readiness.assessment.framework.core.shipped import shipped

    parts = {f"{check}/{part}" for check, part in shipped().parts_by_key}
    assert set(DERIVATIONS) <= parts
