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
from readiness.evidence.core.bearing import NAME_CHECKS, OF_ACCELERATORS
from readiness.evidence.core.interop import is_record
from readiness.evidence.core.parsed import FAILED, FAILED_TEST, IDENTITIES, RANKS, TEST, Parsed
from readiness.evidence.core.parsers import PARSERS, parse
from readiness.evidence.core.parsers.recognised import AUTO, tool_of
from readiness.evidence.core.proving.values import ENTERED
from readiness.evidence.models import RunDevice, RunFile, RunMeasure, Tool, ValidationRun
from readiness.evidence.models.runs import MOST_BYTES
from readiness.evidence.operations.voiding import void_changed
from readiness.evidence.replacements import ACCELERATORS, DEVICES, accelerators_of
from readiness.evidence.rules import pass_rules
from readiness.framework import queries as framework_queries
from readiness.framework.core.definition import Framework
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
OUTCOMES = frozenset({RANKS, FAILED, FAILED_TEST, *IDENTITIES})
"""Figures about how a run went, not what it measured."""
COLLECTIVES = frozenset({Tool.NCCL_TESTS, Tool.RCCL_TESTS})
BY_NODES = COLLECTIVES | {Tool.HPL, Tool.HPL_MXP, Tool.OSU, Tool.NCCL_RAS}
"""Tools whose scope follows from the number of nodes."""
AT_ONCE = 2_000
"""Number of figures in one statement."""
VERSIONS = ("driver", "firmware", "nos", "library")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContext:
    """The sender's statements about a run, all optional.

    `devices`, or their names at the site, override the hosts in the file, `versions` (driver, firmware, nos, library)
    those in the file. `taken_at` counts only if the file has no time of its own.
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
    SameFile, a future time, a scope that contradicts the file. The number of statements does not depend on the figures.
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
    # Parse before the transaction: a large file takes seconds.
    read = [(replace(upload, tool=parsed.tool), parsed) for upload in uploads for parsed in [_parsed(upload)]]
    with transaction.atomic():
        _refuse_same(site, [upload.digest for upload in uploads])
        _, framework = framework_queries.current()
        drafts = [_draft(upload, parsed, framework, site=site, by=by, now=now) for upload, parsed in read]
        try:
            with transaction.atomic():
                _save(drafts)
        except IntegrityError:
            # Somebody sent the same file a moment ago.
            _refuse_same(site, [upload.digest for upload in uploads])
            raise
        void_changed(site_ids=[site.pk], now=now)
    return [draft.run for draft in drafts]


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


def _draft(
    upload: Upload, parsed: Parsed, framework: Framework, *, site: Site, by: User | None, now: datetime
) -> _Draft:
    context = upload.context
    refusals.refuse_unknown_parts(framework, [(each.name, each.value, each.unit) for each in parsed.figures])
    taken_at, remarks = _taken_at(parsed, context, site, now)
    devices, unmatched = _devices(parsed, context, site)
    stated = {key: value for key, value in (context.versions or {}).items() if value}
    versions = dict(parsed.versions) | stated
    warnings = (parsed.declared, *parsed.warnings, *remarks, *unmatched)
    run = ValidationRun(
        site=site,
        tool=upload.tool,
        scope=_scope(upload.tool, parsed, context, len(devices)),
        platform=context.platform or _platform(devices),
        load=context.load,
        load_gbps=context.load_gbps,
        taken_at=taken_at,
        received_at=now,
        by=by,
        file_name=upload.file_name[:200] or "unnamed",
        file_sha256=upload.digest,
        file_bytes=len(parsed.kept),
        hosts=list(parsed.hosts)[:1000],
        loopback=parsed.loopback[:300],
        warnings=[warning[:300] for warning in warnings if warning][:100],
        note=context.note[:200],
        provenance=SourceProvenance.DECLARED if parsed.declared else context.provenance,
        **{key: versions.get(key, "")[:100] for key in VERSIONS},
    )
    return _Draft(run, parsed, devices)


def _save(drafts: Sequence[_Draft]) -> None:
    """The number of statements grows with the distinct sets of devices, not with the runs."""
    bases: dict[object, dict[str, object]] = {}
    for draft in drafts:
        run, of_accelerators = draft.run, draft.run.tool in OF_ACCELERATORS
        run.about = _about(run, draft.parsed, draft.devices)
        # A record by product and version counts wherever these are deployed, so it has no ground at the site.
        if not draft.devices and all(is_record(figure.name) for figure in draft.parsed.figures):
            continue
        key = (run.scope, of_accelerators, frozenset(device.pk for device in draft.devices))
        if key not in bases:
            bases[key] = ground.ground_of_run(run, draft.devices) | _parts(run, draft.devices)
        run.basis = bases[key]
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
    history = ground.version_history({device.pk for draft in drafts for device in draft.devices})
    RunDevice.objects.bulk_create(
        _run_device(draft.run, device, history)
        for draft in drafts
        for device in sorted(draft.devices, key=lambda device: device.pk)
    )


def _run_device(run: ValidationRun, device: Device, history: ground.VersionHistory) -> RunDevice:
    versions = ground.versions_at(history, device.pk, at=run.taken_at) or device
    return RunDevice(
        run=run,
        device=device,
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


def _about(run: ValidationRun, parsed: Parsed, devices: Sequence[Device]) -> str:
    """A digest of what the run measured: the same test of the same devices under the same load, whatever the result.

    Of runs with one digest only the newest is read, so the digest includes everything that decides whether a run can
    count: a quick diagnostic must not hide a long one, nor a run of small sizes, on fewer accelerators, or without
    checked results a full one.
    """
    on = sorted(str(device.pk) for device in devices) or sorted(parsed.hosts)
    # A declaration hides no run.
    entered = ["declared"] if run.provenance in ENTERED else []
    test = _test(run.tool, parsed)
    context = (run.tool, run.scope, run.load, run.platform, on, bool(run.loopback), test, *entered)
    return hashlib.blake2s(repr(context).encode(), digest_size=16).hexdigest()


def _test(tool: str, parsed: Parsed) -> tuple[object, ...]:
    names = tool in NAME_CHECKS
    lengths = tool == Tool.DCGM_DIAG
    figures = [each for each in parsed.figures if each.name not in OUTCOMES]
    if tool == Tool.SUPERBENCH:
        # A benchmark that failed has no figures, and its run is still the newest result of these benchmarks.
        figures = [each for each in figures if each.name == TEST]
    subjects = {
        (each.name if names else "", each.operation, each.subject, each.variant if lengths else "")
        for each in figures
    }
    largest = max((each.size_bytes or 0 for each in figures), default=0)
    # What a diagnostic skipped cannot be judged, and hides no run that can.
    lacking = sorted(each.name for each in figures if each.value is None or (lengths and each.caution))
    ranks = [sum(each.value or 0 for each in parsed.figures if each.name == RANKS)]
    return sorted(subjects), largest, lacking, *(ranks if tool in COLLECTIVES else [])


def _refuse_same(site: Site, digests: Collection[str]) -> None:
    earlier = ValidationRun.objects.filter(site=site, file_sha256__in=digests).order_by("pk").first()
    if earlier is not None:
        raise refusals.SameFile("file", f"This file is run {earlier.pk} of this site already.", earlier.pk)


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


def _devices(parsed: Parsed, context: RunContext, site: Site) -> tuple[list[Device], list[str]]:
    if context.devices is not None:
        strays = [device.name for device in context.devices if device.site_id != site.pk]
        if strays:
            raise refusals.EvidenceRefused("devices", f"{', '.join(strays)}: not at {site.name}.")
        return list(context.devices), []
    if context.device_names:
        named = Device.objects.filter(site=site, name__in=context.device_names).select_related("device_type")
        if missing := sorted(set(context.device_names) - {device.name for device in named}):
            raise refusals.EvidenceRefused("devices", f"{site.name} has no device {', '.join(missing)}.")
        return list(named), []
    hosts = [host for host in parsed.hosts if host]
    if not hosts:
        return [], []
    by_name = {
        device.name.lower(): device
        for device in Device.objects.filter(site=site).select_related("device_type")
    }
    devices_by_id: dict[int, Device] = {}
    unmatched = []
    for host in hosts:
        device = by_name.get(host.lower()) or by_name.get(host.lower().partition(".")[0])
        if device is None:
            unmatched.append(host)
        else:
            devices_by_id[device.pk] = device
    remarks = [f"No device of this site is named {', '.join(unmatched)}."] if unmatched else []
    return list(devices_by_id.values()), remarks


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


def _platform(devices: Sequence[Device]) -> str:
    slugs = {device.device_type.slug for device in devices}
    return slugs.pop() if len(slugs) == 1 else ""
