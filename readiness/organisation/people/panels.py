"""Cards on the pages of a rotation (the next four weeks, the next 52, and what is wrong) and of a survey."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import User
from readiness.organisation.people.core.on_call import PRIMARY, gaps
from readiness.organisation.people.core.rotations import TimeSpan
from readiness.organisation.people.models import Level, Person, Rotation, Survey
from readiness.organisation.people.queries import surveys as queries
from readiness.organisation.people.queries.hours import FOUR_WEEKS, PlannedDuty, RotationOutlook, outlook_of
from web.kinds.panels import Panel
from web.links import link
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


def outlook_panel(obj: Rotation, *, user: User, now: datetime) -> Panel:
    outlook, names = outlook_of(obj, now=now), sees_names(user)
    people = dict.fromkeys(duty.person for duty in outlook.weeks if duty.person is not None)
    tones = {
        person: f"pillar-{place % TONES + 1}" if names else "accent" for place, person in enumerate(people)
    }
    by_level = {
        str(level.label): [each for each in outlook.weeks if each.shift.level == level] for level in Level
    }
    links = [{"label": "Calendar file", "url": link("rotation-ics", obj.slug)}]
    if names:
        links.append({"label": "Hours", "url": link("on-call-hours", rotation=obj.slug)})
    return Panel(
        key="outlook",
        title="The weeks ahead",
        template="people/rotations/outlook.html",
        context={
            "outlook": outlook,
            "lanes": [
                {"label": label, "bars": [_bar(duty, tones, now, names) for duty in duties]}
                for label, duties in by_level.items()
                if duties
            ],
            "legend": _legend(outlook, tones, names),
            "first_at": now,
            "last_at": now + FOUR_WEEKS,
            "names": names,
            "problems": list(_problems(obj, outlook, names=names)),
        },
        span=12,
        order=50,
        links=links,
    )


def _legend(outlook: RotationOutlook, tones: Mapping[Person, str], names: bool) -> list[dict[str, str]]:
    """A colour for each person, or for those who share it; for whoever may not see names, one for all."""
    labels: dict[str, dict[str, None]] = {}
    for person, tone in tones.items():
        labels.setdefault(tone, {})[name_of(person) if names else "covered"] = None
    if any(duty.person is None for duty in outlook.weeks):
        labels["gap"] = {"nobody": None}
    return [{"role": role, "label": ", ".join(each)} for role, each in labels.items()]


def _bar(duty: PlannedDuty, tones: Mapping[Person, str], now: datetime, names: bool) -> Bar:
    begins = 100 * max((duty.shift.starts_at - now) / FOUR_WEEKS, 0.0)
    ends = 100 * min((duty.shift.ends_at - now) / FOUR_WEEKS, 1.0)
    tone = tones[duty.person] if duty.person is not None else "gap"
    words = f"{_whose(duty, names=names)}, {_times(duty.shift)}"
    return Bar(round(begins, 2), round(max(ends - begins, 0.1), 2), tone, words)


def _times(span: TimeSpan) -> str:
    return f"{instant(span.starts_at)} – {instant(span.ends_at)}"


def _whose(duty: PlannedDuty, *, names: bool) -> str:
    if duty.person is not None:
        return name_of(duty.person) if names else "covered"
    if names and duty.away is not None:
        why = (
            "is on call already" if duty.shift.is_double else "has left" if duty.shift.has_left else "is away"
        )
        return f"nobody: {name_of(duty.away)} {why}"
    if names and duty.shift.unknown_name:
        return f"{duty.shift.unknown_name} (unknown)"
    return "nobody"


def _problems(rotation: Rotation, outlook: RotationOutlook, *, names: bool) -> Iterator[dict[str, Any]]:
    """Say what is wrong, and when; with whom, only for those who may know."""
    if error := rotation.calendar_error or outlook.error:
        yield {"title": "The calendar cannot be read", "text": error}
    elif not outlook.weeks:
        yield {"title": "There are no shifts", "text": "No layer has people, and there is no calendar."}
    for name in outlook.strangers:
        text = f"“{name}” is neither a user name nor an e-mail of a person." if names else ""
        yield {"title": "The calendar names somebody unknown", "text": text}
    for moment in outlook.moments:
        title = f"“{moment.title or 'without a title'}”, " if names else ""
        text = f"{title}{instant(moment.at)}: the event at line {moment.line} has no end, so it is no shift."
        yield {"title": "An event of the calendar takes no time", "text": text}
    for duty in outlook.clashes:
        who = f"{name_of(duty.away)}, " if names else ""
        text = f"{who}{Level(duty.shift.level).label.lower()}, {_times(duty.shift)}"
        yield {"title": "Nobody takes a shift because of leave", "text": text}
    for duty in outlook.doubles:
        who = f"{name_of(duty.away)} is on call already: " if names else ""
        text = f"{who}{Level(duty.shift.level).label.lower()}, {_times(duty.shift)}"
        yield {"title": "One person would be two", "text": text}
    for person in outlook.gone:
        text = f"{name_of(person)}: their shifts are nobody’s" if names else "Their shifts are nobody’s"
        yield {"title": "Somebody who left still takes turns", "text": text}
    explained = [duty.shift for duty in outlook.clashes if duty.shift.level == PRIMARY]
    for gap in outlook.gaps:
        for rest in gaps(explained, gap.starts_at, gap.ends_at):
            yield {"title": "No primary", "text": _times(rest)}


def answers_panel(obj: Survey, *, user: User, now: datetime) -> Panel:
    """Where a survey is answered, for those who are asked, and where its results are."""
    links = [{"label": "Results", "url": link("survey-results", obj.pk)}]
    is_asked = obj.phase(now) == "open" and queries.questions_for(obj, user, now=now).exists()
    if is_asked:
        links.insert(0, {"label": "Answer", "url": link("survey-answer", obj.pk)})
    waits = is_asked and queries.unanswered(user, now=now).filter(survey=obj).exists()
    return Panel(
        key="answers",
        title="Answers",
        template="people/survey_panel.html",
        context={"is_asked": is_asked, "waits": waits, "survey": obj},
        links=links,
        order=150,
    )
