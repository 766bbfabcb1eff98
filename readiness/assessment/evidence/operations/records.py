"""Attestations, recorded facts, floors and baselines: everything that people enter."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from accounts.models import User
from inventory.models import Site
from inventory.queries import end_of_day
from readiness.assessment.evidence import refusals
from readiness.assessment.evidence.core.bearing import HAVE_BASELINE
from readiness.assessment.evidence.core.parsers import platform_floors
from readiness.assessment.evidence.ground import site_ground
from readiness.assessment.evidence.models import Attestation, Floor, RecordedFact, ValidationRun
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.core.definition import SubMeasure
from readiness.assessment.framework.core.vocabulary import Change
from readiness.demand.workloads.models import WorkloadClass
from readiness.organisation.people.models import Person
from telemetry.models import SourceProvenance
from web.permissions import MissingPermission
from web.units import day

MOST_FLOOR_BYTES = 256 * 1024


@transaction.atomic
def attest(
    *,
    site: Site,
    check: str,
    taken_on: date,
    by: User | None,
    now: datetime,
    part: str = "",
    value: float | None = None,
    unit: str = "",
    workload_classes: Collection[str] = (),
    **statement: Any,
) -> Attestation:
    """Keep a named person's statement about a check, or about the value of one of its sub-measures; with
    `workload_classes` (slugs) only about these. The person is named by account (`attester`), in words (`attested_by`),
    or both. Raises EvidenceRefused for whatever is unknown, not in force or in the future, and for an attester who
    could not confirm it.
    """
    refusals.refuse_retired(site)
    measures = _measures_of(check, part)
    if part and value is not None:
        value = refusals.value_in_unit(measures[0], value, unit)
    _refuse_unknown(workload_classes)
    attestation = Attestation(
        site=site,
        check_id=check,
        part=part,
        value=value,
        taken_on=taken_on,
        taken_at=_taken_at(site, taken_on, now),
        workload_classes=sorted(set(workload_classes)),
        **_fill_attester_name(statement, by),
        by=by,
        basis=_basis_of(site, measures),
    )
    attestation.full_clean(exclude=["site", "by", "attester"])
    attestation.save()
    return attestation


def _basis_of(site: Site, measures: Sequence[SubMeasure]) -> dict[str, str]:
    voided_by = frozenset(change for each in measures for change in each.validity.voided_by)
    return _ground_of_changes(site_ground([site.pk])[site.pk], voided_by) if voided_by else {}


def _fill_attester_name(statement: Mapping[str, Any], by: User | None) -> dict[str, Any]:
    """The name of the person linked to an account comes first: erasing the person then finds it here."""
    attester, name = statement.get("attester"), statement.get("attested_by", "").strip()
    refusals.refuse_attester(attester, name, by)
    if not name:
        name = str(Person.objects.filter(user=attester).first() or attester)[:100]
    return {**statement, "attested_by": name}


def _measures_of(check: str, part: str) -> Sequence[SubMeasure]:
    _, framework = framework_queries.current()
    if not part:
        return refusals.check_named(framework, check).parts
    measure = refusals.part_of(framework, check, part)
    refusals.refuse_live(measure)
    return (measure,)


def _refuse_unknown(slugs: Collection[str]) -> None:
    known_slugs = (
        set(WorkloadClass.objects.filter(slug__in=slugs).values_list("slug", flat=True)) if slugs else set()
    )
    if unknown := sorted(set(slugs) - known_slugs):
        raise refusals.EvidenceRefused("workload_classes", f"There is no workload class {unknown[0]!r}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class FactRow:
    site: Site
    check: str
    part: str
    value: float
    taken_on: date
    source: str
    unit: str = ""
    note: str = ""
    provenance: str = SourceProvenance.DECLARED


def record_fact(*, by: User | None, now: datetime, **fact: Any) -> RecordedFact:
    return record_facts([FactRow(**fact)], by=by, now=now)[0]


@transaction.atomic
def record_facts(rows: Sequence[FactRow], *, by: User | None, now: datetime) -> list[RecordedFact]:
    """Keep values of sub-measures for a day, in a constant number of statements.

    A value entered again for a day, or in a later row, corrects the earlier one. Raises EvidenceRefused if any is
    refused; then none is kept.
    """
    _, framework = framework_queries.current()
    facts: dict[tuple[int, str, str, date], tuple[RecordedFact, SubMeasure]] = {}
    for row in rows:
        measure = refusals.part_of(framework, row.check, row.part)
        refusals.refuse_live(measure)
        facts[row.site.pk, row.check, row.part, row.taken_on] = _fact(row, measure, by=by, now=now), measure
    _stand_on_ground(facts.values())
    in_order = [facts[key][0] for key in sorted(facts)]
    return RecordedFact.objects.bulk_create(
        in_order, batch_size=2000, update_conflicts=True, unique_fields=_OF_ONE_DAY, update_fields=_CORRECTED
    )


_OF_ONE_DAY = ["site", "check_id", "part", "taken_on"]
_CORRECTED = [
    *("value", "source", "note", "provenance", "taken_at", "by", "basis", "recorded_at"),
    *("void_changes", "voids", "voided_at", "void_reason"),
]


def _fact(row: FactRow, measure: SubMeasure, *, by: User | None, now: datetime) -> RecordedFact:
    refusals.refuse_retired(row.site)
    if not row.source.strip():
        raise refusals.EvidenceRefused("source", "A recorded fact says where its value comes from.")
    return RecordedFact(
        site=row.site,
        check_id=row.check,
        part=row.part,
        value=refusals.value_in_unit(measure, row.value, row.unit),
        source=row.source,
        note=row.note,
        provenance=row.provenance,
        taken_on=row.taken_on,
        taken_at=_taken_at(row.site, row.taken_on, now),
        by=by,
    )


def _stand_on_ground(facts: Collection[tuple[RecordedFact, SubMeasure]]) -> None:
    minding = {fact.site_id for fact, measure in facts if measure.validity.voided_by}
    grounds = site_ground(sorted(minding)) if minding else {}
    for fact, measure in facts:
        fact.basis = _ground_of_changes(grounds.get(fact.site_id, {}), measure.validity.voided_by)


def set_floor(
    *,
    platform: str,
    tool: str,
    measure: str,
    by: User | None,
    now: datetime,
    operation: str = "",
    size_bytes: int | None = None,
    **values: Any,
) -> Floor:
    floor, _ = Floor.objects.update_or_create(
        platform=platform,
        tool=tool,
        measure=measure,
        operation=operation,
        size_bytes=size_bytes,
        defaults=values,
    )
    return floor


def import_floors(
    *, content: bytes, platform: str, source: str, by: User | None, now: datetime
) -> list[Floor]:
    if len(content) > MOST_FLOOR_BYTES:
        raise refusals.EvidenceRefused("file", f"A configuration has {MOST_FLOOR_BYTES} bytes at most.")
    floors = platform_floors.parse(content)
    if not floors:
        raise refusals.EvidenceRefused("file", "The configuration states no floor that Muster knows.")
    with transaction.atomic():
        context: dict[str, Any] = {"platform": platform, "source": source, "by": by, "now": now}
        return [set_floor(**asdict(line), **context) for line in floors]


def _taken_at(site: Site, taken_on: date, now: datetime) -> datetime:
    if taken_on > now.astimezone(ZoneInfo(site.time_zone)).date():
        raise refusals.EvidenceRefused("taken_on", f"{day(taken_on)} is yet to come at {site.name}.")
    if taken_on < now.date() - refusals.OLDEST:
        raise refusals.EvidenceRefused("taken_on", f"{day(taken_on)} is more than twenty years ago.")
    return min(end_of_day(taken_on, site.time_zone), now)


def _ground_of_changes(ground: Mapping[Change, str], voided_by: Collection[Change]) -> dict[str, str]:
    return {kind.value: ground[kind] for kind in sorted(voided_by) if kind in ground}


MAY_MARK = "evidence.change_validationrun"


def can_be_baseline(run: ValidationRun) -> bool:
    return run.baseline_at is not None or not _why_not(run)


@transaction.atomic
def mark_baseline(run: ValidationRun, *, marked: bool, by: User, now: datetime) -> ValidationRun:
    """Make the run the baseline of its subject, or restore the first runs as baseline. The table's trigger leaves the
    site's claim row. Raises MissingPermission, and EvidenceRefused for a run that is not compared or that a change has
    voided."""
    if not by.has_perm(MAY_MARK):
        raise MissingPermission([MAY_MARK])
    locked = ValidationRun.objects.select_for_update(of=("self",)).get(pk=run.pk)
    if marked and (reason := _why_not(locked)):
        raise refusals.EvidenceRefused("run", reason)
    if (locked.baseline_at is not None) != marked:
        locked.baseline_at, locked.baseline_by = (now, by) if marked else (None, None)
        locked.save(update_fields=["baseline_at", "baseline_by"])
    return locked


def _why_not(run: ValidationRun) -> str:
    if run.tool not in HAVE_BASELINE:
        return "Runs of this tool have no rate or latency to compare."
    if run.loopback:
        return "A loopback crosses no network and is no baseline."
    if run.void_changes:
        return "A change has voided this run: take a new one."
    return ""
