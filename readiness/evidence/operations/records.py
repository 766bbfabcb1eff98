"""Attestations, recorded facts and floors: what people enter."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import transaction

from accounts.models import User
from inventory.models import Site
from inventory.queries import end_of_day
from readiness.evidence.core.parsers import ParseError, fact_table, platform_floors
from readiness.evidence.ground import site_ground
from readiness.evidence.models import Attestation, Floor, RecordedFact
from readiness.evidence.parts import check_named, in_unit_of, part_of
from readiness.evidence.refusals import OLDEST, EvidenceRefused
from readiness.framework import queries as framework_queries
from readiness.framework.core.vocabulary import Change
from telemetry.models import Provenance

MOST_FLOOR_BYTES = 256 * 1024


@transaction.atomic
def attest(
    *,
    site: Site,
    check: str,
    statement: str,
    attested_by: str,
    taken_on: date,
    by: User | None,
    now: datetime,
    part: str = "",
    value: float | None = None,
    unit: str = "",
    valid_until: date | None = None,
    link: str = "",
    document: str = "",
    provenance: str = Provenance.DECLARED,
) -> Attestation:
    """Keep what a named person says of a check, or of the value of one of its sub-measures.

    EvidenceRefused for a check or sub-measure that is not in force, a unit that does not fit, a day to come.
    """
    _, framework = framework_queries.current()
    found = check_named(framework, check)
    voided_by = frozenset(change for each in found.parts for change in each.validity.voided_by)
    if part:
        measure = part_of(framework, check, part)
        voided_by = measure.validity.voided_by
        value = None if value is None else in_unit_of(measure, value, unit)
    attestation = Attestation(
        site=site,
        check_id=check,
        part=part,
        statement=statement,
        value=value,
        attested_by=attested_by,
        taken_on=taken_on,
        taken_at=_taken_at(site, taken_on, now),
        valid_until=valid_until,
        link=link,
        document=document,
        provenance=provenance,
        by=by,
        basis=_basis(site, voided_by),
    )
    attestation.full_clean(exclude=["site", "by"])
    attestation.save()
    return attestation


@transaction.atomic
def record_fact(
    *,
    site: Site,
    check: str,
    part: str,
    value: float,
    taken_on: date,
    source: str,
    by: User | None,
    now: datetime,
    unit: str = "",
    note: str = "",
    provenance: str = Provenance.DECLARED,
) -> RecordedFact:
    """Keep a sub-measure's value of one day; entered again, the later value corrects the earlier.

    EvidenceRefused as `attest`.
    """
    _, framework = framework_queries.current()
    measure = part_of(framework, check, part)
    values = {
        "value": in_unit_of(measure, value, unit),
        "source": source,
        "note": note,
        "provenance": provenance,
        "taken_at": _taken_at(site, taken_on, now),
        "by": by,
        "basis": _basis(site, measure.validity.voided_by),
        "void_changes": [],
        "voided_at": None,
        "void_reason": "",
    }
    if not source.strip():
        raise EvidenceRefused("source", "A recorded fact says where its value comes from.")
    fact, _ = RecordedFact.objects.update_or_create(
        site=site, check_id=check, part=part, taken_on=taken_on, defaults=values
    )
    return fact


@transaction.atomic
def import_facts(*, content: bytes, by: User | None, now: datetime) -> list[RecordedFact]:
    """Enter each row of a table (core.parsers.fact_table says which columns), the site by its slug.

    All of it or nothing: ParseError names the line that cannot be read or is refused.
    """
    rows = fact_table.parse(content)
    sites = {site.slug: site for site in Site.objects.filter(slug__in={row.site for row in rows})}
    facts = []
    for row in rows:
        if row.site not in sites:
            raise ParseError(row.line, f"There is no site {row.site!r}.")
        try:
            fact = record_fact(
                site=sites[row.site],
                check=row.check,
                part=row.part,
                value=row.value,
                unit=row.unit,
                taken_on=row.taken_on,
                source=row.source,
                note=row.note,
                provenance=row.provenance,
                by=by,
                now=now,
            )
        except EvidenceRefused as error:
            raise ParseError(row.line, error.reason) from error
        facts.append(fact)
    return facts


@transaction.atomic
def set_floor(
    *,
    platform: str,
    tool: str,
    measure: str,
    value: float,
    unit: str,
    by: User | None,
    now: datetime,
    operation: str = "",
    size_bytes: int | None = None,
    source: str = "",
    note: str = "",
) -> Floor:
    """The platform's floor of a measure at a size: made, or changed where it is there."""
    floor, _ = Floor.objects.update_or_create(
        platform=platform,
        tool=tool,
        measure=measure,
        operation=operation,
        size_bytes=size_bytes,
        defaults={"value": value, "unit": unit, "source": source, "note": note},
    )
    return floor


@transaction.atomic
def import_floors(
    *, content: bytes, platform: str, source: str, by: User | None, now: datetime
) -> list[Floor]:
    """Floors of a node-health configuration (`*.conf`). ParseError where it cannot be read."""
    if len(content) > MOST_FLOOR_BYTES:
        raise EvidenceRefused("file", f"A configuration has {MOST_FLOOR_BYTES} bytes at most.")
    found = platform_floors.parse(content)
    if not found:
        raise EvidenceRefused("file", "The configuration states no floor that is known.")
    return [
        set_floor(
            platform=platform,
            tool=line.tool,
            measure=line.measure,
            operation=line.operation,
            size_bytes=line.size_bytes,
            value=line.value,
            unit=line.unit,
            source=source,
            note=line.note,
            by=by,
            now=now,
        )
        for line in found
    ]


def _taken_at(site: Site, taken_on: date, now: datetime) -> datetime:
    """The end of the day in the site's zone; now, while the day lasts."""
    if taken_on > now.astimezone(ZoneInfo(site.time_zone)).date():
        raise EvidenceRefused("taken_on", f"{taken_on} is yet to come at {site.name}.")
    if taken_on < now.date() - OLDEST:
        raise EvidenceRefused("taken_on", f"{taken_on} is more than twenty years ago.")
    return min(end_of_day(taken_on, site.time_zone), now)


def _basis(site: Site, voided_by: Collection[Change]) -> dict[str, str]:
    if not voided_by:
        return {}
    here = site_ground([site.pk])[site.pk]
    return {kind.value: here[kind] for kind in sorted(voided_by) if kind in here}
