"""One check over the fleet and at one site."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from math import fsum
from typing import Any, NamedTuple

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import CharField, F, QuerySet, Value
from django.db.models.functions import Cast

from inventory.models import Site
from readiness.assessment.evidence.core.bearing import OWN_RECORDS
from readiness.assessment.evidence.models import Attestation, RecordedFact, ValidationRun
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.core.definition import Check, CitedSource, Framework, Pillar
from readiness.assessment.framework.core.wording import cited_sources
from readiness.assessment.scoring.core.combine import SEVERITY
from readiness.assessment.scoring.core.gap import CapacityFigures
from readiness.assessment.scoring.core.states import CheckState
from readiness.assessment.scoring.models import CheckResult, Flip
from readiness.assessment.scoring.queries.results import check_row, threshold_rows
from readiness.assessment.scoring.queries.rows import (
    CheckRow,
    FlipRow,
    PartRow,
    SampleQuery,
    SiteRef,
    ThresholdRow,
    flip_row,
    ref_of,
)
from readiness.assessment.scoring.queries.standing import deployed_kw, present_capacity
from readiness.boards.checks.samples import check_samples
from readiness.organisation.ownership import queries as ownership
from readiness.organisation.ownership.queries import SiteOwner
from web.units import day
from web.visibility import name_of

RECENT_FLIPS = 50
STRIP, CELL = timedelta(days=30), timedelta(days=2)


@dataclass(frozen=True, slots=True)
class CheckSiteRow:
    site: SiteRef
    deployed: CapacityFigures
    result: CheckRow


@dataclass(frozen=True, slots=True)
class CheckPage:
    """`counts` has the number of sites by state, `kw` their capacity by state. `rows` are worst first, then by kW."""

    check: Check
    pillar: Pillar
    thresholds: tuple[ThresholdRow, ...]
    sources: tuple[CitedSource, ...]
    counts: dict[str, int]
    kw: dict[str, float]
    rows: tuple[CheckSiteRow, ...]
    flips: tuple[FlipRow, ...]


class StripCell(NamedTuple):
    start: datetime
    state: str


@dataclass(frozen=True, slots=True)
class SiteCheck:
    """One check at one site. `result` is None until the site is first evaluated."""

    check: Check
    pillar: Pillar
    thresholds: tuple[ThresholdRow, ...]
    result: CheckRow | None
    strip: tuple[StripCell, ...]
    flips: tuple[FlipRow, ...]
    samples: tuple[SampleQuery, ...]

    @property
    def parts(self) -> list[tuple[ThresholdRow, PartRow | None]]:
        judged = {part.id: part for part in self.result.parts} if self.result else {}
        return [(rule, judged.get(rule.part_id)) for rule in self.thresholds]

    @property
    def limit_from(self) -> str:
        part = deciding_part(self.result) if self.result else None
        return part.limit_source or part.threshold_source_title if part else ""

    @property
    def source(self) -> str:
        evidence = self.result.evidence if self.result else {}
        return evidence.get("source", "") or evidence.get("object", "")


def deciding_part(row: CheckRow) -> PartRow | None:
    same = (part for part in row.parts if part.state == row.measured_state and part.value == row.value)
    return next(same, None)


class UnknownCheck(KeyError):
    """The framework in force has no check with that id."""


def _check(check_id: str, framework: Framework) -> Check:
    try:
        return framework.check(check_id)
    except KeyError as error:
        raise UnknownCheck(check_id) from error


def check_page(check_id: str, *, now: datetime) -> CheckPage:
    """Raises UnknownCheck for an id that the framework in force does not have. Seven statements."""
    _, framework = framework_queries.current()
    check = _check(check_id, framework)
    results = list(
        CheckResult.objects.filter(check_id=check_id)
        .exclude(site__stage=Site.Stage.RETIRED)
        .select_related("site__region")
    )
    capacity = present_capacity([result.site for result in results], now=now)
    owners = ownership.owners(now=now)
    rows = [
        CheckSiteRow(
            site=_add_owner(ref_of(result.site), owners.get(result.site_id)),
            deployed=capacity[result.site_id].deployed,
            result=check_row(result, framework, now=now),
        )
        for result in results
    ]
    kw: dict[str, float] = defaultdict(float)
    for row in rows:
        kw[row.result.state] += row.deployed.it_kw
    recent = Flip.objects.filter(subject=Flip.Subject.CHECK, key=check_id).select_related("site")
    return CheckPage(
        check=check,
        pillar=pillar_of(check, framework),
        thresholds=threshold_rows(check, framework),
        sources=cited_sources(check, framework),
        counts=dict(Counter(row.result.state for row in rows)),
        kw=dict(kw),
        rows=tuple(sorted(rows, key=_worst_first)),
        flips=tuple(flip_row(flip, framework) for flip in recent[:RECENT_FLIPS]),
    )


def _add_owner(ref: SiteRef, owner: SiteOwner | None) -> SiteRef:
    if owner is None:
        return ref
    return replace(
        ref,
        owner=owner.team,
        accountable=owner.person,
        owner_has_left=owner.has_left,
        owner_left_at=owner.left_at,
        owner_is_deputy=owner.is_deputy,
    )


def site_check(site: Site, check_id: str, *, now: datetime) -> SiteCheck:
    """Raises UnknownCheck for an id that the framework in force does not have. Six statements."""
    _, framework = framework_queries.current()
    check = _check(check_id, framework)
    stored = CheckResult.objects.filter(site=site, check_id=check_id).first()
    result = check_row(stored, framework, now=now) if stored else None
    moves = list(
        Flip.objects.filter(site=site, subject=Flip.Subject.CHECK, key=check_id)
        .select_related("site")
        .order_by("at", "id")
    )
    return SiteCheck(
        check=check,
        pillar=pillar_of(check, framework),
        thresholds=threshold_rows(check, framework),
        result=result,
        strip=strip(moves, result.state if result else "", start=now - STRIP, end=now),
        flips=tuple(flip_row(flip, framework) for flip in reversed(moves[-RECENT_FLIPS:])),
        samples=check_samples(site, check, result.parts if result else ()),
    )


def strip(moves: Sequence[Flip], present: str, *, start: datetime, end: datetime) -> tuple[StripCell, ...]:
    """The worst state in each two-day period. `moves` are in order of time; `present` is the state at the end.

    Periods before the first evaluation are left out.
    """
    edges = [start + CELL * place for place in range((end - start) // CELL + 1)]
    worst = ((begin, _worst_between(moves, present, begin, until)) for begin, until in pairwise(edges))
    return tuple(StripCell(begin, state) for begin, state in worst if state)


def _worst_between(moves: Sequence[Flip], present: str, begin: datetime, until: datetime) -> str:
    later = next((move for move in moves if move.at > begin), None)
    states = [later.from_state if later else present]
    states += [move.to_state for move in moves if begin < move.at <= until]
    return max((state for state in states if state), key=_severity, default="")


def _severity(state: str) -> int:
    return SEVERITY[CheckState(state)]


def _worst_first(row: CheckSiteRow) -> tuple[int, float, str]:
    return (-_severity(row.result.state), -row.deployed.it_kw, row.site.name)


def pillar_of(check: Check, framework: Framework) -> Pillar:
    return next(pillar for pillar in framework.pillars if pillar.id == check.pillar)


# A check in one of these states keeps its sites from being ready unless its gate is INFO.
OPEN_STATES = ("fail", "stale", "unknown", "waived")


@dataclass(frozen=True, slots=True)
class CheckListRow:
    check: Check
    pillar: Pillar
    counts: dict[str, int]
    kw: dict[str, float]

    @property
    def waits(self) -> bool:
        """Whether no site where the check applies has evidence for it."""
        return bool(self.counts) and set(self.counts) <= {"unknown", "n-a"}

    @property
    def kw_at_stake(self) -> float:
        return sum(self.kw.get(state, 0.0) for state in OPEN_STATES)


@dataclass(frozen=True, slots=True)
class CheckList:
    version: str
    title: str
    pillars: tuple[Pillar, ...]
    rows: tuple[CheckListRow, ...]
    sites: int


def check_list(*, now: datetime) -> CheckList:
    version, framework = framework_queries.current()
    kw_by_site = deployed_kw(now=now)
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    kw: dict[str, dict[str, float]] = defaultdict(dict)
    evaluated_ids: set[int] = set()
    results = CheckResult.objects.exclude(site__stage=Site.Stage.RETIRED).order_by()
    by_state = results.values_list("check_id", "state").annotate(site_ids=ArrayAgg("site_id"))
    for check_id, state, site_ids in by_state:
        evaluated_ids.update(site_ids)
        counts[check_id][state] = len(site_ids)
        # A site added in the meantime has no capacity yet.
        kw[check_id][state] = fsum(kw_by_site.get(site_id, 0.0) for site_id in site_ids)
    pillars = {pillar.id: pillar for pillar in framework.pillars}
    rows = tuple(
        CheckListRow(check, pillars[check.pillar], _counted(counts[check.id]), kw[check.id])
        for check in framework.checks
    )
    return CheckList(version.version, framework.title, framework.pillars, rows, len(evaluated_ids))


def _counted(counts: dict[str, int]) -> dict[str, int]:
    """Return all states in one fixed order, so that all bars and legends agree."""
    return {state.value: counts[state] for state in SEVERITY if state in counts}


BY_A_REVIEW = "go-live review #"
"""Prefix of the sources and documents that reviews once wrote by themselves: such records were not entered by hand."""


def set_aside(site: Site, result: CheckRow | None, *, now: datetime) -> list[str]:
    own = OWN_RECORDS.get(result.id) if result else None
    if result is None or own is None or not any(own.are_behind(part.evidence) for part in result.parts):
        return []
    facts = RecordedFact.objects.filter(site=site, check_id=result.id).exclude(source__startswith=BY_A_REVIEW)
    attestations = Attestation.objects.filter(site=site, check_id=result.id, workload_classes=[])
    attestations = attestations.exclude(part="").exclude(document__startswith=BY_A_REVIEW)
    tables = ValidationRun.objects.filter(site=site, measures__name__startswith=f"{result.id}/")
    statements = _newest(facts, "fact", "source", now).union(
        _newest(attestations, "attestation", "attested_by", now), _newest(tables, "run", "tool", now)
    )
    return [
        f"{_statement_title(kind, row, text)} of {day(taken_at)} is not counted: this site has {own.words}."
        for taken_at, kind, row, text in statements.order_by("-taken_at")
    ]


def _newest(evidence: QuerySet[Any], kind: str, named_by: str, now: datetime) -> QuerySet[Any, Any]:
    newest_first = evidence.filter(taken_at__lte=now).order_by("-taken_at", "-pk")
    text = Cast(F(named_by), CharField())
    return newest_first.annotate(kind=Value(kind), text=text).values_list("taken_at", "kind", "pk", "text")[
        :1
    ]


def _statement_title(kind: str, row: int, text: str) -> str:
    match kind:
        case "attestation":
            return f"A statement by {name_of(text)}"
        case "fact":
            return f"A recorded fact ({text})"
        case _:
            return f"Run {row}"
