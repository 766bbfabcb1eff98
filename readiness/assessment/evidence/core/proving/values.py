"""Values that proving uses: runs with their figures, parts of a site, floors, proofs, and the changes that had voided
evidence at an instant (later changes do not count)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from readiness.assessment.evidence.core.parsed import RANKS, Figure, failures_of, worst_provenance
from readiness.assessment.framework.core.definition import SubMeasure
from readiness.assessment.framework.core.vocabulary import Change


@dataclass(frozen=True, slots=True)
class Voids:
    changes: frozenset[Change] = frozenset()
    at: datetime | None = None
    reason: str = ""


STANDING = Voids()


def voids_at(
    changes: Sequence[str],
    by_kind: Mapping[str, Mapping[str, str]],
    at: datetime | None,
    reason: str,
    now: datetime,
) -> Voids:
    """Return the voids as of `now`. A kind of change without a time of its own counts from `at`, the first change."""
    if at is None or at > now:
        return STANDING
    instant_by_kind = {
        kind: datetime.fromisoformat(change["at"]) for kind, change in by_kind.items() if kind in changes
    }
    later = {kind for kind, when in instant_by_kind.items() if when > now}
    if not later:
        return Voids(frozenset(map(Change, changes)), at, reason)
    reasons = dict.fromkeys(by_kind[kind]["reason"] for kind in instant_by_kind if kind not in later)
    return Voids(
        frozenset(Change(kind) for kind in changes if kind not in later), at, " ".join(reasons) or reason
    )


type PartKey = tuple[str, str]
"""(check id, sub-measure id)."""


ALWAYS_VOIDS = frozenset({Change.ACCELERATOR, Change.DEVICE})
"""These changes always void evidence: a proof for one part does not hold for its replacement."""
WHOLE_DEVICE = -1
"""Stands for the device itself instead of the number of an accelerator."""


DECLARATIONS = {
    "fact": "recorded fact",
    "attestation": "attestation",
    "table": "the table of run",
    "run": "what was entered as run",
}
"""Names of the kinds of proof that count as declarations."""
ENTERED = frozenset({"declared", "estimated"})
MOST_NODES = {
    **dict.fromkeys(("perftest", "iperf3", "sockperf"), 2),
    **dict.fromkeys(("fio", "stream", "superbench", "hpl", "hpl-mxp", "osu"), 1),
}
"""Largest number of nodes in one output of these tools, unless it names more hosts itself."""


class Proof(NamedTuple):
    """One figure of evidence for a sub-measure, in its unit, not judged yet.

    A site has hundreds. `kind` is `run`, `table` (one that is not a run), `fact` or `attestation`; `ref` names the row
    (`run:12`). `detail` names the subject. `floor` is the limit of this very figure. `failed`, `cannot_judge` and
    `voided` are sentences or empty: the first makes it fail whatever its value, the second makes it unknown, the third
    stale. If it cannot be judged, a declaration counts instead, unless it is older than `asked_at`. `others` are
    further runs that decide together with this one. `share` is the part of the subject that took part. `sender_named`
    says that only the sender names the subject. `capped` names what it rests on if it counts as warn at most.
    `unconfirmed` says until when an attestation is only declared where the check blocks; `earlier` is the confirmed one
    that it would renew.
    """

    kind: str
    ref: str
    value: float | None
    taken_at: datetime
    detail: str = ""
    floor: float | None = None
    floor_source: str = ""
    cannot_judge: str = ""
    voided: str = ""
    voided_at: datetime | None = None
    provenance: str = "measured"
    asked_at: datetime | None = None
    failed: str = ""
    others: tuple[int, ...] = ()
    share: float = 1.0
    sender_named: bool = False
    capped: str = ""
    unconfirmed: str = ""
    earlier: "Proof | None" = None

    @property
    def row(self) -> int:
        return int(self.ref.rpartition(":")[2])

    @property
    def declaration(self) -> str:
        """Name the declaration, such as `recorded fact 3`; empty if a run measured it. A run whose sender marks its
        figures as declared or estimated is not a measurement, and a capped one counts no more than that."""
        if self.capped:
            return self.capped
        if self.kind == "run" and self.provenance not in ENTERED:
            return ""
        return f"{DECLARATIONS[self.kind]} {self.row}"


type Proofs = dict[str, tuple[Proof, ...]]
"""The proofs of one check: for each sub-measure, a proof of each subject."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A validation run with the figures that may prove something. `nodes` are its devices that are nodes. `about` is
    equal for runs of one subject under one load; `is_baseline` says that somebody marked the run. `local` is the device
    that the tool ran on. `mismatch` and `implausible` say why it proves nothing, as stored; `capped` names what it
    rests on if it counts as warn at most."""

    id: int
    tool: str
    scope: str
    taken_at: datetime
    about: str = ""
    is_baseline: bool = False
    load: str = ""
    load_gbps: float | None = None
    platform: str = ""
    loopback: str = ""
    void_changes: frozenset[Change] = frozenset()
    voided_at: datetime | None = None
    void_reason: str = ""
    hosts: int = 0
    nodes: tuple[int, ...] = ()
    devices: tuple[int, ...] = ()
    local: int = 0
    figures: tuple[Figure, ...] = ()
    provenance: str = "measured"
    mismatch: str = ""
    implausible: str = ""
    sender_named: bool = False
    capped: str = ""
    replaced: frozenset[tuple[int, int]] = frozenset()
    """Accelerators, by node and number, that were replaced since; WHOLE_DEVICE stands for the node itself."""
    failed: str = field(init=False, default="")
    """Why the run is void whatever its figures say (wrong values, failed operations); empty for a valid run."""

    def __post_init__(self) -> None:
        # The failure of other hardware is no failure of this one; figures that cannot be do not undo a failure.
        failed = "" if self.mismatch else failures_of(self.figures).reason
        object.__setattr__(self, "failed", failed)

    @property
    def doubt(self) -> str:
        """Why the run proves nothing about its stated nodes; empty if it may."""
        if self.mismatch or self.implausible:
            return self.mismatch or self.implausible
        most = max(MOST_NODES.get(self.tool, len(self.nodes)), self.hosts)
        if self.loopback or len(self.nodes) <= most:
            return self.loopback
        of = "one node" if most == 1 else f"{most} nodes at most"
        return f"A run of {self.tool} covers {of}, but {len(self.nodes)} nodes are named, so it is unclear which ran."

    @property
    def is_entered(self) -> bool:
        return self.provenance in ENTERED

    @property
    def order(self) -> tuple[bool, datetime, int]:
        """Sort by time, with measured runs after entered ones, because a declaration does not override a
        measurement."""
        return not self.is_entered, self.taken_at, self.id

    @property
    def size(self) -> int:
        return max(self.hosts, len(self.nodes))

    @property
    def ranks(self) -> int | None:
        """Number of accelerators that took part in a collective; None if the output does not say."""
        counts = [int(each.value or 0) for each in self.figures if each.name == RANKS]
        # Runs stored before hosts were counted have the sum with each rate.
        return sum(counts) if counts else max((each.streams or 0 for each in self.figures), default=0) or None


@dataclass(frozen=True, slots=True)
class FloorValue:
    platform: str
    tool: str
    measure: str
    operation: str
    size_bytes: int | None
    value: float
    unit: str
    source: str


class ServedClass(NamedTuple):
    """A workload class that is served at a site. `models` are the one that it serves and larger ones that count too;
    `peak_per_s` are the requests of all its users, None if not declared; `accelerators` those that it holds at the
    site, 0 if not declared."""

    slug: str
    models: tuple[str, ...] = ()
    peak_per_s: float | None = None
    accelerators: int = 0


class AcceleratorIdentity(NamedTuple):
    serial: str = ""
    uuid: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteParts:
    """Parts in service at a site, by name: nodes, accelerators as (node, index), RDMA ports as (device, name).

    `port_gbps` are the line rates of the nodes' ports of any kind, `served` the classes placed here that declare a
    model or a peak.
    """

    nodes: Mapping[int, str]
    accelerators: frozenset[tuple[int, int]] = frozenset()
    identities: Mapping[tuple[int, int], AcceleratorIdentity] = field(default_factory=dict)
    contradicted: Mapping[int, str] = field(default_factory=dict)
    """Devices of which telemetry says something else than the inventory, with the sentence that says what."""
    ports: Mapping[tuple[int, str], str]
    port_gbps: Mapping[tuple[int, str], float] = field(default_factory=dict)
    served: tuple[ServedClass, ...] = ()


def provenance_of(provenances: Iterable[str]) -> str:
    """The provenance of a figure made of several runs. One declared run makes the whole figure declared, even with
    simulated runs, which count as measured."""
    every = set(provenances)
    return worst_provenance(every & ENTERED or every)


def proof_of(
    run: Run,
    part: SubMeasure,
    value: float | None,
    *,
    detail: str = "",
    floor: FloorValue | None = None,
    cannot_judge: str = "",
) -> Proof:
    """A run's figure for a sub-measure; voided if a relevant change came after the run. A failed run gives no figure,
    only the reason."""
    minded = voiding(run, part)
    failed = run.failed
    cannot_judge = run.doubt or cannot_judge
    if failed:
        value, floor, cannot_judge = None, None, ""
    return Proof(
        kind="run",
        ref=f"run:{run.id}",
        value=value,
        taken_at=run.taken_at,
        detail=detail,
        floor=None if floor is None else floor.value,
        floor_source="" if floor is None else (floor.source or f"floor of {floor.platform}"),
        cannot_judge=cannot_judge,
        voided=run.void_reason if minded else "",
        voided_at=run.voided_at if minded else None,
        provenance=run.provenance,
        failed=failed,
        sender_named=run.sender_named,
        capped=run.capped,
    )


def voiding(run: Run, part: SubMeasure) -> frozenset[Change]:
    return run.void_changes & (part.validity.voided_by | ALWAYS_VOIDS)


def is_valid(proof: Proof, part: SubMeasure, now: datetime) -> bool:
    return not proof.cannot_judge and is_standing(proof, part, now)


def is_standing(proof: Proof, part: SubMeasure, now: datetime) -> bool:
    return not proof.voided and proof.taken_at >= now - timedelta(seconds=part.validity.limit_s(None))


def newest(proofs: Iterable[Proof], part: SubMeasure, now: datetime) -> Proof | None:
    """The deciding proof for one subject: valid before invalid, then measured before declared, then the newest. At the
    same instant the later row decides."""
    candidates = list(proofs)
    if len(candidates) < 2:
        return candidates[0] if candidates else None

    def rank(proof: Proof) -> tuple[bool, bool, datetime, int]:
        return is_valid(proof, part, now), not proof.declaration, proof.taken_at, proof.row

    return max(candidates, key=rank)


def newest_by[Thing](
    proofs: Mapping[Thing, Iterable[Proof]], part: SubMeasure, now: datetime
) -> dict[Thing, Proof]:
    speaking = {thing: newest(of_thing, part, now) for thing, of_thing in proofs.items()}
    return {thing: proof for thing, proof in speaking.items() if proof is not None}


def coverage[Thing](
    proofs: Mapping[Thing, Proof],
    name_by_thing: Mapping[Thing, str],
    part: SubMeasure,
    now: datetime,
    *,
    counts: Iterable[Thing] | None = None,
) -> Proof | None:
    """Per cent of the wanted subjects that a valid run covers; None if no run ever covered any.

    A subject that took part only partly counts by its share; one whose run failed is not covered. If all runs are
    voided or too old, they count, so that the result is stale rather than 0 %. The instant is that of the oldest
    counting run, whose expiry lowers the figure. `counts` limits the subjects that may count.
    """
    proof_by_thing = {thing: proof for thing, proof in proofs.items() if thing in name_by_thing}
    if not proof_by_thing or not name_by_thing:
        return None
    may_count = set(name_by_thing) if counts is None else set(counts)
    standing = {thing: proof for thing, proof in proof_by_thing.items() if is_standing(proof, part, now)}
    if not standing:
        last = max(proof_by_thing.values(), key=lambda proof: proof.taken_at)
        return last._replace(value=0.0, detail="", floor=None, floor_source="", cannot_judge="", failed="")
    covered = {thing: proof for thing, proof in standing.items() if thing in may_count and not proof.failed}
    missing = sorted(
        name if thing not in covered else f"{100 * (1 - covered[thing].share):.0f} % of {name}"
        for thing, name in name_by_thing.items()
        if thing not in covered or covered[thing].share < 1
    )
    oldest = min((covered or standing).values(), key=lambda proof: proof.taken_at)
    return Proof(
        kind="run",
        ref=oldest.ref,
        value=100.0 * sum(proof.share for proof in covered.values()) / len(name_by_thing),
        taken_at=oldest.taken_at,
        detail=f"without: {few(missing)}{_why(standing, covered)}" if missing else "",
        provenance=provenance_of(proof.provenance for proof in standing.values()),
        others=tuple(sorted({proof.row for proof in standing.values()})),
        sender_named=any(proof.sender_named for proof in covered.values()),
        capped=next((proof.capped for proof in covered.values() if proof.capped), ""),
    )


def _why[Thing](standing: Mapping[Thing, Proof], covered: Mapping[Thing, Proof]) -> str:
    lacking = [
        proof
        for thing, proof in standing.items()
        if (thing not in covered or proof.share < 1) and (proof.failed or proof.cannot_judge)
    ]
    if not lacking:
        return ""
    last = max(lacking, key=lambda proof: (proof.taken_at, proof.row))
    return f"; {(last.failed or last.cannot_judge).rstrip('.')}"


def drop_missing(proofs: Mapping[str, Sequence[Proof | None]]) -> Proofs:
    by_part = {part: tuple(proof for proof in each if proof is not None) for part, each in proofs.items()}
    return {part: each for part, each in by_part.items() if each}


def few(names: Sequence[str], count: int = 3) -> str:
    more = len(names) - count
    return ", ".join(names[:count]) + (f" and {more} more" if more > 0 else "")
