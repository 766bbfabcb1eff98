"""The demo has sites of each verdict: of those that stand well, some are loaded with the last hour of their history."""

from datetime import timedelta

import pytest

from readiness.demo import operations
from readiness.scoring.models import SiteScore
from telemetry import drain
from tests import database
from tests.conftest import NOW

pytestmark = pytest.mark.django_db
# Not all that there are, but those with the fewest devices: the whole fleet takes twice as long to load.
READY = ("FRA-1", "PAR-1", "TYO-1", "WAW-1", "ZRH-1")
CONDITIONAL = ("GRU-1", "MRS-1", "OSA-1", "SEL-1", "SIN-1")


@pytest.fixture(scope="module", autouse=True)
def fleet(django_db_setup, django_db_blocker):
    """Committed, since history drops partitions; and taken out again."""
    with django_db_blocker.unblock():
        names = (*READY, *CONDITIONAL)
        yield operations.load(site_names=names, reach=timedelta(hours=1), by=None, now=NOW)
        operations.remove(by=None, now=NOW)
        database.put_back()
        drain._memory.forget(list(range(1, 1000)))


def test_at_least_five_sites_are_ready_and_five_conditional():
    found = dict(SiteScore.objects.values_list("site__name", "verdict"))
    assert found == dict.fromkeys(READY, "ready") | dict.fromkeys(CONDITIONAL, "conditional")
