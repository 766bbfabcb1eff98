"""Runs, facts and attestations of sites for proving, read without models because each site has hundreds.

Only evidence taken at or before `now` is read. The number of statements does not depend on the amount.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from inventory.models import Device
from inventory.queries import end_of_day
from readiness.assessment.evidence.core.bearing import HAVE_BASELINE, REGRESSION
from readiness.assessment.evidence.core.confirming import awaited
from readiness.assessment.evidence.core.parsed import (
    DEVICE_ID,
    DURATION,
    END,
    FAILED_TEST,
    FAILURES,
    IDENTITIES,
    ITERATIONS,
    RANKS,
    REQUEST_RATE,
    REQUESTS,
    TEST,
    Figure,
)
from readiness.assessment.evidence.core.proving.baselines import FIRST, LATENCIES, RATES
from readiness.assessment.evidence.core.proving.serving import SERVED_RATE
from readiness.assessment.evidence.core.proving.values import (
    ALWAYS_VOIDS,
    FloorValue,
    PartKey,
    Proof,
    Run,
    is_valid,
    newest,
    voids_at,
)
from readiness.assessment.framework.core.definition import Framework, SubMeasure
from telemetry.binary import fetched
from web.units import day

KEPT = timedelta(days=400)
"""Older runs are left out: a run counts for a year at most. Until then it is shown as stale."""
REPEATS = 40
"""Number of latency runs of one path that are read, the newest first; 20 repeats are needed."""
REPEATED = ("perftest", "sockperf")
"""Tools of which several runs of a subject are read. Of other tools only the newest run is read; the
statement's `about` separates runs that can count from others."""
SMALLEST = 2 * 1024**3
"""Smaller rows of collectives are only read at sizes that have a floor."""
NAMES = (
    *(*sorted(RATES | LATENCIES), "severity", "worst_severity", DURATION, ITERATIONS, REQUESTS, REQUEST_RATE),
    *(*sorted(FAILURES), RANKS, TEST, FAILED_TEST, *IDENTITIES, DEVICE_ID, END, SERVED_RATE),
)

# Almost no evidence is voided, and null needs no JSON parsing. A run that proves nothing hides no run that may.
_RUNS = """
SELECT id, site_id, is_newest, is_first OR is_baseline, tool, scope, taken_at, about, is_baseline, load, load_gbps,
    platform, loopback, void_changes, NULLIF(voids, '{}') AS voids, voided_at, void_reason, cardinality(hosts),
    provenance, mismatch, implausible, sender_named
FROM (
    SELECT *, place = 1 OR (place <= %(repeats)s AND tool = ANY(%(repeated)s)) AS is_newest,
        tool = ANY(%(compared)s) AND NOT shaken AND standing - newer < %(first)s AS is_first
    FROM (
        SELECT *, row_number() OVER newest_first AS place, count(*) FILTER (WHERE NOT shaken) OVER thing AS standing,
            count(*) FILTER (WHERE NOT shaken) OVER newest_first AS newer
        FROM (
            SELECT *, baseline_at IS NOT NULL AND baseline_at <= %(now)s AS is_baseline,
                voided_at IS NOT NULL AND voided_at <= %(now)s AND EXISTS (
                    SELECT FROM unnest(void_changes) AS kind WHERE kind = ANY(%(minded)s)
                    AND COALESCE((voids -> kind ->> 'at')::timestamptz, voided_at) <= %(now)s
                ) AS shaken
            FROM evidence_validationrun
            WHERE site_id = ANY(%(sites)s) AND taken_at <= %(now)s
                AND (taken_at > %(oldest)s OR baseline_at <= %(now)s)
                AND (withdrawn_at IS NULL OR withdrawn_at > %(now)s)
        ) run
        WINDOW thing AS (PARTITION BY site_id, about, mismatch <> '' OR implausible <> ''),
            newest_first AS (
                PARTITION BY site_id, about, mismatch <> '' OR implausible <> '' ORDER BY taken_at DESC, id DESC
            )
    ) run
) run
WHERE is_newest OR is_first OR is_baseline ORDER BY id
"""
_OF_RUN = ("tool", "scope", "taken_at", "about", "is_baseline", "load", "load_gbps", "platform", "loopback")
_TAKEN_AT, _VOIDS, _VOIDED_AT = 6, 14, 15
"""`newer` counts a thing's standing runs from the newest to this one, so that the rest of them are older."""
_COLUMNS = tuple(column.name for column in fields(Figure))
_FIGURES = """
SELECT run_id, name, value, unit, operation, variant, subject, size_bytes, percentile, samples, streams, caution
FROM evidence_runmeasure
WHERE run_id = ANY(%(runs)s) AND (
    (name = ANY(%(names)s) AND (name <> 'busbw' OR size_bytes IS NULL OR size_bytes >= %(smallest)s
        OR size_bytes = ANY(%(sizes)s)) AND (name <> 'latency' OR percentile = ANY('{50,99,99.9}'::float8[])))
    OR name LIKE '%%/%%'
) ORDER BY run_id, id
"""
_DEVICES = """
SELECT run_id, device_id, role, place FROM evidence_rundevice JOIN inventory_device device ON device.id = device_id
WHERE run_id = ANY(%s) ORDER BY device_id
"""
# A sub-measure has one fact a day: the unique index is read backwards, without a sort.
_RECORDS = """
SELECT * FROM (
    SELECT DISTINCT ON (site_id, check_id, part) 'fact', id, site_id, check_id, part, value, taken_at, source,
        void_changes, NULLIF(voids, '{}'), voided_at, void_reason, provenance, NULL::date, '', '', ''
    FROM evidence_recordedfact WHERE site_id = ANY(%(sites)s) AND taken_at <= %(now)s
    ORDER BY site_id DESC, check_id DESC, part DESC, taken_on DESC
) fact
UNION ALL
SELECT 'attestation', record.id, site_id, check_id, part, value, taken_at, 'attested',
    void_changes, NULLIF(voids, '{}'), voided_at, void_reason, provenance, valid_until, site.time_zone,
    CASE WHEN confirmed_at <= %(now)s OR grace_until > %(now)s THEN '' WHEN attester_id IS NULL THEN %(second)s
        ELSE %(named)s END, CASE WHEN rejected_at <= %(now)s THEN rejection ELSE '' END
FROM evidence_attestation record JOIN inventory_site site ON site.id = site_id
WHERE site_id = ANY(%(sites)s) AND taken_at <= %(now)s AND part <> '' AND workload_classes = '{}'
"""


