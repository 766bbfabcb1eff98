"""Health and changes of state in words: the same on pages, in exports and in the API."""

from dataclasses import dataclass
from datetime import UTC, datetime

from readiness.assessment.scoring.core.states import ReasonStanding
from readiness.assessment.scoring.models import Flip
from readiness.assessment.scoring.queries.rows import HealthMark, ReasonRow
from readiness.loop.problems.advice import code_of_reason
from telemetry.sentences import reading
from web.links import link
from web.states import state
from web.units import duration, format_value, instant

_WHY_LAST_KNOWN = {
    ReasonStanding.LIVE: "without a sample since",
    ReasonStanding.LAST_KNOWN: "without a sample since",
    ReasonStanding.METRIC_GONE: "metric gone",
    ReasonStanding.SILENT: "silent since",
}


def last_known(last_health: str, heard_at: datetime | None, *, is_last_known: bool = False) -> str:
    if is_last_known:
        return "last known: no live sample shows it"
    if not last_health:
        return ""
    word = state("health", last_health).word
    if heard_at is None:
        return f"was {word}"
    return f"was {word} until {instant(heard_at)}"


def exported(mark: HealthMark) -> str:
    """The text for a program: "compute=unknown,was=ok,until=2026-11-24T09:12:00Z"."""
    text = f"{mark.domain}={mark.health}"
    if mark.last_health:
        text += f",was={mark.last_health}"
    if mark.is_last_known:
        text += ",last-known"
    if mark.last_health and mark.heard_at:
        text += f",until={mark.heard_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return text


def reason_words(reason: ReasonRow, now: datetime) -> str:
    """Say why an object is not well: "GPU temperature: 91 °C, limit 90 °C". What is last known says since when."""
    if not reason.metric:
        return f"{reason.title} for {_span(reason.taken_at, now)}" if reason.taken_at else reason.title
    code = code_of_reason(reason)
    words = code.words if code else reason.title
    if reason.value is not None and code is None:
        words = f"{words}: {reading_words(reason)}"
    # A limit of 0, as of errors, says no more than the value.
    if reason.threshold:
        words = f"{words}, limit {format_value(reason.threshold, reason.unit)}"
    if not reason.is_last_known:
        return words
    why = _WHY_LAST_KNOWN[ReasonStanding(reason.standing)]
    return f"{words} (last known{f' {instant(reason.taken_at)}' if reason.taken_at else ''}, {why})"


def _span(since: datetime, now: datetime) -> str:
    return duration(max((now - since).total_seconds(), 0))


def reading_words(reason: ReasonRow) -> str:
    """Format the value alone: "91 °C", "2 in 24 h, last at 05:12"; "" without a value."""
    return reading(reason.metric, reason.value, reason.unit, taken_at=reason.taken_at)


def flip_words(flip: Flip) -> str:
    """Say why a state changed, with the present value: "edge-box-1: Exporter does not answer: 0 → 1"."""
    if flip.subject != "health":
        limit = f"limit {flip.threshold_text}" if flip.threshold_text else ""
        value = "" if flip.value is None else str(format_value(flip.value, flip.unit))
        return " · ".join(part for part in (value, limit, flip.reason) if part)
    now, before = (
        None if value is None else str(format_value(value, flip.unit))
        for value in (flip.value, flip.value_before)
    )
    words = flip.reason
    if now is not None and before is not None:
        words = f"{words}: {before} → {now}"
    elif now is not None and f" {now}," not in words:
        # A code is named with its meaning: "XID 79, GPU has fallen off the bus".
        words = f"{words}: {now}"
    elif before is not None:
        words = f"{words}: silent, last {before}"
    if flip.threshold is None or now is None:
        return words
    return f"{words}, limit {format_value(flip.threshold, flip.unit)}"


CAUSES = {
    "data": "new data",
    "evidence-age": "evidence aged",
    "rule": "the rule changed",
    "waiver": "a waiver began or ended",
    "applicability": "the applicable checks changed",
}


@dataclass(frozen=True, slots=True)
class FlipLine:
    flip: Flip
    check_title: str
    with_site: bool = False

    @property
    def kind(self) -> str:
        return self.flip.subject if self.flip.subject in ("verdict", "health") else "check"

    @property
    def title(self) -> str:
        flip = self.flip
        titles = {"verdict": "Verdict", "health": f"{flip.key.capitalize()} health"}
        title = titles.get(flip.subject, self.check_title)
        return f"{flip.site.name}: {title}" if self.with_site else title

    @property
    def url(self) -> str:
        flip = self.flip
        slug = flip.site.slug
        return link("site-check", slug, flip.key) if self.kind == "check" else link("site", slug)

    @property
    def cause(self) -> str:
        return CAUSES.get(self.flip.cause, self.flip.cause)

    @property
    def words(self) -> str:
        return flip_words(self.flip)
