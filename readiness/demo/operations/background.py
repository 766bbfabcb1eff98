"""Write the demo's past in steps while the present runs.

Each step is a transaction, so an interrupted step is repeated. The worker takes steps until its time is up
(readiness/demo/tasks.py); any worker may take the next ones.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from time import perf_counter

from django.db import InterfaceError, OperationalError, connection, transaction

from inventory.models import Site
from readiness.assessment.evidence.operations import measure_day
from readiness.assessment.scoring.models import Flip
from readiness.assessment.scoring.operations import evaluate, lock
from readiness.demo.core.plan import FleetPlan, fleet_plan
from readiness.demo.core.shapes import utc
from readiness.demo.core.span import HISTORY
from readiness.demo.core.stories import Stories
from readiness.demo.core.timeline import TimelinePoint, timeline
from readiness.demo.models import DemoFleet
from readiness.demo.operations import shadow
from readiness.demo.operations.fleet import write_evidence
from readiness.demo.operations.history import Past, parts
from readiness.demo.operations.people import people
from readiness.demo.operations.plans import Decided
from readiness.demo.operations.records import ACTOR
from readiness.demo.operations.runs import Portion
from readiness.demo.progress import fleets_being_written, set_history
from telemetry.models import Source, SourceFlip
from web.actor import acting

log = logging.getLogger(__name__)
State = DemoFleet.History
# Only one worker takes a step at a time.
_STEPPING = 0x44454D4F  # "DEMO"


def go_on(*, clock: Callable[[], datetime], budget_s: float = 20.0) -> int:
    """Take one or more steps until the past is written, somebody cancels, or the time is up; returns their number."""
    began, steps = perf_counter(), 0
    past: _Steps | None = None
    with acting(ACTOR, message="Write the demo's history"):
        while not steps or perf_counter() - began < budget_s:
            try:
                with transaction.atomic():
                    fleet = _claim()
                    if fleet is None:
                        break
                    past = past or _Steps(fleet)
                    past.step(fleet, now=clock())
            except (InterfaceError, OperationalError):
                raise  # the database was unavailable or a lock was taken: the next turn tries again
            except Exception as error:
                log.exception("The demo's history cannot go on")
                set_history(State.RUNNING, State.FAILED, failure=f"{type(error).__name__}: {error}"[:400])
                break
            steps += 1
    return steps


def _claim() -> DemoFleet | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_STEPPING])
        if not cursor.fetchone()[0]:
            return None
    return fleets_being_written().first()


class _Steps:
    """First the records and runs of each site, then samples and scores part by part, and finally the handover to the
    present."""

    def __init__(self, fleet: DemoFleet) -> None:
        self._fleet = fleet
        self._plan: FleetPlan = fleet_plan(scale=fleet.scale, names=fleet.site_names)

    @cached_property
    def _parts(self) -> list[list[TimelinePoint]]:
        stories, until = Stories(self._fleet.loaded_at.timestamp()), self._fleet.sampled_at
        assert until is not None
        return list(parts(timeline(self._plan, stories, until_s=until.timestamp())))

    @cached_property
    def _past(self) -> Past:
        return Past(self._plan, self._fleet)

    def step(self, fleet: DemoFleet, *, now: datetime) -> None:
        if fleet.sites_recorded < len(self._plan.sites):
            self._record_site(fleet)
        elif fleet.history_at is None:
            self._begin(fleet)
        else:
            self._go_on(fleet, now=now)
        columns = ("sites_recorded", "history_at", "history")
        values = {name: getattr(fleet, name) for name in columns}
        if not DemoFleet.objects.filter(pk=fleet.pk, history=State.RUNNING).update(**values):
            transaction.set_rollback(True)  # cancelled meanwhile

    def _record_site(self, fleet: DemoFleet) -> None:
        name = self._plan.sites[fleet.sites_recorded].name
        sites = {site.name: site for site in Site.objects.filter(name=name, pk__in=self._ids(Site))}
        write_evidence(
            self._plan,
            sites,
            portion=Portion.OLDER,
            staff=people(fleet.made),
            now=fleet.loaded_at,
        )
        fleet.sites_recorded += 1

    def _begin(self, fleet: DemoFleet) -> None:
        shadow.make(self._ids(Source), since=fleet.loaded_at - HISTORY)
        # They are detected again when the past reaches them.
        Flip.objects.filter(site__in=self._ids(Site), at__lte=fleet.sampled_at).delete()
        SourceFlip.objects.filter(source__in=self._ids(Source), at__lte=fleet.sampled_at).delete()
        fleet.history_at = fleet.loaded_at - HISTORY

    def _go_on(self, fleet: DemoFleet, *, now: datetime) -> None:
        assert fleet.history_at is not None
        assert fleet.sampled_at is not None
        part = next((part for part in self._parts if utc(part[-1].at_s) > fleet.history_at), None)
        if part is None:
            self._hand_over(fleet, now=now)
            fleet.history = State.DONE
            return
        at = utc(part[-1].at_s)
        with shadow.first():
            self._past.write(part, until=fleet.sampled_at, decided=Decided(fleet))
        shadow.publish(at=at, before=fleet.loaded_at.date(), now=now)
        fleet.history_at = at

    def _hand_over(self, fleet: DemoFleet, *, now: datetime) -> None:
        assert fleet.sampled_at is not None
        site_ids = sorted(self._past.site_ids.values())
        lock(site_ids)
        shadow.hand_over(site_ids, sampled_at=fleet.sampled_at, before=fleet.loaded_at.date(), now=now)
        measure_day(day=now.date(), now=now, site_ids=site_ids, whole=True)
        evaluate(site_ids=site_ids, now=now)

    def _ids(self, model: type[Site] | type[Source]) -> list[int]:
        return list(self._fleet.made.get(model._meta.label, []))
