"""An upload, read and compared: the file, the sender's words beside it, and the inventory's about both."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from inventory.models import Device, Site
from readiness.assessment.evidence import refusals
from readiness.assessment.evidence.core.identity import FileIdentity
from readiness.assessment.evidence.core.parsed import Parsed
from readiness.assessment.evidence.core.parsers import PARSERS, parse
from readiness.assessment.evidence.core.parsers.recognised import AUTO, tool_of
from readiness.assessment.evidence.core.reconciling import Reconciled, reconciled
from readiness.assessment.evidence.installed import ComparedRun, gathered
from readiness.assessment.evidence.models import Tool
from readiness.assessment.evidence.models.runs import MOST_BYTES
from readiness.assessment.evidence.operations.sameness import content_digest
from readiness.assessment.evidence.rules import pass_rules
from telemetry.models import SourceProvenance
from web.units import instant

AHEAD = timedelta(minutes=10)
"""Tolerance for clocks: a run dated further ahead has not happened yet. Telemetry uses the same tolerance."""


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


@dataclass(frozen=True, slots=True)
class ReadUpload:
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


def read(upload: Upload, site: Site, now: datetime) -> ReadUpload:
    parsed = _parsed(upload)
    taken_at, remarks = _taken_at(parsed, upload.context, site, now)
    file = FileIdentity.extract(parsed)
    upload = replace(upload, tool=parsed.tool)
    return ReadUpload(upload, parsed, file, _named_devices(upload.context, site), taken_at, remarks)


def compared(site: Site, read: Sequence[ReadUpload]) -> list[Reconciled]:
    """Compare each with the inventory. Raises EvidenceRefused for a sender that contradicts it or the file."""
    subjects = [
        ComparedRun(
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


def _taken_at(parsed: Parsed, context: RunContext, site: Site, now: datetime) -> tuple[datetime, list[str]]:
    """The file's own time overrides the sender's, so that an old run cannot pass as new."""
    own = parsed.taken_at
    if own is None and parsed.taken_local is not None:
        own = parsed.taken_local.replace(tzinfo=ZoneInfo(site.time_zone))
        if own > now + AHEAD:
            # Clocks of hosts often show UTC, wherever they stand.
            own = min(own, parsed.taken_local.replace(tzinfo=UTC))
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
