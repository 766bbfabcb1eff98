"""How the questions of trade-offs are read: numbers within a span, short texts, currencies and kinds of carbon."""

import re
from collections.abc import Collection, Mapping, Sequence
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


WEIGHT_SPAN = AllowedSpan(0.0, 1e6)


def number_within(field: str, given: Any, span: AllowedSpan) -> float:
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
    return CarbonKind(choice_of("carbon", given, list(CarbonKind)) or CarbonKind.AVERAGE)


def choice_of(field: str, given: Any, known: Sequence[str]) -> str:
    if given and given not in known:
        raise BadTradeoffQuestion(field, f"It has to be one of {', '.join(known)}.")
    return given or ""


def object_of(field: str, given: Any, names: Collection[str], noun: str = "field") -> Mapping[str, Any]:
    """Return an object of these names; what is missing is empty. `field` is "" for the whole question."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise BadTradeoffQuestion(field, "It has to be an object.")
    for name in given:
        if name not in names:
            where = f"{field}.{name}"[:140].removeprefix(".")
            raise BadTradeoffQuestion(where, f"There is no such {noun}; there are {', '.join(names)}.")
    return given


def stated_weights(given: Any, names: Sequence[str]) -> dict[str, float]:
    """Return the weights that are named, in the order of the objectives; empty where none is."""
    stated = object_of("weights", given, names, "objective")
    weights = {
        name: number_within(f"weights.{name}", stated[name], WEIGHT_SPAN) for name in names if name in stated
    }
    if weights and not any(weights.values()):
        raise BadTradeoffQuestion("weights", "At least one weight has to be above 0.")
    return weights
