"""Import the output of a tool as a validation run."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction

from accounts.models import User
from inventory.models import Device, Site
from readiness.evidence import ground, refusals
from readiness.evidence.core.bearing import OF_ACCELERATORS
from readiness.evidence.core.identity import FileIdentity
from readiness.evidence.core.interop import is_record
from readiness.evidence.core.parsed import Parsed
from readiness.evidence.core.parsers import PARSERS, parse
from readiness.evidence.core.parsers.recognised import AUTO, tool_of
from readiness.evidence.core.reconciling import Reconciled, reconciled
from readiness.evidence.core.rules import RULES
from readiness.evidence.installed import Subject, gathered
from readiness.evidence.models import RunDevice, RunFile, RunMeasure, Tool, ValidationRun
from readiness.evidence.models.runs import MOST_BYTES
from readiness.evidence.operations.sameness import COLLECTIVES, about, content_digest, refuse_copies, standing
from readiness.evidence.operations.voiding import void_changed
from readiness.evidence.replacements import ACCELERATORS, DEVICES, accelerators_of
from readiness.evidence.rules import pass_rules
from readiness.framework import queries as framework_queries
from telemetry.models import SourceProvenance
from web.units import instant

AHEAD = timedelta(minutes=10)
"""Tolerance for clocks: a run dated further ahead has not happened yet. Telemetry uses the same tolerance."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContext:
    """The sender's statements about a run, all optional. They fill what the file cannot say and override nothing.

    `devices`, or their names at the site, name what the run was on, first where the tool ran; `platform` and `versions`
    (driver, firmware, nos, library) must agree with inventory and file. `taken_at` counts only if the file has no time
    of its own.
    """

    load: str = ""
    load_gbps: float | None = None
    scope: str = ""
    devices: Collection[Device] | None = None
    device_names: Collection[str] = ()
    platform: str = ""
    versions: Mapping[str, str] | None = None
    taken_at: datetime | None = None
    note: str = ""
    provenance: str = SourceProvenance.MEASURED


