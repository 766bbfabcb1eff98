"""Sentences of a site's page: what holds it back, what waits, what its series show."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from inventory.models import DomainChoices
from readiness.assessment.evidence.core.proving.values import few
from readiness.assessment.evidence.models import Attestation
from readiness.assessment.scoring.core.states import ReasonCode, Tier
from readiness.assessment.scoring.queries.rows import CheckRow
from readiness.boards.checks.sentences import waits_for
from readiness.boards.site.series import SeriesPanel
from telemetry import sentences
from web.states import state
from web.units import duration, instant, number, power


def capacity_of(verdict: str, deployed_kw: float) -> str:
    """Say how much of the deployed capacity is ready; "" without a verdict."""
    if verdict and not deployed_kw:
        return "Nothing is deployed here"
    match verdict:
        case "ready":
            return f"All {power(deployed_kw)} are ready"
        case "conditional":
            return f"All {power(deployed_kw)} are conditional"
        case "not-ready":
            return f"None of the {power(deployed_kw)} is ready"
    return ""


def held_by(deciding: Sequence[CheckRow]) -> str:
    if not deciding:
        return "Every check that decides is met, within its warning band, or not applicable."
    states = Counter(map(_outcome_words, deciding)).most_common()
    if len(deciding) == 1:
        return f"1 check holds it back, and it is {states[0][0]}."
    if len(states) == 1:
        return f"{len(deciding)} checks hold it back, all of them {states[0][0]}."
    *first, last = [f"{checks} {word}" for word, checks in states]
    return f"{len(deciding)} checks hold it back: {', '.join(first)} and {last}."


def unconfirmed(attestations: Sequence[Attestation]) -> str:
    if not attestations:
        return ""
    waits = "attestation waits" if len(attestations) == 1 else "attestations wait"
    names = dict.fromkeys(map(waits_for, attestations))
    return f"{len(attestations)} {waits} to be confirmed by {few(list(names))}: declared only until then."


def _outcome_words(row: CheckRow) -> str:
    if row.code == ReasonCode.UNCONFIRMED:
        return "not confirmed"
    if row.tier == Tier.CAPPED:
        return str(state("tier", row.tier).word).lower()
    return "failing" if row.state == "fail" else str(state("check", row.state).word).lower()


def last_values(panels: Sequence[SeriesPanel]) -> str:
    listed = []
    for panel in panels:
        values = [value for line in panel.lines for value in line.values[-1:] if value is not None]
        if values:
            listed.append(f"{panel.title}: {number(values[0])} {panel.unit}".strip())
    return "; ".join(listed)


def drawn_from(panels: Sequence[SeriesPanel]) -> str:
    drawn = [panel for panel in panels if any(line.values for line in panel.lines)]
    parts = [f"one point every {duration(max(panel.step_s for panel in drawn))}"]
    parts += sorted({str(state("provenance", panel.provenance).word) for panel in drawn if panel.provenance})
    parts += [words] if (words := sentences.left_out(sum(panel.left_out for panel in drawn))) else []
    missing = [panel.title for panel in panels if panel not in drawn]
    domains = {panel.domain for panel in panels}
    if len(domains) > 1:
        missing += [str(label) for domain, label in DomainChoices.choices if domain not in domains]
    if missing:
        parts.append(f"no samples: {', '.join(missing)}")
    return " · ".join(parts)


def last_sample(panels: Sequence[SeriesPanel]) -> str:
    newest = max(line.instants_ms[-1] for panel in panels for line in panel.lines if line.instants_ms)
    return f"last point {instant(datetime.fromtimestamp(newest / 1000, tz=UTC))}"
