"""Proofs of sites by sub-measure: runs, recorded facts and attestations.

For a sub-measure that runs prove, runs come before entered evidence while any of them counts. Among facts, attestations
and tables that are not runs, the newest that counts is used.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from operator import attrgetter
from typing import NamedTuple

from django.db import connection

from inventory.models import Device
from readiness.assessment.evidence import rows
from readiness.assessment.evidence.core.proving import (
    baselines,
    collectives,
    diagnostics,
    latency,
    serving,
    tables,
)
from readiness.assessment.evidence.core.proving import floors as ports
from readiness.assessment.evidence.core.proving.dated import DatedProofs, SiteProofs
from readiness.assessment.evidence.core.proving.floors import OF_LIMIT, strictest
from readiness.assessment.evidence.core.proving.interop import JudgedPair, interoperable
from readiness.assessment.evidence.core.proving.values import (
    FloorValue,
    PartKey,
    Proof,
    Run,
    SiteParts,
    is_valid,
)
from readiness.assessment.evidence.interop import pairs_of_records, recorded_runs
from readiness.assessment.evidence.models import Floor, RunMeasure
from readiness.assessment.evidence.parts import site_parts
from readiness.assessment.framework.core.definition import Check, Framework, SubMeasure
from readiness.assessment.framework.core.minimums import effective_minimums
from readiness.assessment.framework.core.vocabulary import SenderNamed
from telemetry.binary import fetched
from web.cached import CachedAnswer

_SITES = 1000
"""A process keeps the values of this many sites, each about 80 kB for 50 runs, and computes the others each time."""


WORKED_OUT: Mapping[str, tuple[str, ...]] = {
    "p1-accelerator-diag": ("coverage", "worst-severity", "quick-coverage"),
    "p1-intra-node": ("busbw", "wrong-values", "nodes-covered"),
    "p1-fabric-collective": ("pair-busbw", "scale-efficiency", "nodes-covered"),
    "p1-rdma-port": ("bandwidth", "ports-covered"),
    "p1-latency-under-load": ("loaded-p99", "load-factor", "tail-ratio", "p99-cv", "repeats"),
    "p1-serving-latency": ("ttft-p99", "tpot-p99", "duration"),
    "p1-multivendor-interop": ("pairs-proven", "backend-pairs-missing"),
    "p5-revalidation": ("nodes-current",),
    "p5-baseline-regression": ("nodes-beyond", "nodes-without-ticket"),
}
"""Sub-measures that are computed from runs; all others are named by a table, a fact or an attestation."""

UNITS = {"busbw": "GB/s", "pair-busbw": "GB/s", "bandwidth": "Gb/s"}
"""Units of the sub-measures whose figures are converted."""

# Many sites have no entered evidence, and all are evaluated every minute.
_ANYTHING = """
SELECT EXISTS (SELECT FROM evidence_validationrun WHERE site_id = ANY(%(sites)s)),
    EXISTS (SELECT FROM evidence_recordedfact WHERE site_id = ANY(%(sites)s))
    OR EXISTS (SELECT FROM evidence_attestation WHERE site_id = ANY(%(sites)s))
"""

# Days on which evidence ends are left out: they end at midnight.
_NEXT = """
SELECT site_id, min(at) FROM (
    SELECT site_id, unnest(ARRAY[taken_at, voided_at, baseline_at, withdrawn_at, taken_at + %(kept)s]) AS at
    FROM evidence_validationrun WHERE site_id = ANY(%(sites)s)
    UNION ALL
    SELECT site_id, unnest(ARRAY[taken_at, voided_at]) FROM evidence_recordedfact WHERE site_id = ANY(%(sites)s)
    UNION ALL
    SELECT site_id, unnest(ARRAY[taken_at, voided_at, confirmed_at, grace_until, rejected_at])
    FROM evidence_attestation WHERE site_id = ANY(%(sites)s)
) AS turning WHERE at > %(now)s GROUP BY site_id
"""

_INSTANT = timedelta(microseconds=1)
"""Evidence counts up to and including the end of its validity."""


class _Proved(NamedTuple):
    """The proofs by a site's runs, but for pairs of vendors, which `records` are of."""

    dated: DatedProofs
    records: Sequence[Run]


