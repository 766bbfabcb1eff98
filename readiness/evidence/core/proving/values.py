"""Values that proving reads and gives: runs with their figures, things of a site, floors, proofs, and which changes had
voided evidence by an instant: one that was made later had not."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from readiness.evidence.core.parsed import RANKS, Figure, failures_of, worst_provenance
from readiness.framework.core.definition import SubMeasure
from readiness.framework.core.vocabulary import Change


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
    """Return the voids as of `now`. A kind of change that has no time of its own was made `at` the first."""
    if at is None or at > now:
        return STANDING
    made = {kind: datetime.fromisoformat(change["at"]) for kind, change in by_kind.items() if kind in changes}
    later = {kind for kind, when in made.items() if when > now}
    if not later:
        return Voids(frozenset(map(Change, changes)), at, reason)
    reasons = dict.fromkeys(by_kind[kind]["reason"] for kind in made if kind not in later)
    return Voids(
        frozenset(Change(kind) for kind in changes if kind not in later), at, " ".join(reasons) or reason
    )


type PartKey = tuple[str, str]
"""(check id, sub-measure id)."""


ALWAYS_VOIDS = frozenset({Change.ACCELERATOR, Change.DEVICE})
"""These changes void evidence whatever a check lists: proof for one part does not hold for its replacement."""
WHOLE_DEVICE = -1
"""Stands for a device itself where the number of an accelerator in it is asked for."""


DECLARATIONS = {
    "fact": "recorded fact",
    "attestation": "attestation",
    "table": "the table of run",
    "run": "what was entered as run",
}
"""Kinds of proof in words, for those that count as declarations."""
ENTERED = frozenset({"declared", "estimated"})
MOST_NODES = {"perftest": 2, "iperf3": 2, "sockperf": 2, "fio": 1}
"""Nodes that one output of these tools is of, unless it names more hosts itself."""


class Proof(NamedTuple):
    """One figure that evidence gives for a sub-measure, in its unit, not yet judged. A site has hundreds.

    `kind` is `run`, `table` (one that is no run), `fact` or `attestation`; `ref` names the row (`run:12`). `detail`
    names the thing that it is about. `floor` is the limit that belongs to this very figure. `failed`, `cannot_judge`
    and `voided` are sentences, empty when there is nothing to say: the first makes it fail whatever its value, the
    second unknown, the third stale. Where it cannot be judged, what people say counts in its place, but not what they
    said before `asked_at`. `others` are further runs that decide together with this one. `share` is which part of the
    thing took part.
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

    @property
    def row(self) -> int:
        return int(self.ref.rpartition(":")[2])

    @property
    def declaration(self) -> str:
        """Names what somebody entered, such as `recorded fact 3`; empty where a run measured it. A run whose figures
        are declared or estimated, as whoever sent it says, measured nothing."""
        if self.kind == "run" and self.provenance not in ENTERED:
            return ""
        return f"{DECLARATIONS[self.kind]} {self.row}"


