"""Encode the inputs of an evaluation as bytes and decode them, so that it can be repeated and explained.

Readings are stored by column, because columns compress better than rows. `decode(encode(inputs))` equals `inputs` in
every field, including figures that are not finite. A new field gets its default when older data are read; any other
change of shape needs a new version, and the old one must stay readable.
"""

import math
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, fields
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from readiness.assessment.evidence.core.limits import Limit
from readiness.assessment.framework.core.conditions import SET_FACTS, WORD_FACTS, SiteContext
from readiness.assessment.framework.core.thresholds import Bound
from readiness.assessment.grants.core.rules import HeldGrant
from readiness.assessment.scoring.core.evaluate import SiteInputs
from readiness.assessment.scoring.core.judge import Reading
from readiness.assessment.scoring.core.states import Provenance

VERSION = 1
LEVEL = 1
"""The fastest level: a higher one saves 5 % of the bytes and takes as long again as everything else."""
_INSTANTS = ("taken_at", "voided_at", "bad_since")
_PLAIN = ("evidence", "detail", "cadence_s", "cannot_judge", "voided")
_LATER = {"failed": "", "declaration": "", "unconfirmed": ""}
"""Plain columns that were added later, with their value in older data."""
_FACTS = tuple(field.name for field in fields(SiteContext))
_GRANTS = ("waivers", "exceptions", "declared_na")


class UnreadableError(ValueError):
    """Stored inputs are damaged, or of a version that is no longer supported."""


def encode(inputs: SiteInputs) -> bytes:
    limits: dict[Limit, int] = {}
    readings = inputs.readings.values()
    columns: dict[str, Any] = {
        "key": list(inputs.readings),
        "value": [_number(reading.value) for reading in readings],
        "provenance": [reading.provenance for reading in readings],
        "limit": [
            None if reading.limit is None else limits.setdefault(reading.limit, len(limits))
            for reading in readings
        ],
    }
    for name in (*_INSTANTS, *_PLAIN, *_LATER):
        columns[name] = [getattr(reading, name) for reading in readings]
    document = {
        "version": VERSION,
        "context": {
            name: sorted(fact) if isinstance(fact := getattr(inputs.context, name), frozenset) else fact
            for name in _FACTS
        },
        "readings": columns,
        "reading_limits": [_limit(limit) for limit in limits],
        "limits": {key: _limit(limit) for key, limit in inputs.limits.items()},
        "grants": {
            name: {key: astuple(grant) for key, grant in getattr(inputs, name).items()} for name in _GRANTS
        },
    }
    return zlib.compress(orjson.dumps(document), LEVEL)


def decode(content: bytes) -> SiteInputs:
    try:
        document = orjson.loads(zlib.decompress(content))
        if document["version"] != VERSION:
            raise UnreadableError(f"Kept in version {document['version']}; version {VERSION} is read.")
        grants: dict[str, Any] = {
            name: {key: _grant_from(grant) for key, grant in of_kind.items()}
            for name, of_kind in document["grants"].items()
        }
        return SiteInputs(
            context=_context(document["context"]),
            readings=_readings(
                document["readings"], [_limit_from(limit) for limit in document["reading_limits"]]
            ),
            limits={key: _limit_from(limit) for key, limit in document["limits"].items()},
            **grants,
        )
    except UnreadableError:
        raise
    except (zlib.error, KeyError, TypeError, ValueError) as error:
        raise UnreadableError(f"What was kept cannot be read: {error!r}") from error


class KeptFigure(NamedTuple):
    """The figure that a sub-measure was judged by; `taken_at` is when it was true."""

    value: float | None
    taken_at: datetime
    detail: str
    evidence: str


def kept_figure(content: bytes, check_id: str, part_id: str) -> KeptFigure | None:
    """The figure of one sub-measure; None if there was no evidence. It reads many days much faster than `decode`."""
    try:
        columns = orjson.loads(zlib.decompress(content))["readings"]
        place = columns["key"].index([check_id, part_id])
    except (zlib.error, KeyError, ValueError):
        return None
    taken_at = datetime.fromisoformat(columns["taken_at"][place])
    value = _number_from(columns["value"][place])
    return KeptFigure(value, taken_at, columns["detail"][place], columns["evidence"][place])


def _number(value: float | None) -> float | str | None:
    """JSON cannot express figures that are not finite."""
    return value if value is None or math.isfinite(value) else str(value)


def _number_from(value: float | str | None) -> float | None:
    return float(value) if isinstance(value, str) else value


def _context(values: Mapping[str, Any]) -> SiteContext:
    facts = dict(values)
    for name, words in WORD_FACTS.items():
        facts[name] = words(facts[name])
    for name, words in SET_FACTS.items():
        facts[name] = frozenset(map(words, facts[name]))
    return SiteContext(**facts)


def _readings(
    columns: Mapping[str, Sequence[Any]], limits: Sequence[Limit]
) -> dict[tuple[str, str], Reading]:
    instants = {
        name: [datetime.fromisoformat(at) if at else None for at in columns[name]] for name in _INSTANTS
    }
    by_column: Iterable[tuple[Any, ...]] = zip(
        columns["key"],
        map(_number_from, columns["value"]),
        map(Provenance, columns["provenance"]),
        (None if place is None else limits[place] for place in columns["limit"]),
        *instants.values(),
        *(columns[name] for name in _PLAIN),
        *(columns.get(name) or [default] * len(columns["key"]) for name, default in _LATER.items()),
        strict=True,
    )
    names = ("value", "provenance", "limit", *_INSTANTS, *_PLAIN, *_LATER)
    return {(key[0], key[1]): Reading(**dict(zip(names, rest, strict=True))) for key, *rest in by_column}


def _limit(limit: Limit) -> list[Any]:
    return [_number(limit.value), _bound(limit.pass_at), _bound(limit.warn_at), limit.source]


def _limit_from(columns: Sequence[Any]) -> Limit:
    value, pass_at, warn_at, source = columns
    return Limit(_number_from(value), _bound_from(pass_at), _bound_from(warn_at), source)


def _bound(bound: Bound | None) -> list[Any] | None:
    if bound is None:
        return None
    values = [_number(number) for number in sorted(bound.values)]
    return [_number(bound.low), _number(bound.high), values, bound.strict]


def _bound_from(columns: Sequence[Any] | None) -> Bound | None:
    if columns is None:
        return None
    low, high, values, strict = columns
    return Bound(
        _number_from(low),
        _number_from(high),
        frozenset(float(number) if isinstance(number, str) else number for number in values),
        strict,
    )


def _grant_from(columns: Sequence[Any]) -> HeldGrant:
    grant_id, reason, requested, approved, starts_at, ends_at = columns
    return HeldGrant(
        grant_id,
        reason,
        requested,
        approved,
        datetime.fromisoformat(starts_at),
        datetime.fromisoformat(ends_at),
    )