class RecordRow(NamedTuple):
    """A fact or an attestation, as `kind` says; only an attestation ends on a day in the site's time zone."""

    kind: str
    id: int
    site_id: int
    check_id: str
    part: str
    value: float
    taken_at: datetime
    detail: str
    void_changes: list[str]
    voids: dict[str, dict[str, str]] | None
    voided_at: datetime | None
    void_reason: str
    provenance: str
    valid_until: date | None
    time_zone: str
    unconfirmed: str
    rejection: str


@dataclass(frozen=True, slots=True)
class SiteRuns:
    """The newest runs of each subject. `earlier` are its first runs since a change voided the baseline, and the marked
    ones."""

    newest: list[Run] = field(default_factory=list)
    earlier: list[Run] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class StoredRuns:
    """A site's runs and devices as stored. The runs prove the same as long as these do not change."""

    runs: list[tuple[Any, ...]] = field(default_factory=list)
    devices: list[tuple[int, int, str, int | None]] = field(default_factory=list)

    @property
    def taken_at(self) -> set[datetime]:
        return {run[_TAKEN_AT] for run in self.runs}

    def voided_after(self, now: datetime) -> set[datetime]:
        voided = [run for run in self.runs if run[_VOIDED_AT] is not None]
        changes = [change for run in voided for change in (run[_VOIDS] or {}).values()]
        texts = [text for each in changes for text in (each["at"], *each.get("places", {}).values())]
        instants = {run[_VOIDED_AT] for run in voided} | {datetime.fromisoformat(text) for text in texts}
        return {at for at in instants if at > now}


def runs(
    site_ids: Sequence[int], floors: Iterable[FloorValue], framework: Framework, now: datetime
) -> dict[int, SiteRuns]:
    return runs_with_figures(stored_runs(site_ids, framework, now), floors, now)


def stored_runs(site_ids: Sequence[int], framework: Framework, now: datetime) -> dict[int, StoredRuns]:
    regression = framework.checks_by_id.get(REGRESSION)
    minded = {kind for part in (regression.parts if regression else ()) for kind in part.validity.voided_by}
    minded |= ALWAYS_VOIDS
    parameters = {
        "sites": list(site_ids),
        "now": now,
        "oldest": now - KEPT,
        "repeats": REPEATS,
        "repeated": list(REPEATED),
        "compared": sorted(HAVE_BASELINE) if regression else [],
        "first": FIRST,
        "minded": sorted(kind.value for kind in minded),
    }
    stored: dict[int, StoredRuns] = defaultdict(StoredRuns)
    site_by_run: dict[int, int] = {}
    for row in fetched(_RUNS, parameters):
        run_id, site_by_run[run_id], *_ = row
        stored[site_by_run[run_id]].runs.append(row)
    for row in fetched(_DEVICES, [list(site_by_run)]) if site_by_run else ():
        stored[site_by_run[row[0]]].devices.append(row)
    return dict(stored)


def runs_with_figures(
    stored: Mapping[int, StoredRuns], floors: Iterable[FloorValue], now: datetime
) -> dict[int, SiteRuns]:
    figures = figures_of([row[0] for of_site in stored.values() for row in of_site.runs], floors)
    return {site_id: _site_runs(of_site, figures, now) for site_id, of_site in stored.items()}


def figures_of(run_ids: Sequence[int], floors: Iterable[FloorValue]) -> dict[int, list[Figure]]:
    """The figures that may prove something, by run."""
    sizes = sorted({floor.size_bytes for floor in floors if floor.size_bytes is not None})
    parameters = {"runs": run_ids, "names": list(NAMES), "smallest": SMALLEST, "sizes": sizes}
    figures: dict[int, list[Figure]] = defaultdict(list)
    for run_id, *figure in fetched(_FIGURES, parameters) if run_ids else ():
        figures[run_id].append(Figure(**dict(zip(_COLUMNS, figure, strict=True))))
    return figures


