"""Shifts as iCalendar files: of a rotation, and one's own."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, cast

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.models import User
from readiness.organisation.people.models import Rotation, Shift
from web import clock
from web.rest.parsers import OrjsonRenderer
from web.rest.permissions import SignedIn, requires
from web.visibility import sees_names

BACK, AHEAD = timedelta(days=15), timedelta(days=180)
_ANSWERS = {(200, "text/calendar"): OpenApiTypes.STR}


class _ShiftsFile(APIView):
    def perform_content_negotiation(
        self, request: Request, force: bool = False
    ) -> tuple[OrjsonRenderer, str]:
        """Whatever a calendar program says it takes, it gets the file; a refusal is JSON."""
        return OrjsonRenderer(), OrjsonRenderer.media_type

    def answered(self, name: str, shifts: Iterable[Shift], *, names: bool, now: datetime) -> HttpResponse:
        return HttpResponse(
            calendar_file(name, shifts, names=names, now=now),
            content_type="text/calendar; charset=utf-8",
            headers={"Content-Disposition": 'inline; filename="shifts.ics"'},
        )


class RotationFileView(_ShiftsFile):
    permission_classes = (requires("people.view_rotation"),)

    @extend_schema(
        responses=_ANSWERS, operation_id="people_rotation_ics", summary="Shifts of a rotation as iCalendar"
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        """Shifts from 15 days back to 180 days ahead, as far as they are written; named for those who see names."""
        now = clock.now()
        rotation = get_object_or_404(Rotation, slug=slug)
        shifts = _near(now).filter(rotation=rotation)
        return self.answered(rotation.name, shifts, names=sees_names(request.user), now=now)


class OwnShiftsFileView(_ShiftsFile):
    permission_classes = (SignedIn,)

    @extend_schema(
        responses=_ANSWERS, operation_id="people_own_shifts_ics", summary="Your own shifts as iCalendar"
    )
    def get(self, request: Request) -> HttpResponse:
        now = clock.now()
        shifts = _near(now).filter(person__user=cast(User, request.user))
        return self.answered("On call", shifts, names=True, now=now)


def _near(now: datetime) -> Any:
    near = Shift.objects.overlapping(now - BACK, now + AHEAD).select_related("rotation", "person")
    return near.order_by("starts_at", "level", "pk")


def calendar_file(name: str, shifts: Iterable[Shift], *, names: bool, now: datetime) -> bytes:
    from icalendar import Calendar, Event  # large: see readiness/organisation/people/core/calendars.py

    calendar = Calendar()
    calendar.add("prodid", "-//Muster//On call//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", name)
    for shift in shifts:
        event = Event()
        event.add(
            "uid", f"{shift.rotation.slug}-{shift.level}-{int(shift.starts_at.timestamp())}-{shift.pk}@muster"
        )
        event.add("dtstamp", now)
        event.add("dtstart", shift.starts_at)
        event.add("dtend", shift.ends_at)
        event.add("summary", _summary(shift, names=names))
        event.add("description", f"{shift.rotation.name}, {shift.rotation.get_domain_display()}")
        calendar.add_component(event)
    return calendar.to_ical()


def _summary(shift: Shift, *, names: bool) -> str:
    level = shift.get_level_display().lower()
    if shift.person is None:
        return f"Nobody on call ({level})"
    return f"{shift.person.name} ({level})" if names else f"On call ({level})"
