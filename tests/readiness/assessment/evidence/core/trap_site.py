"""A site of two nodes, and files sent to it: read, compared with the inventory and judged as any sender's are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from inventory.catalogue import Ceiling, ceilings_of
from readiness.assessment.evidence.core.identity import (
    Claim,
    FileIdentity,
    InstalledAccelerator,
    InstalledDevice,
    InstalledPort,
    Matches,
)
from readiness.assessment.evidence.core.parsers import ParseError, parse
from readiness.assessment.evidence.core.parsers.recognised import tool_of
from readiness.assessment.evidence.core.proving.values import AcceleratorIdentity, Run, ServedClass, SiteParts
from readiness.assessment.evidence.core.reconciling import reconciled
from readiness.assessment.evidence.proofs import checks_worked_out, proved_by_runs
from readiness.assessment.evidence.rows import SiteRuns
from tests.readiness.assessment.evidence.core.test_traps import FRAMEWORK, passes, results_of
from tests.readiness.assessment.evidence.core.traps import CHECK, FLOORS, NOW, RULES, SITE

MODEL = "H100 SXM 80 GB"
MEMORY = {"memory_gbs": Ceiling(460.0, "GB/s", "the node's data sheet")}
FAR = "far-7"
"""A node of another site."""


def serial(node, gpu):
    return f"1650{node}{gpu}"


def uuid(node, gpu):
    return f"GPU-5c1e{node}{gpu}"


def installed(number, gpus=2, model=MODEL, platform="dgx"):
    ceilings = ceilings_of(model, {}, "")
    return InstalledDevice(
        id=number,
        name=f"node-{number}",
        is_node=True,
        platform=platform,
        software="570.133.20",
        ceilings=MEMORY,
        accelerators={
            gpu: InstalledAccelerator(
                model,
                ceilings,
                serial=serial(number, gpu),
                uuid=uuid(number, gpu),
                bus_id=f"0000:{gpu:02}:00.0",
            )
            for gpu in range(gpus)
        },
        ports={
            f"mlx5_{port}": InstalledPort(gbps=400.0, is_rdma=True, is_back_end=True) for port in range(4)
        },
    )


PARTS = replace(
    SITE,
    identities={
        (node, gpu): AcceleratorIdentity(serial(node, gpu), uuid(node, gpu), MODEL)
        for node, gpu in SITE.accelerators
    },
)


@dataclass(frozen=True, kw_only=True)
class Place:
    """The site as the comparison sees it, and its parts as the proofs do."""

    devices: Mapping[int, InstalledDevice] = field(
        default_factory=lambda: {number: installed(number) for number in SITE.nodes}
    )
    parts: SiteParts = PARTS

    @property
    def matches(self):
        here = {device.name: device for device in self.devices.values()}
        here |= {
            number.lower(): device
            for device in self.devices.values()
            for each in device.accelerators.values()
            for number in (each.serial, each.uuid)
        }
        return Matches(
            here=here,
            elsewhere=frozenset({FAR}),
            platforms=frozenset(each.platform for each in self.devices.values()),
        )


HERE = Place()
BARE = Place(
    devices={number: installed(number, gpus=0) for number in SITE.nodes},
    parts=replace(SITE, accelerators=frozenset()),
)


MIXED = Place(devices={1: installed(1), 2: installed(2, model="NVIDIA L4", platform="l4-2")})
"""The second node is of a smaller type."""


def serving(*models, peak):
    """The site with one class placed there, which serves these models at this peak."""
    return Place(parts=replace(HERE.parts, served=(ServedClass("chat", models, peak),)))


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A file with all that its sender says beside it. `claimed` are numbers of nodes."""

    content: bytes
    claimed: tuple[int, ...] = ()
    platform: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    load: str = ""
    load_gbps: float | None = None
    days: float = 1.0
    provenance: str = "measured"


class RefusedUpload(Exception):
    """The comparison objects to what the sender says."""


def received(tool, sent, row, place=HERE):
    """The run that the file becomes. Raises ParseError or RefusedUpload."""
    parsed = parse(tool_of(sent.content, tool), sent.content, rules=RULES)
    claim = Claim(
        devices=tuple(place.devices[number] for number in sent.claimed),
        platform=sent.platform,
        versions=sent.versions,
    )
    result = reconciled(tool, FileIdentity.extract(parsed), claim, place.matches)
    if result.objections:
        raise RefusedUpload(" ".join(objection.reason for objection in result.objections))
    nodes = tuple(device.id for device in result.devices)
    return Run(
        id=row,
        tool=tool,
        scope="node",
        platform=result.platform,
        load=sent.load,
        load_gbps=sent.load_gbps,
        taken_at=NOW - timedelta(days=sent.days),
        about=f"{tool} {nodes} {sent.load} {sent.provenance}",
        nodes=nodes,
        devices=nodes,
        local=nodes[0] if nodes else 0,
        hosts=len(parsed.hosts),
        loopback=parsed.loopback,
        figures=parsed.figures,
        provenance=sent.provenance,
        mismatch=result.mismatch,
        implausible=result.implausible,
        sender_named=result.is_sender_named,
    )


@dataclass(frozen=True)
class Outcome:
    """`said` are the sentences for what does not pass; `results` the judged sub-measures, none for a refused file."""

    is_passed: bool
    said: Sequence[str]
    results: Sequence[object] = ()


def outcome(tool, sendings, clean, *, place=HERE, check="", further=()):
    """Return the outcome of the sendings at the place; earlier clean runs are the baseline, `further` are more runs."""
    try:
        runs = [received(tool, each, row, place) for row, each in enumerate(sendings, 1)]
    except (ParseError, RefusedUpload) as refusal:
        return Outcome(False, [str(refusal)])
    doubts = [doubt for run in runs for doubt in (run.mismatch, run.implausible) if doubt]
    if tool not in CHECK:
        return Outcome(not doubts, doubts)
    earlier = [
        replace(received(tool, each, -row), taken_at=NOW - timedelta(days=each.days + 9))
        for row, each in enumerate(clean, 1)
    ]
    proofs = proved_by_runs(
        FRAMEWORK,
        checks_worked_out(FRAMEWORK),
        SiteRuns(newest=[*runs, *further], earlier=earlier),
        place.parts,
        FLOORS,
        NOW,
    )
    results = results_of(tool, proofs, check=check)
    said = [result.reason for result in results if not passes([result])]
    return Outcome(passes(results), [*doubts, *said], results)
