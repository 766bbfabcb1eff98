"""Who is told of an alert, level by level: the people of a route's levels at an instant, and what comes with Muster."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple

from readiness.loop.alerts.core.kinds import AlertKind, AlertSeverity

SUBSCRIBER = "subscriber"
"""The role of whoever hears of an alert without having to act on it."""


class EscalationTarget(StrEnum):
    """The recipients that a level can name."""

    PRIMARY = "primary"
    SECONDARY = "secondary"
    OWNER = "owner"
    PERSON = "person"
    CHANNEL = "channel"


class NotTold(StrEnum):
    """Why a recipient is not told."""

    NONE = ""
    NO_ACCOUNT = "no-account"
    NOT_VISIBLE = "not-visible"
    NO_CHANNEL = "no-channel"
    OVERTAKEN = "overtaken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """A user, or a shared channel; neither for a person who has no account. `role` is why they are told, in words."""

    user_id: int | None = None
    channel_id: int | None = None
    role: str
    lack: NotTold = NotTold.NONE

    @property
    def key(self) -> str:
        return f"channel:{self.channel_id}" if self.channel_id is not None else f"user:{self.user_id}"


@dataclass(frozen=True, slots=True)
class RouteLevel:
    """`after` is the delay from the beginning of the escalation."""

    after: timedelta
    recipients: tuple[Recipient, ...]

    @property
    def can_be_told(self) -> bool:
        return not all(recipient.lack for recipient in self.recipients)


@dataclass(frozen=True, slots=True)
class Recipients:
    """Who is told of one alert: `levels` one after the other until somebody acknowledges, at least one, whose first
    comes at once; `subscribers` of its beginning and end; the `last_resort`, if there is one, where nobody takes it."""

    levels: tuple[RouteLevel, ...]
    subscribers: tuple[Recipient, ...] = ()
    last_resort: Recipient | None = None

    @property
    def keys(self) -> frozenset[str]:
        """The keys of those who have to act on it; subscribers have not."""
        return frozenset(
            recipient.key for level in self.levels for recipient in level.recipients if not recipient.lack
        )

    def keys_due(self, after: timedelta) -> frozenset[str]:
        """The keys of those whose level is due this long after the escalation began."""
        return Recipients(tuple(level for level in self.levels if level.after <= after)).keys


class Whom(NamedTuple):
    """`number` is the key of the person or the channel, where the target is one."""

    target: EscalationTarget
    number: int | None = None


@dataclass(frozen=True, slots=True)
class LevelTarget:
    """A level as its route has it."""

    after: timedelta
    whom: Whom


SHIPPED_ROUTE = (
    LevelTarget(timedelta(), Whom(EscalationTarget.PRIMARY)),
    LevelTarget(timedelta(minutes=10), Whom(EscalationTarget.SECONDARY)),
    LevelTarget(timedelta(minutes=20), Whom(EscalationTarget.OWNER)),
)
"""Where no route is entered. Our judgement: two are paged before whoever answers for the item."""
OWNER_ROUTE = (LevelTarget(timedelta(), Whom(EscalationTarget.OWNER)),)
ESCALATES = (AlertSeverity.CRITICAL, AlertSeverity.ERROR)
"""Severities that go through all levels; of the others the first level is told once."""
DATED = frozenset(
    {
        AlertKind.SHIFT,
        AlertKind.WAIVER,
        AlertKind.QUALIFICATION,
        AlertKind.OWNERSHIP,
        AlertKind.EVIDENCE,
        AlertKind.CERTIFICATE,
        AlertKind.DUTY,
        AlertKind.SURVEILLANCE,
        AlertKind.CERTIFICATION,
        AlertKind.REACH,
    }
)
_STANDS_IN = {
    Whom(EscalationTarget.PRIMARY): Whom(EscalationTarget.SECONDARY),
    Whom(EscalationTarget.SECONDARY): Whom(EscalationTarget.OWNER),
}


def route_for(
    kind: AlertKind, severity: AlertSeverity, levels: Sequence[LevelTarget]
) -> Sequence[LevelTarget]:
    """Choose the levels that an alert goes through. What has a date goes to the owner, unless it is critical; what is
    not urgent goes to the first level only."""
    if kind in DATED and severity is not AlertSeverity.CRITICAL:
        return OWNER_ROUTE
    return levels if severity in ESCALATES else levels[:1]


def nearest_route[T](
    routes: Mapping[tuple[str, int | None, str], T],
    *,
    site_id: int | None,
    region_ids: Sequence[int],
    domain: str,
) -> T | None:
    """Find the route of the nearest home; of two routes of one home, that with the domain. Keys are ("site",
    id, domain), ("region", id, domain) and ("", None, domain); `region_ids` are those around the site, the
    nearest first."""
    homes = (("site", site_id), *(("region", each) for each in region_ids), ("", None))
    keys = ((home, number, each) for home, number in homes for each in (domain, ""))
    return next((routes[key] for key in keys if key in routes), None)


def levels_of(
    levels: Iterable[LevelTarget], people: Mapping[Whom, Sequence[Recipient]]
) -> tuple[RouteLevel, ...]:
    """Find who is told at each level. Where nobody is on call, the next target stands in. A level of nobody, or only of
    people who are told before, is left out; the first of the others comes at once."""
    levels_with_people: list[RouteLevel] = []
    keys_before: set[str] = set()
    for level in levels:
        recipients = tuple(
            each for each in _recipients_at(level.whom, people) if each.lack or each.key not in keys_before
        )
        if not recipients:
            continue
        keys_before |= {recipient.key for recipient in recipients if not recipient.lack}
        levels_with_people.append(RouteLevel(level.after, recipients))
    if not levels_with_people:
        return (RouteLevel(timedelta(), ()),)
    return _first_at_once(levels_with_people)


def _recipients_at(whom: Whom, people: Mapping[Whom, Sequence[Recipient]]) -> Sequence[Recipient]:
    recipients = tuple(people.get(whom, ()))
    stand_in = _STANDS_IN.get(whom)
    if stand_in is None or any(not each.lack for each in recipients):
        return recipients
    return (*recipients, *_recipients_at(stand_in, people))


def _first_at_once(levels: list[RouteLevel]) -> tuple[RouteLevel, ...]:
    """Join levels at which nobody can be told with the next one, so that no time is lost."""
    merged: list[RouteLevel] = []
    waiting: tuple[Recipient, ...] = ()
    for level in levels:
        if not level.can_be_told:
            waiting += level.recipients
            continue
        merged.append(RouteLevel(level.after, (*waiting, *level.recipients)))
        waiting = ()
    if waiting:
        last = merged.pop() if merged else RouteLevel(timedelta(), ())
        merged.append(RouteLevel(last.after, (*last.recipients, *waiting)))
    return (replace(merged[0], after=timedelta()), *merged[1:])
