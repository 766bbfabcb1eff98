"""Cards on the pages of a person and of a rotation: rest, hours a week and cost of overtime by the duty rules."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import User
from readiness.organisation.people.core.duty import Breach
from readiness.organisation.people.core.on_call import HOUR
from readiness.organisation.people.models import Person, Rotation, Shift
from readiness.organisation.people.queries.duty import PersonDuty, around, duties_around, total_costs
from readiness.organisation.people.tables import costs, rest_words
from web.kinds.panels import Panel
from web.links import link
from web.units import how_many, instant, number
from web.visibility import name_of, sees_names

SEES_SHIFTS = "people.view_shift"
A_FEW = 20


@dataclass(frozen=True, slots=True)
class DutyOfPerson:
    person: Person
    duty: PersonDuty

    @property
    def costs(self) -> str:
        return costs(self.duty.costs)

    @property
    def least_rest(self) -> str:
        return rest_words(self.duty)


def person_panel(obj: Person, *, user: User, now: datetime) -> Panel | None:
    """Nothing for whoever may not see shifts, and nothing of somebody who has none."""
    if not user.has_perm(SEES_SHIFTS):
        return None
    return _panel(
        [DutyOfPerson(obj, each) for each in duties_around([obj.pk], now=now).values()], {}, now=now
    )


def rotation_panel(obj: Rotation, *, user: User, now: datetime) -> Panel | None:
    """Counts for everybody; people for those who may see names."""
    near = Shift.objects.overlapping(*around(now)).filter(rotation=obj, person__isnull=False)
    people = Person.objects.in_bulk(set(near.order_by().values_list("person", flat=True).distinct()))
    rows = [DutyOfPerson(people[each.person], each) for each in duties_around(people, now=now).values()]
    links = [{"label": "Duty rules", "url": link("duty-rule-list")}]
    return _panel(
        sorted(rows, key=lambda row: (-len(row.duty.breaches), row.person.name, row.person.pk)),
        {"names": sees_names(user), "is_of_rotation": True},
        now=now,
        links=links,
    )


def _panel(
    rows: list[DutyOfPerson], more: Mapping[str, Any], *, now: datetime, links: Any = ()
) -> Panel | None:
    if not rows:
        return None
    names, (first_at, last_at) = bool(more.get("names", True)), around(now)
    context = {
        "rows": rows,
        "number": len(rows),
        "short_of_rest": sum(row.duty.count("rest") > 0 for row in rows),
        "over_hours": sum(row.duty.count("week") > 0 for row in rows),
        "overtime": sum(row.duty.overtime_h for row in rows),
        "costs": costs(total_costs(row.duty for row in rows)),
        "first_at": first_at,
        "last_at": last_at,
        "breaches": list(_breach_rows(rows, now))[:A_FEW] if names else [],
    }
    return Panel(
        key="duty",
        title="Rest and hours",
        template="people/rotations/duty.html",
        context={**context, **more},
        span=12,
        order=60,
        links=links,
    )


def _breach_rows(rows: Iterable[DutyOfPerson], now: datetime) -> Iterator[dict[str, str]]:
    """Breaches in words, those that are not over first."""
    every = [(breach, row.person) for row in rows for breach in row.duty.breaches]
    for breach, person in sorted(every, key=lambda each: (each[0].ends_at <= now, each[0].starts_at)):
        yield {
            "title": f"{name_of(person)}: {breach_words(breach)}",
            "text": f"{instant(breach.starts_at)} – {instant(breach.ends_at)}",
        }


def breach_words(breach: Breach) -> str:
    if breach.kind == "week":
        return f"{number(breach.hours, 1)} hours a week on average, of {number(breach.limit)} at most"
    on_duty_h = (breach.ends_at - breach.starts_at) / HOUR
    if on_duty_h > breach.limit:
        return f"{number(round(on_duty_h, 1))} hours on end, so less than {number(breach.limit)} hours of rest in 24"
    return f"{how_many(round(breach.hours, 1), 'hour', 'hours')} of rest, of {number(breach.limit)} at least"
