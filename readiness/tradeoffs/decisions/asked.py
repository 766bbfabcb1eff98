"""What the address of the record form asks of the placement: the state of the explorer, as it stood there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from django.http import QueryDict
from django.utils.translation import gettext as _

from inventory.models import Site
from readiness.workloads.models import WorkloadClass

WORDS = ("currency", "carbon", "today")


@dataclass(frozen=True, slots=True)
class Question:
    """`refusal` says what of it cannot be read; `workload` and `site` are None where the address names none."""

    workload: WorkloadClass | None = None
    site: Site | None = None
    weights: Mapping[str, float] = field(default_factory=dict)
    what_if: Mapping[str, Any] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    refusal: str = ""

    @property
    def is_whole(self) -> bool:
        return self.workload is not None and self.site is not None and not self.refusal

    def given(self) -> dict[str, Any]:
        """What the operation takes of it."""
        return {
            "workload": self.workload,
            "site": self.site,
            "weights": self.weights,
            "what_if": self.what_if,
            **self.words,
        }


def of_address(query: QueryDict) -> Question:
    """`weights` and `what_if` are JSON objects, as the endpoint of placements takes them."""
    workload = WorkloadClass.objects.filter(slug=_text(query, "workload")).first()
    site = Site.objects.filter(slug=_text(query, "site")).first()
    words = {name: _text(query, name) for name in WORDS if _text(query, name)}
    try:
        parts = {name: _object(query, name) for name in ("weights", "what_if")}
    except ValueError as error:
        return Question(workload, site, words=words, refusal=str(error))
    refusal = ""
    if workload is None:
        refusal = _("The address names no workload that there is.")
    elif site is None:
        refusal = _("The address names no site that there is.")
    return Question(workload, site, **parts, words=words, refusal=refusal)


def _text(query: QueryDict, name: str) -> str:
    return query.get(name, "").replace("\x00", "")[:100]


def _object(query: QueryDict, name: str) -> dict[str, Any]:
    text = query.get(name, "")
    try:
        found = orjson.loads(text) if text else {}
    except orjson.JSONDecodeError as error:
        raise ValueError(_("%(name)s is no JSON object.") % {"name": name}) from error
    if not isinstance(found, dict):
        raise ValueError(_("%(name)s is no JSON object.") % {"name": name})
    return found
