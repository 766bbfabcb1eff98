"""Declared limits as checks use them: a value or a preset, and of several the strictest.

A site's limit and the limits of its placed classes all bind: a looser limit of the site does not release it from the
promise to a class.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from readiness.assessment.framework.core.definition import Framework, LimitKind, SubMeasure
from readiness.assessment.framework.core.thresholds import Bound, Preset
from readiness.assessment.framework.core.vocabulary import Direction

OF_PLATFORM, OF_CLASS = "platform", "workload class"
"""Owners of limits in the framework. Limits of a platform are floors and have their own list."""
CLASS_LATENCY = "class-latency"


@dataclass(frozen=True, slots=True)
class DeclaredEntry:
    limit_id: str
    value: float | None
    preset: str
    declared_on: date
    whose: str


class Limit(NamedTuple):
    """A limit that a site, platform or workload declared, in the sub-measure's unit.

    It is either a `value`, scaled by each threshold's factor, or whole regions (of a preset, or a range). `source`
    names its owner ("PUE target of Porto") and is shown with the threshold.
    """

    value: float | None = None
    pass_at: Bound | None = None
    warn_at: Bound | None = None
    source: str = ""


def kind_of(framework: Framework, limit_id: str) -> LimitKind | None:
    return next((kind for kind in framework.limits if kind.id == limit_id), None)


def judged_by(framework: Framework, limit_id: str) -> list[SubMeasure]:
    return [part for check in framework.checks for part in check.parts if part.limit_from == limit_id]


def presets_of(framework: Framework, limit_id: str) -> dict[str, Preset]:
    """Presets by id. If two sub-measures have a preset of the same name, the one with a warn region is used."""
    preset_by_id: dict[str, Preset] = {}
    for part in judged_by(framework, limit_id):
        for preset in part.presets:
            earlier = preset_by_id.get(preset.id)
            if earlier is None or (earlier.warn_at is None and preset.warn_at is not None):
                preset_by_id[preset.id] = preset
    return preset_by_id


def is_range(framework: Framework, limit_id: str) -> bool:
    return any(part.direction is Direction.RANGE for part in judged_by(framework, limit_id))


def bound_words(framework: Framework, limit_id: str) -> str:
    """ "at least", "at most", or nothing if the judged sub-measures do not agree."""
    words = {Direction.HIGHER: "at least", Direction.LOWER: "at most"}
    directions = {part.direction for part in judged_by(framework, limit_id)}
    return words.get(directions.pop(), "") if len(directions) == 1 else ""


def limit_in_force(declared: DeclaredEntry, framework: Framework) -> Limit | None:
    kind = kind_of(framework, declared.limit_id)
    if kind is None:
        return None
    source = f"{kind.name} of {declared.whose}"
    if not declared.preset:
        return Limit(declared.value, source=source)
    preset = presets_of(framework, declared.limit_id).get(declared.preset)
    if preset is None:
        return None
    source = f"{source}: {preset.name}"
    if preset.value is not None:
        return Limit(preset.value, source=source)
    return Limit(None, preset.pass_at, preset.warn_at, source)


def newest(entries: Iterable[DeclaredEntry], day: date) -> dict[tuple[str, str], DeclaredEntry]:
    entry_by_key: dict[tuple[str, str], DeclaredEntry] = {}
    for entry in entries:
        key = (entry.whose, entry.limit_id)
        earlier = entry_by_key.get(key)
        if entry.declared_on <= day and (earlier is None or earlier.declared_on < entry.declared_on):
            entry_by_key[key] = entry
    return entry_by_key


def strictest(limits: Iterable[Limit], framework: Framework, limit_id: str) -> Limit | None:
    """The lowest limit if lower is better, the highest if higher is; among equals, and among regions, the first."""
    candidates = list(limits)
    parts = judged_by(framework, limit_id)
    higher = bool(parts) and parts[0].direction is Direction.HIGHER
    sign = -1.0 if higher else 1.0
    return min(
        candidates, key=lambda limit: math.inf if limit.value is None else sign * limit.value, default=None
    )
