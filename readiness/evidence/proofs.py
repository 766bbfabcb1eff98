"""What evidence proves at sites: runs, recorded facts and attestations, for each sub-measure.

For a sub-measure that runs prove, runs go before what people enter, as long as any of them counts: what was measured
goes before what is said. Of facts and attestations the newest that counts is taken.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import F, Q, Window
from django.db.models.functions import RowNumber

from inventory.models import Accelerator, Device, Port
from inventory.queries import end_of_day
from readiness.evidence.core.parsed import Figure
from readiness.evidence.core.proving import collectives, diagnostics, latency, ports, tables
from readiness.evidence.core.proving.values import (
    FloorValue,
    PartKey,
    Proof,
    Run,
    SiteParts,
    is_valid,
    newest,
)
from readiness.evidence.floored import with_floors
from readiness.evidence.models import Attestation, Floor, RecordedFact, RunDevice, RunMeasure, ValidationRun
from readiness.framework.core.definition import Framework, SubMeasure
from readiness.framework.core.vocabulary import Change

KEPT = timedelta(days=400)
"""Runs older than this are left out: the longest that one counts is a year. Until then it is shown as stale."""
REPEATS = 40
"""Latency runs of one path that are read, the newest first: 20 repeats are needed."""
REPEATED = ("perftest", "sockperf")
"""Of other tools' runs of one thing the newest alone is read; what a run is of says whether it can count."""
READ = (
    *("site_id", "tool", "scope", "taken_at", "load", "platform", "loopback"),
    *("void_changes", "voided_at", "void_reason", "hosts", "provenance"),
)
SMALLEST = 2 * 1024**3
"""Rows of collectives below this are read only at sizes that have a floor."""
NAMES = (
    "busbw",
    "bandwidth",
    "wrong_values",
    "latency",
    "severity",
    "worst_severity",
    "ttft",
    "tpot",
    "duration",
)

WORKED_OUT: Mapping[str, tuple[str, ...]] = {
    "p1-accelerator-diag": ("coverage", "worst-severity", "quick-coverage"),
    "p1-intra-node": ("busbw", "wrong-values", "nodes-covered"),
    "p1-fabric-collective": ("pair-busbw", "scale-efficiency", "nodes-covered"),
    "p1-rdma-port": ("bandwidth", "ports-covered"),
    "p1-latency-under-load": ("loaded-p99", "load-factor", "tail-ratio", "p99-cv", "repeats"),
    "p1-serving-latency": ("ttft-p99", "tpot-p99", "duration"),
    "p5-revalidation": ("nodes-current",),
}
"""Sub-measures that are worked out of runs; all others are named by a table, a fact or an attestation."""

UNITS = {"busbw": "GB/s", "pair-busbw": "GB/s", "bandwidth": "Gb/s"}
"""Of those whose figures are turned into the sub-measure's unit."""

# Sites that nobody entered anything for are many, and are evaluated every minute.
_ANYTHING = """
SELECT EXISTS (SELECT FROM evidence_validationrun WHERE site_id = ANY(%(sites)s)),
    EXISTS (SELECT FROM evidence_recordedfact WHERE site_id = ANY(%(sites)s))
    OR EXISTS (SELECT FROM evidence_attestation WHERE site_id = ANY(%(sites)s))
"""

type SiteProofs = dict[PartKey, tuple[Proof, ...]]


def proofs(site_ids: Collection[int], framework: Framework, *, now: datetime) -> dict[int, SiteProofs]:
    """For each site and sub-measure a proof of each thing that it is about; scoring takes the worst of them.

    Only evidence taken at or before `now` is read. The number of statements does not depend on sites or evidence.
    """
    ids = sorted(site_ids)
    with_runs, with_records = _anything(ids)
    floors = _floors() if with_runs or with_records else []
    runs = _runs(ids, floors, now) if with_runs else {}
    parts = _site_parts([site_id for site_id in ids if runs.get(site_id)])
    entered = _entered(ids, framework, now) if with_records else {}
    found = {
        site_id: _of_site(
            framework, runs.get(site_id, ()), parts.get(site_id), floors, entered.get(site_id, {}), now
        )
        for site_id in ids
    }
    return with_floors(found, framework, floors)


def _of_site(
    framework: Framework,
    runs: Sequence[Run],
    site: SiteParts | None,
    floors: Sequence[FloorValue],
    entered: Mapping[PartKey, Proof],
    now: datetime,
) -> SiteProofs:
    found: SiteProofs = {}
    if runs and site is not None:
        found = _by_runs(framework, runs, site, floors, now)
    for key, proof in entered.items():
        part = framework.check(key[0]).part(key[1])
        if not any(is_valid(each, part, now) for each in found.get(key, ())):
            found[key] = (proof,)
    return found


