"""Rows of collectives that contradict themselves, or the operation and units that the file names."""

import pytest

from readiness.assessment.evidence.core.parsers import ParseError
from tests.readiness.assessment.evidence.core.samples import figure
from tests.readiness.assessment.evidence.core.test_parse_collectives import (
    FOOTER,
    GATHERED,
    HEADER,
    RANK,
    ROW,
    nccl,
)

BANNER = "# Collective test starting: {}_perf\n"
EIGHT = "".join(RANK.format(rank, 6899, "node-1", rank, f"0000:{rank:02}:00") for rank in range(8))


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        pytest.param(ROW, "", id="clean"),
        pytest.param(
            ROW.replace("232.44", "473.60"), "bus bandwidth at 4 GiB is 473.6 GB/s", id="bus bandwidth"
        ),
        pytest.param(
            ROW.replace("   32336", "    3233"), "algorithm bandwidth at 4 GiB is 132.82 GB/s", id="time"
        ),
        pytest.param(
            ROW.replace("132.82", "132.84").replace("232.44", "232.47"),
            "",
            id="inside the print's rounding of time",
        ),
        pytest.param(
            ROW.replace("132.82", "265.64").replace("232.44", "464.88"),
            "algorithm bandwidth",
            id="rates doubled",
        ),
    ],
)
def test_a_row_that_contradicts_itself_is_told_with_both_figures(row, reason):
    run = nccl(BANNER.format("all_reduce") + EIGHT + HEADER + row + FOOTER)
    assert run.contradiction.startswith(f"The {reason}" if reason else "")
    assert bool(run.contradiction) == bool(reason)


@pytest.mark.parametrize(
    ("banner", "row", "reason"),
    [
        pytest.param(
            "all_gather", ROW, "names all_gather, but its row reduces", id="a reduction under all-gather"
        ),
        pytest.param(
            "all_reduce",
            GATHERED.replace("232.44", "116.22").replace("231.59", "115.80"),
            "names all_reduce, but its rows are those of all_gather over 8 ranks",
            id="rows of all-gather under all-reduce",
        ),
    ],
)
def test_a_banner_and_its_rows_that_disagree_are_refused(banner, row, reason):
    with pytest.raises(ParseError, match=reason):
        nccl(BANNER.format(banner) + EIGHT + HEADER + row + FOOTER)


def test_another_unit_in_the_header_is_refused():
    units = "#        (B)    (elements)                               (us)  (Gb/s)  (Gb/s)\n"
    with pytest.raises(ParseError, match="The header's unit is Gb/s"):
        nccl(BANNER.format("all_reduce") + EIGHT + HEADER + units + ROW + FOOTER)


def test_the_number_of_iterations_is_read():
    settings = (
        "# nThread 1 nGpus 8 minBytes 1 maxBytes 2 step: 2(factor) warmup iters: 5 iters: 20 validation: 1\n"
    )
    run = nccl(settings + BANNER.format("all_reduce") + EIGHT + HEADER + ROW + FOOTER)
    assert figure(run, "iterations").value == 20