# The stored runs of a site, its parts and the rules are the basis.
_PROVED: CachedAnswer[int, _Proved] = CachedAnswer(
    "proofs by runs of sites", versions=(RunMeasure,), most_entries=_SITES
)


def proofs(
    site_ids: Collection[int],
    framework: Framework,
    *,
    now: datetime,
    parts: Mapping[int, SiteParts] | None = None,
    floors: Sequence[FloorValue] | None = None,
) -> dict[int, SiteProofs]:
    """Return a proof for each site, sub-measure and subject; scoring uses the worst. Only evidence taken at or before
    `now` is read. The number of statements does not depend on sites or evidence. A caller that has read the `parts` of
    the sites and the `floors` passes them."""
    dated = _dated_proofs(site_ids, framework, now, parts, floors)
    return {site_id: each.proofs for site_id, each in dated.items()}


def dated_proofs(site_ids: Collection[int], framework: Framework, *, now: datetime) -> dict[int, DatedProofs]:
    """The proofs of `proofs`, with the instant at which time alone changes them next. A statement more."""
    turning = dict(fetched(_NEXT, {"sites": list(site_ids), "now": now, "kept": rows.KEPT}))
    return {
        site_id: each._replace(until=_earliest(each.until, turning.get(site_id)))
        for site_id, each in _dated_proofs(site_ids, framework, now, None, None).items()
    }


def _dated_proofs(
    site_ids: Collection[int],
    framework: Framework,
    now: datetime,
    parts: Mapping[int, SiteParts] | None,
    floors: Sequence[FloorValue] | None,
) -> dict[int, DatedProofs]:
    ids = sorted(site_ids)
    has_runs, has_records = _anything(ids)
    if floors is None:
        floors = platform_floors() if has_runs or has_records else []
    by_runs = _run_proofs(ids, framework, floors, now, parts) if has_runs else {}
    entered = rows.entered(ids, framework, now) if has_records else {}
    nothing = DatedProofs({}, now, None)
    joined = {
        site_id: _joined_proofs(
            framework, by_runs.get(site_id, nothing).proofs, entered.get(site_id, {}), now
        )
        for site_id in ids
    }
    return {
        site_id: DatedProofs(
            of_site,
            now,
            _earliest(
                by_runs.get(site_id, nothing).until, _first_expiry(entered.get(site_id, {}), framework, now)
            ),
        )
        for site_id, of_site in apply_floors(joined, framework, floors).items()
    }


def _first_expiry(entered: Mapping[PartKey, Proof], framework: Framework, now: datetime) -> datetime | None:
    ends = (
        proof.taken_at + timedelta(seconds=framework.parts_by_key[key].validity.limit_s(None)) + _INSTANT
        for key, proof in entered.items()
    )
    return min((end for end in ends if end > now), default=None)


def _earliest(*ends: datetime | None) -> datetime | None:
    return min((end for end in ends if end is not None), default=None)


def _run_proofs(
    site_ids: Sequence[int],
    framework: Framework,
    floors: Sequence[FloorValue],
    now: datetime,
    parts: Mapping[int, SiteParts] | None,
) -> dict[int, DatedProofs]:
    """Recompute proofs by runs only if the runs, the site's parts or the rules changed, or a run aged."""
    stored = rows.stored_runs(site_ids, framework, now)
    parts = site_parts(list(stored), now) if parts is None else parts
    bases = {site_id: (framework, of_site, parts[site_id], floors) for site_id, of_site in stored.items()}
    checks = checks_worked_out(framework)

    def prove(changed: Collection[int]) -> dict[int, _Proved]:
        runs = rows.runs_with_figures({site_id: stored[site_id] for site_id in changed}, floors, now)
        return {
            site_id: _Proved(
                DatedProofs(
                    proved_by_runs(framework, checks, of_site, parts[site_id], floors, now),
                    now,
                    _ends_at(stored[site_id], framework, now),
                ),
                recorded_runs(of_site.newest),
            )
            for site_id, of_site in runs.items()
        }

    proved = _PROVED.values(bases, prove, now=now, until=attrgetter("dated.until"))
    check = checks.get("p1-multivendor-interop")
    pairs = pairs_of_records(check, {site_id: each.records for site_id, each in proved.items()}, now)
    return {
        site_id: DatedProofs(
            _pairs_added(framework, check, each.dated.proofs_at(now), pairs.get(site_id, ()), now),
            now,
            each.dated.until,
        )
        for site_id, each in proved.items()
    }