def _by_runs(
    framework: Framework,
    runs: Sequence[Run],
    site: SiteParts,
    floors: Sequence[FloorValue],
    now: datetime,
) -> SiteProofs:
    """Each family of checks; what a table names itself goes before what was worked out."""
    checks = {
        check_id: framework.checks_by_id[check_id].with_stand_ins(part_ids, UNITS)
        for check_id, part_ids in WORKED_OUT.items()
        if check_id in framework.checks_by_id
    }
    found: SiteProofs = {}

    def add(check_id: str, of_check: Mapping[str, tuple[Proof, ...]]) -> None:
        there = {part.id for part in framework.check(check_id).parts}
        found.update({(check_id, part_id): each for part_id, each in of_check.items() if part_id in there})

    diag, intra = checks.get("p1-accelerator-diag"), checks.get("p1-intra-node")
    if intra:
        add(intra.id, collectives.intra_node(intra, runs, site, floors, now))
    if check := checks.get("p1-fabric-collective"):
        add(check.id, collectives.fabric(check, runs, site, floors, now))
    if check := checks.get("p1-rdma-port"):
        add(check.id, ports.rdma_ports(check, runs, site, floors, now))
    if check := checks.get("p1-latency-under-load"):
        add(check.id, latency.under_load(check, runs, site, now))
    if check := checks.get("p1-serving-latency"):
        add(check.id, latency.serving(check, runs))
    if diag:
        add(diag.id, diagnostics.accelerators(diag, runs, site, now))
    if (check := checks.get("p5-revalidation")) and diag and intra:
        add(check.id, diagnostics.revalidated(check, diag, intra, runs, site, now))
    return found | tables.named(framework, runs, now)


def _anything(site_ids: Sequence[int]) -> tuple[bool, bool]:
    """Whether any of these sites has runs, and whether any has facts or attestations."""
    with connection.cursor() as cursor:
        cursor.execute(_ANYTHING, {"sites": list(site_ids)})
        with_runs, with_records = cursor.fetchone() or (False, False)
    return with_runs, with_records


def _floors() -> list[FloorValue]:
    columns = ("platform", "tool", "measure", "operation", "size_bytes", "value", "unit", "source")
    return [FloorValue(*row) for row in Floor.objects.order_by("id").values_list(*columns)]


def _runs(site_ids: Sequence[int], floors: Iterable[FloorValue], now: datetime) -> dict[int, list[Run]]:
    """The newest runs of each thing, with the figures that may prove something; three statements."""
    rows = list(
        ValidationRun.objects.taken_by(now)
        .filter(site_id__in=site_ids, taken_at__gt=now - KEPT)
        .annotate(
            place=Window(
                RowNumber(),
                partition_by=[F("site_id"), F("about")],
                order_by=[F("taken_at").desc(), F("id").desc()],
            )
        )
        .filter(Q(place=1) | Q(place__lte=REPEATS, tool__in=REPEATED))
        .order_by("id")
        .only(*READ)
    )
    run_ids = [row.pk for row in rows]
    if not run_ids:
        return {}
    figures = _figures(run_ids, {floor.size_bytes for floor in floors if floor.size_bytes is not None})
    devices: dict[int, list[tuple[int, str]]] = defaultdict(list)
    of_runs = RunDevice.objects.filter(run_id__in=run_ids).order_by("device_id")
    for run_id, device_id, role in of_runs.values_list("run_id", "device_id", "device__role"):
        devices[run_id].append((device_id, role))
    found: dict[int, list[Run]] = defaultdict(list)
    for row in rows:
        found[row.site_id].append(_run(row, figures.get(row.pk, []), devices.get(row.pk, [])))
    return found


def _figures(run_ids: Sequence[int], sizes: Collection[int]) -> dict[int, list[Figure]]:
    large = Q(size_bytes__isnull=True) | Q(size_bytes__gte=SMALLEST) | Q(size_bytes__in=sizes)
    wanted = (
        (Q(name="busbw") & large)
        | Q(name__in=[name for name in NAMES if name not in ("busbw", "latency")])
        | Q(name="latency", percentile__in=[50.0, 99.0, 99.9])
        | Q(name__contains="/")
    )
    columns = (
        *("name", "value", "unit", "operation", "variant", "subject"),
        *("size_bytes", "percentile", "samples", "streams", "caution"),
    )
    found: dict[int, list[Figure]] = defaultdict(list)
    rows = RunMeasure.objects.filter(wanted, run_id__in=run_ids).order_by("run_id", "id")
    for run_id, *values in rows.values_list("run_id", *columns):
        found[run_id].append(Figure(**dict(zip(columns, values, strict=True))))
    return found