type Proofs = dict[str, tuple[Proof, ...]]
"""Of one check: for each sub-measure a proof of each thing that it is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A validation run with the figures that may prove something. `nodes` are its devices that are nodes. `about` is
    the same for runs of one thing under one load; `is_baseline` where somebody marked it."""

    id: int
    tool: str
    scope: str
    taken_at: datetime
    about: str = ""
    is_baseline: bool = False
    load: str = ""
    platform: str = ""
    loopback: str = ""
    void_changes: frozenset[Change] = frozenset()
    voided_at: datetime | None = None
    void_reason: str = ""
    hosts: int = 0
    nodes: tuple[int, ...] = ()
    devices: tuple[int, ...] = ()
    figures: tuple[Figure, ...] = ()
    provenance: str = "measured"
    replaced: frozenset[tuple[int, int]] = frozenset()
    """Accelerators, by node and number, in whose place another one is since; WHOLE_DEVICE for the node itself."""
    failed: str = field(init=False, default="")
    """Why the run is void whatever its figures say: wrong values, failed operations. Empty where it is not."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "failed", failures_of(self.figures).reason)

    @property
    def unplaced(self) -> str:
        """Why the run proves nothing of the nodes that it is said to be of; empty where it may."""
        most = max(MOST_NODES.get(self.tool, len(self.nodes)), self.hosts)
        if self.loopback or len(self.nodes) <= most:
            return self.loopback
        of = "one node" if most == 1 else f"{most} nodes at most"
        return f"A run of {self.tool} is of {of}, and {len(self.nodes)} are named: it does not say which."

    @property
    def is_entered(self) -> bool:
        return self.provenance in ENTERED

    @property
    def order(self) -> tuple[bool, datetime, int]:
        """Runs by time, all that measured after all that did not: no declaration answers a measurement."""
        return not self.is_entered, self.taken_at, self.id

    @property
    def size(self) -> int:
        return max(self.hosts, len(self.nodes))

    @property
    def ranks(self) -> int | None:
        """How many accelerators took part in a collective; None where the output does not say."""
        counts = [int(each.value or 0) for each in self.figures if each.name == RANKS]
        # Runs of before the hosts were counted have the sum beside each rate.
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


class AcceleratorIdentity(NamedTuple):
    serial: str = ""
    uuid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteParts:
    """Parts in service at a site, by name: nodes, accelerators as (node, index), RDMA ports as (device, name)."""

    nodes: Mapping[int, str]
    accelerators: frozenset[tuple[int, int]] = frozenset()
    identities: Mapping[tuple[int, int], AcceleratorIdentity] = field(default_factory=dict)
    ports: Mapping[tuple[int, str], str]


def provenance_of(provenances: Iterable[str]) -> str:
    """How far a figure made of several runs can be trusted. One run that was entered makes all of it a declaration,
    also beside simulated ones, which count as measured."""
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
    """A run's figure for a sub-measure; voided where a change that the sub-measure minds came after the run. A run that
    failed gives no figure, only the reason: it is the judgement, and no pass."""
    minded = voiding(run, part)
    failed = run.failed
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
    )


def voiding(run: Run, part: SubMeasure) -> frozenset[Change]:
    return run.void_changes & (part.validity.voided_by | ALWAYS_VOIDS)


def is_valid(proof: Proof, part: SubMeasure, now: datetime) -> bool:
    return not proof.cannot_judge and is_standing(proof, part, now)


def is_standing(proof: Proof, part: SubMeasure, now: datetime) -> bool:
    return not proof.voided and proof.taken_at >= now - timedelta(seconds=part.validity.limit_s(None))


def newest(proofs: Iterable[Proof], part: SubMeasure, now: datetime) -> Proof | None:
    """The proof that speaks for one thing: valid before invalid, then measured before declared, then the newest. Where
    two are of one instant, the later row speaks."""
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
    wanted: Mapping[Thing, str],
    part: SubMeasure,
    now: datetime,
    *,
    counts: Iterable[Thing] | None = None,
) -> Proof | None:
    """Per cent of the wanted things that a standing run covers; None where no run covers any, ever.

    A thing of which only a part took part counts by that part; one whose run failed is not covered. Where all that
    there is was voided or is too old, that is what is given, so that it is stale and not 0 %. The instant is the oldest
    run that counts: with it the figure falls. `counts` narrows the things that may count.
    """
    known = {thing: proof for thing, proof in proofs.items() if thing in wanted}
    if not known or not wanted:
        return None
    may_count = set(wanted) if counts is None else set(counts)
    standing = {thing: proof for thing, proof in known.items() if is_standing(proof, part, now)}
    if not standing:
        last = max(known.values(), key=lambda proof: proof.taken_at)
        return last._replace(value=0.0, detail="", floor=None, floor_source="", cannot_judge="", failed="")
    covered = {thing: proof for thing, proof in standing.items() if thing in may_count and not proof.failed}
    missing = sorted(
        name if thing not in covered else f"{100 * (1 - covered[thing].share):.0f} % of {name}"
        for thing, name in wanted.items()
        if thing not in covered or covered[thing].share < 1
    )
    oldest = min((covered or standing).values(), key=lambda proof: proof.taken_at)
    return Proof(
        kind="run",
        ref=oldest.ref,
        value=100.0 * sum(proof.share for proof in covered.values()) / len(wanted),
        taken_at=oldest.taken_at,
        detail=f"without: {few(missing)}{_why(standing, covered)}" if missing else "",
        provenance=provenance_of(proof.provenance for proof in standing.values()),
        others=tuple(sorted({proof.row for proof in standing.values()})),
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


def kept(proofs: Mapping[str, Sequence[Proof | None]]) -> Proofs:
    by_part = {part: tuple(proof for proof in each if proof is not None) for part, each in proofs.items()}
    return {part: each for part, each in by_part.items() if each}


def few(names: Sequence[str], shown: int = 3) -> str:
    more = len(names) - shown
    return ", ".join(names[:shown]) + (f" and {more} more" if more > 0 else "")
