"""Tags and filters of boards: matrix cells, scores, health and its reasons. `{% load boards %}`.

A page of the matrix has thousands of cells, and a template loop would take most of its time.
"""

from collections.abc import Iterable
from datetime import timedelta
from html import escape

from django import template
from django.utils.safestring import SafeString

from readiness.assessment.scoring.core.states import FlipCause, HealthAt
from readiness.assessment.scoring.figures import DomainFigure
from readiness.assessment.scoring.queries.rows import ReasonRow
from readiness.boards.explain import sentences as moves
from readiness.boards.health import sentences as health_sentences
from readiness.boards.matrix.tables import MARKED_TIERS, CellLine, gap_note
from readiness.boards.objects.queries import MODELS
from readiness.boards.power.sentences import feed_words
from readiness.boards.waivers.sentences import ends
from telemetry.links import explore_url
from web.links import link, noun
from web.states import state
from web.units import power

PAGES = {kind.value: noun(model) for model, kind in MODELS.items()}
register = template.Library()
register.filter("gap_note", gap_note)
register.filter("score", moves.score)
register.filter("change", moves.points)
register.filter("reason_words", health_sentences.reason_words)
register.filter("reading", health_sentences.reading_words)
register.filter("grant_ends", ends)
register.filter("feed_words", feed_words)


@register.simple_tag
def matrix_cells(cells: Iterable[CellLine]) -> SafeString:
    return SafeString("".join([_cell(cell) for cell in cells]))


def _cell(cell: CellLine) -> str:
    first = ' class="first"' if cell.begins_pillar else ""
    if not cell.state:
        return f'<td{first} data-state="none"><span class="visually-hidden">{escape(cell.label)}</span></td>'
    extra = " data-expires" if cell.expires else ""
    if cell.tier in MARKED_TIERS:
        extra += f' data-tier="{cell.tier}"'
    current = ' aria-current="true"' if cell.is_chosen else ""
    return (
        f'<td{first} data-state="{cell.state}"{extra}>'
        f'<button name="cell" value="{cell.key}"{current} aria-label="{escape(cell.label)}"></button></td>'
    )


@register.simple_tag
def report_letters(letters: Iterable[tuple[str, str]]) -> SafeString:
    return SafeString("".join([f'<td data-state="{state}">{letter}</td>' for state, letter in letters]))


@register.filter
def kw_number(power_kw: float) -> str:
    return power(power_kw, "kW").value or ""


@register.simple_tag
def verdicts_counted(verdicts: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{state('verdict', verdict).word} {count}" for verdict, count in verdicts)


@register.filter
def cause_word(cause: str) -> str:
    return moves.CAUSE_WORDS[FlipCause(cause)]


@register.filter
def last_known(health: HealthAt) -> str:
    return health_sentences.last_known(
        health.last_health, health.heard_at, is_last_known=health.is_last_known
    )


@register.filter
def object_url(reason: ReasonRow | None) -> str:
    if not reason:
        return ""
    kind, pk = reason.object_kind, reason.object_id
    return link(f"{PAGES.get(kind, kind)}-detail", pk) if kind and pk else ""


@register.filter
def samples_url(reason: ReasonRow, slug: str) -> str:
    samples = {"site": slug, "metric": reason.metric, "start": "now-24h", "end": "now"}
    return explore_url(samples) if reason.metric else ""


@register.filter
def figure_url(figure: DomainFigure, slug: str) -> str:
    """The address of the samples that a figure of a site was computed from; empty if none are on record."""
    if figure.taken_at is None or not figure.samples:
        return ""
    start = figure.taken_at - timedelta(hours=figure.hours)
    times = {"start": start.isoformat(), "end": figure.taken_at.isoformat()}
    return explore_url({"site": slug} | dict(figure.samples) | times)


@register.filter
def clock(source_state: str) -> str:
    return source_state if source_state in ("late", "silent") else ""
