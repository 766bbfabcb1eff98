"""Accelerators of different types: how they count, worked out here from the published figures, and which do not."""

import pytest

from readiness.tradeoffs.units import book, device_count, equivalents, only_type
from tests.cases import cases


def test_every_figure_has_its_source_and_one_precision():
    assert book().precision == "BF16 dense"
    assert book().unit.tflops == 989.5
    for slug, one in book().by_slug.items():
        assert one.tflops > 0, slug
        assert "TFLOPS" in one.source or "PFLOPS" in one.source, slug
        assert "data sheet" in one.source, slug


@cases(
    ("slug", "count", "expected"),
    {
        "the reference itself": ("nvidia-h100", 8, 8.0),
        "an edge accelerator": ("nvidia-l4", 8, 8 * 121 / 989.5),
        "of another maker": ("amd-mi300x", 4, 4 * 1307.4 / 989.5),
        "of which nothing is published": ("home-made", 4, None),
        "of no one type": ("", 4, None),
    },
)
def test_a_count_in_the_reference_type(slug, count, expected):
    assert equivalents(slug, count) == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize(
    ("count", "of", "here", "expected"),
    [
        # 8 x 121 = 968 TFLOPS, less than one of 989.5.
        pytest.param(8, "nvidia-l4", "nvidia-h200", 1, id="one does what eight do"),
        pytest.param(9, "nvidia-l4", "nvidia-h200", 2, id="a part of one is one"),
        # 8 x 989.5 / 121 = 65.4
        pytest.param(8, "nvidia-h200", "nvidia-l4", 66, id="sixty-six do what eight do"),
        pytest.param(16, "nvidia-h100", "nvidia-h200", 16, id="alike in this precision"),
        pytest.param(3, "home-made", "home-made", 3, id="a type compares with itself"),
        pytest.param(3, "home-made", "nvidia-l4", None, id="unknown against known"),
        pytest.param(3, "nvidia-l4", "", None, id="a site of no one type"),
    ],
)
def test_how_many_do_the_same(count, of, here, expected):
    assert device_count(count, of, here) == expected


def test_a_site_of_several_types_has_no_one_type():
    assert [only_type(types) for types in ({}, {"nvidia-l4": 3}, {"nvidia-l4": 3, "nvidia-h100": 8})] == [
        "", "nvidia-l4", "",
    ]  # fmt: skip
