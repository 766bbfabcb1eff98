"""Steps that a reader may take to give a short shift to somebody; the pages that move shifts do it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.timezone import localtime

from readiness.boards.cover.queries import ShiftDetail
from readiness.organisation.people.models import Rotation
from readiness.organisation.people.operations.swaps import MAY_MOVE, MAY_SWAP
from readiness.organisation.people.queries.candidates import Candidate
from web import scopes
from web.links import link
from web.units import number
from web.visibility import name_of

# From this share of the hours of a week on, they are near the limit.
NEAR = 5 / 6
SEES_SHIFTS, MAY_OVERRIDE = "people.view_shift", "people.add_override"


@dataclass(frozen=True, slots=True)
class Taker:
    """Somebody who could take a shift, with the page that gives it to them; "" for readers who may not."""

    candidate: Candidate
    url: str
    label: str

    @property
    def initials(self) -> str:
        words = name_of(self.candidate.person).split()
        return "".join(word[0] for word in (words[0], words[-1])[: len(words)]).upper()

    @property
    def rest_h(self) -> float | None:
        """The shorter time without a shift, before or after."""
        rests = (self.candidate.rest_before_h, self.candidate.rest_after_h)
        return min((rest for rest in rests if rest is not None), default=None)

    @property
    def rest(self) -> str:
        return "rested for a week" if self.rest_h is None else f"{number(self.rest_h, 0)} h rest"

    @property
    def rest_tone(self) -> str:
        least = self.candidate.limits.rest_h
        return "warn" if self.rest_h is not None and least is not None and self.rest_h < least else "ok"

    @property
    def hours(self) -> str:
        most = self.candidate.limits.week_h
        worked = number(self.candidate.hours_7d, 0)
        return f"{worked} h in the week" if most is None else f"{worked} of {number(most, 0)} h"

    @property
    def hours_tone(self) -> str:
        most = self.candidate.limits.week_h
        return "warn" if most is not None and self.candidate.hours_7d > NEAR * most else "ok"


def takers(detail: ShiftDetail, user: Any, *, now: datetime) -> list[Taker]:
    may_write = _is_writable(detail)
    return [
        Taker(each, *(_offer(detail, each, user, now) if may_write else ("", ""))) for each in detail.takers
    ]


def _is_writable(detail: ShiftDetail) -> bool:
    """Whether the rotation lies within the reader's scope."""
    if scopes.sees_all():
        return True
    rotation = Rotation.objects.filter(pk=detail.rotation_id or 0).first()
    return rotation is not None and scopes.may_write(rotation)


def _offer(detail: ShiftDetail, candidate: Candidate, user: Any, now: datetime) -> tuple[str, str]:
    shift = detail.weak
    if shift is not None and shift.person is not None:
        is_own = shift.person.user_id == user.pk and shift.starts_at > now
        if is_own and candidate.role == "rotation" and user.has_perms((SEES_SHIFTS, MAY_SWAP)):
            return link("shift-swap", shift.pk), "Ask to swap"
        if user.has_perms((SEES_SHIFTS, MAY_MOVE)) and shift.ends_at > now:
            return link("shift-move", shift.pk, taker=candidate.person.pk), "Give the shift"
        return "", ""
    level = shift.level if shift is not None else detail.free_level
    if level is None or detail.rotation_id is None or not user.has_perm(MAY_OVERRIDE):
        return "", ""
    times = {
        "starts_at": _minute(max(detail.span.starts_at, now)),
        "ends_at": _minute(detail.span.ends_at),
    }
    rotation = shift.rotation_id if shift is not None else detail.rotation_id
    return link(
        "override-add", rotation=rotation, level=int(level), person=candidate.person.pk, **times
    ), "Put on call"


def _minute(at: datetime) -> str:
    """An instant as the form of an override shows it."""
    return localtime(at).replace(tzinfo=None).isoformat(sep=" ", timespec="minutes")
