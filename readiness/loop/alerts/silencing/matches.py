"""How many open alerts a silence or window matches now, and waking them when it changes."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from readiness.loop.alerts.core.matching import AlertMatcher, AlertSubject, MatcherIndex
from readiness.loop.alerts.models import Alert
from readiness.loop.alerts.silencing.spans import regions_of, subject_of
from web.scopes import everything

MOST_NAMED, ANYTHING = 5, AlertMatcher()


@dataclass(frozen=True, slots=True)
class AlertMatches:
    """`titles` are those of the first few alerts, the most severe first."""

    number: int
    titles: tuple[str, ...]

    @property
    def more(self) -> int:
        return self.number - len(self.titles)


class OpenAlert(NamedTuple):
    """Plain values: there may be ten thousand."""

    pk: int
    key: str
    kind: str
    site_id: int | None
    domain: str
    check_id: str
    object: str
    title: str
    site: str | None


def matches_of(matcher: AlertMatcher, *, within: AlertMatcher = ANYTHING) -> AlertMatches:
    """The open alerts that the reader sees and both match; three statements."""
    titles = [
        f"{alert.title}, {alert.site}" if alert.site is not None else alert.title
        for alert, subject in _open_alerts()
        if matcher.matches(subject) and within.matches(subject)
    ]
    return AlertMatches(len(titles), tuple(titles[:MOST_NAMED]))


def numbers_matched[K](matchers: Mapping[K, AlertMatcher]) -> dict[K, int]:
    """The number of open alerts that the reader sees and each matches; three statements for any number."""
    index = MatcherIndex((matcher, key) for key, matcher in matchers.items())
    numbers = Counter(key for _, subject in _open_alerts() for key in index.matching(subject))
    return {key: numbers[key] for key in matchers}


def wake(matchers: Collection[AlertMatcher], *, now: datetime) -> None:
    """Have the next run look at the open alerts that any of these matches, whoever asks; in the caller's
    transaction."""
    with everything():
        keys = [
            alert.pk
            for alert, subject in _open_alerts()
            if any(matcher.matches(subject) for matcher in matchers)
        ]
        if keys:
            alerts = Alert.objects.open().filter(pk__in=keys)
            # In the order in which a run locks them; otherwise each could wait for the other.
            locked_keys = list(
                alerts.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True)
            )
            Alert.objects.filter(pk__in=locked_keys).update(next_at=now)


def _open_alerts() -> Iterator[tuple[OpenAlert, AlertSubject]]:
    columns = (*OpenAlert._fields[:-1], "site__name")
    alerts = [OpenAlert._make(row) for row in Alert.objects.open().values_list(*columns)]
    regions = regions_of(alert.site_id for alert in alerts)
    return ((alert, subject_of(alert, regions)) for alert in alerts)
