"""The kind of import rules."""

from telemetry.imports.models import ImportRule
from web.kinds.columns import hidden, plain, related
from web.kinds.declaring import declared

IMPORT_RULE = declared(
    ImportRule,
    ("source", "name", "separator", "decimal", "zone", "dates", "columns", "labels"),
    (
        plain("name", "Name", locked=True, phone="title"),
        related("source", "Source", export="source.name"),
        plain("zone", "Time zone"),
        plain("separator", "Separator"),
        plain("decimal", "Decimal sign"),
        hidden(plain, "dates", "Dates"),
        plain("columns", "Columns", phone="full", code=True),
        hidden(plain, "labels", "Labels", code=True),
    ),
    brief=("name",),
    search=("name", "columns", "source__name"),
    panel=("source", "decimal"),
    joins=("source__site",),
    together=("columns", "labels"),
    room=("Telemetry", "ingest"),
    icon="database-import",
    hint="How the files of a source are written and what their columns hold",
    above=lambda rule: [rule.source],
    empty={
        "title": "No import rules yet",
        "text": "A rule says what the columns of a file hold, so that the next files of its kind are imported by its"
        " name.",
        "icon": "database-import",
    },
)