NOTHING_MORE = RunContext()


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file; an empty `tool`, or `auto`, stands for the one that the file is recognised to be of."""

    tool: str
    content: bytes
    file_name: str
    context: RunContext = NOTHING_MORE

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


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
    read = [_read(upload, site, now) for upload in uploads]
    compared = _compared(site, read)
    refuse_copies([(each.upload.digest, each.content_digest) for each in read])
    with transaction.atomic():
        drafts = _drafts(read, compared, site=site, by=by, now=now)
        try:
            with transaction.atomic():
                _save(drafts)
        except IntegrityError:
            # Somebody sent the same run a moment ago.
            refuse_copies([(each.upload.digest, each.content_digest) for each in read])
            raise
        void_changed(site_ids=[site.pk], now=now)
    return [draft.run for draft in drafts]


@dataclass(frozen=True, slots=True)
class _Read:
    """A parsed upload, with the devices that its sender names and the instant that counts."""

    upload: Upload
    parsed: Parsed
    file: FileIdentity
    device_ids: Sequence[int]
    taken_at: datetime
    remarks: Sequence[str]

    @property
    def content_digest(self) -> str:
        return content_digest(self.parsed, taken_at=self.taken_at)

    @property
    def stated_versions(self) -> dict[str, str]:
        stated = self.upload.context.versions or {}
        return {name: version for name, version in stated.items() if version}


def _read(upload: Upload, site: Site, now: datetime) -> _Read:
    parsed = _parsed(upload)
    taken_at, remarks = _taken_at(parsed, upload.context, site, now)
    file = FileIdentity.of(parsed)
    upload = replace(upload, tool=parsed.tool)
    return _Read(upload, parsed, file, _named_devices(upload.context, site), taken_at, remarks)


def _compared(site: Site, read: Sequence[_Read]) -> list[Reconciled]:
    """Compare each with the inventory. Raises EvidenceRefused for a sender that contradicts it or the file."""
    subjects = [
        Subject(
            site_id=site.pk,
            file=each.file,
            taken_at=each.taken_at,
            device_ids=each.device_ids,
            platform=each.upload.context.platform,
            versions=each.stated_versions,
        )
        for each in read
    ]
    compared = [
        reconciled(each.upload.tool, each.file, *inventory)
        for each, inventory in zip(read, gathered(subjects), strict=True)
    ]
    for objection in (objection for each in compared for objection in each.objections):
        raise refusals.EvidenceRefused(objection.field, objection.reason)
    return compared


def placed(run: ValidationRun, upload: Upload, *, site: Site, now: datetime) -> ValidationRun:
    """Give a stored run the place that the upload names; its figures, file and times stay."""
    read = _read(upload, site, now)
    [result] = _compared(site, [read])
    [draft] = _drafts([read], [result], site=site, by=run.by, now=now)
    for name in (*PLACED, *standing(read.file, result)):
        setattr(run, name, getattr(draft.run, name))
    run.void_changes, run.voids, run.voided_at, run.void_reason = [], {}, None, ""
    _stand_on([_Draft(run, draft.parsed, draft.devices)])
    run.save()
    _save_devices([_Draft(run, draft.parsed, draft.devices)])
    void_changed(site_ids=[site.pk], now=now)
    return run


def _parsed(upload: Upload) -> Parsed:
    if upload.tool not in (*PARSERS, "", AUTO):
        raise refusals.EvidenceRefused(
            "tool", f"{upload.tool!r} has no parser; there are {', '.join(PARSERS)}."
        )
    if len(upload.content) > MOST_BYTES:
        raise refusals.FileTooLarge(
            "file", f"The file has {len(upload.content)} bytes; {MOST_BYTES} are allowed."
        )
    tool = tool_of(upload.content, upload.tool)
    return parse(tool, upload.content, rules=pass_rules() if tool == Tool.JUNIT else None)


@dataclass(frozen=True, slots=True)
class _Draft:
    run: ValidationRun
    parsed: Parsed
    devices: Sequence[Device]


def _drafts(
    read: Sequence[_Read], compared: Sequence[Reconciled], *, site: Site, by: User | None, now: datetime
) -> list[_Draft]:
    _, framework = framework_queries.current()
    for each in read:
        figures = [(figure.name, figure.value, figure.unit) for figure in each.parsed.figures]
        refusals.refuse_unknown_parts(framework, figures)
    ids = {device.id for result in compared for device in result.devices}
    devices = Device.objects.select_related("device_type").in_bulk(ids)
    return [
        _Draft(
            _run(each, result, site=site, by=by, now=now),
            each.parsed,
            [devices[device.id] for device in result.devices],
        )
        for each, result in zip(read, compared, strict=True)
    ]


def _run(read: _Read, result: Reconciled, *, site: Site, by: User | None, now: datetime) -> ValidationRun:
    context, parsed = read.upload.context, read.parsed
    versions = dict(parsed.versions) | read.stated_versions
    warnings = (parsed.declared, *parsed.warnings, *read.remarks, *result.remarks)
    return ValidationRun(
        site=site,
        tool=read.upload.tool,
        scope=_scope(read.upload.tool, parsed, context, len(result.devices)),
        platform=result.platform,
        load=context.load,
        load_gbps=context.load_gbps,
        taken_at=read.taken_at,
        received_at=now,
        by=by,
        file_name=read.upload.file_name[:200] or "unnamed",
        file_sha256=read.upload.digest,
        file_bytes=len(parsed.kept),
        hosts=list(parsed.hosts)[:1000],
        loopback=parsed.loopback[:300],
        warnings=[warning[:300] for warning in warnings if warning][:100],
        note=context.note[:200],
        provenance=SourceProvenance.DECLARED if parsed.declared else context.provenance,
        content_digest=read.content_digest,
        claim={
            "devices": list(read.device_ids),
            "platform": context.platform,
            "versions": read.stated_versions,
        },
        rules=RULES,
        **standing(read.file, result),
        **{key: versions.get(key, "")[:100] for key in VERSIONS},
    )


def _stand_on(drafts: Sequence[_Draft]) -> None:
    """The number of statements grows with the distinct sets of devices, not with the runs."""
    bases: dict[object, dict[str, object]] = {}
    for draft in drafts:
        run, of_accelerators = draft.run, draft.run.tool in OF_ACCELERATORS
        run.about = about(run, draft.parsed, [device.pk for device in draft.devices])
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
    RunFile.objects.bulk_create(RunFile(run=draft.run, content=draft.parsed.kept) for draft in drafts)
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
    nodes = devices or Device.objects.in_service().filter(site_id=run.site_id, role=Device.Role.NODE)
    return parts | {ACCELERATORS: accelerators_of({device.pk for device in nodes})}


def _taken_at(parsed: Parsed, context: RunContext, site: Site, now: datetime) -> tuple[datetime, list[str]]:
    """The file's own time overrides the sender's, so that an old run cannot pass as new."""
    own = parsed.taken_at
    if own is None and parsed.taken_local is not None:
        own = parsed.taken_local.replace(tzinfo=ZoneInfo(site.time_zone))
    remarks = []
    if own is not None and context.taken_at is not None and abs(own - context.taken_at) > AHEAD:
        remarks.append(f"The file says that it was taken at {instant(own)}; that time counts.")
    taken_at = own or context.taken_at or now
    if taken_at > now + AHEAD:
        raise refusals.EvidenceRefused(
            "taken_at", f"The run is dated {instant(taken_at)}, which is in the future."
        )
    if taken_at < now - refusals.OLDEST:
        raise refusals.EvidenceRefused(
            "taken_at", f"The run is dated {instant(taken_at)}, which is more than twenty years ago."
        )
    return taken_at, remarks


def _named_devices(context: RunContext, site: Site) -> list[int]:
    """The ids of the devices that the sender names, in the sender's order."""
    if context.devices is not None:
        strays = [device.name for device in context.devices if device.site_id != site.pk]
        if strays:
            raise refusals.EvidenceRefused("devices", f"{', '.join(strays)}: not at {site.name}.")
        return [device.pk for device in context.devices]
    if not context.device_names:
        return []
    by_name = dict(Device.objects.filter(site=site, name__in=context.device_names).values_list("name", "pk"))
    if missing := sorted(set(context.device_names) - by_name.keys()):
        raise refusals.EvidenceRefused("devices", f"{site.name} has no device {', '.join(missing)}.")
    return [by_name[name] for name in dict.fromkeys(context.device_names)]


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
