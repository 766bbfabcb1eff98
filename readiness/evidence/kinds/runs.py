"""Validation runs: outputs of tools."""

from readiness.evidence import operations
from readiness.evidence.filters import RunFilters
from readiness.evidence.forms import RunForm
from readiness.evidence.models import ValidationRun
from readiness.evidence.tables import STANDING, devices_of, site_url, tabs
from web.kinds import Entry, Kind
from web.kinds.columns import hidden, plain
from web.links import page_url
from web.tables import Column, Table
from web.units import instant

RUNS = Kind(
    model=ValidationRun,
    rows=ValidationRun.objects.select_related("site", "by", "baseline_by")
    .prefetch_related("run_devices__device")
    .all,
    room=None,
    title="Evidence",
    address="runs",
    names={"list": "evidence"},
    may=("inventory.view_site", "evidence.view_validationrun"),
    pages=(),
    hint="Outputs of tools that prove something about a site, each with its file",
    tabs=tabs,
    entries=(
        Entry(
            url_name="validation-run-add",
            address="add/",
            permissions=("evidence.add_validationrun",),
            heading="Import a run",
            form=RunForm,
            enter=operations.import_run,
            done="The run is kept; the site is scored again.",
            after=lambda run: page_url(run) or "",
            fills=("site", "tool", "load", "devices", "platform"),
        ),
    ),
    table=Table(
        id="runs",
        noun=("run", "runs"),
        label="Validation runs",
        columns=(
            Column(
                "taken_at",
                "Taken",
                text=lambda run: instant(run.taken_at),
                url=page_url,
                sort="taken_at",
                locked=True,
                phone="title",
            ),
            plain("tool", "Tool"),
            Column("site", "Site", value="site.name", url=site_url, sort="site__name", export="site.slug"),
            plain("scope", "Scope"),
            Column("devices", "Devices", value=devices_of),
            plain("load", "Load"),
            plain("platform", "Platform"),
            STANDING,
            hidden(plain, "file_name", "File"),
            hidden(plain, "library", "Library"),
            hidden(plain, "driver", "Driver"),
            hidden(plain, "provenance", "Provenance"),
            Column("by", "Uploaded by", value="by.username", sort="by__username", default=False),
            Column(
                "received_at",
                "Received",
                text=lambda run: instant(run.received_at),
                sort="received_at",
                default=False,
            ),
        ),
        filterset=RunFilters,
        default_sort="-taken_at",
        api="evidence-api-validation-run-list",
        empty={
            "title": "No run yet",
            "text": "Upload the output of nccl-tests, perftest, dcgmi diag and the like; each is kept with its file.",
            "icon": "flask",
        },
    ),
)
