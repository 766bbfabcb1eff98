"""A definition with the additions that it lacks of the one shipped with Muster."""

import re
from collections.abc import Iterator
from dataclasses import replace

from readiness.assessment.framework.core.definition import CitedSource, Framework, Minimum
from readiness.assessment.framework.core.minimums import effective_minimums
from readiness.assessment.framework.core.shipped import shipped
from readiness.assessment.framework.core.vocabulary import LABELS_WITHOUT_SOURCE, citations


def add_shipped(framework: Framework) -> Framework:
    """Add the shipped minimums that apply because the framework states none, and the sources that they cite.

    Nothing that the framework states changes. Where it has another source under the id of an added one, the added one
    takes the next free id.
    """
    added = {check.id: tuple(_missing(framework, check.id)) for check in framework.checks}
    cited = [label for minimums in added.values() for minimum in minimums for label in _labels(minimum)]
    ids = _ids(framework, [source for source in shipped().sources if source.id in cited])
    listed = {source.id for source in framework.sources}
    sources = [
        replace(source, id=ids[source.id])
        for source in shipped().sources
        if source.id in ids and ids[source.id] not in listed
    ]
    return replace(
        framework,
        sources=(*framework.sources, *sources),
        checks=tuple(
            replace(check, minimums=(*check.minimums, *(_relabelled(each, ids) for each in added[check.id])))
            for check in framework.checks
        ),
    )


def _missing(framework: Framework, check_id: str) -> Iterator[Minimum]:
    return (minimum for minimum, is_own in effective_minimums(framework, check_id) if not is_own)


def _labels(minimum: Minimum) -> list[str]:
    return [minimum.source, *citations(minimum.note)]


def _ids(framework: Framework, sources: list[CitedSource]) -> dict[str, str]:
    """The id of each source in the framework, by its id in the shipped definition."""
    listed = {source.id: source for source in framework.sources}
    numbers = [
        int(number)
        for each in (*listed, *(source.id for source in sources))
        if (number := each[1:]).isdecimal()
    ]
    free = max(numbers, default=0)
    ids = {}
    for source in sources:
        mine = listed.get(source.id)
        if mine is not None and mine.title != source.title and set(mine.urls).isdisjoint(source.urls):
            free += 1
            ids[source.id] = f"S{free}"
        else:
            ids[source.id] = source.id
    return ids


def _relabelled(minimum: Minimum, ids: dict[str, str]) -> Minimum:
    label = minimum.source if minimum.source in LABELS_WITHOUT_SOURCE else ids[minimum.source]
    note = re.sub(r"\[(S[0-9]+)\]", lambda cited: f"[{ids[cited[1]]}]", minimum.note)
    return replace(minimum, source=label, note=note)
