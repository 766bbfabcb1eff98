"""Silences and windows begin and end: their channels hear of it, what they match is looked at, and windows move on to
their next occurrence."""

from collections.abc import Iterator
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from readiness.loop.alerts.models import MaintenanceWindow, Silence
from readiness.loop.alerts.silencing.announcing import SilenceTurn, drafts_of
from readiness.loop.alerts.silencing.matches import wake
from readiness.loop.alerts.silencing.spans import following_occurrence
from web.delivery import outbox

_UNTOLD = Q(start_told_at=None) | Q(tell_again=True)
_JOINED = ("region", "site__region", "channel__owner", "created_by")


@transaction.atomic
def take_turns(*, now: datetime) -> int:
    """Returns how many silences and windows began or ended. What began and ended while nobody looked is told of no
    more."""
    turns = [*_silences(now), *_windows(now)]
    if not turns:
        return 0
    # Also here, in the case that an alert was raised while the silence was being written.
    wake([turn.row.matcher for turn in turns], now=now)
    outbox.send([draft for turn in turns for draft in drafts_of(turn, now=now)], now=now)
    return len(turns)


def _silences(now: datetime) -> Iterator[SilenceTurn]:
    rows = Silence.objects.select_for_update(of=("self",), skip_locked=True)
    rows = rows.select_related(*_JOINED, "alert").order_by("pk")
    for silence in rows.unfinished(now).filter(_UNTOLD, starts_at__lte=now):
        yield SilenceTurn(silence, has_begun=True, starts_at=silence.starts_at, ends_at=silence.ends_at)
        silence.start_told_at, silence.tell_again = now, False
        silence.save(update_fields=["start_told_at", "tell_again"])
    over = Q(ends_at__lte=now) | Q(ended_early_at__lte=now)
    for silence in rows.filter(over, start_told_at__isnull=False, end_told_at=None):
        yield SilenceTurn(silence, has_begun=False, starts_at=silence.starts_at, ends_at=silence.real_end_at)
        silence.end_told_at = now
        silence.save(update_fields=["end_told_at"])


def _windows(now: datetime) -> Iterator[SilenceTurn]:
    rows = MaintenanceWindow.objects.select_for_update(of=("self",), skip_locked=True)
    rows = rows.unfinished().select_related(*_JOINED).order_by("pk")
    for window in rows.filter(occurrence_ends_at__lte=now):
        if window.start_told_at is not None:
            yield _window_turn(window, has_begun=False)
        following = following_occurrence(window, now=now)
        window.end_told_at = now if following is None else None
        window.start_told_at = None if following is not None else window.start_told_at
        window.tell_again = False
        window.occurrence_starts_at = following.starts_at if following is not None else None
        window.occurrence_ends_at = following.ends_at if following is not None else None
        window.save()
    for window in rows.filter(_UNTOLD, occurrence_starts_at__lte=now):
        yield _window_turn(window, has_begun=True)
        window.start_told_at, window.tell_again = now, False
        window.save(update_fields=["start_told_at", "tell_again"])


def _window_turn(window: MaintenanceWindow, *, has_begun: bool) -> SilenceTurn:
    starts_at, ends_at = window.occurrence_starts_at, window.occurrence_ends_at
    assert starts_at is not None
    assert ends_at is not None
    return SilenceTurn(window, has_begun=has_begun, starts_at=starts_at, ends_at=ends_at)
