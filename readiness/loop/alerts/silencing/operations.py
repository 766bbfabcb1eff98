"""Begin, change and end silences and maintenance windows. The next run looks at the alerts that they match."""

from collections.abc import Mapping
from copy import copy
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model

from accounts.models import User
from readiness.assessment.framework import queries as framework_queries
from readiness.loop.alerts.core.windows import LONGEST_SERIES, next_occurrence, refuse_rule
from readiness.loop.alerts.models import MaintenanceWindow, Silence
from readiness.loop.alerts.models.silences import LONGEST_WINDOW
from readiness.loop.alerts.silencing.announcing import SilenceTurn, drafts_of
from readiness.loop.alerts.silencing.matches import wake
from readiness.organisation.people.core.recurrence import RuleRefused
from web.delivery import outbox
from web.workflows import require
from web.workflows.steps import NotInState, still_there

FURTHEST = timedelta(days=366)
"""How far ahead a silence or window may begin."""


@transaction.atomic
def begin_silence(*, by: User, now: datetime, **values: Any) -> Silence:
    """Silence what agrees with all of `values` from `starts_at`, by default now, until `ends_at`. With `alert` it is
    of that alert alone, and of its site."""
    require(by, "alerts.add_silence")
    silence = checked_silence(Silence(), now=now, **values)
    silence.created_by, silence.created_at = by, now
    silence.save()
    wake([silence.matcher], now=now)
    return silence


@transaction.atomic
def change_silence(silence: Silence, *, by: User, now: datetime, **values: Any) -> Silence:
    """Give it another end, reason or matcher. One under way keeps its start, and its channel hears of it again."""
    require(by, "alerts.change_silence")
    silence = _locked(silence)
    if silence.real_end_at <= now:
        raise NotInState("It is over. Make a new one.")
    alerts_before = silence.matcher
    silence = checked_silence(silence, now=now, **values)
    silence.tell_again = silence.start_told_at is not None
    silence.save()
    wake([alerts_before, silence.matcher], now=now)
    return silence


def checked_silence(silence: Silence, *, now: datetime, **values: Any) -> Silence:
    """Return a copy of a silence with these values, unsaved. Raises ValidationError."""
    is_new, silence = silence.pk is None, copy(silence)
    starts_at = values.pop("starts_at", None)
    _assign(silence, values)
    if is_new or silence.starts_at > now:
        silence.starts_at = max(starts_at or (now if is_new else silence.starts_at), now)
    if silence.alert is not None:
        silence.site, silence.region = silence.alert.site, None
        silence.domain = silence.kind = silence.check_id = silence.object = ""
    silence.reason = silence.reason.strip()
    _refuse_far(silence.starts_at, now)
    if silence.ends_at <= now:
        raise ValidationError({"ends_at": ["Enter an end in the future."]})
    _refuse(silence)
    return silence


@transaction.atomic
def end_silence(silence: Silence, *, by: User, now: datetime) -> Silence:
    """End it now. What it held back and still fires is raised at once."""
    require(by, "alerts.change_silence")
    silence = _locked(silence)
    if silence.real_end_at <= now:
        raise NotInState("It is over already.")
    silence.ended_early_at, silence.ended_early_by = now, by
    silence.save(update_fields=["ended_early_at", "ended_early_by"])
    wake([silence.matcher], now=now)
    return silence


@transaction.atomic
def announce_window(*, by: User, now: datetime, **values: Any) -> MaintenanceWindow:
    """Announce a window; one without a rule needs no last end."""
    require(by, "alerts.add_maintenancewindow")
    window = checked_window(MaintenanceWindow(), now=now, **values)
    window.created_by, window.created_at = by, now
    window.save()
    wake([window.matcher], now=now)
    return window


@transaction.atomic
def change_window(window: MaintenanceWindow, *, by: User, now: datetime, **values: Any) -> MaintenanceWindow:
    """Change a window that is not over. One under way stays so if its new times still cover now, and its channel hears
    of it again; otherwise its channel hears that it ended."""
    require(by, "alerts.change_maintenancewindow")
    window_before = _locked(window)
    _refuse_over(window_before)
    window = checked_window(window_before, now=now, **values)
    if window_before.start_told_at is not None:
        window.tell_again = window.occurrence_starts_at is not None and window.occurrence_starts_at <= now
        if not window.tell_again:
            window.start_told_at = None
            _tell_end(window_before, now=now)
    window.save()
    wake([window_before.matcher, window.matcher], now=now)
    return window


