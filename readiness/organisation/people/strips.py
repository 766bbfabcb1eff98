"""A preview drawn as a calendar: for each level a row for each week, with who has it when."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from readiness.organisation.people.core.drafts import DraftOutlook
from readiness.organisation.people.core.rotations import TimeSpan
from readiness.organisation.people.models import Level, Person
from readiness.organisation.people.queries.drafts import RotationPreview
from web.units import day, instant
from web.visibility import name_of

WEEK = timedelta(weeks=1)
TONES = 5
ROOM_FOR_INITIALS = 4.5
"""Bars of fewer percent have no room for two letters on a phone."""


@dataclass(frozen=True, slots=True)
class StripBar:
    """A part of a week, in % of it. `tone` tells people apart; gap is nobody."""

    x: float
    width: float
    tone: str
    words: str
    initials: str = ""

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 2)


@dataclass(frozen=True, slots=True)
class WeekStrip:
    label: str
    words: str
    bars: tuple[StripBar, ...]
    changes: tuple[StripBar, ...]


@dataclass(frozen=True, slots=True)
class LevelStrip:
    level: int
    label: str
    weeks: tuple[WeekStrip, ...]


def level_strips(preview: RotationPreview) -> list[LevelStrip]:
    outlook = preview.outlook
    levels = sorted({shift.level for shift in outlook.shifts} | {gap.level for gap in outlook.gaps})
    tones = tones_of(outlook, preview.people)
    return [
        LevelStrip(level, str(Level(level).label), tuple(_weeks(preview, level, tones))) for level in levels
    ]


def tones_of(outlook: DraftOutlook, people: Mapping[int, Person]) -> dict[int, str]:
    """A colour for each person in the order of their first shifts; more than five share them."""
    first = dict.fromkeys(shift.person for shift in outlook.shifts if shift.person in people)
    return {person: f"pillar-{place % TONES + 1}" for place, person in enumerate(first) if person is not None}


def legend(preview: RotationPreview) -> list[dict[str, str]]:
    labels: dict[str, list[str]] = {}
    for person, tone in tones_of(preview.outlook, preview.people).items():
        name = name_of(preview.people[person])
        labels.setdefault(tone, []).append(f"{letters(name)} {name}")
    if preview.outlook.gaps:
        labels["gap"] = ["nobody"]
    return [{"role": role, "label": ", ".join(names)} for role, names in labels.items()]


def _weeks(preview: RotationPreview, level: int, tones: Mapping[int, str]) -> Iterator[WeekStrip]:
    shifts = [shift for shift in preview.outlook.shifts if shift.level == level and shift.person in tones]
    open_times = [gap for gap in preview.outlook.gaps if gap.level == level]
    changes = [change for change in preview.outlook.changes if change.level == level]
    start = preview.starts_at
    while start < preview.ends_at:
        bars, names = [], []
        for shift in _touching(shifts, start):
            name = name_of(preview.people[shift.person or 0])
            names.append(name)
            bars.append(_bar(shift, start, tones[shift.person or 0], name, letters(name)))
        gaps_of_week = [_bar(gap, start, "gap", "nobody", "–") for gap in _touching(open_times, start)]
        who = ", ".join(dict.fromkeys([*names, *(["nobody for a time"] if gaps_of_week else [])]))
        yield WeekStrip(
            day(start),
            f"{Level(level).label}, week from {day(start)}: {who}",
            (*bars, *gaps_of_week),
            tuple(_bar(change, start, "accent", "Changes") for change in _touching(changes, start)),
        )
        start += WEEK


def _touching[Span: TimeSpan](spans: Iterable[Span], start: datetime) -> Iterator[Span]:
    for span in spans:
        if span.starts_at < start + WEEK and span.ends_at > start:
            yield span


def _bar(span: TimeSpan, start: datetime, tone: str, who: str, short: str = "") -> StripBar:
    begins = max(100 * ((span.starts_at - start) / WEEK), 0.0)
    width = max(min(100 * ((span.ends_at - start) / WEEK), 100.0) - begins, 0.1)
    words = f"{who}, {instant(span.starts_at)} – {instant(span.ends_at)}"
    return StripBar(
        round(begins, 2), round(width, 2), tone, words, short if width >= ROOM_FOR_INITIALS else ""
    )


def letters(name: str) -> str:
    """The first letters of the first and the last name."""
    words = name.split()
    return "".join(word[0] for word in dict.fromkeys([*words[:1], *words[-1:]])).upper()
