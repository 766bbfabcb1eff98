"""The shifts of a week by rotation, as bars; one statement for the rotations of a page."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from readiness.organisation.people.core.on_call import LEVELS, gaps
from readiness.organisation.people.core.rotations import TimeSpan
from readiness.organisation.people.core.team_calendar import span_of
from readiness.organisation.people.models import Level, Rotation, Shift
from readiness.organisation.people.strips import ROOM_FOR_INITIALS, TONES, StripBar, letters
from web.units import instant
from web.visibility import name_of

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class DayTick:
    """The beginning of a day, in % of the week."""

    x: float
    label: str


@dataclass(frozen=True, slots=True)
class LevelWeek:
    """`words` says who has the level in turn, as the drawing does."""

    label: str
    bars: Sequence[StripBar]
    words: str


@dataclass(frozen=True, slots=True)
class RotationWeek:
    """`open_h` are hours of the week in which a level is nobody's, by level."""

    rotation: Rotation
    ticks: Sequence[DayTick]
    levels: Sequence[LevelWeek]
    open_h: dict[int, float]

    @property
    def pk(self) -> int:
        return self.rotation.pk

    @property
    def primary_open_h(self) -> float:
        return self.open_h[Level.PRIMARY]

    @property
    def secondary_open_h(self) -> float:
        return self.open_h[Level.SECONDARY]

    @property
    def words(self) -> str:
        return "; ".join(level.words for level in self.levels)


def rotation_weeks(
    rotations: Iterable[Rotation], days: Sequence[date], zone: ZoneInfo, *, names: bool
) -> list[RotationWeek]:
    rotations, week = list(rotations), span_of(days, zone)
    ticks = [_tick(day, week, zone) for day in days]
    of_rotation: dict[int, list[Shift]] = defaultdict(list)
    shifts = Shift.objects.overlapping(week.starts_at, week.ends_at)
    shifts = shifts.filter(rotation__in=rotations, level__in=LEVELS, person__isnull=False)
    for shift in shifts.select_related("person__user").order_by("starts_at", "pk"):
        of_rotation[shift.rotation_id].append(shift)
    return [
        RotationWeek(rotation, ticks, *_levels(of_rotation[rotation.pk], week, names=names))
        for rotation in rotations
    ]


def _tick(day: date, week: TimeSpan, zone: ZoneInfo) -> DayTick:
    begins_at = span_of((day,), zone).starts_at
    x = 100 * ((begins_at - week.starts_at) / (week.ends_at - week.starts_at))
    return DayTick(round(x, 2), f"{day:%a} {day.day}")


def _levels(
    shifts: Sequence[Shift], week: TimeSpan, *, names: bool
) -> tuple[list[LevelWeek], dict[int, float]]:
    people = dict.fromkeys(shift.person_id for shift in shifts)
    tones = {
        person: f"pillar-{place % TONES + 1}" if names else "accent" for place, person in enumerate(people)
    }
    levels: list[LevelWeek] = []
    open_h: dict[int, float] = {}
    for level in LEVELS:
        of_level = [shift for shift in shifts if shift.level == level and _is_taken(shift)]
        spans = [TimeSpan(starts_at=shift.starts_at, ends_at=shift.ends_at) for shift in of_level]
        open_spans = gaps(spans, week.starts_at, week.ends_at)
        open_spans = [span for span in open_spans if span.ends_at > span.starts_at]
        open_h[int(level)] = sum((span.ends_at - span.starts_at) / HOUR for span in open_spans)
        bars = [
            *_shift_bars(of_level, tones, week, names=names),
            *(_bar(span, week, "gap", "nobody", "–") for span in open_spans),
        ]
        label = str(Level(level).label)
        turns = dict.fromkeys(bar.words for bar in sorted(bars, key=lambda bar: bar.x))
        levels.append(LevelWeek(label, bars, f"{label}: {'; '.join(turns)}"))
    return levels, open_h


def _is_taken(shift: Shift) -> bool:
    return shift.person is not None and not shift.person.left_by(shift.starts_at)


def _shift_bars(
    shifts: Iterable[Shift], tones: dict[int | None, str], week: TimeSpan, *, names: bool
) -> Iterator[StripBar]:
    for shift in shifts:
        who = name_of(shift.person) if names else "covered"
        short = letters(who) if names else ""
        yield _bar(shift, week, tones[shift.person_id], who, short)


def _bar(span: TimeSpan | Shift, week: TimeSpan, tone: str, who: str, short: str) -> StripBar:
    length = week.ends_at - week.starts_at
    begins = max(100 * ((span.starts_at - week.starts_at) / length), 0.0)
    width = max(min(100 * ((span.ends_at - week.starts_at) / length), 100.0) - begins, 0.1)
    words = f"{who}, {instant(span.starts_at)} – {instant(span.ends_at)}"
    return StripBar(
        round(begins, 2), round(width, 2), tone, words, short if width >= ROOM_FOR_INITIALS else ""
    )
