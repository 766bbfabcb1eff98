"""A run to what the parts of the page kit read."""

from collections.abc import Iterable
from typing import Any

from django.urls import reverse

from readiness.evidence.models import ValidationRun
from readiness.evidence.proved import Proved, RunSummary
from readiness.evidence.tables import devices_of
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
