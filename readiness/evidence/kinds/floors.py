"""Floors."""

from readiness.evidence import operations
from readiness.evidence.forms import ConfigurationForm, FloorForm
from readiness.evidence.models import Floor
from readiness.evidence.tables import exact, size_of, tabs
from web.kinds import Entry, Kind
from web.kinds.columns import hidden, plain
from web.kinds.rest import filters_of
from web.tables import Column, Table
from web.visibility import reader

FIELDS = ("platform", "tool", "measure", "operation", "size_bytes", "value", "unit", "source", "note")


def _address(floor: Floor) -> str:
    """Whoever may change a floor gets there by its platform."""
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
            Column(
                "size",
                "Size",
                value="size_bytes",
                text=size_of,
                sort="size_bytes",
                numeric=True,
                file_unit="bytes",
            ),
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