def _tell_end(window: MaintenanceWindow, *, now: datetime) -> None:
    starts_at, ends_at = window.occurrence_starts_at, window.occurrence_ends_at
    assert starts_at is not None
    assert ends_at is not None
    turn = SilenceTurn(window, has_begun=False, starts_at=starts_at, ends_at=min(ends_at, now))
    outbox.send(list(drafts_of(turn, now=now)), now=now)


def checked_window(window: MaintenanceWindow, *, now: datetime, **values: Any) -> MaintenanceWindow:
    """Return a copy of a window with these values, unsaved, and with what follows from them: time zone, last end, and
    the present or next occurrence. Raises ValidationError."""
    window = copy(window)
    _assign(window, values)
    window.time_zone = window.time_zone or (window.site.time_zone if window.site is not None else "UTC")
    _refuse_far(window.starts_at, now)
    if window.starts_at < now - LONGEST_SERIES:
        raise ValidationError({"starts_at": ["It began more than two years ago: it would be over already."]})
    if window.duration_min > LONGEST_WINDOW // timedelta(minutes=1):
        raise ValidationError({"duration_min": ["A window lasts 14 days at most."]})
    if not window.rule:
        window.last_ends_at = window.starts_at + timedelta(minutes=window.duration_min)
    elif window.last_ends_at is None:
        raise ValidationError(
            {"last_ends_at": ["Enter when the last one is over: no window is without an end."]}
        )
    _refuse(window)
    try:
        refuse_rule(window.series)
        occurrence = next_occurrence(window.series, after=now)
    except RuleRefused as error:
        raise ValidationError({"rule": [str(error)]}) from error
    if occurrence is None:
        raise ValidationError({"last_ends_at" if window.rule else "starts_at": ["It would be over already."]})
    window.occurrence_starts_at, window.occurrence_ends_at = occurrence.starts_at, occurrence.ends_at
    return window


@transaction.atomic
def end_occurrence(window: MaintenanceWindow, *, by: User, now: datetime) -> MaintenanceWindow:
    """End the occurrence that is under way; later ones stay as they are."""
    require(by, "alerts.change_maintenancewindow")
    window = _locked(window)
    _refuse_over(window)
    starts_at, ends_at = window.occurrence_starts_at, window.occurrence_ends_at
    if starts_at is None or ends_at is None or not starts_at <= now < ends_at:
        raise NotInState("It is not under way.")
    window.occurrence_ends_at = now
    window.save(update_fields=["occurrence_ends_at"])
    wake([window.matcher], now=now)
    return window


@transaction.atomic
def end_window(window: MaintenanceWindow, *, by: User, now: datetime) -> MaintenanceWindow:
    """End it for good: the occurrence that is under way, and all later ones."""
    require(by, "alerts.change_maintenancewindow")
    window = _locked(window)
    _refuse_over(window)
    window.ended_early_at, window.ended_early_by = now, by
    starts_at, ends_at = window.occurrence_starts_at, window.occurrence_ends_at
    if starts_at is not None and ends_at is not None and starts_at < now:
        window.occurrence_ends_at = min(ends_at, now)
    else:
        window.occurrence_starts_at = window.occurrence_ends_at = None
    window.save()
    wake([window.matcher], now=now)
    return window


def _locked[M: Model](row: M) -> M:
    return still_there(type(row)._default_manager.select_for_update(of=("self",)), row.pk)


def _refuse_over(window: MaintenanceWindow) -> None:
    if window.ended_early_at is not None or window.occurrence_ends_at is None:
        raise NotInState("It is over. Announce a new one.")


def _assign(row: Model, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(row, name, value)


def _refuse_far(starts_at: datetime, now: datetime) -> None:
    if starts_at > now + FURTHEST:
        raise ValidationError({"starts_at": ["Enter a start within a year from now."]})


def _refuse(row: Silence | MaintenanceWindow) -> None:
    if row.channel is not None and not row.channel.is_shared:
        raise ValidationError({"channel": ["Choose a shared channel: your own ones hear of it without one."]})
    _version, framework = framework_queries.current()
    if row.check_id and row.check_id not in framework.checks_by_id:
        raise ValidationError({"check_id": ["The framework has no check of that name."]})
    row.full_clean(exclude={field.name for field in row._meta.fields if not field.editable})
