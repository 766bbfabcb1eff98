"""Suggestions of what a column of numbers measures, by the words and the unit in its name."""

import re
from functools import cache

from telemetry.core.conversions import known_units, units_of
from telemetry.core.registry import registry
from telemetry.core.table_rules import ColumnContent, ColumnUse

_BRACKETS = re.compile(r"[\[(]([^\])]*)[\])]")
_SPELLINGS = {"degc": "°C", "deg c": "°C", "c": "°C", "degf": "°F", "f": "°F", "percent": "%", "m³/h": "m3/h"}
_WORDS = {
    "leistung": "power",
    "strom": "current",
    "spannung": "voltage",
    "temperatur": "temperature",
    "feuchte": "humidity",
    "energie": "energy",
    "zuluft": "supply",
    "rücklauf": "return",
    "vorlauf": "supply",
    "potencia": "power",
    "puissance": "power",
}


def unit_in(name: str) -> str:
    """The unit that a name of a column ends with or has in brackets, "" if it has none that Muster converts."""
    bracketed = _BRACKETS.findall(name)
    last_words = re.split(r"[\s_]+", name.strip())[-1:] if not bracketed else []
    by_small = {unit.lower(): unit for unit in known_units()}
    for text in (*bracketed, *last_words):
        plain = text.strip()
        # A single letter without brackets is part of a name: Panel A.
        if not bracketed and len(plain) < 2:
            continue
        unit = (
            plain if plain in known_units() else _SPELLINGS.get(plain.lower()) or by_small.get(plain.lower())
        )
        if unit:
            return unit
    return ""


def suggested_use(name: str) -> ColumnUse:
    """The metric with most words of the column's name in its title, of those whose unit fits; nothing if none has."""
    plain = name.strip()
    if registry().get(plain) is not None:
        return ColumnUse(ColumnContent.METRIC, plain)
    unit, words = unit_in(plain), _words(plain)
    best = max(
        (
            (len(words & title) / len(title) + len(words & title), -order, metric)
            for order, (metric, title, stored) in enumerate(_titles())
            if len(words & title)
            and (not unit or unit in units_of(stored))
            and (unit or len(words & title) > 1)
        ),
        default=None,
    )
    if best is None:
        return ColumnUse(ColumnContent.NOTHING)
    return ColumnUse(ColumnContent.METRIC, best[2], unit)


def _words(text: str) -> frozenset[str]:
    words = re.findall(r"[^\W\d_]+", _BRACKETS.sub(" ", text).lower())
    return frozenset(_WORDS.get(word, word) for word in words)


@cache
def _titles() -> tuple[tuple[str, frozenset[str], str], ...]:
    """Metrics that one value of a column may be, with the words of their titles and their units."""
    return tuple(
        (metric.name, _words(metric.title), metric.unit)
        for metric in registry().metrics
        if metric.kind in ("gauge", "counter") and not registry().variants.get(metric.name)
    )