def _site_runs(stored: StoredRuns, figures: Mapping[int, Sequence[Figure]], now: datetime) -> SiteRuns:
    devices: dict[int, list[tuple[int, str]]] = defaultdict(list)
    local: dict[int, int] = {}
    for run_id, device_id, role, place in stored.devices:
        devices[run_id].append((device_id, role))
        if place == 0:
            local[run_id] = device_id
    runs = SiteRuns()
    for run_id, _, is_newest, is_earlier, *of_run in stored.runs:
        run = _run(
            run_id, of_run, tuple(figures.get(run_id, ())), devices.get(run_id, ()), local.get(run_id, 0), now
        )
        if is_newest:
            runs.newest.append(run)
        if is_earlier:
            runs.earlier.append(run)
    return runs


def _run(
    run_id: int,
    row: Sequence[Any],
    figures: tuple[Figure, ...],
    devices: Iterable[tuple[int, str]],
    local: int,
    now: datetime,
) -> Run:
    *of_run, changes, by_kind, at, reason, hosts, provenance, mismatch, implausible, sender_named = row
    voids = voids_at(changes, by_kind or {}, at, reason, now)
    return Run(
        id=run_id,
        **dict(zip(_OF_RUN, of_run, strict=True)),
        void_changes=voids.changes,
        voided_at=voids.at,
        void_reason=voids.reason,
        hosts=hosts,
        figures=figures,
        provenance=provenance,
        mismatch=mismatch,
        implausible=implausible,
        sender_named=sender_named,
        local=local,
        replaced=_replaced(by_kind or {}, now),
        **device_columns(devices),
    )


def device_columns(devices: Iterable[tuple[int, str]]) -> dict[str, Any]:
    """The devices of a run from ids and roles, and which of them are nodes."""
    pairs = list(devices)
    nodes = tuple(device_id for device_id, role in pairs if role == Device.Role.NODE)
    return {"devices": tuple(device_id for device_id, _ in pairs), "nodes": nodes}


def _replaced(by_kind: Mapping[str, Mapping[str, Any]], now: datetime) -> frozenset[tuple[int, int]]:
    places = [by_kind.get(kind.value, {}).get("places", {}).items() for kind in ALWAYS_VOIDS]
    since = [
        place.partition(":") for each in places for place, at in each if datetime.fromisoformat(at) <= now
    ]
    return frozenset((int(device), int(number)) for device, _, number in since)


def entered(site_ids: Sequence[int], framework: Framework, now: datetime) -> dict[int, dict[PartKey, Proof]]:
    """The newest fact or attestation of each sub-measure that counts, else the newest; one statement. Statements about
    workload classes prove nothing about their site."""
    parts = framework.parts_by_key
    proofs_by_site: dict[int, dict[PartKey, list[Proof]]] = defaultdict(lambda: defaultdict(list))
    parameters = {"sites": list(site_ids), "now": now}
    parameters |= {"named": awaited(has_account=True), "second": awaited(has_account=False)}
    for record in map(RecordRow._make, fetched(_RECORDS, parameters)):
        key = (record.check_id, record.part)
        part = parts.get(key)
        if part is not None:
            proofs_by_site[record.site_id][key].append(record_proof(record, part, now))
    return {
        site_id: {
            key: proof
            for key, each in of_site.items()
            if (proof := _deciding(each, parts[key], now)) is not None
        }
        for site_id, of_site in proofs_by_site.items()
    }


def _deciding(proofs: Sequence[Proof], part: SubMeasure, now: datetime) -> Proof | None:
    proof = newest(proofs, part, now)
    if proof is None or not proof.unconfirmed:
        return proof
    confirmed = newest((each for each in proofs if not each.unconfirmed), part, now)
    return proof._replace(earlier=confirmed if confirmed and is_valid(confirmed, part, now) else None)


def record_proof(record: RecordRow, part: SubMeasure, now: datetime) -> Proof:
    voided, voided_at = "", None
    if record.void_changes:
        voids = voids_at(record.void_changes, record.voids or {}, record.voided_at, record.void_reason, now)
        if voids.changes & part.validity.voided_by:
            voided, voided_at = voids.reason, voids.at
    if record.valid_until is not None and not voided:
        ends_at = end_of_day(record.valid_until, record.time_zone)
        if ends_at <= now:
            voided, voided_at = f"The attestation held until {day(record.valid_until)}.", ends_at
    return Proof(
        kind=record.kind,
        ref=f"{record.kind}:{record.id}",
        value=record.value,
        taken_at=record.taken_at,
        detail=record.detail,
        cannot_judge=f"The attestation was rejected: {record.rejection}" if record.rejection else "",
        voided=voided,
        voided_at=voided_at,
        provenance=record.provenance,
        unconfirmed=record.unconfirmed,
    )
