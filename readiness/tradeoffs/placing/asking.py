"""A question from the body of a request or the address of a page, and who may ask it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from readiness.tradeoffs.placing.question import BadQuestion, CarbonKind, Question, weights_of, what_if_of

MAY_PLACE = (
    "inventory.view_site",
    "scoring.view_sitescore",
    "workloads.view_workloadclass",
    "tradeoffs.view_sitefactor",
    "tradeoffs.view_latencyfactor",
)
_CURRENCY = re.compile(r"[A-Z]{3}")


def question_of(given: Mapping[str, Any]) -> Question:
    """Of `weights`, `what_if`, `currency`, `carbon` and `today`. Raises BadQuestion with the field at fault."""
    for name in ("weights", "what_if"):
        if given.get(name) is not None and not isinstance(given[name], Mapping):
            raise BadQuestion(name, "It has to be an object.")
    currency, carbon, today = (_text(given, name) for name in ("currency", "carbon", "today"))
    if currency and not _CURRENCY.fullmatch(currency):
        raise BadQuestion("currency", "Three capital letters, ISO 4217.")
    if carbon and carbon not in list(CarbonKind):
        raise BadQuestion("carbon", f"It has to be one of {', '.join(CarbonKind)}.")
    return Question(
        weights=weights_of(given.get("weights")),
        what_if=what_if_of(given.get("what_if")),
        currency=currency,
        carbon=CarbonKind(carbon) if carbon else CarbonKind.AVERAGE,
        today=today,
    )


def _text(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > 100 or "\x00" in value:
        raise BadQuestion(name, "It has to be a text of 100 characters at most.")
    return value
