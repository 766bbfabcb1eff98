"""The address that Explore shows: what is drawn, how metrics are listed, and the addresses of what to draw instead."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict

from telemetry.links import Parameter, explore_url
from telemetry.params import EVERY_SITE, EXPLORED, OBJECTS, OF_BOTH, PARAMETERS, PLACE, SECOND

LISTED = ("by", "q")
# Parameters that say what is drawn: the same metric of the same place is the same choice, however it is summed up.
_CHOICE = ("metric", "site", *OBJECTS)
type Question = Mapping[str, Parameter]


@dataclass(frozen=True, slots=True)
class ExploreAddress:
    """The address's parameters without empty ones; `site` is the one site of its first metric, "" if there is none."""

    params: Mapping[str, Any] = field(default_factory=dict)
    by: str = "site"
    query: str = ""
    site: str = ""

    @property
    def pairs(self) -> list[tuple[str, str]]:
        values = {name: each if isinstance(each, list) else [each] for name, each in self.params.items()}
        return [(name, value) for name, of_name in values.items() for value in of_name]

    @property
    def metric(self) -> str:
        return str(self.params.get("metric", ""))

    @property
    def second_metric(self) -> str:
        return str(self.params.get(f"{SECOND}metric", ""))

    @property
    def first(self) -> dict[str, Parameter]:
        return {name: self.params[name] for name in PARAMETERS if name in self.params and name not in OF_BOTH}

    @property
    def second(self) -> dict[str, Parameter]:
        own_names = {name: f"{SECOND}{name}" for name in PARAMETERS}
        return {name: self.params[own] for name, own in own_names.items() if own in self.params}

    def alone(self, question: Question) -> str:
        return explore_url(dict(question) | self._shared("earlier"))

    def beside(self, question: Question) -> str:
        return explore_url(self.first | self._shared("earlier", "relation"), second=question)

    def widened(self, prefix: str) -> str:
        """The same, with the first or second metric of every site; "" if it is already."""
        places = [f"{prefix}{name}" for name in PLACE]
        if not prefix and not any(name in self.params for name in places):
            return ""
        if prefix and self.params.get(f"{prefix}site") == EVERY_SITE:
            return ""
        remaining = {name: value for name, value in self.params.items() if name not in places}
        return explore_url(remaining | ({f"{prefix}site": EVERY_SITE} if prefix else {}))

    def first_alone(self) -> str:
        return self.alone(self.first)

    @property
    def _second_of_place(self) -> dict[str, Parameter]:
        """The second takes the first one's place if it has none of its own."""
        own = self.second
        if any(name in own for name in PLACE):
            return own
        return {name: value for name, value in self.first.items() if name in PLACE} | own

    def second_alone(self) -> str:
        return self.alone(self._second_of_place)

    def key_of(self, question: Question) -> str:
        choice = _choice(question)
        if choice == _choice(self.first):
            return "A"
        return "B" if self.second_metric and choice == _choice(self._second_of_place) else ""

    def _shared(self, *names: str) -> dict[str, Parameter]:
        """The time, how metrics are listed, and `names`."""
        shared = ("start", "end", "step", *LISTED, *names)
        return {name: self.params[name] for name in shared if name in self.params}


def explore_address(params: QueryDict) -> ExploreAddress:
    filled: dict[str, Any] = {}
    for name in EXPLORED:
        values = [value for value in params.getlist(name) if value.strip()]
        if values and name != "points":
            filled[name] = values[0] if len(values) == 1 else values
    sites = filled.get("site", "")
    one_site = sites if isinstance(sites, str) and sites != EVERY_SITE and "," not in sites else ""
    by = params.get("by", "")
    return ExploreAddress(
        filled,
        by if by in ("domain", "object", "exporter") else "site",
        params.get("q", "").strip(),
        one_site,
    )


def _choice(question: Question) -> dict[str, str]:
    values = {name: str(question[name]) for name in _CHOICE if question.get(name)}
    return {name: value for name, value in values.items() if value != EVERY_SITE}