def _pairs_added(
    framework: Framework, check: Check | None, by_runs: SiteProofs, pairs: Sequence[JudgedPair], now: datetime
) -> SiteProofs:
    """Add the proofs of pairs, but where a table goes before them. They depend on the links of now, so none is kept."""
    if check is None or not pairs:
        return by_runs
    keyed = {(check.id, part_id): each for part_id, each in interoperable(check, pairs, now).items()}
    paired = {key: each for key, each in keyed.items() if key in framework.parts_by_key}
    tables_named = {key: each for key, each in by_runs.items() if key in paired}
    return by_runs | paired | _going_before(framework, tables_named, paired, now)


def _going_before(
    framework: Framework, tables_named: SiteProofs, by_part: SiteProofs, now: datetime
) -> SiteProofs:
    """Return the proofs by tables that replace those of runs."""
    return {
        key: each
        for key, each in tables_named.items()
        if _goes_before(
            min(each, key=lambda proof: proof.taken_at),
            by_part.get(key, ()),
            framework.parts_by_key[key],
            now,
        )
    }


def check_with_minimums(framework: Framework, check_id: str) -> Check:
    minimums = tuple(minimum for minimum, _ in effective_minimums(framework, check_id))
    return replace(framework.check(check_id), minimums=minimums)


def checks_worked_out(framework: Framework) -> dict[str, Check]:
    """The checks that runs prove, each with the minimums in effect."""
    return {
        check_id: check_with_minimums(framework, check_id).add_stand_ins(part_ids, UNITS)
        for check_id, part_ids in WORKED_OUT.items()
        if check_id in framework.checks_by_id
    }


def _joined_proofs(
    framework: Framework, by_runs: SiteProofs, entered: Mapping[PartKey, Proof], now: datetime
) -> SiteProofs:
    by_part = dict(by_runs)
    for key, proof in entered.items():
        part = framework.parts_by_key[key]
        if _goes_before(proof, by_part.get(key, ()), part, now):
            by_part[key] = (proof,)
    return by_part


def _ends_at(stored: rows.StoredRuns, framework: Framework, now: datetime) -> datetime | None:
    """The first instant at which other runs count than now; None if none of them can expire any more."""
    validities = {part.validity.limit_s(None) for check in framework.checks for part in check.parts}
    spans = [diagnostics.QUICK, *(timedelta(seconds=limit_s) for limit_s in validities)]
    ends = {taken_at + span + _INSTANT for taken_at in stored.taken_at for span in spans}
    return min((end for end in ends | stored.voided_after(now) if end > now), default=None)


def _goes_before(entered: Proof, runs: Sequence[Proof], part: SubMeasure, now: datetime) -> bool:
    """Whether entered evidence replaces these runs: no run counts, nor any evidence entered later."""
    asked_at = max((each.asked_at for each in runs if each.asked_at is not None), default=entered.taken_at)
    return entered.taken_at >= asked_at and not any(
        is_valid(each, part, now) and (not each.declaration or each.taken_at > entered.taken_at)
        for each in runs
    )


