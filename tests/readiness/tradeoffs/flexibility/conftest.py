"""The fleet of the placements with critical workloads at its sites, and ways to attest what is on record of them."""

from datetime import date, timedelta

import pytest

from readiness.assessment.evidence.operations import attest, record_fact
from readiness.demand.workloads import operations as workloads
from tests.readiness.tradeoffs.placing.conftest import fleet

__all__ = ["fleet"]
API, PAGE = "/api/tradeoffs/flexibility/", "/tradeoffs/flexibility/"


@pytest.fixture
def critical(fleet, planner, frozen_now):
    """`critical("pay", "porto", it_kw=4)`: a critical class that runs at these sites."""

    def make(slug, *sites, **given):
        given = {
            "accelerators": [(None, 4)],
            "it_kw": 4.0,
            "criticality": "critical",
            "min_verdict": "",
        } | given
        found = workloads.declare(name=slug.capitalize(), slug=slug, by=planner, now=frozen_now.at, **given)
        for site in sites:
            workloads.place(found, site=fleet[site], on=date(2026, 11, 1), by=planner, now=frozen_now.at)
        return found

    return make


@pytest.fixture
def recorded(fleet, frozen_now):
    """`recorded("porto", conforming=96, untested=0)`, on a day."""
    parts = {
        "conforming": ("p4-standard-interfaces", "devices-conforming"),
        "untested": ("p4-flexibility-preserved", "classes-untested"),
        "without": ("p4-flexibility-preserved", "classes-without-alternative"),
    }

    def make(site, *, on=date(2026, 11, 1), **values):
        for name, value in values.items():
            check, part = parts[name]
            record_fact(
                site=fleet[site], check=check, part=part, value=value, taken_on=on, source="Audit 7",
                by=None, now=frozen_now.at,
            )  # fmt: skip

    return make


@pytest.fixture
def attested(fleet, frozen_now):
    """`attested("porto", ["pay"], 0, 10)`: said ten days ago of these classes alone."""

    def make(site, slugs, untested, days_ago):
        attest(
            site=fleet[site], check="p4-flexibility-preserved", part="classes-untested", value=untested,
            workload_classes=slugs, statement="Moved and back", attested_by="R. Costa",
            taken_on=frozen_now.at.date() - timedelta(days=days_ago), by=None, now=frozen_now.at,
        )  # fmt: skip

    return make


@pytest.fixture
def three(critical, recorded):
    """Pay may move from Porto to two sites, mail from Luleå to none, chat runs at two sites and is not critical."""
    critical("pay", "porto")
    critical("mail", "lulea", allowed_jurisdictions=["SE"])
    critical("chat", "porto", "lulea", criticality="standard")
    recorded("porto", conforming=96, untested=0, without=0)
    recorded("lulea", conforming=88)
