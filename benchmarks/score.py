"""Measures what scoring takes on the demo fleet: all of its sites, one of them, and measuring the day.

The bars: all 24 sites in 1 s or less; one site in 20 ms or less of this process's CPU. Each round has a new minute of
samples of every site, so that values differ and rows are written. One site is scored by its claims, as workers do it:
after samples, after evidence, and after a change of the inventory, which has its records read again.
"""

import statistics
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks import machine

ROUNDS = 7
SITES_ALONE = 8
REACH = timedelta(hours=26)
"""Enough history for the checks that look back a day, and quick to load."""
ALL_BAR_S = 1.0
ONE_BAR_S = 0.020


def main() -> None:
    with machine.servers() as servers:
        servers.set_up()
        _measure()


def _measure() -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from inventory.models import Site, SiteChange
    from readiness.assessment.evidence import operations as evidence
    from readiness.assessment.scoring import operations as scoring
    from readiness.demo import operations as demo
    from telemetry.models import Series

    loaded_at = datetime.now(UTC).replace(microsecond=0)
    took = machine.timed(lambda: demo.load(reach=REACH, by=None, now=loaded_at))
    machine.vacuum()
    site_ids = list(Site.objects.order_by("id").values_list("id", flat=True))
    print(f"{len(site_ids)} sites, {Series.objects.count()} series, loaded in {took:.0f} s")
    fleet = Minutes(loaded_at)
    all_s, measure_s = [], []
    one_s: dict[str, list[float]] = {origin: [] for origin in ("inventory", "evidence", "telemetry")}
    for _ in range(ROUNDS):
        now = fleet.next()
        measure_s.append(machine.timed(lambda now=now: evidence.measure(now=now)))
        all_s.append(machine.timed(lambda now=now: scoring.evaluate(site_ids=site_ids, now=now)))
    for site_id in site_ids[:SITES_ALONE]:
        for origin, seconds in one_s.items():
            now = fleet.next()
            SiteChange.objects.all().delete()
            SiteChange.objects.create(site_id=site_id, origin=origin)
            started = time.process_time()
            assert scoring.rescore_changed(now=now) == 1
            seconds.append(time.process_time() - started)
    with CaptureQueriesContext(connection) as captured:
        scoring.evaluate(site_ids=site_ids, now=now + timedelta(seconds=1))
    _tell("all sites", all_s, ALL_BAR_S)
    _tell("one site after samples, CPU", one_s["telemetry"], ONE_BAR_S)
    _tell("one site after evidence, CPU", one_s["evidence"], ONE_BAR_S)
    _tell("one site after a change of the inventory, CPU", one_s["inventory"], None)
    _tell("measuring today, all sites", measure_s, None)
    print(f"{len(captured)} statements, however many sites")


class Minutes:
    def __init__(self, loaded_at: datetime) -> None:
        from readiness.demo.core.plan import fleet_plan
        from readiness.demo.core.stories import Stories
        from readiness.demo.core.streams import streams
        from readiness.demo.operations.history import Recorder
        from telemetry.models import Source

        plan, stories = fleet_plan(), Stories(loaded_at.timestamp())
        sources = {source.name: source for source in Source.objects.all()}
        self.now = loaded_at
        self.recorders: list[Any] = [
            Recorder(plan, stream, sources[stream.source_name], stories) for stream in streams(plan)
        ]

    def next(self) -> datetime:
        """Everything that is sent in the next minute, stored; returns a moment after it."""
        from readiness.demo.core.timeline import SampleExtent, TimelinePoint
        from telemetry.drain import drain_once
        from telemetry.ingest import accept
        from telemetry.rollups import roll_up
        from telemetry.sources import update_states

        self.now += timedelta(minutes=1)
        for recorder in self.recorders:
            columns = recorder.columns_of([TimelinePoint(self.now.timestamp(), SampleExtent.EVERYTHING)])
            if columns is not None:
                accept(source=recorder.source, columns=columns, now=self.now)
        while drain_once(now=self.now):
            pass
        roll_up(now=self.now)
        update_states(now=self.now)
        return self.now + timedelta(seconds=5)


def _tell(what: str, seconds: list[float], bar: float | None) -> None:
    median, worst = statistics.median(seconds), max(seconds)
    verdict = "" if bar is None else f"; bar {1000 * bar:.0f} ms: {machine.verdict(median <= bar)}"
    print(f"{what}: median {1000 * median:.0f} ms, worst {1000 * worst:.0f} ms{verdict}")
