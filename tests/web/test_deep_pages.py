"""A deep page of a list is the part that counting from the front would give, whichever end it is looked for from."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.models import Manufacturer
from web.deep_pages import DEEP, rows_between

TOTAL = 3 * DEEP + 17


@pytest.fixture
def makers(db):
    """Many of one name in the order of the list, so that the key decides."""
    Manufacturer.objects.bulk_create(
        Manufacturer(name=f"Maker {number}", slug=f"{number % 7}-{number}") for number in range(TOTAL)
    )
    return Manufacturer.objects.order_by("slug", "-pk")


@pytest.mark.parametrize(
    ("start", "end"),
    [
        pytest.param(0, 50, id="first"),
        pytest.param(DEEP, DEEP + 50, id="from the front"),
        pytest.param(TOTAL - DEEP, TOTAL - DEEP + 50, id="from the end"),
        pytest.param(TOTAL - 17, TOTAL, id="last"),
        pytest.param(TOTAL, TOTAL, id="behind the last"),
    ],
)
def test_a_page_is_a_part_of_the_list(makers, start, end):
    every = [maker.pk for maker in makers]
    assert [maker.pk for maker in rows_between(makers, start, end, total=TOTAL)] == every[start:end]


def test_the_last_page_skips_nothing(makers):
    with CaptureQueriesContext(connection) as captured:
        rows_between(makers, TOTAL - 17, TOTAL, total=TOTAL)
    assert len(captured) == 2
    assert "OFFSET" not in captured[0]["sql"]
