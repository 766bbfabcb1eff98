"""Import the output of a tool as a validation run, and place a stored run anew."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from accounts.models import User
from inventory.models import Device, Site
from readiness.assessment.evidence import ground, refusals
from readiness.assessment.evidence.core.bearing import OF_ACCELERATORS
from readiness.assessment.evidence.core.interop import is_record
from readiness.assessment.evidence.core.parsed import Parsed
from readiness.assessment.evidence.core.reconciling import Reconciled
from readiness.assessment.evidence.core.rules import RULES
from readiness.assessment.evidence.models import RunDevice, RunFile, RunMeasure, Tool, ValidationRun
from readiness.assessment.evidence.operations.sameness import (
    COLLECTIVES,
    comparison_columns,
    refuse_copies,
    test_digest,
)
from readiness.assessment.evidence.operations.uploading import (
    NOTHING_MORE,
    ReadUpload,
    RunContext,
    Upload,
    compared,
    read,
)
from readiness.assessment.evidence.operations.voiding import void_changed
from readiness.assessment.evidence.replacements import ACCELERATORS, DEVICES, accelerators_of
from readiness.assessment.framework import queries as framework_queries
from telemetry.drift.models import InventoryDrift
from telemetry.drift.operations import record_drift
from telemetry.drift.queries import software_contradicted
from telemetry.models import SourceProvenance

Scope = ValidationRun.Scope
_SCOPES = {
    "perftest": Scope.LINK,
    "iperf3": Scope.LINK,
    "sockperf": Scope.LINK,
    "fio": Scope.NODE,
    "stream": Scope.NODE,
    "superbench": Scope.NODE,
    "junit": Scope.SITE,
    "dcgm-diag": Scope.NODE,
    "mlperf": Scope.SITE,
    "vllm-bench": Scope.SITE,
    "csv": Scope.SITE,
}
BY_NODES = COLLECTIVES | {Tool.HPL, Tool.HPL_MXP, Tool.OSU, Tool.NCCL_RAS}
"""Tools whose scope follows from the number of nodes."""
AT_ONCE = 2_000
"""Number of figures in one statement."""
PLACED = ("site", "scope", "platform", "claim", "warnings", "rules", "content_digest")
"""Columns of a run that its place decides, besides those that the comparison does."""
VERSIONS = ("driver", "firmware", "nos", "library")


def import_run(
    *,
    site: Site,
    tool: str,
    content: bytes,
    file_name: str,
    by: User | None,
    now: datetime,
    context: RunContext = NOTHING_MORE,
) -> ValidationRun:
    """Read a file and keep it as a run of the site.

    Raises ParseError for an unreadable file, and EvidenceRefused for a file that is not a valid run: FileTooLarge,
    SameFile, a future time, or a sender that contradicts file or inventory. The number of statements does not depend on
    the figures.
    """
    upload = Upload(tool=tool, content=content, file_name=file_name, context=context)
    [run] = import_runs(site=site, uploads=[upload], by=by, now=now)
    run.refresh_from_db()
    return run


def import_runs(
    *, site: Site, uploads: Sequence[Upload], by: User | None, now: datetime
) -> list[ValidationRun]:
    """Import several files, all or none, and check once for changes since. Raises what `import_run` raises."""
    refusals.refuse_retired(site)
    # Parse and compare before the transaction: a large file takes seconds.
    uploaded = [read(upload, site, now) for upload in uploads]
    results = compared(site, uploaded)
    digests = [(each.upload.digest, each.content_digest) for each in uploaded]
    refuse_copies(digests)
    with transaction.atomic():
        drafts = _drafts(uploaded, results, site=site, by=by, now=now)
        try:
            with transaction.atomic():
                _save(drafts)
        except IntegrityError:
            # Somebody sent the same run a moment ago.
            refuse_copies(digests)
            raise
        _note_software(drafts, results)
        void_changed(site_ids=[site.pk], now=now)
    return [draft.run for draft in drafts]


def placed(run: ValidationRun, upload: Upload, *, site: Site, now: datetime) -> ValidationRun:
    """Give a stored run the place that the upload names; its figures, file and times stay."""
    uploaded = read(upload, site, now)
    refuse_copies([(run.file_sha256, uploaded.content_digest)], moved=run.pk)
    [result] = compared(site, [uploaded])
    [draft] = _drafts([uploaded], [result], site=site, by=run.by, now=now)
    for name in (*PLACED, *comparison_columns(uploaded.file, result)):
        setattr(run, name, getattr(draft.run, name))
    run.void_changes, run.voids, run.voided_at, run.void_reason = [], {}, None, ""
    _stand_on([_Draft(run, draft.parsed, draft.devices)])
    run.save()
    _save_devices([_Draft(run, draft.parsed, draft.devices)])
    void_changed(site_ids=[site.pk], now=now)
    return run


@dataclass(frozen=True, slots=True)
class _Draft:
    run: ValidationRun
    parsed: Parsed
    devices: Sequence[Device]


def _drafts(
    uploaded: Sequence[ReadUpload],
    results: Sequence[Reconciled],
    *,
    site: Site,
    by: User | None,
    now: datetime,
) -> list[_Draft]:
    _, framework = framework_queries.current()
    for each in uploaded:
        figures = [(figure.name, figure.value, figure.unit) for figure in each.parsed.figures]
        refusals.refuse_unknown_parts(framework, figures)
    ids = {device.id for result in results for device in result.devices}
    devices = Device.objects.select_related("device_type").in_bulk(ids)
    return [
        _Draft(
            _run(each, result, site=site, by=by, now=now),
            each.parsed,
            [devices[device.id] for device in result.devices],
        )
        for each, result in zip(uploaded, results, strict=True)
    ]


def _run(
    uploaded: ReadUpload, result: Reconciled, *, site: Site, by: User | None, now: datetime
) -> ValidationRun:
    context, parsed = uploaded.upload.context, uploaded.parsed
    versions = dict(parsed.versions) | uploaded.stated_versions
    warnings = (parsed.declared, *parsed.warnings, *uploaded.remarks, *result.remarks)
    return ValidationRun(
        site=site,
        tool=uploaded.upload.tool,
        scope=_scope(uploaded.upload.tool, parsed, context, len(result.devices)),
        platform=result.platform,
        load=context.load,
        load_gbps=context.load_gbps,
        taken_at=uploaded.taken_at,
        received_at=now,
        by=by,
        file_name=uploaded.upload.file_name[:200] or "unnamed",
        file_sha256=uploaded.upload.digest,
        file_bytes=len(parsed.content),
        hosts=list(parsed.hosts)[:1000],
        loopback=parsed.loopback[:300],
        warnings=[warning[:300] for warning in warnings if warning][:100],
        note=context.note[:200],
        provenance=SourceProvenance.DECLARED if parsed.declared else context.provenance,
        content_digest=uploaded.content_digest,
        claim={
            "devices": list(uploaded.device_ids),
            "platform": context.platform,
            "versions": uploaded.stated_versions,
        },
        rules=RULES,
        **comparison_columns(uploaded.file, result),
        **{key: versions.get(key, "")[:100] for key in VERSIONS},
    )


def _stand_on(drafts: Sequence[_Draft]) -> None:
    """The number of statements grows with the distinct sets of devices, not with the runs."""
    bases: dict[object, dict[str, object]] = {}
    _, framework = framework_queries.current()
    for draft in drafts:
        run, of_accelerators = draft.run, draft.run.tool in OF_ACCELERATORS
        run.about = test_digest(run, draft.parsed, [device.pk for device in draft.devices], framework)
        # A record by product and version counts wherever these are deployed, so it has no ground at the site.
        if not draft.devices and all(is_record(figure.name) for figure in draft.parsed.figures):
            continue
        key = (run.scope, of_accelerators, frozenset(device.pk for device in draft.devices))
        if key not in bases:
            bases[key] = ground.ground_of_run(run, draft.devices) | _parts(run, draft.devices)
        run.basis = bases[key]


def _save(drafts: Sequence[_Draft]) -> None:
    _stand_on(drafts)
    ValidationRun.objects.bulk_create([draft.run for draft in drafts])
    RunFile.objects.bulk_create(RunFile(run=draft.run, content=draft.parsed.content) for draft in drafts)
    RunMeasure.objects.bulk_create(
        (
            RunMeasure(run=draft.run, **asdict(figure) | {"caution": figure.caution[:300]})
            for draft in drafts
            for figure in draft.parsed.figures
        ),
        batch_size=AT_ONCE,
    )
    _save_devices(drafts)


def _save_devices(drafts: Sequence[_Draft]) -> None:
    history = ground.version_history({device.pk for draft in drafts for device in draft.devices})
    RunDevice.objects.bulk_create(
        _run_device(draft.run, device, place, history)
        for draft in drafts
        for place, device in enumerate(draft.devices)
    )


def _run_device(run: ValidationRun, device: Device, place: int, history: ground.VersionHistory) -> RunDevice:
    versions = ground.versions_at(history, device.pk, at=run.taken_at) or device
    return RunDevice(
        run=run,
        device=device,
        place=place,
        firmware_version=versions.firmware_version,
        software_version=versions.software_version,
    )


def _parts(run: ValidationRun, devices: Sequence[Device]) -> dict[str, object]:
    parts: dict[str, object] = {}
    if devices:
        parts[DEVICES] = {str(device.pk): [device.device_type_id, device.serial] for device in devices}
    if run.tool not in OF_ACCELERATORS:
        return parts
    nodes = devices or Device.objects.active().filter(site_id=run.site_id, role=Device.Role.NODE)
    return parts | {ACCELERATORS: accelerators_of({device.pk for device in nodes})}


def _note_software(drafts: Sequence[_Draft], results: Sequence[Reconciled]) -> None:
    """Mark the inventory as drifted where a file names other software, or as agreeing again where it did before."""
    seen = [
        (draft.run, each) for draft, result in zip(drafts, results, strict=True) for each in result.software
    ]
    standing = software_contradicted({each.device_id for _, each in seen}) if seen else set()
    for run, each in seen:
        if not each.agrees or each.device_id in standing:
            record_drift(
                site_id=run.site_id,
                device_id=each.device_id,
                field=InventoryDrift.Field.DRIVER,
                inventory_value=each.inventory,
                seen_value=each.seen,
                source=f"run {run.pk}",
                now=run.taken_at,
            )


def _scope(tool: str, parsed: Parsed, context: RunContext, devices: int) -> str:
    nodes = max(len(parsed.hosts), devices)
    if context.scope:
        if context.scope not in Scope.values:
            raise refusals.EvidenceRefused(
                "scope", f"{context.scope!r} is not a scope; the scopes are {', '.join(Scope.values)}."
            )
        if context.scope == Scope.NODE and nodes > 1 and tool in ("nccl-tests", "rccl-tests"):
            raise refusals.EvidenceRefused("scope", f"The run was on {nodes} nodes, not on one.")
        return context.scope
    if devices and all(is_record(figure.name) for figure in parsed.figures):
        return Scope.LINK
    if tool in _SCOPES:
        return _SCOPES[tool]
    return Scope.NODE if nodes <= 1 else Scope.PAIR if nodes == 2 else Scope.FABRIC
