"""A run to what the parts of the page kit read."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from readiness.evidence.core.limits import kind_of
from readiness.evidence.limit_tables import limit_text, owner_name, owner_url
from readiness.evidence.models import Attestation, DeclaredLimit, RecordedFact, ValidationRun
from readiness.evidence.proved import Proved, RunSummary
from readiness.evidence.tables import devices_of, exact
from readiness.framework.core.definition import Framework
from web.units import format_value, instant
from web.visibility import name_of

type Line = dict[str, Any]


def facts(run: ValidationRun) -> list[Line]:
    """Return what is known of the run beside its figures; what was not said is left out."""
    load = run.get_load_display()
    if load and run.load_gbps is not None:
        load = f"{load}, {format_value(run.load_gbps, 'Gb/s')}"
    facts = [
        {"term": "Site", "value": run.site.name, "url": reverse("site", args=[run.site.slug])},
        {"term": "Scope", "value": run.get_scope_display()},
        {"term": "Devices", "value": devices_of(run)},
        {"term": "Platform", "value": run.platform},
        {"term": "Load", "value": load},
        {"term": "Taken", "value": instant(run.taken_at)},
        {"term": "Received", "value": instant(run.received_at)},
        {"term": "Uploaded by", "value": name_of(run.by)},
        {"term": "Driver", "value": run.driver},
        {"term": "Firmware", "value": run.firmware},
        {"term": "Network operating system", "value": run.nos},
        {"term": "Library", "value": run.library},
        {"term": "Provenance", "value": run.get_provenance_display()},
        {"term": "Note", "value": run.note},
        {"term": "Baseline", "value": _baseline(run)},
    ]
    always_shown = {"Devices", "Platform", "Load"}
    return [line for line in facts if line["value"] or line["term"] in always_shown]


def rests_on(summary: RunSummary) -> list[Line]:
    """How much a run measured of what, and what failed."""
    return [
        {"term": "Sample size", "value": summary.samples},
        {"term": "Failures", "value": summary.failures},
        {"term": "Coverage", "value": summary.coverage},
    ]


def _baseline(run: ValidationRun) -> str:
    if run.baseline_at is None:
        return ""
    who = name_of(run.baseline_by) or "somebody"
    return f"since {instant(run.baseline_at)}, by {who}"


def versions(run: ValidationRun) -> list[Line]:
    """Each device with the versions that it had when the run was taken."""
    return [
        {
            "name": each.device.name,
            "url": reverse("device-detail", args=[each.device_id]),
            "firmware": each.firmware_version,
            "software": each.software_version,
        }
        for each in run.run_devices.all()
    ]


def record_facts(record: Attestation | RecordedFact, framework: Framework) -> list[Line]:
    """Return what is known of one fact or attestation; what was not said is left out."""
    part = framework.parts_by_key.get((record.check_id, record.part))
    value = "" if record.value is None else f"{exact(record.value)} {part.unit if part else ''}".strip()
    facts: list[Line] = [
        {"term": "Sub-measure", "value": part.name if part else record.part},
        {"term": "Value", "value": value},
        {"term": "Day", "value": record.taken_on.isoformat()},
        {"term": "Counts from", "value": instant(record.taken_at)},
    ]
    if isinstance(record, RecordedFact):
        facts += [
            {"term": "Source", "value": record.source},
            {"term": "Note", "value": record.note},
        ]
    else:
        until = record.valid_until.isoformat() if record.valid_until else ""
        facts += [
            {"term": "Statement", "value": record.statement},
            {"term": "Attested by", "value": name_of(record.attested_by)},
            {"term": "Workload classes", "value": ", ".join(record.workload_classes)},
            {"term": "Valid until", "value": until},
            {"term": "Document", "value": record.document or record.link, "url": record.link},
        ]
    facts += [
        {"term": "Provenance", "value": record.get_provenance_display()},
        {"term": "Entered by", "value": name_of(record.by)},
    ]
    return [line for line in facts if line["value"]]


def proved(parts: Iterable[Proved], site_slug: str) -> list[Line]:
    """Each sub-measure with the place on its check's page, and why it does not count where it does not."""
    return [
        {
            "check": each.check_name,
            "part": each.part_name,
            "url": f"{reverse('site-check', args=[site_slug, each.check_id])}#part-{each.part_id}",
            "value": "" if each.value is None else str(format_value(each.value, each.unit)),
            "note": each.why_not or each.detail,
            "icon": "hourglass" if each.why_not else "circle-check",
        }
        for each in parts
    ]


def limit_facts(declared: DeclaredLimit, framework: Framework) -> list[Line]:
    """Return what is known of one entry."""
    kind = kind_of(framework, declared.limit_id)
    facts: list[Line] = [
        {"term": "Declared for", "value": owner_name(declared), "url": owner_url(declared)},
        {"term": "Limit", "value": limit_text(framework, declared)},
        {"term": "In force from", "value": declared.declared_on.isoformat()},
        {"term": "Source", "value": declared.source},
        {"term": "Entered by", "value": name_of(declared.by)},
        {"term": "Note", "value": declared.note},
        {"term": "What it is", "value": kind.note if kind else ""},
    ]
    return [line for line in facts if line["value"]]


def limit_entries(
    entries: Iterable[DeclaredLimit], current: DeclaredLimit, framework: Framework
) -> list[Line]:
    return [
        {
            "day": entry.declared_on.isoformat(),
            "text": limit_text(framework, entry),
            "source": entry.source,
            "url": "" if entry.pk == current.pk else reverse("declared-limit-detail", args=[entry.pk]),
        }
        for entry in entries
    ]


def limit_query(declared: DeclaredLimit) -> str:
    """Return what fills in the form for the same limit."""
    if declared.site is not None:
        return urlencode({"site": declared.site.slug, "limit": declared.limit_id})
    assert declared.workload_class is not None
    return urlencode({"workload_class": declared.workload_class.slug, "limit": declared.limit_id})


def tabs(current: str) -> list[Line]:
    """The pages of evidence."""
    pages = (
        ("evidence", "Runs"),
        ("facts", "Recorded facts"),
        ("attestations", "Attestations"),
        ("limits", "Limits"),
        ("floors", "Floors"),
    )
    return [{"label": label, "url": reverse(name), "current": name == current} for name, label in pages]


def breadcrumbs(here: str, *, first: bool = False) -> list[dict[str, str]]:
    above = [] if first else [{"label": "Evidence", "url": reverse("evidence")}]
    return [*above, {"label": here, "url": ""}]
