"""Calendars of rotations: uploaded, or read from addresses at hosts that the operator allows."""

from collections.abc import Callable
from datetime import datetime
from http.client import HTTPException
from time import monotonic
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from django.conf import settings
from django.db import transaction

from accounts.models import User
from readiness.organisation.people.core.calendar_lines import MOST_BYTES, CalendarRefused
from readiness.organisation.people.core.calendars import read_calendar
from readiness.organisation.people.models import Rotation, RotationCalendar
from readiness.organisation.people.operations.rotations import (
    AHEAD,
    BACK,
    write_claimed_shifts,
    write_entered_shifts,
)
from readiness.organisation.people.queries.rotations import known_people
from web.workflows import require

ANSWERS_WITHIN_S, READ_WITHIN_S, AT_ONCE = 10, 30, 64 * 1024


class FeedFailed(Exception):
    """An address that could not be read; the message says why, and names no more than the host."""


@transaction.atomic
def store_calendar(
    rotation: Rotation,
    content: bytes,
    *,
    now: datetime,
    write: Callable[..., int] = write_claimed_shifts,
) -> None:
    """Keep the calendar and write the shifts that follow. Raises CalendarRefused, and then keeps the one before."""
    read_calendar(content, known_people(), time_zone=rotation.time_zone, start=now - BACK, end=now + AHEAD)
    before = RotationCalendar.objects.filter(rotation=rotation).first()
    if before is None or bytes(before.content) != content:
        RotationCalendar.objects.update_or_create(rotation=rotation, defaults={"content": content})
    Rotation.objects.filter(pk=rotation.pk).update(calendar_read_at=now, calendar_error="")
    write(now=now)


@transaction.atomic
def upload_calendar(rotation: Rotation, *, content: bytes, by: User, now: datetime) -> None:
    """Raises MissingPermission, CalendarRefused, and ValidationError where it would make one person two."""
    require(by, "people.change_rotation")
    store_calendar(rotation, content, now=now, write=write_entered_shifts)


@transaction.atomic
def drop_calendar(rotation: Rotation, *, by: User, now: datetime) -> None:
    """Go back to layers, without the calendar and its address. Raises MissingPermission."""
    require(by, "people.change_rotation")
    RotationCalendar.objects.filter(rotation=rotation).delete()
    Rotation.objects.filter(pk=rotation.pk).update(calendar_url="", calendar_error="", calendar_read_at=None)
    write_claimed_shifts(now=now)


def read_calendars(*, now: datetime) -> int:
    """Read each calendar that has an address; return how many could be. Why another could not, its rotation says."""
    number = 0
    for rotation in Rotation.objects.exclude(calendar_url="").order_by("pk"):
        try:
            store_calendar(rotation, fetched(rotation.calendar_url), now=now)
            number += 1
        except (FeedFailed, CalendarRefused) as error:
            reason = str(error)[:300]
            if reason != rotation.calendar_error:
                Rotation.objects.filter(pk=rotation.pk).update(calendar_error=reason)
    return number


class _SameHost(HTTPRedirectHandler):
    def redirect_request(self, req: Request, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        if urlsplit(newurl).netloc.lower() != urlsplit(req.full_url).netloc.lower():
            raise FeedFailed("The address leads to another host, which is not followed.")
        _refuse_stranger(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _refuse_stranger(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or parts.netloc.lower() not in settings.CALENDAR_HOSTS:
        # What stands before an @ is a password.
        host = parts.netloc.rpartition("@")[2][:100]
        raise FeedFailed(f"{host} is not among the hosts that MUSTER_CALENDAR_HOSTS allows.")


def fetched(url: str) -> bytes:
    """The body of an address at an allowed host, bounded in bytes and time. Raises FeedFailed."""
    _refuse_stranger(url)
    opener = build_opener(_SameHost, ProxyHandler())
    until = monotonic() + READ_WITHIN_S
    content = bytearray()
    try:
        request = Request(url, headers={"Accept": "text/calendar", "User-Agent": "Muster"})
        with opener.open(request, timeout=ANSWERS_WITHIN_S) as answer:
            while part := answer.read1(AT_ONCE):
                content += part
                if len(content) > MOST_BYTES:
                    raise FeedFailed(f"The calendar has more than {MOST_BYTES} bytes.")
                if monotonic() > until:
                    raise FeedFailed(f"The calendar was not read within {READ_WITHIN_S} seconds.")
    except HTTPError as error:
        raise FeedFailed(f"The host answers {error.code}.") from error
    except (OSError, HTTPException, ValueError) as error:
        raise FeedFailed(f"The host cannot be read: {type(error).__name__}.") from error
    return bytes(content)
