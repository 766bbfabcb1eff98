"""How the questions of trade-offs are read: numbers within a span, short texts, currencies and kinds of carbon."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from web.parameters import BadParameter

_CURRENCY = re.compile(r"[A-Z]{3}")


class CarbonKind(StrEnum):
    """The intensity that carbon is counted with: the grid's mean, its marginal plant, or that of contracts."""

    AVERAGE = "average"
    MARGINAL = "marginal"
    MARKET = "market"


class BadTradeoffQuestion(BadParameter):
    """A question that cannot be answered; `field` is the parameter at fault."""


@dataclass(frozen=True, slots=True)
class AllowedSpan:
    """The least and the most that a number may be."""

    low: float
    high: float


def number_within(field: str, given: Any, span: AllowedSpan) -> float:
    """Return a finite number within the span; a text that is a number counts."""
    if isinstance(given, bool) or not isinstance(given, (int, float, str)):
        raise BadTradeoffQuestion(field, "It has to be a number.")
    try:
        value = float(given)
    except ValueError as error:
        raise BadTradeoffQuestion(field, f"{given!r} is no number.") from error
    if not span.low <= value <= span.high:
        raise BadTradeoffQuestion(field, f"It has to be from {span.low:g} to {span.high:g}.")
    return value


def short_text(field: str, given: Any) -> str:
    if given is None:
        return ""
    if not isinstance(given, str) or len(given) > 100 or "\x00" in given:
        raise BadTradeoffQuestion(field, "It has to be a text of 100 characters at most.")
    return given


def currency_of(given: Any, usual: str = "") -> str:
    if given in (None, ""):
        return usual
    if not isinstance(given, str) or not _CURRENCY.fullmatch(given):
        raise BadTradeoffQuestion("currency", "Three capital letters, ISO 4217.")
    return given


def carbon_of(given: Any) -> CarbonKind:
    if given in (None, ""):
        return CarbonKind.AVERAGE
    if given not in list(CarbonKind):
        raise BadTradeoffQuestion("carbon", f"It has to be one of {', '.join(CarbonKind)}.")
    return CarbonKind(given)
