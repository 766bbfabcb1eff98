"""Rules, thresholds and sources of a definition in words. `{% load framework %}`."""

from collections.abc import Iterator

from django import template

from readiness.assessment.framework.core import minimums, vocabulary, wording
from readiness.assessment.framework.core.definition import Check, Framework, Minimum, Validity
from readiness.assessment.framework.core.shipped import shipped
from readiness.assessment.framework.core.thresholds import LabelledFigure
from readiness.assessment.framework.core.vocabulary import SenderNamed

register = template.Library()

for name in ("words", "validity", "presets", "exclusions", "gate_rules", "least"):
    register.filter(name, getattr(wording, name))
register.simple_tag(wording.region)
register.simple_tag(wording.cited_sources)


@register.simple_tag
def minimums_in_effect(check: Check, framework: Framework) -> list[tuple[Minimum, bool, Framework]]:
    """Return each with whether the framework states it itself, and the definition that lists its source."""
    return [
        (minimum, is_own, framework if is_own else shipped())
        for minimum, is_own in minimums.effective_minimums(framework, check.id)
    ]


@register.filter
def measure(minimum: Minimum) -> str:
    return wording.AMOUNTS[minimum.measure]


@register.filter
def tool(minimum: Minimum) -> str:
    return wording.tool(minimum)


@register.filter
def counted(sender_named: SenderNamed) -> str:
    return wording.SENDER_NAMED[sender_named]


@register.filter
def evidence(check: Check) -> str:
    return ", ".join(wording.EVIDENCE[kind] for kind in sorted(check.evidence))


@register.filter
def voided_by(validity: Validity) -> str:
    return wording.words(change.replace("-", " ") for change in validity.voided_by)


@register.inclusion_tag("readiness/framework/label.html")
def source_label(figure: LabelledFigure, framework: Framework) -> dict[str, str]:
    title = wording.source_title(figure, framework)
    if figure.source == "OD":
        return {"text": "default", "title": title}
    if figure.decided is not None:
        return {"text": f"own: {figure.decided.by}", "title": f"{title}: {figure.note}"}
    urls = [url for source in framework.sources if source.id == figure.source for url in source.urls]
    return {"text": figure.source, "title": title, "url": urls[0] if urls else ""}


@register.filter
def uncited(prose: str) -> str:
    """The sentences without their citations, for a place that lists no sources."""
    return vocabulary.CITATION.sub("", prose)


@register.filter
def figures_from(check: Check, label: str) -> int:
    return sum(figure.source == label for figure in _figures(check))


def _figures(check: Check) -> Iterator[LabelledFigure]:
    yield check.validity
    yield from check.minimums
    for part in check.parts:
        yield from (threshold for threshold in (part.pass_at, part.warn_at) if threshold is not None)
        if part.validity != check.validity:
            yield part.validity
        yield from part.presets
