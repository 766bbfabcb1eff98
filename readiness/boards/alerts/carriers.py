"""Who is on each problem: whoever took its alert on, else who was told of it last, else nobody."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q

from readiness.boards.alerts.told import ToldNotice, last_told
from readiness.loop.alerts.core.kinds import AlertStanding
from readiness.loop.alerts.life.queries import waits_for
from readiness.loop.alerts.models import Alert
from web.visibility import name_of

SEES_ALERTS = "alerts.view_alert"
NOBODY, MINE = "nobody", "mine"


@dataclass(frozen=True, slots=True)
class Carrier:
    """`standing` is that of the alert. `who` acknowledged it, or has it assigned, as the reader may see them; `told` is
    its last notice, None where nobody was told."""

    alert_id: int
    standing: AlertStanding
    who: str
    since: datetime
    until: datetime | None
    by: str
    told: ToldNotice | None

    @property
    def is_nobody(self) -> bool:
        """Whether nobody was reached, and so nobody can be on it."""
        is_told = self.told is not None and not self.told.is_bad
        return self.standing is AlertStanding.ESCALATING and not self.who and not is_told

    @property
    def words(self) -> str:
        """Who is on it, in a sentence for files."""
        match self.standing:
            case AlertStanding.ACKNOWLEDGED:
                return f"{self.who or 'Another system'}, acknowledged"
            case AlertStanding.SILENCED:
                return f"Silenced: {self.by}"
            case AlertStanding.MUTED:
                return "Told with its cause"
        if self.who:
            return f"{self.who}, assigned"
        return f"{self.told.who}, {self.told.result}" if self.told and not self.is_nobody else "Nobody"


def carriers_of(problem_ids: Iterable[int]) -> Mapping[int, Carrier]:
    """Who is on each of the problems that have an alert; two statements."""
    alerts = list(
        Alert.objects.open().filter(problem__in=problem_ids).select_related("acknowledged_by", "assigned_to")
    )
    told = last_told([alert.pk for alert in alerts])
    return {alert.problem_id: carrier_of(alert, told.get(alert.pk)) for alert in alerts if alert.problem_id}


def carrier_now(alert: Alert, told: Sequence[ToldNotice]) -> Carrier | None:
    """Who is on an alert with these newest notices; None once it ended."""
    if alert.ended_at is not None:
        return None
    return carrier_of(alert, next((each for each in reversed(told) if each.is_of_carrier), None))


def carrier_of(alert: Alert, told: ToldNotice | None) -> Carrier:
    standing = AlertStanding(alert.standing)
    is_taken = standing is AlertStanding.ACKNOWLEDGED
    return Carrier(
        alert.pk,
        standing,
        name_of(alert.acknowledged_by if is_taken else alert.assigned_to),
        alert.acknowledged_at if is_taken and alert.acknowledged_at else alert.standing_since,
        alert.acknowledged_until if is_taken else alert.next_at,
        alert.standing_by,
        told,
    )


def _alerts_of_problem() -> Any:
    return Alert.objects.open().filter(problem=OuterRef("pk"))


def not_taken() -> Q:
    """A condition for problems whose alert nobody has acknowledged, and nothing holds back."""
    return Q(Exists(_alerts_of_problem().filter(standing=AlertStanding.ESCALATING)))


def mine(user: Any) -> Q:
    """A condition for problems that the user has taken on, or whose alert waits for them."""
    is_mine = Q(acknowledged_by=user.pk) | Q(assigned_to=user.pk) | waits_for(user)
    return Q(Exists(_alerts_of_problem().filter(is_mine)))
