"""Validation runs, which are outputs of tools, and the floors of platforms."""

from readiness.assessment.evidence import operations
from readiness.assessment.evidence.forms import ConfigurationForm, FloorForm, RunForm
from readiness.assessment.evidence.models import Floor, ValidationRun
from readiness.assessment.evidence.tables import (
    SIZE,
    STANDING,
    RunFilters,
    devices_of,
    exact,
    first_device_of,
    site_url,
    tabs,
)
from web.kinds import Entry, Kind
from web.kinds.columns import hidden, plain
from web.kinds.rest import filters_of
from web.links import page_url
from web.tables import Column, Table
from web.units import instant
from web.visibility import reader

# fmt: off
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
            Column("taken_at", "Taken", text=lambda run: instant(run.taken_at), url=page_url, sort="taken_at",
                   locked=True, phone="title", template="readiness/evidence/cells/taken.html"),
            plain("tool", "Tool", template="readiness/evidence/cells/tool.html"),
            Column("site", "Site", value="site.name", url=site_url, sort="site__name", export="site.slug"),
            Column("devices", "Nodes", value=devices_of, text=first_device_of, phone="full"),
            hidden(plain, "scope", "Scope", text="scope_text"),
            hidden(plain, "load", "Load"),
            hidden(plain, "platform", "Platform"),
            STANDING,
            hidden(plain, "sender_named", "Devices named by the sender"),
            hidden(plain, "file_name", "File"),
            hidden(plain, "library", "Library"),
            hidden(plain, "driver", "Driver"),
            hidden(plain, "provenance", "Provenance"),
            Column("by", "Uploaded by", value="by.username", sort="by__username", default=False),
            Column("received_at", "Received", text=lambda run: instant(run.received_at), sort="received_at",
                   default=False),
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
# fmt: on


FIELDS = ("platform", "tool", "measure", "operation", "size_bytes", "value", "unit", "source", "note")


def _address(floor: Floor) -> str:
    return FLOORS.url_if(reader(), "edit", floor)


FLOORS = Kind(
    model=Floor,
    rows=Floor.objects.all,
    room=("Evidence", "evidence"),
    address="floors",
    names={"list": "floors"},
    may=("evidence.view_floor",),
    pages=("list", "add", "edit", "delete", "bulk", "csv"),
    hint="What a platform must reach in a tool's measure",
    then="Sites with such runs are scored again.",
    form=FloorForm,
    tabs=tabs,
    entries=(
        Entry(
            url_name="floors-import",
            address="import/",
            permissions=("evidence.add_floor",),
            heading="Import a configuration",
            form=ConfigurationForm,
            enter=operations.import_floors,
            done=lambda floors: f"{len(floors)} floors are set.",
            icon="database-import",
        ),
    ),
    table=Table(
        id="floors",
        noun=("floor", "floors"),
        label="Floors",
        columns=(
            plain("platform", "Platform", url=_address, locked=True, phone="title"),
            plain("tool", "Tool"),
            plain("measure", "Measure", code=True),
            plain("operation", "Operation", code=True),
            SIZE,
            plain("value", "At least", text=lambda floor: exact(floor.value), numeric=True),
            plain("unit", "Unit"),
            plain("source", "Source"),
            hidden(Column, "note", "Note"),
        ),
        filterset=filters_of(
            Floor,
            FIELDS[:-1],
            search=("platform", "measure", "source", "note"),
            panel=("platform", "tool"),
        ),
        api="evidence-api-floor-list",
        row_url=_address,
        empty={
            "title": "No floor yet",
            "text": "Without a floor for its platform a run's bandwidth is unknown.",
            "icon": "gauge",
        },
    ),
)
