"""The run: raise what is new, take every step that is due, and hand over what there is to tell."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction

from inventory.models import Site
from readiness.loop.alerts.core.leads import ENDS_WITH_DATE
from readiness.loop.alerts.dates.present import PREFIX, date_alerts
from readiness.loop.alerts.life import steps
from readiness.loop.alerts.models import Alert, AlertingState, EndedBy
from readiness.loop.alerts.raising import problems, verdicts
from readiness.loop.alerts.raising.writing import write
from readiness.loop.alerts.silencing.turns import take_turns
from readiness.loop.alerts.telling.flush import flush

log = logging.getLogger(__name__)
DATES_EVERY = timedelta(minutes=1)
ROUNDS_A_RUN = 100
"""The most rounds of one run; what is left is due at the next."""


def run(*, now: datetime) -> int:
    """Make one run; returns how many alerts took a step. Where silences, verdicts or dates fail, the next run
    tries them again, and the rest goes on."""
    _try(take_turns, now=now)
    try:
        began_at = _raise_alerts(now=now)
        step_count = 0
        for _ in range(ROUNDS_A_RUN):
            batch = steps.advance(began_at=began_at, now=now)
            step_count += batch
            if not batch:
                break
    finally:
        flush(now=now)
    return step_count


@transaction.atomic
def _raise_alerts(*, now: datetime) -> datetime:
    """Write what problems, verdicts and dates say; returns when alerting began. One run at a time: a second one waits,
    and then reads on behind it."""
    states = AlertingState.objects.select_for_update()
    state = states.first()
    if state is None:
        AlertingState.objects.bulk_create([AlertingState()], ignore_conflicts=True)
        state = states.get()
    before = state.problems_position, state.flips_position, state.dates_read_at
    if state.began_at is None:
        state.began_at = now
        state.problems_position = problems.first_position()
        state.flips_position = verdicts.first_position(now=now)
        problems.raise_open(now=now)
    state.problems_position = _read_all(problems.read_on, state.problems_position, now=now)
    read_verdicts = partial(verdicts.read_on, began_at=state.began_at)
    position = _try(_read_all, read_verdicts, state.flips_position, now=now)
    state.flips_position = state.flips_position if position is None else position
    if state.dates_read_at is None or now - state.dates_read_at >= DATES_EVERY:
        _try(_write_dates, now=now)
        state.dates_read_at = now
    if before != (state.problems_position, state.flips_position, state.dates_read_at):
        state.save()
    return state.began_at


def _try[T](act: Callable[..., T], *arguments: Any, now: datetime) -> T | None:
    try:
        with transaction.atomic():
            return act(*arguments, now=now)
    except Exception:
        log.exception("A part of the run of alerts failed: %s", act)
        return None


def _read_all(read_on: Callable[..., int], position: int, *, now: datetime) -> int:
    while (last := read_on(position, now=now)) != position:
        position = last
    return position


def _write_dates(*, now: datetime) -> None:
    present = date_alerts(now)
    keys = {alert.key for alert in present}
    ended_alerts = Alert.objects.open().filter(key__startswith=PREFIX).exclude(key__in=keys)
    columns = ended_alerts.values_list("key", "kind", "due_at", "site__stage")
    endings = {key: _end_of_date(kind, due_at, stage, now=now) for key, kind, due_at, stage in columns}
    write(present, endings=endings, now=now)


def _end_of_date(kind: str, due_at: datetime | None, stage: str | None, *, now: datetime) -> EndedBy:
    """Why the alert of a date is over. That a date is past proves nothing."""
    if stage == Site.Stage.RETIRED:
        return EndedBy.OBJECT_GONE
    has_passed = kind in ENDS_WITH_DATE and due_at is not None and due_at <= now
    return EndedBy.DATE_PASSED if has_passed else EndedBy.EVIDENCE
