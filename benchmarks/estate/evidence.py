"""Validation runs, recorded facts, attestations, floors and grants of the estate."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.models import User
from benchmarks.estate.places import DRIVER, PLATFORM, EstateRows
from benchmarks.estate.plan import EstateSite, Story
from readiness.assessment.evidence.core.parsed import DURATION, REQUESTS, Figure
from readiness.assessment.evidence.core.proving.serving import SERVED_RATE
from readiness.assessment.evidence.models import (
    Attestation,
    Floor,
    RecordedFact,
    RunDevice,
    RunMeasure,
    ValidationRun,
)
from readiness.assessment.evidence.proofs import WORKED_OUT
from readiness.assessment.framework.core.definition import Framework, SubMeasure
from readiness.assessment.framework.core.vocabulary import Gate
from readiness.assessment.grants.models import Grant
from readiness.assessment.scoring.checks import COMPUTED

GIB, MIB = 1024**3, 1024**2
LATENCY_REPEATS = 20
LOAD_GBPS = 320.0
WITHOUT_LIMIT = (
    ("p1-latency-under-load", "loaded-p99"),
    ("p1-serving-latency", "ttft-p99"),
    ("p1-serving-latency", "tpot-p99"),
)
"""Sub-measures of BLOCK checks whose limit nobody can declare yet."""
ATTESTED = ("p3", "p4")
"""Pillars whose facts a person attests."""


@dataclass(frozen=True, slots=True)
class EstateRun:
    tool: str
    scope: str
    nodes: Sequence[str]
    figures: Sequence[Figure]
    hours_ago: float
    load: str = ""
    repeat: int = 0


def runs_of(plan: EstateSite) -> Iterator[EstateRun]:
    for node in plan.nodes:
        severities = [
            Figure(name="severity", value=0.0, variant="long", operation="diagnostic", subject=f"GPU {index}")
            for index in plan.accelerators
        ]
        worst = Figure(name="worst_severity", value=0.0, variant="long", operation="diagnostic")
        yield EstateRun("dcgm-diag", "node", [node], [*severities, worst], 3)
        yield EstateRun("nccl-tests", "node", [node], _collective("all_reduce", 470.0), 30)
        for port in plan.node_ports:
            rate = Figure(
                name="bandwidth",
                value=391.0,
                unit="Gb/s",
                operation="write",
                subject=port,
                size_bytes=8 * MIB,
            )
            yield EstateRun("perftest", "link", [node], [rate], 40)
    for node, other in zip(plan.nodes[::2], plan.nodes[1::2], strict=False):
        yield EstateRun("nccl-tests", "pair", [node, other], _collective("all_gather", 260.0), 50)
    yield EstateRun("nccl-tests", "fabric", plan.nodes, _collective("all_gather", 250.0), 50)
    for load, repeats in (("loaded", LATENCY_REPEATS), ("idle", 3)):
        for repeat in range(repeats):
            yield EstateRun("sockperf", "link", plan.nodes[:2], _latency(load, repeat), 60, load, repeat)
    served = [
        Figure(name="ttft", value=320.0, unit="ms", percentile=99.0),
        Figure(name="tpot", value=22.0, unit="ms", percentile=99.0),
        Figure(name=DURATION, value=900.0, unit="s"),
        Figure(name=REQUESTS, value=9000.0),
        Figure(name=SERVED_RATE, value=10.0, unit="/s"),
    ]
    yield EstateRun("mlperf", "site", [], served, 70)


def _collective(operation: str, busbw: float) -> list[Figure]:
    rates = [
        Figure(name="busbw", value=busbw, unit="GB/s", operation=operation, size_bytes=size * GIB)
        for size in (2, 8, 16)
    ]
    return [*rates, Figure(name="wrong_values", value=0.0, operation=operation)]


def _latency(load: str, repeat: int) -> list[Figure]:
    factor = (2.0 if load == "loaded" else 1.0) * (1 + repeat / 1000)
    return [
        Figure(name="latency", value=us * factor, unit="µs", percentile=q, size_bytes=64, samples=1_000_000)
        for q, us in ((50.0, 8.0), (99.0, 12.0), (99.9, 16.0))
    ]


def write_runs(plans: Sequence[EstateSite], places: EstateRows, *, now: datetime) -> None:
    planned = [(plan, run) for plan in plans for run in runs_of(plan)]
    rows = ValidationRun.objects.bulk_create(
        [_run(plan, number, run, places, now) for number, (plan, run) in enumerate(planned)],
        batch_size=10_000,
    )
    RunDevice.objects.bulk_create(
        (
            RunDevice(run=row, device=places.devices[node], software_version=DRIVER)
            for row, (_, run) in zip(rows, planned, strict=True)
            for node in run.nodes
        ),
        batch_size=10_000,
    )
    columns = Figure.__dataclass_fields__
    RunMeasure.objects.bulk_create(
        (
            RunMeasure(run=row, **{name: getattr(figure, name) for name in columns})
            for row, (_, run) in zip(rows, planned, strict=True)
            for figure in run.figures
        ),
        batch_size=10_000,
    )
    for tool, measure, operation, size, value, unit in (
        ("nccl-tests", "busbw", "all_reduce", 16 * GIB, 460.0, "GB/s"),
        ("nccl-tests", "busbw", "all_gather", 8 * GIB, 240.0, "GB/s"),
        ("perftest", "bandwidth", "write", 8 * MIB, 380.0, "Gb/s"),
    ):
        of = {"platform": PLATFORM, "tool": tool, "measure": measure, "operation": operation}
        Floor.objects.create(**of, size_bytes=size, value=value, unit=unit)


def _run(plan: EstateSite, number: int, run: EstateRun, places: EstateRows, now: datetime) -> ValidationRun:
    subjects = sorted({figure.subject for figure in run.figures})
    about = repr((plan.number, run.tool, run.scope, run.nodes, run.load, subjects))
    taken_at = now - timedelta(hours=run.hours_ago, minutes=run.repeat)
    return ValidationRun(
        site=places.sites[plan.number],
        tool=run.tool,
        scope=run.scope,
        load=run.load,
        load_gbps=LOAD_GBPS if run.load == "loaded" else None,
        platform=PLATFORM,
        driver=DRIVER,
        taken_at=taken_at,
        received_at=taken_at + timedelta(minutes=5),
        file_name=f"{run.tool}-{number}.txt",
        file_sha256=hashlib.sha256(str(number).encode()).hexdigest(),
        file_bytes=4096,
        about=hashlib.blake2s(about.encode(), digest_size=16).hexdigest(),
        hosts=list(run.nodes),
    )


def write_records(
    plans: Sequence[EstateSite], places: EstateRows, framework: Framework, *, now: datetime
) -> None:
    """A value for every sub-measure that neither telemetry nor runs give; of failing sites one misses."""
    entered = [
        (check, part)
        for check in framework.checks
        for part in check.parts
        if check.id not in COMPUTED and part.id not in WORKED_OUT.get(check.id, ())
    ]
    blocking = [
        pair for pair in entered if pair[0].gate is Gate.BLOCK and pair[1].gate is None and pair[1].pass_at
    ]
    taken_at = now - timedelta(minutes=30)
    facts, attestations = [], []
    for plan in plans:
        failing = blocking[plan.number % len(blocking)] if plan.story is Story.FAILING else None
        for check, part in entered:
            columns = {
                "site": places.sites[plan.number],
                "check_id": check.id,
                "part": part.id,
                "value": value_of(part, passes=(check, part) != failing),
                "taken_on": taken_at.date(),
                "taken_at": taken_at,
            }
            if check.pillar in ATTESTED:
                statement = {"statement": "As the register says.", "attested_by": "Head of operations"}
                attestations.append(Attestation(**columns, **statement))
            else:
                facts.append(RecordedFact(**columns, source="Quarterly report"))
    RecordedFact.objects.bulk_create(facts, batch_size=10_000)
    Attestation.objects.bulk_create(attestations, batch_size=10_000)


def value_of(part: SubMeasure, *, passes: bool) -> float:
    """A value that passes, or one that misses both thresholds; 1 if no limit is declared."""
    bound = part.pass_at.bound if part.pass_at else None
    if bound is None:
        return 1.0
    if passes:
        edges = [*bound.values, *(edge for edge in (bound.low, bound.high) if edge is not None)]
        return next((value for edge in edges for value in (edge, edge - 0.5) if bound.contains(value)), 1.0)
    warns = part.warn_at.bound if part.warn_at else None
    missing = [value for value in (-1.0, 0.0, 1.0, 1000.0) if not bound.contains(value)]
    return next((value for value in missing if warns is None or not warns.contains(value)), missing[0])


def _cannot_pass(part: SubMeasure) -> bool:
    """Nobody can declare its limit yet, or what is entered is stale within the hour."""
    without_limit = part.pass_at is not None and part.pass_at.bound is None
    return without_limit or part.validity.limit_s(None) < 3600


def write_grants(
    plans: Sequence[EstateSite], places: EstateRows, framework: Framework, *, now: datetime
) -> None:
    """Declare that what has no limit does not concern the ready sites; let the others go live without it."""
    asks = User.objects.create_user("estate-asks")
    decides = User.objects.create_user("estate-decides")
    undeclared = [
        (check.id, part.id)
        for check in framework.checks
        for part in check.parts
        if check.gate is Gate.COND and check.id not in COMPUTED and _cannot_pass(part)
    ]
    grants = []
    for plan in plans:
        if plan.story is Story.READY:
            covered = [("n-a", *place) for place in (*WITHOUT_LIMIT, *undeclared)]
        elif plan.story is Story.EXCEPTED:
            covered = [
                ("exception", check_id, "") for check_id in dict.fromkeys(each[0] for each in WITHOUT_LIMIT)
            ]
        else:
            covered = [("waiver", "p2-energy-kpis", "")] if plan.number % 3 == 0 else []
        grants += [
            Grant(
                site=places.sites[plan.number],
                kind=kind,
                check_id=check_id,
                part=part,
                reason="No limit is agreed with the landlord yet.",
                state=Grant.State.APPROVED,
                requested_by=asks,
                requested_at=now - timedelta(days=10),
                starts_at=now - timedelta(days=9),
                ends_at=now + timedelta(days=30 + plan.number % 60),
                approver=decides,
                decided_at=now - timedelta(days=9),
            )
            for kind, check_id, part in covered
        ]
    Grant.objects.bulk_create(grants, batch_size=5_000)
