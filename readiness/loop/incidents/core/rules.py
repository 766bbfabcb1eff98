"""How severe an incident begins, whether it must be reviewed and by when, and which earlier one it repeats."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

REVIEWED_WITHIN = 10
"""Working days from the end of an incident to its review, as p5-incident-learning asks."""
REPEATS_WITHIN = timedelta(days=90)
"""How long after its end an incident can still be repeated: the window of p5-incident-learning."""
SHARE_REVIEWED = 0.1
"""An incident that takes this share of a site's capacity is reviewed, whatever its severity. Operator-set default."""


class IncidentSeverity(StrEnum):
    """Most severe first."""

    ONE = "1"
    TWO = "2"
    THREE = "3"
    FOUR = "4"


class ReviewState(StrEnum):
    """`NONE` while the incident is under way."""

    NONE = ""
    REQUIRED = "required"
    SKIPPED = "skipped"
    DONE = "done"


ALWAYS_REVIEWED = frozenset({IncidentSeverity.ONE, IncidentSeverity.TWO})
_OF_ALERT = {"critical": IncidentSeverity.TWO, "error": IncidentSeverity.THREE}


def severity_of_alert(severity: str) -> IncidentSeverity:
    """The severity with which an incident begins that is opened from an alert. Only people call it severity 1."""
    return _OF_ALERT.get(severity, IncidentSeverity.FOUR)


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentFacts:
    """The facts that decide about the review. `site_kw` is what the site has deployed; None where nobody knows."""

    severity: IncidentSeverity
    is_repeat: bool = False
    is_review_wanted: bool = False
    affected_kw: float | None = None
    site_kw: float | None = None


@dataclass(frozen=True, slots=True)
class ReviewRule:
    state: ReviewState
    reason: str


def review_rule(facts: IncidentFacts) -> ReviewRule:
    """Whether a blameless review is required, and the rule that says so."""
    if facts.severity in ALWAYS_REVIEWED:
        return ReviewRule(ReviewState.REQUIRED, "Incidents of severity 1 and 2 are always reviewed.")
    if facts.is_repeat:
        return ReviewRule(ReviewState.REQUIRED, "It repeats an earlier incident.")
    if facts.affected_kw and facts.site_kw and facts.affected_kw >= SHARE_REVIEWED * facts.site_kw:
        share = f"{100 * SHARE_REVIEWED:.0f} %"
        return ReviewRule(ReviewState.REQUIRED, f"It took {share} or more of the capacity of the site.")
    if facts.is_review_wanted:
        return ReviewRule(ReviewState.REQUIRED, "Somebody asked for a review.")
    return ReviewRule(
        ReviewState.SKIPPED,
        f"Severity {facts.severity}, no repeat, and less than {100 * SHARE_REVIEWED:.0f} % of the capacity.",
    )


def review_due_on(ended_on: date) -> date:
    """The last day of the review: REVIEWED_WITHIN working days after the end, Monday to Friday."""
    day, days_left = ended_on, REVIEWED_WITHIN
    while days_left:
        day += timedelta(days=1)
        days_left -= day.weekday() < 5
    return day


def cause_key_of(cause: str) -> str:
    """A root cause without case, accents, punctuation and order of spaces, so that the same words are one cause."""
    plain_text = unicodedata.normalize("NFKD", cause).encode("ascii", "ignore").decode()
    return "-".join(re.findall(r"[a-z0-9]+", plain_text.lower()))[:200]


@dataclass(frozen=True, slots=True, kw_only=True)
class PastIncident:
    """An incident of the same site. `keys` are those of its alerts, `checks` the checks that these are about."""

    id: int
    began_at: datetime
    ended_at: datetime | None
    keys: frozenset[str] = frozenset()
    checks: frozenset[str] = frozenset()
    cause_key: str = ""


@dataclass(frozen=True, slots=True)
class Repeat:
    """The incident that is repeated, and why it is one."""

    id: int
    reason: str


def repeat_of(incident: PastIncident, earlier: Iterable[PastIncident]) -> Repeat | None:
    """The newest earlier incident that this one repeats: the same root cause, alert or check within REPEATS_WITHIN."""
    newest_first = sorted(earlier, key=lambda past: (past.began_at, past.id), reverse=True)
    for past in newest_first:
        is_over = past.ended_at is not None and past.ended_at <= incident.began_at
        if past.id == incident.id or past.ended_at is None or not is_over:
            continue
        if incident.began_at - past.ended_at > REPEATS_WITHIN:
            continue
        if incident.cause_key and past.cause_key:
            # Both reviews say what the cause was; that alerts look alike says nothing more.
            if incident.cause_key == past.cause_key:
                return Repeat(past.id, "Both reviews name the same root cause.")
        elif incident.keys & past.keys:
            return Repeat(past.id, "The same alert opened it.")
        elif incident.checks & past.checks:
            return Repeat(past.id, "The same check failed.")
    return None
