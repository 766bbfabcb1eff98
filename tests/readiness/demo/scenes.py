"""The demo's whole fleet before it has a past, and some of its sites with one."""

from datetime import timedelta

from django.apps import apps

from readiness.demo import operations
from readiness.demo.core.plan import fleet_plan
from readiness.demo.operations.fleet import write_inventory
from readiness.demo.operations.history import add_minutes
from tests.conftest import NOW
from tests.scenes import scene


def counts():
    """Rows by model, but for what keeps record of what was done."""
    records = {"web.AuditEntry", "web.SecurityEvent", "web.SecurityBatch", "admin.LogEntry"}
    return {
        model._meta.label: model._default_manager.count()
        for model in apps.get_models()
        if model._meta.label not in records
    }


@scene()
def demo_inventory(clock):
    """Returns how many rows there were before, and the fleet."""
    return counts(), write_inventory(fleet_plan(), scale=1, now=clock.at)


SITES_WITH_PAST = ("QRO-1", "WAW-1")
"""One that falls silent, and one that went from not ready to ready and had a decision."""


@scene()
def demo_past(clock):
    """All 18 months of two sites."""
    return operations.load(site_names=SITES_WITH_PAST, by=None, now=clock.at)


SITES_OF_STORIES = ("DSM-1", "SAT-1", "DXB-1", "LON-1", "QRO-1", "OSL-1")


@scene()
def demo_stories(clock):
    """The last day of the sites that have a story."""
    return operations.load(site_names=SITES_OF_STORIES, reach=timedelta(hours=25), by=None, now=clock.at)


SITES_OF_SEAM = ("DXB-1", "PAR-1")
# A quarter past the hour, so that samples of every hour do not lie on the hour.
SEAM_AT = NOW.replace(hour=10, minute=15)


@scene(at=SEAM_AT)
def demo_seam(clock):
    """The last day of two sites, and the sender's first hour."""
    fleet = operations.load(site_names=SITES_OF_SEAM, reach=timedelta(hours=25), by=None, now=clock.at)
    after = clock.at
    add_minutes(fleet_plan(names=SITES_OF_SEAM), fleet, after=after, now=clock.move(hours=1))
    return fleet


READY = ("ASH-1", "FRA-1", "TYO-1", "WAW-1", "ZRH-1")
OPEN = ("GRU-1", "MRS-1", "OSA-1", "SEL-1", "SIN-1")
"""Conditional, since something else than a declaration is open."""
DECLARED = "PAR-1"
"""Conditional, since its tests are figures that somebody typed and nothing else."""
NOT_READY = ("JNB-1", "PNQ-1", "SYD-1")


@scene()
def demo_verdicts(clock):
    """The last hour of sites of each verdict: those with the fewest devices."""
    names = (*READY, *OPEN, DECLARED, *NOT_READY)
    return operations.load(site_names=names, reach=timedelta(hours=1), by=None, now=clock.at)
