"""A card of a rotation's page: the next four weeks, the next 52, and what is wrong."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse

from accounts.models import User
from readiness.people.core.on_call import PRIMARY, Outlook, gaps
from readiness.people.models import Level, Rotation
from readiness.people.queries.hours import FOUR_WEEKS, PlannedDuty, RotationOutlook, outlook_of
from web.kinds.panels import Panel
from web.units import instant
from web.visibility import name_of, sees_names

TONES = 5


@dataclass(frozen=True, slots=True)
class Bar:
    """A shift as it is drawn, in % of the time. `tone` tells people apart; gap is nobody."""

    x: float
    width: float
    tone: str
    words: str


@dataclass(frozen=True, slots=True)
class LevelLane:
    label: str
    bars: tuple[Bar, ...]


def panel_of(obj: Any, *, user: User, now: datetime) -> Panel:
    rotation: Rotation = obj
    outlook = outlook_of(rotation, now=now)
    names = sees_names(user)
    links = [{"label": "Calendar file", "url": reverse("rotation-ics", args=[rotation.slug])}]
    if names:
        links.append({"label": "Hours", "url": f"{reverse('on-call-hours')}?rotation={rotation.slug}"})
    return Panel(
        key="outlook",
        title="The weeks ahead",
        template="people/rotations/outlook.html",
        context={
            "rotation": rotation,
            "outlook": outlook,
            "lanes": _lanes(outlook, now, names),
            "legend": _legend(outlook, names),
            "first_at": now,
            "last_at": now + FOUR_WEEKS,
            "names": names,
            "problems": problems(rotation, outlook, names=names),
            "overloaded": _overloaded(outlook.ahead),
        },
        span=12,
        order=50,
        links=links,
    )


def _overloaded(ahead: Outlook | None) -> int:
    return sum(load.is_overloaded for load in ahead.people) if ahead else 0


def _lanes(outlook: RotationOutlook, now: datetime, names: bool) -> list[LevelLane]:
    people = list(dict.fromkeys(duty.person.pk for duty in outlook.weeks if duty.person is not None))
    lanes = []
    for level in Level:
        duties = [duty for duty in outlook.weeks if duty.shift.level == level]
        if duties:
            bars = tuple(_bar(duty, people, now, names) for duty in duties)
            lanes.append(LevelLane(str(level.label), bars))
    return lanes


def _legend(outlook: RotationOutlook, names: bool) -> list[dict[str, str]]:
    """A colour for each person, or for those who share it; for whoever may not see names, one for all."""
    people = list(dict.fromkeys(duty.person for duty in outlook.weeks if duty.person is not None))
    labels: dict[str, list[str]] = {}
    for place, person in enumerate(people if names else ()):
        labels.setdefault(f"pillar-{place % TONES + 1}", []).append(name_of(person))
    if people and not names:
        labels["accent"] = ["covered"]
    if any(duty.person is None for duty in outlook.weeks):
        labels["gap"] = ["nobody"]
    return [{"role": role, "label": ", ".join(each)} for role, each in labels.items()]


def _bar(duty: PlannedDuty, people: list[int], now: datetime, names: bool) -> Bar:
    begins = 100 * max((duty.shift.starts_at - now) / FOUR_WEEKS, 0.0)
    ends = 100 * min((duty.shift.ends_at - now) / FOUR_WEEKS, 1.0)
    tone = "gap"
    if duty.person is not None:
        tone = f"pillar-{people.index(duty.person.pk) % TONES + 1}" if names else "accent"
    who = whose(duty, names=names)
    times = f"{instant(duty.shift.starts_at)} – {instant(duty.shift.ends_at)}"
    return Bar(round(begins, 2), round(max(ends - begins, 0.1), 2), tone, f"{who}, {times}")


def whose(duty: PlannedDuty, *, names: bool) -> str:
    if duty.person is not None:
        return name_of(duty.person) if names else "covered"
    if names and duty.away is not None:
        return f"nobody: {name_of(duty.away)} {'has left' if duty.shift.has_left else 'is away'}"
    if names and duty.shift.unknown_name:
        return f"{duty.shift.unknown_name} (unknown)"
    return "nobody"


def problems(rotation: Rotation, outlook: RotationOutlook, *, names: bool) -> list[dict[str, Any]]:
    """Say what is wrong, and when; with whom, only for those who may know."""
    found: list[dict[str, Any]] = []
    if error := rotation.calendar_error or outlook.error:
        found.append({"title": "The calendar cannot be read", "text": error})
    if not outlook.weeks and not found:
        found.append(
            {"title": "There are no shifts", "text": "No layer has people, and there is no calendar."}
        )
    for name in outlook.strangers:
        text = f"“{name}” is neither a user name nor an e-mail of a person." if names else ""
        found.append({"title": "The calendar names somebody unknown", "text": text})
    for duty in outlook.clashes:
        level = Level(duty.shift.level).label.lower()
        times = f"{level}, {instant(duty.shift.starts_at)} – {instant(duty.shift.ends_at)}"
        text = f"{name_of(duty.away)}, {times}" if names else times
        found.append({"title": "Nobody takes a shift because of leave", "text": text})
    for person in outlook.gone:
        text = f"{name_of(person)}: their shifts are nobody’s" if names else "Their shifts are nobody’s"
        found.append({"title": "Somebody who left still takes turns", "text": text})
    explained = [duty.shift for duty in outlook.clashes if duty.shift.level == PRIMARY]
    for gap in (rest for each in outlook.gaps for rest in gaps(explained, each.starts_at, each.ends_at)):
        found.append({"title": "No primary", "text": f"{instant(gap.starts_at)} – {instant(gap.ends_at)}"})
    return found