def _run(row: ValidationRun, figures: Sequence[Figure], devices: Sequence[tuple[int, str]]) -> Run:
    return Run(
        id=row.pk,
        tool=row.tool,
        scope=row.scope,
        taken_at=row.taken_at,
        load=row.load,
        platform=row.platform,
        loopback=row.loopback,
        void_changes=frozenset(Change(change) for change in row.void_changes),
        voided_at=row.voided_at,
        void_reason=row.void_reason,
        hosts=len(row.hosts),
        nodes=tuple(device_id for device_id, role in devices if role == Device.Role.NODE),
        devices=tuple(device_id for device_id, _ in devices),
        figures=tuple(figures),
        provenance=row.provenance,
    )


def _site_parts(site_ids: Sequence[int]) -> dict[int, SiteParts]:
    """Nodes, accelerators and RDMA ports in service; three statements, none where no site has runs."""
    if not site_ids:
        return {}
    nodes: dict[int, dict[int, str]] = defaultdict(dict)
    accelerators: dict[int, set[tuple[int, int]]] = defaultdict(set)
    rdma: dict[int, dict[tuple[int, str], str]] = defaultdict(dict)
    of_nodes = Device.objects.in_service().filter(site_id__in=site_ids, role=Device.Role.NODE).order_by()
    for site_id, device_id, name in of_nodes.values_list("site_id", "id", "name"):
        nodes[site_id][device_id] = name
    of_nodes_parts = Accelerator.objects.in_service().filter(device__site_id__in=site_ids).order_by()
    for site_id, device_id, index in of_nodes_parts.values_list("device__site_id", "device_id", "index"):
        accelerators[site_id].add((device_id, index))
    of_ports = (
        Port.objects.in_service()
        .filter(
            device__site_id__in=site_ids,
            device__role=Device.Role.NODE,
            kind__in=[Port.Kind.ROCE, Port.Kind.INFINIBAND],
        )
        .order_by()
    )
    for site_id, device_id, device, name in of_ports.values_list(
        "device__site_id", "device_id", "device__name", "name"
    ):
        rdma[site_id][device_id, name.lower()] = f"{device} {name}"
    return {
        site_id: SiteParts(
            nodes=nodes[site_id], accelerators=frozenset(accelerators[site_id]), ports=rdma[site_id]
        )
        for site_id in site_ids
    }


def _entered(site_ids: Sequence[int], framework: Framework, now: datetime) -> dict[int, dict[PartKey, Proof]]:
    """The newest fact or attestation of each sub-measure that counts, else the newest; two statements."""
    parts = {(check.id, part.id): part for check in framework.checks for part in check.parts}
    found: dict[int, dict[PartKey, list[Proof]]] = defaultdict(lambda: defaultdict(list))
    facts = RecordedFact.objects.filter(site_id__in=site_ids, taken_at__lte=now)
    attestations = (
        Attestation.objects.filter(site_id__in=site_ids, taken_at__lte=now)
        .exclude(part="")
        .select_related("site")
    )
    for record in (
        *facts.order_by("site_id", "check_id", "part", "-taken_at", "-id").distinct(
            "site_id", "check_id", "part"
        ),
        *attestations.order_by("id"),
    ):
        key = (record.check_id, record.part)
        if key in parts:
            found[record.site_id][key].append(_of_record(record, parts[key], now))
    return {
        site_id: {
            key: proof
            for key, each in of_site.items()
            if (proof := newest(each, parts[key], now)) is not None
        }
        for site_id, of_site in found.items()
    }


def _of_record(record: Any, part: SubMeasure, now: datetime) -> Proof:
    minded = {Change(change) for change in record.void_changes} & part.validity.voided_by
    voided, voided_at = (record.void_reason, record.voided_at) if minded else ("", None)
    if isinstance(record, RecordedFact):
        kind, detail = "fact", record.source
    else:
        kind, detail = "attestation", f"attested by {record.attested_by}"
        if record.valid_until is not None and not voided:
            ends_at = end_of_day(record.valid_until, record.site.time_zone)
            if ends_at <= now:
                voided, voided_at = f"The attestation held until {record.valid_until}.", ends_at
    return Proof(
        kind=kind,
        ref=f"{kind}:{record.pk}",
        value=record.value,
        taken_at=record.taken_at,
        detail=detail,
        voided=voided,
        voided_at=voided_at,
        provenance=record.provenance,
    )
