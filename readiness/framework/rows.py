"""Rows of a version's pages: its pillars with their checks, a check with its sub-measures, where figures come from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from readiness.framework.core import wording
from readiness.framework.core.definition import (
    Check,
    Framework,
    LabelledFigure,
    Pillar,
    SubMeasure,
    Threshold,
)
from web.versioned.core.comparing import DocumentChange


@dataclass(frozen=True, slots=True)
class SourceMark:
    """The source of a figure: a default of ours is marked as one, an own decision names who decided."""

    text: str
    title: str
    url: str = ""


def source_mark(value: LabelledFigure, framework: Framework) -> SourceMark:
    title = wording.source_title(value, framework)
    if value.source == "OD":
        return SourceMark("default", title)
    if value.decided is not None:
        return SourceMark(f"own: {value.decided.by}", f"{title}: {value.note}")
    urls = [source.urls for source in framework.sources if source.id == value.source]
    return SourceMark(value.source, title, urls[0][0] if urls and urls[0] else "")


@dataclass(frozen=True, slots=True)
class CheckRow:
    check: Check
    is_changed: bool
    profiles: str
    validity: str
    labels: tuple[str, ...]

    @property
    def defaults(self) -> int:
        return self.labels.count("OD")

    @property
    def own(self) -> int:
        return self.labels.count("own")


@dataclass(frozen=True, slots=True)
class PillarRow:
    pillar: Pillar
    is_changed: bool
    checks: tuple[CheckRow, ...]


def pillars(framework: Framework, changes: Iterable[DocumentChange]) -> list[PillarRow]:
    """Each with its checks, and how many defaults of ours are left in them."""
    touched = {change.where.split(" / ")[0] for change in changes}
    return [
        PillarRow(
            pillar,
            f"pillar {pillar.id}" in touched,
            tuple(
                CheckRow(
                    check,
                    check.id in touched,
                    wording.words(check.profiles),
                    wording.validity(check.validity),
                    tuple(figure.source for figure in _figures(check)),
                )
                for check in framework.checks_of(pillar.id)
            ),
        )
        for pillar in framework.pillars
    ]


def _figures(check: Check) -> Iterator[LabelledFigure]:
    yield check.validity
    for part in check.parts:
        yield from (threshold for threshold in (part.pass_at, part.warn_at) if threshold is not None)
        if part.validity != check.validity:
            yield part.validity
        yield from part.presets


@dataclass(frozen=True, slots=True)
class ThresholdRow:
    text: str
    note: str
    mark: SourceMark


@dataclass(frozen=True, slots=True)
class PartRow:
    part: SubMeasure
    gate: str
    thresholds: tuple[ThresholdRow | None, ThresholdRow | None]
    validity: str
    mark: SourceMark
    presets: str
    exclusions: str


def parts(check: Check, framework: Framework) -> list[PartRow]:
    return [
        PartRow(
            part,
            str(part.gate or check.gate),
            (_threshold(part.pass_at, part, framework), _threshold(part.warn_at, part, framework)),
            wording.validity(part.validity),
            source_mark(part.validity, framework),
            wording.presets(part.presets) if part.presets else "",
            wording.exclusions(part.exclusions) if part.exclusions else "",
        )
        for part in check.parts
    ]


def _threshold(threshold: Threshold | None, part: SubMeasure, framework: Framework) -> ThresholdRow | None:
    if threshold is None:
        return None
    text = wording.region(threshold, part, framework)
    return ThresholdRow(text, threshold.note, source_mark(threshold, framework))


def check_words(check: Check) -> dict[str, str]:
    """The sets and rules of a check, in words."""
    return {
        "profiles": wording.words(check.profiles),
        "evidence": ", ".join(wording.EVIDENCE[kind] for kind in sorted(check.evidence)),
        "validity": wording.validity(check.validity),
        "voided_by": wording.words(check.validity.voided_by),
        "states": wording.words(check.states),
        "gate_rules": wording.gate_rules(check.gate_rules) if check.gate_rules else "",
        "exclusions": wording.exclusions(check.exclusions) if check.exclusions else "",
    }
