"""Building the estate, and its next minutes."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from benchmarks import machine
from benchmarks.estate.evidence import write_grants, write_records, write_runs
from benchmarks.estate.places import write_places
from benchmarks.estate.plan import plans
from benchmarks.estate.signals import Collector, collectors, send, write_days
from benchmarks.estate.standards import write_standards
from inventory.models import SiteChange
from readiness.assessment.framework import queries as framework_queries
from telemetry import store
from telemetry.rollups import roll_up
from web.actor import acting

MINUTES = 12
"""Of samples at the start: enough that roll-ups hold some of them and raw samples the rest."""


@dataclass
class Estate:
    """`now` is the time of the newest samples."""

    site_ids: list[int]
    now: datetime
    collectors: list[Collector]

    def next_minute(self) -> datetime:
        """Everything that is sent in the next minute, stored; returns a moment after it."""
        self.now += timedelta(minutes=1)
        send(self.collectors, [self.now], now=self.now)
        SiteChange.objects.all().delete()
        return self.now + timedelta(seconds=5)

    def claim(self) -> None:
        """Leave claims as if every site had just sent: scoring takes these rows up."""
        origin = SiteChange.Origin.TELEMETRY
        SiteChange.objects.bulk_create(
            SiteChange(site_id=site_id, origin=origin) for site_id in self.site_ids
        )


def build(*, count: int = 1000, now: datetime, say: Callable[[str], None] = print) -> Estate:
    """The estate as of `now`, never evaluated yet."""
    now = now.replace(microsecond=0)
    began = time.perf_counter()

    def report(what: str) -> None:
        say(f"{time.perf_counter() - began:5.0f} s  {what}")

    @contextmanager
    def one_import(what: str) -> Iterator[None]:
        """Write in one transaction, attributed to an import, as a real fleet of this size would be entered."""
        with acting("import", message=what), transaction.atomic():
            yield
        report(what)

    store.keep_partitions(now=now)
    _, framework = framework_queries.current()
    planned = plans(count)
    with one_import(f"inventory of {count} sites"):
        places = write_places(planned, now=now)
    with one_import("runs, records and grants"):
        write_standards(planned, places, now=now)
        write_runs(planned, places, now=now)
        write_records(planned, places, framework, now=now)
        write_grants(planned, places, framework, now=now)
    with one_import("daily measures"):
        write_days(planned, places.sites, now=now)
    started_at = now - timedelta(minutes=MINUTES)
    with one_import("sources"):
        sending = collectors(planned, places.sites, now=started_at)
    send(sending, [started_at], now=started_at)
    report("series")
    send(sending, [started_at + timedelta(minutes=minute) for minute in range(1, MINUTES + 1)], now=now)
    roll_up(now=now)
    SiteChange.objects.all().delete()
    machine.vacuum()
    report("samples")
    return Estate(sorted(site.pk for site in places.sites.values()), now, sending)
