"""How much of the demo's past is written, and the line that every chart of the past says until it is complete; stopping
and continuing it; whether its records are due.

What writes it stands in `readiness/demo/operations/` and is loaded by a worker that has something to write.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.urls import reverse

from readiness.demo.core.span import HISTORY
from readiness.demo.models import DemoFleet
from web.notices import StatusNotice

MONTH = timedelta(days=365.25 / 12)
RECORDS_EVERY = timedelta(hours=5)
"""The data of a nightly job count for a day; renewed this often, they never expire while Muster runs."""
State = DemoFleet.History


@dataclass(frozen=True, slots=True)
class PastProgress:
    """Months from the oldest on."""

    fleet: DemoFleet
    months: int
    months_total: int

    @property
    def is_complete(self) -> bool:
        return self.fleet.history == DemoFleet.History.DONE


def progress() -> PastProgress | None:
    """None without a demo, or while it is being loaded."""
    fleet = DemoFleet.objects.filter(sampled_at__isnull=False).first()
    if fleet is None:
        return None
    written_span = fleet.history_at - fleet.loaded_at + HISTORY if fleet.history_at else timedelta()
    return PastProgress(fleet, int(written_span / MONTH), ceil(HISTORY / MONTH))


def notices(now: datetime) -> Iterator[StatusNotice]:
    past = progress()
    if past is None or past.is_complete:
        return
    written = f"{past.months} of {past.months_total} months"
    if past.fleet.history == DemoFleet.History.RUNNING:
        text = f"Muster is still writing the demo’s past: {written} are done. Some of it is missing here until then."
    else:
        text = f"Muster stopped writing the demo’s past after {written}. The rest of it is missing here."
    yield StatusNotice("demo-past", text, "warn", reverse("fleet"), is_of_past=True)


def fleets_being_written() -> QuerySet[DemoFleet]:
    return DemoFleet.objects.filter(history=State.RUNNING, sampled_at__isnull=False)


def fleets_with_records_due(now: datetime) -> QuerySet[DemoFleet]:
    """The demo, unless it is being loaded or its records were kept up shortly before."""
    last_at = Coalesce("recorded_at", "loaded_at")
    return DemoFleet.objects.alias(last_at=last_at).filter(
        sampled_at__isnull=False, last_at__lte=now - RECORDS_EVERY
    )


def cancel() -> bool:
    """Stop after the current step; the written part stays. Returns False if nothing is being written."""
    return set_history(State.RUNNING, State.CANCELLED)


def resume() -> bool:
    """Continue after the last finished step. Returns False if nothing was cancelled and nothing failed."""
    return set_history(State.CANCELLED, State.RUNNING) or set_history(State.FAILED, State.RUNNING)


def set_history(before: State, after: State, *, failure: str = "") -> bool:
    return bool(DemoFleet.objects.filter(history=before).update(history=after, history_failure=failure))