def proved_by_runs(
    framework: Framework,
    checks: Mapping[str, Check],
    of_site: rows.SiteRuns,
    site: SiteParts,
    floors: Sequence[FloorValue],
    now: datetime,
) -> SiteProofs:
    """All but those of pairs of vendors, which depend on other sites."""
    by_part: SiteProofs = {}
    runs = capped(of_site.newest, framework, site)

    def add(check_id: str, of_check: Mapping[str, tuple[Proof, ...]]) -> None:
        keyed = {(check_id, part_id): each for part_id, each in of_check.items()}
        by_part.update({key: each for key, each in keyed.items() if key in framework.parts_by_key})

    diag, intra = checks.get("p1-accelerator-diag"), checks.get("p1-intra-node")
    if intra:
        add(intra.id, collectives.intra_node(intra, runs, site, floors, now))
    if check := checks.get("p1-fabric-collective"):
        add(check.id, collectives.fabric(check, runs, site, floors, now))
    if check := checks.get("p1-rdma-port"):
        add(check.id, ports.rdma_ports(check, runs, site, floors, now))
    if check := checks.get("p1-latency-under-load"):
        add(check.id, latency.loaded_latency(check, runs, site, now))
    if check := checks.get("p1-serving-latency"):
        add(check.id, serving.serving(check, runs, site, now))
    if diag:
        add(diag.id, diagnostics.accelerators(diag, runs, site, now))
    if (check := checks.get("p5-revalidation")) and diag and intra:
        add(check.id, diagnostics.revalidated(check, diag, intra, runs, site, floors, now))
    if check := checks.get("p5-baseline-regression"):
        add(check.id, baselines.regressed(check, runs, of_site.earlier, site, now))
    return by_part | _going_before(framework, tables.table_proofs(framework, runs, now), by_part, now)


def capped(runs: Sequence[Run], framework: Framework, site: SiteParts) -> list[Run]:
    """Mark the runs that count as warn at most: those of devices that telemetry contradicts, and, if the framework says
    so, those whose device only the sender names."""
    caps_named = framework.sender_named is SenderNamed.WARN
    return [replace(run, capped=_cap(run, site, caps_named=caps_named)) for run in runs]


def _cap(run: Run, site: SiteParts, *, caps_named: bool) -> str:
    if sentence := next((site.contradicted[node] for node in run.nodes if node in site.contradicted), ""):
        return f"run {run.id}; {sentence.rstrip('.')}"
    return f"run {run.id}, whose device only its sender names" if caps_named and run.sender_named else ""


def _anything(site_ids: Sequence[int]) -> tuple[bool, bool]:
    with connection.cursor() as cursor:
        cursor.execute(_ANYTHING, {"sites": list(site_ids)})
        has_runs, has_records = cursor.fetchone() or (False, False)
    return has_runs, has_records


def platform_floors() -> list[FloorValue]:
    columns = ("platform", "tool", "measure", "operation", "size_bytes", "value", "unit", "source")
    return [FloorValue(*row) for row in Floor.objects.order_by("id").values_list(*columns)]


def apply_floors(
    proofs_by_site: Mapping[int, SiteProofs], framework: Framework, floors: Sequence[FloorValue]
) -> dict[int, SiteProofs]:
    of_platforms = {
        (check.id, part.id): part
        for check in framework.checks
        for part in check.parts
        if part.limit_from in OF_LIMIT
    }
    without = {
        site_id
        for site_id, of_site in proofs_by_site.items()
        if any(_lacks_floor(proof) for key in of_platforms.keys() & of_site for proof in of_site[key])
    }
    platforms = _platforms(without) if without and floors else {}
    return {
        site_id: of_site
        | {
            key: tuple(_floored(proof, part, floors, platforms.get(site_id, ())) for proof in of_site[key])
            for key, part in of_platforms.items()
            if key in of_site
        }
        for site_id, of_site in proofs_by_site.items()
    }


def _lacks_floor(proof: Proof) -> bool:
    return proof.floor is None and not proof.cannot_judge


def _floored(
    proof: Proof, part: SubMeasure, floors: Sequence[FloorValue], platforms: Collection[str]
) -> Proof:
    if not _lacks_floor(proof):
        return proof
    floor = strictest(floors, platforms, part.limit_from, part.unit)
    if floor is None:
        return proof
    return proof._replace(floor=floor.value, floor_source=floor.source or f"floor of {floor.platform}")


def _platforms(site_ids: Collection[int]) -> dict[int, set[str]]:
    nodes = Device.objects.active().filter(site_id__in=site_ids, role=Device.Role.NODE)
    platforms_by_site: dict[int, set[str]] = defaultdict(set)
    for site_id, slug in nodes.order_by().values_list("site_id", "device_type__slug").distinct():
        platforms_by_site[site_id].add(slug)
    return platforms_by_site
