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
    """Those to whom a level goes."""

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
    comes at once; `subscribers` of its beginning and end."""

    levels: tuple[RouteLevel, ...]
    subscribers: tuple[Recipient, ...] = ()

    @property
    def keys(self) -> frozenset[str]:
        """Those who have to act on it; whoever subscribed does not."""
        return frozenset(
            recipient.key for level in self.levels for recipient in level.recipients if not recipient.lack
        )


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
    """The levels that an alert goes through: what has a date goes to the owner, unless it is critical, and what is
    not urgent to the first level only."""
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
    """The route of the nearest home, and of two of one home that with the domain. Keys are ("site", id, domain),
    ("region", id, domain) and ("", None, domain); `region_ids` are those around the site, the nearest first."""
    homes = (("site", site_id), *(("region", each) for each in region_ids), ("", None))
    keys = ((home, number, each) for home, number in homes for each in (domain, ""))
    return next((routes[key] for key in keys if key in routes), None)


def regions_outwards(region_id: int, parents: Mapping[int, int | None]) -> tuple[int, ...]:
    """A region and those around it, the nearest first. `parents` has the region around each."""
    outwards: list[int] = []
    current: int | None = region_id
    while current is not None and current not in outwards:
        outwards.append(current)
        current = parents.get(current)
    return tuple(outwards)


def levels_of(
    levels: Iterable[LevelTarget], people: Mapping[Whom, Sequence[Recipient]]
) -> tuple[RouteLevel, ...]:
    """Who is told at each level. Where nobody is on call, who comes after stands in; a level of nobody, or only of
    those who were told before, is left out, and the first that is left comes at once."""
    kept_levels: list[RouteLevel] = []
    told: set[str] = set()
    for level in levels:
        recipients = tuple(each for each in _present(level.whom, people) if each.lack or each.key not in told)
        if not recipients:
            continue
        told |= {recipient.key for recipient in recipients if not recipient.lack}
        kept_levels.append(RouteLevel(level.after, recipients))
    if not kept_levels:
        return (RouteLevel(timedelta(), ()),)
    return _first_at_once(kept_levels)


def _present(whom: Whom, people: Mapping[Whom, Sequence[Recipient]]) -> Sequence[Recipient]:
    recipients = tuple(people.get(whom, ()))
    stand_in = _STANDS_IN.get(whom)
    if stand_in is None or any(not each.lack for each in recipients):
        return recipients
    return (*recipients, *_present(stand_in, people))


def _first_at_once(levels: list[RouteLevel]) -> tuple[RouteLevel, ...]:
    """Levels that nobody can be told of go with the next one, so that no time is lost with them."""
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
