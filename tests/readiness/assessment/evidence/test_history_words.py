"""The history names records by check and sub-measure, and says what a new limit replaces."""

from datetime import timedelta

import pytest

from readiness.assessment.evidence.operations import declare_limit, record_fact
from tests.pages import text_of, words_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def line_of(client_of):
    def one(model):
        page = text_of(client_of("viewer").get(f"/history/?model={model}"))
        return words_in(page.partition("<tbody>")[2].partition("</tbody>")[0])

    return one


def test_a_new_limit_reads_from_the_old_value_to_the_new_one(porto, line_of, frozen_now):
    for days, value in ((9, 800.0), (2, 600.0)):
        declare_limit(
            limit="step-1s-kw", site=porto, value=value, source="grid contract",
            declared_on=frozen_now.at.date() - timedelta(days=days), by=None, now=frozen_now.at,
        )  # fmt: skip
    assert "Declared limit Largest load step in 1 s at Porto: 800 → 600 kW" in line_of(
        "evidence.declared-limit"
    )


def test_a_record_has_the_name_of_its_check_and_its_figure_with_unit(porto, line_of, frozen_now):
    record_fact(
        site=porto, check="p2-energy-kpis", part="pue", value=1.21, source="meter",
        taken_on=frozen_now.at.date(), by=None, now=frozen_now.at,
    )  # fmt: skip
    line = line_of("evidence.recorded-fact")
    assert ", PUE at Porto: 1.21" in line
    assert "recorded fact 1" not in line.casefold()
