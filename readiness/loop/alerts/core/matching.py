"""Which alerts a silence or maintenance window holds back: those that agree with everything that it names."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSubject:
    """The subject of an alert. `regions` are the ids of the site's region and of all regions around it."""

    key: str
    kind: str
    site_id: int | None = None
    regions: frozenset[int] = frozenset()
    domain: str = ""
    check_id: str = ""
    object: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertMatcher:
    """Each part that is None or "" agrees with every alert. In `object`, * stands for any text, and upper and lower
    case are one."""

    region_id: int | None = None
    site_id: int | None = None
    domain: str = ""
    kind: str = ""
    check_id: str = ""
    object: str = ""
    key: str = ""

    def matches(self, subject: AlertSubject) -> bool:
        return (
            (self.site_id is None or self.site_id == subject.site_id)
            and (self.region_id is None or self.region_id in subject.regions)
            and self.domain in ("", subject.domain)
            and self.kind in ("", subject.kind)
            and self.check_id in ("", subject.check_id)
            and self.key in ("", subject.key)
            and (not self.object or _pattern(self.object).fullmatch(subject.object) is not None)
        )


def _pattern(text: str) -> re.Pattern[str]:
    # The module `re` keeps what it compiled. Several stars in a row would only take longer than one.
    parts = re.split(r"\*+", text)
    return re.compile(".*".join(map(re.escape, parts)), re.IGNORECASE | re.DOTALL)


class MatcherIndex[T]:
    """Matchers by the site that they name, each with a value. An alert is compared with those of its site, and with
    those that name none."""

    def __init__(self, matchers: Iterable[tuple[AlertMatcher, T]]) -> None:
        self._by_site: dict[int | None, list[tuple[AlertMatcher, T]]] = {}
        for matcher, value in matchers:
            self._by_site.setdefault(matcher.site_id, []).append((matcher, value))

    def matching(self, subject: AlertSubject) -> Iterator[T]:
        places: Sequence[int | None] = (None,) if subject.site_id is None else (subject.site_id, None)
        for place in places:
            for matcher, value in self._by_site.get(place, ()):
                if matcher.matches(subject):
                    yield value
