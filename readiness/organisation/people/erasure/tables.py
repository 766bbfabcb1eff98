"""Columns of the places that name a person."""

from readiness.organisation.people.queries.traces import Trace
from web.tables import Column, RowFilter, Table

WHERE = (("text", "Text, replaced"), ("history", "History, replaced"), ("kept", "Stays"))


def _fate(trace: Trace) -> str:
    return trace.kept_because or "replaced"


TRACES = Table(
    id="person-traces",
    noun=("place", "places"),
    label="Places that name the person",
    columns=(
        Column("place", "Place", url=lambda trace: trace.url, sort=True, locked=True, phone="title"),
        Column("noun", "Kind", sort=True),
        Column("column", "Column", sort=True),
        Column("at", "Written in the history", "at", sort=lambda trace: str(trace.at or "")),
        Column("sentence", "Sentence", template="people/erasure/sentence_cell.html", locked=True, phone="full"),
        Column("fate", "When erased", _fate, sort=True, tone=lambda trace: "warn" if trace.kept_because else "",
               phone="full"),
    ),
    filters=(RowFilter("where", "Where", "where", WHERE),),
    row_id=lambda trace: f"{trace.model._meta.label_lower}-{trace.object_id}-{trace.column}",
    row_url=lambda trace: trace.url or "",
    row_name="place",
    nothing="people/nothing.html#person-traces",
)  # fmt: skip
