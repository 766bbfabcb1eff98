"""Procedures, documents, drills and surveys of a site: which count at an instant, and what share of what they make."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from readiness.organisation.people.core.coverage import Tally
from readiness.organisation.people.core.training import DOMAINS

PRACTISED = timedelta(days=180)
"""How long a drill, and an answer to a survey, counts: `measure` of p3-drill-participation, `valid_for` of both."""
DOCUMENT_REVIEW = timedelta(days=365)
"""How often a core document is reviewed: `measure` of p4-documentation-currency."""
SMALL_GROUP = 3
"""Results are shown from this many people on: fewer could be recognised by their answers. Operator-set default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldDrill:
    held_at: datetime
    present: Mapping[int, str]
    """Domains by the id of who took part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenProcedure:
    """A procedure or document, of a site or of all; `exercised_at` is when it first was at the site asked about."""

    id: int
    site_id: int | None
    kind: str
    title: str
    has_version: bool
    is_overdue: bool
    reviewed_at: datetime | None
    due_at: datetime | None
    subject_changed_at: datetime | None
    exercised_at: datetime | None = None

    @property
    def moments(self) -> tuple[datetime | None, ...]:
        return self.reviewed_at, self.due_at, self.subject_changed_at, self.exercised_at


@dataclass(frozen=True, slots=True, kw_only=True)
class PagingRule:
    site_id: int | None
    name: str
    is_critical: bool
    runbook_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenAnswer:
    site_id: int
    question_id: int
    truth: str
    value: str
    person_id: int
    team: str
    answered_at: datetime

    @property
    def agrees(self) -> bool:
        return same_answer(self.value, self.truth)


def same_answer(value: str, truth: str) -> bool:
    """Compare numbers as numbers, words without regard to case and spaces."""
    numbers = number_of(value), number_of(truth)
    if None not in numbers:
        return numbers[0] == numbers[1]
    return " ".join(value.split()).casefold() == " ".join(truth.split()).casefold()


def number_of(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePractice:
    """All that is recorded of a site's practice at `now`."""

    now: datetime
    on_call: frozenset[int] = frozenset()
    drills: tuple[HeldDrill, ...] = ()
    rules: tuple[PagingRule, ...] = ()
    written: tuple[WrittenProcedure, ...] = ()
    answers: tuple[GivenAnswer, ...] = ()

    @property
    def until(self) -> datetime | None:
        """When something of this changes by itself, on-call duty left out; None: never."""
        changes = [at for each in self.written for at in each.moments if at is not None]
        changes += [at for each in self.drills for at in (each.held_at, each.held_at + PRACTISED)]
        changes += [at for each in self.answers for at in (each.answered_at, each.answered_at + PRACTISED)]
        return min((at for at in changes if at > self.now), default=None)

    @property
    def recent(self) -> list[HeldDrill]:
        return [each for each in self.drills if each.held_at <= self.now < each.held_at + PRACTISED]

    @property
    def has_drills(self) -> bool:
        return any(each.held_at <= self.now for each in self.drills)

    def people_drilled(self) -> Tally:
        drilled = {person_id for each in self.recent for person_id in each.present}
        return Tally(count=len(self.on_call & drilled), total=len(self.on_call))

    def cross_domain(self) -> Tally:
        recent = self.recent
        whole = [each for each in recent if set(each.present.values()).issuperset(DOMAINS)]
        return Tally(count=len(whole), total=len(recent))

    @property
    def is_written(self) -> bool:
        """Whether anything was written down by `now`: a text is known since the review that it was entered with."""
        reviews = [each.reviewed_at for each in self.written if each.reviewed_at is not None]
        return not reviews or min(reviews) <= self.now

    def runbook_tally(self, *, critical: bool = False) -> Tally:
        reviewed = {each.id for each in self.written if not each.is_overdue}
        rules = [each for each in self.rules if each.is_critical or not critical]
        missing = [rule.name for rule in rules if rule.runbook_id not in reviewed]
        return Tally(count=len(rules) - len(missing), total=len(rules), names=tuple(missing))

    def exercised(self) -> Tally:
        linked = {each.runbook_id for each in self.rules}
        runbooks = [each for each in self.written if each.id in linked or each.kind == "runbook"]
        missing = [
            each.title for each in runbooks if not (each.exercised_at and each.exercised_at <= self.now)
        ]
        return Tally(count=len(runbooks) - len(missing), total=len(runbooks), names=tuple(missing))

    def missing(self, kinds: Sequence[str]) -> tuple[str, ...]:
        documents = self._documents()
        return tuple(kind for kind in kinds if kind not in documents)

    def overdue(self, kinds: Sequence[str]) -> tuple[str, ...]:
        """A kind is overdue where one of its documents is."""
        documents = self._documents()
        return tuple(kind for kind in kinds if any(each.is_overdue for each in documents.get(kind, ())))

    def _documents(self) -> dict[str, list[WrittenProcedure]]:
        """Documents with a version, by kind: those of the site itself go before those of all sites."""
        documents: dict[str, list[WrittenProcedure]] = defaultdict(list)
        for each in sorted(self.written, key=lambda each: each.site_id is None):
            own = [other for other in documents.get(each.kind, ()) if other.site_id is not None]
            if each.has_version and (each.site_id is not None or not own):
                documents[each.kind].append(each)
        return documents

    @property
    def counting(self) -> list[GivenAnswer]:
        return [each for each in self.answers if each.answered_at <= self.now < each.answered_at + PRACTISED]

    def agreement(self) -> Tally | None:
        """Answers that agree with the record; None where fewer than SMALL_GROUP people answered."""
        return agreement_of(self.counting)

    def weakest_team(self) -> tuple[str, Tally] | None:
        """The team with the lowest share, among those of which SMALL_GROUP people or more answered."""
        shares = [(team, share) for team, share in team_agreements(self.counting) if share is not None]
        return min(shares, key=lambda each: each[1].count / each[1].total, default=None)


def team_agreements(answers: Iterable[GivenAnswer]) -> list[tuple[str, Tally | None]]:
    """Each team's agreement with the record, None where fewer than SMALL_GROUP of it answered, by name."""
    teams: dict[str, list[GivenAnswer]] = defaultdict(list)
    for answer in answers:
        teams[answer.team].append(answer)
    return [(team, agreement_of(team_answers)) for team, team_answers in sorted(teams.items())]


def agreement_of(answers: Sequence[GivenAnswer]) -> Tally | None:
    if len({each.person_id for each in answers}) < SMALL_GROUP:
        return None
    return Tally(count=sum(each.agrees for each in answers), total=len(answers))
